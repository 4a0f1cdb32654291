// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/link — network interfaces by rtnetlink: making, joining, addressing, moving and deleting
 * them.
 *
 * Interfaces are identified by namespace and interface index; the testbed chooses the indexes of
 * the interfaces that it makes. rtnetlink(7); attributes: include/uapi/linux/if_link.h of the
 * kernel.
 */
#ifndef VRBENCH_LINUX_LINK_H
#define VRBENCH_LINUX_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/ip.h"
#include "linux/netns.h"

#define LINK_NAME_MAX 15 // IFNAMSIZ - 1

// One end of a pair to be made.
struct link_spec {
    const struct netns *ns;
    const char *name;
    int index;
    uint8_t mac[6];
    unsigned mtu;
    int master; // index of the bridge to join, 0 = none; only for the first end of a pair
};

// Makes a veth pair, each end in its namespace, down, with one queue in each direction (so one NAPI
// thread does all of an end's work).
int link_make_pair(const struct link_spec *end, const struct link_spec *peer, struct error *err);
// Makes a bridge, up: without spanning tree, multicast snooping and netfilter; its forwarding
// entries do not age.
int link_make_bridge(const struct link_spec *bridge, struct error *err);
int link_set_up(const struct netns *ns, int index, bool up, struct error *err);
// Sets the loopback interface up; in a new namespace it is down.
int link_set_up_loopback(const struct netns *ns, struct error *err);
int link_set_mtu(const struct netns *ns, int index, unsigned mtu, struct error *err);
int link_set_mac(const struct netns *ns, int index, const uint8_t mac[6], struct error *err);
// Makes the interface a port of the bridge `master`; 0 removes it from its bridge.
int link_set_master(const struct netns *ns, int index, int master, struct error *err);
int link_delete(const struct netns *ns, int index, struct error *err);
// Moves an interface to another namespace under a new name (NULL = keep the name).
int link_move(const struct netns *from, int index, const struct netns *to, const char *name,
              struct error *err);
int link_rename(const struct netns *ns, int index, const char *name, struct error *err);

// Enables IPv6 on an interface, without duplicate address detection, router advertisements and
// link-local address.
int link_enable_ipv6(const struct netns *ns, const char *name, struct error *err);
// IPv6 must be enabled on the interface (link_enable_ipv6()); the address is usable at once.
int link_add_address(const struct netns *ns, int index, const struct ip_address *address,
                     unsigned prefix, struct error *err);
// Adds a route to a subnet through a next hop, or directly if `gateway` is NULL.
int link_add_route(const struct netns *ns, int index, const struct ip_address *subnet,
                   unsigned prefix, const struct ip_address *gateway, struct error *err);
// Adds a permanent neighbour, so that no measurement contains ARP packets.
int link_add_neighbour(const struct netns *ns, int index, const struct ip_address *address,
                       const uint8_t mac[6], struct error *err);
// Adds a static entry to the forwarding database of the bridge that port `index` belongs to.
int link_add_fdb(const struct netns *ns, int index, const uint8_t mac[6], struct error *err);

// Adds a first-in-first-out transmit queue of `packets` to an interface; counters recognise it by
// this handle.
#define LINK_QUEUE_HANDLE 0x56520000U
int link_add_queue(const struct netns *ns, int index, unsigned packets, struct error *err);

struct link_info {
    int index, master;
    unsigned mtu, flags; // flags: IFF_*
    uint8_t mac[6];
    char kind[16]; // "veth", "bridge", … or "" for a real NIC
};
// Looks an interface up by name; -ENODEV if there is none.
int link_find(const struct netns *ns, const char *name, struct link_info *ret, struct error *err);
// Index of the bridge or bond that an interface belongs to; 0 = none.
int link_master_of(const struct netns *ns, int index);
// Finds an interface of this namespace that is stacked on another one and is deleted when that one
// is deleted or moved: a VLAN, a macvlan, a tunnel bound to it.
bool link_find_upper(const struct netns *ns, int index, char ret_name[16]);

#endif
