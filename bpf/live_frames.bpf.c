// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/live_frames — the least that live frames can do: one program redirects each frame out of an
 * interface as it is, another counts and drops. The same with a reading of the clock at both ends
 * is the least of a generator that measures the delay of each packet. Loaded by
 * bench/live_frames.c.
 */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "GPL";

volatile __u32 interface;
volatile __u64 received;
volatile __u64 sent_ns, received_ns; // of the newest frame, by the programs that read the clock

SEC("xdp")
int send_plain(struct xdp_md *context)
{
    (void)context;
    return bpf_redirect(interface, 0);
}

SEC("xdp")
int drop_plain(struct xdp_md *context)
{
    (void)context;
    received++;
    return XDP_DROP;
}

SEC("xdp")
int send_timed(struct xdp_md *context)
{
    (void)context;
    sent_ns = bpf_ktime_get_ns();
    return bpf_redirect(interface, 0);
}

SEC("xdp")
int drop_timed(struct xdp_md *context)
{
    (void)context;
    received_ns = bpf_ktime_get_ns();
    received++;
    return XDP_DROP;
}
