// SPDX-License-Identifier: GPL-3.0-or-later
// machine/netns/namespace_router — see namespace_router.h.
#include "machine/netns/namespace_router.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/layer.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "linux/process.h"
#include "machine/daemon.h"

#define END_WITHIN_NS (5U * NS_PER_S)

// ---- its first process

int namespace_life_begin(struct namespace_life *life, struct error *err)
{
    life->started = process_start_time(life->pid);
    int fd = process_open(life->pid, life->started, err);
    life->fd = fd < 0 ? -1 : fd;
    return fd < 0 ? fd : 0;
}

bool namespace_life_is_over(const struct namespace_life *life)
{
    return life->fd < 0 || process_has_ended(life->fd);
}

int namespace_life_end(const struct namespace_life *life, struct error *err)
{
    return life->fd < 0 ? 0 : process_kill(life->fd, END_WITHIN_NS, err);
}

void namespace_life_close(struct namespace_life *life)
{
    if (life->fd >= 0) {
        close(steal_fd(&life->fd));
    }
}

void namespace_life_note(const struct namespace_life *life, json_t *described)
{
    json_object_set_new(described, "first", json_integer(life->pid));
    json_object_set_new(described, "first_started", json_integer((json_int_t)life->started));
}

void namespace_life_recall(const json_t *described, struct namespace_life *ret)
{
    *ret = (struct namespace_life){
        .pid = (pid_t)json_integer_value(json_object_get(described, "first")),
        .started = (uint64_t)json_integer_value(json_object_get(described, "first_started"))};
    int fd = process_open(ret->pid, ret->started, NULL);
    ret->fd = fd < 0 ? -1 : fd;
}

int namespace_router_make_layers(const struct namespace_life *life, const struct router_spec *spec,
                                 struct error *err)
{
    const char **paths = memory_new_array(const char *, spec->file_count + 1);
    for (size_t i = 0; i < spec->file_count; i++) {
        paths[i] = spec->files[i].path;
    }
    int rc = spec->file_count == 0 ? 0 : layer_make(life->pid, paths, spec->file_count, err);
    free(paths);
    return rc;
}

// ---- its namespace

// Makes the namespace forward, answer no requests by itself, and filter nothing by source address.
static int set_forwarding(const struct netns *ns, const struct router_spec *spec, struct error *err)
{
    static const struct netns_setting settings[] = {
        {"ipv4/ip_forward", "1", false},
        {"ipv4/conf/default/rp_filter", "0", false},
        {"ipv4/conf/all/rp_filter", "0", false},
        {"ipv4/conf/default/send_redirects", "0", false},
        {"ipv4/conf/all/send_redirects", "0", false},
    };
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    rc = rc == 0 ? netns_set(NULL, settings, sizeof settings / sizeof settings[0], err) : rc;
    // IPv6 stays off unless it is used (linux/netns): by a daemon on every interface, future ones
    // included, else on those with an address of it (link_enable_ipv6()).
    bool by_daemon = daemon_needs_ipv6(spec->daemon, spec->config);
    bool wanted = by_daemon;
    for (size_t i = 0; i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        wanted = wanted || nic->ip.address.version == 6 || nic->also.prefix != 0;
    }
    if (rc == 0 && by_daemon) {
        rc = netns_sysctl(NULL, "ipv6/conf/all/disable_ipv6", "0", 0, err);
        rc = rc == 0 ? netns_sysctl(NULL, "ipv6/conf/default/disable_ipv6", "0", 0, err) : rc;
    }
    return rc == 0 && wanted ? netns_sysctl(NULL, "ipv6/conf/all/forwarding", "1", 0, err) : rc;
}

static int join_bridge(const struct netns *ns, const struct router_spec *spec,
                       const struct router_nic *nic, struct error *err)
{
    static const struct offloads offloads = {.gro = true};
    struct link_spec vif = {.ns = spec->host,
                            .name = nic->vif,
                            .index = nic->vif_index,
                            .mtu = nic->mtu,
                            .master = nic->bridge};
    struct link_spec eth = {.ns = ns, .name = nic->name, .index = nic->index, .mtu = nic->mtu};
    memcpy(eth.mac, nic->mac, 6);
    memcpy(vif.mac, nic->mac, 6);
    vif.mac[2] ^= 0x80; // the other end of the pair: the same address with one bit inverted
    int rc = link_make_pair(&vif, &eth, err);
    if (rc == 0) {
        rc = offload_set(spec->host, nic->vif, &offloads, err);
    }
    if (rc == 0) {
        rc = offload_set(ns, nic->name, &offloads, err);
    }
    if (rc == 0) {
        rc = link_add_fdb(spec->host, nic->vif_index, nic->mac, err);
    }
    return rc == 0 ? link_set_up(spec->host, nic->vif_index, true, err) : rc;
}

