// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/cables — internal to testbed/: makes impaired cables do what the scenario says. The
 * programs belong to the interfaces of the node "cables": they outlive the process that made the
 * testbed and the routers at the cables' ends. The programs and the relay end with the namespace.
 * Called by build.c; router_order.c asks whether packets are delayed.
 */
#ifndef VRBENCH_TESTBED_CABLES_H
#define VRBENCH_TESTBED_CABLES_H

#include "testbed/parts.h"

// Whether a cable of the plan delays packets.
bool cables_delay(const struct plan *plan);

// Sets up both interfaces of each impaired cable, and starts the relay of delayed packets, whose
// task is the tester's. All wires must have been made.
int cables_impair(struct testbed *testbed, struct error *err);

#endif
