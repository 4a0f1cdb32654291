// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * made_up_frames — what the tests of traffic/frame have in common. Includes cmocka.h: include it
 * last.
 */
#ifndef VRBENCH_TESTS_MADE_UP_FRAMES_H
#define VRBENCH_TESTS_MADE_UP_FRAMES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "traffic/frame.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

static const struct frame_stamp sent = {
    .network = 3,
    .run = 0x01020304,
    .sequence = 0x1122334455667788,
    .time_ns = 0x18a1b2c3d4e5f607,
};

// One's complement sum of big-endian 16-bit words, an odd byte padded with zero: RFC 1071 §1.
static inline unsigned rfc1071(unsigned sum, const uint8_t *bytes, size_t length)
{
    for (size_t i = 0; i < length; i += 2) {
        sum += (unsigned)bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0U);
        sum = (sum & 0xffffU) + (sum >> 16);
    }
    return sum;
}

static inline unsigned word_at(const uint8_t *at)
{
    return (unsigned)at[0] << 8 | at[1];
}

static inline void put_word(uint8_t *at, unsigned word)
{
    at[0] = (uint8_t)(word >> 8);
    at[1] = (uint8_t)word;
}

// A whole frame in a buffer of exactly its length, for the sanitizer to watch.
static inline uint8_t *build_of(const struct frame_address *address, unsigned ip_length,
                                const struct frame_stamp *stamp, size_t *ret_length)
{
    struct frame_template *made = memory_new(1, sizeof *made);
    frame_template_init(made, address, ip_length);
    uint8_t *frame = memory_new(made->length, 1);
    memcpy(frame, made->bytes, made->length);
    frame_stamp(made, frame, stamp);
    *ret_length = made->length;
    free(made);
    return frame;
}

static inline bool stamps_equal(const struct frame_stamp *a, const struct frame_stamp *b)
{
    return a->network == b->network && a->run == b->run && a->sequence == b->sequence &&
           a->time_ns == b->time_ns;
}

// The frame is refused, and nothing was written.
static inline void assert_refused(const uint8_t *frame, size_t length, enum frame_verdict expected)
{
    static const struct frame_stamp untouched = {77, 77, 77, 77, {0, 0, 0, 0}};
    struct frame_stamp stamp = untouched;
    assert_int_equal(frame_parse(frame, length, &stamp), expected);
    assert_true(stamps_equal(&stamp, &untouched));
}

static inline void assert_good(const uint8_t *frame, size_t length)
{
    struct frame_stamp stamp = {0};
    assert_int_equal(frame_parse(frame, length, &stamp), FRAME_GOOD);
    assert_true(stamps_equal(&stamp, &sent));
}

#endif
