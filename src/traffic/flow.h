// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/flow — counts one network's packets at the sink exactly: distinct sequence numbers,
 * duplicates, order, delay.
 *
 * Written by one sink thread; other threads read it after that thread has ended (the arrival count
 * also before).
 */
#ifndef VRBENCH_TRAFFIC_FLOW_H
#define VRBENCH_TRAFFIC_FLOW_H

#include <stdatomic.h>
#include <stdint.h>

#include "traffic/frame.h"

struct flow {
    uint32_t run;
    uint16_t network;
    atomic_ullong arrivals; // every frame of this run: good, duplicate or corrupt
    uint64_t received;      // distinct packets
    struct form form;       // that packets must have; set after flow_start(), zeroed = any
    uint64_t duplicated, reordered, corrupt;
    uint64_t stale;   // behind the window: whether they are duplicates is unknown
    uint64_t strays;  // good packets of another run or network
    uint64_t highest; // highest sequence number seen + 1; 0 = none
    uint64_t delay_min, delay_max;
    uint64_t delay_sum; // of delay_count delays
    uint64_t delay_count;
    uint64_t last_delay;
    double jitter; // ns
    // Packets that seem to have arrived before they were sent, or after latest_ns: the clock of the
    // kernel's arrival stamps was set, and no delay of this run is valid.
    uint64_t impossible;
    uint64_t
        latest_ns; // upper bound of the arrival time of packets counted now; UINT64_MAX = unknown
    // Intervals of sequence numbers, whose packets are counted separately too: set after
    // flow_start(); 0 = none. The arrays are the caller's.
    uint32_t interval_count;
    const uint64_t *bounds; // first number of each interval
    uint64_t *within;       // distinct packets of each interval
    uint32_t found;         // the interval of the packet before
    uint64_t delays[FLOW_DELAY_CLASSES];
    // Between the departures of packets with successive numbers, if they arrived in order:
    uint64_t gap_count, gap_max;
    uint64_t gaps[FLOW_DELAY_CLASSES];
    uint64_t newest_sent_ns;         // stamp of the packet with the number highest - 1
    uint64_t seen[FLOW_WINDOW / 64]; // a bit for each sequence number, modulo the window
};

// Prepares for a new run; `flow` may be zeroed or used before.
void flow_start(struct flow *flow, uint32_t run, uint16_t network);
// Counts a good packet that arrived at `arrival_ns` (CLOCK_MONOTONIC, as in the stamp).
void flow_count(struct flow *flow, const struct frame_stamp *stamp, uint64_t arrival_ns);
void flow_count_corrupt(struct flow *flow);
// The quantile `share` (0–1) of the delays in ns: the upper edge of its class, at most the longest
// delay; 0 if there were none.
uint64_t flow_delay_quantile(const struct flow *flow, double share);
// The same of `count` delays that are given by class, the longest of them `longest`.
uint64_t flow_quantile(const uint64_t classes[FLOW_DELAY_CLASSES], uint64_t count, uint64_t longest,
                       double share);

// The upper bound of a class of a result (stamp.h) in ns: its delays are below.
uint64_t flow_class_below(unsigned index);

struct traffic_count;
// Adds delays that are given by class to the classes of a result.
void flow_fill_delays(const uint64_t classes[FLOW_DELAY_CLASSES], struct traffic_count *ret);
// Writes the quantiles of `count` gaps that are given by class, the longest of them `longest`.
void flow_fill_gaps(const uint64_t classes[FLOW_DELAY_CLASSES], uint64_t count, uint64_t longest,
                    struct traffic_count *ret);

#endif
