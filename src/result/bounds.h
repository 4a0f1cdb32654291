// SPDX-License-Identifier: GPL-3.0-or-later
// result/bounds — between which of the measured loads frame loss begins to exceed a goal. Called by
// report/ (of medians, and of single repeats) and model/.
#ifndef VRBENCH_RESULT_BOUNDS_H
#define VRBENCH_RESULT_BOUNDS_H

#include <stdbool.h>
#include <stddef.h>

#define HEADLINE_PDR 0.005 // frame loss ratio of the partial drop rate

// An offered load in packets/s up to which the frame loss ratio does not exceed a goal: at least
// `low`, less than `high`. NaN = the points do not tell.
struct bounds {
    double low, high;
    bool regular; // no measured load below `low` exceeded the goal
};

// The bounds for a goal from `count` loads in ascending order with their frame loss ratios. If a
// load exceeds the goal and a higher one does not, the bounds are those that contradict the fewest
// loads; of several such, the lowest.
struct bounds bounds_find(const double *offered_pps, const double *loss_ratio, size_t count,
                          double goal);

#endif
