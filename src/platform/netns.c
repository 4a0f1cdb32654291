// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * platform/netns — routers without a hypervisor: a network namespace each, forwarding in the
 * kernel, its work done by the threaded NAPI of its own interfaces (linux/napi), which is what is
 * metered, placed and weighted. A first process (linux/process) is its life: with it go all
 * processes inside, and who kills it crashes the router. Called by testbed/ through platform.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "linux/link.h"
#include "linux/napi.h"
#include "linux/offload.h"
#include "linux/process.h"
#include "linux/route.h"
#include "linux/session.h"
#include "platform/daemon.h"
#include "platform/platform.h"

#define END_WITHIN_NS (5U * NS_PER_S)

struct router {
    char *name;
    struct netns *ns;
    char *pin;    // what the namespace is pinned to
    pid_t *tasks; // threaded NAPI's; then, with a daemon, the first process and its programs'
    size_t task_count, napi_count;
    struct daemon_services *services; // until they have been started
    int control;                      // over the first process, likewise; else -1
    struct first_child *programs;     // of the daemon, running
    size_t program_count;
    char *directory; // of the testbed's
    bool has_daemon;
    pid_t first; // its first process, and a descriptor for that, -1 once it has died
    uint64_t first_started;
    int first_fd;
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

static int take_interface(const struct router *router, const struct netns *giver,
                          struct router_nic *nic, struct error *err)
{
    int rc = link_move(giver, nic->taken_index, router->ns, nic->name, err);
    struct link_info info;
    if (rc == 0) {
        rc = link_find(router->ns, nic->name, &info, err);
    }
    if (rc == 0) {
        nic->index = info.index; // may have changed on the way
    }
    return rc;
}

// `giver` has the interfaces to be taken: the host, or the router's life before.
static int set_up_nic(const struct router *router, const struct router_spec *spec,
                      const struct netns *giver, struct router_nic *nic, struct error *err)
{
    int rc = nic->bridge != 0 ? join_bridge(router, spec, nic, err)
                              : take_interface(router, giver, nic, err);
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
    router->napi_count = router->task_count;
    // What the first process starts is placed as it is.
    if (rc == 0 && router->has_daemon) {
        first_add_threads(router->first, &router->tasks, &router->task_count);
    }
    return rc;
}

static void netns_release(struct router *router)
{
    if (router == NULL) {
        return;
    }
    netns_close(router->ns);
    if (router->first_fd >= 0) {
        close(router->first_fd);
    }
    if (router->control >= 0) {
        close(router->control);
    }
    daemon_services_free(router->services);
    free(router->programs);
    free(router->directory);
    free(router->tasks);
    free(router->name);
    free(router->pin);
    free(router);
}

static struct router *router_new(const struct router_spec *spec)
{
    struct router *router = memory_new(1, sizeof *router);
    router->name = text_copy(spec->name);
    router->pin = netns_pin_of(spec->directory, spec->name);
    router->directory = text_copy(spec->directory);
    router->has_daemon = spec->daemon != DAEMON_NONE;
    router->first_fd = -1;
    router->control = -1;
    return router;
}

static int start_first(struct router *router, const struct router_spec *spec, struct error *err)
{
    int rc = !router->has_daemon ? 0
                                 : daemon_prepare(spec->daemon, spec->config, spec->directory,
                                                  spec->name, &router->services, err);
    if (rc == 0) {
        rc =
            first_start(router->ns, spec->name, spec->outlive, daemon_services_of(router->services),
                        &router->first, &router->control, err);
    }
    if (rc == 0) {
        router->first_started = process_start_time(router->first);
        rc = process_open(router->first, router->first_started, err);
        router->first_fd = rc < 0 ? -1 : rc;
    }
    return rc < 0 ? rc : 0;
}

// ---- its daemon

static int netns_start_daemon(struct router *router, struct error *err)
{
    int rc = daemon_start(router->services, router->first, router->control, err);
    if (rc < 0) {
        error_context(err, "router %s", router->name);
        return rc;
    }
    daemon_services_free(steal_pointer(&router->services));
    close(steal_fd(&router->control));
    router->program_count = first_children(router->first, &router->programs);
    for (size_t i = 0; i < router->program_count; i++) {
        first_add_threads(router->programs[i].pid, &router->tasks, &router->task_count);
    }
    return 0;
}

static int netns_leads_to(const struct router *router, uint32_t address, char ret_nic[16],
                          struct error *err)
{
    if (process_has_ended(router->first_fd)) {
        return fail(err, ESRCH, "router %s has died", router->name);
    }
    return route_leads_to(router->ns, address, ret_nic, err);
}

static uint64_t netns_daemon_memory(const struct router *router)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < router->program_count; i++) {
        sum += first_child_memory(router->programs[i].pid);
    }
    return sum;
}

