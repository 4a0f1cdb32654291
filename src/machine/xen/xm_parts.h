// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_parts — what the files xm_*.c share: a file's statements as plain values that know
 * their places. Used by those files only.
 *
 * xm_syntax.c makes the statements of the text, xm_config.c what they mean of them, with
 * xm_devices.c for what is written inside texts (vif, disk, pci).
 */
#ifndef VRBENCH_MACHINE_XEN_XM_PARTS_H
#define VRBENCH_MACHINE_XEN_XM_PARTS_H

#include "machine/xen/xm_config.h"
#include "scenario/problem.h"

#define XM_TEXT_MAX       4096 // bytes of a text
#define XM_ITEMS_MAX      256  // of a list
#define XM_DEPTH_MAX      8    // of lists in lists
#define XM_STATEMENTS_MAX 1000
#define XM_PROBLEMS_MAX   100 // more are not reported

enum xm_kind { XM_TEXT, XM_NUMBER, XM_LIST };

struct xm_value {
    enum xm_kind kind;
    struct xm_place place;
    char *text;             // XM_TEXT, without quotes; no NUL and no control characters within
    const char *raw;        // its first byte in the file, behind the quote
    uint64_t number;        // XM_NUMBER
    struct xm_value *items; // XM_LIST
    size_t count;
    // Why a key that is used can't have this value, which xm or xl takes: an octal or negative
    // number, True, an escape; NULL = it can. Then neither text nor number is set right.
    const char *wrong;
    struct xm_place wrong_at;
};

struct xm_statement {
    char *name;
    struct xm_place place;
    bool extends; // NAME += VALUE, and nothing of this name comes before it
    struct xm_value value;
};

struct xm_statements {
    struct xm_statement *items;
    size_t count;
};

// Where problems of one file go; those beyond XM_PROBLEMS_MAX don't.
struct xm_problems {
    struct scenario_problems *list;
    size_t count;
};
void xm_problem(struct xm_problems *problems, struct xm_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// Reads the statements that are sound, and adds a problem for all else. The text outlives them.
void xm_statements_read(const char *text, size_t length, struct xm_statements *ret,
                        struct xm_problems *problems);
void xm_statements_clear(struct xm_statements *statements);
// The place of a byte of a text.
struct xm_place xm_place_within(const struct xm_value *text, size_t offset);

// ---- what values mean

// Parameters of reading a file.
struct xm_reading {
    struct xm_config *config;
    struct xm_problems *problems;
};
void xm_note(const struct xm_reading *reading, struct xm_place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

// ---- the parts of a text that describes a device

#define XM_FIELDS_MAX 64 // xl's network devices have 57 keys

// What is between two commas, without the blanks around it: "KEY=VALUE" or a value alone.
struct xm_field {
    char *key; // NULL = a value alone
    char *value;
    size_t at, value_at; // offsets in the text
};

struct xm_fields {
    struct xm_field items[XM_FIELDS_MAX];
    size_t count;
};
void xm_fields_clear(struct xm_fields *fields);
#define _cleanup_xm_fields_ __attribute__((cleanup(xm_fields_clear)))

// Splits a text at its commas; the value of the key `rest` extends to the text's end (NULL: no
// key's does). False after a problem.
bool xm_fields_split(const struct xm_reading *reading, const struct xm_value *text,
                     const char *rest, struct xm_fields *ret);
// Whether no earlier field has the key of field `number`; adds a problem if one has.
bool xm_field_is_first(const struct xm_reading *reading, const struct xm_value *text,
                       const struct xm_fields *fields, size_t number);
// Adds a problem at an offset of a text.
void xm_problem_at(const struct xm_reading *reading, const struct xm_value *text, size_t at,
                   const char *why);
bool xm_is_one_of(const char *word, const char *const *list); // the list ends with NULL
int xm_hex_digit(char byte);                                  // -1 for another character

// Each adds the device that a text describes, or problems.
void xm_read_vif(const struct xm_reading *reading, const struct xm_value *text);
void xm_read_disk(const struct xm_reading *reading, const struct xm_value *text);
void xm_read_pci(const struct xm_reading *reading, const struct xm_value *text);

// A key.
struct xm_row {
    const char *key;
    // Writes to the field at `offset` of struct xm_config; NULL: the key is only explained.
    void (*read)(const struct xm_reading *reading, const struct xm_row *row,
                 const struct xm_value *value);
    size_t offset;   // of the field
    size_t place_at; // of a struct xm_place that gets the value's; 0 = none
    uint64_t min, max;
    const char *why; // of a key that is only explained
};

typedef void xm_row_reader(const struct xm_reading *reading, const struct xm_row *row,
                           const struct xm_value *value);
xm_row_reader xm_read_text, xm_read_path, xm_read_number, xm_read_memory, xm_read_type,
    xm_read_builder, xm_read_action, xm_read_cpus, xm_read_cap, xm_read_vifs, xm_read_disks,
    xm_read_pcis, xm_read_bootloader;

// The type that a builder makes; false for a text that names none.
bool xm_builder_type(const char *builder, enum xm_type *ret);

#endif
