// SPDX-License-Identifier: GPL-3.0-or-later
// linux/xdp_ability — what an interface can do with XDP. Called by the engine "xdp" before it
// sends.
#ifndef VRBENCH_LINUX_XDP_ABILITY_H
#define VRBENCH_LINUX_XDP_ABILITY_H

#include "linux/netns.h"

enum xdp_ability {
    XDP_ABILITY_UNKNOWN, // the kernel is older than Linux 6.3, which reports no features
    XDP_TAKES_FRAMES,    // BPF programs can redirect frames out of it
    XDP_TAKES_NONE,      // redirected frames would be dropped without an error
};

// Asks the kernel's "netdev" family (Documentation/netlink/specs/netdev.yaml) for the interface's
// XDP features. Negative if the question itself fails.
int xdp_ability(const struct netns *ns, int index, enum xdp_ability *ret, struct error *err);

// The number of receive queues of an interface, each of which may be polled by another CPU.
int xdp_receive_queues(const struct netns *ns, int index, unsigned *ret, struct error *err);

#endif
