// SPDX-License-Identifier: GPL-3.0-or-later
// report/found_list — what a search found, as a table for people and as rows for programs. Called
// by cli/.
#ifndef VRBENCH_REPORT_FOUND_LIST_H
#define VRBENCH_REPORT_FOUND_LIST_H

#include <stdio.h>

#include "base/error.h"
#include "result/found.h"

// A table with bounds in words ("98,123-98,614", ">=561,347 (tester limit)"); bold headings if
// `colour`.
int found_write_table(const struct found_list *list, FILE *out, bool colour, struct error *err);
// An array of objects, one for each row.
int found_write_json(const struct found_list *list, FILE *out, struct error *err);

#endif
