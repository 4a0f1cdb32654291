// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/weights — inside of the testbed room: who runs on which CPUs, and with what weight.
#ifndef VRBENCH_TESTBED_WEIGHTS_H
#define VRBENCH_TESTBED_WEIGHTS_H

#include "testbed/build.h"

// Binds host and routers to the CPUs of the device under test and the tester's threads to the
// tester's, and gives host and routers a control group each with their weights.
int testbed_place(struct testbed *testbed, struct error *err);
// The same for a router made later, and the host's ends of its pairs.
int testbed_place_router(struct testbed *testbed, size_t router, struct error *err);
// Finds the control groups that the record speaks of, after attaching to a testbed.
int testbed_recall_groups(struct testbed *testbed, struct error *err);
// Removes the control groups that a record speaks of.
int testbed_remove_groups(const struct record *record, struct error *err);

#endif
