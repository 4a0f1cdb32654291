// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/lxc/lxc — routers as LXC containers, by libvirt's own calls.
 *
 * A container has its own namespaces and sees this machine's files except /run. The kernel does its
 * forwarding and charges it to no process, so its network namespace is configured, metered and
 * rationed like that of a router of machine/netns, by the same code (namespace_router.h); libvirt
 * has no interface of it. Its first process is a shell on its console, whose end is the router's
 * death. Its control group has the CPU time of its processes. Called by testbed/ through machine.h.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/cgroup_usage.h"
#include "linux/memory.h"
#include "linux/process.h"
#include "linux/session.h"
#include "machine/foreign.h"
#include "machine/libvirt/domain.h"
#include "machine/libvirt/domain_xml.h"
#include "machine/libvirt/platform.h"
#include "machine/netns/namespace_router.h"
#include "result/json_text.h"

#define HOLDER          "libvirt_lxc" // libvirt's process around each container
#define STARTED_WITHIN  (10U * NS_PER_S)
#define STARTED_STEP_NS (2U * NS_PER_MS)
#define MEMORY_DEFAULT  (128ULL << 20)

struct lxc_machine {
    struct machine base;
    char *domain; // the container's name
    char uuid[DOMAIN_UUID_SIZE];
    struct namespace_pins pins;
    struct namespace_life life;
    char *usage; // file with the CPU time of its processes; NULL = none
};

static struct lxc_machine *lxc_of(const struct machine *machine)
{
    return (struct lxc_machine *)machine;
}

static int connect_lxc(struct platform *platform, struct connection **ret, struct error *err)
{
    int rc = libvirt_connect_local(platform, ret, err);
    if (rc < 0 && ((struct libvirt_platform *)platform)->connection == NULL) {
        error_context(err, "containers need libvirtd and its LXC driver (package "
                           "libvirt-daemon-driver-lxc)");
    }
    return rc;
}

// ---- the object

static void lxc_release(struct machine *machine)
{
    struct lxc_machine *router = lxc_of(machine);
    namespace_life_close(&router->life);
    free(router->usage);
    namespace_pins_clear(&router->pins);
    free(router->domain);
    machine_clear(machine);
    free(router);
}

static struct lxc_machine *lxc_new(struct platform *platform, const struct router_spec *spec)
{
    struct lxc_machine *router = memory_new(1, sizeof *router);
    machine_init(&router->base, platform, spec->name);
    router->domain = libvirt_domain_name(spec->testbed, spec->name);
    namespace_pins_init(spec, &router->pins);
    router->life = NAMESPACE_LIFE_NONE;
    return router;
}

// ---- its first process

// Whether a process is a child of `holder` in another PID namespace, that is, the container's first
// process.
static bool is_first_of(const char *process, pid_t holder)
{
    _cleanup_free_ char *path = text_format("/proc/%s/stat", process);
    _cleanup_free_ char *own = text_format("/proc/%s/ns/pid", process);
    _cleanup_free_ char *text = NULL;
    struct stat here;
    struct stat there;
    if (file_read(path, 4096, &text, NULL, NULL) < 0) {
        return false;
    }
    const char *field = strrchr(text, ')'); // ") STATE PARENT …", after the name
    return field != NULL && strlen(field) > 4 && strtol(field + 4, NULL, 10) == holder &&
           stat(own, &there) == 0 && stat("/proc/self/ns/pid", &here) == 0 &&
           there.st_ino != here.st_ino;
}

static pid_t find_first(pid_t holder)
{
    _cleanup_closedir_ DIR *processes = opendir("/proc");
    for (struct dirent *entry = NULL; processes != NULL && (entry = readdir(processes)) != NULL;) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && is_first_of(entry->d_name, holder)) {
            return pid;
        }
    }
    return 0;
}

static bool is_holder(pid_t pid)
{
    char name[16];
    process_name(pid, name, sizeof name);
    return text_starts(name, HOLDER);
}

