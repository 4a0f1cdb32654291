// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
// Drops test frames whose sequence number leaves REST when divided by MODULUS. For faults.sh, which
// compiles it for each filter.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TEST_PORT       22098
#define AT_PROTOCOL     12 // bytes into the frame
#define AT_PORT         36
#define AT_SEQUENCE_LOW 54

char _license[] SEC("license") = "GPL";

SEC("tc")
int drop_rest(struct __sk_buff *packet)
{
    __u16 protocol = 0;
    __u16 port = 0;
    __u32 sequence = 0;
    if (bpf_skb_load_bytes(packet, AT_PROTOCOL, &protocol, sizeof protocol) < 0 ||
        bpf_skb_load_bytes(packet, AT_PORT, &port, sizeof port) < 0 ||
        bpf_skb_load_bytes(packet, AT_SEQUENCE_LOW, &sequence, sizeof sequence) < 0 ||
        protocol != bpf_htons(ETH_P_IP) || port != bpf_htons(TEST_PORT)) {
        return TC_ACT_UNSPEC;
    }
    return bpf_ntohl(sequence) % MODULUS == REST ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}
