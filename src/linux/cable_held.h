// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * linux/cable_held — what precedes a packet that bpf/cable gives to the relay of delayed packets.
 */
#ifndef VRBENCH_LINUX_CABLE_HELD_H
#define VRBENCH_LINUX_CABLE_HELD_H

#include <linux/types.h>

#define CABLE_TAGGED 0x10000U // with a VLAN tag, whose 16 bits are below this one

struct cable_held {
    __u64 due_ns; // CLOCK_MONOTONIC
    __u32 out;    // interface index
    __u32 length; // bytes of the frame that follows
    __u32 tag;    // CABLE_TAGGED and the tag that the frame had; 0 = none
    __u32 unused;
};

#endif
