// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/scale — what the sweeps of the study's scenarios found on this machine, by which the other
 * runs of the programme are scaled. Called by programme.c.
 */
#ifndef VRBENCH_STUDY_SCALE_H
#define VRBENCH_STUDY_SCALE_H

#include "base/error.h"
#include "study/sample.h"
#include "study/timing.h"

struct drawing {
    const struct timing *timing;
    const struct study_results *results; // NULL: dry, with figures made up
    struct error *err;
};

struct capacity {
    // Highest load a network whose loss was at most LOSS_CARRIED; of a sweep without a valid step,
    // what the search for its loads found; 0 if it was not measured.
    double pps;
    bool saturated; // beyond it, host and routers were short of CPU
};

struct capacity capacity_of(const struct drawing *drawing, unsigned routers, const char *topology,
                            unsigned length);
// The capacity's load; negative, with exit status 3, if none was seen.
int carried_at(const struct drawing *drawing, unsigned routers, const char *topology,
               unsigned length, double *ret_pps);
// The longest of the study's lengths, up to `from`, at which this tester gets the CPU short; 64 if
// none does.
unsigned saturable_length(const struct drawing *drawing, unsigned routers, const char *topology,
                          unsigned from, bool *ret_saturable);

#endif
