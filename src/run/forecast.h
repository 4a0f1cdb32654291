// SPDX-License-Identifier: GPL-3.0-or-later
// run/forecast — what a job would measure, and how long that takes, without measuring.
#ifndef VRBENCH_RUN_FORECAST_H
#define VRBENCH_RUN_FORECAST_H

#include <stddef.h>

#include "run/job.h"

// The points of one topology and length.
struct forecast_row {
    enum topology topology;
    unsigned length;
    size_t loads;
    double lowest_pps, highest_pps; // 0 = found while measuring, or as fast as possible
    size_t refined;                 // further loads between them, at most
    size_t points;                  // both, times repeats
    double trial_s;                 // time of sending at each point
    double about_s; // of all points, with everything around them, if no point is disturbed
};

// Rows in the order of measurement, as a new array that the caller frees. Fails if the job's
// `rates_from` has no loads for them, as the job would.
int forecast_make(const struct job *job, struct forecast_row **ret, size_t *ret_count,
                  struct error *err);

#endif
