// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/schema — the keys of a scenario file as table rows, and the walk that fills structs from
 * them.
 *
 * Used within scenario/, and by the documentation of the keys: a row contains everything about its
 * key. A value is written at `offset` of the object that the rows describe.
 */
#ifndef VRBENCH_SCENARIO_SCHEMA_H
#define VRBENCH_SCENARIO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>

#include "scenario/yaml.h"

#define SCHEMA_RATES_MAX 10000 // offered loads of one sweep

enum schema_kind {
    SCHEMA_VALUE, // one scalar of `type`
    SCHEMA_LIST,  // a sequence of different scalars of `type` → array at offset, its length
    SCHEMA_ROWS,  // a sequence of mappings of `rows` → array of structs at offset, its length
    SCHEMA_GROUP, // a mapping of fixed keys, `rows`, within the struct that starts at offset
    SCHEMA_PAIRS, // a mapping of any names → scalars of `type`, which writes a char * → array of
                  // structs at offset, each `char *name, *value`, its length
    SCHEMA_NAMED, // a mapping of names → mappings of `rows` → array of structs at offset, its
                  // length; the first member of each struct is `char *name`
};

struct schema_row;

// Parser of a scalar. parse() writes to `slot` on success only, as the parse_* of base/units.
struct schema_type {
    const char *name; // "a whole number"
    int (*parse)(const struct schema_row *row, const char *text, void *slot, struct error *err);
};

struct schema_row {
    const char *key; // NULL ends a table
    enum schema_kind kind;
    const struct schema_type *type; // VALUE, LIST, PAIRS
    bool required;
    size_t offset;
    const char *fallback;       // default value, written as in the file; of a LIST: "a, b"
    const char *min, *max;      // range, written as in the file; NULL = the type's own
    const char *const *choices; // of a choice; NULL at the end
    size_t
        limit; // LIST, ROWS, PAIRS, NAMED: largest number of elements; name: longest name in bytes
    size_t count_offset; // LIST, ROWS, PAIRS, NAMED: offset of a size_t
    size_t size;         // LIST, ROWS, PAIRS, NAMED: size of an element in bytes
    size_t name_max;     // NAMED, LIST of names: longest name in bytes
    const struct schema_row *rows;
    const char *help; // a phrase: meaning, unit, and the meaning of the default
};

// Types, each with the C type that it writes.
extern const struct schema_type type_whole_number; // unsigned
extern const struct schema_type type_number;       // double
extern const struct schema_type type_load;         // double, packets/s; 0 = "max"
extern const struct schema_type type_duration;     // uint64_t, ns
extern const struct schema_type type_bit_rate;     // double, bit/s
extern const struct schema_type type_size;         // uint64_t, bytes
extern const struct schema_type type_name;         // char *, text_is_safe_name()
extern const struct schema_type type_nic;          // char *, name of a Linux interface
extern const struct schema_type type_path;         // char *, of a file
extern const struct schema_type type_phrase;       // char *, text of a single line
extern const struct schema_type type_command;      // char *, of words (startup.h)
extern const struct schema_type type_platform;     // char *, a name in the catalogue
extern const struct schema_type type_address;      // struct ip_interface
extern const struct schema_type type_ip_version;   // unsigned, 4 or 6
extern const struct schema_type type_length;       // struct length_draft, bytes or a mix
extern const struct schema_type type_rate;         // struct profile_rate, packets/s or bit/s
extern const struct schema_type type_ratio;        // double below 1, "0.1 %"
extern const struct schema_type type_choice;       // unsigned (an enum), index into choices
extern const struct schema_type type_choice_name;  // char *, one of choices

// The digits of a macro's number, for the texts of rows.
#define DIGITS_OF(number) #number
#define DIGITS(number)    DIGITS_OF(number)

// Rows of the whole file, for a struct draft (draft.h).
extern const struct schema_row schema_scenario[];
// Rows of its traffic, for the same struct.
extern const struct schema_row schema_traffic[];
// Rows of a contracts file, for a struct contracts_draft (contracts_draft.h).
extern const struct schema_row schema_contracts[];

// Fills `object` from a mapping. A `node` that is NULL (absent) or null gets the fallbacks; for a
// null node, missing required keys are reported. Problems are added and their nodes marked wrong. A
// value that could not be read stays unchanged. Arrays have one element for each node.
void schema_read(const struct schema_row *rows, struct yaml_node *node, void *object,
                 struct scenario_problems *problems);

#endif
