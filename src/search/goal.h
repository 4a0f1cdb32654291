// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/goal — search goals, and the arithmetic of RFC 9971 on the trials of one load: load
 * classification (its appendix A) and conditional throughput (appendix B).
 *
 * Pure functions. Called by throughput.c, and by cli/ for the names of goals.
 */
#ifndef VRBENCH_SEARCH_GOAL_H
#define VRBENCH_SEARCH_GOAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// How a goal classifies loads, and chooses the next load.
enum goal_rule {
    RULE_SEQUENTIAL, // a test with a stated error probability: sequential.h
    RULE_RFC9971,    // sums of trial durations
    RULE_BINARY,     // binary search with loss verification: every load by full-length trials
};

// Terms of RFC 9971, section 4.
struct search_goal {
    char name[16]; // "rfc2544", "csit-pdr", "0.5%", …
    enum goal_rule rule;
    double loss_ratio;   // Goal Loss Ratio
    double exceed_ratio; // Goal Exceed Ratio, below 1
    double width;        // Goal Width: (upper - lower) / upper
    uint64_t initial_ns; // Goal Initial Trial Duration
    uint64_t final_ns;   // Goal Final Trial Duration
    uint64_t sum_ns;     // Goal Duration Sum
};

#define GOAL_NAMES      "rfc2544, tst009, csit, quick or a loss ratio such as 0.005"
#define GOALS_OF_A_NAME 2U // largest number of goals that a name stands for

// Parses the name of a preset, or a loss ratio ("0", "0.005", "0.5%"). `ret` gets one goal or two.
int goals_parse(const char *text, struct search_goal ret[GOALS_OF_A_NAME], size_t *ret_count,
                struct error *err);
// "rfc9971", "binary" or "sequential"; -EINVAL with an error otherwise.
int goal_rule_parse(const char *text, enum goal_rule *ret, struct error *err);
const char *goal_rule_name(enum goal_rule rule);

// One trial, as a goal sees it.
struct goal_trial {
    double duration_s;  // Trial Duration: as requested
    double effective_s; // Trial Effective Duration: with overhead
    double loss_ratio;  // Trial Loss Ratio
};

enum load_class { LOAD_UNDECIDED, LOAD_LOWER_BOUND, LOAD_UPPER_BOUND };

// Intermediate results of the classification, named as in RFC 9971.
struct goal_sums {
    double full_length_high_loss_s, full_length_low_loss_s;
    double short_high_loss_s, short_low_loss_s;
    double balancing_s, excess_s, positive_excess_s;
    double effective_high_loss_s, effective_full_s, effective_whole_s;
    double missing_s, pessimistic_high_loss_s;
    double optimistic_exceed_ratio, pessimistic_exceed_ratio;
};

// Classifies a load by its trials.
enum load_class goal_classify(const struct search_goal *goal, const struct goal_trial *trials,
                              size_t count, struct goal_sums *ret_sums);
// The forwarding rate to be expected at a load of `pps` that is a lower bound. NaN without a
// full-length trial.
double goal_conditional_throughput(const struct search_goal *goal, double pps,
                                   const struct goal_trial *trials, size_t count);
// Whether two bounds are at most the goal's width apart.
bool goal_is_narrow(const struct search_goal *goal, double lower_pps, double upper_pps);

#endif
