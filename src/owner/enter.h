// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/enter — a node of a testbed for a process that goes inside: a console joins the caller's
 * own terminal to it, which no other process can do. Found and attached to by its record, changing
 * nothing.
 */
#ifndef VRBENCH_OWNER_ENTER_H
#define VRBENCH_OWNER_ENTER_H

#include "testbed/testbed.h"

// The testbed that has a node, by "NODE" or "TESTBED/NODE", and the node's name, which is part of
// `called`. Testbeds of runs at work count, too. None such, or several, is bad input.
int enter_find(const char *called, struct testbed **ret, const char **ret_node, struct error *err);
// The testbed of that name or id.
int enter_testbed(const char *name, struct testbed **ret, struct error *err);

#endif
