// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/posterior — what the trials so far say about a goal's critical load: the load at which a
 * trial that nothing disturbs exceeds the goal's loss ratio with a probability of one half.
 *
 * Model, prior and rule are derived in docs/search.md. Called by rule_sequential.c.
 */
#ifndef VRBENCH_SEARCH_POSTERIOR_H
#define VRBENCH_SEARCH_POSTERIOR_H

#include "search/rules.h"

struct posterior;

// `goal` must outlive it.
struct posterior *posterior_new(const struct search_goal *goal, const struct load_range *range);
void posterior_free(struct posterior *posterior); // NULL is fine
// Takes account of the trials that were added to the book since the last call.
void posterior_update(struct posterior *posterior, const struct book *book);

// The load below which the critical load is with a given probability.
double posterior_quantile(const struct posterior *posterior, double probability);
// Probability that the critical load lies from `lower_pps` to `upper_pps`, where each end may be
// exceeded by the jitter of the device. `ret_below` and `ret_above` get the probabilities that it
// lies outside, on either side.
double posterior_between(const struct posterior *posterior, double lower_pps, double upper_pps,
                         double *ret_below, double *ret_above);
// Bits that a trial at a load is expected to say about the critical load.
double posterior_information(const struct posterior *posterior, double pps);

#endif
