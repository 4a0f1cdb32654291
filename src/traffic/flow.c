// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/flow — see flow.h. Called by the sinks of the traffic engines.
#include "traffic/flow.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/clock.h"
#include "traffic/engine.h"

#define WORDS    (FLOW_WINDOW / 64)
#define SLACK_NS NS_PER_MS // time that a thread may be off the CPU between reading two clocks

void flow_start(struct flow *flow, uint32_t run, uint16_t network)
{
    memset(flow, 0, sizeof *flow);
    flow->run = run;
    flow->network = network;
    flow->delay_min = UINT64_MAX;
    flow->latest_ns = UINT64_MAX;
}

static unsigned delay_class(uint64_t ns)
{
    if (ns < 64) {
        return (unsigned)ns;
    }
    unsigned power = 63U - (unsigned)__builtin_clzll(ns); // at least 6
    if (power > 40) {
        return FLOW_DELAY_CLASSES - 1;
    }
    unsigned index = (power - 5U) * 64U + (unsigned)((ns >> (power - 6U)) & 63U);
    return index < FLOW_DELAY_CLASSES ? index : FLOW_DELAY_CLASSES - 1;
}

// The longest delay of a class.
static uint64_t class_edge(unsigned index)
{
    if (index < 64) {
        return index;
    }
    unsigned power = index / 64U + 5U;
    return ((64ULL + index % 64U + 1ULL) << (power - 6U)) - 1ULL;
}

static void count_delay(struct flow *flow, const struct frame_stamp *stamp, uint64_t arrival_ns)
{
    bool early = stamp->time_ns > arrival_ns && stamp->time_ns - arrival_ns > SLACK_NS;
    bool late = arrival_ns > flow->latest_ns && arrival_ns - flow->latest_ns > SLACK_NS;
    if (early || late) {
        flow->impossible++;
        return;
    }
    // Clocks of different CPUs may differ by a few ns: a delay is never below 0.
    uint64_t delay = arrival_ns > stamp->time_ns ? arrival_ns - stamp->time_ns : 0;
    if (flow->received > 1) {
        double change = fabs((double)delay - (double)flow->last_delay);
        flow->jitter += (change - flow->jitter) / 16.0; // RFC 3550 §6.4.1
    }
    flow->last_delay = delay;
    flow->delay_min = delay < flow->delay_min ? delay : flow->delay_min;
    flow->delay_max = delay > flow->delay_max ? delay : flow->delay_max;
    flow->delay_sum += delay;
    flow->delay_count++;
    flow->delays[delay_class(delay)]++;
}

static void count_gap(struct flow *flow, uint64_t sent_ns)
{
    uint64_t gap = sent_ns > flow->newest_sent_ns ? sent_ns - flow->newest_sent_ns : 0;
    flow->gap_max = gap > flow->gap_max ? gap : flow->gap_max;
    flow->gap_count++;
    flow->gaps[delay_class(gap)]++;
}

// Moves the window so that `sequence` is its newest number; numbers skipped count as unseen.
static void advance(struct flow *flow, uint64_t sequence)
{
    uint64_t from = flow->highest;
    if (sequence - from >= FLOW_WINDOW) {
        memset(flow->seen, 0, sizeof flow->seen);
    } else {
        for (uint64_t at = from; at <= sequence;) {
            if (at % 64 == 0 && sequence - at >= 63) {
                flow->seen[at / 64 % WORDS] = 0;
                at += 64;
            } else {
                flow->seen[at / 64 % WORDS] &= ~(1ULL << at % 64);
                at++;
            }
        }
    }
    flow->highest = sequence + 1;
}

// Only one thread writes, so no locked instruction is required.
static void count_arrival(struct flow *flow)
{
    unsigned long long seen = atomic_load_explicit(&flow->arrivals, memory_order_relaxed);
    atomic_store_explicit(&flow->arrivals, seen + 1, memory_order_relaxed);
}

// The interval of a packet: usually that of the packet before.
static uint32_t find_interval(const struct flow *flow, uint64_t sequence)
{
    uint32_t low = flow->found;
    if (flow->bounds[low] <= sequence &&
        (low + 1 == flow->interval_count || sequence < flow->bounds[low + 1])) {
        return low;
    }
    low = 0;
    for (uint32_t high = flow->interval_count; high - low > 1;) {
        uint32_t middle = low + (high - low) / 2;
        *(flow->bounds[middle] <= sequence ? &low : &high) = middle;
    }
    return low;
}

void flow_count(struct flow *flow, const struct frame_stamp *stamp, uint64_t arrival_ns)
{
    // No source reaches the last numbers: such a stamp is forged.
    if (stamp->run != flow->run || stamp->network != flow->network ||
        stamp->sequence > UINT64_MAX - FLOW_WINDOW) {
        flow->strays++;
        return;
    }
    if (!form_matches(&flow->form, stamp->sequence, &stamp->seen)) {
        flow_count_corrupt(flow);
        return;
    }
    count_arrival(flow);
    uint64_t sequence = stamp->sequence;
    if (sequence >= flow->highest) {
        if (sequence == flow->highest && sequence > 0) {
            count_gap(flow, stamp->time_ns);
        }
        advance(flow, sequence);
        flow->newest_sent_ns = stamp->time_ns;
    } else if (flow->highest - sequence > FLOW_WINDOW) {
        flow->stale++;
        return;
    } else if ((flow->seen[sequence / 64 % WORDS] >> sequence % 64 & 1ULL) != 0) {
        flow->duplicated++;
        return;
    } else {
        flow->reordered++;
    }
    flow->seen[sequence / 64 % WORDS] |= 1ULL << sequence % 64;
    flow->received++;
    if (flow->interval_count > 0) {
        flow->found = find_interval(flow, sequence);
        flow->within[flow->found]++;
    }
    count_delay(flow, stamp, arrival_ns);
}

void flow_count_corrupt(struct flow *flow)
{
    count_arrival(flow);
    flow->corrupt++;
}

uint64_t flow_quantile(const uint64_t classes[FLOW_DELAY_CLASSES], uint64_t count, uint64_t longest,
                       double share)
{
    uint64_t wanted = (uint64_t)ceil(share * (double)count);
    wanted = wanted == 0 ? 1 : wanted;
    uint64_t below = 0;
    for (unsigned i = 0; i < FLOW_DELAY_CLASSES; i++) {
        below += classes[i];
        if (below >= wanted) {
            uint64_t edge = class_edge(i);
            return edge < longest ? edge : longest;
        }
    }
    return 0;
}

uint64_t flow_delay_quantile(const struct flow *flow, double share)
{
    return flow_quantile(flow->delays, flow->received, flow->delay_max, share);
}

uint64_t flow_class_below(unsigned index)
{
    return class_edge(index * FLOW_FINE + FLOW_FINE - 1) + 1;
}

void flow_fill_delays(const uint64_t classes[FLOW_DELAY_CLASSES], struct traffic_count *ret)
{
    for (unsigned i = 0; i < FLOW_DELAY_CLASSES; i++) {
        ret->delay_classes[i / FLOW_FINE] += classes[i];
    }
}

void flow_fill_gaps(const uint64_t classes[FLOW_DELAY_CLASSES], uint64_t count, uint64_t longest,
                    struct traffic_count *ret)
{
    ret->gap_measured = count > 0;
    ret->gap_p50 = flow_quantile(classes, count, longest, 0.5);
    ret->gap_p99 = flow_quantile(classes, count, longest, 0.99);
    ret->gap_p999 = flow_quantile(classes, count, longest, 0.999);
    ret->gap_max = longest;
}
