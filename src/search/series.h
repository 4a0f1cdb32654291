// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/series — a list of loads, each of which gets a number of trials that count: the tests of
 * RFC 2544 that follow the search for the throughput (latency, frame loss, system recovery, reset).
 *
 * A trial that the machine disturbed is repeated; after several in a row the last one counts, and
 * the series is marked. The caller collects the figures of the trials that count. Called by run/.
 */
#ifndef VRBENCH_SEARCH_SERIES_H
#define VRBENCH_SEARCH_SERIES_H

#include "search/search.h"

struct series_spec {
    unsigned place, length;
    const double *pps; // in the order of the trials; outlives the series
    size_t count;
    unsigned trials; // of each load
    uint64_t duration_ns;
    uint64_t drop_ns;  // of a load that drops to drop_pps, see struct load; 0 = constant loads
    double drop_pps;   //
    unsigned reset;    // each trial reboots this router, see struct load
    unsigned lossless; // so many loads in a row without loss end the series; 0 = never
    // Of the trials only the losses are used: a disturbed trial that was sent and lost nothing, or
    // whose losses the disturbance has not caused, counts.
    bool losses_only;
    bool points;         // the trials are points, with this and the following `step`s
    unsigned first_step; //
};

struct search *series_new(const struct series_spec *spec);

// What the last trial that was reported was for.
struct series_told {
    bool counts;          // it is one of the trials of its load
    bool disturbed;       // it counts although the machine disturbed it
    unsigned step, trial; // index of the load, and of the trial of it
};
struct series_told series_told(const struct search *search);
// Trials that count so far, of all loads; and the sum of the durations of all trials.
size_t series_trials(const struct search *search);
double series_trial_s(const struct search *search);
// Whether the series has ended by itself.
bool series_is_done(const struct search *search);

#endif
