// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * platform/netns — routers without a hypervisor: a network namespace each, forwarding in the
 * kernel, its work done by the threaded NAPI of its own interfaces (linux/napi), which is what is
 * metered, placed and weighted. Called by testbed/ through platform.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "platform/platform.h"

struct router {
    struct netns *ns;
    pid_t *tasks;
    size_t task_count;
};

// A router that forwards, answers nothing of its own accord and filters nothing by origin.
static int set_forwarding(const struct netns *ns, struct error *err)
{
    static const char *const settings[][2] = {
        {"ipv4/ip_forward", "1"},
        {"ipv4/conf/default/rp_filter", "0"},
        {"ipv4/conf/all/rp_filter", "0"},
        {"ipv4/conf/default/send_redirects", "0"},
        {"ipv4/conf/all/send_redirects", "0"},
    };
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    for (size_t i = 0; rc == 0 && i < sizeof settings / sizeof settings[0]; i++) {
        rc = netns_sysctl(NULL, settings[i][0], settings[i][1], 0, err);
    }
    return rc;
}

static int join_bridge(const struct router *router, const struct router_spec *spec,
                       const struct router_nic *nic, struct error *err)
{
    static const struct offloads offloads = {.gro = true};
    struct link_spec vif = {.ns = spec->host,
                            .name = nic->vif,
                            .index = nic->vif_index,
                            .mtu = nic->mtu,
                            .master = nic->bridge};
    struct link_spec eth = {
        .ns = router->ns, .name = nic->name, .index = nic->index, .mtu = nic->mtu};
    memcpy(eth.mac, nic->mac, 6);
    memcpy(vif.mac, nic->mac, 6);
    vif.mac[2] ^= 0x80; // the pair's other end: the same address with one bit turned
    int rc = link_make_pair(&vif, &eth, err);
    if (rc == 0) {
        rc = offload_set(spec->host, nic->vif, &offloads, err);
    }
    if (rc == 0) {
        rc = offload_set(router->ns, nic->name, &offloads, err);
    }
    if (rc == 0) {
        rc = link_add_fdb(spec->host, nic->vif_index, nic->mac, err);
    }
    return rc == 0 ? link_set_up(spec->host, nic->vif_index, true, err) : rc;
}

static int take_interface(const struct router *router, const struct router_spec *spec,
                          struct router_nic *nic, struct error *err)
{
    int rc = link_move(spec->host, nic->taken_index, router->ns, nic->name, err);
    struct link_info info;
    if (rc == 0) {
        rc = link_find(router->ns, nic->name, &info, err);
    }
    if (rc == 0) {
        nic->index = info.index; // may have changed on the way
    }
    return rc;
}

static int set_up_nic(const struct router *router, const struct router_spec *spec,
                      struct router_nic *nic, struct error *err)
{
    int rc = nic->bridge != 0 ? join_bridge(router, spec, nic, err)
                              : take_interface(router, spec, nic, err);
    if (rc == 0) {
        rc = link_add_address(router->ns, nic->index, nic->address, nic->prefix, err);
    }
    if (rc == 0) {
        rc = link_set_up(router->ns, nic->index, true, err);
    }
    if (rc == 0) {
        rc = link_add_neighbour(router->ns, nic->index, nic->neighbour.address, nic->neighbour.mac,
                                err);
    }
    if (rc < 0) {
        error_context(err, "%s", nic->name);
    }
    return rc;
}

static int find_tasks(struct router *router, const struct router_spec *spec, struct error *err)
{
    struct napi_interface *interfaces = memory_new_array(struct napi_interface, spec->nic_count);
    for (size_t i = 0; i < spec->nic_count; i++) {
        interfaces[i].name = spec->nics[i].name;
        interfaces[i].index = spec->nics[i].index;
    }
    int rc = napi_make_threaded(router->ns, interfaces, spec->nic_count, NAPI_AUTO, err);
    for (size_t i = 0; i < spec->nic_count; i++) {
        size_t more = interfaces[i].thread_count;
        if (rc == 0 && more > 0) {
            router->tasks = memory_resize(router->tasks, router->task_count + more, sizeof(pid_t));
            memcpy(router->tasks + router->task_count, interfaces[i].threads, more * sizeof(pid_t));
            router->task_count += more;
        }
        free(interfaces[i].threads);
    }
    free(interfaces);
    return rc;
}

static void netns_release(struct router *router)
{
    if (router == NULL) {
        return;
    }
    netns_close(router->ns);
    free(router->tasks);
    free(router);
}

static int netns_make(const struct router_spec *spec, struct router **ret, struct error *err)
{
    struct router *router = memory_new(1, sizeof *router);
    int rc = netns_create(spec->pin, &router->ns, err);
    if (rc == 0) {
        rc = set_forwarding(router->ns, err);
    }
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        rc = set_up_nic(router, spec, &spec->nics[i], err);
    }
    if (rc == 0) {
        rc = find_tasks(router, spec, err);
    }
    if (rc < 0) {
        netns_release(router);
        error_context(err, "router %s", spec->name);
        return rc;
    }
    *ret = router;
    return 0;
}

static void netns_tasks(const struct router *router, const pid_t **ret, size_t *ret_count)
{
    *ret = router->tasks;
    *ret_count = router->task_count;
}

static int netns_counters(const struct router *router, struct namespace_counters *ret,
                          struct error *err)
{
    return counters_read(router->ns, ret, err);
}

static const struct netns *netns_of(const struct router *router)
{
    return router->ns;
}

const struct platform_ops platform_netns = {
    .name = "netns",
    .create = netns_make,
    .release = netns_release,
    .tasks = netns_tasks,
    .counters = netns_counters,
    .netns = netns_of,
};