static void netns_daemon_words(const struct router *router, char ret[160])
{
    daemon_last_words(router->directory, router->name, ret);
}

static json_t *describe_programs(const struct router *router)
{
    json_t *list = json_array();
    for (size_t i = 0; i < router->program_count; i++) {
        json_array_append_new(
            list, json_pack("[i, s]", (int)router->programs[i].pid, router->programs[i].name));
    }
    return list;
}

static void recall_programs(struct router *router, const json_t *list)
{
    router->program_count = json_array_size(list);
    router->programs = memory_new_array(struct first_child, router->program_count);
    for (size_t i = 0; i < router->program_count; i++) {
        const json_t *program = json_array_get(list, i);
        const char *name = json_string_value(json_array_get(program, 1));
        router->programs[i].pid = (pid_t)json_integer_value(json_array_get(program, 0));
        snprintf(router->programs[i].name, sizeof router->programs[i].name, "%s",
                 name == NULL ? "" : name);
    }
}

// ---- the platform's functions

// Takes the pairs of a router off their bridges: they go with the namespace, in the kernel's own
// time.
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

static int hand_back(const struct router *router, const struct router_spec *spec, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && router->ns != NULL && i < spec->nic_count; i++) {
        const struct router_nic *nic = &spec->nics[i];
        struct link_info info;
        if (nic->bridge == 0 && link_find(router->ns, nic->name, &info, NULL) == 0) {
            rc = link_set_up(router->ns, info.index, false, err);
            if (rc == 0) {
                rc = link_move(router->ns, info.index, spec->host, nic->host_name, err);
            }
        }
    }
    return rc;
}

static int unpin(const struct router *router, struct error *err)
{
    if (umount2(router->pin, MNT_DETACH) < 0 && errno != EINVAL && errno != ENOENT) {
        return fail(err, errno, "letting go of %s", router->pin);
    }
    return unlink(router->pin) < 0 && errno != ENOENT ? fail(err, errno, "removing %s", router->pin)
                                                      : 0;
}

static int end_first(const struct router *router, struct error *err)
{
    return router->first_fd < 0 ? 0 : process_kill(router->first_fd, END_WITHIN_NS, err);
}

static int netns_destroy(struct router *router, const struct router_spec *spec, struct error *err)
{
    int rc = end_first(router, err);
    if (rc == 0 && spec != NULL) {
        rc = leave_bridges(spec, err);
    }
    if (rc == 0 && spec != NULL) {
        rc = hand_back(router, spec, err);
    }
    if (rc == 0 && spec != NULL) {
        rc = unpin(router, err);
    }
    if (rc < 0) {
        error_context(err, "router %s", router->name);
    }
    netns_release(router);
    return rc;
}

static int make(const struct router_spec *spec, const struct netns *giver, struct router **ret,
                struct error *err)
{
    struct router *router = router_new(spec);
    int rc = file_create(router->pin, err);
    if (rc == 0) {
        rc = netns_create(router->pin, &router->ns, err);
    }
    if (rc == 0) {
        rc = set_forwarding(router->ns, err);
    }
    if (rc == 0) {
        rc = start_first(router, spec, err);
    }
    for (size_t i = 0; rc == 0 && i < spec->nic_count; i++) {
        rc = set_up_nic(router, spec, giver, &spec->nics[i], err);
    }
    if (rc == 0) {
        rc = find_tasks(router, spec, err);
    }
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        (void)netns_destroy(router, spec, NULL);
        return rc;
    }
    *ret = router;
    return 0;
}

static int netns_make(struct platform *platform, const struct router_spec *spec,
                      struct router **ret, struct error *err)
{
    (void)platform;
    return make(spec, spec->host, ret, err);
}

static int netns_reboot(struct router *router, const struct router_spec *before,
                        const struct router_spec *now, struct router **ret, struct error *err)
{
    int rc = end_first(router, err);
    if (rc == 0) {
        rc = leave_bridges(before, err);
    }
    if (rc == 0) {
        rc = unpin(router, err);
    }
    if (rc == 0) {
        rc = make(now, router->ns, ret, err);
    }
    if (rc < 0) {
        (void)hand_back(router, before, NULL);
    }
    netns_release(router);
    return rc;
}

