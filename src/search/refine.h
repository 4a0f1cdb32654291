// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/refine — further loads between those of a ladder, where the loss of a network begins to
 * exceed a goal.
 *
 * A ladder bounds the throughput and the partial drop rate of each network by two of its loads,
 * which are far apart. A refinement divides that distance until it is small, and measures further
 * loads on both sides, which confirm the bounds. Its loads are points like those of the ladder.
 * Rule: docs/results.md, "Refined loads". Called by sweep.c.
 */
#ifndef VRBENCH_SEARCH_REFINE_H
#define VRBENCH_SEARCH_REFINE_H

#include "search/search.h"

// One trial of a load of the ladder or of the refinement.
struct refine_trial {
    unsigned step, repeat;
    double pps;
    bool counts;        // it was sent as requested, and nothing disturbed it
    double *loss_ratio; // by network
};

// All trials of one topology and length, in the order in which they were made.
struct refine_book {
    struct refine_trial *trials;
    size_t count, network_count;
};
// Adds a trial, whose `loss_ratio` is copied from `networks`. A trial with another number of
// networks than the first one does not count.
void refine_book_add(struct refine_book *book, const struct refine_trial *trial,
                     const struct network_outcome *networks, size_t network_count);
void refine_book_clear(struct refine_book *book);

// How far loads are refined. `most` = 0: not at all.
struct refine_limits {
    unsigned most; // loads, at most
    double width;  // distance of the bounds at most, as a part of the upper one
};

struct refine_spec {
    unsigned place, length;
    unsigned ladder_count; // number of loads of the ladder: the first step of the refinement
    unsigned repeats;      // trials of a load
    uint64_t duration_ns;
    unsigned attempts;
    struct refine_limits limits;
    const struct refine_book *book; // outlives the search; its caller adds each trial
    bool warm;                      // the ladder has just been measured: no warm-up
};

// Makes a search: a warm-up unless `warm`, then points.
struct search *refine_new(const struct refine_spec *spec);
// Whether the search would not return any point.
bool refine_is_done(const struct refine_spec *spec);

#endif
