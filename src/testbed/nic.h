// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/nic — lends an existing interface of this machine to a testbed and gives it back in its
 * former state: name, state, MAC address, MTU, bridge, offloads, threading, settings of
 * /proc/sys/net, and everything in linux/link_state: addresses, routes, neighbours, queueing
 * disciplines.
 */
#ifndef VRBENCH_TESTBED_NIC_H
#define VRBENCH_TESTBED_NIC_H

#include <jansson.h>

#include "base/error.h"
#include "linux/netns.h"

// Describes the present state of interface `name` of namespace `home`, for nic_give_back().
int nic_describe(const struct netns *home, const char *name, json_t **ret, struct error *err);
// Moves it from `home` to `to` as `new_name`, down and without addresses.
int nic_take(const struct netns *home, const char *name, const struct netns *to,
             const char *new_name, struct error *err);
// Moves the interface called `now` back from `from` to `home` and restores the described state.
int nic_give_back(const struct netns *from, const char *now, const struct netns *home,
                  const json_t *described, struct error *err);
// Restores the described state of an interface that is in `home`: the process may have died while
// taking it or giving it back. Does nothing if the state is unchanged.
int nic_restore(const struct netns *home, const json_t *described, struct error *err);

#endif
