// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/discard — drops UDP datagrams to one port at an interface's ingress, after the packet
 * sockets and before the IP layer. A sink's CPU time is then spent on counting only, and no "port
 * unreachable" is sent.
 */
#ifndef VRBENCH_LINUX_DISCARD_H
#define VRBENCH_LINUX_DISCARD_H

#include <stdint.h>

#include "base/error.h"
#include "linux/netns.h"

// Installs a clsact qdisc with a BPF filter (tc-bpf(8)). -ENOTSUP if the kernel lacks either or
// vrbench was built without BPF; discard_socket() then does the same for more CPU time.
int discard_at_ingress(const struct netns *ns, int index, uint16_t udp_port, struct error *err);
// Removes these, if they are installed.
void discard_no_more(const struct netns *ns, int index);
// Returns a UDP socket in the namespace, bound to the port, that drops every datagram. The caller
// closes it.
int discard_socket(const struct netns *ns, uint16_t udp_port, struct error *err);

#endif
