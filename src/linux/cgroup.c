// SPDX-License-Identifier: GPL-3.0-or-later
// linux/cgroup — see cgroup.h. Called by testbed/ for weights and by its cleaner.
#include "linux/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/mounts.h"
#include "linux/quota.h"

#define V1_SHARES_PER_WEIGHT 4U
#define V2_WEIGHT_MAX        10000U
#define TASKS_TEXT_MAX       (4U << 20)
#define READY_WITHIN_NS      (20U * NS_PER_S) // on a machine whose CPUs are taken by others
#define READY_STEP_NS        (100U * NS_PER_US)
#define READY_STEP_MAX_NS    (10U * NS_PER_MS)
#define MAKE_ATTEMPTS        20

bool cgroup_lists(const char *root, const char *file, const char *controller)
{
    _cleanup_free_ char *path = text_format("%s/%s", root, file);
    _cleanup_free_ char *text = NULL;
    if (file_read(path, 4096, &text, NULL, NULL) < 0) {
        return false;
    }
    char *rest = NULL;
    for (char *word = strtok_r(text, " \n", &rest); word != NULL;
         word = strtok_r(NULL, " \n", &rest)) {
        if (text_equal(word, controller)) {
            return true;
        }
    }
    return false;
}

static struct cgroup_tree *tree_new(int version, const char *root, bool mounted_here)
{
    struct cgroup_tree *tree = memory_new(1, sizeof *tree);
    *tree = (struct cgroup_tree){version, text_copy(root), mounted_here};
    return tree;
}

static bool has_cpu_controller(const char *root)
{
    return cgroup_lists(root, "cgroup.controllers", "cpu");
}

static struct cgroup_tree *find_mounted_tree(void)
{
    _cleanup_free_ char *v2 = mounts_find("cgroup2", NULL, has_cpu_controller);
    if (v2 != NULL) {
        return tree_new(2, v2, false);
    }
    _cleanup_free_ char *v1 = mounts_find("cgroup", "cpu", NULL);
    return v1 == NULL ? NULL : tree_new(1, v1, false);
}

int cgroup_tree_open(const char *private_mount, struct cgroup_tree **ret, struct error *err)
{
    struct cgroup_tree *tree = find_mounted_tree();
    if (tree == NULL && private_mount != NULL) {
        if (mount("none", private_mount, "cgroup2", 0, NULL) == 0) {
            if (has_cpu_controller(private_mount)) {
                tree = tree_new(2, private_mount, true);
            } else {
                umount2(private_mount, MNT_DETACH);
            }
        }
        if (tree == NULL && mount("none", private_mount, "cgroup", 0, "cpu") == 0) {
            tree = tree_new(1, private_mount, true);
        }
    }
    if (tree == NULL) {
        return fail_lacking(
            err, "weights can't be set: no control group hierarchy has the cpu controller; "
                 "use a kernel with CONFIG_FAIR_GROUP_SCHED and mount "
                 "/sys/fs/cgroup");
    }
    *ret = tree;
    return 0;
}

void cgroup_tree_close(struct cgroup_tree *tree)
{
    if (tree != NULL) {
        free(tree->root);
        free(tree);
    }
}

bool cgroup_hands_on_cpu(const struct cgroup_tree *tree)
{
    return tree->version != 2 || cgroup_lists(tree->root, "cgroup.subtree_control", "cpu");
}

void cgroup_hand_on_no_cpu(const struct cgroup_tree *tree)
{
    if (tree->version == 2) {
        _cleanup_free_ char *path = text_format("%s/cgroup.subtree_control", tree->root);
        (void)file_write(path, "-cpu", NULL); // the kernel refuses while other groups use it
    }
}

// Version 2: enables the cpu controller for the children of a group.
static int delegate_cpu(const struct cgroup_tree *tree, const char *directory, struct error *err)
{
    if (tree->version != 2) {
        return 0;
    }
    _cleanup_free_ char *path = text_format("%s/cgroup.subtree_control", directory);
    return file_write(path, "+cpu", err);
}

