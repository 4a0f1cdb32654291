// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/threads — CPU time of a process by its threads, those that have ended included.
 */
#ifndef VRBENCH_LINUX_THREADS_H
#define VRBENCH_LINUX_THREADS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct thread_time {
    pid_t tid;
    char name[16]; // the kernel's, /proc/PID/task/TID/comm
    uint64_t ns;
};

// The threads that live, with what each has used so far, ns (schedstat, as cpu_task_time()); and
// what the process has used altogether, read after them, ns (clock_getcpuclockid(3): exact, with
// what threads used that have ended). -ESRCH if the process has gone.
int threads_read(pid_t process, struct thread_time **ret, size_t *ret_count, uint64_t *ret_total_ns,
                 struct error *err);

// Finds the kernel's own threads of that name ("vhost-41"), which belong to no process; a new
// array.
int threads_of_kernel(const char *name, pid_t **ret, size_t *ret_count, struct error *err);

#endif
