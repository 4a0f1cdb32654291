// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/vlan_port — makes an interface a port of one VLAN: removes the tag (IEEE 802.1Q) of received
 * frames, and adds it to sent ones. Frames of another VLAN, and frames without a tag, are not for
 * this port and are dropped, as by a VLAN interface. Loaded and attached by linux/vlan_port.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define VLAN_ID 0xfffU // the rest of a tag is priority

char _license[] SEC("license") = "GPL";

const volatile __u16 vlan; // set before loading

// The kernel has moved the tag from the frame to the packet's metadata.
SEC("tc")
int remove_tag(struct __sk_buff *packet)
{
    if (!packet->vlan_present || (packet->vlan_tci & VLAN_ID) != vlan) {
        return TC_ACT_SHOT;
    }
    return bpf_skb_vlan_pop(packet) == 0 ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int add_tag(struct __sk_buff *packet)
{
    return bpf_skb_vlan_push(packet, bpf_htons(ETH_P_8021Q), vlan) == 0 ? TC_ACT_UNSPEC
                                                                        : TC_ACT_SHOT;
}