static int make_once(const struct cgroup_tree *tree, const char *path, struct error *err)
{
    _cleanup_free_ char *whole = text_format("%s/%s", tree->root, path);
    size_t root_length = strlen(tree->root);
    int rc = delegate_cpu(tree, tree->root, err);
    for (char *slash = whole + root_length + 1; rc == 0; slash++) {
        if (*slash != '/' && *slash != '\0') {
            continue;
        }
        char kept = *slash;
        *slash = '\0';
        if (mkdir(whole, 0755) < 0 && errno != EEXIST) {
            return fail(err, errno, "making control group %s", whole);
        }
        if (kept == '\0') {
            break;
        }
        rc = delegate_cpu(tree, whole, err);
        *slash = kept;
    }
    return rc;
}

// Another program's cgroup_remove_if_empty() may remove an empty parent before the next group is
// made in it. The whole path is then made again.
int cgroup_make(const struct cgroup_tree *tree, const char *path, struct error *err)
{
    int rc = make_once(tree, path, err);
    for (int attempt = 1; rc == -ENOENT && attempt < MAKE_ATTEMPTS; attempt++) {
        error_clear(err);
        rc = make_once(tree, path, err);
    }
    return rc;
}

static const char *tasks_file(const struct cgroup_tree *tree)
{
    return tree->version == 2 ? "cgroup.procs" : "tasks";
}

// Moves the tasks of a group to the root group, one write a task. Tasks that have ended are
// skipped.
static void evict_tasks(const struct cgroup_tree *tree, const char *directory)
{
    _cleanup_free_ char *from = text_format("%s/%s", directory, tasks_file(tree));
    _cleanup_free_ char *to = text_format("%s/%s", tree->root, tasks_file(tree));
    _cleanup_free_ char *text = NULL;
    if (file_read(from, TASKS_TEXT_MAX, &text, NULL, NULL) < 0) {
        return;
    }
    char *rest = NULL;
    for (char *task = strtok_r(text, "\n", &rest); task != NULL;
         task = strtok_r(NULL, "\n", &rest)) {
        (void)file_write(to, task, NULL);
    }
}

int cgroup_remove(const struct cgroup_tree *tree, const char *path, struct error *err)
{
    _cleanup_free_ char *directory = text_format("%s/%s", tree->root, path);
    for (int attempt = 0; attempt < 5; attempt++) {
        if (rmdir(directory) == 0 || errno == ENOENT) {
            return 0;
        }
        if (errno != EBUSY) {
            break;
        }
        evict_tasks(tree, directory);
    }
    return rmdir(directory) == 0 || errno == ENOENT
               ? 0
               : fail(err, errno, "removing control group %s", directory);
}

void cgroup_remove_if_empty(const struct cgroup_tree *tree, const char *path)
{
    _cleanup_free_ char *directory = text_format("%s/%s", tree->root, path);
    (void)rmdir(directory);
}

int cgroup_add_task(const struct cgroup_tree *tree, const char *path, pid_t task, struct error *err)
{
    _cleanup_free_ char *file = text_format("%s/%s/%s", tree->root, path, tasks_file(tree));
    char number[16];
    snprintf(number, sizeof number, "%d", (int)task);
    // The kernel refuses to move a kernel thread (EINVAL) before its first run:
    // cgroup_kthread_ready() in kernel/kthread.c.
    uint64_t deadline = clock_monotonic_ns() + READY_WITHIN_NS;
    int rc = file_write(file, number, err);
    uint64_t step_ns = READY_STEP_NS;
    while (rc == -EINVAL && clock_monotonic_ns() < deadline) {
        clock_sleep(step_ns);
        step_ns = 2 * step_ns < READY_STEP_MAX_NS ? 2 * step_ns : READY_STEP_MAX_NS;
        rc = file_write(file, number, err);
    }
    if (rc == 0) {
        error_clear(err);
    }
    return rc;
}

// The value that is written to the kernel for a weight.
static unsigned kernel_weight(const struct cgroup_tree *tree, unsigned weight, unsigned largest)
{
    if (tree->version != 2) {
        return weight * V1_SHARES_PER_WEIGHT;
    }
    unsigned value = largest == 0 ? weight : (weight * V2_WEIGHT_MAX + largest / 2) / largest;
    return value == 0 ? 1 : value;
}

static char *weight_file(const struct cgroup_tree *tree, const char *path)
{
    return text_format("%s/%s/%s", tree->root, path,
                       tree->version == 2 ? "cpu.weight" : "cpu.shares");
}

