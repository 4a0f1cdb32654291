// SPDX-License-Identifier: GPL-3.0-or-later
// linux/link — see link.h. Called by machine/ and testbed/ while building and removing.
#include "linux/link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/addr.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/neighbour.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdio.h>
#include <string.h>

#define LOOPBACK_INDEX 1 // in every network namespace (LOOPBACK_IFINDEX of include/net/flow.h)

// The errno for a libnl error code, for the codes that callers distinguish.
static int errno_of(int nl_error)
{
    switch (nl_error < 0 ? -nl_error : nl_error) {
    case NLE_NODEV:
    case NLE_OBJ_NOTFOUND:
        return ENODEV;
    case NLE_EXIST:
        return EEXIST;
    case NLE_PERM:
    case NLE_NOACCESS:
        return EPERM;
    case NLE_OPNOTSUPP:
        return EOPNOTSUPP;
    case NLE_BUSY:
        return EBUSY;
    default:
        return 0;
    }
}

// Reports that `what` failed with a libnl error code.
static int fail_nl(struct error *err, int nl_error, const char *what, const char *name)
{
    int known = errno_of(nl_error);
    if (known > 0) {
        return fail(err, known, "%s %s", what, name);
    }
    return fail(err, 0, "%s %s: %s", what, name, nl_geterror(nl_error));
}

static void put_link(struct rtnl_link **link)
{
    if (*link != NULL) {
        rtnl_link_put(*link);
    }
}
static void put_address(struct nl_addr **address)
{
    if (*address != NULL) {
        nl_addr_put(*address);
    }
}
static void put_neighbour(struct rtnl_neigh **neighbour)
{
    if (*neighbour != NULL) {
        rtnl_neigh_put(*neighbour);
    }
}
#define _cleanup_link_      __attribute__((cleanup(put_link)))
#define _cleanup_address_   __attribute__((cleanup(put_address)))
#define _cleanup_neighbour_ __attribute__((cleanup(put_neighbour)))

static struct nl_addr *make_address(const struct ip_address *address, unsigned prefix)
{
    struct nl_addr *built =
        nl_addr_build(ip_family(address), address->bytes, ip_size(address->version));
    nl_addr_set_prefixlen(built, (int)prefix);
    return built;
}

static void describe(struct rtnl_link *link, const struct link_spec *spec)
{
    rtnl_link_set_name(link, spec->name);
    rtnl_link_set_ifindex(link, spec->index);
    _cleanup_address_ struct nl_addr *mac = nl_addr_build(AF_LLC, spec->mac, 6);
    rtnl_link_set_addr(link, mac);
    if (spec->mtu != 0) {
        rtnl_link_set_mtu(link, spec->mtu);
    }
}

int link_make_pair(const struct link_spec *end, const struct link_spec *peer, struct error *err)
{
    _cleanup_link_ struct rtnl_link *link = rtnl_link_veth_alloc();
    if (link == NULL) {
        return fail(err, ENOMEM, "veth pair %s", end->name);
    }
    _cleanup_link_ struct rtnl_link *other = rtnl_link_veth_get_peer(link);
    describe(link, end);
    describe(other, peer);
    rtnl_link_set_num_tx_queues(link, 1);
    rtnl_link_set_num_rx_queues(link, 1);
    rtnl_link_set_num_tx_queues(other, 1);
    rtnl_link_set_num_rx_queues(other, 1);
    rtnl_link_set_ns_fd(other, peer->ns->fd);
    if (end->master != 0) {
        rtnl_link_set_master(link, end->master);
    }
    int rc = rtnl_link_add(end->ns->route, link, NLM_F_CREATE | NLM_F_EXCL);
    return rc < 0 ? fail_nl(err, rc, "making veth pair", end->name) : 0;
}

