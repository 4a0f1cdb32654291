// SPDX-License-Identifier: GPL-3.0-or-later
// cli/predict_measure — measures what a prediction of a scenario requires. Called by cmd_predict.c.
#ifndef VRBENCH_CLI_PREDICT_MEASURE_H
#define VRBENCH_CLI_PREDICT_MEASURE_H

#include "cli/options.h"
#include "scenario/scenario.h"

// Runs set-ups of one and of two routers, derived from a scenario, into folders below `folder`:
// each topology, with its shortest and longest packets, from low loads to twice the highest rate.
// Takes less than 3 minutes if routers are made in a second. Waits up to `wait_quiet_s` for a quiet
// machine before each run; 0 = does not wait. `ret_folders` gets the runs' folders, which the
// caller frees, also on failure.
int predict_measure(const struct scenario *scenario, const char *folder, unsigned wait_quiet_s,
                    struct text_list *ret_folders, struct error *err);

#endif
