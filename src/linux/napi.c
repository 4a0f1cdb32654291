// SPDX-License-Identifier: GPL-3.0-or-later
// linux/napi — see napi.h. Called by testbed/ once a namespace's interfaces are up, and by doctor/.
#include "linux/napi.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread.h"
#include "linux/link.h"
#include "linux/napi_scan.h"
#include "linux/netlink_ask.h"
#include "linux/pci.h"
#include "linux/process.h"

// From Documentation/netlink/specs/netdev.yaml; missing in the headers of Debian 12's kernel.
enum { NETDEV_NAPI_GET = 11, NETDEV_NAPI_SET = 14 };
enum { NAPI_ATTR_IFINDEX = 1, NAPI_ATTR_ID = 2, NAPI_ATTR_PID = 4, NAPI_ATTR_THREADED = 8 };
#define NAPI_ATTR_LAST 16

#define JOBS_AT_ONCE 8U

#define THREAD  "napi/" // prefix of the threads' names
#define LASTING "vr"    // prefix of the interfaces whose threads may outlive a testbed

struct napi_object {
    unsigned id;
    pid_t pid; // 0 = no thread
};
struct napi_objects {
    struct napi_object *items;
    size_t count;
};
static void free_objects(struct napi_objects *objects)
{
    free(objects->items);
}
#define _cleanup_objects_ __attribute__((cleanup(free_objects)))

// Opens the namespace's own /sys: a descriptor of a mount that is not attached anywhere.
static int open_sysfs(const struct netns *ns, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_close_ int context = (int)syscall(SYS_fsopen, "sysfs", 1U /* FSOPEN_CLOEXEC */);
    if (context < 0) {
        return fail(err, errno, "opening sysfs of a namespace");
    }
    if (syscall(SYS_fsconfig, context, 6U /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0) < 0) {
        return fail(err, errno, "opening sysfs of a namespace");
    }
    int mount_fd = (int)syscall(SYS_fsmount, context, 1U /* FSMOUNT_CLOEXEC */, 0U);
    return mount_fd < 0 ? fail(err, errno, "opening sysfs of a namespace") : mount_fd;
}

int napi_set_sysfs(const struct netns *ns, const char *name, int on, struct error *err)
{
    _cleanup_close_ int sysfs = open_sysfs(ns, err);
    if (sysfs < 0) {
        return sysfs;
    }
    _cleanup_free_ char *path = text_format("class/net/%s/threaded", name);
    return file_write_at(sysfs, path, on ? "1" : "0", err);
}

int napi_get_sysfs(const struct netns *ns, const char *name, int *ret_on, struct error *err)
{
    _cleanup_close_ int sysfs = open_sysfs(ns, err);
    if (sysfs < 0) {
        return sysfs;
    }
    _cleanup_free_ char *path = text_format("class/net/%s/threaded", name);
    _cleanup_close_ int fd = openat(sysfs, path, O_RDONLY | O_CLOEXEC);
    char value = '\0';
    if (fd < 0 || read(fd, &value, 1) != 1) {
        return fail(err, errno, "%s", path);
    }
    *ret_on = value == '1';
    return 0;
}

static int fail_without_napi(const struct napi_interface *interface, struct error *err)
{
    return fail_lacking(
        err,
        "CPU time of %s can't be metered: it has no NAPI instance that could have a thread; "
        "use an interface whose driver has NAPI, and switch GRO on for "
        "a veth",
        interface->name);
}

