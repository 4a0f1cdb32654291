// SPDX-License-Identifier: GPL-3.0-or-later
// search/saturation — offered loads found from the machine, for `rates: { auto: N }`. Called by
// sweep.c.
#ifndef VRBENCH_SEARCH_SATURATION_H
#define VRBENCH_SEARCH_SATURATION_H

#include <stddef.h>

#include "search/search.h"

#define SATURATION_BEYOND        1.25 // the last load, as a multiple of the highest carried
#define SATURATION_BEYOND_DIRECT 1.05 // the same in direct, where one such point is enough

struct saturation_spec {
    unsigned place, length;
    bool direct;   // no router: what lies beyond is the tester's own limit
    bool machines; // routers are virtual machines, maybe emulated and a hundred times slower
    // The highest load of a ladder found before in the same place, from which the search sets out:
    // what is carried depends on packets much more than on bytes. 0 = none.
    double likely;
};

// Finds where loss sets in, by short trials: doubles the load until more than 1 % is lost or the
// tester can't follow (or halves it until that is no longer so), then halves the interval.
struct search *saturation_new(const struct saturation_spec *spec);
// Of a search that has ended: `count` loads, ascending and evenly spaced, of which the last lies
// beyond saturation. The caller frees them.
double *saturation_loads(const struct search *search, size_t count);

#endif
