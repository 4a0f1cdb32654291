// SPDX-License-Identifier: GPL-3.0-or-later
// linux/netlink_ask — see netlink_ask.h. Called by the files of linux/ that use netlink.
#include "linux/netlink_ask.h"

#include <errno.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

// The kernel sends at most 32 KiB at once, limited by the size of the buffer of the last recv().
#define ANSWER_ROOM 65536

int netlink_open(int protocol, struct nl_sock **ret, struct error *err)
{
    struct nl_sock *socket = nl_socket_alloc();
    if (socket == NULL) {
        return fail(err, ENOMEM, "netlink socket");
    }
    int rc = nl_connect(socket, protocol);
    if (rc < 0) {
        nl_socket_free(socket);
        return fail(err, 0, "opening a netlink socket: %s", nl_geterror(rc));
    }
    // Otherwise a failure consists of its errno only.
    (void)setsockopt(nl_socket_get_fd(socket), SOL_NETLINK, NETLINK_EXT_ACK, &(int){1},
                     sizeof(int));
    *ret = socket;
    return 0;
}

// Returns the kernel's explanation among the attributes from byte `offset` of a message on; NULL =
// none.
static const char *extack_text(const struct nlmsghdr *message, size_t offset)
{
    size_t length = message->nlmsg_len - NLMSG_HDRLEN;
    if ((message->nlmsg_flags & NLM_F_ACK_TLVS) == 0 || offset >= length) {
        return NULL;
    }
    const struct nlattr *attribute =
        nla_find((const struct nlattr *)((const char *)NLMSG_DATA(message) + offset),
                 (int)(length - offset), NLMSGERR_ATTR_MSG);
    return attribute == NULL ? NULL : nla_data(attribute);
}

static int fail_with_extack(const char *what, int error, const char *explanation, struct error *err)
{
    if (explanation == NULL) {
        return fail(err, -error, "%s", what);
    }
    (void)fail(err, 0, "%s: %s (%s)", what, strerror(-error), explanation);
    return error;
}

// Reads NLMSG_DONE or NLMSG_ERROR; both start with a negative errno or 0.
static int read_end(const struct nlmsghdr *message, const char *what, struct error *err)
{
    size_t length = message->nlmsg_len - NLMSG_HDRLEN;
    bool is_error = message->nlmsg_type == NLMSG_ERROR;
    if (length < (is_error ? sizeof(struct nlmsgerr) : sizeof(int))) {
        return is_error ? fail(err, EBADMSG, "%s", what) : 0;
    }
    const struct nlmsgerr *end = NLMSG_DATA(message);
    if (end->error >= 0) {
        return 0;
    }
    size_t offset = sizeof(int);
    if (is_error) {
        // The request is returned in full, unless the kernel's flag shows that it was cut off.
        bool capped = (message->nlmsg_flags & NLM_F_CAPPED) != 0;
        offset = sizeof *end + (capped ? 0 : NLMSG_ALIGN(end->msg.nlmsg_len) - NLMSG_HDRLEN);
    }
    return fail_with_extack(what, end->error, extack_text(message, offset), err);
}

static ssize_t receive_some(int fd, void *buffer)
{
    ssize_t got = 0;
    do {
        got = recv(fd, buffer, ANSWER_ROOM, MSG_TRUNC);
    } while (got < 0 && errno == EINTR);
    return got;
}

int netlink_ask(struct nl_sock *socket, struct nl_msg *request, netlink_visitor *visit,
                void *context, const char *what, struct error *err)
{
    int sent = nl_send_auto(socket, request);
    unsigned sequence = nlmsg_hdr(request)->nlmsg_seq;
    nlmsg_free(request);
    if (sent < 0) {
        return fail(err, 0, "%s: %s", what, nl_geterror(sent));
    }
    // Not allocated: most answers are short, and only what they fill is touched.
    _Alignas(struct nlmsghdr) char buffer[ANSWER_ROOM];
    for (;;) {
        ssize_t got = receive_some(nl_socket_get_fd(socket), buffer);
        if (got <= 0 || got > ANSWER_ROOM) {
            return fail(err, got < 0 ? errno : EMSGSIZE, "%s: reading the answer", what);
        }
        int left = (int)got;
        for (struct nlmsghdr *message = (struct nlmsghdr *)(void *)buffer; nlmsg_ok(message, left);
             message = nlmsg_next(message, &left)) {
            if (message->nlmsg_seq != sequence) {
                continue; // the rest of an earlier answer that was not read to its end
            }
            if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
                return read_end(message, what, err);
            }
            if (visit != NULL) {
                visit(message, context);
            }
        }
    }
}