static int switch_on_by_sysfs(const struct netns *ns, const struct napi_interface *interface,
                              struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct link_info info;
    int rc = napi_set_sysfs(ns, interface->name, 1, &why);
    if (rc == -EOPNOTSUPP) {
        return fail_without_napi(interface, err);
    }
    if (rc == -ENOENT && link_find(ns, interface->name, &info, NULL) == 0) {
        return fail_lacking(err,
                            "CPU time can't be metered: this kernel has no threaded NAPI "
                            "(/sys/class/net/%s/threaded is "
                            "missing); use Linux 5.15 or later",
                            interface->name);
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    return rc;
}

// Returned if this kernel cannot do it by netlink: nothing was done, and `err` names what is
// missing. fail_lacking() returns -ENOTSUP, which on Linux equals -EOPNOTSUPP.
#define NOT_BY_NETLINK 1

// The kernel's "netdev" family, through a socket in a namespace.
struct netdev_family {
    struct nl_sock *socket;
    int id;
};

static void netdev_close(struct netdev_family *family)
{
    nl_socket_free(family->socket); // NULL is fine
}
#define _cleanup_netdev_ __attribute__((cleanup(netdev_close)))

// Returns NOT_BY_NETLINK if this kernel has no such family.
static int netdev_open(const struct netns *ns, struct netdev_family *ret, struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    int rc = netns_visit(ns, &visit, err);
    if (rc < 0) {
        return rc;
    }
    rc = netlink_open(NETLINK_GENERIC, &ret->socket, err);
    if (rc < 0) {
        return rc;
    }
    static atomic_int known_id; // the same in all namespaces, until the next boot
    ret->id = known_id > 0 ? known_id : genl_ctrl_resolve(ret->socket, "netdev");
    known_id = ret->id;
    if (ret->id == -NLE_OBJ_NOTFOUND) {
        (void)fail(err, 0, "this kernel has no netlink family \"netdev\"");
        return NOT_BY_NETLINK;
    }
    return ret->id >= 0 ? 0
                        : fail(err, 0, "looking for the netlink family \"netdev\": %s",
                               nl_geterror(ret->id));
}

static void collect_object(const struct nlmsghdr *message, void *context)
{
    struct napi_objects *objects = context;
    struct nlattr *attrs[NAPI_ATTR_LAST + 1];
    const struct genlmsghdr *header = nlmsg_data(message);
    if (nla_parse(attrs, NAPI_ATTR_LAST, genlmsg_attrdata(header, 0), genlmsg_attrlen(header, 0),
                  NULL) < 0 ||
        attrs[NAPI_ATTR_ID] == NULL) {
        return;
    }
    objects->items = memory_resize(objects->items, objects->count + 1, sizeof *objects->items);
    objects->items[objects->count++] = (struct napi_object){
        .id = nla_get_u32(attrs[NAPI_ATTR_ID]),
        .pid = attrs[NAPI_ATTR_PID] == NULL ? 0 : (pid_t)nla_get_u32(attrs[NAPI_ATTR_PID]),
    };
}

// Lists the NAPI objects of one interface. Returns NOT_BY_NETLINK if this kernel cannot list them.
static int list_objects(const struct netdev_family *family, int ifindex, struct napi_objects *ret,
                        struct error *err)
{
    struct nl_msg *message = nlmsg_alloc();
    genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family->id, 0, NLM_F_DUMP, NETDEV_NAPI_GET, 1);
    nla_put_u32(message, NAPI_ATTR_IFINDEX, (uint32_t)ifindex);
    int rc =
        netlink_ask(family->socket, message, collect_object, ret, "listing NAPI instances", err);
    return rc == -EOPNOTSUPP ? NOT_BY_NETLINK : rc;
}

// Returns NOT_BY_NETLINK if this kernel lacks the command or refuses the attribute (6.13 to 6.16).
static int set_threaded(const struct netdev_family *family, unsigned id, struct error *err)
{
    struct nl_msg *message = nlmsg_alloc();
    genlmsg_put(message, NL_AUTO_PORT, NL_AUTO_SEQ, family->id, 0, 0, NETDEV_NAPI_SET, 1);
    nla_put_u32(message, NAPI_ATTR_ID, id);
    nla_put_u32(message, NAPI_ATTR_THREADED, 1);
    int rc =
        netlink_ask(family->socket, message, NULL, NULL, "making a NAPI instance threaded", err);
    return rc == -EINVAL || rc == -EOPNOTSUPP ? NOT_BY_NETLINK : rc;
}

static void add_thread(struct napi_interface *interface, pid_t pid)
{
    interface->threads =
        memory_resize(interface->threads, interface->thread_count + 1, sizeof(pid_t));
    interface->threads[interface->thread_count++] = pid;
}

// Makes one interface threaded (by sysfs on a kernel whose netlink family can only list) and takes
// its threads from the kernel's list. Returns NOT_BY_NETLINK if this kernel cannot list them, or
// cannot set them and only netlink may be used.
static int make_by_netlink(const struct netdev_family *family, const struct netns *ns,
                           struct napi_interface *interface, enum napi_method method,
                           struct error *err)
{
    _cleanup_objects_ struct napi_objects before = {0};
    _cleanup_objects_ struct napi_objects after = {0};
    int rc = list_objects(family, interface->index, &before, err);
    if (rc != 0) {
        return rc;
    }
    if (before.count == 0) {
        return fail_without_napi(interface, err);
    }
    for (size_t i = 0; rc == 0 && i < before.count; i++) {
        rc = set_threaded(family, before.items[i].id, err);
    }
    if (rc == NOT_BY_NETLINK && method == NAPI_AUTO) {
        error_clear(err);
        rc = switch_on_by_sysfs(ns, interface, err);
    }
    if (rc == 0) {
        rc = list_objects(family, interface->index, &after, err);
    }
    for (size_t i = 0; rc == 0 && i < after.count; i++) {
        if (after.items[i].pid == 0) {
            return fail(err, 0, "NAPI instance %u was made threaded but has no thread",
                        after.items[i].id);
        }
        add_thread(interface, after.items[i].pid);
    }
    return rc;
}

