// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/lxc/lxc — routers as LXC containers, by libvirt's own calls.
 *
 * A container has namespaces of its own and sees this machine's files, but for /run. What it
 * forwards is done by the kernel and charged to nobody, so its network namespace is furnished,
 * metered and rationed as that of a router of machine/netns, by the same code
 * (namespace_router.h); libvirt knows of no interface of it. Its first process is a shell on its
 * console, whose end is the router's death; what its processes use is told by its control group.
 * Called by testbed/ through platform.h.
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
#include "base/text.h"
#include "linux/cgroup_usage.h"
#include "linux/process.h"
#include "linux/session.h"
#include "machine/libvirt/domain.h"
#include "machine/libvirt/domain_xml.h"
#include "machine/netns/namespace_router.h"

#define HOLDER          "libvirt_lxc" // libvirt's process around each container
#define STARTED_WITHIN  (10U * NS_PER_S)
#define STARTED_STEP_NS (2U * NS_PER_MS)
#define MEMORY_DEFAULT  (128ULL << 20)

struct lxc_platform {
    struct platform base;
    struct connection *connection; // opened when first needed
};

struct router {
    struct lxc_platform *platform;
    char *name;   // the router's
    char *domain; // the container's
    char uuid[DOMAIN_UUID_SIZE];
    struct netns *ns;
    char *pin; // what the namespace is pinned to
    pid_t *tasks;
    size_t task_count;
    struct namespace_life life;
    char *usage; // file that tells the CPU time of its processes; NULL = none
};

static int open_connection(struct lxc_platform *platform, struct connection **ret,
                           struct error *err)
{
    if (platform->connection == NULL) {
        int rc = connection_open(platform->base.uri, CONNECTION_CHANGE, &platform->connection, err);
        if (rc < 0) {
            error_context(err, "containers need libvirtd and its LXC driver (package "
                               "libvirt-daemon-driver-lxc)");
            return rc;
        }
    }
    if (!connection_is_local(platform->connection)) {
        return fail_lacking(err,
                            "%s is another computer's: routers can only be made where their "
                            "traffic is, on this one",
                            platform->base.uri);
    }
    *ret = platform->connection;
    return 0;
}

// ---- the object

static void lxc_release(struct router *router)
{
    if (router == NULL) {
        return;
    }
    netns_close(router->ns);
    namespace_life_close(&router->life);
    free(router->usage);
    free(router->tasks);
    free(router->pin);
    free(router->domain);
    free(router->name);
    free(router);
}

static struct router *router_new(struct platform *platform, const struct router_spec *spec)
{
    struct router *router = memory_new(1, sizeof *router);
    router->platform = (struct lxc_platform *)platform;
    router->name = text_copy(spec->name);
    router->domain = domain_name(spec->testbed, spec->name);
    router->pin = netns_pin_of(spec->directory, spec->name);
    router->life = NAMESPACE_LIFE_NONE;
    return router;
}

// ---- its first process

// Whether a process is a child of that one and in a PID namespace of its own, that is, a container.
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
    _cleanup_free_ char *path = text_format("/proc/%d/comm", (int)pid);
    _cleanup_free_ char *text = NULL;
    return file_read(path, 64, &text, NULL, NULL) == 0 && text_starts(text, HOLDER);
}

static int open_first(struct router *router, pid_t holder, struct error *err)
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
        clock_sleep(STARTED_STEP_NS);
    }
    int rc = namespace_life_begin(&router->life, err);
    if (rc < 0) {
        error_context(err, "the first process of container %s", router->domain);
    }
    return rc;
}

static bool has_died(const struct router *router)
{
    return namespace_life_is_over(&router->life);
}

// ---- making

static int start(struct router *router, const struct router_spec *spec, struct error *err)
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
    int rc = open_connection(router->platform, &connection, err);
    if (rc == 0) {
        domain_make_uuid(router->uuid);
        rc = domain_xml(&domain, &xml, err);
    }
    if (rc == 0) {
        rc = domain_start(connection, router->uuid, router->domain, xml, 0, &holder, err);
    }
    return rc == 0 ? open_first(router, (pid_t)holder, err) : rc;
}

