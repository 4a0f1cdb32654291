// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/cables — internal to testbed/: makes impaired cables do what the scenario says. The
 * programs belong to the interfaces of the node "cables": they outlive the process that made the
 * testbed and the routers at the cables' ends. The programs and the relay end with the namespace.
 * Called by build.c; router_order.c asks whether packets are delayed.
 */
#ifndef VRBENCH_TESTBED_CABLES_H
#define VRBENCH_TESTBED_CABLES_H

#include <jansson.h>

#include "testbed/parts.h"

// Whether a relay delays packets of the plan's cables; before they are made: whether one may.
bool cables_delay(const struct plan *plan);

// Sets up both interfaces of each impaired cable, and starts the relay of delayed packets, if there
// are any that tc does not delay; its task is the tester's. All wires must have been made.
int cables_impair(struct testbed *testbed, struct error *err);

// How each impaired direction is impaired: an array of {"cable", "way"} (linux/cable), for the
// record and run.json. The caller owns it.
json_t *cables_note(const struct plan *plan);
// Reads it back into the plan; what is not there is the relay's.
void cables_recall(const json_t *list, struct plan *plan);

#endif
