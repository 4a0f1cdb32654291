// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/uplink — by which interfaces this machine, and who works on it, reach the rest of the
 * world: what must not be taken away without being asked for.
 */
#ifndef VRBENCH_LINUX_UPLINK_H
#define VRBENCH_LINUX_UPLINK_H

#include <stdbool.h>

#include "linux/netns.h"

// Whether a default route of any table, IPv4 or IPv6, leads over the interface.
bool uplink_has_default_route(const struct netns *ns, int index);

// The interface over which the SSH session comes that this process belongs to: the one with the
// server's address. 0 if there is no session, or if it does not end in this namespace. The session
// is known by SSH_CONNECTION (ssh(1)) in the environment of this process or of one it descends
// from, as sudo(8) removes it.
int uplink_of_ssh_session(const struct netns *ns);
// The same of the session that such a text speaks of: "CLIENT PORT SERVER PORT".
int uplink_of_connection(const struct netns *ns, const char *connection);

#endif
