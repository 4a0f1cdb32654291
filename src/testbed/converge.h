// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/converge — internal to testbed/: routers that learn their routes.
 *
 * Each of the tester's ends has a speaker (BIRD, generated configuration, on the tester's CPUs)
 * that announces the subnets behind it over OSPF. A router's daemon is started once the router is
 * placed. The router has converged when its forwarding table has routes to the subnets behind both
 * ends of each of its networks.
 */
#ifndef VRBENCH_TESTBED_CONVERGE_H
#define VRBENCH_TESTBED_CONVERGE_H

#include "testbed/parts.h"

// Starts the speakers if any router has a daemon; their tasks belong to the tester.
int testbed_start_speakers(struct testbed *testbed, struct error *err);
// Starts the daemons of all routers (-1) or of one, if they have any, waits until they have
// converged, and then places their tasks. -EINTR if a stop was requested.
int testbed_converge(struct testbed *testbed, ssize_t router, struct error *err);

#endif
