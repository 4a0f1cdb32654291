// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/costs — the CPU time of a packet that a model of earlier runs knows for the parties of a
 * testbed. Called by control/loop.
 */
#ifndef VRBENCH_CONTROL_COSTS_H
#define VRBENCH_CONTROL_COSTS_H

#include <jansson.h>

#include "control/control.h"
#include "model/model.h"
#include "scenario/contracts.h"

// Raises the cost (ns a packet) of each party of flows with a contract to what the model knows of
// the contract's length on the testbed's platform and topology. `standing` is the owner's
// description of the testbed. Without a model nothing changes.
void control_costs_set(const struct model *model, const json_t *standing,
                       const struct contracts *contracts, struct control_setup *setup);

#endif
