// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * guest/counters — the kernel's texts of packet counters, each after a line "NAME LENGTH": dev,
 * snmp, snmp6, netstat, softnet_stat of /proc/net, and "qdisc", a line "INTERFACE DROPPED" for each
 * root queueing discipline (by rtnetlink(7), because no file contains it). Parsed on the host by
 * src/machine/guest_counters.c. Called by channel.c.
 */
#include <errno.h>
#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "guest.h"

static void add_section(FILE *out, const char *name, const char *text, size_t length)
{
    fprintf(out, "%s %zu\n", name, length);
    fwrite(text, 1, length, out);
}

static void add_qdisc(FILE *out, const struct nlmsghdr *message)
{
    const struct tcmsg *tc = NLMSG_DATA(message);
    char name[IF_NAMESIZE];
    if (message->nlmsg_type != RTM_NEWQDISC || tc->tcm_parent != TC_H_ROOT ||
        if_indextoname((unsigned)tc->tcm_ifindex, name) == NULL) {
        return;
    }
    unsigned left = message->nlmsg_len - (unsigned)NLMSG_LENGTH(sizeof *tc);
    for (const struct rtattr *at = (const void *)((const char *)tc + NLMSG_ALIGN(sizeof *tc));
         RTA_OK(at, (int)left); at = RTA_NEXT(at, left)) {
        if (at->rta_type == TCA_STATS && RTA_PAYLOAD(at) >= sizeof(struct tc_stats)) {
            struct tc_stats stats;
            memcpy(&stats, RTA_DATA(at), sizeof stats);
            fprintf(out, "%s %u\n", name, stats.drops);
        }
    }
}

// Parses one datagram of the answer. Returns whether more will follow.
static bool take_qdiscs(int fd, FILE *out)
{
    static char answer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
    ssize_t got = recv(fd, answer, sizeof answer, 0);
    unsigned left = got < 0 ? 0 : (unsigned)got;
    for (const struct nlmsghdr *message = (const void *)answer; got > 0 && NLMSG_OK(message, left);
         message = NLMSG_NEXT(message, left)) {
        if (message->nlmsg_type == NLMSG_DONE || message->nlmsg_type == NLMSG_ERROR) {
            return false;
        }
        add_qdisc(out, message);
    }
    return got > 0;
}

static void add_qdiscs(FILE *out)
{
    char *text = NULL;
    size_t length = 0;
    FILE *lines = open_memstream(&text, &length);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    struct {
        struct nlmsghdr head;
        struct tcmsg tc;
    } ask = {.head = {.nlmsg_len = sizeof ask,
                      .nlmsg_type = RTM_GETQDISC,
                      .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
    if (lines != NULL && fd >= 0 && send(fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask) {
        while (take_qdiscs(fd, lines)) {
        }
    }
    if (fd >= 0) {
        close(fd);
    }
    if (lines != NULL) {
        fclose(lines);
        add_section(out, "qdisc", text, length);
    }
    free(text);
}

char *counters_text(size_t *ret_length)
{
    static const char *const names[] = {"dev", "snmp", "snmp6", "netstat", "softnet_stat"};
    char *text = NULL;
    FILE *out = open_memstream(&text, ret_length);
    if (out == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/net/%s", names[i]);
        size_t length = 0;
        char *content = read_all(path, &length);
        add_section(out, names[i], content == NULL ? "" : content, length);
        free(content);
    }
    add_qdiscs(out);
    fclose(out);
    return text;
}
