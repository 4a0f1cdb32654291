// SPDX-License-Identifier: GPL-3.0-or-later
// linux/napi — see napi.h. Called by testbed/ once a namespace's interfaces are up, and by doctor.
#include "linux/napi.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netlink/errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
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
#include "linux/link.h"
#include "linux/netlink_ask.h"
#include "linux/pci.h"

// Documentation/netlink/specs/netdev.yaml; not in the headers of Debian 12's own kernel.
enum { NETDEV_NAPI_GET = 11, NETDEV_NAPI_SET = 14 };
enum { NAPI_ATTR_IFINDEX = 1, NAPI_ATTR_ID = 2, NAPI_ATTR_PID = 4, NAPI_ATTR_THREADED = 8 };
#define NAPI_ATTR_LAST 16

#define THREAD  "napi/" // begins the names of threads
#define LASTING "vr"    // and those of interfaces whose threads may outlive a testbed

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

// The namespace's own /sys as a descriptor of a mount that is attached nowhere.
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
    return fail_lacking(err,
                        "%s has no NAPI instance that could have a thread, so its CPU can't be "
                        "metered: use an interface whose driver has NAPI, and switch GRO on for "
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
                            "this kernel has no threaded NAPI (/sys/class/net/%s/threaded is "
                            "missing), so CPU can't be metered: use Linux 5.15 or later",
                            interface->name);
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    return rc;
}

// What this kernel can't do by netlink: neither done nor failed, `err` says what is missing.
// fail_lacking() returns -ENOTSUP, which on Linux is -EOPNOTSUPP.
#define NOT_BY_NETLINK 1

// The kernel's "netdev" family, spoken to inside a namespace.
struct netdev_family {
    struct nl_sock *socket;
    int id;
};

static void netdev_close(struct netdev_family *family)
{
    nl_socket_free(family->socket); // NULL is fine
}
#define _cleanup_netdev_ __attribute__((cleanup(netdev_close)))

// NOT_BY_NETLINK if this kernel has no such family.
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
    ret->id = genl_ctrl_resolve(ret->socket, "netdev");
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
    // libnl reads a header and its attributes from the same message, which it doesn't change.
    if (genlmsg_parse((struct nlmsghdr *)(uintptr_t)message, 0, attrs, NAPI_ATTR_LAST, NULL) < 0 ||
        attrs[NAPI_ATTR_ID] == NULL) {
        return;
    }
    objects->items = memory_resize(objects->items, objects->count + 1, sizeof *objects->items);
    objects->items[objects->count++] = (struct napi_object){
        .id = nla_get_u32(attrs[NAPI_ATTR_ID]),
        .pid = attrs[NAPI_ATTR_PID] == NULL ? 0 : (pid_t)nla_get_u32(attrs[NAPI_ATTR_PID]),
    };
}

// The NAPI objects of one interface. NOT_BY_NETLINK if this kernel can't list any.
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

// NOT_BY_NETLINK if this kernel has no such command, or refuses the attribute (6.13 to 6.16).
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

// Makes one interface threaded, by sysfs on a kernel that can only list by netlink, and takes its
// threads from the kernel's own list. NOT_BY_NETLINK if this kernel can't list any, or can't set
// any where nothing but netlink may be used.
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
            return fail(err, 0, "NAPI instance %u was made threaded and has no thread",
                        after.items[i].id);
        }
        add_thread(interface, after.items[i].pid);
    }
    return rc;
}

static int make_all_by_netlink(const struct netns *ns, struct napi_interface *interfaces,
                               size_t count, enum napi_method method, struct error *err)
{
    _cleanup_netdev_ struct netdev_family family = {0};
    int rc = netdev_open(ns, &family, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = make_by_netlink(&family, ns, &interfaces[i], method, err);
        if (rc < 0) {
            error_context(err, "threaded NAPI of %s", interfaces[i].name);
        }
    }
    return rc;
}

// Threads called napi/NAME-…, cut to the 15 characters of a task's name.
static int scan_threads(const char *name, pid_t **ret, size_t *ret_count, struct error *err)
{
    _cleanup_closedir_ DIR *proc = opendir("/proc");
    if (proc == NULL) {
        return fail(err, errno, "/proc");
    }
    _cleanup_free_ char *wanted = text_format(THREAD "%s-", name);
    wanted[strlen(wanted) > 15 ? 15 : strlen(wanted)] = '\0';
    pid_t *found = NULL;
    size_t count = 0;
    for (struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
        if (!isdigit((unsigned char)entry->d_name[0])) {
            continue;
        }
        _cleanup_free_ char *path = text_format("/proc/%s/comm", entry->d_name);
        _cleanup_free_ char *comm = NULL;
        if (file_read(path, 64, &comm, NULL, NULL) == 0 && text_starts(comm, wanted)) {
            found = memory_resize(found, count + 1, sizeof *found);
            found[count++] = (pid_t)strtol(entry->d_name, NULL, 10);
        }
    }
    *ret = found;
    *ret_count = count;
    return 0;
}

// Of the address that the device was made with, else of that which it has: up to 15 characters of
// "napi/vr0a0b01-8193" are the thread's name.
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
    _cleanup_free_ char *path = text_format("/proc/%d/comm", (int)pid);
    _cleanup_free_ char *comm = NULL;
    const size_t length = strlen(THREAD LASTING);
    return file_read(path, 64, &comm, NULL, NULL) == 0 && text_starts(comm, THREAD LASTING) &&
           strspn(comm + length, "0123456789abcdef") == 6 && comm[length + 6] == '-';
}

static bool among(pid_t pid, const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pids[i] == pid) {
            return true;
        }
    }
    return false;
}

// Switches one interface and takes the threads that it had before, and else those of its name that
// were not there before. The caller holds the machine-wide building lock, so that no other testbed
// makes any meanwhile.
static int make_by_sysfs(const struct netns *ns, struct napi_interface *interface,
                         struct error *err)
{
    _cleanup_free_ pid_t *before = NULL;
    size_t before_count = 0;
    int rc = scan_threads(interface->name, &before, &before_count, err);
    if (rc == 0) {
        rc = switch_on_by_sysfs(ns, interface, err);
    }
    if (rc == 0 && interface->lasting) {
        char lasting[16];
        rc = napi_lasting_name(ns, interface->name, lasting, err);
        rc = rc == 0 ? scan_threads(lasting, &interface->threads, &interface->thread_count, err)
                     : rc;
    }
    if (rc < 0) {
        return rc;
    }
    // A new kernel thread may need a moment until it bears its name.
    uint64_t deadline = clock_monotonic_ns() + 500 * NS_PER_MS;
    while (interface->thread_count == 0 && clock_monotonic_ns() < deadline) {
        _cleanup_free_ pid_t *after = NULL;
        size_t after_count = 0;
        rc = scan_threads(interface->name, &after, &after_count, err);
        if (rc < 0) {
            return rc;
        }
        for (size_t i = 0; i < after_count; i++) {
            if (!among(after[i], before, before_count)) {
                add_thread(interface, after[i]);
            }
        }
        if (interface->thread_count == 0) {
            clock_sleep(NS_PER_MS);
        }
    }
    return 0;
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
    rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        interfaces[i].thread_count = 0;
        rc = make_by_sysfs(ns, &interfaces[i], err);
        if (rc == 0 && interfaces[i].thread_count == 0) {
            rc = fail_without_napi(&interfaces[i], err);
        }
    }
    return rc;
}
