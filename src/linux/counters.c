// SPDX-License-Identifier: GPL-3.0-or-later
// linux/counters — see counters.h. Called by measure/ around each trial.
#include "linux/counters.h"

#include <errno.h>
#include <linux/pkt_sched.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/tc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/link.h"

#define PROC_TEXT_MAX (1U << 20)

static void add_link(struct nl_object *object, void *context)
{
    struct namespace_counters *counters = context;
    struct rtnl_link *link = (struct rtnl_link *)object;
    counters->links =
        memory_resize(counters->links, counters->link_count + 1, sizeof *counters->links);
    counters->links[counters->link_count++] = (struct link_counters){
        .index = rtnl_link_get_ifindex(link),
        .rx_packets = rtnl_link_get_stat(link, RTNL_LINK_RX_PACKETS),
        .tx_packets = rtnl_link_get_stat(link, RTNL_LINK_TX_PACKETS),
        .rx_bytes = rtnl_link_get_stat(link, RTNL_LINK_RX_BYTES),
        .tx_bytes = rtnl_link_get_stat(link, RTNL_LINK_TX_BYTES),
        .rx_dropped = rtnl_link_get_stat(link, RTNL_LINK_RX_DROPPED),
        .tx_dropped = rtnl_link_get_stat(link, RTNL_LINK_TX_DROPPED),
        .rx_errors = rtnl_link_get_stat(link, RTNL_LINK_RX_ERRORS),
        .tx_errors = rtnl_link_get_stat(link, RTNL_LINK_TX_ERRORS),
        .rx_missed = rtnl_link_get_stat(link, RTNL_LINK_RX_MISSED_ERR),
    };
}

static void add_qdisc(struct nl_object *object, void *context)
{
    struct namespace_counters *counters = context;
    struct rtnl_tc *tc = (struct rtnl_tc *)object;
    int index = rtnl_tc_get_ifindex(tc);
    for (size_t i = 0; i < counters->link_count; i++) {
        if (counters->links[i].index != index) {
            continue;
        }
        uint64_t drops = rtnl_tc_get_stat(tc, RTNL_TC_DROPS);
        if (rtnl_tc_get_parent(tc) == TC_H_INGRESS) {
            counters->links[i].qdisc_ingress += drops;
        } else if (rtnl_tc_get_handle(tc) == LINK_QUEUE_HANDLE) {
            counters->links[i].queue_full += drops;
        } else {
            counters->links[i].qdisc_egress += drops;
        }
    }
}

static int read_links(const struct netns *ns, struct namespace_counters *counters,
                      struct error *err)
{
    struct nl_cache *links = NULL;
    int rc = rtnl_link_alloc_cache(ns->route, AF_UNSPEC, &links);
    if (rc < 0) {
        return fail(err, 0, "reading interface counters: %s", nl_geterror(rc));
    }
    nl_cache_foreach(links, add_link, counters);
    nl_cache_free(links);
    struct nl_cache *qdiscs = NULL;
    rc = rtnl_qdisc_alloc_cache(ns->route, &qdiscs);
    if (rc < 0) {
        return fail(err, 0, "reading queueing counters: %s", nl_geterror(rc));
    }
    nl_cache_foreach(qdiscs, add_qdisc, counters);
    nl_cache_free(qdiscs);
    return 0;
}

