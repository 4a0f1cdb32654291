// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/compare_list — a comparison as rows: a row a sweep and side, and a row a cap; and the
 * whole as JSON. Called by cli/cmd_compare.c, the page and compare_out.c.
 */
#ifndef VRBENCH_REPORT_COMPARE_LIST_H
#define VRBENCH_REPORT_COMPARE_LIST_H

#include <jansson.h>

#include "report/compare.h"
#include "report/writer.h"

// A table of the comparison: which columns, in which order.
struct compare_list {
    const struct column *columns;
    size_t count;
    const unsigned char *picks; // compare_list.c's own numbers of them
    bool caps;                  // rows are caps, else sweeps and sides
};

extern const struct compare_list compare_list_rates, // for the terminal
    compare_list_costs,                              // likewise
    compare_list_all,                                // for CSV and JSON
    compare_list_caps;                               // for all

// Writes the rows and finishes the writer, which was made with the list's columns.
int compare_write_list(const struct comparison *comparison, const struct compare_list *list,
                       struct writer *writer, struct error *err);
// {"schema", "vrbench", "runs", "rows", "caps", "warnings", "not_compared"} as docs/compare.md
// says.
int compare_to_json(const struct comparison *comparison, json_t **ret, struct error *err);

#endif
