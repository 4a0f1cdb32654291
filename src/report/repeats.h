// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/repeats — figures of single repeats of a sweep, for intervals: the spread of a figure over
 * the repeats is the only thing that a run contains of its uncertainty. Called by
 * compare_verdict.c and expected.c.
 */
#ifndef VRBENCH_REPORT_REPEATS_H
#define VRBENCH_REPORT_REPEATS_H

#include "report/ranks.h"
#include "report/steps.h"

enum repeat_rate {
    REPEAT_THROUGHPUT,
    REPEAT_PDR,
    REPEAT_MAX,
    REPEAT_GOODPUT // of TCP: the highest, in bit/s
};

// Values of a figure, one per repeat.
struct span_list {
    struct span *items; // freed by the caller
    size_t count;
};

// 1 + the highest repeat number of a sweep's points.
unsigned repeats_count(const struct sweep *sweep);
// The valid points of one repeat that sent packets, by offered load, in a new array of pointers
// that the caller frees.
size_t repeat_points(const struct sweep *sweep, unsigned repeat, const struct point ***ret);

// A rate of each repeat in packets/s, or the goodput: of a network (by its number in the sweep), or
// of all networks together. Repeats whose points do not bound it are left out.
#define REPEAT_ALL_NETWORKS SIZE_MAX
struct span_list repeats_rate(const struct sweep *sweep, enum repeat_rate rate, size_t network);

// The medians of the bounds; NaN without a value.
struct span repeats_middle(const struct span *items, size_t count);

#endif
