// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/discard — drops UDP datagrams to one port at an interface's ingress. Loaded and attached by
 * linux/discard.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/pkt_cls.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

const volatile __u16 discarded_port; // set before loading, in host order

// Ethernet, IPv4 without options or IPv6 without extension headers, UDP: everything that the
// tester's engine sends.
struct headers4 {
    struct ethhdr ethernet;
    struct iphdr ip;
    struct udphdr udp;
} __attribute__((packed));

struct headers6 {
    struct ethhdr ethernet;
    struct ipv6hdr ip;
    struct udphdr udp;
} __attribute__((packed));

static int is_discarded4(struct __sk_buff *packet)
{
    struct headers4 headers;
    return bpf_skb_load_bytes(packet, 0, &headers, sizeof headers) == 0 &&
           headers.ethernet.h_proto == bpf_htons(ETH_P_IP) && headers.ip.ihl == 5 &&
           headers.ip.protocol == IPPROTO_UDP && headers.udp.dest == bpf_htons(discarded_port);
}

static int is_discarded6(struct __sk_buff *packet)
{
    struct headers6 headers;
    return bpf_skb_load_bytes(packet, 0, &headers, sizeof headers) == 0 &&
           headers.ethernet.h_proto == bpf_htons(ETH_P_IPV6) && headers.ip.nexthdr == IPPROTO_UDP &&
           headers.udp.dest == bpf_htons(discarded_port);
}

SEC("tc")
int discard_udp(struct __sk_buff *packet)
{
    return is_discarded4(packet) || is_discarded6(packet) ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}
