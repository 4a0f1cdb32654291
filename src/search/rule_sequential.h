// SPDX-License-Identifier: GPL-3.0-or-later
// search/rule_sequential — internal to search/: the choice of loads for a goal by its posterior,
// until its bounds hold the critical load with a stated probability. Rule: docs/search.md.
#ifndef VRBENCH_SEARCH_RULE_SEQUENTIAL_H
#define VRBENCH_SEARCH_RULE_SEQUENTIAL_H

#include "search/posterior.h"

// The bounds of a goal so far. 0 = none.
struct sequential_bounds {
    double lower_pps, upper_pps;
    double probability; // that they hold the critical load, up to the jitter
    bool final;         // the rule is satisfied; a bound may lack at an end of the range
};

// Chooses the next trial for the sequential goals among `goals`; `posteriors` are parallel to them.
// False once the bounds of all are final.
bool sequential_pick(struct posterior *const *posteriors, const struct book *book,
                     const struct search_goal *goals, size_t goal_count,
                     const struct load_range *range, struct pick *ret);
struct sequential_bounds sequential_bounds(struct posterior *posterior, const struct book *book,
                                           const struct search_goal *goal,
                                           const struct load_range *range);
// Number of trials that are probably left.
double sequential_trials_left(struct posterior *posterior, const struct book *book,
                              const struct search_goal *goal, const struct load_range *range);

#endif
