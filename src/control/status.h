// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/status — what a controller reports of each router to the owner: whether its contracts are
 * kept, for how long they were broken, and its margin.
 *
 * Called by control/loop.
 */
#ifndef VRBENCH_CONTROL_STATUS_H
#define VRBENCH_CONTROL_STATUS_H

#include <jansson.h>

#include "control/control.h"

// A router's contract is broken if that of any of its networks is.
struct control_status {
    bool has_contract, broken;
    double broken_s; // seconds so far, the longest of its networks
    double margin;   // part of its share that it does not need, the smallest; NaN = unknown
};

void control_status_make(const struct control_setup *setup, const struct controller *controller,
                         size_t party, struct control_status *ret);

// An object with the keys contract, broken_s, margin (percent) and last_action as `vrbench top
// --json` has them: texts, each left out if it is unknown. `last_action` may be NULL. The caller
// frees it.
json_t *control_status_json(const struct control_status *status, const char *last_action);

// Seconds in which contracts were broken so far, all networks together.
double control_broken_s(const struct control_setup *setup, const struct controller *controller);

#endif
