// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cable — carries packets from one interface of a namespace to another, with random losses
 * and at most at a rate, by BPF programs (bpf/cable). Needs no queueing discipline of the kernel.
 *
 * The counters of both interfaces account for the packets: what one received and the other did not
 * try to send was dropped by the cable. Called by testbed/.
 */
#ifndef VRBENCH_LINUX_CABLE_H
#define VRBENCH_LINUX_CABLE_H

#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

struct cable_order {
    const char *name; // of interface `in`, a veth
    int in, out;      // interface indexes
    double loss;      // part of the packets that are dropped at random, 0 to below 1
    // bit/s of Ethernet frames with FCS, 0 = no limit. A packet that the rate would make wait
    // longer than queue_ns is dropped; the others pass at once.
    double rate_bps;
    uint64_t queue_ns;
};

// Carries what `in` receives to `out`, until the interface is removed. Exit status 3 on a kernel or
// build without BPF.
int cable_carry(const struct netns *ns, const struct cable_order *order, struct error *err);

#endif
