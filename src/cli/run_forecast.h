// SPDX-License-Identifier: GPL-3.0-or-later
// cli/run_forecast — what `vrbench run --dry-run` prints. Called by cmd_run.c.
#ifndef VRBENCH_CLI_RUN_FORECAST_H
#define VRBENCH_CLI_RUN_FORECAST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "run/job.h"

// Prints the points of all jobs by topology and length, and the time that they take.
int run_forecast_print(const struct job *jobs, size_t count, bool json, struct error *err);

#endif
