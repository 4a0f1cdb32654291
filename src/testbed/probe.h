// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/probe — internal to testbed/: tests with packets whether a router forwards, for routers
 * that cannot report it. Called by routers.c.
 */
#ifndef VRBENCH_TESTBED_PROBE_H
#define VRBENCH_TESTBED_PROBE_H

#include "testbed/parts.h"

// Sends datagrams from source to sink of all of a router's networks until one of each has arrived,
// at most for the router's ready_within (-ETIMEDOUT). -ESRCH if the router dies meanwhile, -EINTR
// if a stop was requested.
int testbed_probe(const struct testbed *testbed, size_t router, struct error *err);

#endif
