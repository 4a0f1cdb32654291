// SPDX-License-Identifier: GPL-3.0-or-later
// cli/past_runs — reads the folders of runs for the commands that fit a model on them.
#ifndef VRBENCH_CLI_PAST_RUNS_H
#define VRBENCH_CLI_PAST_RUNS_H

#include "model/model.h"

struct past_runs {
    struct model_run *runs; // point into the next two
    struct point_list *points;
    struct scenario **scenarios;
    struct past_place *places; // where each run was measured
    size_t count;
};
#define PAST_RUNS_INIT ((struct past_runs){NULL, NULL, NULL, NULL, 0})

// Reads the points and the recorded scenario of each folder. Runs of machines whose CPU costs
// differ (CPU model, first two numbers of the kernel's release, KVM or emulation) are bad input. Of
// other differences between kernels, e.g. after a security update, it warns.
int past_runs_read(const char *const *folders, size_t count, struct past_runs *ret,
                   struct error *err);
// Bad input if runs of the second were measured on another machine than runs of the first;
// warns of kernels as past_runs_read().
int past_runs_match(const struct past_runs *one, const struct past_runs *other, struct error *err);
void past_runs_clear(struct past_runs *past);
#define _cleanup_past_runs_ __attribute__((cleanup(past_runs_clear)))

#endif
