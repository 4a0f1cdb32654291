// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/cable — carries the packets that an interface receives to another interface of its namespace:
 * drops some at random, and those that a rate would make wait too long. Packets to be delayed are
 * copied to a relay, which sends them when they are due. Loaded and attached by linux/cable.
 *
 * A drop by the impairment is counted by the qdisc (TC_ACT_SHOT); a packet that the relay has no
 * room for is not (TC_ACT_STOLEN).
 *
 * One thread at a time runs the program of an interface (its NAPI), so the state needs no lock.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_helpers.h>

#include "linux/cable_held.h"

#define FCS_BYTES   4U
#define TAG_BYTES   4U
#define FRAME_BYTES 64U // shortest frame on an Ethernet, with FCS
#define PS_PER_NS   1000U

char _license[] SEC("license") = "GPL";

// Set before loading.
const volatile __u32 loss_of_2_32; // probability of a loss, times 2^32
const volatile __u64 ps_per_byte;  // time of a byte at the cable's rate, in ps; 0 = no limit
const volatile __u64 queue_ns;     // longest wait
const volatile __u64 delay_ns;     // 0 = packets pass at once
const volatile __u64 jitter_ns;    // at most delay_ns
const volatile __u32 out;          // interface index

struct {
    __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
    __uint(key_size, sizeof(__u32));
    __uint(value_size, sizeof(__u32));
} held SEC(".maps");

static __u64 free_ns; // CLOCK_MONOTONIC at which the cable has sent all earlier packets,
static __u64 free_ps; // and the ps beyond it

// Copies the packet to the relay.
static void hold(struct __sk_buff *packet, __u64 ready_ns)
{
    __u64 varied = (bpf_get_prandom_u32() * (2 * jitter_ns + 1)) >> 32;
    struct cable_held head = {.due_ns = ready_ns + delay_ns - jitter_ns + varied,
                              .out = out,
                              .length = packet->len,
                              .tag = packet->vlan_present ? CABLE_TAGGED | packet->vlan_tci : 0};
    bpf_perf_event_output(packet, &held, (__u64)packet->len << 32 | BPF_F_CURRENT_CPU, &head,
                          sizeof head);
}

// Whether the cable takes a packet; the time from which it has sent the packet is free_ns then.
static int fits(__u64 bytes, __u64 now)
{
    if (free_ns < now) {
        free_ns = now;
        free_ps = 0;
    }
    if (free_ns - now > queue_ns) {
        return 0;
    }
    free_ps += bytes * ps_per_byte;
    free_ns += free_ps / PS_PER_NS;
    free_ps %= PS_PER_NS;
    return 1;
}

SEC("xdp.frags")
int receive(struct xdp_md *packet)
{
    (void)packet;
    return XDP_PASS;
}

SEC("tc")
int carry(struct __sk_buff *packet)
{
    __u64 now = bpf_ktime_get_ns();
    __u64 bytes = packet->len + FCS_BYTES + (packet->vlan_present ? TAG_BYTES : 0);
    if (loss_of_2_32 != 0 && bpf_get_prandom_u32() < loss_of_2_32) {
        return TC_ACT_SHOT;
    }
    if (ps_per_byte != 0 && !fits(bytes < FRAME_BYTES ? FRAME_BYTES : bytes, now)) {
        return TC_ACT_SHOT;
    }
    if (delay_ns != 0) {
        hold(packet, ps_per_byte != 0 ? free_ns : now);
        return TC_ACT_STOLEN;
    }
    return (int)bpf_redirect(out, 0);
}
