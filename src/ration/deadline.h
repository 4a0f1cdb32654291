// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/deadline — tasks under SCHED_DEADLINE: a fixed CPU time in each period.
 *
 * The kernel subtracts a task's overrun (it checks at its tick only) from the next periods, so the
 * mean is exact. sched_setattr(2), sched(7); kernel: Documentation/scheduler/sched-deadline.rst.
 */
#ifndef VRBENCH_RATION_DEADLINE_H
#define VRBENCH_RATION_DEADLINE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define DEADLINE_RUNTIME_MIN_NS 1024U // kernel: __checkparam_dl()

// Gives a task `runtime_ns` in each `period_ns` (from DEADLINE_RUNTIME_MIN_NS to the period).
// -EPERM (exit status 3) for a task bound to a subset of CPUs, unless admission is off; -EBUSY if
// the admission check finds no capacity; -ESRCH if the task has ended.
int deadline_set(pid_t task, uint64_t runtime_ns, uint64_t period_ns, struct error *err);
// Reads the values back; both are 0 for a task of another policy.
int deadline_get(pid_t task, uint64_t *ret_runtime_ns, uint64_t *ret_period_ns, struct error *err);
// Sets the policy SCHED_OTHER. A task that has ended or has another policy is fine.
int deadline_clear(pid_t task, struct error *err);

// The admission setting of the whole machine: microseconds of each sched_rt_period_us for real-time
// tasks; ADMISSION_OFF = no check.
#define ADMISSION_FILE "/proc/sys/kernel/sched_rt_runtime_us"
#define ADMISSION_OFF  (-1)
int admission_read(long *ret_us, struct error *err);
// Exit status 3 if the file is not writable (in a container). -EBUSY if the present deadline tasks
// have more.
int admission_write(long us, struct error *err);

#endif