// In text of the form "Ip: A B C\nIp: 1 2 3\n", the value under heading `name` of group `group`.
static int named_value(const char *text, const char *group, const char *name, uint64_t *ret)
{
    size_t group_length = strlen(group);
    size_t name_length = strlen(name);
    const char *line = text;
    while (line != NULL && strncmp(line, group, group_length) != 0) {
        line = strchr(line, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    const char *values = line == NULL ? NULL : strchr(line, '\n');
    if (values == NULL || strncmp(values + 1, group, group_length) != 0) {
        return -ENOENT;
    }
    const char *heading = line + group_length;
    const char *value = values + 1 + group_length;
    while (*heading == ' ') {
        heading++;
        char *end = NULL;
        uint64_t number = strtoull(value, &end, 10);
        if (end == value) {
            return -EINVAL;
        }
        value = end;
        size_t length = strcspn(heading, " \n");
        if (length == name_length && strncmp(heading, name, length) == 0) {
            *ret = number;
            return 0;
        }
        heading += length;
    }
    return -ENOENT;
}

struct ip_row {
    const char *name;
    size_t offset;
};
static const struct ip_row ip_rows[] = {
    {"InHdrErrors", offsetof(struct ip_counters, in_hdr_errors)},
    {"InAddrErrors", offsetof(struct ip_counters, in_addr_errors)},
    {"InDiscards", offsetof(struct ip_counters, in_discards)},
    {"OutDiscards", offsetof(struct ip_counters, out_discards)},
    {"OutNoRoutes", offsetof(struct ip_counters, no_routes)},
};

int counters_parse_ip(const char *snmp, const char *netstat, struct ip_counters *ret,
                      struct error *err)
{
    struct ip_counters found = {0};
    for (size_t i = 0; i < sizeof ip_rows / sizeof ip_rows[0]; i++) {
        uint64_t *slot = (uint64_t *)(void *)((char *)&found + ip_rows[i].offset);
        if (named_value(snmp, "Ip:", ip_rows[i].name, slot) < 0) {
            return fail(err, 0, "/proc/net/snmp has no %s", ip_rows[i].name);
        }
    }
    uint64_t in_no_routes = 0;
    if (netstat != NULL) {
        (void)named_value(netstat, "IpExt:", "InNoRoutes", &in_no_routes);
        (void)named_value(netstat, "IpExt:", "InTruncatedPkts", &found.in_truncated);
    }
    found.no_routes += in_no_routes;
    *ret = found;
    return 0;
}

int counters_parse_udp(const char *snmp, struct udp_counters *ret, struct error *err)
{
    struct udp_counters found = {0};
    if (named_value(snmp, "Udp:", "RcvbufErrors", &found.rcvbuf_errors) < 0) {
        return fail(err, 0, "/proc/net/snmp has no RcvbufErrors");
    }
    if (named_value(snmp, "Ip:", "ReasmOKs", &found.reassembled) < 0) {
        return fail(err, 0, "/proc/net/snmp has no ReasmOKs");
    }
    *ret = found;
    return 0;
}

int counters_read(const struct netns *ns, struct namespace_counters *ret, struct error *err)
{
    struct namespace_counters found = {0};
    int rc = read_links(ns, &found, err);
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    if (rc == 0) {
        rc = netns_visit(ns, &visit, err);
    }
    _cleanup_free_ char *snmp = NULL;
    _cleanup_free_ char *netstat = NULL;
    if (rc == 0) {
        rc = file_read("/proc/thread-self/net/snmp", PROC_TEXT_MAX, &snmp, NULL, err);
    }
    if (rc == 0) {
        rc = file_read("/proc/thread-self/net/netstat", PROC_TEXT_MAX, &netstat, NULL, err);
    }
    if (rc == 0) {
        rc = counters_parse_ip(snmp, netstat, &found.ip, err);
    }
    if (rc == 0) {
        rc = counters_parse_udp(snmp, &found.udp, err);
    }
    if (rc < 0) {
        counters_clear(&found);
        return rc;
    }
    *ret = found;
    return 0;
}

void counters_clear(struct namespace_counters *counters)
{
    free(counters->links);
    *counters = (struct namespace_counters){0};
}

const struct link_counters *counters_link(const struct namespace_counters *counters, int index)
{
    for (size_t i = 0; i < counters->link_count; i++) {
        if (counters->links[i].index == index) {
            return &counters->links[i];
        }
    }
    return NULL;
}

int counters_parse_softnet(const char *text, uint64_t *ret_dropped, struct error *err)
{
    uint64_t dropped = 0;
    for (const char *line = text; line != NULL && *line != '\0';) {
        char *end = NULL;
        (void)strtoull(line, &end, 16);
        const char *second = end;
        uint64_t value = strtoull(second, &end, 16);
        // strtoull() passes over line ends: the second column must be on this line.
        if (second == line || end == second || *second != ' ') {
            return fail(err, 0, "/proc/net/softnet_stat is not as expected");
        }
        dropped += value;
        line = strchr(end, '\n');
        line = line == NULL ? NULL : line + 1;
    }
    *ret_dropped = dropped;
    return 0;
}

int counters_softnet_dropped(uint64_t *ret, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    int rc = file_read("/proc/net/softnet_stat", PROC_TEXT_MAX, &text, NULL, err);
    return rc < 0 ? rc : counters_parse_softnet(text, ret, err);
}
