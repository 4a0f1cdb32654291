// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/prediction_check — predictions beside what was measured since, and the errors of the model
 * and of the baselines. docs/prediction.md states the rules. Called by cli/cmd_predict.c.
 */
#ifndef VRBENCH_REPORT_PREDICTION_CHECK_H
#define VRBENCH_REPORT_PREDICTION_CHECK_H

#include <stdio.h>

#include "report/prediction.h"

// Adds an object "measured" to the rows of predicted_to_json() whose topology, length and network
// the points contain.
void prediction_check_json(const struct point_list *points, json_t *rows);
// Fails with exit status 2 if prediction_check_json() found no row in the points.
int prediction_check_found(const json_t *rows, struct error *err);
// Prints the measured figures beside the predicted ones, and a table of errors by method. Fails
// with exit status 2 if nothing that was predicted was measured.
int prediction_check_print(const struct model *model, const struct predicted_list *list,
                           const struct point_list *points, FILE *out, bool colour,
                           struct error *err);

#endif
