// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
// hold_cpu — holds its CPU within a timer interrupt, as a hypervisor that runs another virtual CPU
// does: no task and no interrupt runs there. Loaded by hold_cpu.c.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define LOOKS_MOST (1U << 23) // of bpf_loop()

char _license[] SEC("license") = "GPL";

const volatile __u64 busy_ns; // set before loading

static long is_over(__u32 look, void *until_ns)
{
    (void)look;
    return bpf_ktime_get_ns() >= *(__u64 *)until_ns;
}

SEC("perf_event") int hold(void *context)
{
    (void)context;
    __u64 until_ns = bpf_ktime_get_ns() + busy_ns;
    (void)bpf_loop(LOOKS_MOST, is_over, &until_ns, 0);
    return 0;
}
