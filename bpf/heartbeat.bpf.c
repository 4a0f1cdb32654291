// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/heartbeat — notes when a timer interrupt of a CPU is late. Loaded by linux/heartbeat_timer,
 * which lets a software clock expire on each of its CPUs.
 *
 * It is attached to the begin of all timers (include/trace/events/timer.h, hrtimer_expire_entry),
 * and not to the clocks: some kernels leave these out while a CPU is idle.
 */
#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "linux/heartbeat_late.h"

char _license[] SEC("license") = "GPL";

// Set before loading.
const volatile __u64 period_ns;
const volatile __u64 late_ns; // a beat later than this is a stall

struct hrtimer { // of the kernel, include/linux/hrtimer_types.h
    void *function;
} __attribute__((preserve_access_index));
// The function of a software clock's timer, kernel/events/core.c.
extern const void perf_swevent_hrtimer __ksym;

volatile __u8 used[HEARTBEAT_CPUS]; // CPUs whose beats are noted
__u64 last_ns[HEARTBEAT_CPUS];      // the last beat of each CPU, CLOCK_MONOTONIC; 0 = none yet
__u64 lost;                         // stalls for which there was no room

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, 4096); // set before loading
} stalls SEC(".maps");

SEC("raw_tp/hrtimer_expire_entry")
int beat(struct bpf_raw_tracepoint_args *arguments)
{
    __u32 cpu = bpf_get_smp_processor_id();
    if (cpu >= HEARTBEAT_CPUS || !used[cpu]) {
        return 0;
    }
    const struct hrtimer *timer = (const void *)arguments->args[0];
    if (BPF_CORE_READ(timer, function) != &perf_swevent_hrtimer) {
        return 0;
    }
    __u64 now_ns = bpf_ktime_get_ns();
    __u64 before_ns = last_ns[cpu];
    last_ns[cpu] = now_ns;
    if (before_ns == 0 || now_ns <= before_ns + period_ns + late_ns) {
        return 0;
    }
    struct heartbeat_late late = {.cpu = cpu, .from_ns = before_ns, .to_ns = now_ns};
    if (bpf_ringbuf_output(&stalls, &late, sizeof late, BPF_RB_NO_WAKEUP) < 0) {
        __sync_fetch_and_add(&lost, 1);
    }
    return 0;
}
