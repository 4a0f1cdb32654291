// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/witness — counts UDP packets of one length at an interface, records when each arrived, and
 * drops them; other packets pass. Loaded by bench/witness.c.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

#define ARRIVALS_MAX (1U << 21) // a power of two

const volatile __u32 ip_length; // set before loading; 0 = any
const volatile bool recording;  // whether arrivals are recorded

volatile __u64 received;
__u64 arrivals[ARRIVALS_MAX]; // CLOCK_MONOTONIC, ns, of the first packets

// Length of a UDP packet, 0 for other packets.
static __always_inline __u32 udp_length(struct xdp_md *context)
{
    const __u8 *end = (const __u8 *)(long)context->data_end;
    const struct ethhdr *ethernet = (const void *)(long)context->data;
    const struct iphdr *ip4 = (const void *)(ethernet + 1);
    const struct ipv6hdr *ip6 = (const void *)(ethernet + 1);
    if ((const __u8 *)(const void *)(ip4 + 1) > end) {
        return 0;
    }
    if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
        return ip4->protocol == IPPROTO_UDP ? bpf_ntohs(ip4->tot_len) : 0;
    }
    if (ethernet->h_proto != bpf_htons(ETH_P_IPV6) || (const __u8 *)(const void *)(ip6 + 1) > end) {
        return 0;
    }
    return ip6->nexthdr == IPPROTO_UDP ? sizeof *ip6 + bpf_ntohs(ip6->payload_len) : 0;
}

SEC("xdp")
int count_arrivals(struct xdp_md *context)
{
    __u32 length = udp_length(context);
    if (length == 0 || (ip_length != 0 && length != ip_length)) {
        return XDP_PASS;
    }
    __u64 number = received;
    if (recording && number < ARRIVALS_MAX) {
        arrivals[number & (ARRIVALS_MAX - 1)] = bpf_ktime_get_ns();
    }
    received = number + 1;
    return XDP_DROP;
}
