// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model/observe — points as observations of the model: the rates of each thread, the CPU of each
 * party, and the losses. Internal to model/.
 */
#ifndef VRBENCH_MODEL_OBSERVE_H
#define VRBENCH_MODEL_OBSERVE_H

#include "model/solve.h"

struct observation {
    const struct point *point;
    struct model_setup setup; // what was measured; `cpus` are those that were used
    double load_pps;          // offered
    struct work *works;       // of threads; party numbers are those of the setup
    size_t work_count;
    double *percent;   // of each party
    double loss_ratio; // undisturbed
    double received_pps;
    bool capped; // a cap was reached
};

struct observation_list {
    struct observation *items;
    size_t count;
};

// The points of a run that can be used: of constant load, with the CPU of all parties, and valid or
// with the tester's limit as the only reason against them, if the tester had used its CPUs up.
void observations_add(const struct model_run *run, struct observation_list *list);
void observations_clear(struct observation_list *list);
#define _cleanup_observations_ __attribute__((cleanup(observations_clear)))

#endif
