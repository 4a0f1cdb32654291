// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/keeper — inside of the testbed room: the process that watches over a standing testbed.
#ifndef VRBENCH_TESTBED_KEEPER_H
#define VRBENCH_TESTBED_KEEPER_H

#include "testbed/build.h"

// Watches over the testbed, whose owner this process is, until it is told to stop (SIGTERM) or the
// testbed is taken down. Takes the object over.
void keeper_run(struct testbed *testbed);
// Starts a keeper for a testbed whose own has died; fine if it lives.
int keeper_revive(const char *id, struct error *err);
// To be called first in the process that is to become a keeper: a session of its own, and of the
// files that its maker had open only the standard streams and `keep`. A lock among them would be
// held for good.
void keeper_start_alone(int keep);
// Makes this process one that nobody waits for: no terminal, no standard streams but a log in the
// record's directory.
int keeper_detach(const struct record *record, struct error *err);

#endif
