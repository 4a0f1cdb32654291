// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/xdp_source — sends stamped test frames of several streams, each when it is due. Loaded by
 * traffic/xdp_source, which runs it on live frames (kernel: Documentation/bpf/bpf_prog_run.rst);
 * its globals belong to one thread.
 *
 * Each run sends one frame of the first stream that has a due frame, from the stream whose turn it
 * is on, or drops the frame if none is due: a call of bpf(2) with many repeats is the pacing loop.
 * Between two batches of frames the kernel lets other tasks run.
 *
 * A stream that is behind its pace keeps its turn for ROW frames: the kernel hands frames over to
 * an interface in bulks, and one bulk of 16 frames costs less than 16 bulks of one.
 *
 * The kernel recycles the frames' pages without rewriting them, and the receiver of a frame may
 * have changed its headers: everything before the filler is written for each packet.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "keep.h"
#include "traffic/stamp.h"
#include "traffic/xdp_stream.h"

char _license[] SEC("license") = "GPL";

#define WAIT_STEP_NS 4000U // between two runs that wait; more time was not spent waiting
#define ROW          16U   // DEV_MAP_BULK_SIZE of the kernel
#define LOOK         16U   // streams that a run looks at, at most

struct {
    __u8 unused[XDP_BEHIND_HEADERS];
    // Set for each trial:
    __u32 first_stream, beyond_stream; // streams that take turns
    __u32 turn;                        // the stream that the next run looks at first
    __u32 row;                         // frames that it has sent in its turn
    __u64 end_ns;                      // CLOCK_MONOTONIC; no packet is sent from then on
    // Results:
    __u64 waited_ns;  // CPU time spent waiting until a packet was due
    __u64 waiting_ns; // time of the last run, if it sent nothing; else 0
    struct xdp_stream streams[XDP_STREAMS_MAX];
} hot __attribute__((aligned(XDP_PAGE)));
struct pace_piece pieces[PACE_PIECES_MAX]; // of loads that change in time
// The interface by which each stream's packets leave; packets of a stream without one are dropped.
// An entry is made in the namespace of its interface, so one run can serve several namespaces.
struct {
    __uint(type, BPF_MAP_TYPE_DEVMAP);
    __uint(max_entries, XDP_STREAMS_MAX);
    __type(key, __u32);
    __type(value, __u32);
} interfaces SEC(".maps");

static void count_waiting(__u64 now_ns)
{
    __u64 since = now_ns - hot.waiting_ns;
    if (since < WAIT_STEP_NS) {
        hot.waited_ns += since;
    }
    hot.waiting_ns = now_ns;
}

// Gives a frame that has the source of the stream's first flow that of its packet's flow: writes
// port and address, and the checksum of an IPv4 header. `length` is that of the headers. Returns
// what the UDP checksum's sum grows by.
static __always_inline __u64 write_source(const struct xdp_stream *stream,
                                          const struct xdp_part *part, __u8 *at, const __u32 length,
                                          const int six)
{
    const struct form *form = &stream->form;
    if (form->flows.count < 2) {
        return 0;
    }
    __u32 flow = form_flow(&form->flows, stream->sequence);
    __u16 port = bpf_htons((__u16)form_port(form, flow));
    __u32 address = bpf_htonl(form_address(form, flow));
    __u8 *ip = at + length - FRAME_UDP - (six ? FRAME_IPV6 : FRAME_IPV4);
    if (six) {
        *(__u32 *)(void *)(ip + 20) = address;
    } else {
        *(__u32 *)(void *)(ip + 12) = address;
        *(__u16 *)(void *)(ip + 10) = ~stamp_fold(part->ip_less + address);
    }
    *(__u16 *)(void *)(at + length - FRAME_UDP) = port;
    return part->udp_less + address + port;
}

