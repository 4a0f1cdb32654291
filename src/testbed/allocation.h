// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/allocation — inside of the testbed room: who runs on which CPUs, with what weight and
 * under what cap. Host and routers have a ration (ration/ration) each.
 *
 * The record says all that another process needs to take the rations over: "threads", "cgroups"
 * (where the groups are), "allocation": {"way": …, "parties": {NAME: {"weight", "cap"}}}.
 */
#ifndef VRBENCH_TESTBED_ALLOCATION_H
#define VRBENCH_TESTBED_ALLOCATION_H

#include "testbed/parts.h"

// Binds host and routers to the CPUs of the device under test and the tester's threads to the
// tester's, and gives host and routers a control group each with their weights and caps, those of
// the record if it has them, else the scenario's. Starts the divider if a cap needs it.
// Writes the record.
int testbed_place(struct testbed *testbed, struct error *err);
// The same for a router made later, and the host's ends of its pairs; a running divider goes on.
int testbed_place_router(struct testbed *testbed, size_t router, struct error *err);
// Forgets the tasks of a router that has ended, and of the host's ends of its pairs.
int testbed_displace_router(struct testbed *testbed, size_t router, struct error *err);
// Finds the control groups and allocations that the record speaks of, after attaching to a testbed.
int testbed_recall_groups(struct testbed *testbed, struct error *err);
// The allocation of a party as it was last set; *ret stays as it is where there is none.
void testbed_last_allocation(const struct testbed *testbed, size_t party, struct allocation *ret);
// Stops the divider and frees what this process holds; the kernel keeps all as it is.
void testbed_forget_allocation(struct testbed *testbed);
// Stops the divider, takes all caps off and restores the admission setting. For taking down.
int testbed_unplace(struct testbed *testbed, struct error *err);
// Removes the control groups that a record speaks of, after taking the caps off the `count` tasks
// and restoring the admission setting if a dead run left it changed.
int testbed_remove_groups(struct record *record, const pid_t *tasks, size_t count,
                          struct error *err);

#endif
