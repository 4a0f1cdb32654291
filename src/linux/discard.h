// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/discard — takes UDP datagrams to one port away at an interface's ingress, behind the
 * packet sockets and before the IP layer, so that a sink's CPU is spent on counting only and
 * nobody answers "port unreachable".
 */
#ifndef VRBENCH_LINUX_DISCARD_H
#define VRBENCH_LINUX_DISCARD_H

#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

// Installs a clsact qdisc with a BPF filter (tc-bpf(8)). If the kernel has neither, or vrbench was
// built without BPF (-ENOTSUP), discard_socket() does the same for more CPU.
int discard_at_ingress(const struct netns *ns, int index, uint16_t udp_port, struct error *err);
// Returns a UDP socket in the namespace, bound to the port, that drops what comes in; the caller
// closes it.
int discard_socket(const struct netns *ns, uint16_t udp_port, struct error *err);

#endif
