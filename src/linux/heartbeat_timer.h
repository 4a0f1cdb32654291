// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/heartbeat_timer — a heartbeat of timer interrupts. Used by heartbeat.c.
 *
 * On each CPU the kernel's software clock (perf_event_open(2), PERF_COUNT_SW_CPU_CLOCK) expires in
 * a timer interrupt, which no task delays; bpf/heartbeat notes when. A late one means that the CPU
 * was away, or that the kernel had disabled interrupts.
 */
#ifndef VRBENCH_LINUX_HEARTBEAT_TIMER_H
#define VRBENCH_LINUX_HEARTBEAT_TIMER_H

#include "base/error.h"
#include "linux/cpu.h"
#include "linux/heartbeat_report.h"

struct heartbeat_timer;
// Starts a timer on each CPU of the list, and returns once each has beaten. A CPU that
// does not beat within a second is away: its stall is noted when it beats. Fails with -ENOTSUP if
// the kernel or this program's build has no BPF, the process lacks the right, or no CPU has beaten.
int heartbeat_timer_start(const struct cpu_list *cpus, uint64_t period_ns,
                          struct heartbeat_timer **ret, struct error *err);
// Ends the timers within about a period, and frees all. Adds what they noted to an empty report.
void heartbeat_timer_end(struct heartbeat_timer *timer, struct heartbeat_report *report);

#endif
