// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
// hold_cpu — holds its CPU within a timer interrupt, as a hypervisor that runs another virtual CPU
// does: no task and no interrupt runs there. Loaded by hold_cpu.c.
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#define LOOKS_MOST (1U << 23) // of bpf_loop()

char _license[] SEC("license") = "GPL";

// Set before loading.
const volatile __u32 held;    // the CPU
const volatile __u64 busy_ns; // for how long it is held
const volatile __u64 idle_ns; // at least, until it is held again

__u64 end_ns; // of the last time

static long is_over(__u32 look, void *until_ns)
{
    (void)look;
    return bpf_ktime_get_ns() >= *(__u64 *)until_ns;
}

// At the begin of each timer: a software clock's own programs do not run on an idle CPU of each
// kernel.
SEC("raw_tp/hrtimer_expire_entry")
int hold(void *context)
{
    (void)context;
    __u64 now_ns = bpf_ktime_get_ns();
    if (bpf_get_smp_processor_id() != held || now_ns < end_ns + idle_ns) {
        return 0;
    }
    __u64 until_ns = now_ns + busy_ns;
    (void)bpf_loop(LOOKS_MOST, is_over, &until_ns, 0);
    end_ns = bpf_ktime_get_ns();
    return 0;
}
