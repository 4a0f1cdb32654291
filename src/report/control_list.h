// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/control_list — what a controller did while a run measured: a row for each router, over
 * all points. Called by whole.c and cli/run_summary.c (terminal), csv_files.c, spreadsheet.c and
 * the page.
 */
#ifndef VRBENCH_REPORT_CONTROL_LIST_H
#define VRBENCH_REPORT_CONTROL_LIST_H

#include <jansson.h>
#include <stdio.h>

#include "report/writer.h"
#include "result/result.h"

struct control_summary {
    const char *router;
    size_t points, broken; // with a contract; in which it was broken
    double broken_s;       // in all points together; NaN = it has no contract
    double least_margin;   // smallest in any point, percent; NaN = unknown
    const char *action;    // last action in the last point that has one; NULL = none
};

// In the order of the routers in points; the caller frees the array with free(). The points must
// outlive it. 0 without a controller, which the functions below print nothing for.
size_t control_summaries(const struct point_list *points, struct control_summary **ret);

extern const struct column control_columns[];
extern const size_t control_column_count;
// Writes the rows and finishes the writer, which was created with control_columns.
int control_list(const struct point_list *points, struct writer *writer, struct error *err);
// Prints the rows as a table under a heading, followed by the last actions.
int control_list_print(const struct point_list *points, FILE *out, struct error *err);
// The same rows as an array, with the keys of control_columns.
json_t *control_to_json(const struct point_list *points);

#endif