int cgroup_set_weight(const struct cgroup_tree *tree, const char *path, unsigned weight,
                      unsigned largest, struct error *err)
{
    char number[16];
    snprintf(number, sizeof number, "%u", kernel_weight(tree, weight, largest));
    _cleanup_free_ char *file = weight_file(tree, path);
    return file_write(file, number, err);
}

int cgroup_get_weight(const struct cgroup_tree *tree, const char *path, unsigned largest,
                      unsigned hint, unsigned *ret_weight, struct error *err)
{
    _cleanup_free_ char *file = weight_file(tree, path);
    _cleanup_free_ char *text = NULL;
    int rc = file_read(file, 64, &text, NULL, err);
    if (rc < 0) {
        return rc;
    }
    unsigned value = (unsigned)strtoul(text, NULL, 10);
    if (value == kernel_weight(tree, hint, largest)) {
        *ret_weight = hint;
    } else if (tree->version != 2) {
        *ret_weight = value / V1_SHARES_PER_WEIGHT;
    } else {
        *ret_weight = largest == 0 ? value : (value * largest + V2_WEIGHT_MAX / 2) / V2_WEIGHT_MAX;
    }
    return 0;
}

int cgroup_set_quota(const struct cgroup_tree *tree, const char *path, unsigned percent,
                     struct error *err)
{
    // The kernel accepts periods up to 1 s.
    unsigned period_us = QUOTA_PERIOD_US;
    if (percent > 0 && percent * (period_us / 100) < QUOTA_MIN_US) {
        // Rounded up: the kernel refuses a quota below QUOTA_MIN_US.
        period_us = (QUOTA_MIN_US * 100 + percent - 1) / percent;
    }
    long long quota_us = (long long)percent * period_us / 100;
    char text[48];
    if (tree->version == 2) {
        _cleanup_free_ char *file = text_format("%s/%s/cpu.max", tree->root, path);
        if (percent == 0) {
            return file_write(file, "max", err);
        }
        snprintf(text, sizeof text, "%lld %u", quota_us, period_us);
        return file_write(file, text, err);
    }
    _cleanup_free_ char *quota = text_format("%s/%s/cpu.cfs_quota_us", tree->root, path);
    _cleanup_free_ char *period = text_format("%s/%s/cpu.cfs_period_us", tree->root, path);
    // Remove the quota first: the kernel may refuse the old quota with the new period.
    int rc = file_write(quota, "-1", err);
    if (rc == 0 && percent > 0) {
        snprintf(text, sizeof text, "%u", period_us);
        rc = file_write(period, text, err);
    }
    if (rc == 0 && percent > 0) {
        snprintf(text, sizeof text, "%lld", quota_us);
        rc = file_write(quota, text, err);
    }
    return rc;
}

int cgroup_get_quota(const struct cgroup_tree *tree, const char *path, unsigned *ret_percent,
                     struct error *err)
{
    // Version 2 has quota and period in one file, version 1 in two.
    bool v2 = tree->version == 2;
    _cleanup_free_ char *file =
        text_format("%s/%s/%s", tree->root, path, v2 ? "cpu.max" : "cpu.cfs_quota_us");
    _cleanup_free_ char *period_file = text_format("%s/%s/cpu.cfs_period_us", tree->root, path);
    _cleanup_free_ char *text = NULL;
    int rc = file_read(file, 64, &text, NULL, err);
    if (rc < 0) {
        return rc;
    }
    char *end = NULL;
    long long quota_us = strtoll(text, &end, 10);
    if (end == text || quota_us < 0) { // "max ..." or -1
        *ret_percent = 0;
        return 0;
    }
    long long period_us = v2 ? strtoll(end, NULL, 10) : 0;
    if (!v2) {
        _cleanup_free_ char *period = NULL;
        rc = file_read(period_file, 64, &period, NULL, err);
        if (rc < 0) {
            return rc;
        }
        period_us = strtoll(period, NULL, 10);
    }
    if (period_us <= 0) {
        return fail(err, 0, "%s: unexpected content", file);
    }
    *ret_percent = (unsigned)((quota_us * 100 + period_us / 2) / period_us);
    return 0;
}
