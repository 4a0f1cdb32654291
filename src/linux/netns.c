// SPDX-License-Identifier: GPL-3.0-or-later
// linux/netns — see netns.h. Called by testbed/ and machine/ (building) and by traffic/ (sockets
// inside the tester's ends).
#include "linux/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/netlink_ask.h"

#define SELF_NS  "/proc/thread-self/ns/net"
#define SETTINGS "/proc/sys/net"

// Opens the sockets of the namespace that the calling thread is in.
static int open_sockets(struct netns *ns, struct error *err)
{
    int rc = netlink_open(NETLINK_ROUTE, &ns->route, err);
    if (rc < 0) {
        return rc;
    }
    ns->control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (ns->control < 0) {
        return fail(err, errno, "control socket");
    }
    return 0;
}

static struct netns *netns_new(void)
{
    struct netns *ns = memory_new(1, sizeof *ns);
    ns->fd = -1;
    ns->control = -1;
    return ns;
}

static int make_inside(struct netns *ns, const char *pin, struct error *err)
{
    ns->fd = open(SELF_NS, O_RDONLY | O_CLOEXEC);
    if (ns->fd < 0) {
        return fail(err, errno, SELF_NS);
    }
    if (pin != NULL && mount(SELF_NS, pin, NULL, MS_BIND, NULL) < 0) {
        return fail(err, errno, "pinning a network namespace to %s", pin);
    }
    int rc = netns_sysctl(NULL, "ipv6/conf/default/disable_ipv6", "1", 1, err);
    if (rc < 0) {
        return rc;
    }
    return open_sockets(ns, err);
}

int netns_create(const char *pin, struct netns **ret, struct error *err)
{
    _cleanup_close_ int home = open(SELF_NS, O_RDONLY | O_CLOEXEC);
    if (home < 0) {
        return fail(err, errno, SELF_NS);
    }
    if (unshare(CLONE_NEWNET) < 0) {
        if (errno == EPERM) {
            return fail_lacking(err, "making a network namespace: no right to do so; run as root "
                                     "(CAP_SYS_ADMIN and CAP_NET_ADMIN)");
        }
        if (errno == EINVAL) {
            return fail_lacking(err,
                                "making a network namespace: this kernel has none; use one with "
                                "CONFIG_NET_NS");
        }
        return fail(err, errno, "making a network namespace");
    }
    struct netns *ns = netns_new();
    int rc = make_inside(ns, pin, err);
    if (setns(home, CLONE_NEWNET) < 0) {
        rc = fail(err, errno, "returning from a new network namespace");
    }
    if (rc < 0) {
        netns_close(ns);
        return rc;
    }
    *ret = ns;
    return 0;
}

int netns_open(const char *path, struct netns **ret, struct error *err)
{
    struct netns *ns = netns_new();
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    ns->fd = open(path == NULL ? SELF_NS : path, O_RDONLY | O_CLOEXEC);
    int rc = ns->fd < 0 ? fail(err, errno, "%s", path == NULL ? SELF_NS : path) : 0;
    if (rc == 0 && path != NULL) {
        rc = netns_visit(ns, &visit, err);
    }
    if (rc == 0) {
        rc = open_sockets(ns, err);
    }
    if (rc < 0) {
        netns_close(ns);
        return rc;
    }
    *ret = ns;
    return 0;
}

