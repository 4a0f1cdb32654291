// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/json_text — numbers and JSON as text. Each real is written with the fewest digits that
 * read back as the same number (0.1, not 0.10000000000000001).
 *
 * Called by the store for points.jsonl and run.json, and by report/ for its JSON and CSV. Requires
 * the numeric locale "C", which the whole program keeps (main() sets LC_CTYPE at most).
 */
#ifndef VRBENCH_RESULT_JSON_TEXT_H
#define VRBENCH_RESULT_JSON_TEXT_H

#include <jansson.h>

// Writes a finite real in at most 24 characters.
void real_to_text(double value, char ret[32]);
// Sets a member to a text; NULL is left out.
void json_set_text(json_t *object, const char *key, const char *text);
// Sets a member to a number; a figure that was not measured, NaN, is left out.
void json_set_real(json_t *object, const char *key, double value);
// Returns JSON in a new string without a final newline, keys in order of insertion. `indent` 0: one
// line without blanks; otherwise one member a line, `indent` blanks a level.
char *json_to_text(const json_t *json, unsigned indent);

#endif
