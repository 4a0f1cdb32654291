// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
// linux/softirq_counts — a CPU's time in softirqs, as bpf/softirq counts it for linux/softirq.
#ifndef VRBENCH_LINUX_SOFTIRQ_COUNTS_H
#define VRBENCH_LINUX_SOFTIRQ_COUNTS_H

#include <linux/types.h>

#define SOFTIRQ_CPUS  1024 // CPUs with greater numbers are not measured
#define SOFTIRQ_KINDS 10   // NR_SOFTIRQS of include/linux/interrupt.h

struct softirq_counts {
    __u64 began_ns;          // of the present or the last one, CLOCK_MONOTONIC; 0 = none yet
    __u64 ns[SOFTIRQ_KINDS]; // time in ended ones
};

#endif
