// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cgroup — CPU weights and quotas by control groups: version 2 if its cpu controller is
 * available, else version 1. Kernel: Documentation/admin-guide/cgroup-v2.rst,
 * cgroup-v1/cgroups.rst.
 */
#ifndef VRBENCH_LINUX_CGROUP_H
#define VRBENCH_LINUX_CGROUP_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

struct cgroup_tree {
    int version;       // 1 or 2
    char *root;        // mount point of the hierarchy with the cpu controller
    bool mounted_here; // cgroup_tree_open() mounted it
};

// Finds the hierarchy with the cpu controller among this process's mounts. If none is mounted,
// mounts it at `private_mount` (an empty directory, which the caller unmounts; NULL = do not
// mount). Fails with exit status 3 if the kernel has no such hierarchy.
int cgroup_tree_open(const char *private_mount, struct cgroup_tree **ret, struct error *err);
void cgroup_tree_close(struct cgroup_tree *tree); // NULL is fine; unmounts nothing

// Version 2: whether the root enables the cpu controller for its children, which cgroup_make() does
// when needed; and disables it again, unless other groups use it. Version 1 always enables it.
bool cgroup_hands_on_cpu(const struct cgroup_tree *tree);
void cgroup_hand_on_no_cpu(const struct cgroup_tree *tree);

// Whether a file of words below `root` ("cgroup.controllers", "cgroup.subtree_control") contains a
// controller. False if the file can't be read.
bool cgroup_lists(const char *root, const char *file, const char *controller);

// Makes a group. `path` is relative to the root, e.g. "vrbench/41-7/r1t3". Missing parents are
// made, each with the cpu controller enabled for its children.
int cgroup_make(const struct cgroup_tree *tree, const char *path, struct error *err);
// Moves every task of the group to the root group and removes the group. A missing group is fine.
int cgroup_remove(const struct cgroup_tree *tree, const char *path, struct error *err);
// Removes the group if it is empty; otherwise does nothing and reports no error.
void cgroup_remove_if_empty(const struct cgroup_tree *tree, const char *path);
int cgroup_add_task(const struct cgroup_tree *tree, const char *path, pid_t task,
                    struct error *err);
// Sets a share that is proportional to `weight` (1–65535) among groups whose largest weight is
// `largest`: v1 cpu.shares = 4 × weight (256 becomes 1024, the default); v2 cpu.weight is scaled
// so that `largest` becomes at most 10000.
int cgroup_set_weight(const struct cgroup_tree *tree, const char *path, unsigned weight,
                      unsigned largest, struct error *err);

// Reads the weight back: the weight that gives the kernel's value with this `largest`. If several
// weights give that value, `hint` is returned if it is one of them.
int cgroup_get_weight(const struct cgroup_tree *tree, const char *path, unsigned largest,
                      unsigned hint, unsigned *ret_weight, struct error *err);
// CFS bandwidth: at most `percent` of one CPU for all tasks of the group together, 0 = no limit (v1
// cpu.cfs_quota_us, v2 cpu.max). cgroup_get_quota() reads the kernel's value back. Some kernels do
// not apply it to kernel threads: ration/cap_probe finds out.
// Documentation/scheduler/sched-bwc.rst.
int cgroup_set_quota(const struct cgroup_tree *tree, const char *path, unsigned percent,
                     struct error *err);
int cgroup_get_quota(const struct cgroup_tree *tree, const char *path, unsigned *ret_percent,
                     struct error *err);

#endif
