// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cpu — processors: which CPUs may be used, on which CPUs a task runs, and the CPU time of
 * tasks and CPUs.
 */
#ifndef VRBENCH_LINUX_CPU_H
#define VRBENCH_LINUX_CPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define CPU_MAX 1024

// A set of CPUs by number, ascending.
struct cpu_list {
    unsigned cpus[CPU_MAX];
    size_t count;
};

// The CPUs that this process may run on (sched_getaffinity(2)), so within the limits of a container
// or of taskset(1).
int cpu_list_usable(struct cpu_list *ret, struct error *err);
bool cpu_list_has(const struct cpu_list *cpus, unsigned cpu);
// Binds a task (thread id; 0 = the calling thread) to CPUs.
int cpu_bind(pid_t task, const struct cpu_list *cpus, struct error *err);
// Writes "0-3,6" into ret.
void cpu_list_text(const struct cpu_list *cpus, char *ret, size_t room);

// Keeps idle CPUs from entering sleep states (PM QoS: /dev/cpu_dma_latency, kernel:
// Documentation/power/pm_qos_interface.rst) until the returned descriptor is closed. Under a
// hypervisor, waking a sleeping CPU takes up to milliseconds, in which a receive ring overflows.
// Negative if the kernel lacks /dev/cpu_dma_latency.
int cpu_hold_awake(struct error *err);

// The nice value of the scheduling group that the session of a process is (sched(7), autogroups:
// nice values of threads have no effect beyond their session). `process` 0 = this one.
// cpu_session_nice() returns the value, 0 if the kernel has no such groups.
int cpu_session_nice(pid_t process);
void cpu_set_session_nice(pid_t process, int nice);

// CPU time of a task in ns: first field of /proc/TASK/schedstat
// (Documentation/scheduler/sched-stats.rst). -ESRCH if the task has ended.
int cpu_task_time(pid_t task, uint64_t *ret_ns, struct error *err);
// The CPU time of several tasks together; fails as for the first that does.
int cpu_tasks_time(const pid_t *tasks, size_t count, uint64_t *ret_ns, struct error *err);
// The same for repeated reading: cpu_meter_open() returns a descriptor (or negative), the other
// function reads it.
int cpu_meter_open(pid_t task, struct error *err);
int cpu_meter_read(int meter, uint64_t *ret_ns, struct error *err);
// CPU time of all threads of this process, in ns.
uint64_t cpu_own_time(void);

// Time of one CPU since boot, in ns, from /proc/stat (proc(5)); resolution 1/sysconf(_SC_CLK_TCK).
struct cpu_times {
    uint64_t busy_ns;  // user, nice, system, irq, softirq
    uint64_t idle_ns;  // idle and iowait
    uint64_t steal_ns; // runnable, but the hypervisor ran another virtual CPU
};
// Fills `ret[i]` for each CPU of the list.
int cpu_times_read(const struct cpu_list *cpus, struct cpu_times *ret, struct error *err);
int cpu_times_parse(const char *text, unsigned cpu, struct cpu_times *ret, struct error *err);

#endif