static int open_first(struct lxc_machine *router, pid_t holder, struct error *err)
{
    uint64_t until_ns = clock_monotonic_ns() + STARTED_WITHIN;
    if (!is_holder(holder)) {
        return fail_lacking(err,
                            "the process of container %s can't be seen from here: routers need a "
                            "libvirt whose containers run on this computer, in this PID namespace",
                            router->domain);
    }
    for (router->life.pid = find_first(holder); router->life.pid == 0;
         router->life.pid = find_first(holder)) {
        if (!is_holder(holder)) {
            return fail(err, ESRCH, "container %s ended at once", router->domain);
        }
        if (clock_monotonic_ns() > until_ns) {
            return fail(err, ETIMEDOUT, "container %s has no process", router->domain);
        }
        int rc = stop_sleep(STARTED_STEP_NS, err);
        if (rc < 0) {
            return rc;
        }
    }
    int rc = namespace_life_begin(&router->life, err);
    if (rc < 0) {
        error_context(err, "the first process of container %s", router->domain);
    }
    return rc;
}

static bool container_has_died(const struct lxc_machine *router)
{
    return namespace_life_is_over(&router->life);
}

// ---- making

static int start_container(struct lxc_machine *router, const struct router_spec *spec,
                           struct error *err)
{
    const struct domain_spec domain = {
        .name = router->domain,
        .uuid = router->uuid,
        .testbed = spec->testbed,
        .router = spec->name,
        .life = spec->id,
        .type = DOMAIN_CONTAINER,
        .memory_bytes = spec->memory_bytes != 0 ? spec->memory_bytes : MEMORY_DEFAULT,
        .vcpus = (unsigned)spec->cpus->count,
        .cpus = spec->cpus,
    };
    _cleanup_free_ char *xml = NULL;
    struct connection *connection = NULL;
    int holder = 0;
    int rc = connect_lxc(router->base.platform, &connection, err);
    if (rc == 0) {
        libvirt_domain_make_uuid(router->uuid);
        rc = domain_xml(&domain, &xml, err);
    }
    if (rc == 0) {
        rc = libvirt_domain_start(connection, router->uuid, router->domain, xml, 0, &holder, err);
    }
    return rc == 0 ? open_first(router, (pid_t)holder, err) : rc;
}

// Opens its network namespace, which exists at least while its first process lives.
static int adopt_namespace(struct lxc_machine *router, struct error *err)
{
    _cleanup_free_ char *path = text_format("/proc/%d/ns/net", (int)router->life.pid);
    int rc = namespace_router_unpin(&router->pins, err); // left by a process that died here
    if (rc == 0) {
        rc = file_create(router->pins.life, err);
    }
    if (rc == 0) {
        rc = netns_adopt(path, router->pins.life, &router->base.ns, err);
    }
    return rc == 0 && container_has_died(router)
               ? fail(err, ESRCH, "container %s ended", router->domain)
               : rc;
}

static void find_usage(struct lxc_machine *router)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    if (cgroup_usage_find(router->life.pid, &router->usage, &why) < 0) {
        log_note("lxc", "what the processes of router %s use is not metered: %s", router->base.name,
                 why.text);
    }
}

static int lxc_end(struct machine *machine, const struct router_spec *spec, struct error *err);

static int lxc_check(struct platform *platform, const struct router_spec *spec, bool named_only,
                     struct error *err)
{
    struct connection *connection = NULL;
    if (spec->image != NULL) {
        return fail_lacking(err, "image %s: containers run on this machine's own files",
                            spec->image);
    }
    return named_only ? 0 : connect_lxc(platform, &connection, err);
}

