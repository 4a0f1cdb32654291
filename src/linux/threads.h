// SPDX-License-Identifier: GPL-3.0-or-later
/* linux/threads — threads of a process: their CPU time, ended ones included, and whether they have
 * work to do. */
#ifndef VRBENCH_LINUX_THREADS_H
#define VRBENCH_LINUX_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct thread_time {
    pid_t tid;
    char name[16]; // the kernel's, /proc/PID/task/TID/comm
    uint64_t ns;
};

// Reads the CPU time in ns of each living thread (schedstat, as cpu_task_time()), and then of the
// whole process (clock_getcpuclockid(3): exact, ended threads included). -ESRCH if the process has
// ended.
int threads_read(pid_t process, struct thread_time **ret, size_t *ret_count, uint64_t *ret_total_ns,
                 struct error *err);

// Whether any thread of a process waits for a CPU, as process_lacks_cpu(). Sleeps for a millisecond
// for each runnable thread.
bool threads_lack_cpu(pid_t process);

// Finds the kernel threads of that name ("vhost-41"), which belong to no process. Returns a new
// array.
int threads_of_kernel(const char *name, pid_t **ret, size_t *ret_count, struct error *err);

#endif
