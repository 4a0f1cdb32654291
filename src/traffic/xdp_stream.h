// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * traffic/xdp_stream — one path's packets as bpf/xdp_source sends them; written by
 * traffic/xdp_source. No system header is included, so that the BPF compiler can read this file.
 */
#ifndef VRBENCH_TRAFFIC_XDP_STREAM_H
#define VRBENCH_TRAFFIC_XDP_STREAM_H

#include "traffic/form.h"
#include "traffic/pace.h"
#include "traffic/stamp.h"

// The kernel keeps its description of a live frame and the frame's headers in the first 512 bytes
// of a page. Many such pages would keep displacing from the CPU's cache what has the same place in
// another page: what the programs need for each packet begins behind that place.
#define XDP_PAGE           4096U
#define XDP_BEHIND_HEADERS 2560U

#define XDP_STREAMS_MAX 2048U // of a thread: two directions of as many networks as a scenario has

// The packets of one length.
struct xdp_part {
    uint64_t headers[FRAME_HEADERS_MAX / 8 + 1]; // bytes of Ethernet, IP and UDP header, then 0
    uint64_t base_sum;                           // frame_template.base_sum of traffic/frame.h
    // Sums to which another source port and source address, in memory order, are added for the
    // checksum of the UDP header and that of the IPv4 header (RFC 1624).
    uint64_t udp_less, ip_less;
    uint32_t length; // of the frame
    uint32_t unused;
};

struct xdp_stream {
    struct pace pace;
    uint64_t sequence;                 // of the next packet
    uint64_t target;                   // packets to send
    uint64_t next_first;               // number of the first packet of the next piece
    uint64_t last_ns;                  // CLOCK_MONOTONIC when the last packet was sent
    uint64_t begin;                    // the first 8 bytes of the stamp, in memory order
    uint64_t begin_mix;                // their part of the stamp's check
    uint32_t stamp_at;                 // length of the headers, with the tag if there is one
    uint32_t next_piece, beyond_piece; // indexes in the program's pieces
    uint32_t unused;
    struct xdp_part parts[FORM_PARTS_MAX]; // as form.lengths.lengths
    struct form form;
};

#endif
