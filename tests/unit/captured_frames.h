// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * captured_frames — streams of captured packets, as tcpdump(8) writes them. Includes cmocka.h by
 * made_up_frames.h: include it last.
 */
#ifndef VRBENCH_TESTS_CAPTURED_FRAMES_H
#define VRBENCH_TESTS_CAPTURED_FRAMES_H

#include <stdint.h>
#include <string.h>

#include "made_up_frames.h"

#define CAPTURED_HEADER 24U
#define CAPTURED_RECORD 16U

static const struct frame_address captured_address = {
    .source_mac = {0x02, 0x76, 1, 0, 0, 1},
    .next_hop_mac = {0x02, 0x76, 4, 0, 0, 2},
    .source = {4, {198, 18, 0, 1}},
    .destination = {4, {198, 19, 0, 1}},
};

// A stream under construction.
struct captured {
    uint8_t *bytes;
    size_t length;
    size_t room; // of `bytes`
};

static inline void captured_add(struct captured *stream, const void *bytes, size_t length)
{
    // Twice as much each time: under sanitizers each resizing copies all.
    if (stream->length + length > stream->room) {
        stream->room = 2 * (stream->length + length);
        stream->bytes = memory_resize(stream->bytes, stream->room, 1);
    }
    memcpy(stream->bytes + stream->length, bytes, length);
    stream->length += length;
}

// pcap-savefile(5): times in microseconds, link type Ethernet.
static inline void captured_begin(struct captured *stream)
{
    const uint32_t header[] = {0xa1b2c3d4U, 2U | 4U << 16, 0, 0, 262144, 1};
    captured_add(stream, header, sizeof header);
}

static inline void captured_packet(struct captured *stream, uint64_t at_us, const uint8_t *bytes,
                                   size_t length)
{
    const uint32_t record[] = {(uint32_t)(at_us / 1000000), (uint32_t)(at_us % 1000000),
                               (uint32_t)length, (uint32_t)length};
    captured_add(stream, record, sizeof record);
    captured_add(stream, bytes, length);
}

// A test packet of path 0. The caller frees it.
static inline uint8_t *captured_frame(uint32_t run, uint64_t sequence, size_t *ret_length)
{
    const struct frame_stamp stamp = {.network = 0, .run = run, .sequence = sequence};
    return build_of(&captured_address, 64, &stamp, ret_length);
}

#endif
