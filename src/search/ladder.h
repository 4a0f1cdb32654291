// SPDX-License-Identifier: GPL-3.0-or-later
// search/ladder — given loads, each a number of times. Called by sweep.c.
#ifndef VRBENCH_SEARCH_LADDER_H
#define VRBENCH_SEARCH_LADDER_H

#include <stddef.h>

#include "search/search.h"

// Which point of a run it is.
struct load_id {
    unsigned place, length, step, repeat;
};
int load_id_compare(const void *one, const void *other); // for qsort(3)

struct ladder_spec {
    unsigned place, length;
    const double *pps; // ascending; outlives the search
    size_t count;
    unsigned repeats;
    uint64_t duration_ns;
    unsigned attempts;
    const struct load_id *done; // measured already, of any ladder, sorted; outlives the search
    size_t done_count;
};

// A warm-up at the load in the middle, then the points that are not done. After a death the fresh
// router is warmed up as well. No warm-up if no point is left.
struct search *ladder_new(const struct ladder_spec *spec);
// Whether all points are done.
bool ladder_is_done(const struct ladder_spec *spec);

// Keeps at most `most` of `count` loads, the first and the last among them. Returns how many.
size_t ladder_thin(double *pps, size_t count, size_t most);

#endif
