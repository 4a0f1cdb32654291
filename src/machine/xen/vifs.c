// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/vifs — the host's ends of a domain's interfaces: vifD.N, which Domain-0's netback
 * makes in the network namespace of the system's first process. They are moved to the testbed's
 * host under the names of the plan, added to their bridges and set up; "hotplug-status" in xenstore
 * then allows netback to connect (Xen's docs/misc/xenstore-paths and the kernel's
 * drivers/net/xen-netback/xenbus.c). They end with the domain. See domain.h.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/link.h"
#include "machine/xen/domain.h"

#define FIRST_NETNS    "/proc/1/ns/net"
#define THERE_WITHIN   (60 * NS_PER_S) // under an emulated Xen 5 s are not enough
#define THERE_STEP_NS  (5 * NS_PER_MS)
#define HOTPLUG_STATUS "/local/domain/0/backend/vif/%u/%zu/hotplug-status"

static int find_vif(const struct netns *ns, const char *name, struct link_info *ret,
                    struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + THERE_WITHIN;
    while (link_find(ns, name, ret, NULL) < 0 && clock_monotonic_ns() < until_ns) {
        int rc = stop_sleep(THERE_STEP_NS, err);
        if (rc < 0) {
            return rc;
        }
    }
    return link_find(ns, name, ret, err);
}

static int place_vif(const struct xen_machine *router, struct xen_connection *xen,
                     const struct netns *first, const struct router_spec *spec, size_t number,
                     struct error *err)
{
    struct router_nic *nic = &spec->nics[number];
    char name[32];
    struct link_info info;
    snprintf(name, sizeof name, "vif%u.%zu", router->id, number);
    int rc = find_vif(first, name, &info, err);
    if (rc == 0 && nic->mtu < info.mtu) {
        rc = link_set_mtu(first, info.index, nic->mtu, err);
    }
    if (rc == 0) {
        rc = link_move(first, info.index, spec->host, nic->vif, err);
    }
    if (rc == 0) {
        rc = link_find(spec->host, nic->vif, &info, err);
    }
    if (rc == 0) {
        nic->vif_index = info.index;
        rc = link_set_master(spec->host, info.index, nic->bridge, err);
    }
    if (rc == 0) {
        rc = link_set_up(spec->host, info.index, true, err);
    }
    if (rc == 0) {
        rc = link_add_fdb(spec->host, info.index, nic->mac, err);
    }
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *path = text_format(HOTPLUG_STATUS, router->id, number);
    struct xs_handle *store = xen_store(xen);
    return store == NULL || !xs_write(store, XBT_NULL, path, "connected", strlen("connected"))
               ? fail(err, errno, "%s", path)
               : 0;
}

int domain_place_vifs(const struct xen_machine *router, struct xen_connection *xen,
                      const struct router_spec *spec, struct error *err)
{
    struct netns *first = NULL;
    int rc = netns_open(FIRST_NETNS, &first, err);
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        if (spec->nics[i].bridge != 0) {
            rc = place_vif(router, xen, first, spec, i, err);
            if (rc < 0) {
                error_context(err, "%s", spec->nics[i].name);
            }
        }
    }
    netns_close(first);
    return rc;
}

int domain_widen_vifs(const struct xen_machine *router, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < router->guest.nic_count; i++) {
        const struct guest_nic *nic = &router->guest.nics[i];
        struct link_info info;
        rc = nic->port[0] == '\0' ? 0 : link_find(router->guest.host, nic->port, &info, err);
        if (rc == 0 && nic->port[0] != '\0' && nic->mtu > info.mtu) {
            rc = link_set_mtu(router->guest.host, info.index, nic->mtu, err);
        }
        if (rc < 0) {
            error_context(err, "router %s", router->guest.base.name);
        }
    }
    return rc;
}
