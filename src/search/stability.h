// SPDX-License-Identifier: GPL-3.0-or-later
// search/stability — a low load that every suitable machine carries without loss. Called by
// sweep.c, and by run/ before a search.
#ifndef VRBENCH_SEARCH_STABILITY_H
#define VRBENCH_SEARCH_STABILITY_H

#include "base/clock.h"
#include "search/search.h"

#define STABILITY_PPS 1000.0
#define STABILITY_NS  (300U * NS_PER_MS)

struct stability_spec {
    unsigned place, length;
    double pps;           // 0 = STABILITY_PPS
    uint64_t duration_ns; // of a trial; 0 = STABILITY_NS
    bool direct;          // has more trials, because a machine that loses packets is not measured
};

// Makes a search that ends with the first trial without loss, or after several trials with loss.
struct search *stability_new(const struct stability_spec *spec);
// Whether a finished search had a trial without loss.
bool stability_is_given(const struct search *search);

#endif
