// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/enter — finds the node of a testbed that a console enters. The calling process attaches to
 * the testbed by its record, since only that process can connect its own terminal; it changes
 * nothing.
 */
#ifndef VRBENCH_OWNER_ENTER_H
#define VRBENCH_OWNER_ENTER_H

#include "testbed/testbed.h"

// Finds the testbed of a node by "NODE" or "TESTBED/NODE", including testbeds of running
// measurements, and returns the node's name, a part of `called`. No match and several are bad
// input.
int enter_find(const char *called, struct testbed **ret, const char **ret_node, struct error *err);
// Finds a testbed by name or id.
int enter_testbed(const char *name, struct testbed **ret, struct error *err);

#endif
