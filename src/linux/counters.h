// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/counters — the kernel's packet counters: of a namespace's interfaces, their queueing
 * disciplines and its IP layer; and of the machine (softnet). All count from boot or from creation:
 * use differences. measure/ reads them before and after a trial, never during one.
 */
#ifndef VRBENCH_LINUX_COUNTERS_H
#define VRBENCH_LINUX_COUNTERS_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

// The fields in use of struct rtnl_link_stats64 of include/uapi/linux/if_link.h.
struct link_counters {
    int index;
    uint64_t rx_packets, tx_packets;
    uint64_t rx_dropped, tx_dropped; // a veth counts a full ring of its peer in tx_dropped
    uint64_t rx_errors, tx_errors;
    uint64_t rx_missed;          // the receiver's ring was full (real NICs)
    uint64_t qdisc_ingress;      // dropped by tc at ingress (clsact or ingress qdisc)
    uint64_t queue_full;         // dropped by the queue that link_add_queue() added
    uint64_t qdisc_egress;       // dropped by all other qdiscs of the interface
    uint64_t impaired;           // dropped by the qdiscs of cable_tc(), which impair a cable
    uint64_t rx_bytes, tx_bytes; // with Ethernet headers, without FCS
};

// An interface known by name, for sources whose interfaces have no index.
struct named_counters {
    char *name;
    struct link_counters counters;
};

// The counters of RFC 1213's (MIB-II) ip group that give a reason for a drop: /proc/net/snmp; of
// IPv6 the same of RFC 4293: /proc/net/snmp6.
struct ip_counters {
    uint64_t in_hdr_errors;  // bad header or checksum, TTL expired
    uint64_t in_addr_errors; // address neither local nor forwardable
    uint64_t in_discards, out_discards;
    uint64_t no_routes;
    uint64_t in_truncated;
    uint64_t too_big; // IPv6 only: longer than the next link's MTU
    // No losses: what becomes of the packets that the IP layer receives. 0 where they are unknown.
    uint64_t received, delivered;
    uint64_t forwarded; // and passed to an interface
    uint64_t multicast; // received for a group, whether or not a program has joined it
    uint64_t fragments; // received for this node, to be reassembled
};

// Counters of datagrams at their destination, of both IP versions: /proc/net/snmp and snmp6.
struct udp_counters {
    uint64_t rcvbuf_errors; // the socket's receive buffer was full
    uint64_t reassembled;   // reassembled from fragments (RFC 1213: ipReasmOKs)
};

struct namespace_counters {
    struct link_counters *links;
    size_t link_count;
    struct ip_counters ip, ip6;
    struct udp_counters udp;
};

int counters_read(const struct netns *ns, struct namespace_counters *ret, struct error *err);
void counters_clear(struct namespace_counters *counters);
#define _cleanup_counters_ __attribute__((cleanup(counters_clear)))
// Returns the counters of an interface, or NULL.
const struct link_counters *counters_link(const struct namespace_counters *counters, int index);

// Packets that the kernel dropped before any protocol because a CPU's backlog was full, summed over
// all CPUs: column 2 of /proc/net/softnet_stat. Counts the whole machine, not one namespace.
int counters_softnet_dropped(uint64_t *ret, struct error *err);

// Parses the IP counters from the texts of /proc/net/snmp and /proc/net/netstat (may be NULL).
int counters_parse_ip(const char *snmp, const char *netstat, struct ip_counters *ret,
                      struct error *err);
// Parses the IPv6 counters from the text of /proc/net/snmp6, and adds its UDP counters to `udp`. A
// kernel without IPv6 has no such file: NULL, all counters are 0.
int counters_parse_ip6(const char *snmp6, struct ip_counters *ret, struct udp_counters *udp,
                       struct error *err);
// Parses the UDP counters from the text of /proc/net/snmp.
int counters_parse_udp(const char *snmp, struct udp_counters *ret, struct error *err);
// Parses an interface's counters from the text of /proc/net/dev (proc_pid_net(5)), where dropped
// and missed packets are one figure (rx_dropped). Other fields of `counters` are unchanged.
int counters_parse_link(const char *dev, const char *name, struct link_counters *counters,
                        struct error *err);
int counters_parse_softnet(const char *text, uint64_t *ret_dropped, struct error *err);

#endif