static int make_container(struct platform *platform, const struct router_spec *spec,
                          const struct netns *giver, struct machine **ret, struct error *err)
{
    int rc = lxc_check(platform, spec, true, err);
    if (rc < 0) {
        return rc;
    }
    struct lxc_machine *router = lxc_new(platform, spec);
    rc = start_container(router, spec, err);
    if (rc == 0) {
        rc = adopt_namespace(router, err);
    }
    if (rc == 0) {
        struct memory_charge *charge = memory_charge_begin();
        rc = namespace_router_set_up(router->base.ns, spec, giver, err);
        router->base.made_bytes = memory_charge_end(charge);
    }
    if (rc == 0) {
        rc = namespace_router_find_tasks(router->base.ns, spec, &router->base.tasks,
                                         &router->base.task_count, err);
    }
    rc = rc == 0 ? namespace_router_make_layers(&router->life, spec, err) : rc;
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        (void)lxc_end(&router->base, spec, NULL);
        return rc;
    }
    find_usage(router);
    *ret = &router->base;
    return 0;
}

static int lxc_make(struct platform *platform, const struct router_spec *spec, struct machine **ret,
                    struct error *err)
{
    return make_container(platform, spec, NULL, ret, err);
}

// ---- ending

static int end_container(const struct lxc_machine *router, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct connection *connection = NULL;
    if (router->uuid[0] == '\0') {
        return 0; // never started
    }
    int rc = connect_lxc(router->base.platform, &connection, &why);
    if (rc == 0) {
        rc = libvirt_domain_end(connection, router->uuid, router->domain, &why);
    }
    if (router->life.pid > 0) {
        // If libvirt cannot be queried, it will notice; if it has lost the process that held the
        // container, it has no such container.
        struct error *reported = rc < 0 ? NULL : &why;
        rc = namespace_life_end(&router->life, reported);
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    return rc;
}

static int lxc_end(struct machine *machine, const struct router_spec *spec, struct error *err)
{
    struct lxc_machine *router = lxc_of(machine);
    int rc = end_container(router, err);
    if (rc == 0 && spec != NULL) {
        rc = namespace_router_take_apart(router->base.ns, &router->pins, spec, err);
    }
    if (rc < 0) {
        error_context(err, "router %s", router->base.name);
    }
    lxc_release(&router->base);
    return rc;
}

static int lxc_reboot(struct machine *machine, const struct router_spec *before,
                      const struct router_spec *now, struct machine **ret, struct error *err)
{
    struct lxc_machine *router = lxc_of(machine);
    struct netns *giver = NULL;
    int rc = end_container(router, err);
    if (rc == 0) {
        rc = namespace_router_begin_passing(router->base.ns, &router->pins, before, &giver, err);
    }
    if (rc == 0) {
        rc = make_container(machine->platform, now, giver, ret, err);
    }
    namespace_router_end_passing(giver, &router->pins, before, rc < 0);
    lxc_release(&router->base);
    return rc;
}

static int lxc_clean_up(struct platform *platform, const char *testbed, const char *directory,
                        const struct netns *home, struct error *err)
{
    (void)directory;
    (void)home;
    struct connection *connection = NULL;
    int rc = connect_lxc(platform, &connection, err);
    return rc == 0 ? libvirt_domain_end_all(connection, testbed, err) : rc;
}

// ---- the record

static json_t *lxc_note(const struct machine *machine)
{
    const struct lxc_machine *router = lxc_of(machine);
    json_t *described =
        json_pack("{s:s, s:s, s:o}", "domain", router->domain, "uuid", router->uuid, "tasks",
                  namespace_router_note_tasks(router->base.tasks, router->base.task_count));
    namespace_life_note(&router->life, described);
    json_set_text(described, "usage", router->usage);
    return described;
}

static int lxc_recall(struct platform *platform, const struct router_spec *spec,
                      const json_t *described, struct machine **ret, struct error *err)
{
    struct lxc_machine *router = lxc_new(platform, spec);
    const char *uuid = json_string_value(json_object_get(described, "uuid"));
    const char *usage = json_string_value(json_object_get(described, "usage"));
    snprintf(router->uuid, sizeof router->uuid, "%s", uuid == NULL ? "" : uuid);
    router->usage = usage == NULL ? NULL : text_copy(usage);
    namespace_life_recall(described, &router->life);
    namespace_router_recall_tasks(json_object_get(described, "tasks"), &router->base.tasks,
                                  &router->base.task_count);
    int rc = namespace_router_open(&router->pins, &router->base.ns, err);
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        lxc_release(&router->base);
        return rc;
    }
    *ret = &router->base;
    return 0;
}

