// SPDX-License-Identifier: GPL-3.0-or-later
// linux/link_stats — see link_stats.h.
#include "linux/link_stats.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"

#define ANSWER_MAX 32768 // the kernel sends a dump in messages of at most 32 KiB

int link_stats_open(const struct netns *ns, int *ret_fd, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0) {
        return fail(err, errno, "opening a route netlink socket");
    }
    *ret_fd = fd;
    return 0;
}

static void stats_add(struct link_stats **list, size_t *room, size_t count, int index,
                      const struct rtattr *attribute)
{
    struct rtnl_link_stats64 stats = {0};
    size_t length = RTA_PAYLOAD(attribute);
    memcpy(&stats, RTA_DATA(attribute), length < sizeof stats ? length : sizeof stats);
    if (count == *room) {
        *room = *room == 0 ? 8 : 2 * *room;
        *list = memory_resize(*list, *room, sizeof **list);
    }
    (*list)[count] = (struct link_stats){.index = index,
                                         .rx_packets = stats.rx_packets,
                                         .tx_packets = stats.tx_packets,
                                         .rx_bytes = stats.rx_bytes,
                                         .tx_bytes = stats.tx_bytes,
                                         .rx_dropped = stats.rx_dropped,
                                         .tx_dropped = stats.tx_dropped,
                                         .rx_errors = stats.rx_errors,
                                         .tx_errors = stats.tx_errors,
                                         .rx_missed = stats.rx_missed_errors};
}

// Appends the interface of one message. Returns the number of interfaces added.
static size_t stats_take(const struct nlmsghdr *message, struct link_stats **list, size_t *room,
                         size_t count)
{
    const struct if_stats_msg *head = NLMSG_DATA(message);
    if (message->nlmsg_type != RTM_NEWSTATS || message->nlmsg_len < NLMSG_LENGTH(sizeof *head)) {
        return 0;
    }
    size_t left = message->nlmsg_len - NLMSG_LENGTH(sizeof *head);
    const struct rtattr *attribute =
        (const struct rtattr *)((const char *)head + NLMSG_ALIGN(sizeof *head));
    for (; RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
        if (attribute->rta_type == IFLA_STATS_LINK_64) {
            stats_add(list, room, count, (int)head->ifindex, attribute);
            return 1;
        }
    }
    return 0;
}

static int stats_ask(int fd, struct error *err)
{
    struct {
        struct nlmsghdr head;
        struct if_stats_msg stats;
    } request = {
        .head = {.nlmsg_len = sizeof request,
                 .nlmsg_type = RTM_GETSTATS,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .stats = {.family = AF_UNSPEC, .filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64)},
    };
    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request
               ? 0
               : fail(err, errno, "asking for interface counters");
}

ssize_t link_stats_read(int fd, struct link_stats **list, size_t *room, struct error *err)
{
    _Alignas(struct nlmsghdr) char answer[ANSWER_MAX];
    size_t count = 0;
    int rc = stats_ask(fd, err);
    while (rc == 0) {
        ssize_t got = recv(fd, answer, sizeof answer, 0);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail(err, errno, "reading interface counters");
        }
        size_t left = (size_t)got;
        for (const struct nlmsghdr *message = (const struct nlmsghdr *)(const void *)answer;
             NLMSG_OK(message, left); message = NLMSG_NEXT(message, left)) {
            if (message->nlmsg_type == NLMSG_DONE) {
                return (ssize_t)count;
            }
            if (message->nlmsg_type == NLMSG_ERROR) {
                const struct nlmsgerr *why = NLMSG_DATA(message);
                return fail(err, -why->error, "reading interface counters");
            }
            count += stats_take(message, list, room, count);
        }
    }
    return rc;
}
