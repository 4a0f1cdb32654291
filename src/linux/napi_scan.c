// SPDX-License-Identifier: GPL-3.0-or-later
// linux/napi_scan — see napi_scan.h. Called by napi.c.
#include "linux/napi_scan.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/process.h"

#define THREAD   "napi/" // prefix of every thread's name
#define COMM_MAX 15      // characters, before Linux 5.17

// nsfs has one inode a namespace, the same in every mount namespace
#define LOCK_FILE    "/proc/self/ns/user"
#define LOCKED_BY_NS (60U * NS_PER_S)

int napi_scan(struct napi_threads *ret, struct error *err)
{
    _cleanup_closedir_ DIR *proc = opendir("/proc");
    if (proc == NULL) {
        return fail(err, errno, "/proc");
    }
    struct napi_threads found = {0};
    for (struct dirent *entry = readdir(proc); entry != NULL; entry = readdir(proc)) {
        if (!isdigit((unsigned char)entry->d_name[0])) {
            continue;
        }
        struct napi_thread thread = {.pid = (pid_t)strtol(entry->d_name, NULL, 10)};
        process_name(thread.pid, thread.name, sizeof thread.name);
        if (!text_starts(thread.name, THREAD)) {
            continue;
        }
        thread.started = process_start_time(thread.pid);
        found.items = memory_resize(found.items, found.count + 1, sizeof thread);
        found.items[found.count++] = thread;
    }
    *ret = found;
    return 0;
}

void napi_threads_clear(struct napi_threads *threads)
{
    free(threads->items);
    *threads = (struct napi_threads){0};
}

static int compare_pids(const void *a, const void *b)
{
    pid_t left = ((const struct napi_thread *)a)->pid;
    pid_t right = ((const struct napi_thread *)b)->pid;
    return (left > right) - (left < right);
}

bool napi_threads_have(const struct napi_threads *threads, const struct napi_thread *thread)
{
    // /proc is read in the order of PIDs
    const struct napi_thread *found =
        threads->count == 0
            ? NULL
            : bsearch(thread, threads->items, threads->count, sizeof *thread, compare_pids);
    return found != NULL && found->started == thread->started;
}

bool napi_thread_is_of(const char *name, const char *interface)
{
    if (!text_starts(name, THREAD)) {
        return false;
    }
    const char *rest = name + strlen(THREAD);
    size_t length = strlen(interface);
    bool cut = strlen(name) == COMM_MAX;
    if (strncmp(rest, interface, length) == 0 && rest[length] == '-') {
        const char *id = rest + length + 1;
        return id[strspn(id, "0123456789")] == '\0' && (*id != '\0' || cut);
    }
    return cut && strlen(rest) <= length && text_starts(interface, rest);
}

int napi_scan_lock(struct error *err)
{
    _cleanup_close_ int fd = open(LOCK_FILE, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errno, LOCK_FILE);
    }
    uint64_t deadline = clock_monotonic_ns() + LOCKED_BY_NS;
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return fail(err, errno, "locking %s", LOCK_FILE);
        }
        if (clock_monotonic_ns() > deadline) {
            return fail(err, ETIMEDOUT,
                        "waiting for others to find their NAPI threads: %s is locked "
                        "(/proc/locks "
                        "names the process)",
                        LOCK_FILE);
        }
        clock_sleep(NS_PER_MS);
    }
    return steal_fd(&fd);
}

void napi_scan_unlock(const int *lock)
{
    if (*lock >= 0) {
        // A child forked meanwhile may share the open file, so closing it would not unlock.
        (void)flock(*lock, LOCK_UN);
        close(*lock);
    }
}
