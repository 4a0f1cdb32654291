// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/process — a process identified by PID and start time, so that a later process with the same
 * PID is not mistaken for it.
 *
 * Used by testbed/ (kernel threads, processes in a record) and machine/ (routers).
 */
#ifndef VRBENCH_LINUX_PROCESS_H
#define VRBENCH_LINUX_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

struct process_id {
    pid_t pid;
    uint64_t started; // clock ticks since boot
};

// Start time of a task in clock ticks since boot, the same in every time namespace: field 22 of
// /proc/PID/stat (proc(5)); 0 = the task has ended.
uint64_t process_start_time(pid_t pid);

// Whether a process is `ancestor`, or a child of it, or a child of its children, and so on.
bool process_descends_from(pid_t pid, pid_t ancestor);

// Writes the kernel's name of a task (/proc/PID/comm, proc(5)), at most `size` - 1 characters of
// it; empty if it has ended. Since Linux 5.17 names of kernel threads are longer than 15
// characters.
void process_name(pid_t pid, char *ret, size_t size);

// Whether a task has ended (reaped or a zombie).
bool process_is_dead(pid_t pid);

// Whether a task runs or waits for a CPU (state R, proc(5)).
bool process_is_runnable(pid_t pid);

// Whether a task waits for a CPU: it is runnable, and gets less than half of a CPU in a
// millisecond, for which the function sleeps.
bool process_lacks_cpu(pid_t pid);

// Whether a task is known to be a thread of the kernel: true only in the first PID namespace, which
// alone shows them. One system call, where looking into /proc/PID is several and fills caches.
bool process_is_kernels(pid_t pid);

// Opens a descriptor of the process (pidfd_open(2)) that becomes readable when it ends. -ESRCH if
// the process with this PID did not start at `started`.
int process_open(pid_t pid, uint64_t started, struct error *err);
// Whether the process behind a descriptor has ended.
bool process_has_ended(int pidfd);
// Sends SIGKILL and waits at most `within_ns` for the end. -ETIMEDOUT if the process still exists.
int process_kill(int pidfd, uint64_t within_ns, struct error *err);

// Whether this process sees the kernel's threads and all processes, as only those in the machine's
// first PID namespace do. Exit status 3 if not.
int process_check_view(struct error *err);

#endif