// Adds the attributes of a plain learning switch, for which libnl has no functions.
static int put_bridge_data(struct nl_msg *message)
{
    struct nlattr *info = nla_nest_start(message, IFLA_LINKINFO);
    if (info == NULL || nla_put_string(message, IFLA_INFO_KIND, "bridge") < 0) {
        return -NLE_NOMEM;
    }
    struct nlattr *data = nla_nest_start(message, IFLA_INFO_DATA);
    if (data == NULL || nla_put_u32(message, IFLA_BR_STP_STATE, 0) < 0 ||
        nla_put_u32(message, IFLA_BR_FORWARD_DELAY, 0) < 0 ||
        nla_put_u8(message, IFLA_BR_MCAST_SNOOPING, 0) < 0 ||
        nla_put_u8(message, IFLA_BR_NF_CALL_IPTABLES, 0) < 0 ||
        nla_put_u8(message, IFLA_BR_NF_CALL_IP6TABLES, 0) < 0 ||
        nla_put_u8(message, IFLA_BR_NF_CALL_ARPTABLES, 0) < 0) {
        return -NLE_NOMEM;
    }
    nla_nest_end(message, data);
    nla_nest_end(message, info);
    return 0;
}

int link_make_bridge(const struct link_spec *bridge, struct error *err)
{
    struct ifinfomsg header = {
        .ifi_index = bridge->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
    if (message == NULL) {
        return fail(err, ENOMEM, "bridge %s", bridge->name);
    }
    int rc = nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
    if (rc >= 0) {
        rc = nla_put_string(message, IFLA_IFNAME, bridge->name);
    }
    if (rc >= 0) {
        rc = nla_put(message, IFLA_ADDRESS, 6, bridge->mac);
    }
    if (rc >= 0 && bridge->mtu != 0) {
        rc = nla_put_u32(message, IFLA_MTU, bridge->mtu);
    }
    if (rc >= 0) {
        rc = put_bridge_data(message);
    }
    if (rc < 0) {
        nlmsg_free(message);
    } else {
        rc = nl_send_sync(bridge->ns->route, message); // frees the message
    }
    return rc < 0 ? fail_nl(err, rc, "making bridge", bridge->name) : 0;
}

// Applies `change` to interface `index`.
static int change_link(const struct netns *ns, int index, struct rtnl_link *change,
                       const char *what, struct error *err)
{
    _cleanup_link_ struct rtnl_link *which = rtnl_link_alloc();
    if (which == NULL) {
        return fail(err, ENOMEM, "%s", what);
    }
    rtnl_link_set_ifindex(which, index);
    int rc = rtnl_link_change(ns->route, which, change, 0);
    char number[24];
    snprintf(number, sizeof number, "#%d", index);
    return rc < 0 ? fail_nl(err, rc, what, number) : 0;
}

int link_set_up(const struct netns *ns, int index, bool up, struct error *err)
{
    _cleanup_link_ struct rtnl_link *change = rtnl_link_alloc();
    if (up) {
        rtnl_link_set_flags(change, IFF_UP);
    } else {
        rtnl_link_unset_flags(change, IFF_UP);
    }
    return change_link(ns, index, change, up ? "setting up interface" : "setting down interface",
                       err);
}

int link_set_up_loopback(const struct netns *ns, struct error *err)
{
    return link_set_up(ns, LOOPBACK_INDEX, true, err);
}

int link_set_mac(const struct netns *ns, int index, const uint8_t mac[6], struct error *err)
{
    _cleanup_link_ struct rtnl_link *change = rtnl_link_alloc();
    _cleanup_address_ struct nl_addr *address = nl_addr_build(AF_LLC, mac, 6);
    rtnl_link_set_addr(change, address);
    return change_link(ns, index, change, "setting the MAC address of interface", err);
}

int link_set_mtu(const struct netns *ns, int index, unsigned mtu, struct error *err)
{
    _cleanup_link_ struct rtnl_link *change = rtnl_link_alloc();
    rtnl_link_set_mtu(change, mtu);
    return change_link(ns, index, change, "setting the MTU of interface", err);
}

int link_set_master(const struct netns *ns, int index, int master, struct error *err)
{
    int rc = master == 0 ? rtnl_link_release_ifindex(ns->route, index)
                         : rtnl_link_enslave_ifindex(ns->route, master, index);
    char number[24];
    snprintf(number, sizeof number, "#%d", index);
    return rc < 0 ? fail_nl(err, rc, "setting the bridge of interface", number) : 0;
}

int link_delete(const struct netns *ns, int index, struct error *err)
{
    _cleanup_link_ struct rtnl_link *which = rtnl_link_alloc();
    rtnl_link_set_ifindex(which, index);
    int rc = rtnl_link_delete(ns->route, which);
    char number[24];
    snprintf(number, sizeof number, "#%d", index);
    return rc < 0 ? fail_nl(err, rc, "deleting interface", number) : 0;
}

int link_move(const struct netns *from, int index, const struct netns *to, const char *name,
              struct error *err)
{
    _cleanup_link_ struct rtnl_link *change = rtnl_link_alloc();
    rtnl_link_set_ns_fd(change, to->fd);
    if (name != NULL) {
        rtnl_link_set_name(change, name);
    }
    return change_link(from, index, change, "moving interface", err);
}

int link_rename(const struct netns *ns, int index, const char *name, struct error *err)
{
    _cleanup_link_ struct rtnl_link *change = rtnl_link_alloc();
    rtnl_link_set_name(change, name);
    return change_link(ns, index, change, "renaming interface", err);
}

int link_add_address(const struct netns *ns, int index, const struct ip_address *address,
                     unsigned prefix, struct error *err)
{
    _cleanup_address_ struct nl_addr *local = make_address(address, prefix);
    struct rtnl_addr *entry = rtnl_addr_alloc();
    rtnl_addr_set_ifindex(entry, index);
    rtnl_addr_set_local(entry, local);
    if (address->version == 6) {
        rtnl_addr_set_flags(entry, IFA_F_NODAD);
    }
    int rc = rtnl_addr_add(ns->route, entry, NLM_F_CREATE | NLM_F_EXCL);
    rtnl_addr_put(entry);
    char text[IP_TEXT_SIZE + 8];
    return rc < 0 ? fail_nl(err, rc, "adding address", nl_addr2str(local, text, sizeof text)) : 0;
}

int link_add_route(const struct netns *ns, int index, const struct ip_address *subnet,
                   unsigned prefix, const struct ip_address *gateway, struct error *err)
{
    _cleanup_address_ struct nl_addr *to = make_address(subnet, prefix);
    struct rtnl_route *route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    rtnl_route_nh_set_ifindex(hop, index);
    if (gateway != NULL) {
        _cleanup_address_ struct nl_addr *via =
            make_address(gateway, 8 * (unsigned)ip_size(gateway->version));
        rtnl_route_nh_set_gateway(hop, via);
        // The gateway is accepted although the link has no carrier yet.
        rtnl_route_nh_set_flags(hop, gateway->version == 6 ? RTNH_F_ONLINK : 0);
    }
    rtnl_route_set_dst(route, to);
    rtnl_route_set_scope(route, gateway != NULL ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
    rtnl_route_add_nexthop(route, hop);
    int rc = rtnl_route_add(ns->route, route, NLM_F_CREATE | NLM_F_EXCL);
    rtnl_route_put(route);
    char text[IP_TEXT_SIZE + 8];
    return rc < 0 ? fail_nl(err, rc, "adding route", nl_addr2str(to, text, sizeof text)) : 0;
}

static int add_neighbour(const struct netns *ns, struct rtnl_neigh *entry, const uint8_t mac[6],
                         const char *what, struct error *err)
{
    _cleanup_address_ struct nl_addr *link_address = nl_addr_build(AF_LLC, mac, 6);
    rtnl_neigh_set_lladdr(entry, link_address);
    int rc = rtnl_neigh_add(ns->route, entry, NLM_F_CREATE | NLM_F_REPLACE);
    char text[32];
    return rc < 0 ? fail_nl(err, rc, what, nl_addr2str(link_address, text, sizeof text)) : 0;
}

int link_add_neighbour(const struct netns *ns, int index, const struct ip_address *address,
                       const uint8_t mac[6], struct error *err)
{
    _cleanup_address_ struct nl_addr *to =
        make_address(address, 8 * (unsigned)ip_size(address->version));
    _cleanup_neighbour_ struct rtnl_neigh *entry = rtnl_neigh_alloc();
    rtnl_neigh_set_ifindex(entry, index);
    rtnl_neigh_set_state(entry, NUD_PERMANENT);
    rtnl_neigh_set_dst(entry, to);
    return add_neighbour(ns, entry, mac, "adding neighbour", err);
}

int link_add_fdb(const struct netns *ns, int index, const uint8_t mac[6], struct error *err)
{
    _cleanup_neighbour_ struct rtnl_neigh *entry = rtnl_neigh_alloc();
    rtnl_neigh_set_ifindex(entry, index);
    rtnl_neigh_set_family(entry, AF_BRIDGE);
    rtnl_neigh_set_state(entry, NUD_NOARP);
    rtnl_neigh_set_flags(entry, NTF_MASTER);
    return add_neighbour(ns, entry, mac, "adding bridge forwarding entry", err);
}

int link_add_queue(const struct netns *ns, int index, unsigned packets, struct error *err)
{
    struct tcmsg header = {
        .tcm_ifindex = index, .tcm_parent = TC_H_ROOT, .tcm_handle = LINK_QUEUE_HANDLE};
    struct tc_fifo_qopt options = {.limit = packets};
    struct nl_msg *message = nlmsg_alloc_simple(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE);
    if (message == NULL) {
        return fail(err, ENOMEM, "transmit queue");
    }
    int rc = nlmsg_append(message, &header, sizeof header, NLMSG_ALIGNTO);
    if (rc >= 0) {
        rc = nla_put_string(message, TCA_KIND, "pfifo");
    }
    if (rc >= 0) {
        rc = nla_put(message, TCA_OPTIONS, sizeof options, &options);
    }
    if (rc < 0) {
        nlmsg_free(message);
    } else {
        rc = nl_send_sync(ns->route, message); // frees the message
    }
    char number[24];
    snprintf(number, sizeof number, "#%d", index);
    return rc < 0 ? fail_nl(err, rc, "adding a transmit queue to interface", number) : 0;
}

int link_find(const struct netns *ns, const char *name, struct link_info *ret, struct error *err)
{
    _cleanup_link_ struct rtnl_link *link = NULL;
    int rc = rtnl_link_get_kernel(ns->route, 0, name, &link);
    if (rc < 0) {
        return fail_nl(err, rc, "looking up interface", name);
    }
    struct link_info info = {.index = rtnl_link_get_ifindex(link),
                             .master = rtnl_link_get_master(link),
                             .mtu = rtnl_link_get_mtu(link),
                             .flags = rtnl_link_get_flags(link)};
    const char *kind = rtnl_link_get_type(link);
    snprintf(info.kind, sizeof info.kind, "%s", kind == NULL ? "" : kind);
    struct nl_addr *mac = rtnl_link_get_addr(link);
    if (mac != NULL && nl_addr_get_len(mac) == 6) {
        memcpy(info.mac, nl_addr_get_binary_addr(mac), 6);
    }
    *ret = info;
    return 0;
}

int link_master_of(const struct netns *ns, int index)
{
    _cleanup_link_ struct rtnl_link *link = NULL;
    return rtnl_link_get_kernel(ns->route, index, NULL, &link) < 0 ? 0 : rtnl_link_get_master(link);
}

struct upper_search {
    int index;
    char name[16]; // "" = not found
};

static void look_at_upper(struct nl_object *object, void *context)
{
    static const char *const kinds[] = {"vlan",   "macvlan", "macvtap", "ipvlan",
                                        "ipvtap", "macsec",  "vxlan"};
    struct upper_search *search = context;
    struct rtnl_link *link = (struct rtnl_link *)object;
    const char *kind = rtnl_link_get_type(link);
    int below_ns = -1; // namespace of the lower interface, if it is another namespace
    bool elsewhere = rtnl_link_get_link_netnsid(link, &below_ns) == 0 && below_ns >= 0;
    if (kind == NULL || elsewhere || rtnl_link_get_link(link) != search->index) {
        return;
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            snprintf(search->name, sizeof search->name, "%s", rtnl_link_get_name(link));
        }
    }
}

bool link_find_upper(const struct netns *ns, int index, char ret_name[16])
{
    struct upper_search search = {.index = index};
    struct nl_cache *links = NULL;
    if (rtnl_link_alloc_cache(ns->route, AF_UNSPEC, &links) == 0) {
        nl_cache_foreach(links, look_at_upper, &search);
        nl_cache_free(links);
    }
    if (search.name[0] != '\0') {
        memcpy(ret_name, search.name, sizeof search.name);
    }
    return search.name[0] != '\0';
}
