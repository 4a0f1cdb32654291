// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cable — carries packets from one interface of a namespace to another, with random losses,
 * at most at a rate, and with a delay. BPF programs (bpf/cable) carry the packets. They are
 * impaired in one of two ways, each of which is a file:
 *
 *   tc     queueing disciplines of the interface by which packets leave: netem and tbf (cable_tc.c)
 *   relay  the BPF program itself; a process, the relay, holds delayed packets (cable_bpf.c,
 *          cable_relay.c). Needs no queueing discipline of the kernel.
 *
 * Counters account for the packets: what one interface received and the other did not try to send
 * was dropped by the cable, on purpose as far as the ingress filter of the first (relay) or the
 * queueing discipline of the other (tc) counts it. Called by testbed/.
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
    int held;     // of cable_open_held(); -1 = nothing is delayed
    unsigned mtu; // of both interfaces
};

enum cable_way { CABLE_RELAY, CABLE_TC };
const char *cable_way_name(enum cable_way way); // "relay", "tc"

#define CABLE_DELAY_MIN_NS 100000U

// Opens a new queue from cables to a relay; the descriptor belongs to the caller, who may close it
// once the relay runs.
int cable_open_held(int *ret, struct error *err);
// Starts the relay of delayed packets as a first process (linux/first) named `host_name`, and waits
// until it is ready. It ends with the namespace's other processes.
int cable_start_relay(const struct netns *ns, const char *host_name, bool outlive, int held,
                      pid_t *ret, struct error *err);

// Carries what `in` receives to `out`, until the interface is removed, and impairs it by tc if this
// kernel can, else in the relay's way. Exit status 3 on a kernel or build without BPF.
int cable_impair(const struct netns *ns, const struct cable_order *order, enum cable_way *ret,
                 struct error *err);

// ---- one function for each way, called by cable_impair()

// The handles of the queueing disciplines of cable_tc(); counters recognise them by these. The
// outer one, which is the root, counts the drops of both.
#define CABLE_TC_OUTER 0x56530000U
#define CABLE_TC_INNER 0x56540000U
// Impairs what leaves by `out`; the packets must be carried by cable_bpf() besides. Returns 0, or
// -ENOTSUP with nothing changed if the order has no impairment, or if the kernel cannot do it so
// that each packet is accounted for. Never fails otherwise.
int cable_tc(const struct netns *ns, const struct cable_order *order);
// Carries packets, and impairs them.
int cable_bpf(const struct netns *ns, const struct cable_order *order, struct error *err);

#endif
