// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cgroup — CPU weights and quotas by control groups, version 2 where its cpu controller is
 * there, version 1 otherwise. Kernel: Documentation/admin-guide/cgroup-v2.rst,
 * cgroup-v1/cgroups.rst.
 */
#ifndef VRBENCH_LINUX_CGROUP_H
#define VRBENCH_LINUX_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct cgroup_tree {
    int version;       // 1 or 2
    char *root;        // directory of the hierarchy that has the cpu controller
    bool mounted_here; // not found mounted, so mounted by cgroup_tree_open()
};

// Finds the hierarchy with the cpu controller among this process's mounts; if none is mounted,
// mounts it at `private_mount` (an empty directory that the caller unmounts; NULL = don't).
// Exit status 3 if there is none.
int cgroup_tree_open(const char *private_mount, struct cgroup_tree **ret, struct error *err);
void cgroup_tree_close(struct cgroup_tree *tree); // NULL is fine; unmounts nothing

// Version 2: whether the root hands the cpu controller on to its children, as cgroup_make() will
// have it do; and to take that back, where nobody else uses it. Version 1 always does.
bool cgroup_hands_on_cpu(const struct cgroup_tree *tree);
void cgroup_hand_on_no_cpu(const struct cgroup_tree *tree);

// `path` is relative to the root, e.g. "vrbench/41-7/r1t3". Parents are made as needed, each with
// the cpu controller for its children.
int cgroup_make(const struct cgroup_tree *tree, const char *path, struct error *err);
// Moves every task of the group back to the root and removes it. Gone already: fine.
int cgroup_remove(const struct cgroup_tree *tree, const char *path, struct error *err);
// Removes the group only if it is empty; says nothing if it isn't.
void cgroup_remove_if_empty(const struct cgroup_tree *tree, const char *path);
int cgroup_add_task(const struct cgroup_tree *tree, const char *path, pid_t task,
                    struct error *err);
// Sets a share that is proportional to `weight` (1–65535) among groups whose largest weight is
// `largest`: v1 cpu.shares = 4 × weight (256 becomes 1024, the default); v2 cpu.weight is scaled
// so that `largest` becomes at most 10000.
int cgroup_set_weight(const struct cgroup_tree *tree, const char *path, unsigned weight,
                      unsigned largest, struct error *err);

// Reads it back: the weight that, set with this `largest`, gives what the kernel has now; `hint` if
// that is one of several that do.
int cgroup_get_weight(const struct cgroup_tree *tree, const char *path, unsigned largest,
                      unsigned hint, unsigned *ret_weight, struct error *err);
// CFS bandwidth: at most `percent` of one CPU for all tasks of the group together, 0 = no bound
// (v1 cpu.cfs_quota_us, v2 cpu.max). Read back as the kernel has it. Does not hold kernel threads
// on every kernel: ration/cap_probe looks. Documentation/scheduler/sched-bwc.rst.
int cgroup_set_quota(const struct cgroup_tree *tree, const char *path, unsigned percent,
                     struct error *err);
int cgroup_get_quota(const struct cgroup_tree *tree, const char *path, unsigned *ret_percent,
                     struct error *err);

#endif
