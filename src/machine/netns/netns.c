// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/netns/netns — routers without a hypervisor: a network namespace each, forwarding in the
 * kernel (namespace_router.h). A first process (linux/first) is its life: with it go all
 * processes inside, and who kills it crashes the router. Called by testbed/ through platform.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/process.h"
#include "linux/route.h"
#include "linux/session.h"
#include "machine/daemon.h"
#include "machine/netns/namespace_router.h"
#include "machine/platform.h"

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
    struct namespace_life life;
};

static void netns_release(struct router *router)
{
    if (router == NULL) {
        return;
    }
    netns_close(router->ns);
    namespace_life_close(&router->life);
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
    router->life = NAMESPACE_LIFE_NONE;
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
                        &router->life.pid, &router->control, err);
    }
    return rc == 0 ? namespace_life_begin(&router->life, err) : rc;
}

// ---- its daemon

static int netns_start_daemon(struct router *router, struct error *err)
{
    int rc = daemon_start(router->services, router->life.pid, router->control, err);
    if (rc < 0) {
        error_context(err, "router %s", router->name);
        return rc;
    }
    daemon_services_free(steal_pointer(&router->services));
    close(steal_fd(&router->control));
    router->program_count = first_children(router->life.pid, &router->programs);
    for (size_t i = 0; i < router->program_count; i++) {
        first_add_threads(router->programs[i].pid, &router->tasks, &router->task_count);
    }
    return 0;
}

static int netns_leads_to(const struct router *router, uint32_t address, char ret_nic[16],
                          struct error *err)
{
    if (namespace_life_is_over(&router->life)) {
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

static int netns_destroy(struct router *router, const struct router_spec *spec, struct error *err)
{
    int rc = namespace_life_end(&router->life, err);
    if (rc == 0 && spec != NULL) {
        rc = namespace_router_take_apart(router->ns, router->pin, spec, err);
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
    int rc = namespace_router_unpin(router->pin, err); // left by a process that died here
    if (rc == 0) {
        rc = file_create(router->pin, err);
    }
    if (rc == 0) {
        rc = netns_create(router->pin, &router->ns, err);
    }
    if (rc == 0) {
        rc = start_first(router, spec, err);
    }
    if (rc == 0) {
        rc = namespace_router_set_up(router->ns, spec, giver, &router->tasks, &router->task_count,
                                     err);
        router->napi_count = router->task_count;
    }
    // What the first process starts is placed as it is.
    if (rc == 0 && router->has_daemon) {
        first_add_threads(router->life.pid, &router->tasks, &router->task_count);
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
    int rc = namespace_life_end(&router->life, err);
    if (rc == 0) {
        rc = namespace_router_leave_bridges(before, err);
    }
    if (rc == 0) {
        rc = namespace_router_unpin(router->pin, err);
    }
    if (rc == 0) {
        rc = make(now, router->ns, ret, err);
    }
    if (rc < 0) {
        (void)namespace_router_hand_back(router->ns, before, NULL);
    }
    netns_release(router);
    return rc;
}

static json_t *netns_describe(const struct router *router)
{
    json_t *described = json_pack(
        "{s:o, s:I, s:o}", "tasks", namespace_router_note_tasks(router->tasks, router->task_count),
        "napi", (json_int_t)router->napi_count, "programs", describe_programs(router));
    namespace_life_note(&router->life, described);
    return described;
}

static int netns_attach(struct platform *platform, const struct router_spec *spec,
                        const json_t *described, struct router **ret, struct error *err)
{
    (void)platform;
    struct router *router = router_new(spec);
    namespace_life_recall(described, &router->life);
    namespace_router_recall_tasks(json_object_get(described, "tasks"), &router->tasks,
                                  &router->task_count);
    router->napi_count = (size_t)json_integer_value(json_object_get(described, "napi"));
    recall_programs(router, json_object_get(described, "programs"));
    int rc = namespace_router_open(router->pin, &router->ns, err);
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
    return router->life.fd;
}

static bool has_died(const struct router *router)
{
    return namespace_life_is_over(&router->life);
}

static int netns_console(const struct router *router, char *const *argv, int *ret_status,
                         struct error *err)
{
    const struct session session = {.net = router->ns,
                                    .first = router->life.fd,
                                    .root_of = router->program_count > 0 ? router->life.pid : 0,
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
    int rc = namespace_router_usage(router->tasks, router->napi_count, &parts[0], err);
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
    .port = PORT_VETH,
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
    .only_threads = true,
    .usage = netns_usage,
    .tasks = netns_tasks,
    .counters = netns_counters,
    .netns = netns_of,
};
