// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/heartbeat — notes when a CPU is taken away from this machine.
 *
 * A hypervisor that runs another virtual CPU, or firmware that interrupts the system, is not always
 * visible in the `steal` of /proc/stat. A heartbeat is due on each CPU every HEARTBEAT_PERIOD_NS,
 * and notes when it came late. Used by doctor/ and testbed/. It beats by
 *
 * - a thread of high real-time priority that sleeps, as cyclictest(8) and jHiccup do. A late
 *   wake-up means that nothing else of lower priority ran on that CPU either. Tasks of a higher
 *   priority (SCHED_DEADLINE), softirqs and long interrupts delay it too;
 * - a timer interrupt (heartbeat_timer.h), which no task delays. It does not note that a task of
 *   real-time priority holds the CPU.
 */
#ifndef VRBENCH_LINUX_HEARTBEAT_H
#define VRBENCH_LINUX_HEARTBEAT_H

#include "base/error.h"
#include "linux/cpu.h"
#include "linux/heartbeat_report.h"

enum heartbeat_by { HEARTBEAT_BY_THREAD, HEARTBEAT_BY_TIMER };

struct heartbeat;
// Starts a heartbeat on each CPU of the list. Fails if a thread can't be bound or given its
// priority; with -ENOTSUP if timers need a BPF program, which can't be loaded, is not built in, or
// notes no beat.
int heartbeat_start(const struct cpu_list *cpus, enum heartbeat_by by, struct heartbeat **ret,
                    struct error *err);
// Ends a heartbeat within about a period, and frees it. `ret` (may be NULL) gets the report. NULL
// is fine: the report is empty.
void heartbeat_end(struct heartbeat *heartbeat, struct heartbeat_report *ret);
void heartbeat_report_clear(struct heartbeat_report *report);
#define _cleanup_heartbeat_report_ __attribute__((cleanup(heartbeat_report_clear)))

#endif