static int take_interface(const struct netns *ns, const struct router_spec *spec,
                          const struct netns *giver, struct router_nic *nic, struct error *err)
{
    struct link_info info;
    int rc = 0;
    bool given = giver != NULL && link_find(giver, nic->name, &info, NULL) == 0;
    if (!given) {
        rc = link_find(spec->host, nic->host_name, &info, err);
    }
    if (rc == 0) {
        rc = link_move(given ? giver : spec->host, info.index, ns, nic->name, err);
    }
    if (rc == 0) {
        rc = link_find(ns, nic->name, &info, err);
    }
    if (rc == 0) {
        nic->index = info.index; // may have changed when it was moved
    }
    return rc;
}

static int set_up_nic(const struct netns *ns, const struct router_spec *spec,
                      const struct netns *giver, struct router_nic *nic, struct error *err)
{
    int rc = nic->bridge != 0 ? join_bridge(ns, spec, nic, err)
                              : take_interface(ns, spec, giver, nic, err);
    if (rc == 0 && nic->no_checksums) {
        rc = offload_no_checksums(ns, nic->name, err);
    }
    bool also = nic->also.prefix != 0;
    if (rc == 0 && (nic->ip.address.version == 6 || also)) {
        rc = link_enable_ipv6(ns, nic->name, err);
    }
    if (rc == 0) {
        rc = link_add_address(ns, nic->index, &nic->ip.address, nic->ip.prefix, err);
    }
    if (rc == 0 && also) {
        rc = link_add_address(ns, nic->index, &nic->also.address, nic->also.prefix, err);
    }
    if (rc == 0) {
        rc = link_set_up(ns, nic->index, true, err);
    }
    if (rc == 0) {
        rc = link_add_neighbour(ns, nic->index, &nic->neighbour.address, nic->neighbour.mac, err);
    }
    if (rc == 0 && also) {
        rc = link_add_neighbour(ns, nic->index, &nic->also_neighbour, nic->neighbour.mac, err);
    }
    if (rc < 0) {
        error_context(err, "%s", nic->name);
    }
    return rc;
}

int namespace_router_find_tasks(const struct netns *ns, const struct router_spec *spec,
                                pid_t **ret_tasks, size_t *ret_count, struct error *err)
{
    pid_t *tasks = NULL;
    size_t count = 0;
    struct napi_interface *interfaces = memory_new_array(struct napi_interface, spec->nic_count);
    for (size_t i = 0; i < spec->nic_count; i++) {
        interfaces[i].name = spec->nics[i].name;
        interfaces[i].index = spec->nics[i].index;
    }
    int rc = napi_make_threaded(ns, interfaces, spec->nic_count, NAPI_AUTO, err);
    for (size_t i = 0; i < spec->nic_count; i++) {
        size_t more = interfaces[i].thread_count;
        if (rc == 0 && more > 0) {
            tasks = memory_resize(tasks, count + more, sizeof(pid_t));
            memcpy(tasks + count, interfaces[i].threads, more * sizeof(pid_t));
            count += more;
        }
        free(interfaces[i].threads);
    }
    free(interfaces);
    if (rc < 0) {
        free(tasks);
        return rc;
    }
    *ret_tasks = tasks;
    *ret_count = count;
    return 0;
}

int namespace_router_set_up(const struct netns *ns, const struct router_spec *spec,
                            const struct netns *giver, struct error *err)
{
    int rc = set_forwarding(ns, spec, err);
    if (rc == 0) {
        rc = link_set_up_loopback(ns, err);
    }
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        rc = set_up_nic(ns, spec, giver, &spec->nics[i], err);
    }
    for (size_t i = 0; rc == 0 && i < spec->route_count; i++) {
        const struct router_route *route = &spec->routes[i];
        rc = link_add_route(ns, spec->nics[route->nic].index, &route->to.address, route->to.prefix,
                            &route->via, err);
    }
    return rc;
}

static int leave_bridges(const struct router_spec *spec, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        struct link_info info;
        if (nic->bridge != 0 && link_find(spec->host, nic->vif, &info, NULL) == 0) {
            rc = link_set_master(spec->host, info.index, 0, err);
        }
    }
    return rc;
}

static int hand_interfaces_back(const struct netns *ns, const struct router_spec *spec,
                                struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && ns != NULL && i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        struct link_info info;
        if (nic->bridge == 0 && link_find(ns, nic->name, &info, NULL) == 0) {
            rc = link_set_up(ns, info.index, false, err);
            if (rc == 0) {
                rc = link_move(ns, info.index, spec->host, nic->host_name, err);
            }
        }
    }
    return rc;
}

