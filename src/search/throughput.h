// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/throughput — a search for the throughput of one topology (place) and length: for each
 * network and each goal the bounds between which its loss begins to exceed the goal's loss ratio.
 *
 * All networks are loaded alike, or each has its own load; every trial counts for every network
 * that is not finished, and for every goal. Trials that the machine disturbed never count as loss,
 * and never as the tester's limit. The result can be read at any moment: a caller whose time is up
 * stops calling search_next(). Called by run/, and by cap.c and burst.c.
 */
#ifndef VRBENCH_SEARCH_THROUGHPUT_H
#define VRBENCH_SEARCH_THROUGHPUT_H

#include "search/rules.h"
#include "search/search.h"

struct throughput_spec {
    unsigned place, length;
    const struct search_goal *goals; // outlive the search
    size_t goal_count;
    size_t network_count;
    bool apart; // each network has its own load; else all have the same
    double min_pps, max_pps;
    const struct load_scale *scale; // outlives the search; NULL = loads are rates
    // Where to begin looking for a load beyond saturation, by short trials; it becomes Max Load. 0
    // = loads up to max_pps are known to be sensible.
    double first_pps;
    double overhead_s; // of a trial, counted in its effective duration
};

enum throughput_end {
    THROUGHPUT_REGULAR,      // both bounds, narrow: a regular goal result of RFC 9971
    THROUGHPUT_TESTER_LIMIT, // no upper bound: the tester cannot send more
    THROUGHPUT_MAX_LOAD,     // no upper bound: Max Load is carried
    THROUGHPUT_MIN_LOAD,     // no lower bound: even Min Load loses too much
    THROUGHPUT_DISTURBED,    // the machine disturbed too many trials in a row: of the search, or of
                             // all loads above Max Load
    THROUGHPUT_NOT_CONVERGED, // ended before
};
const char *throughput_end_text(enum throughput_end end);

struct throughput_result {
    double lower_pps, upper_pps; // Relevant Lower and Upper Bound; NaN = none
    double conditional_pps;      // Conditional Throughput; NaN = none
    enum throughput_end end;
};

struct search *throughput_new(const struct throughput_spec *spec);
struct throughput_result throughput_result(const struct search *search, size_t network,
                                           size_t goal);
// Trials that counted so far, and the sum of the durations of all trials.
size_t throughput_trials(const struct search *search);
double throughput_trial_s(const struct search *search);
// Estimate of the trial-seconds that are left.
double throughput_remaining_s(const struct search *search);

#endif
