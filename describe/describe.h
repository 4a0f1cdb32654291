// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * describe — prints descriptions of formats from the tables that the program itself uses. Runs at
 * build time only.
 */
#ifndef VRBENCH_DESCRIBE_H
#define VRBENCH_DESCRIBE_H

#include <jansson.h>
#include <stdio.h>

#include "scenario/schema.h"

// A JSON Schema (draft 7) of files with the keys of `rows`.
json_t *describe_file_schema(const struct schema_row *rows, const char *id, const char *title);
// A JSON Schema of a line of points.jsonl.
json_t *describe_point_schema(const char *id, const char *title);
// A JSON Schema of a line of `vrbench send --json`: a point with its interval, or the total.
json_t *describe_send_schema(const char *id, const char *title);
// The head of a schema: "$schema", "$id", "title" and the licence.
json_t *describe_schema_head(const char *id, const char *title);

// Prints the man page `name` from the text in the file `path` (NULL: none, of a command only).
// Returns 0 or negative; the reason is on standard error.
int describe_page(const char *path, const char *name, int section, FILE *out);
// The keys of `rows` as a list in roff, for a man page.
void describe_keys(const struct schema_row *rows, FILE *out);
// Prints a text that contains no roff.
void roff_text(const char *text, FILE *out);

#endif