void namespace_pins_init(const struct router_spec *spec, struct namespace_pins *ret)
{
    *ret = (struct namespace_pins){netns_pin_of(spec->directory, spec->name),
                                   netns_pin_before(spec->directory, spec->name)};
}

void namespace_pins_clear(struct namespace_pins *pins)
{
    free(pins->life);
    free(pins->before);
    *pins = (struct namespace_pins){0};
}

static int open_pin(const char *pin, struct netns **ret, struct error *err)
{
    int rc = netns_open(pin, ret, err);
    // A process that died while making or ending the router left an empty file.
    return rc == -EINVAL ? -ENOENT : rc;
}

int namespace_router_open(const struct namespace_pins *pins, struct netns **ret, struct error *err)
{
    int rc = open_pin(pins->life, ret, err);
    if (rc == -ENOENT && open_pin(pins->before, ret, NULL) == 0) {
        error_clear(err);
        return 0;
    }
    return rc;
}

static int unpin(const char *pin, struct error *err)
{
    if (umount2(pin, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT) {
        return fail(err, errno, "letting go of %s", pin);
    }
    return unlink(pin) < 0 && errno != ENOENT ? fail(err, errno, "removing %s", pin) : 0;
}

int namespace_router_unpin(const struct namespace_pins *pins, struct error *err)
{
    return unpin(pins->life, err);
}

int namespace_router_take_apart(const struct netns *ns, const struct namespace_pins *pins,
                                const struct router_spec *spec, struct error *err)
{
    struct netns *before = NULL;
    int rc = leave_bridges(spec, err);
    if (rc == 0) {
        rc = hand_interfaces_back(ns, spec, err);
    }
    if (rc == 0 && open_pin(pins->before, &before, NULL) == 0) {
        rc = hand_interfaces_back(before, spec, err);
        netns_close(before);
    }
    if (rc == 0) {
        rc = unpin(pins->life, err);
    }
    return rc == 0 ? unpin(pins->before, err) : rc;
}

static bool takes_interfaces(const struct router_spec *spec)
{
    for (size_t i = 0; i < spec->nic_count; i++) {
        if (spec->nics[i].bridge == 0) {
            return true;
        }
    }
    return false;
}

static int pin_before(const struct namespace_pins *pins, struct error *err)
{
    int rc = unpin(pins->before, err); // a file left by a process that died here
    rc = rc == 0 ? file_create(pins->before, err) : rc;
    return rc == 0 && mount(pins->life, pins->before, NULL, MS_BIND, NULL) < 0
               ? fail(err, errno, "binding %s to %s", pins->life, pins->before)
               : rc;
}

int namespace_router_begin_passing(const struct netns *ns, const struct namespace_pins *pins,
                                   const struct router_spec *before, struct netns **ret_giver,
                                   struct error *err)
{
    int rc = leave_bridges(before, err);
    *ret_giver = NULL;
    if (rc == 0 && takes_interfaces(before)) {
        // Already pinned by a process that died later: `ns` then belongs to an unfinished router.
        rc = open_pin(pins->before, ret_giver, NULL);
        if (rc == 0) {
            rc = hand_interfaces_back(ns, before, err);
        } else {
            rc = pin_before(pins, err);
            rc = rc == 0 ? netns_open(pins->before, ret_giver, err) : rc;
        }
    }
    return rc == 0 ? unpin(pins->life, err) : rc;
}

void namespace_router_end_passing(struct netns *giver, const struct namespace_pins *pins,
                                  const struct router_spec *before, bool failed)
{
    int rc = failed ? hand_interfaces_back(giver, before, NULL) : 0;
    if (rc == 0) {
        (void)unpin(pins->before, NULL);
    }
    netns_close(giver);
}

bool namespace_router_is_forwarding(const struct machine *machine)
{
    for (size_t i = 0; i < machine->task_count; i++) {
        if (process_is_runnable(machine->tasks[i])) {
            return true;
        }
    }
    return false;
}

int namespace_router_usage(const pid_t *tasks, size_t count, struct cpu_part *ret,
                           struct error *err)
{
    struct cpu_part part = {.name = "napi"};
    int rc = cpu_tasks_time(tasks, count, &part.ns, err);
    if (rc == 0) {
        *ret = part;
    }
    return rc;
}

json_t *namespace_router_note_tasks(const pid_t *tasks, size_t count)
{
    json_t *noted = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(noted, json_integer(tasks[i]));
    }
    return noted;
}

void namespace_router_recall_tasks(const json_t *noted, pid_t **ret, size_t *ret_count)
{
    *ret_count = json_array_size(noted);
    *ret = memory_new_array(pid_t, *ret_count);
    for (size_t i = 0; i < *ret_count; i++) {
        (*ret)[i] = (pid_t)json_integer_value(json_array_get(noted, i));
    }
}