// ---- requests to it

static int lxc_watch(const struct machine *machine)
{
    return lxc_of(machine)->life.fd;
}

// `ret_group` gets a string that the session points to.
static int lxc_session(const struct lxc_machine *router, char *const *argv, char **ret_group,
                       struct session *ret, struct error *err)
{
    *ret_group = router->usage == NULL ? NULL : cgroup_usage_members(router->usage);
    *ret = (struct session){.net = router->base.ns,
                            .first = router->life.fd,
                            .root_of = router->life.pid,
                            .own_views = true,
                            .group = *ret_group,
                            .node = router->base.name,
                            .argv = argv};
    return container_has_died(router) ? fail(err, ESRCH, "router %s has died", router->base.name)
                                      : 0;
}

static int lxc_console(const struct machine *machine, char *const *argv, int *ret_status,
                       struct error *err)
{
    _cleanup_free_ char *group = NULL;
    struct session session;
    int rc = lxc_session(lxc_of(machine), argv, &group, &session, err);
    return rc < 0 ? rc : session_run(&session, ret_status, err);
}

static int lxc_command(const struct machine *machine, char *const *argv, const char *input,
                       uint64_t until_ns, int *ret_status, char **ret_output, struct error *err)
{
    _cleanup_free_ char *group = NULL;
    struct session session;
    int rc = lxc_session(lxc_of(machine), argv, &group, &session, err);
    return rc < 0 ? rc : session_capture(&session, input, until_ns, ret_status, ret_output, err);
}

static int lxc_usage(const struct machine *machine, struct cpu_part **ret, size_t *ret_count,
                     struct error *err)
{
    const struct lxc_machine *router = lxc_of(machine);
    struct cpu_part parts[2] = {{.ns = 0}, {.name = "processes"}};
    size_t count = router->usage == NULL ? 1 : 2;
    if (container_has_died(router)) {
        return fail(err, ESRCH, "container %s has ended", router->domain);
    }
    int rc = namespace_router_usage(router->base.tasks, router->base.task_count, &parts[0], err);
    if (rc == 0 && count > 1) {
        rc = cgroup_usage_read(router->usage, &parts[1].ns, err);
    }
    if (rc < 0) {
        return rc;
    }
    *ret = memory_new_array(struct cpu_part, count);
    memcpy(*ret, parts, count * sizeof parts[0]);
    *ret_count = count;
    return 0;
}

static int lxc_counters(const struct machine *machine, struct namespace_counters *ret,
                        struct error *err)
{
    const struct lxc_machine *router = lxc_of(machine);
    if (container_has_died(router)) {
        return fail(err, ESRCH, "container %s has ended", router->domain);
    }
    return counters_read(router->base.ns, ret, err);
}

static int lxc_facts(struct platform *platform, const struct machine *machine,
                     struct platform_facts *facts, struct error *err)
{
    (void)machine;
    return libvirt_add_facts(platform, facts, err);
}

// ---- the platform

static struct platform *lxc_open(const char *uri)
{
    return libvirt_platform_new(&machine_lxc, uri);
}

const struct machine_ops machine_lxc = {
    .traits = {.name = "lxc",
               .kind = PLATFORM_CONTAINERS,
               .port = PORT_VETH,
               .can = CAN_MAKE | CAN_LIST},
    .others = &foreign_libvirt,
    .open = lxc_open,
    .close = libvirt_platform_close,
    .check = lxc_check,
    .make = lxc_make,
    .end = lxc_end,
    .reboot = lxc_reboot,
    .note = lxc_note,
    .recall = lxc_recall,
    .release = lxc_release,
    .clean_up = lxc_clean_up,
    .watch = lxc_watch,
    .console = lxc_console,
    .command = lxc_command,
    .usage = lxc_usage,
    .is_forwarding = namespace_router_is_forwarding,
    .counters = lxc_counters,
    .facts = lxc_facts,
};
