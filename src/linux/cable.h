// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cable — carries packets from one interface of a namespace to another, with random losses,
 * at most at a rate, and with a delay, by BPF programs (bpf/cable). Needs no queueing discipline of
 * the kernel. A relay, a process of its own (cable_relay.c), holds packets with a delay.
 *
 * The counters of both interfaces account for the packets: what one received and the other did not
 * try to send was dropped by the cable. Called by testbed/.
 */
#ifndef VRBENCH_LINUX_CABLE_H
#define VRBENCH_LINUX_CABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

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
    // Each packet waits for the rate, and for a delay drawn evenly and independently from delay_ns
    // +- jitter_ns: packets may overtake each other. delay_ns 0 = packets pass at once.
    uint64_t delay_ns, jitter_ns;
    int held; // of cable_open_held(); -1 = nothing is delayed
};

#define CABLE_DELAY_MIN_NS 100000U

// Opens a new queue from cables to a relay; the descriptor belongs to the caller, who may close it
// once the relay runs.
int cable_open_held(int *ret, struct error *err);
// Starts the relay of delayed packets as a first process (linux/first) named `host_name`, and waits
// until it is ready. It ends with the namespace's other processes.
int cable_start_relay(const struct netns *ns, const char *host_name, bool outlive, int held,
                      pid_t *ret, struct error *err);

// Carries what `in` receives to `out`, until the interface is removed. Exit status 3 on a kernel or
// build without BPF.
int cable_carry(const struct netns *ns, const struct cable_order *order, struct error *err);

#endif
