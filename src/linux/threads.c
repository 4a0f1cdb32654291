// SPDX-License-Identifier: GPL-3.0-or-later
// linux/threads — see threads.h.
#include "linux/threads.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "linux/process.h"

int threads_read(pid_t process, struct thread_time **ret, size_t *ret_count, uint64_t *ret_total_ns,
                 struct error *err)
{
    _cleanup_free_ char *folder = text_format("/proc/%d/task", (int)process);
    _cleanup_closedir_ DIR *directory = opendir(folder);
    if (directory == NULL) {
        return fail(err, ESRCH, "process %d", (int)process);
    }
    _cleanup_free_ struct thread_time *threads = NULL;
    size_t count = 0;
    for (struct dirent *entry = NULL; (entry = readdir(directory)) != NULL;) {
        struct thread_time thread = {.tid = (pid_t)strtol(entry->d_name, NULL, 10)};
        if (thread.tid > 0 && cpu_task_time(thread.tid, &thread.ns, NULL) == 0) {
            process_name(thread.tid, thread.name, sizeof thread.name);
            threads = memory_resize(threads, count + 1, sizeof thread);
            threads[count++] = thread;
        }
    }
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(process, &clock) != 0 || clock_gettime(clock, &used) < 0) {
        return fail(err, ESRCH, "process %d", (int)process);
    }
    *ret = steal_pointer(&threads);
    *ret_count = count;
    *ret_total_ns = (uint64_t)used.tv_sec * NS_PER_S + (uint64_t)used.tv_nsec;
    return 0;
}

bool threads_lack_cpu(pid_t process)
{
    _cleanup_free_ char *folder = text_format("/proc/%d/task", (int)process);
    _cleanup_closedir_ DIR *directory = opendir(folder);
    for (struct dirent *entry = NULL; directory != NULL && (entry = readdir(directory)) != NULL;) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);
        if (thread > 0 && process_lacks_cpu(thread)) {
            return true;
        }
    }
    return false;
}

int threads_of_kernel(const char *name, pid_t **ret, size_t *ret_count, struct error *err)
{
    _cleanup_closedir_ DIR *directory = opendir("/proc");
    if (directory == NULL) {
        return fail(err, errno, "/proc");
    }
    pid_t *tasks = NULL;
    size_t count = 0;
    for (struct dirent *entry = NULL; (entry = readdir(directory)) != NULL;) {
        pid_t task = (pid_t)strtol(entry->d_name, NULL, 10);
        char called[16];
        if (task <= 0) {
            continue;
        }
        process_name(task, called, sizeof called);
        if (strcmp(called, name) == 0) {
            tasks = memory_resize(tasks, count + 1, sizeof *tasks);
            tasks[count++] = task;
        }
    }
    *ret = tasks;
    *ret_count = count;
    return 0;
}
