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
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/cable.h"
#include "linux/link.h"

#define PROC_TEXT_MAX (1U << 20)
#define SNMP6         "/proc/thread-self/net/snmp6" // missing if the kernel has no IPv6

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

// Whether a qdisc is one of those whose drops the outer one of cable_tc() has counted.
static bool is_within_cable_tc(uint32_t parent)
{
    return TC_H_MAJ(parent) == CABLE_TC_OUTER || TC_H_MAJ(parent) == CABLE_TC_INNER;
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
        } else if (rtnl_tc_get_handle(tc) == CABLE_TC_OUTER) {
            counters->links[i].impaired += drops;
        } else if (!is_within_cable_tc(rtnl_tc_get_parent(tc))) {
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
    _cleanup_free_ char *snmp6 = NULL;
    if (rc == 0 && access(SNMP6, F_OK) == 0) {
        rc = file_read(SNMP6, PROC_TEXT_MAX, &snmp6, NULL, err);
    }
    if (rc == 0) {
        rc = counters_parse_ip6(snmp6, &found.ip6, &found.udp, err);
    }
    if (rc < 0) {
        counters_clear(&found);
        return rc;
    }
    *ret = found;
    return 0;
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

int counters_softnet_dropped(uint64_t *ret, struct error *err)
{
    _cleanup_free_ char *text = NULL;
    int rc = file_read("/proc/net/softnet_stat", PROC_TEXT_MAX, &text, NULL, err);
    return rc < 0 ? rc : counters_parse_softnet(text, ret, err);
}
