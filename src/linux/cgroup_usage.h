// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cgroup_usage — CPU time of all processes that are, or have been, in the control group that
 * a process is in: cpuacct.usage with version 1, cpu.stat with version 2. Used for containers,
 * whose group somebody else has made. cgroups(7), Documentation/admin-guide/cgroup-v2.rst.
 */
#ifndef VRBENCH_LINUX_CGROUP_USAGE_H
#define VRBENCH_LINUX_CGROUP_USAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

// The file that tells it, among this process's mounts: a new string. A process that is in no group
// but the root, with all the others, is an error, as is one whose group can't be seen from here.
int cgroup_usage_find(pid_t process, char **ret_path, struct error *err);
// The list of the processes of that group, for writing: a new string.
char *cgroup_usage_members(const char *path);
// Nanoseconds since the group was made. -ENOENT once it has gone.
int cgroup_usage_read(const char *path, uint64_t *ret_ns, struct error *err);

#endif
