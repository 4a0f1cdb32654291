// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/process — a process known by number and start time, so that a later one with the same
 * number is never taken for it.
 *
 * Used by testbed/ (kernel threads, keepers, what a record remembers) and platform/ (routers).
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
// /proc/PID/stat (proc(5)); 0 = gone.
uint64_t process_start_time(pid_t pid);

// Whether a task is there no more, or only for somebody to take in.
bool process_is_dead(pid_t pid);

// A descriptor for the process (pidfd_open(2)) that becomes readable when it ends, if it is still
// the one that started at `started`; -ESRCH if it is gone.
int process_open(pid_t pid, uint64_t started, struct error *err);
// Whether the process behind a descriptor has ended.
bool process_has_ended(int pidfd);
// Asks it to end (SIGTERM), and kills it if it hasn't after `within_ns`.
int process_end(int pidfd, uint64_t within_ns, struct error *err);
// Kills it (SIGKILL) and waits at most `within_ns` for its end. -ETIMEDOUT if it won't go.
int process_kill(int pidfd, uint64_t within_ns, struct error *err);

#endif
