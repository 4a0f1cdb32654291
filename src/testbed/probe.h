// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/probe — inside of the testbed room: whether a router forwards, told by packets, for
 * routers that can't be asked. Called by routers.c.
 */
#ifndef VRBENCH_TESTBED_PROBE_H
#define VRBENCH_TESTBED_PROBE_H

#include "testbed/parts.h"

// Sends datagrams from source to sink of all of a router's networks until one of each has arrived,
// at most for the time that the scenario gives it (-ETIMEDOUT). -ESRCH if the router dies
// meanwhile, -EINTR if a stop was requested.
int testbed_probe(const struct testbed *testbed, size_t router, struct error *err);

#endif