// Writes the stream's next frame up to the filler; `length` is that of its headers, a constant for
// the verifier. Returns 0 if the frame is too short.
static __always_inline int write_headers(struct xdp_md *context, const struct xdp_stream *stream,
                                         __u64 now_ns, const __u32 length, const int six)
{
    const struct xdp_part *part =
        &stream->parts[form_part(&stream->form.lengths, stream->sequence) & (FORM_PARTS_MAX - 1)];
    __s32 beyond = (__s32)(context->data_end - context->data) - (__s32)part->length;
    // The kernel made the frame as long as the longest packet.
    if (beyond < 0 || (beyond > 0 && bpf_xdp_adjust_tail(context, -beyond) < 0)) {
        return 0;
    }
    __u8 *at = (__u8 *)(long)context->data;
    if (at + length + FRAME_STAMP_LENGTH > (__u8 *)(long)context->data_end) {
        return 0;
    }
    __u64 *words = (__u64 *)(void *)at;
    for (__u32 i = 0; i < (length + 7) / 8; i++) { // the last one reaches into the stamp
        words[i] = part->headers[i];
    }
    __u64 number = bpf_cpu_to_be64(stream->sequence);
    __u64 time = bpf_cpu_to_be64(now_ns);
    __u32 check = bpf_htonl(stamp_check_mixed(stream->begin_mix, number, time));
    __u64 grown = write_source(stream, part, at, length, six);
    __u16 sum = ~stamp_fold(part->base_sum + grown + stamp_halves(stream->begin) +
                            stamp_halves(number) + stamp_halves(time) + check);
    // RFC 768: a checksum of 0 means no checksum
    *(__u16 *)(void *)(at + length - 2) = sum == 0 ? 0xffff : sum;
    *(__u64 *)(void *)(at + length) = stream->begin;
    *(__u64 *)(void *)(at + length + 8) = number;
    *(__u64 *)(void *)(at + length + 16) = time;
    *(__u32 *)(void *)(at + length + 24) = check;
    return 1;
}

// Writes the stream's next frame. Returns 0 if it has no room.
static __always_inline int write_frame(struct xdp_md *context, const struct xdp_stream *stream,
                                       __u64 now_ns)
{
    switch (stream->stamp_at) {
    case FRAME_STAMP_AT(4):
        return write_headers(context, stream, now_ns, FRAME_STAMP_AT(4), 0);
    case FRAME_STAMP_AT(6):
        return write_headers(context, stream, now_ns, FRAME_STAMP_AT(6), 1);
    case FRAME_VLAN + FRAME_STAMP_AT(4):
        return write_headers(context, stream, now_ns, FRAME_VLAN + FRAME_STAMP_AT(4), 0);
    default:
        return write_headers(context, stream, now_ns, FRAME_VLAN + FRAME_STAMP_AT(6), 1);
    }
}

// Changes to the next piece of the stream's load.
static void enter_piece(struct xdp_stream *stream)
{
    __u32 own = stream->next_piece;
    if (own >= PACE_PIECES_MAX) {
        return;
    }
    pace_enter(&stream->pace, &pieces[own].pace);
    own++;
    stream->next_piece = own;
    int is_last = own >= stream->beyond_piece || own >= PACE_PIECES_MAX;
    KEEP(own); // Linux 6.1 learns nothing from a comparison for inequality, but from a mask
    own &= PACE_PIECES_MAX - 1;
    stream->next_first = is_last ? ~0ULL : pieces[own].first;
}

static __always_inline int is_due(const struct xdp_stream *stream, __u64 now_ns)
{
    return pace_allows(&stream->pace, now_ns) && stream->sequence < stream->target;
}

static __always_inline void pass_turn(__u32 own)
{
    hot.turn = own + 1 < hot.beyond_stream ? own + 1 : hot.first_stream;
    hot.row = 0;
}

// Gives the turn to the first stream that has a due frame. Returns 0 if none of those looked at has
// one.
static __always_inline int find_due(__u64 now_ns)
{
    __u32 first = hot.turn;
    for (__u32 i = 0; i < LOOK; i++) {
        __u32 own = hot.turn;
        if (own >= XDP_STREAMS_MAX) {
            return 0;
        }
        if (is_due(&hot.streams[own], now_ns)) {
            return 1;
        }
        pass_turn(own);
        if (hot.turn == first) {
            return 0;
        }
    }
    return 0;
}

SEC("xdp")
int send_stamped(struct xdp_md *context)
{
    __u64 now_ns = bpf_ktime_get_ns();
    if (now_ns >= hot.end_ns || !find_due(now_ns)) {
        count_waiting(now_ns);
        return XDP_DROP;
    }
    hot.waiting_ns = 0;
    __u32 own = hot.turn;
    KEEP(own);
    if (own >= XDP_STREAMS_MAX) {
        return XDP_ABORTED;
    }
    struct xdp_stream *stream = &hot.streams[own];
    if (!write_frame(context, stream, now_ns)) {
        return XDP_ABORTED;
    }
    pace_sent(&stream->pace, now_ns);
    stream->sequence++;
    stream->last_ns = now_ns;
    if (stream->sequence == stream->next_first) {
        enter_piece(stream);
    }
    hot.row++;
    if (hot.row >= ROW || !pace_allows(&stream->pace, now_ns)) {
        pass_turn(own);
    }
    return (int)bpf_redirect_map(&interfaces, own, XDP_DROP);
}