// An interface that is made threaded beside others.
struct napi_job {
    const struct netns *ns;
    struct napi_interface *interface;
    enum napi_method method;
    int rc;
    struct error err;
};

static void run_napi_job(void *context, size_t i)
{
    struct napi_job *job = &((struct napi_job *)context)[i];
    _cleanup_netdev_ struct netdev_family family = {0};
    job->rc = netdev_open(job->ns, &family, &job->err);
    if (job->rc == 0) {
        job->rc = make_by_netlink(&family, job->ns, job->interface, job->method, &job->err);
    }
    if (job->rc < 0) {
        error_context(&job->err, "threaded NAPI of %s", job->interface->name);
    }
}

// Several at once: each request waits until the kernel has made a thread, most of the time for a
// CPU.
static int make_all_by_netlink(const struct netns *ns, struct napi_interface *interfaces,
                               size_t count, enum napi_method method, struct error *err)
{
    struct napi_job *jobs = memory_new_array(struct napi_job, count);
    for (size_t i = 0; i < count; i++) {
        jobs[i] = (struct napi_job){
            .ns = ns, .interface = &interfaces[i], .method = method, .err = ERROR_INIT};
    }
    thread_each(count, JOBS_AT_ONCE, run_napi_job, jobs);
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        if (rc == 0 && jobs[i].rc != 0) {
            rc = jobs[i].rc;
            error_move(err, &jobs[i].err);
        }
        error_clear(&jobs[i].err);
    }
    free(jobs);
    return rc;
}

// Derived from the device's permanent address, else from its current one: the thread's name has 15
// characters for "napi/vr0a0b01-8193".
int napi_lasting_name(const struct netns *ns, const char *name, char ret[16], struct error *err)
{
    uint8_t mac[6];
    struct link_info info = {0};
    int rc = link_find(ns, name, &info, err);
    if (rc == 0 && !pci_link_mac(ns, name, mac)) {
        memcpy(mac, info.mac, sizeof mac);
    }
    if (rc == 0) {
        snprintf(ret, 16, LASTING "%02x%02x%02x", mac[3], mac[4], mac[5]);
    }
    return rc;
}

int napi_name_lasting(const struct netns *ns, int index, const char *name, struct error *err)
{
    char lasting[16];
    int on = 0;
    if (napi_get_sysfs(ns, name, &on, NULL) < 0) {
        return 0;
    }
    int rc = napi_lasting_name(ns, name, lasting, err);
    rc = rc == 0 ? link_rename(ns, index, lasting, err) : rc;
    if (rc == 0) {
        (void)napi_set_sysfs(ns, lasting, 1, NULL);
        (void)napi_set_sysfs(ns, lasting, on, NULL);
        rc = link_rename(ns, index, name, err);
    }
    return rc;
}

bool napi_thread_lasts(pid_t pid)
{
    char name[64];
    const size_t length = strlen(THREAD LASTING);
    process_name(pid, name, sizeof name);
    return text_starts(name, THREAD LASTING) && strspn(name + length, "0123456789abcdef") == 6 &&
           name[length + 6] == '-';
}

// ---- kernels that do not list NAPI instances

static int add_lasting_threads(const struct netns *ns, struct napi_interface *interface,
                               const struct napi_threads *threads, struct error *err)
{
    char lasting[16];
    int rc = napi_lasting_name(ns, interface->name, lasting, err);
    for (size_t i = 0; rc == 0 && i < threads->count; i++) {
        if (napi_thread_is_of(threads->items[i].name, lasting)) {
            add_thread(interface, threads->items[i].pid);
        }
    }
    return rc;
}

