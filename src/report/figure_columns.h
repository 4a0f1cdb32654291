// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/figure_columns — the data file of a sweep's figures.
 *
 * Columns are separated by tabs, their names are in the first lines, and absent figures are NaN.
 * The file consists of two gnuplot data sets: index 0 has a row per offered load, with medians of
 * the valid points; index 1, if any point is invalid, a row per invalid point. Called by figures.c
 * and figure_script.c.
 */
#ifndef VRBENCH_REPORT_FIGURE_COLUMNS_H
#define VRBENCH_REPORT_FIGURE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/steps.h"

// In the order of the columns. Figures of networks, routers and places have a column for each.
enum figure_column {
    FIGURE_REQUESTED, // packets/s per network
    FIGURE_SENT,      // all networks together, packets/s
    FIGURE_RECEIVED,
    FIGURE_SENT_MEAN,    // mean of the networks, packets/s
    FIGURE_NETWORK_SENT, // packets/s of one network
    FIGURE_NETWORK_RECEIVED,
    FIGURE_NETWORK_LOSS, // percent of what was sent
    FIGURE_NETWORK_P50,  // microseconds
    FIGURE_NETWORK_P99,
    FIGURE_HOST_CPU, // percent of one CPU
    FIGURE_ROUTER_CPU,
    FIGURE_TOTAL_CPU,
    FIGURE_TESTER_CPU,
    FIGURE_HOST_NS, // CPU time per packet
    FIGURE_ROUTER_NS,
    FIGURE_ALL_NS,
    FIGURE_PLACE_LOSS, // percent of what was sent
    // Interval of the median over the repeats, of each network.
    FIGURE_RECEIVED_LOW, // packets/s
    FIGURE_RECEIVED_HIGH,
    FIGURE_LOSS_LOW, // percent of what was sent
    FIGURE_LOSS_HIGH,
    FIGURE_COLUMN_KINDS
};

// Number of columns of a kind: 1, or the number of networks, routers or places.
size_t figure_column_count(const struct sweep *sweep, enum figure_column kind);
// Number of a column in the file, from 1.
size_t figure_column_at(const struct sweep *sweep, enum figure_column kind, size_t at);
// Value of a column at a load, by the number of the step.
double figure_column_value(const struct sweep *sweep, size_t step, enum figure_column kind,
                           size_t at);
// Greatest value of a column among the valid points, or among all points; NaN if it has none.
double figure_column_most(const struct sweep *sweep, enum figure_column kind, size_t at,
                          bool invalid_too);
// The contents of the file; the caller frees them.
char *figure_data(const struct sweep *sweep);
// The text without characters that are unsafe in a comment or quotes: control characters, ` " '.
char *figure_safe_text(const char *text);
// The text as a safe file name without suffix (text_is_safe_name).
char *figure_safe_name(const char *text);

#endif
