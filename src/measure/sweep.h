// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/sweep — a whole scenario: each topology, length and offered load, one trial after
 * another. Whoever wants the points keeps them through the hooks.
 */
#ifndef VRBENCH_MEASURE_SWEEP_H
#define VRBENCH_MEASURE_SWEEP_H

#include <stdbool.h>

#include "result/result.h"
#include "scenario/scenario.h"
#include "testbed/testbed.h"

// All may be called with the `context` given beside them.
struct sweep_hooks {
    void *context;
    // A point was measured; it is the hook's to keep (moved out of *point) or leave. Negative:
    // the sweep ends with that error.
    int (*measured)(void *context, struct point *point, struct error *err);
    // True if a point is there already and need not be measured.
    bool (*is_done)(void *context, enum topology topology, unsigned length, unsigned step,
                    unsigned repeat);
    // Loads of a topology and length found in an earlier part of this run: count and a new array.
    size_t (*recall_rates)(void *context, enum topology topology, unsigned length,
                           double **ret_pps);
    // Loads have been found, to be recalled when the run is resumed.
    int (*found_rates)(void *context, enum topology topology, unsigned length, const double *pps,
                       size_t count, struct error *err);
    // A testbed has been built: what can be known of its platform is known by now.
    int (*built)(void *context, const struct testbed *testbed, struct error *err);
    // What goes on, for whoever waits.
    void (*doing)(void *context, const char *what);
};

struct sweep_options {
    bool quick;        // few loads, short trials
    uint64_t pause_ns; // to be idle before each point
    bool study_timing; // trials last 15 s as the study's did
};

// Points that the scenario amounts to.
size_t sweep_size(const struct scenario *scenario, const struct sweep_options *options);
// Measures it. -EINTR (exit status 130) if a stop was requested; what was measured has been handed
// over by then, and nothing of a testbed is left.
int sweep_run(const struct scenario *scenario, const struct sweep_options *options,
              const struct sweep_hooks *hooks, struct error *err);

#endif
