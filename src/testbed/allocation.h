// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/allocation — internal to testbed/: the CPUs, weights and caps of the parties. Host and
 * routers have a ration (ration/ration) each.
 *
 * The record has what another process requires to take the rations over: "threads", "cgroups"
 * (where the groups are), "allocation": {"way": …, "parties": {NAME: {"weight", "cap"}}}.
 */
#ifndef VRBENCH_TESTBED_ALLOCATION_H
#define VRBENCH_TESTBED_ALLOCATION_H

#include "testbed/parts.h"

// Binds host and routers to the CPUs of the device under test and the tester's threads to the
// tester's. Gives host and routers a control group each with weight and cap, from the record if
// present, else from the scenario. Starts the divider if a cap requires it. Writes the record.
int testbed_place(struct testbed *testbed, struct error *err);
// The same for a router made later, and for the host's ends of its pairs; a running divider
// continues.
int testbed_place_router(struct testbed *testbed, size_t router, struct error *err);
// Removes the tasks of a router that has ended, and of the host's ends of its pairs, from the
// rations.
int testbed_displace_router(struct testbed *testbed, size_t router, struct error *err);
// Finds the control groups and allocations of the record, after attaching to a testbed.
int testbed_recall_groups(struct testbed *testbed, struct error *err);
// The allocation of a party as it was last set; *ret is unchanged if there is none.
void testbed_last_allocation(const struct testbed *testbed, size_t party, struct allocation *ret);
// Stops the divider and frees this process's objects; the kernel's settings remain.
void testbed_forget_allocation(struct testbed *testbed);
// Stops the divider, removes all caps and restores the admission setting, before a testbed is taken
// down.
int testbed_unplace(struct testbed *testbed, struct error *err);
// Removes the control groups of a record, after removing the caps of the `count` tasks and
// restoring the admission setting if a dead run left it changed.
int testbed_remove_groups(struct record *record, const pid_t *tasks, size_t count,
                          struct error *err);

#endif
