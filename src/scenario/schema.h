// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/schema — the keys of a scenario file as table rows, and the walk that fills structs
 * from them.
 *
 * Used within scenario/, and by whatever prints documentation of the keys: a row holds all there
 * is to know about a key. Values are put at `offset` of the object that the rows describe.
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
    SCHEMA_GROUP, // a mapping of fixed keys, `rows`, within the struct that starts at offset
    SCHEMA_NAMED, // a mapping of names → mappings of `rows` → array of structs at offset, its
                  // length; each struct starts with `char *name`
};

struct schema_row;

// How a scalar is read. parse() writes to `slot` on success only, as the parse_* of base/units.
struct schema_type {
    const char *name; // "a whole number"
    int (*parse)(const struct schema_row *row, const char *text, void *slot, struct error *err);
};

struct schema_row {
    const char *key; // NULL ends a table
    enum schema_kind kind;
    const struct schema_type *type; // VALUE, LIST
    bool required;
    size_t offset;
    const char *fallback;       // value if absent, as the file would have it; of a LIST: "a, b"
    const char *min, *max;      // range, as the file would have it; NULL = the type's own
    const char *const *choices; // of a choice, ended by NULL
    size_t limit;               // LIST, NAMED: most elements; name: most bytes
    size_t count_offset;        // LIST, NAMED: a size_t
    size_t size;                // LIST, NAMED: bytes of an element
    size_t name_max;            // NAMED: most bytes of a name
    const struct schema_row *rows;
    const char *help; // a phrase: what it is, in which unit, what its default means
};

// Types, and what they write.
extern const struct schema_type type_whole_number; // unsigned
extern const struct schema_type type_number;       // double
extern const struct schema_type type_duration;     // uint64_t, ns
extern const struct schema_type type_bit_rate;     // double, bit/s
extern const struct schema_type type_size;         // uint64_t, bytes
extern const struct schema_type type_name;         // char *, text_is_safe_name()
extern const struct schema_type type_nic;          // char *, name of a Linux interface
extern const struct schema_type type_path;         // char *, of a file
extern const struct schema_type type_platform;     // char *, one of the catalogue's
extern const struct schema_type type_address;      // struct ipv4_interface
extern const struct schema_type type_choice;       // unsigned (an enum), index into choices
extern const struct schema_type type_choice_name;  // char *, one of choices

// Rows of the whole file, for a struct draft (draft.h).
extern const struct schema_row schema_scenario[];

// Fills `object` from a mapping. `node` may be NULL (absent) or null: then fallbacks are used, and
// with a null, required keys are missed. Problems are added, with the nodes marked wrong; what
// couldn't be read is left as it was, and arrays have an element for every node.
void schema_read(const struct schema_row *rows, struct yaml_node *node, void *object,
                 struct scenario_problems *problems);

#endif
