// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/link_stats — the packet and byte counters of all interfaces of one network namespace, for
 * repeated reading through one open socket.
 *
 * A reading is one request and its answer (RTM_GETSTATS with IFLA_STATS_LINK_64, kernel:
 * net/core/rtnetlink.c, rtnl_stats_dump()): about 10 µs for a router with three interfaces. A dump
 * of the interfaces (linux/counters) takes ten times as long. Called by sampler/.
 */
#ifndef VRBENCH_LINUX_LINK_STATS_H
#define VRBENCH_LINUX_LINK_STATS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "linux/netns.h"

// Counters of one interface since it was made: the fields in use of struct rtnl_link_stats64.
struct link_stats {
    int index;
    uint64_t rx_packets, tx_packets;
    uint64_t rx_bytes, tx_bytes; // with Ethernet headers, without FCS
    uint64_t rx_dropped, tx_dropped;
    uint64_t rx_errors, tx_errors;
    uint64_t rx_missed; // the receive ring was full (real NICs)
};

// Opens the socket in a namespace. The descriptor remains valid after the namespace object is
// closed.
int link_stats_open(const struct netns *ns, int *ret_fd, struct error *err);
// Reads all interfaces into *list, an array of *room entries that is enlarged as needed and freed
// by the caller. Returns the number of interfaces, or negative.
ssize_t link_stats_read(int fd, struct link_stats **list, size_t *room, struct error *err);

#endif
