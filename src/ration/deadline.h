// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/deadline — tasks under SCHED_DEADLINE: so much CPU time in each period and no more.
 *
 * The kernel takes the overrun of a task (it looks only at its tick) off the task's next periods,
 * so that the mean holds. sched_setattr(2), sched(7); kernel:
 * Documentation/scheduler/sched-deadline.rst.
 */
#ifndef VRBENCH_RATION_DEADLINE_H
#define VRBENCH_RATION_DEADLINE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define DEADLINE_RUNTIME_MIN_NS 1024U // kernel: __checkparam_dl()

// Gives a task `runtime_ns` in each `period_ns` (at least DEADLINE_RUNTIME_MIN_NS; at most the
// period). -EPERM (exit status 3) for a task bound to some CPUs only, unless admission is off;
// -EBUSY where the admission has no room; -ESRCH if the task is gone.
int deadline_set(pid_t task, uint64_t runtime_ns, uint64_t period_ns, struct error *err);
// Reads it back; a task of another policy has 0 in 0.
int deadline_get(pid_t task, uint64_t *ret_runtime_ns, uint64_t *ret_period_ns, struct error *err);
// Back to SCHED_OTHER. A task that is gone or of another policy already is fine.
int deadline_clear(pid_t task, struct error *err);

// The admission check of the whole machine, microseconds in each
// sched_rt_period_us that real-time tasks may have; ADMISSION_OFF = no check.
#define ADMISSION_FILE "/proc/sys/kernel/sched_rt_runtime_us"
#define ADMISSION_OFF  (-1)
int admission_read(long *ret_us, struct error *err);
// Exit status 3 where it can't be written (a container). -EBUSY if deadline tasks have more now.
int admission_write(long us, struct error *err);

#endif
