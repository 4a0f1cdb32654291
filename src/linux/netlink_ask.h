// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/netlink_ask — one netlink request and its whole answer.
 *
 * libnl's nl_recvmsgs() ends a dump behind the first buffer if the messages lack NLM_F_MULTI, as
 * those of the kernel's "netdev" family do. An answer is read here until NLMSG_DONE or NLMSG_ERROR,
 * and a failure keeps the kernel's errno and its own explanation (extended ACK). netlink(7).
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

// Called for each message of an answer that is neither its end nor an error.
typedef void netlink_visitor(const struct nlmsghdr *message, void *context);

// Sends `request`, a dump or a request for an acknowledgement, frees it, and reads the answer to
// its end. `visit` NULL: the content is of no interest. Returns the kernel's negative errno on
// failure; the message is "WHAT: strerror (the kernel's explanation)".
int netlink_ask(struct nl_sock *socket, struct nl_msg *request, netlink_visitor *visit,
                void *context, const char *what, struct error *err);

#endif
