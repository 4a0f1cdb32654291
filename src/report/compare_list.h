// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/compare_list — a comparison as rows (one per sweep and side, one per cap) and as JSON.
 * Called by cli/cmd_compare.c, the page and compare_out.c.
 */
#ifndef VRBENCH_REPORT_COMPARE_LIST_H
#define VRBENCH_REPORT_COMPARE_LIST_H

#include <jansson.h>

#include "report/compare.h"
#include "report/writer.h"

// A table of the comparison: its columns in order.
struct compare_list {
    const struct column *columns;
    size_t count;
    const unsigned char *picks; // column numbers of compare_list.c: rows are sweeps and sides
    // Writes the rows and finishes the writer, if they are others.
    int (*write)(const struct comparison *comparison, struct writer *writer, struct error *err);
};

extern const struct compare_list compare_list_rates, // for the terminal, not of TCP
    compare_list_goodput,                            // for the terminal, of TCP
    compare_list_costs,                              // for the terminal
    compare_list_all,                                // for CSV and JSON
    compare_list_caps,                               // for all formats
    // Of compare_verdict_list.c:
    compare_list_verdicts, // for CSV and JSON
    compare_list_decided;  // for people

// Writes the rows and finishes the writer, which was created with the list's columns.
int compare_write_list(const struct comparison *comparison, const struct compare_list *list,
                       struct writer *writer, struct error *err);
// {"schema", "vrbench", "runs", "verdicts", "rows", "caps", …}: see docs/compare.md.
int compare_to_json(const struct comparison *comparison, json_t **ret, struct error *err);

#endif
