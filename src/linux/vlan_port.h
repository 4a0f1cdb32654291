// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/vlan_port — interfaces that are ports of a VLAN (IEEE 802.1Q), by BPF programs at tc's
 * ingress and egress (bpf/vlan_port). Needs no kernel module, so that it also works where the
 * kernel lacks 8021q. Called by testbed/.
 */
#ifndef VRBENCH_LINUX_VLAN_PORT_H
#define VRBENCH_LINUX_VLAN_PORT_H

#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

// Makes the interface a port of VLAN `vlan` (1–4094) until it is removed or moved to another
// namespace: what is behind it gets and sends frames without tags. Received frames of other VLANs
// or without a tag are dropped. Sent frames contain the tag in their bytes, not in the metadata of
// the kernel's packet. Returns -ENOTSUP (lacking) on a kernel or build without BPF.
int vlan_port_make(const struct netns *ns, const char *name, int index, uint16_t vlan,
                   struct error *err);

#endif
