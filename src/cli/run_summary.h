// SPDX-License-Identifier: GPL-3.0-or-later
// cli/run_summary — what `vrbench run` prints of a scenario that it measured. Called by cmd_run.c.
#ifndef VRBENCH_CLI_RUN_SUMMARY_H
#define VRBENCH_CLI_RUN_SUMMARY_H

#include <jansson.h>

#include "result/result.h"
#include "scenario/scenario.h"

// Prints, for people: the table of figures, what bridging costs, the expectations, the reasons of
// invalid points, and the files of `folder`. `reported`: the folder has a report of these points.
int run_summary_print(const struct scenario *scenario, const struct point_list *points,
                      const char *folder, bool reported, struct error *err);
// Appends the rows of the table, each with its expectations, to an array.
void run_summary_add(const struct scenario *scenario, const struct point_list *points, json_t *ret);
// Prints such an array.
int run_summary_json(const json_t *rows, struct error *err);

#endif
