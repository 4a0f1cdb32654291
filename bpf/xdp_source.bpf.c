// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/xdp_source — writes a stamped test frame and redirects it out of an interface. Loaded by
 * traffic/xdp_source, which runs it on live frames (kernel: Documentation/bpf/bpf_prog_run.rst);
 * its globals belong to one path.
 *
 * The kernel recycles the frames' pages without rewriting them, and the receiver of a frame may
 * have changed its headers: everything before the filler is written for each packet.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "traffic/stamp.h"

char _license[] SEC("license") = "GPL";

// Set for each trial:
__u64 frame_headers[FRAME_HEADERS_MAX / 8 + 1]; // bytes of Ethernet, IP and UDP header, then 0
__u32 stamp_at;                                 // their length, FRAME_STAMP_AT(version)
__u64 frame_base_sum;                           // frame_template.base_sum of traffic/frame.h
__u64 stamp_begin;                              // the first 8 bytes of the stamp, in memory order
volatile __u64 sequence;                        // of the next packet
volatile __u32 interface; // interface by which packets leave; 0 = they are dropped

static __u64 halves(__u64 bytes)
{
    return (bytes & 0xffffffffU) + (bytes >> 32);
}

// Writes headers and stamp; `length` is that of the headers, a constant for the verifier.
static __always_inline int write_frame(struct xdp_md *context, const __u32 length)
{
    __u8 *at = (__u8 *)(long)context->data;
    if (at + length + FRAME_STAMP_LENGTH > (__u8 *)(long)context->data_end) {
        return 0;
    }
    __u64 number = bpf_cpu_to_be64(sequence);
    __u64 time = bpf_cpu_to_be64(bpf_ktime_get_ns());
    __u32 check = bpf_htonl(stamp_check(stamp_begin, number, time));
    __u16 sum =
        ~stamp_fold(frame_base_sum + halves(stamp_begin) + halves(number) + halves(time) + check);
    __u64 *words = (__u64 *)(void *)at;
    for (__u32 i = 0; i < (length + 7) / 8; i++) { // the last one reaches into the stamp
        words[i] = frame_headers[i];
    }
    // RFC 768: a checksum of 0 means no checksum
    *(__u16 *)(void *)(at + length - 2) = sum == 0 ? 0xffff : sum;
    *(__u64 *)(void *)(at + length) = stamp_begin;
    *(__u64 *)(void *)(at + length + 8) = number;
    *(__u64 *)(void *)(at + length + 16) = time;
    *(__u32 *)(void *)(at + length + 24) = check;
    return 1;
}

SEC("xdp")
int send_stamped(struct xdp_md *context)
{
    int written = stamp_at == FRAME_STAMP_AT(6) ? write_frame(context, FRAME_STAMP_AT(6))
                                                : write_frame(context, FRAME_STAMP_AT(4));
    if (written == 0) {
        return XDP_ABORTED;
    }
    sequence++;
    return interface == 0 ? XDP_DROP : bpf_redirect(interface, 0);
}
