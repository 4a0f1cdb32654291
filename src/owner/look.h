// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/look — what users other than root may do: members of the group RIGHTS_LOOK_GROUP
 * (linux/rights.h) connect to the sockets of the owner and of runs, read samples, and read the
 * public part of records. The kernel checks the socket's mode; the owner checks each request.
 */
#ifndef VRBENCH_OWNER_LOOK_H
#define VRBENCH_OWNER_LOOK_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "owner/recorded.h"

// Gives a socket the mode 0660 and the group, or 0600 if this machine has no such group or does not
// permit it. To be called before the socket listens.
int look_share_socket(const char *path, struct error *err);
// Whether the peer of a connection is this process's user; others may only look.
bool look_peer_is_own(int fd);
// Refuses, with exit status 3, a request of another user that does more than look.
int look_refuse(int fd, const char *request, struct error *err);

// The public part of the records of testbeds, as the answer to the request "inspect": names,
// states, CPU allocations; no scenario, command, URI or environment. The caller owns it.
json_t *look_records(void);
// Calls `use` for each record in such an answer.
void look_each(const json_t *answer, void (*use)(const struct recorded *testbed, void *context),
               void *context);

#endif
