// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/uplink — the interfaces by which this machine and its user reach the rest of the network:
 * these must not be taken without an explicit request.
 */
#ifndef VRBENCH_LINUX_UPLINK_H
#define VRBENCH_LINUX_UPLINK_H

#include <stdbool.h>

#include "linux/netns.h"

// Whether a default route of any table, IPv4 or IPv6, uses the interface.
bool uplink_has_default_route(const struct netns *ns, int index);

// The interface of the SSH session that this process belongs to: the one that has the server's
// address. 0 if there is no session or it does not end in this namespace. The session is found by
// SSH_CONNECTION (ssh(1)) in the environment of this process or of an ancestor, because sudo(8)
// removes the variable.
int uplink_of_ssh_session(const struct netns *ns);
// The same for the session of the text "CLIENT PORT SERVER PORT".
int uplink_of_connection(const struct netns *ns, const char *connection);

#endif