// Its network namespace, which is certainly its own while its first process lives.
static int adopt(struct router *router, struct error *err)
{
    _cleanup_free_ char *path = text_format("/proc/%d/ns/net", (int)router->life.pid);
    int rc = namespace_router_unpin(router->pin, err); // left by a process that died here
    if (rc == 0) {
        rc = file_create(router->pin, err);
    }
    if (rc == 0) {
        rc = netns_adopt(path, router->pin, &router->ns, err);
    }
    return rc == 0 && has_died(router) ? fail(err, ESRCH, "container %s ended", router->domain)
                                       : rc;
}

static void find_usage(struct router *router)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    if (cgroup_usage_find(router->life.pid, &router->usage, &why) < 0) {
        log_note("lxc", "what the processes of router %s use is not metered: %s", router->name,
                 why.text);
    }
}

static int lxc_destroy(struct router *router, const struct router_spec *spec, struct error *err);

static int lxc_check(struct platform *platform, const struct router_spec *spec, bool named_only,
                     struct error *err)
{
    struct connection *connection = NULL;
    if (spec->image != NULL) {
        return fail_lacking(err, "image %s: containers run on this machine's own files",
                            spec->image);
    }
    return named_only ? 0 : open_connection((struct lxc_platform *)platform, &connection, err);
}

static int make(struct platform *platform, const struct router_spec *spec,
                const struct netns *giver, struct router **ret, struct error *err)
{
    int rc = lxc_check(platform, spec, true, err);
    if (rc < 0) {
        return rc;
    }
    struct router *router = router_new(platform, spec);
    rc = start(router, spec, err);
    if (rc == 0) {
        rc = adopt(router, err);
    }
    if (rc == 0) {
        rc = namespace_router_set_up(router->ns, spec, giver, &router->tasks, &router->task_count,
                                     err);
    }
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        (void)lxc_destroy(router, spec, NULL);
        return rc;
    }
    find_usage(router);
    *ret = router;
    return 0;
}

static int lxc_create(struct platform *platform, const struct router_spec *spec,
                      struct router **ret, struct error *err)
{
    return make(platform, spec, spec->host, ret, err);
}

// ---- ending

