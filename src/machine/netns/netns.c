// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/netns/netns — routers without a hypervisor: a network namespace each, forwarding in the
 * kernel (namespace_router.h). A first process (linux/first) determines its lifetime: all processes
 * inside end with it, and killing it crashes the router. Called by testbed/ through machine.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/first_child.h"
#include "linux/memory.h"
#include "linux/process.h"
#include "linux/route.h"
#include "linux/session.h"
#include "machine/daemon.h"
#include "machine/machine.h"
#include "machine/netns/namespace_router.h"

#define ROOT_WITHIN_NS (10U * NS_PER_S)

// Its tasks are threads of threaded NAPI; with a daemon, also the first process and its programs.
struct netns_machine {
    struct machine base;
    struct namespace_pins pins;
    size_t napi_count;
    struct daemon_services *services; // until they are started
    int control;                  // connection to the first process until they are started; else -1
    struct first_child *programs; // running programs of the daemon
    size_t program_count;
    char *directory; // directory of the testbed
    bool has_daemon;
    bool own_root;            // its first process has a root directory of its own, for files
    struct first_begun begun; // the first process, until first_await()
    struct namespace_life life;
};

static struct netns_machine *netns_machine_of(const struct machine *machine)
{
    return (struct netns_machine *)machine;
}

static void netns_release(struct machine *machine)
{
    struct netns_machine *router = netns_machine_of(machine);
    namespace_life_close(&router->life);
    if (router->control >= 0) {
        close(router->control);
    }
    daemon_services_free(router->services);
    free(router->programs);
    free(router->directory);
    namespace_pins_clear(&router->pins);
    machine_clear(machine);
    free(router);
}

static struct netns_machine *netns_new(struct platform *platform, const struct router_spec *spec)
{
    struct netns_machine *router = memory_new(1, sizeof *router);
    machine_init(&router->base, platform, spec->name);
    namespace_pins_init(spec, &router->pins);
    router->directory = text_copy(spec->directory);
    router->has_daemon = spec->daemon != DAEMON_NONE;
    router->own_root = spec->file_count > 0;
    router->life = NAMESPACE_LIFE_NONE;
    router->begun = FIRST_NOT_BEGUN;
    router->control = -1;
    return router;
}

static int begin_first(struct netns_machine *router, const struct router_spec *spec,
                       struct error *err)
{
    int rc = !router->has_daemon ? 0
                                 : daemon_prepare(spec->daemon, spec->config, spec->directory,
                                                  spec->name, &router->services, err);
    // With files and without a daemon, the services are a root directory and no program.
    _cleanup_free_ char *root = text_format("%s/root-%s", spec->directory, spec->name);
    const struct first_services no_program = {
        .folder = spec->directory, .root = root, .log = "/dev/null"};
    const struct first_services *services =
        router->own_root ? &no_program : daemon_services_of(router->services);
    return rc < 0 ? rc
                  : first_begin(router->base.ns, spec->name, spec->outlive, services,
                                &router->begun, err);
}

static int await_first(struct netns_machine *router, const struct router_spec *spec,
                       struct error *err)
{
    int rc = first_await(&router->begun, spec->name, &router->life.pid, &router->control, err);
    rc = rc < 0 ? rc : namespace_life_begin(&router->life, err);
    if (rc == 0 && router->own_root) {
        const struct first_services no_program = {0};
        rc = first_start_services(router->life.pid, router->control, &no_program, ROOT_WITHIN_NS,
                                  err);
        close(steal_fd(&router->control));
        rc = rc == 0 ? namespace_router_make_layers(&router->life, spec, err) : rc;
    }
    return rc;
}

// ---- its daemon

static int netns_start_daemon(struct machine *machine, struct error *err)
{
    struct netns_machine *router = netns_machine_of(machine);
    int rc = daemon_start(router->services, router->life.pid, router->control, err);
    if (rc < 0) {
        error_context(err, "router %s", router->base.name);
        return rc;
    }
    daemon_services_free(steal_pointer(&router->services));
    close(steal_fd(&router->control));
    router->program_count = first_children(router->life.pid, &router->programs);
    for (size_t i = 0; i < router->program_count; i++) {
        first_add_threads(router->programs[i].pid, &router->base.tasks, &router->base.task_count);
    }
    return 0;
}

static int netns_leads_to(const struct machine *machine, const struct ip_address *address,
                          char ret_nic[16], struct error *err)
{
    const struct netns_machine *router = netns_machine_of(machine);
    if (namespace_life_is_over(&router->life)) {
        return fail(err, ESRCH, "router %s has died", router->base.name);
    }
    return route_leads_to(router->base.ns, address, ret_nic, err);
}

