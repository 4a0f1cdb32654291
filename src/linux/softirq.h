// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/softirq — the time that CPUs spend in softirqs, by kind.
 *
 * The kernel does the work of interrupts, e.g. of received packets, in softirqs: on top of the task
 * that happens to run, which is charged with it, or in ksoftirqd. /proc/stat has that time in ticks
 * of 4 to 10 ms unless the kernel was built with IRQ_TIME_ACCOUNTING; a BPF program measures it
 * exactly, for about 0.1 us a softirq. Routers in namespaces forward in threads, so that softirqs
 * of the CPUs of host and routers are nearly all of others. Called by testbed/.
 */
#ifndef VRBENCH_LINUX_SOFTIRQ_H
#define VRBENCH_LINUX_SOFTIRQ_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/cpu.h"

struct softirq_meter;
// Begins to measure softirqs of these CPUs. Fails with -ENOTSUP if the kernel or this program's
// build has no BPF, or the process lacks the right.
int softirq_meter_start(const struct cpu_list *cpus, struct softirq_meter **ret, struct error *err);
void softirq_meter_free(struct softirq_meter *meter); // NULL is fine

// Time of a CPU in softirqs.
struct softirq_time {
    uint64_t ns;
    const char *most_of; // the kind with most of it, as in /proc/softirqs: "NET_RX"; NULL = none
};
// Restarts the sums at 0.
void softirq_meter_reset(struct softirq_meter *meter);
// The time since the start or the last reset. The CPU is one of the list.
struct softirq_time softirq_meter_read(const struct softirq_meter *meter, unsigned cpu);

#endif
