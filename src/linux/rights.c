// SPDX-License-Identifier: GPL-3.0-or-later
// linux/rights — see rights.h. Called by cli/ before anything is made, and by doctor/doctor.
#include "linux/rights.h"

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"

struct right {
    unsigned number;
    const char *name, *use;
};

static const struct right rights[] = {
    {CAP_SYS_ADMIN, "CAP_SYS_ADMIN", "namespaces and mounts"},
    {CAP_NET_ADMIN, "CAP_NET_ADMIN", "links and addresses"},
    {CAP_NET_RAW, "CAP_NET_RAW", "packet sockets"},
    {CAP_SYS_NICE, "CAP_SYS_NICE", "placing kernel threads on CPUs"},
    {CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE", "control groups and sysctls"},
};
#define FIRST_USER_NAMESPACE 0xEFFFFFFDU // inode: the kernel's PROC_USER_INIT_INO
#define NET_SETTINGS         "/proc/sys/net"
#define RIGHTS               (sizeof rights / sizeof rights[0])

int rights_check_text(const char *status, struct error *err)
{
    const char *line = strstr(status, "CapEff:");
    if (line == NULL) {
        return fail(err, 0, "/proc/self/status has no CapEff");
    }
    uint64_t held = strtoull(line + strlen("CapEff:"), NULL, 16);
    char missing[256] = "";
    size_t used = 0;
    for (size_t i = 0; i < RIGHTS; i++) {
        if ((held >> rights[i].number & 1U) == 0) {
            int put = snprintf(missing + used, sizeof missing - used, "%s%s (%s)",
                               used == 0 ? "" : ", ", rights[i].name, rights[i].use);
            used += put > 0 && (size_t)put < sizeof missing - used ? (size_t)put : 0;
        }
    }
    return used == 0 ? 0 : fail_lacking(err, "this process lacks %s", missing);
}

int rights_check(struct error *err)
{
    struct stat own;
    // Capabilities in another user namespace give no rights over the machine's cgroups, settings
    // and threads.
    if (stat("/proc/self/ns/user", &own) == 0 && own.st_ino != FIRST_USER_NAMESPACE) {
        return fail_lacking(err,
                            "this process is in a user namespace, where root has no rights over "
                            "the machine; start vrbench outside of it, as root");
    }
    _cleanup_free_ char *status = NULL;
    int rc = file_read("/proc/self/status", 65536, &status, NULL, err);
    rc = rc < 0 ? rc : rights_check_text(status, err);
    if (rc < 0 && geteuid() != 0) {
        error_context(err, "root is required (try sudo)");
    }
    return rc;
}

int rights_check_settings(struct error *err)
{
    struct statvfs mount;
    if (statvfs(NET_SETTINGS, &mount) < 0 || (mount.f_flag & ST_RDONLY) == 0) {
        return 0;
    }
    return fail_lacking(err, NET_SETTINGS " is mounted read-only, as in a container without "
                                          "privileges, so no router can be set to forward; remount "
                                          "/proc/sys for writing (mount -o remount,rw,bind "
                                          "/proc/sys), or start the container with --privileged");
}

bool rights_look_group(gid_t *ret)
{
    char room[16384];
    struct group entry;
    struct group *group = NULL;
    if (getgrnam_r(RIGHTS_LOOK_GROUP, &entry, room, sizeof room, &group) != 0 || group == NULL) {
        return false;
    }
    *ret = group->gr_gid;
    return true;
}

// Whether this process has a group, as its effective or a supplementary one.
static bool is_member(gid_t group)
{
    gid_t groups[1024];
    int count = getgroups(sizeof groups / sizeof groups[0], groups);
    bool member = getegid() == group;
    for (int i = 0; i < count; i++) {
        member |= groups[i] == group;
    }
    return member;
}

int rights_check_look(struct error *err)
{
    gid_t group = 0;
    if (geteuid() == 0) {
        return rights_check(err);
    }
    if (!rights_look_group(&group)) {
        return fail_lacking(
            err, "without root, looking at testbeds requires the group " RIGHTS_LOOK_GROUP
                 ", which this machine does not have; as root: "
                 "addgroup --system " RIGHTS_LOOK_GROUP ", and build the testbed then");
    }
    if (!is_member(group)) {
        return fail_lacking(
            err, "without root, looking at testbeds requires the group " RIGHTS_LOOK_GROUP
                 ", in which this process is not; as root: "
                 "adduser USER " RIGHTS_LOOK_GROUP ", and log in again");
    }
    return 0;
}