int netns_adopt(const char *path, const char *pin, struct netns **ret, struct error *err)
{
    struct netns *ns = NULL;
    struct stat there;
    struct stat here;
    int rc = netns_open(path, &ns, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *opened = text_format("/proc/thread-self/fd/%d", ns->fd);
    if (fstat(ns->fd, &there) < 0 || stat(SELF_NS, &here) < 0) {
        rc = fail(err, errno, "%s", path);
    } else if (there.st_ino == here.st_ino && there.st_dev == here.st_dev) {
        rc = fail(err, 0, "%s is this process's own network namespace, not another one", path);
    } else if (mount(opened, pin, NULL, MS_BIND, NULL) < 0) {
        rc = fail(err, errno, "pinning a network namespace to %s", pin);
    }
    if (rc == 0) {
        rc = netns_sysctl(ns, "ipv6/conf/default/disable_ipv6", "1", 1, err);
    }
    if (rc < 0) {
        netns_close(ns);
        return rc;
    }
    *ret = ns;
    return 0;
}

void netns_close(struct netns *ns)
{
    if (ns == NULL) {
        return;
    }
    if (ns->route != NULL) {
        nl_socket_free(ns->route);
    }
    if (ns->control >= 0) {
        close(ns->control);
    }
    if (ns->fd >= 0) {
        close(ns->fd);
    }
    free(ns);
}

int netns_visit(const struct netns *ns, struct netns_visit *ret, struct error *err)
{
    int back = open(SELF_NS, O_RDONLY | O_CLOEXEC);
    if (back < 0) {
        return fail(err, errno, SELF_NS);
    }
    if (setns(ns->fd, CLONE_NEWNET) < 0) {
        int saved = errno;
        close(back);
        return fail(err, saved, "entering a network namespace");
    }
    ret->back = back;
    return 0;
}

void netns_visit_end(struct netns_visit *visit)
{
    if (visit->back < 0) {
        return;
    }
    if (setns(visit->back, CLONE_NEWNET) < 0) {
        // Continuing in the wrong namespace could change the machine's own network.
        abort();
    }
    close(visit->back);
    visit->back = -1;
}

// A folder of /proc/sys/net that is open.
struct settings_folder {
    const char *name; // within the name of a setting
    size_t length;
    int fd;
};

// All namespaces share the name of such a folder, and the kernel looks through the folders of all
// of them for one name (fs/proc/proc_sysctl.c, proc_sys_compare()). So it is opened once for
// several settings.
static void enter_folder(struct settings_folder *folder, const char *name)
{
    size_t length = strcspn(name, "/");
    if (folder->name != NULL && folder->length == length &&
        strncmp(folder->name, name, length) == 0) {
        return;
    }
    if (folder->fd >= 0) {
        close(folder->fd);
    }
    _cleanup_free_ char *path = text_format(SETTINGS "/%.*s", (int)length, name);
    *folder = (struct settings_folder){
        .name = name, .length = length, .fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

static int write_setting(const struct settings_folder *folder, const struct netns_setting *setting,
                         struct error *err)
{
    const char *rest = setting->name + folder->length + 1;
    if (folder->fd >= 0 && file_write_at(folder->fd, rest, setting->value, NULL) == 0) {
        return 0;
    }
    _cleanup_free_ char *path = text_format(SETTINGS "/%s", setting->name);
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = file_write(path, setting->value, &why);
    bool lacking = rc == -ENOENT || rc == -EACCES || rc == -EROFS;
    if (rc < 0 && !(setting->optional && lacking)) {
        error_move(err, &why);
        return rc;
    }
    return 0;
}

int netns_set(const struct netns *ns, const struct netns_setting *settings, size_t count,
              struct error *err)
{
    _cleanup_visit_ struct netns_visit visit = NETNS_VISIT_INIT;
    struct settings_folder folder = {.fd = -1};
    int rc = ns == NULL ? 0 : netns_visit(ns, &visit, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        enter_folder(&folder, settings[i].name);
        rc = write_setting(&folder, &settings[i], err);
    }
    if (folder.fd >= 0) {
        close(folder.fd);
    }
    return rc;
}

int netns_sysctl(const struct netns *ns, const char *name, const char *value, int optional,
                 struct error *err)
{
    const struct netns_setting setting = {name, value, optional};
    return netns_set(ns, &setting, 1, err);
}

char *netns_pin_of(const char *directory, const char *node)
{
    return text_format("%s/" NETNS_PIN_PREFIX "%s", directory, node);
}

char *netns_pin_before(const char *directory, const char *node)
{
    return text_format("%s/before-%s", directory, node);
}
