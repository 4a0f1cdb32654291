// SPDX-License-Identifier: GPL-3.0-or-later
// result/bounds — between which of the measured loads frame loss begins to exceed a goal. Called by
// search/, report/ (of medians, and of single repeats), model/ and advice/.
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

// The same as an interval: of irregular loads, the bounds enclose all places that explain the loads
// nearly as well. A load is taken to contradict the true place with the probability e = (w + 1) /
// (n + 2), if w of the n loads contradict the best place (rule of succession). A place that k more
// loads contradict belongs to the interval if k ln((1 - e) / e) <= 1.92: an interval by profile
// likelihood (half the 95 % quantile of chi-squared with one degree of freedom; Wilks 1938). It
// holds the true place in 94 % of simulated sweeps in which 3 % of the loads contradict that, and
// in 81 to 84 % of those in which 20 % do. An end that no load would bound then stays that of the
// best place.
struct bounds bounds_enclose(const double *offered_pps, const double *loss_ratio, size_t count,
                             double goal);

#endif
