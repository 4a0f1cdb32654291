// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/startup — internal to testbed/: applies a router's `files`, `sysctl`, `nft` and `run`
 * (scenario/startup) whenever it starts: when the testbed is built, and by create, reboot and
 * restart. Called by routers.c, and by check.c before anything is made.
 */
#ifndef VRBENCH_TESTBED_STARTUP_H
#define VRBENCH_TESTBED_STARTUP_H

#include "testbed/parts.h"

// Checks that the programs that the router requires are installed on this computer. Exit status 3.
// Programs of virtual machines are not checked.
int startup_check_programs(enum platform_kind kind, const struct scenario_router *router,
                           struct error *err);

// Applies them to a router that forwards, before its daemon starts. Ends at the first that fails,
// with its name, exit status and last words.
int startup_apply(const struct testbed *testbed, size_t router, struct error *err);

#endif