static uint64_t netns_daemon_memory(const struct machine *machine)
{
    const struct netns_machine *router = netns_machine_of(machine);
    uint64_t sum = 0;
    for (size_t i = 0; i < router->program_count; i++) {
        sum += first_child_memory(router->programs[i].pid);
    }
    return sum;
}

static void netns_daemon_words(const struct machine *machine, char ret[160])
{
    const struct netns_machine *router = netns_machine_of(machine);
    daemon_last_words(router->directory, router->base.name, ret);
}

static json_t *describe_programs(const struct netns_machine *router)
{
    json_t *list = json_array();
    for (size_t i = 0; i < router->program_count; i++) {
        json_array_append_new(
            list, json_pack("[i, s]", (int)router->programs[i].pid, router->programs[i].name));
    }
    return list;
}

static void recall_programs(struct netns_machine *router, const json_t *list)
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

static int netns_end(struct machine *machine, const struct router_spec *spec, struct error *err)
{
    struct netns_machine *router = netns_machine_of(machine);
    first_abandon(&router->begun);
    int rc = namespace_life_end(&router->life, err);
    if (rc == 0 && spec != NULL) {
        rc = namespace_router_take_apart(router->base.ns, &router->pins, spec, err);
    }
    if (rc < 0) {
        error_context(err, "router %s", router->base.name);
    }
    netns_release(&router->base);
    return rc;
}

// Makes the namespace and its content, metered, while the first process starts. That process begins
// while the meter is paused, because a child stays in its parent's control group.
static int make_namespace(struct netns_machine *router, const struct router_spec *spec,
                          const struct netns *giver, struct error *err)
{
    struct memory_charge *charge = memory_charge_begin();
    int rc = netns_create(router->pins.life, &router->base.ns, err);
    memory_charge_pause(charge);
    rc = rc == 0 ? begin_first(router, spec, err) : rc;
    memory_charge_resume(charge);
    if (rc == 0) {
        rc = namespace_router_set_up(router->base.ns, spec, giver, err);
    }
    router->base.made_bytes = memory_charge_end(charge);
    if (rc == 0) {
        rc = namespace_router_find_tasks(router->base.ns, spec, &router->base.tasks,
                                         &router->base.task_count, err);
    }
    router->napi_count = router->base.task_count;
    return rc;
}

static int make_router(struct platform *platform, const struct router_spec *spec,
                       const struct netns *giver, struct machine **ret, struct error *err)
{
    struct netns_machine *router = netns_new(platform, spec);
    int rc = namespace_router_unpin(&router->pins, err); // left by a process that died here
    if (rc == 0) {
        rc = file_create(router->pins.life, err);
    }
    if (rc == 0) {
        rc = make_namespace(router, spec, giver, err);
    }
    if (rc == 0) {
        rc = await_first(router, spec, err);
    }
    // Processes that the first process starts inherit its placement.
    if (rc == 0 && router->has_daemon) {
        first_add_threads(router->life.pid, &router->base.tasks, &router->base.task_count);
    }
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        (void)netns_end(&router->base, spec, NULL);
        return rc;
    }
    *ret = &router->base;
    return 0;
}

static int netns_make(struct platform *platform, const struct router_spec *spec,
                      struct machine **ret, struct error *err)
{
    return make_router(platform, spec, NULL, ret, err);
}

static int netns_reboot(struct machine *machine, const struct router_spec *before,
                        const struct router_spec *now, struct machine **ret, struct error *err)
{
    struct netns_machine *router = netns_machine_of(machine);
    struct netns *giver = NULL;
    int rc = namespace_life_end(&router->life, err);
    if (rc == 0) {
        rc = namespace_router_begin_passing(router->base.ns, &router->pins, before, &giver, err);
    }
    if (rc == 0) {
        rc = make_router(machine->platform, now, giver, ret, err);
    }
    namespace_router_end_passing(giver, &router->pins, before, rc < 0);
    netns_release(&router->base);
    return rc;
}

static json_t *netns_note(const struct machine *machine)
{
    const struct netns_machine *router = netns_machine_of(machine);
    json_t *described =
        json_pack("{s:o, s:I, s:o}", "tasks",
                  namespace_router_note_tasks(router->base.tasks, router->base.task_count), "napi",
                  (json_int_t)router->napi_count, "programs", describe_programs(router));
    namespace_life_note(&router->life, described);
    return described;
}

