// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/cpu — processors: which may be used, who runs on which, and how much time went where.
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

// CPUs that this process may run on (sched_getaffinity(2)): a container's or taskset's limits
// count as the machine's.
int cpu_list_usable(struct cpu_list *ret, struct error *err);
bool cpu_list_has(const struct cpu_list *cpus, unsigned cpu);
// Binds a task (thread id; 0 = the calling thread) to CPUs.
int cpu_bind(pid_t task, const struct cpu_list *cpus, struct error *err);
// Writes "0-3,6" into ret.
void cpu_list_text(const struct cpu_list *cpus, char *ret, size_t room);

// Keeps idle CPUs from going to sleep (PM QoS: /dev/cpu_dma_latency, kernel:
// Documentation/power/pm_qos_interface.rst) until the descriptor returned is closed, by whatever
// way this process ends. A sleeping CPU takes up to milliseconds to wake where a hypervisor has
// to put it back, in which a receive ring overflows. Negative where the kernel has no such thing.
int cpu_hold_awake(struct error *err);

// CPU time that a task has used, ns: first field of /proc/TASK/schedstat
// (Documentation/scheduler/sched-stats.rst). -ESRCH if it is gone.
int cpu_task_time(pid_t task, uint64_t *ret_ns, struct error *err);
// The same, read again and again: a descriptor that stays open, or negative; and its reading.
int cpu_meter_open(pid_t task, struct error *err);
int cpu_meter_read(int meter, uint64_t *ret_ns, struct error *err);
// CPU time that all threads of this process have used, ns.
uint64_t cpu_own_time(void);

// Time of one CPU since boot, in ns, from /proc/stat (proc(5)); steps of 1/sysconf(_SC_CLK_TCK).
struct cpu_times {
    uint64_t busy_ns;  // user, nice, system, irq, softirq
    uint64_t idle_ns;  // idle and iowait
    uint64_t steal_ns; // runnable, but the hypervisor ran something else
};
// Fills `ret[i]` for each CPU of the list.
int cpu_times_read(const struct cpu_list *cpus, struct cpu_times *ret, struct error *err);
int cpu_times_parse(const char *text, unsigned cpu, struct cpu_times *ret, struct error *err);

#endif
