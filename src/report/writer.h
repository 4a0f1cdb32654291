// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/writer — one interface for listings in several formats.
 *
 * A listing consists of typed columns and rows of values. Each listing (summary of a run, points,
 * findings of doctor, routers) is written once through this interface; the backends are the
 * terminal table, JSON, CSV and the spreadsheet.
 */
#ifndef VRBENCH_REPORT_WRITER_H
#define VRBENCH_REPORT_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

// COLUMN_WHOLE is a text that the table never breaks: a figure with its unit.
// The table omits a COLUMN_CONTEXT, a text, if it is equal in all rows; other formats always
// contain it. COLUMN_NUMBER is a whole number that identifies something (a packet length, an ID);
// its digits are never grouped.
enum column_type {
    COLUMN_TEXT,
    COLUMN_INTEGER,
    COLUMN_NUMBER,
    COLUMN_REAL,
    COLUMN_TRUTH,
    COLUMN_CONTEXT,
    COLUMN_WHOLE
};

struct column {
    const char *key;     // in JSON and CSV: snake_case with the unit as suffix
    const char *heading; // for people: in the table and the spreadsheet
    enum column_type type;
    int decimals; // of COLUMN_REAL in the table; JSON and CSV keep full precision
};

struct value {
    bool present; // absent: empty cell, no key in JSON
    union {
        const char *text;
        uint64_t integer;
        double real;
        bool truth;
    };
};

#define VALUE_ABSENT     ((struct value){.present = false})
#define VALUE_TEXT(x)    ((struct value){.present = (x) != NULL, .text = (x)})
#define VALUE_INTEGER(x) ((struct value){.present = true, .integer = (x)})
#define VALUE_REAL(x)    ((struct value){.present = true, .real = (x)})
#define VALUE_TRUTH(x)   ((struct value){.present = true, .truth = (x)})

struct writer;
struct writer_ops {
    const char *name;                       // "table", "json", "csv", "markdown", "xlsx"
    void (*heading)(struct writer *writer); // called before the first row, or finish; NULL = none
    int (*row)(struct writer *writer, const struct value *values, struct error *err);
    // Writes the remaining output. The writer stays valid until freed.
    int (*finish)(struct writer *writer, struct error *err);
    void (*clear)(struct writer *writer); // frees what the backend owns; NULL = nothing
};

// Backends. Columns must outlive the writer; `out` is not closed.
// Table: aligned columns with headings, digits grouped, at most `width` columns wide
// (0 = the terminal's width, or 80); bold headings if `colour`.
struct writer *writer_table(FILE *out, const struct column *columns, size_t count, unsigned width,
                            bool colour);
// JSON: an array with one object per row.
struct writer *writer_json(FILE *out, const struct column *columns, size_t count);
// CSV (RFC 4180): a heading of keys, then one row per line.
struct writer *writer_csv(FILE *out, const struct column *columns, size_t count);
// Markdown: a table in GitHub's dialect.
struct writer *writer_markdown(FILE *out, const struct column *columns, size_t count);

int writer_row(struct writer *writer, const struct value *values, struct error *err);
int writer_finish(struct writer *writer, struct error *err);
void writer_free(struct writer *writer); // NULL is fine

#endif
