// SPDX-License-Identifier: GPL-3.0-or-later
// cli/past_runs — reads the folders of runs for the commands that fit a model on them.
#ifndef VRBENCH_CLI_PAST_RUNS_H
#define VRBENCH_CLI_PAST_RUNS_H

#include "model/model.h"

struct past_runs {
    struct model_run *runs; // point into the next two
    struct point_list *points;
    struct scenario **scenarios;
    size_t count;
};

// Reads the points and the recorded scenario of each folder.
int past_runs_read(const char *const *folders, size_t count, struct past_runs *ret,
                   struct error *err);
void past_runs_clear(struct past_runs *past);
#define _cleanup_past_runs_ __attribute__((cleanup(past_runs_clear)))

#endif
