// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/names — the nodes of a standing testbed under /run/netns, where ip-netns(8) finds them.
 *
 * A node NODE of the testbed TESTBED has the name TESTBED-NODE. Each name is a mount of the node's
 * namespace on an empty file, as `ip netns add` makes it. The record contains every name with the
 * inode number of its namespace before the name is made; a name that leads to another namespace
 * belongs to another program, and is never touched. Virtual machines have no namespace, and no
 * name.
 */
#ifndef VRBENCH_TESTBED_NAMES_H
#define VRBENCH_TESTBED_NAMES_H

#include "testbed/parts.h"

#define NAMES_FOLDER "/run/netns"
#define NAMES        "named" // of a record: {NODE: {"name", "inode"}}; present if the nodes get names

// Fails with exit status 2 if a name is taken. Does nothing if the record has no NAMES.
int names_give(struct testbed *testbed, struct error *err);
// As names_give() for one router that was made again; removes the name of its namespace before.
// Logs a failure.
void names_renew(struct testbed *testbed, size_t router);
// Gives the names that are missing: a process died after it had removed or before it had made them.
// Logs failures.
void names_complete(struct testbed *testbed);
// Removes the name of a router before its namespace ends.
void names_drop(struct testbed *testbed, size_t router);
// Removes all names of a record. Logs those that can't be removed.
void names_remove(const struct record *record);

#endif
