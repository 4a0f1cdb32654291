// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cgroup_usage — CPU time of all present and past processes of the control group that a
 * process is in: cpuacct.usage of version 1, cpu.stat of version 2. Used for containers, whose
 * group is not made by vrbench. cgroups(7), Documentation/admin-guide/cgroup-v2.rst.
 */
#ifndef VRBENCH_LINUX_CGROUP_USAGE_H
#define VRBENCH_LINUX_CGROUP_USAGE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

// Returns in `ret_path` (a new string) the file with the CPU time, found among this process's
// mounts. Fails if the process is in the root group, which has all other processes too, or if its
// group is not visible from here.
int cgroup_usage_find(pid_t process, char **ret_path, struct error *err);
// The path of the group's list of processes (cgroup.procs), given the path of cgroup_usage_find():
// a new string.
char *cgroup_usage_members(const char *path);
// For how long CPU quotas (cpu.max, cpu.cfs_quota_us) have stopped this process's control group and
// those above it, in ns; 0 where that is not visible.
uint64_t cgroup_throttled_ns(void);
// CPU time in ns since the group was made. -ENOENT if the group is gone.
int cgroup_usage_read(const char *path, uint64_t *ret_ns, struct error *err);

#endif