static json_t *netns_describe(const struct router *router)
{
    json_t *tasks = json_array();
    for (size_t i = 0; i < router->task_count; i++) {
        json_array_append_new(tasks, json_integer(router->tasks[i]));
    }
    return json_pack("{s:i, s:I, s:o, s:I, s:o}", "first", (int)router->first, "first_started",
                     (json_int_t)router->first_started, "tasks", tasks, "napi",
                     (json_int_t)router->napi_count, "programs", describe_programs(router));
}

static int netns_attach(struct platform *platform, const struct router_spec *spec,
                        const json_t *described, struct router **ret, struct error *err)
{
    (void)platform;
    struct router *router = router_new(spec);
    router->first = (pid_t)json_integer_value(json_object_get(described, "first"));
    router->first_started =
        (uint64_t)json_integer_value(json_object_get(described, "first_started"));
    int fd = process_open(router->first, router->first_started, NULL);
    router->first_fd = fd < 0 ? -1 : fd;
    const json_t *tasks = json_object_get(described, "tasks");
    router->task_count = json_array_size(tasks);
    router->tasks = memory_new_array(pid_t, router->task_count);
    for (size_t i = 0; i < router->task_count; i++) {
        router->tasks[i] = (pid_t)json_integer_value(json_array_get(tasks, i));
    }
    router->napi_count = (size_t)json_integer_value(json_object_get(described, "napi"));
    recall_programs(router, json_object_get(described, "programs"));
    int rc = netns_open(router->pin, &router->ns, err);
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        netns_release(router);
        return rc;
    }
    *ret = router;
    return 0;
}

static int netns_watch(const struct router *router)
{
    return router->first_fd;
}

static bool has_died(const struct router *router)
{
    return router->first_fd < 0 || process_has_ended(router->first_fd);
}

static int netns_console(const struct router *router, char *const *argv, int *ret_status,
                         struct error *err)
{
    const struct session session = {.net = router->ns,
                                    .first = router->first_fd,
                                    .root_of = router->program_count > 0 ? router->first : 0,
                                    .node = router->name,
                                    .argv = argv};
    if (has_died(router)) {
        return fail(err, ESRCH, "router %s has died", router->name);
    }
    return session_run(&session, ret_status, err);
}

static int netns_usage(const struct router *router, struct cpu_part **ret, size_t *ret_count,
                       struct error *err)
{
    struct cpu_part *parts = memory_new_array(struct cpu_part, 1 + router->program_count);
    parts[0] = (struct cpu_part){.name = "napi"};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < router->napi_count; i++) {
        uint64_t ns = 0;
        rc = cpu_task_time(router->tasks[i], &ns, err);
        parts[0].ns += ns;
    }
    for (size_t i = 0; rc == 0 && i < router->program_count; i++) {
        snprintf(parts[1 + i].name, sizeof parts[1 + i].name, "%s", router->programs[i].name);
        rc = first_child_time(router->programs[i].pid, &parts[1 + i].ns, err);
    }
    if (rc < 0) {
        free(parts);
        return rc;
    }
    *ret = parts;
    *ret_count = 1 + router->program_count;
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
    if (has_died(router)) {
        return fail(err, ESRCH, "its first process has ended");
    }
    return counters_read(router->ns, ret, err);
}

static const struct netns *netns_of(const struct router *router)
{
    return router->ns;
}

static bool netns_takes(const char *uri)
{
    return text_equal(uri, "netns");
}

static struct platform *netns_open_platform(const char *uri)
{
    struct platform *platform = memory_new(1, sizeof *platform);
    *platform = (struct platform){.ops = &platform_netns, .uri = text_copy(uri)};
    return platform;
}

static void netns_close_platform(struct platform *platform)
{
    free(platform->uri);
    free(platform);
}

const struct platform_ops platform_netns = {
    .name = "netns",
    .takes = netns_takes,
    .open = netns_open_platform,
    .close = netns_close_platform,
    .vif_has_napi = true,
    .create = netns_make,
    .start_daemon = netns_start_daemon,
    .leads_to = netns_leads_to,
    .daemon_memory = netns_daemon_memory,
    .daemon_words = netns_daemon_words,
    .destroy = netns_destroy,
    .reboot = netns_reboot,
    .describe = netns_describe,
    .attach = netns_attach,
    .release = netns_release,
    .watch = netns_watch,
    .console = netns_console,
    .usage = netns_usage,
    .tasks = netns_tasks,
    .counters = netns_counters,
    .netns = netns_of,
};
