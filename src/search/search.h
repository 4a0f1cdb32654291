// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/search — decides which load comes next.
 *
 * A search is an iterator: while search_next() returns a load, the caller runs one trial of it and
 * reports the outcome with search_tell(). A search has no clock, no file and no testbed, so a test
 * can run it against a simulated device. Kinds of search: ladder.h, saturation.h, stability.h, and
 * sweep.h, which combines them; throughput.h. Called by run/.
 *
 * The repetition of disturbed trials is implemented here for all kinds: the same load is returned
 * until one of its trials is undisturbed or load.attempts is reached. A kind of search only sees
 * the best of these outcomes.
 */
#ifndef VRBENCH_SEARCH_SEARCH_H
#define VRBENCH_SEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum load_use {
    LOAD_CHECK,   // tests whether this machine can measure at all
    LOAD_PROBE,   // finds loads worth a point
    LOAD_WARM_UP, // its figures are not used
    LOAD_POINT,   // a point of the run
};

struct load {
    enum load_use use;
    unsigned place;  // index in the caller's list of the topology that gets the load
    unsigned length; // of the scenario's length layer
    double pps;      // for each network
    // Packets/s by network and direction instead of `pps`, and caps in percent of one CPU by
    // router. NULL = not set. They belong to the search, and are valid until it returns another
    // load.
    const double *each;
    const unsigned *caps;
    uint64_t duration_ns;
    unsigned step, repeat; // LOAD_POINT: index of the load in its ladder, and of the trial
    unsigned attempts;     // largest number of trials while they are disturbed
    bool constant;         // LOAD_POINT: even if the scenario has a load that changes in time
    // From that time of the trial on, the load of each network is `drop_pps`; 0 = it stays the
    // same. Not for points.
    uint64_t drop_ns;
    double drop_pps;
    unsigned reset; // this router, plus 1, is rebooted within the trial; 0 = none. Not for points
};

// From best to worst.
enum outcome_kind {
    OUTCOME_GOOD,
    OUTCOME_DISTURBED, // by a cause that may pass
    OUTCOME_VOID,      // the engine's figures contradict each other: nothing was measured
    OUTCOME_DEATH,     // a router died: nothing was measured
};

struct network_outcome {
    uint64_t tx, lost;
};

struct outcome {
    enum outcome_kind kind;
    uint64_t disturbance_ns; // OUTCOME_DISTURBED: time lost to the disturbance
    bool losses_stand;       // OUTCOME_DISTURBED: it has not caused the losses
    // Packets, summed over all networks; tx and lost without those that a stall may have touched.
    uint64_t tx, lost, unsent;
    uint64_t sending_ns; // how long the tester took to send them
    bool valid;          // LOAD_POINT: its point is valid
    // By network, for searches that distinguish networks (throughput.h, refine.h); owned by the
    // caller, and copied where the search needs them later. NULL = only the sums are known.
    const struct network_outcome *networks;
    size_t network_count;
};

// What the caller must do with the trial that it reported.
struct advice {
    bool best;         // the best trial of this load so far: replaces the previous one
    bool again;        // the same load is returned again
    unsigned attempts; // trials of this load so far
};

struct search;
// Returns the next load in `ret`; false once the search has ended.
bool search_next(struct search *search, struct load *ret);
// Reports the outcome of the load that search_next() returned last.
struct advice search_tell(struct search *search, const struct load *load,
                          const struct outcome *outcome);
void search_free(struct search *search); // NULL is fine

// ---- for kinds of search

#define SEARCH_WARM_UP_NS 150000000U // duration of a warm-up

struct search_ops {
    bool (*next)(struct search *search, struct load *ret);
    void (*tell)(struct search *search, const struct load *load, const struct outcome *outcome);
    void (*free)(struct search *search); // also frees the object
};

// First member of each kind of search; zeroed except for `ops`.
struct search {
    const struct search_ops *ops;
    bool trying;       // `load` was returned and has no final outcome yet
    unsigned attempts; // trials of `load` so far
    struct load load;
    struct outcome best; // best outcome of these trials, whose networks are the copy below
    struct network_outcome *networks;
};

// Whether a load was sent as requested and received up to a small loss.
bool outcome_is_carried(const struct outcome *outcome);
// Whether it was measured, and lost nothing that a stall does not explain.
bool outcome_is_lossless(const struct outcome *outcome);

#endif
