// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/softirq — measures the time that CPUs spend in softirqs, by kind. Loaded by linux/softirq.
 *
 * It is attached to the begin and the end of each softirq (include/trace/events/irq.h,
 * softirq_entry and softirq_exit), which on one CPU do not nest. Interrupts that a softirq suffers
 * count as part of it.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "linux/softirq_counts.h"

char _license[] SEC("license") = "GPL";

volatile __u8 used[SOFTIRQ_CPUS]; // CPUs whose softirqs are measured
struct softirq_counts cpus[SOFTIRQ_CPUS];

SEC("raw_tp/softirq_entry")
int enter(struct bpf_raw_tracepoint_args *arguments)
{
    __u32 cpu = bpf_get_smp_processor_id();
    (void)arguments;
    if (cpu >= SOFTIRQ_CPUS || !used[cpu]) {
        return 0;
    }
    cpus[cpu].began_ns = bpf_ktime_get_ns();
    return 0;
}

SEC("raw_tp/softirq_exit")
int leave(struct bpf_raw_tracepoint_args *arguments)
{
    __u32 cpu = bpf_get_smp_processor_id();
    __u32 kind = (__u32)arguments->args[0];
    if (cpu >= SOFTIRQ_CPUS || !used[cpu] || kind >= SOFTIRQ_KINDS || cpus[cpu].began_ns == 0) {
        return 0;
    }
    cpus[cpu].ns[kind] += bpf_ktime_get_ns() - cpus[cpu].began_ns;
    return 0;
}
