// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/search — which load comes next.
 *
 * A search is an iterator: while search_next() gives a load, the caller runs one trial of it and
 * reports the outcome with search_tell(). A search holds no clock, no file and no testbed, so that
 * a test can run it against a simulated device. Kinds of search: ladder.h, saturation.h,
 * stability.h, and sweep.h, which joins them. Called by run/.
 *
 * Repeating a disturbed trial is done here, once for all kinds: the same load comes again until a
 * trial of it is undisturbed or load.attempts is reached; the kind of search only sees the best of
 * these outcomes.
 */
#ifndef VRBENCH_SEARCH_SEARCH_H
#define VRBENCH_SEARCH_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum load_use {
    LOAD_CHECK,   // whether this machine can measure at all
    LOAD_PROBE,   // to find loads worth a point
    LOAD_WARM_UP, // its figures do not matter
    LOAD_POINT,   // a point of the run
};

struct load {
    enum load_use use;
    unsigned place;  // index of the topology it is to be offered to, in the caller's list
    unsigned length; // of the scenario's length layer
    double pps;      // a network
    uint64_t duration_ns;
    unsigned step, repeat; // LOAD_POINT: number of the load in its ladder, and of its trial
    unsigned attempts;     // trials at most, while they are disturbed
};

// From best to worst.
enum outcome_kind {
    OUTCOME_GOOD,
    OUTCOME_DISTURBED, // by something that may pass
    OUTCOME_VOID,      // the engine's figures contradict each other: nothing was measured
    OUTCOME_DEATH,     // a router died: likewise
};

struct outcome {
    enum outcome_kind kind;
    uint64_t disturbance_ns;   // OUTCOME_DISTURBED: by how much
    uint64_t tx, lost, unsent; // packets of all networks
};

// What the caller is to do with the trial that it reported.
struct advice {
    bool best;         // the best of this load so far: keep it in place of the one before
    bool again;        // the same load comes again
    unsigned attempts; // trials of this load so far
};

struct search;
// False when the search has ended.
bool search_next(struct search *search, struct load *ret);
// `load` is the one that search_next() gave last.
struct advice search_tell(struct search *search, const struct load *load,
                          const struct outcome *outcome);
void search_free(struct search *search); // NULL is fine

// ---- for kinds of search

struct search_ops {
    bool (*next)(struct search *search, struct load *ret);
    void (*tell)(struct search *search, const struct load *load, const struct outcome *outcome);
    void (*free)(struct search *search); // frees the object as well
};

// First member of each kind; zeroed but for `ops`.
struct search {
    const struct search_ops *ops;
    bool trying;       // search_next() gave `load`, which is not settled
    unsigned attempts; // trials of it so far
    struct load load;
    struct outcome best; // of these
};

// Whether a load was offered as asked and, but for a little, received.
bool outcome_is_carried(const struct outcome *outcome);

#endif
