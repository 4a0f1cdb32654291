// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * traffic/pace — when the packets of a stream are due. Shared by the program (pacer.c) and its BPF
 * program bpf/xdp_source; no system header is included, so that the BPF compiler can read this
 * file.
 *
 * The due time of the next packet is stepped from packet to packet, in nanoseconds and a binary
 * fraction of 32 bits: after 10^9 packets it is within 0.2 ms of the exact time. A load that
 * changes in time changes the gap between two steps.
 *
 * A source that has fallen behind (its CPU was taken away) catches up at PACE_CATCH_UP times the
 * rate, so that its hiccup does not become a burst for which the device under test is blamed. Only
 * packets that became due within PACE_BURST_NS, at most PACE_BURST_MAX of them, may leave at once:
 * sending itself is interrupted for that long all the time, by the sinks' threads on the same CPU.
 * Each of them may process 64 packets in a row, at 1 us and more a packet. With 50 us instead, a
 * tester that received 360,000 packets/s of two bridged networks sent 95.6 % of them, and waited.
 */
#ifndef VRBENCH_TRAFFIC_PACE_H
#define VRBENCH_TRAFFIC_PACE_H

#include <stdint.h>

#define PACE_CATCH_UP  1.25 // largest factor of the rate
#define PACE_BURST_NS  200000U
#define PACE_BURST_MAX 64U // packets: a quarter of a veth's ring

#define PACE_PIECES_MAX 32768U // of all streams of a thread

struct pace {
    uint64_t due_ns;                     // when the next packet is due, CLOCK_MONOTONIC
    uint64_t gap_ns;                     // from each packet to the next
    uint32_t due_fraction, gap_fraction; // units of 2^-32 ns
    uint64_t earned_ns;                  // when the next packet would leave at the catch-up rate
    uint64_t catch_up_ns; // the gap at that rate; 0 = as fast as possible: every packet is due
    uint64_t burst_ns;    // packets may leave so much before earned_ns
};

// The pace of a constant rate from `start_ns` on; 0 = as fast as possible. (The program's; the BPF
// program has no floating point.)
struct pace pace_constant(double pps, uint64_t start_ns);

// A part of a load that changes in time: the pace from a packet on, with the due time of that
// packet.
struct pace_piece {
    uint64_t first; // its sequence number
    struct pace pace;
};

// Changes to the pace of a piece. What was earned before stays.
static inline void pace_enter(struct pace *pace, const struct pace *piece)
{
    uint64_t earned_ns = pace->earned_ns;
    *pace = *piece;
    pace->earned_ns = earned_ns;
}

// Moves on to the next packet's due time.
static inline void pace_step(struct pace *pace)
{
    uint64_t fraction = (uint64_t)pace->due_fraction + pace->gap_fraction;
    pace->due_ns += pace->gap_ns + (fraction >> 32);
    pace->due_fraction = (uint32_t)fraction;
}

// Whether the next packet may be sent.
static inline int pace_allows(const struct pace *pace, uint64_t now_ns)
{
    return now_ns >= pace->due_ns && now_ns + pace->burst_ns >= pace->earned_ns;
}

// Records that the next packet is sent.
static inline void pace_sent(struct pace *pace, uint64_t now_ns)
{
    uint64_t from = pace->earned_ns > now_ns ? pace->earned_ns : now_ns;
    pace->earned_ns = from + pace->catch_up_ns;
    pace_step(pace);
}

#endif