static int netns_recall(struct platform *platform, const struct router_spec *spec,
                        const json_t *described, struct machine **ret, struct error *err)
{
    struct netns_machine *router = netns_new(platform, spec);
    namespace_life_recall(described, &router->life);
    namespace_router_recall_tasks(json_object_get(described, "tasks"), &router->base.tasks,
                                  &router->base.task_count);
    router->napi_count = (size_t)json_integer_value(json_object_get(described, "napi"));
    recall_programs(router, json_object_get(described, "programs"));
    int rc = namespace_router_open(&router->pins, &router->base.ns, err);
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        netns_release(&router->base);
        return rc;
    }
    *ret = &router->base;
    return 0;
}

static int netns_watch(const struct machine *machine)
{
    return netns_machine_of(machine)->life.fd;
}

static bool netns_has_died(const struct netns_machine *router)
{
    return namespace_life_is_over(&router->life);
}

static int netns_session(const struct netns_machine *router, char *const *argv, struct session *ret,
                         struct error *err)
{
    *ret = (struct session){
        .net = router->base.ns,
        .first = router->life.fd,
        .root_of = router->program_count > 0 || router->own_root ? router->life.pid : 0,
        .node = router->base.name,
        .argv = argv};
    return netns_has_died(router) ? fail(err, ESRCH, "router %s has died", router->base.name) : 0;
}

static int netns_console(const struct machine *machine, char *const *argv, int *ret_status,
                         struct error *err)
{
    struct session session;
    int rc = netns_session(netns_machine_of(machine), argv, &session, err);
    return rc < 0 ? rc : session_run(&session, ret_status, err);
}

static int netns_command(const struct machine *machine, char *const *argv, const char *input,
                         uint64_t until_ns, int *ret_status, char **ret_output, struct error *err)
{
    struct session session;
    int rc = netns_session(netns_machine_of(machine), argv, &session, err);
    return rc < 0 ? rc : session_capture(&session, input, until_ns, ret_status, ret_output, err);
}

static int netns_usage(const struct machine *machine, struct cpu_part **ret, size_t *ret_count,
                       struct error *err)
{
    const struct netns_machine *router = netns_machine_of(machine);
    struct cpu_part *parts = memory_new_array(struct cpu_part, 1 + router->program_count);
    int rc = namespace_router_usage(router->base.tasks, router->napi_count, &parts[0], err);
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

static int netns_counters(const struct machine *machine, struct namespace_counters *ret,
                          struct error *err)
{
    const struct netns_machine *router = netns_machine_of(machine);
    if (netns_has_died(router)) {
        return fail(err, ESRCH, "its first process has ended");
    }
    return counters_read(router->base.ns, ret, err);
}

static struct platform *netns_open_platform(const char *uri)
{
    struct platform *platform = memory_new(1, sizeof *platform);
    *platform = (struct platform){.ops = &machine_netns, .uri = text_copy(uri)};
    return platform;
}

static void netns_close_platform(struct platform *platform)
{
    free(platform->uri);
    free(platform);
}

static int netns_check(struct platform *platform, const struct router_spec *spec, bool named_only,
                       struct error *err)
{
    (void)platform;
    (void)named_only; // only the kernel is required
    return spec->image == NULL
               ? 0
               : fail_input(err, "image %s: platform netns has no machines that boot", spec->image);
}

// All parts of a router are in the testbed's namespaces and folder.
static int netns_clean_up(struct platform *platform, const char *testbed, const char *directory,
                          const struct netns *home, struct error *err)
{
    (void)platform, (void)testbed, (void)directory, (void)home, (void)err;
    return 0;
}

static int netns_facts(struct platform *platform, const struct machine *machine,
                       struct platform_facts *facts, struct error *err)
{
    (void)platform, (void)machine, (void)facts, (void)err;
    return 0;
}

const struct machine_ops machine_netns = {
    .traits = {.name = "netns",
               .kind = PLATFORM_NAMESPACES,
               .port = PORT_VETH,
               .can = CAN_MAKE | CAN_ROUTE},
    .open = netns_open_platform,
    .close = netns_close_platform,
    .check = netns_check,
    .make = netns_make,
    .end = netns_end,
    .reboot = netns_reboot,
    .note = netns_note,
    .recall = netns_recall,
    .release = netns_release,
    .clean_up = netns_clean_up,
    .watch = netns_watch,
    .console = netns_console,
    .command = netns_command,
    .start_daemon = netns_start_daemon,
    .leads_to = netns_leads_to,
    .daemon_words = netns_daemon_words,
    .daemon_memory = netns_daemon_memory,
    .usage = netns_usage,
    .is_forwarding = namespace_router_is_forwarding,
    .counters = netns_counters,
    .facts = netns_facts,
};
