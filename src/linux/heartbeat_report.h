// SPDX-License-Identifier: GPL-3.0-or-later
// linux/heartbeat_report — what a heartbeat (heartbeat.h) noted, by threads or by timers.
#ifndef VRBENCH_LINUX_HEARTBEAT_REPORT_H
#define VRBENCH_LINUX_HEARTBEAT_REPORT_H

#include <stddef.h>
#include <stdint.h>

#define HEARTBEAT_PERIOD_NS 1000000U // between two beats; longer where they are expensive
#define HEARTBEAT_LATE_NS   1000000U // a beat later than this is a stall

// One stall of one CPU, in CLOCK_MONOTONIC: the CPU was away at some time after `from_ns`, the last
// beat in time, and until `to_ns`; for at least `late_ns`.
struct heartbeat_stall {
    unsigned cpu;
    uint64_t from_ns, to_ns, late_ns;
};

struct heartbeat_report {
    struct heartbeat_stall *stalls; // by CPU, then by time
    size_t count;
    uint64_t lost; // stalls beyond those that a report can hold
    size_t silent; // CPUs that never beat: whether they were away is unknown
};

#endif
