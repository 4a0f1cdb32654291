// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/scale — the capacity of this machine, from the sweeps of the study's scenarios; the
 * programme's other runs are scaled by it. Called by programme.c.
 */
#ifndef VRBENCH_STUDY_SCALE_H
#define VRBENCH_STUDY_SCALE_H

#include <stdbool.h>

#include "base/error.h"
#include "study/sample.h"
#include "study/timing.h"

// Factor by which direct must carry more than a topology, so that its tester is sure to send more
// than that topology carries: at 1500 B it may send a third in one testbed of what it sends in the
// next.
#define TESTER_HEADROOM 4.0

struct drawing {
    const struct timing *timing;
    const struct study_results *results; // NULL = dry: placeholder figures
    struct error *err;
};

struct capacity {
    // Highest forwarding rate a network; for a sweep without a valid step, the result of the search
    // for its loads; 0 = not measured.
    double pps;
    bool saturated; // host and routers were short of CPU beyond it
};

struct capacity capacity_of(const struct drawing *drawing, unsigned routers, const char *topology,
                            unsigned length);
// The load of the capacity; negative, with exit status 3, if there is none.
int carried_at(const struct drawing *drawing, unsigned routers, const char *topology,
               unsigned length, double *ret_pps);
// Whether this tester makes the CPU contended at a length, and direct carries TESTER_HEADROOM times
// as much.
bool is_saturable(const struct drawing *drawing, unsigned routers, const char *topology,
                  unsigned length);
// The longest of the study's lengths, up to `from`, of which that is so; 64 if of none.
unsigned saturable_length(const struct drawing *drawing, unsigned routers, const char *topology,
                          unsigned from, bool *ret_saturable);

#endif
