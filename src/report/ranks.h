// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/ranks — intervals by ranks for the ratio of two measured quantities. They assume no
 * distribution: only that the repeats of a side are independent and, if both sides are the same
 * thing, exchangeable. docs/compare.md states the rules. Called by the comparison, the answer and
 * the summaries.
 */
#ifndef VRBENCH_REPORT_RANKS_H
#define VRBENCH_REPORT_RANKS_H

#include <stdbool.h>
#include <stddef.h>

// A positive quantity between two bounds; both are equal if it is known exactly. 0 and INFINITY =
// no bound.
struct span {
    double low, high;
};

// Bounds of the ratio b/a from independent repeats of each, wrong with a probability of at most
// `error` (Wilcoxon's rank sum; Hodges and Lehmann 1963). False if there are too few repeats for
// that probability.
bool ranks_of_samples(const struct span *a, size_t a_count, const struct span *b, size_t b_count,
                      double error, struct span *ret);
// The smallest number of repeats of each side for which that returns true.
size_t ranks_samples_needed(double error);

// The same from ratios of pairs that were measured under equal conditions (Wilcoxon's signed rank).
bool ranks_of_pairs(const double *ratios, size_t count, double error, struct span *ret);
size_t ranks_pairs_needed(double error);

// Bounds of the median of independent repeats, wrong with a probability of at most `error` (order
// statistics). With too few repeats for that, the bounds that all repeats have in common: those of
// the smallest and of the largest.
struct span ranks_of_median(const struct span *values, size_t count, double error);

// The median, or the mean of the middle two; NaN without a value. Sorts the values.
double ranks_median(double *values, size_t count);

#define RANKS_MEDIAN_ERROR 0.05 // of the intervals that reports show of medians

// A median with its interval by ranks. Without a value, value and span are NaN.
struct median {
    double value;
    struct span span; // ranks_of_median()
    size_t repeats;   // values
};
// Sorts the values.
struct median ranks_median_interval(double *values, size_t count, double error);
// The probability with which the interval of ranks_of_median() contains the median of what the
// repeats are drawn from: at least 1 - error with enough of them, else less.
double ranks_median_confidence(size_t count, double error);
// The smallest number of repeats whose interval is as reliable as wanted.
size_t ranks_median_least(double error);
// About how many repeats have an interval that is as reliable, and in the median of cases not wider
// than `width` (0.05 = 5 % of the median), if repeats are distributed as the given ones: the rule
// is in docs/results.md. 0 = unknown: fewer than 2 repeats, a median of 0, or more than
// RANKS_REPEATS_MOST. Sorts the values.
#define RANKS_REPEATS_MOST 1000U
size_t ranks_median_needed(double *values, size_t count, double error, double width);

#endif
