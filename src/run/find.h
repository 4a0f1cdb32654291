// SPDX-License-Identifier: GPL-3.0-or-later
// run/find — internal to run/: the state of a search. find.c is its loop, find_kinds.c has what
// differs by kind of search for bounds, find_series.c has the tests of RFC 2544 that follow a
// search for the throughput.
#ifndef VRBENCH_RUN_FIND_H
#define VRBENCH_RUN_FIND_H

#include "run/parts.h"

struct series_run; // find_series.c

struct finding {
    struct job_state *state;
    struct keeper keeper;
    struct search *search;     // of the present topology and length
    struct series_run *series; // if the present search is a series; else NULL
    // What the present search is for: searches for bursts and series begin with one for the
    // throughput.
    enum found_kind of;
    const struct search_goal *goals;
    size_t goal_count;
    struct search_goal throughput; // goal of that one
    double at_pps;                 // instead of the job's rate `at`; 0 = that one
    double *throughput_pps;        // by stream: the largest load without loss; NaN = unknown
    size_t *routers;               // by stream, of a search for caps
    unsigned *caps;                // by router: caps set on the bench; 0 = none
    unsigned capped;               // identifies that bench: benches opened so far
    unsigned place, length;
    uint64_t until_ns; // CLOCK_MONOTONIC: the time for all searches of that place and length is up
    // Streams that the search distinguishes, by path: not those with a load of their own, for which
    // there is nothing to be found but caps.
    size_t *streams;
    size_t network_count; // of these
    double *each;         // loads by path
    size_t shown;         // trials that the progress was told of
};

// The network of a stream of packets: first all networks' from source to sink, then those from sink
// to source.
size_t find_network_of_stream(const struct scenario *scenario, size_t stream);

// Searches in all topologies of the job's scenario, and for all its lengths.
int find_scenario(struct job_state *state, struct error *err);

// ---- find_density.c

// Searches for the rates with 1, 2, 4, … routers of the scenario, and with all.
int find_density(struct job_state *state, struct error *err);

// ---- find.c

// Whether the time for the present topology and length is up.
bool find_time_is_up(const struct finding *finding);
// Runs the trials of finding->search until it ends, or the time is up.
int find_run_trials(struct finding *finding, struct error *err);

// ---- find_kinds.c

// The load `at` of the job as packets/s of each network.
double find_offered_pps(const struct finding *finding);
// Makes the label of a stream of packets, as network_label().
char *find_stream_label(const struct scenario *scenario, size_t stream);
// What the rows of all kinds have in common.
struct found find_begin_row(const struct finding *finding, const struct search_goal *goal);

// Makes the search that finding->of, its goals, place and length ask for.
struct search *find_make_search(const struct finding *finding);
// The search whose trials and seconds count.
const struct search *find_inner_search(const struct finding *finding);
// Adds the rows of the present search to the results.
void find_note_results(const struct finding *finding);

// ---- find_series.c

// Runs the series of a kind at the present topology and length, and adds its rows to the job's
// results. finding->throughput_pps has the throughput.
int find_run_series(struct finding *finding, enum found_kind of, struct error *err);
// The smallest throughput of all networks, which are loaded alike; NaN = one is unknown.
double find_least_throughput(const struct finding *finding);
// Collects the figures of a trial that was reported to the search of a series.
void find_collect(struct finding *finding, const struct load *load, const struct point *point);

#endif
