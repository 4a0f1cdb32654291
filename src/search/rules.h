// SPDX-License-Identifier: GPL-3.0-or-later
// search/rules — internal to search/: the rules by which throughput.c chooses the next load of a
// goal, given the trials so far. rule_rfc9971.c and rule_binary.c are pure functions of the book.
#ifndef VRBENCH_SEARCH_RULES_H
#define VRBENCH_SEARCH_RULES_H

#include "search/book.h"

// Loads that are not rates, such as caps, are converted to a scale on which loss grows.
struct load_scale {
    // The critical load that a trial's loss at a load beyond it suggests, for a loss ratio.
    double (*expect_critical)(const struct load_scale *scale, double load, double loss,
                              double loss_ratio);
    double first_load; // of the first trial; 0 = max_pps
};

struct load_range {
    double min_pps, max_pps;        // Min Load and Max Load of RFC 9971
    const struct load_scale *scale; // NULL = loads are rates
};

// A trial that a rule wants next.
struct pick {
    double pps;
    uint64_t duration_ns;
};

// RFC 9971: the next trial for several goals at once. False once each goal has its bounds, or
// cannot have them within the range. `ret_goal` gets the goal that wants the trial.
bool rfc9971_pick(const struct book *book, const struct search_goal *goals, size_t goal_count,
                  const struct load_range *range, struct pick *ret, size_t *ret_goal);

// Binary search between Min Load and Max Load. A load that lost too much in one full-length trial
// is verified by further ones (ETSI TST 009, section 12.3.3), as many as fit into the duration sum.
bool binary_pick(const struct book *book, const struct search_goal *goal,
                 const struct load_range *range, struct pick *ret);

// Whether the relevant bounds of a goal are final: narrow, or at an end of the range.
bool bounds_are_final(const struct book *book, const struct search_goal *goal,
                      const struct load_range *range);

#endif
