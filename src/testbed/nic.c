// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/nic — see nic.h. Called by life.c (taking, giving back) and cleanup.c (giving back
// what a dead run had taken).
#include "testbed/nic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <string.h>

#include "base/log.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/offload.h"

struct gathering {
    int index;
    json_t *list;
};

static void gather_address(struct nl_object *object, void *context)
{
    struct gathering *gathering = context;
    struct rtnl_addr *entry = (struct rtnl_addr *)object;
    struct nl_addr *local = rtnl_addr_get_local(entry);
    if (rtnl_addr_get_ifindex(entry) != gathering->index || local == NULL ||
        nl_addr_get_family(local) != AF_INET) {
        return;
    }
    char text[64];
    json_array_append_new(gathering->list, json_string(nl_addr2str(local, text, sizeof text)));
}

// Routes that somebody added by hand or daemon; the kernel adds its own with the addresses.
static void gather_route(struct nl_object *object, void *context)
{
    struct gathering *gathering = context;
    struct rtnl_route *route = (struct rtnl_route *)object;
    if (rtnl_route_get_table(route) != RT_TABLE_MAIN ||
        rtnl_route_get_protocol(route) == RTPROT_KERNEL || rtnl_route_get_nnexthops(route) != 1) {
        return;
    }
    struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
    if (rtnl_route_nh_get_ifindex(hop) != gathering->index) {
        return;
    }
    char to[64];
    char via[64];
    struct nl_addr *gateway = rtnl_route_nh_get_gateway(hop);
    json_t *entry = json_object();
    json_object_set_new(entry, "to",
                        json_string(nl_addr2str(rtnl_route_get_dst(route), to, sizeof to)));
    json_object_set_new(entry, "metric", json_integer(rtnl_route_get_priority(route)));
    json_object_set_new(entry, "protocol", json_integer(rtnl_route_get_protocol(route)));
    if (gateway != NULL) {
        json_object_set_new(entry, "via", json_string(nl_addr2str(gateway, via, sizeof via)));
    }
    json_array_append_new(gathering->list, entry);
}

static json_t *gather_addresses(const struct netns *ns, int index)
{
    struct gathering gathering = {index, json_array()};
    struct nl_cache *cache = NULL;
    if (rtnl_addr_alloc_cache(ns->route, &cache) == 0) {
        nl_cache_foreach(cache, gather_address, &gathering);
        nl_cache_free(cache);
    }
    return gathering.list;
}

static json_t *gather_routes(const struct netns *ns, int index)
{
    struct gathering gathering = {index, json_array()};
    struct nl_cache *cache = NULL;
    if (rtnl_route_alloc_cache(ns->route, AF_INET, 0, &cache) == 0) {
        nl_cache_foreach(cache, gather_route, &gathering);
        nl_cache_free(cache);
    }
    return gathering.list;
}

static json_t *note_mac(const uint8_t mac[6])
{
    json_t *list = json_array();
    for (size_t i = 0; i < 6; i++) {
        json_array_append_new(list, json_integer(mac[i]));
    }
    return list;
}

int nic_describe(const struct netns *home, const char *name, json_t **ret, struct error *err)
{
    struct link_info info;
    struct offloads offloads = {0};
    int rc = link_find(home, name, &info, err);
    if (rc < 0) {
        return rc;
    }
    if ((info.flags & IFF_LOOPBACK) != 0) {
        return fail_input(err, "%s is the loopback interface: it can't be a link of a testbed",
                          name);
    }
    bool has_offloads = offload_get(home, name, &offloads, NULL) == 0;
    int threaded = 0;
    bool has_threaded = napi_get_sysfs(home, name, &threaded, NULL) == 0;
    json_t *described =
        json_pack("{s:s, s:b, s:i, s:i, s:o, s:o}", "name", name, "up", (info.flags & IFF_UP) != 0,
                  "mtu", (int)info.mtu, "master", info.master, "addresses",
                  gather_addresses(home, info.index), "routes", gather_routes(home, info.index));
    if (described == NULL) {
        return fail(err, ENOMEM, "describing %s", name);
    }
    json_object_set_new(described, "mac", note_mac(info.mac));
    if (has_offloads) {
        json_object_set_new(described, "offloads",
                            json_pack("{s:b, s:b, s:b}", "gro", offloads.gro, "gso", offloads.gso,
                                      "tso", offloads.tso));
    }
    if (has_threaded) {
        json_object_set_new(described, "threaded", json_integer(threaded));
    }
    *ret = described;
    return 0;
}

int nic_take(const struct netns *home, const char *name, const struct netns *to,
             const char *new_name, struct error *err)
{
    struct link_info info;
    int rc = link_find(home, name, &info, err);
    if (rc == 0 && info.master != 0) {
        rc = link_set_master(home, info.index, 0, err);
    }
    if (rc == 0) {
        rc = link_set_up(home, info.index, false, err);
    }
    if (rc == 0) {
        rc = link_move(home, info.index, to, new_name, err);
    }
    if (rc < 0) {
        error_context(err, "taking interface %s", name);
    }
    return rc;
}

