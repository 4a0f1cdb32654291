// SPDX-License-Identifier: GPL-3.0-or-later
// search/saturation — finds the loads to measure, for `rates: { auto: N }`. Called by sweep.c.
#ifndef VRBENCH_SEARCH_SATURATION_H
#define VRBENCH_SEARCH_SATURATION_H

#include <stddef.h>

#include "search/search.h"

#define SATURATION_BEYOND        1.25 // the last load, as a multiple of the highest load carried
#define SATURATION_BEYOND_DIRECT 1.05 // the same for direct: one such point is enough

struct saturation_spec {
    unsigned place, length;
    bool direct;   // no router: beyond saturation the tester is the limit
    bool machines; // routers are virtual machines, possibly emulated and a hundred times slower
    // Start of the search: the highest load of an earlier ladder in the same place, because the
    // limit depends on packets much more than on bytes. 0 = none.
    double likely;
};

// Finds the load at which loss begins, by short trials: doubles the load until more than 1 % is
// lost or the tester cannot send it (or first halves it until it is carried), then halves the
// interval.
struct search *saturation_new(const struct saturation_spec *spec);
// Returns `count` loads of a finished search, ascending and evenly spaced; the last is beyond
// saturation. The caller frees them.
double *saturation_loads(const struct search *search, size_t count);

#endif
