// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/flow — counting one network's packets at the sink, exactly: each distinct sequence
 * number once, extra copies, order, delay.
 *
 * Written by one sink thread, read by others after it has ended (the arrival count also before).
 */
#ifndef VRBENCH_TRAFFIC_FLOW_H
#define VRBENCH_TRAFFIC_FLOW_H

#include <stdatomic.h>
#include <stdint.h>

#include "traffic/frame.h"

// How far behind the highest sequence number a packet may be and still be told from a duplicate.
#define FLOW_WINDOW (1ULL << 22)

// Delays in classes of 1/64 of their power of two (at most 1.6 % wide), 1 ns to 2^40 ns.
#define FLOW_DELAY_CLASSES (64U * 36U)

struct flow {
    uint32_t run;
    uint16_t network;
    atomic_ullong arrivals; // every frame of this run seen, good, extra or corrupt
    uint64_t received;      // distinct packets
    uint64_t duplicated, reordered, corrupt;
    uint64_t stale;   // behind the window: duplicate or not can't be told
    uint64_t strays;  // good packets of another run or network
    uint64_t highest; // highest sequence number seen + 1; 0 = none
    uint64_t delay_min, delay_max;
    uint64_t last_delay;
    double jitter; // ns
    // Packets that seem to have arrived before they were sent, or after latest_ns: the clock that
    // the kernel stamps arrivals with was set, and no delay of this run can be believed.
    uint64_t impossible;
    uint64_t latest_ns; // when no packet counted now can have arrived later; UINT64_MAX = not known
    uint64_t delays[FLOW_DELAY_CLASSES];
    uint64_t seen[FLOW_WINDOW / 64]; // bit a sequence number, modulo the window
};

// Makes ready for a new run; `flow` may be as calloc() left it or used before.
void flow_start(struct flow *flow, uint32_t run, uint16_t network);
// Counts a good packet that arrived at `arrival_ns` (CLOCK_MONOTONIC, as the stamp).
void flow_count(struct flow *flow, const struct frame_stamp *stamp, uint64_t arrival_ns);
void flow_count_corrupt(struct flow *flow);
// The delay below or at which the given share (0–1) of the counted packets lie, ns: the upper edge
// of its class, never beyond the longest; 0 if there were none.
uint64_t flow_delay_quantile(const struct flow *flow, double share);

#endif