// Attributes the threads that have appeared to the interfaces without threads. Returns how many
// interfaces are still without.
static size_t add_new_threads(struct napi_interface *interfaces, size_t count,
                              const struct napi_threads *before, const struct napi_threads *now)
{
    bool *open = memory_new_array(bool, count);
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        open[i] = interfaces[i].thread_count == 0;
    }
    for (size_t k = 0; k < now->count; k++) {
        if (napi_threads_have(before, &now->items[k])) {
            continue;
        }
        for (size_t i = 0; i < count; i++) {
            if (open[i] && napi_thread_is_of(now->items[k].name, interfaces[i].name)) {
                add_thread(&interfaces[i], now->items[k].pid);
                break;
            }
        }
    }
    for (size_t i = 0; i < count; i++) {
        left += interfaces[i].thread_count == 0;
    }
    free(open);
    return left;
}

// Programs that ignore the lock may have made threads of the same name meanwhile. An interface made
// by the testbed has one thread a receive queue.
static int check_thread_count(const struct netns *ns, const struct napi_interface *interface,
                              struct error *err)
{
    size_t queues = 0;
    _cleanup_close_ int sysfs = open_sysfs(ns, err);
    if (sysfs < 0) {
        return sysfs;
    }
    _cleanup_free_ char *path = text_format("class/net/%s/queues", interface->name);
    int fd = openat(sysfs, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_closedir_ DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (directory == NULL) {
        return fail(err, errno, "%s", path);
    }
    for (struct dirent *entry = NULL; (entry = readdir(directory)) != NULL;) {
        queues += text_starts(entry->d_name, "rx-");
    }
    return interface->thread_count <= queues
               ? 0
               : fail(err, 0,
                      "%zu NAPI threads named after %s appeared for its %zu "
                      "queues: another program "
                      "made threads at the same time; try again",
                      interface->thread_count, interface->name, queues);
}

static int await_new_threads(struct napi_interface *interfaces, size_t count,
                             const struct napi_threads *before, struct error *err)
{
    // A new kernel thread gets its name after a moment.
    uint64_t deadline = clock_monotonic_ns() + 500 * NS_PER_MS;
    for (;;) {
        _cleanup_napi_threads_ struct napi_threads now = {0};
        int rc = napi_scan(&now, err);
        if (rc < 0) {
            return rc;
        }
        if (add_new_threads(interfaces, count, before, &now) == 0 ||
            clock_monotonic_ns() > deadline) {
            return 0;
        }
        clock_sleep(NS_PER_MS);
    }
}

static int make_some_by_scan(const struct netns *ns, struct napi_interface *interfaces,
                             size_t count, struct error *err)
{
    _cleanup_napi_threads_ struct napi_threads before = {0};
    int rc = napi_scan(&before, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        interfaces[i].thread_count = 0;
        rc = switch_on_by_sysfs(ns, &interfaces[i], err);
        if (rc == 0 && interfaces[i].lasting) {
            rc = add_lasting_threads(ns, &interfaces[i], &before, err);
        }
    }
    if (rc == 0) {
        rc = await_new_threads(interfaces, count, &before, err);
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (interfaces[i].thread_count == 0) {
            rc = fail_without_napi(&interfaces[i], err);
        } else if (!interfaces[i].lasting) {
            rc = check_thread_count(ns, &interfaces[i], err);
        }
    }
    return rc;
}

// The number of interfaces that can be handled at once because their threads' names differ.
static size_t count_distinct(const struct napi_interface *interfaces, size_t count)
{
    for (size_t many = 1; many < count; many++) {
        for (size_t i = 0; i < many; i++) {
            if (strncmp(interfaces[i].name, interfaces[many].name, NAPI_NAME_KEPT) == 0) {
                return many;
            }
        }
    }
    return count;
}

static int make_all_by_scan(const struct netns *ns, struct napi_interface *interfaces, size_t count,
                            struct error *err)
{
    _cleanup_napi_lock_ int lock = napi_scan_lock(err);
    int rc = lock < 0 ? lock : 0;
    for (size_t done = 0; rc == 0 && done < count;) {
        size_t many = count_distinct(interfaces + done, count - done);
        rc = make_some_by_scan(ns, interfaces + done, many, err);
        done += many;
    }
    return rc;
}

int napi_make_threaded(const struct netns *ns, struct napi_interface *interfaces, size_t count,
                       enum napi_method method, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = method == NAPI_SYSFS ? NOT_BY_NETLINK
                                  : make_all_by_netlink(ns, interfaces, count, method, &why);
    if (rc == NOT_BY_NETLINK && method == NAPI_NETLINK) {
        return fail_lacking(err, "%s", why.text);
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    if (rc != NOT_BY_NETLINK) {
        return rc;
    }
    return make_all_by_scan(ns, interfaces, count, err);
}
