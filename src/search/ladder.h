// SPDX-License-Identifier: GPL-3.0-or-later
// search/ladder — a list of loads, each measured several times. Called by sweep.c.
#ifndef VRBENCH_SEARCH_LADDER_H
#define VRBENCH_SEARCH_LADDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/search.h"

// Identifies a point of a run.
struct load_id {
    unsigned place, length, step, repeat;
};
int load_id_compare(const void *one, const void *other); // for qsort(3)

// The order of the points of a ladder: load by load, the repeats of a load adjacent; or, if
// `shuffled`, repeat by repeat, the loads of a repeat in a random order. The order is determined by
// seed, place, length and repeat, so that a resumed search continues in the same order.
struct shuffle {
    bool shuffled;
    uint32_t seed;
};

struct ladder_spec {
    unsigned place, length;
    const double *pps; // ascending; outlives the search
    size_t count;
    unsigned repeats;
    uint64_t duration_ns;
    unsigned attempts;
    const struct load_id
        *done; // points already measured, of any ladder, sorted; outlives the search
    size_t done_count;
    struct shuffle shuffle;
};

// Makes a search: a warm-up at the middle load, then the points that are not done. After a router's
// death the fresh router is warmed up too. No warm-up if no point is left.
struct search *ladder_new(const struct ladder_spec *spec);
// Whether all points are done.
bool ladder_is_done(const struct ladder_spec *spec);

// Thins `count` loads to at most `most`, keeping the first and the last. Returns how many remain.
size_t ladder_thin(double *pps, size_t count, size_t most);

#endif
