// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/converge — inside of the testbed room: routers that learn their routes.
 *
 * The tester's ends have a speaker each (BIRD, generated configuration, on the tester's CPUs) that
 * announces over OSPF what lies behind them. A router's daemon is started once the router is in its
 * place, and has converged when its forwarding table leads to what lies behind both ends of each of
 * its networks.
 */
#ifndef VRBENCH_TESTBED_CONVERGE_H
#define VRBENCH_TESTBED_CONVERGE_H

#include "testbed/parts.h"

// Starts the speakers, if any router has a daemon; their tasks are the tester's from then on.
int testbed_start_speakers(struct testbed *testbed, struct error *err);
// Starts the daemons of all routers (-1) or of one, if they have any, and waits until they have
// converged; then their tasks are placed, too. -EINTR if a stop was requested meanwhile.
int testbed_converge(struct testbed *testbed, ssize_t router, struct error *err);

#endif
