// SPDX-License-Identifier: GPL-3.0-or-later
// linux/memory — see memory.h. Called by testbed/ and machine/netns while building, and by
// testbed/cleanup.
#include "linux/memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "linux/cgroup.h"
#include "linux/mounts.h"

#define GROUP_PREFIX  "vrbench-memory-" // followed by PID-TID
#define V1_CONTROLLER "memory"

// The hierarchy with the memory controller.
struct memory_tree {
    int version;
    char *root; // NULL = none
};

struct memory_charge {
    const struct memory_tree *tree;
    char *group;
    int back; // file of the thread's original group, open for writing
};

static struct memory_tree tree_found;
static pthread_once_t tree_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t whole_process = PTHREAD_MUTEX_INITIALIZER; // version 2

// Version 2: whether the children of the root have the memory controller. It is not enabled for
// them here, because every group of the machine would pay for it.
static bool tree_hands_on_memory(const char *root)
{
    return cgroup_lists(root, "cgroup.subtree_control", "memory");
}

static bool tree_counts_kernel(const char *root)
{
    _cleanup_free_ char *path = text_format("%s/memory.kmem.usage_in_bytes", root);
    return access(path, R_OK) == 0;
}

static void find_tree(void)
{
    tree_found = (struct memory_tree){2, mounts_find("cgroup2", NULL, tree_hands_on_memory)};
    if (tree_found.root == NULL) {
        tree_found =
            (struct memory_tree){1, mounts_find("cgroup", V1_CONTROLLER, tree_counts_kernel)};
    }
}

static const struct memory_tree *memory_tree_get(void)
{
    (void)pthread_once(&tree_once, find_tree);
    return tree_found.root == NULL ? NULL : &tree_found;
}

static bool names_controller(const char *list, size_t length, const char *controller)
{
    size_t wanted = strlen(controller);
    for (const char *at = list; at <= list + length;) {
        size_t one = strcspn(at, ",:");
        if (one == wanted && strncmp(at, controller, one) == 0) {
            return true;
        }
        at += one + 1;
    }
    return false;
}

// A line is ID:CONTROLLER,CONTROLLER…:PATH (cgroups(7)).
char *memory_group_in(const char *text, const char *controller)
{
    for (const char *line = text; line != NULL && *line != '\0';) {
        size_t length = strcspn(line, "\n");
        const char *list = memchr(line, ':', length);
        const char *path =
            list == NULL ? NULL : memchr(list + 1, ':', length - (size_t)(list + 1 - line));
        if (path != NULL && names_controller(list + 1, (size_t)(path - list - 1), controller)) {
            return text_format("%.*s", (int)(line + length - path - 1), path + 1);
        }
        line += length + (line[length] == '\n');
    }
    return NULL;
}

static const char *tasks_of(const struct memory_tree *tree)
{
    return tree->version == 2 ? "cgroup.procs" : "tasks";
}

static int open_own_tasks(const struct memory_tree *tree)
{
    _cleanup_free_ char *text = NULL;
    if (file_read("/proc/thread-self/cgroup", 65536, &text, NULL, NULL) < 0) {
        return -1;
    }
    _cleanup_free_ char *own = memory_group_in(text, tree->version == 2 ? "" : V1_CONTROLLER);
    if (own == NULL) {
        return -1;
    }
    _cleanup_free_ char *path = text_format("%s%s/%s", tree->root, own, tasks_of(tree));
    return open(path, O_WRONLY | O_CLOEXEC);
}

// "0" is the writer itself. Version 1 moves it without waiting for all other threads of the machine
// (kernel/cgroup/cgroup.c, cgroup_procs_write_start()).
static bool tasks_take_writer(int tasks)
{
    return write(tasks, "0", 1) == 1;
}

static void charge_free(struct memory_charge *charge)
{
    bool locked = charge->tree->version == 2;
    if (charge->back >= 0) {
        close(charge->back);
    }
    free(charge->group);
    free(charge);
    if (locked) {
        (void)pthread_mutex_unlock(&whole_process);
    }
}

static bool charge_enter(const struct memory_charge *charge)
{
    _cleanup_free_ char *path = text_format("%s/%s", charge->group, tasks_of(charge->tree));
    _cleanup_close_ int tasks = open(path, O_WRONLY | O_CLOEXEC);
    return tasks >= 0 && tasks_take_writer(tasks);
}

static void charge_leave(const struct memory_charge *charge)
{
    if (!tasks_take_writer(charge->back)) {
        // Its original group is gone: uses the root.
        _cleanup_free_ char *path =
            text_format("%s/%s", charge->tree->root, tasks_of(charge->tree));
        (void)file_write(path, "0", NULL);
    }
}

static bool charge_make(const struct memory_charge *charge)
{
    if (charge->back < 0 || (mkdir(charge->group, 0700) < 0 && errno != EEXIST)) {
        return false;
    }
    if (!charge_enter(charge)) {
        (void)rmdir(charge->group);
        return false;
    }
    return true;
}

struct memory_charge *memory_charge_begin(void)
{
    const struct memory_tree *tree = memory_tree_get();
    if (tree == NULL) {
        return NULL;
    }
    if (tree->version == 2) {
        (void)pthread_mutex_lock(&whole_process);
    }
    struct memory_charge *charge = memory_new(1, sizeof *charge);
    *charge = (struct memory_charge){
        .tree = tree,
        .group = text_format("%s/" GROUP_PREFIX "%d-%d", tree->root, (int)getpid(), (int)gettid()),
        .back = open_own_tasks(tree)};
    if (!charge_make(charge)) {
        charge_free(charge);
        return NULL;
    }
    return charge;
}

static uint64_t read_bytes(const struct memory_charge *charge, const char *file)
{
    _cleanup_free_ char *path = text_format("%s/%s", charge->group, file);
    _cleanup_free_ char *text = NULL;
    return file_read(path, 64, &text, NULL, NULL) < 0 ? 0 : strtoull(text, NULL, 10);
}

// Version 2 charges in batches of 64 pages (mm/memcontrol.c, MEMCG_CHARGE_BATCH); a lower limit
// makes it return the rest of them.
static uint64_t read_charged(const struct memory_charge *charge)
{
    if (charge->tree->version == 1) {
        return read_bytes(charge, "memory.kmem.usage_in_bytes");
    }
    _cleanup_free_ char *path = text_format("%s/memory.high", charge->group);
    (void)file_write(path, "0", NULL);
    return read_bytes(charge, "memory.current");
}

void memory_charge_pause(struct memory_charge *charge)
{
    if (charge != NULL) {
        charge_leave(charge);
    }
}

void memory_charge_resume(struct memory_charge *charge)
{
    if (charge != NULL) {
        (void)charge_enter(charge);
    }
}

uint64_t memory_charge_end(struct memory_charge *charge)
{
    if (charge == NULL) {
        return 0;
    }
    charge_leave(charge);
    uint64_t bytes = read_charged(charge);
    (void)rmdir(charge->group);
    charge_free(charge);
    return bytes;
}

void memory_charge_clean_up(void)
{
    const struct memory_tree *tree = memory_tree_get();
    _cleanup_closedir_ DIR *directory = tree == NULL ? NULL : opendir(tree->root);
    for (struct dirent *entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;) {
        if (!text_starts(entry->d_name, GROUP_PREFIX)) {
            continue;
        }
        pid_t maker = (pid_t)strtol(entry->d_name + strlen(GROUP_PREFIX), NULL, 10);
        if (kill(maker, 0) < 0 && errno == ESRCH) {
            (void)unlinkat(dirfd(directory), entry->d_name, AT_REMOVEDIR);
        }
    }
}