static void restore_addresses(const struct netns *ns, int index, const json_t *addresses)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(addresses, i, entry)
    {
        struct nl_addr *local = NULL;
        if (nl_addr_parse(json_string_value(entry), AF_INET, &local) < 0) {
            continue;
        }
        uint32_t wire = 0;
        memcpy(&wire, nl_addr_get_binary_addr(local), sizeof wire);
        _cleanup_error_ struct error why = ERROR_INIT;
        int rc = link_add_address(ns, index, ntohl(wire), nl_addr_get_prefixlen(local), &why);
        if (rc < 0 && rc != -EEXIST) {
            log_warning("testbed", "giving back an interface: %s", why.text);
        }
        nl_addr_put(local);
    }
}

static void restore_route(const struct netns *ns, int index, const json_t *entry)
{
    struct nl_addr *to = NULL;
    struct nl_addr *via = NULL;
    const char *to_text = json_string_value(json_object_get(entry, "to"));
    const char *via_text = json_string_value(json_object_get(entry, "via"));
    if (to_text == NULL || nl_addr_parse(to_text, AF_INET, &to) < 0) {
        return;
    }
    struct rtnl_route *route = rtnl_route_alloc();
    struct rtnl_nexthop *hop = rtnl_route_nh_alloc();
    rtnl_route_nh_set_ifindex(hop, index);
    if (via_text != NULL && nl_addr_parse(via_text, AF_INET, &via) == 0) {
        rtnl_route_nh_set_gateway(hop, via);
        nl_addr_put(via);
    }
    rtnl_route_set_dst(route, to);
    rtnl_route_set_scope(route, via_text != NULL ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
    rtnl_route_set_priority(route, (uint32_t)json_integer_value(json_object_get(entry, "metric")));
    rtnl_route_set_protocol(route, (uint8_t)json_integer_value(json_object_get(entry, "protocol")));
    rtnl_route_add_nexthop(route, hop);
    int rc = rtnl_route_add(ns->route, route, NLM_F_CREATE);
    if (rc < 0 && rc != -NLE_EXIST) {
        log_warning("testbed", "giving back route %s: %s", to_text, nl_geterror(rc));
    }
    rtnl_route_put(route);
    nl_addr_put(to);
}

// One that its driver has made anew has the MAC address of its device.
static void restore_mac(const struct netns *home, const struct link_info *info,
                        const json_t *described)
{
    const json_t *saved = json_object_get(described, "mac");
    uint8_t mac[6];
    for (size_t i = 0; i < sizeof mac; i++) {
        mac[i] = (uint8_t)json_integer_value(json_array_get(saved, i));
    }
    if (json_array_size(saved) == sizeof mac && memcmp(mac, info->mac, sizeof mac) != 0) {
        (void)link_set_mac(home, info->index, mac, NULL);
    }
}

static void restore_settings(const struct netns *home, const char *name, int index,
                             const json_t *described)
{
    const json_t *saved = json_object_get(described, "offloads");
    if (saved != NULL) {
        struct offloads offloads = {.gro = json_is_true(json_object_get(saved, "gro")),
                                    .gso = json_is_true(json_object_get(saved, "gso")),
                                    .tso = json_is_true(json_object_get(saved, "tso"))};
        (void)offload_set(home, name, &offloads, NULL);
    }
    const json_t *threaded = json_object_get(described, "threaded");
    if (threaded != NULL) {
        (void)napi_set_sysfs(home, name, json_integer_value(threaded) != 0, NULL);
    }
    (void)link_set_mtu(home, index, (unsigned)json_integer_value(json_object_get(described, "mtu")),
                       NULL);
    int master = (int)json_integer_value(json_object_get(described, "master"));
    if (master != 0) {
        (void)link_set_master(home, index, master, NULL);
    }
}

int nic_restore(const struct netns *home, const json_t *described, struct error *err)
{
    const char *name = json_string_value(json_object_get(described, "name"));
    struct link_info info = {0};
    int rc = name == NULL ? fail(err, EINVAL, "record of an interface")
                          : link_find(home, name, &info, err);
    if (rc < 0) {
        return rc;
    }
    restore_mac(home, &info, described);
    restore_settings(home, name, info.index, described);
    rc = link_set_up(home, info.index, json_is_true(json_object_get(described, "up")), err);
    restore_addresses(home, info.index, json_object_get(described, "addresses"));
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(described, "routes"), i, entry)
    {
        restore_route(home, info.index, entry);
    }
    return rc;
}

int nic_give_back(const struct netns *from, const char *now, const struct netns *home,
                  const json_t *described, struct error *err)
{
    const char *name = json_string_value(json_object_get(described, "name"));
    struct link_info info;
    int rc = link_find(from, now, &info, err);
    if (rc < 0 || name == NULL) {
        return rc < 0 ? rc : fail(err, EINVAL, "record of interface %s", now);
    }
    if (info.master != 0) {
        (void)link_set_master(from, info.index, 0, NULL);
    }
    (void)link_set_up(from, info.index, false, NULL);
    (void)napi_set_sysfs(from, now, 0, NULL);
    rc = link_move(from, info.index, home, name, err);
    if (rc == 0) {
        rc = nic_restore(home, described, err);
    }
    if (rc < 0) {
        error_context(err, "giving back interface %s", name);
    }
    return rc;
}
