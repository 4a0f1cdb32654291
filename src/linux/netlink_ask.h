// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/netlink_ask — sends one netlink request and reads its whole answer.
 *
 * libnl's nl_recvmsgs() stops after the first buffer of a dump whose messages lack NLM_F_MULTI,
 * such as those of the kernel's "netdev" family. This file reads until NLMSG_DONE or NLMSG_ERROR,
 * and a failure contains the kernel's errno and its explanation (extended ACK). netlink(7).
 */
#ifndef VRBENCH_LINUX_NETLINK_ASK_H
#define VRBENCH_LINUX_NETLINK_ASK_H

#include <linux/netlink.h>

#include "base/error.h"

struct nl_sock;
struct nl_msg;

// Opens a socket of a protocol (NETLINK_ROUTE …) in the calling thread's network namespace, with
// extended ACKs. nl_socket_free() closes it.
int netlink_open(int protocol, struct nl_sock **ret, struct error *err);

// Called for each message of an answer except NLMSG_DONE and NLMSG_ERROR.
typedef void netlink_visitor(const struct nlmsghdr *message, void *context);

// Sends `request` (a dump or a request with an acknowledgement), frees it, and reads the whole
// answer. `visit` NULL: the messages are skipped. Returns the kernel's negative errno on failure;
// the message is "WHAT: strerror (the kernel's explanation)".
int netlink_ask(struct nl_sock *socket, struct nl_msg *request, netlink_visitor *visit,
                void *context, const char *what, struct error *err);

#endif
