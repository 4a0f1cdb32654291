// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/heartbeat — notes when a CPU is taken away from this machine.
 *
 * A hypervisor that runs another virtual CPU, or firmware that interrupts the system, is not always
 * visible in the `steal` of /proc/stat. On each CPU a thread of high real-time priority sleeps for
 * HEARTBEAT_PERIOD_NS and notes when it woke late, as cyclictest(8) and jHiccup do. A late wake-up
 * means that nothing else of lower priority ran on that CPU either. Tasks of a higher priority
 * (SCHED_DEADLINE) and long interrupts delay it too. Used by doctor/ and measure/.
 */
#ifndef VRBENCH_LINUX_HEARTBEAT_H
#define VRBENCH_LINUX_HEARTBEAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/cpu.h"

#define HEARTBEAT_PERIOD_NS 1000000U // between two wake-ups; longer where they are expensive
#define HEARTBEAT_LATE_NS   1000000U // a wake-up later than this is a stall

// One stall of one CPU, in CLOCK_MONOTONIC: the CPU was away at some time after `from_ns`, the last
// wake-up in time, and until `to_ns`; for at least `late_ns`.
struct heartbeat_stall {
    unsigned cpu;
    uint64_t from_ns, to_ns, late_ns;
};

struct heartbeat_report {
    struct heartbeat_stall *stalls; // by CPU, then by time
    size_t count;
    uint64_t lost; // stalls beyond those that a report can hold
};

struct heartbeat;
// Starts a thread on each CPU of the list. Fails if one can't be bound or given its priority.
int heartbeat_start(const struct cpu_list *cpus, struct heartbeat **ret, struct error *err);
// Ends the threads within about a period, and frees the heartbeat. `ret` (may be NULL) gets what
// they noted. NULL is fine: the report is empty.
void heartbeat_end(struct heartbeat *heartbeat, struct heartbeat_report *ret);
void heartbeat_report_clear(struct heartbeat_report *report);
#define _cleanup_heartbeat_report_ __attribute__((cleanup(heartbeat_report_clear)))

#endif
