// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/nic — an existing interface of this machine lent to a testbed and given back as it was
 * found: name, state, MAC address, MTU, bridge, offloads, threading, settings of /proc/sys/net, and
 * all that linux/link_state keeps: addresses, routes, neighbours, queueing disciplines.
 */
#ifndef VRBENCH_TESTBED_NIC_H
#define VRBENCH_TESTBED_NIC_H

#include <jansson.h>

#include "base/error.h"
#include "linux/netns.h"

// Describes the interface `name` of namespace `home` as it is now, for nic_give_back().
int nic_describe(const struct netns *home, const char *name, json_t **ret, struct error *err);
// Moves it from `home` to `to` as `new_name`, down and bare.
int nic_take(const struct netns *home, const char *name, const struct netns *to,
             const char *new_name, struct error *err);
// Moves the interface called `now` back from `from` to `home` and restores what was described.
int nic_give_back(const struct netns *from, const char *now, const struct netns *home,
                  const json_t *described, struct error *err);
// Restores what was described to an interface that is at home: on its way out or back its taker
// may have died. Does nothing to one that is as it was.
int nic_restore(const struct netns *home, const json_t *described, struct error *err);

#endif
