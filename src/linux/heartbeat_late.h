// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
// linux/heartbeat_late — a late beat, as bpf/heartbeat hands it to linux/heartbeat_timer.
#ifndef VRBENCH_LINUX_HEARTBEAT_LATE_H
#define VRBENCH_LINUX_HEARTBEAT_LATE_H

#include <linux/types.h>

#define HEARTBEAT_CPUS 1024 // CPUs with greater numbers are not watched

struct heartbeat_late {
    __u64 cpu;
    __u64 from_ns, to_ns; // CLOCK_MONOTONIC: the beat before, and this one
};

#endif
