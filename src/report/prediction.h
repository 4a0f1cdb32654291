// SPDX-License-Identifier: GPL-3.0-or-later
// report/prediction — predictions of set-ups as a table for people, and as rows for programs.
// Called by cli/cmd_predict.c; docs/prediction.md explains the keys.
#ifndef VRBENCH_REPORT_PREDICTION_H
#define VRBENCH_REPORT_PREDICTION_H

#include <jansson.h>
#include <stdio.h>

#include "base/error.h"
#include "model/baseline.h"
#include "model/model.h"

// The prediction of a set-up.
struct predicted {
    struct model_setup setup;
    struct prediction prediction;
    struct baseline_rates baselines[BASELINE_COUNT]; // of each flow; empty = not asked for
};

struct predicted_list {
    struct predicted *items;
    size_t count;
};

// Predicts all topologies with routers, and all lengths, of a scenario.
void predicted_make(const struct model *model, const struct scenario *scenario, bool baselines,
                    struct predicted_list *ret);
void predicted_clear(struct predicted_list *list);
#define _cleanup_predicted_ __attribute__((cleanup(predicted_clear)))

// A new array of one object per topology, length and network.
json_t *predicted_to_json(const struct predicted_list *list);
int predicted_print(const struct predicted_list *list, FILE *out, bool colour, struct error *err);
// The rates by each baseline beside the model's.
int predicted_print_baselines(const struct predicted_list *list, FILE *out, bool colour,
                              struct error *err);
// Writes the curves: one row per topology, length, network and load.
int predicted_write_csv(const struct predicted_list *list, FILE *out, struct error *err);

#endif