static int end_container(const struct router *router, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct connection *connection = NULL;
    if (router->uuid[0] == '\0') {
        return 0; // never started
    }
    int rc = open_connection(router->platform, &connection, &why);
    if (rc == 0) {
        rc = domain_end(connection, router->uuid, router->domain, &why);
    }
    if (router->life.pid > 0) {
        // Where libvirt can't be asked, it will notice; and where it has lost the process that held
        // the container, it knows of none.
        struct error *said = rc < 0 ? NULL : &why;
        rc = namespace_life_end(&router->life, said);
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    return rc;
}

static int lxc_destroy(struct router *router, const struct router_spec *spec, struct error *err)
{
    int rc = end_container(router, err);
    if (rc == 0 && spec != NULL) {
        rc = namespace_router_take_apart(router->ns, router->pin, spec, err);
    }
    if (rc < 0) {
        error_context(err, "router %s", router->name);
    }
    lxc_release(router);
    return rc;
}

static int lxc_reboot(struct router *router, const struct router_spec *before,
                      const struct router_spec *now, struct router **ret, struct error *err)
{
    int rc = end_container(router, err);
    if (rc == 0) {
        rc = namespace_router_leave_bridges(before, err);
    }
    if (rc == 0) {
        rc = namespace_router_unpin(router->pin, err);
    }
    if (rc == 0) {
        rc = make(&router->platform->base, now, router->ns, ret, err);
    }
    if (rc < 0) {
        (void)namespace_router_hand_back(router->ns, before, NULL);
    }
    lxc_release(router);
    return rc;
}

static int lxc_clean_up(struct platform *platform, const char *testbed, const char *directory,
                        const struct netns *home, struct error *err)
{
    (void)directory;
    (void)home;
    struct connection *connection = NULL;
    int rc = open_connection((struct lxc_platform *)platform, &connection, err);
    return rc == 0 ? domain_end_all(connection, testbed, err) : rc;
}

// ---- the record

static json_t *lxc_describe(const struct router *router)
{
    json_t *described =
        json_pack("{s:s, s:s, s:o}", "domain", router->domain, "uuid", router->uuid, "tasks",
                  namespace_router_note_tasks(router->tasks, router->task_count));
    namespace_life_note(&router->life, described);
    if (router->usage != NULL) {
        json_object_set_new(described, "usage", json_string(router->usage));
    }
    return described;
}

static int lxc_attach(struct platform *platform, const struct router_spec *spec,
                      const json_t *described, struct router **ret, struct error *err)
{
    struct router *router = router_new(platform, spec);
    const char *uuid = json_string_value(json_object_get(described, "uuid"));
    const char *usage = json_string_value(json_object_get(described, "usage"));
    snprintf(router->uuid, sizeof router->uuid, "%s", uuid == NULL ? "" : uuid);
    router->usage = usage == NULL ? NULL : text_copy(usage);
    namespace_life_recall(described, &router->life);
    namespace_router_recall_tasks(json_object_get(described, "tasks"), &router->tasks,
                                  &router->task_count);
    int rc = namespace_router_open(router->pin, &router->ns, err);
    if (rc < 0) {
        error_context(err, "router %s", spec->name);
        lxc_release(router);
        return rc;
    }
    *ret = router;
    return 0;
}

// ---- what is asked of it

static int lxc_watch(const struct router *router)
{
    return router->life.fd;
}

static int lxc_console(const struct router *router, char *const *argv, int *ret_status,
                       struct error *err)
{
    _cleanup_free_ char *group = router->usage == NULL ? NULL : cgroup_usage_members(router->usage);
    const struct session session = {.net = router->ns,
                                    .first = router->life.fd,
                                    .root_of = router->life.pid,
                                    .own_views = true,
                                    .group = group,
                                    .node = router->name,
                                    .argv = argv};
    if (has_died(router)) {
        return fail(err, ESRCH, "router %s has died", router->name);
    }
    return session_run(&session, ret_status, err);
}

static int lxc_usage(const struct router *router, struct cpu_part **ret, size_t *ret_count,
                     struct error *err)
{
    struct cpu_part parts[2] = {{.ns = 0}, {.name = "processes"}};
    size_t count = router->usage == NULL ? 1 : 2;
    if (has_died(router)) {
        return fail(err, ESRCH, "container %s has ended", router->domain);
    }
    int rc = namespace_router_usage(router->tasks, router->task_count, &parts[0], err);
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

static void lxc_tasks(const struct router *router, const pid_t **ret, size_t *ret_count)
{
    *ret = router->tasks;
    *ret_count = router->task_count;
}

static int lxc_counters(const struct router *router, struct namespace_counters *ret,
                        struct error *err)
{
    if (has_died(router)) {
        return fail(err, ESRCH, "container %s has ended", router->domain);
    }
    return counters_read(router->ns, ret, err);
}

static const struct netns *lxc_netns(const struct router *router)
{
    return router->ns;
}

static int lxc_facts(struct platform *platform, const struct router *router,
                     struct platform_facts *facts, struct error *err)
{
    (void)router;
    struct connection *connection = NULL;
    char *hypervisor = NULL;
    int rc = open_connection((struct lxc_platform *)platform, &connection, err);
    if (rc == 0) {
        rc = connection_hypervisor(connection, &hypervisor, err);
    }
    if (rc == 0) {
        free(facts->hypervisor);
        facts->hypervisor = hypervisor;
    }
    return rc;
}

// ---- the platform

static bool lxc_takes(const char *uri)
{
    return text_starts(uri, "lxc:") || text_starts(uri, "lxc+");
}

static struct platform *lxc_open(const char *uri)
{
    struct lxc_platform *platform = memory_new(1, sizeof *platform);
    platform->base = (struct platform){.ops = &platform_lxc, .uri = text_copy(uri)};
    return &platform->base;
}

static void lxc_close(struct platform *platform)
{
    struct lxc_platform *lxc = (struct lxc_platform *)platform;
    connection_close(lxc->connection);
    free(platform->uri);
    free(lxc);
}

const struct platform_ops platform_lxc = {
    .name = "lxc",
    .takes = lxc_takes,
    .open = lxc_open,
    .close = lxc_close,
    .port = PORT_VETH,
    .check = lxc_check,
    .create = lxc_create,
    .destroy = lxc_destroy,
    .reboot = lxc_reboot,
    .describe = lxc_describe,
    .attach = lxc_attach,
    .release = lxc_release,
    .clean_up = lxc_clean_up,
    .watch = lxc_watch,
    .console = lxc_console,
    .usage = lxc_usage,
    .tasks = lxc_tasks,
    .counters = lxc_counters,
    .netns = lxc_netns,
    .facts = lxc_facts,
};
