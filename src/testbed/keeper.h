// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/keeper — inside of the testbed room: the process that watches over a standing testbed.
#ifndef VRBENCH_TESTBED_KEEPER_H
#define VRBENCH_TESTBED_KEEPER_H

#include "testbed/parts.h"

// Comes by the testbed that is to be watched over, as its owner; the last that it does is
// keeper_detach(). Runs in the keeper's process. What it failed in is taken down by itself.
typedef int (*keeper_maker)(void *context, struct testbed **ret, struct error *err);

// Starts a process that has `make` make the testbed, and then watches over it until it is told to
// stop (SIGTERM) or the testbed is taken down. Returns once it is made, or with what `make` failed
// in; passes on meanwhile that it was told to stop.
int keeper_start(keeper_maker make, void *context, struct error *err);
// Starts a keeper for a testbed whose own has died; fine if it lives.
int keeper_revive(const char *id, struct error *err);
// Makes this process one that nobody waits for: on the tester's CPUs, with no terminal, and no
// standard streams but a log in the record's directory.
int keeper_detach(const struct testbed *testbed, struct error *err);

#endif
