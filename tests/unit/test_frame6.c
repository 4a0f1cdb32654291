// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of traffic/frame with IPv6 — bytes and checksums of built frames; frames with extension
 * headers, fragments and damaged frames, which the parser must refuse.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

#include "made_up_frames.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEDS        "tests/fuzz/corpus/frame/"

// Places in a frame.
enum {
    TYPE = 12,
    IP = 14,
    IP_PAYLOAD = IP + 4,
    IP_NEXT = IP + 6,
    IP_HOPS = IP + 7,
    UDP = 54,
    UDP_PORT = UDP + 2,
    UDP_LENGTH = UDP + 4,
    UDP_CHECK = UDP + 6,
    STAMP = 62,
};

static const struct frame_address address = {
    .source_mac = {0x02, 0x76, 1, 0, 0, 1},
    .next_hop_mac = {0x02, 0x76, 4, 0, 0, 2},
    .source = {6, {0x20, 1, 0, 2, [15] = 2}},
    .destination = {6, {0x20, 1, 0, 2, 0, 0, 0x80, [15] = 2}},
    .network = 3,
};

static uint8_t *build(unsigned ip_length, const struct frame_stamp *stamp, size_t *ret_length)
{
    return build_of(&address, ip_length, stamp, ret_length);
}

// Sum of all that the UDP checksum covers (RFC 8200 section 8.1).
static unsigned udp_sum(const uint8_t *frame, size_t length)
{
    size_t udp_length = length - UDP;
    uint8_t pseudo[8] = {0, 0, (uint8_t)(udp_length >> 8), (uint8_t)udp_length, 0, 0, 0, 17};
    unsigned sum = rfc1071(0, frame + IP + 8, 32);
    return rfc1071(rfc1071(sum, pseudo, sizeof pseudo), frame + UDP, udp_length);
}

static void mend_udp(uint8_t *frame, size_t length)
{
    put_word(frame + UDP_CHECK, 0);
    put_word(frame + UDP_CHECK, 0xffffU - udp_sum(frame, length));
}

static void bytes_are_those_of_the_standards(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        0x02, 0x76, 0x04, 0x00, 0x00, 0x02, 0x02, 0x76, 0x01, 0x00, 0x00, 0x01, // to, from
        0x86, 0xdd,                                                             // IPv6
        0x60, 0x00, 0x00, 0x00, 0x00, 0x26, 0x11, 0x40, // payload, next header, hop limit
        0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, // 2001:2::2
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, //
        0x20, 0x01, 0x00, 0x02, 0x00, 0x00, 0x80, 0x00, // 2001:2:0:8000::2
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, //
        0x56, 0x56, 0x56, 0x52, 0x00, 0x26, 0x00, 0x00, // ports, length, check
        0x56, 0x52, 0x00, 0x03, 0x01, 0x02, 0x03, 0x04, // magic, network, run
        0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, // sequence
        0x18, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, // time
        0x2a, 0xba, 0xa6, 0x17,                         // check
        0x24, 0x25,                                     // filler
    };
    uint8_t right[sizeof expected];
    memcpy(right, expected, sizeof right);
    mend_udp(right, sizeof right);
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(78, &sent, &length);
    assert_int_equal(length, sizeof right);
    assert_memory_equal(frame, right, length);
    assert_good(frame, length);
}

static void checksums_of_all_lengths_are_right(void **state)
{
    (void)state;
    assert_int_equal(FRAME_IP_MIN(6), 76);
    for (unsigned ip_length = FRAME_IP_MIN(6); ip_length <= FRAME_IP_MAX; ip_length++) {
        struct frame_stamp stamp = {.network = (uint16_t)(ip_length * 7),
                                    .run = ip_length * 2654435761U,
                                    .sequence = ip_length * 0x9e3779b97f4a7c15ULL,
                                    .time_ns = ip_length * 0xc4ceb9fe1a85ec53ULL};
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(ip_length, &stamp, &length);
        assert_int_equal(length, 14 + ip_length);
        assert_int_equal(word_at(frame + IP_PAYLOAD), ip_length - 40);
        assert_int_equal(word_at(frame + UDP_LENGTH), ip_length - 40);
        assert_int_equal(udp_sum(frame, length), 0xffff);
        assert_int_not_equal(word_at(frame + UDP_CHECK), 0);
        struct frame_stamp found = {0};
        assert_int_equal(frame_parse(frame, length, &found), FRAME_GOOD);
        assert_true(stamps_equal(&found, &stamp));
    }
}

// RFC 8200 section 8.1: a checksum of 0 is sent as 0xffff; a receiver discards a packet with 0.
static void checksum_of_zero_is_sent_as_ffff_and_refused_as_zero(void **state)
{
    (void)state;
    struct frame_template *made = memory_new(1, sizeof *made);
    frame_template_init(made, &address, 78);
    uint8_t frame[92];
    memcpy(frame, made->bytes, sizeof frame);
    struct frame_stamp stamp = sent;
    unsigned seen = 0;
    for (unsigned i = 0; i < 1000000 && seen < 3; i++) {
        stamp.time_ns++;
        frame_stamp(made, frame, &stamp);
        if (word_at(frame + UDP_CHECK) == 0xffff) {
            struct frame_stamp found = {0};
            seen++;
            assert_int_equal(udp_sum(frame, sizeof frame), 0xffff);
            assert_int_equal(frame_parse(frame, sizeof frame, &found), FRAME_GOOD);
            assert_true(stamps_equal(&found, &stamp));
            put_word(frame + UDP_CHECK, 0); // the same sum
            assert_refused(frame, sizeof frame, FRAME_CORRUPT);
        }
    }
    assert_int_equal(seen, 3);
    free(made);
}

// What the bit at `at` of a byte belongs to, and so its verdict.
static enum frame_verdict verdict_of_flip(size_t at, unsigned bit)
{
    bool version = at == IP && bit >= 4;
    bool uncovered = at < TYPE || (at >= IP && at < IP_PAYLOAD && !version) || at == IP_HOPS;
    if (uncovered) {
        return FRAME_GOOD;
    }
    bool foreign = at < IP || version || at == IP_NEXT || at == UDP_PORT || at == UDP_PORT + 1;
    return foreign ? FRAME_FOREIGN : FRAME_CORRUPT;
}

static void every_flipped_bit_that_a_checksum_covers_is_found(void **state)
{
    (void)state;
    static const unsigned ip_lengths[] = {76, 78, 257};
    for (size_t k = 0; k < COUNT(ip_lengths); k++) {
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(ip_lengths[k], &sent, &length);
        for (size_t bit = 0; bit < 8 * length; bit++) {
            enum frame_verdict expected = verdict_of_flip(bit / 8, bit % 8);
            frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
            if (expected == FRAME_GOOD) {
                assert_good(frame, length);
            } else {
                assert_refused(frame, length, expected);
            }
            frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_good(frame, length);
    }
}

static void routed_frames_are_good(void **state)
{
    (void)state;
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(80, &sent, &length);
    assert_int_equal(frame[IP_HOPS], 64);
    memset(frame, 0x5a, TYPE);
    for (unsigned hops = 63; hops > 0; hops--) {
        frame[IP_HOPS] = (uint8_t)hops;
        assert_good(frame, length);
    }
}

static void cut_frames_are_refused_and_padded_ones_good(void **state)
{
    (void)state;
    static const unsigned ip_lengths[] = {76, 77, 257, 1500};
    for (size_t k = 0; k < COUNT(ip_lengths); k++) {
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(ip_lengths[k], &sent, &length);
        for (size_t kept = 0; kept < length; kept++) {
            uint8_t *cut = malloc(kept == 0 ? 1 : kept);
            assert_non_null(cut);
            memcpy(cut, frame, kept);
            assert_refused(cut, kept, kept < STAMP ? FRAME_FOREIGN : FRAME_CORRUPT);
            free(cut);
        }
        uint8_t *padded = memory_new(length + 40, 1);
        memcpy(padded, frame, length);
        memset(padded + length, 0xee, 40);
        for (size_t more = 0; more <= 40; more++) {
            assert_good(padded, length + more);
        }
        free(padded);
    }
}

// Inserts an extension header of 8 or more bytes, whose first byte is the next header.
static uint8_t *extend(const uint8_t *header, size_t size, uint8_t kind, size_t *ret_length)
{
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(100, &sent, &length);
    uint8_t *extended = memory_new(length + size, 1);
    memcpy(extended, frame, UDP);
    memcpy(extended + UDP, header, size);
    memcpy(extended + UDP + size, frame + UDP, length - UDP);
    extended[IP_NEXT] = kind;
    put_word(extended + IP_PAYLOAD, word_at(extended + IP_PAYLOAD) + (unsigned)size);
    *ret_length = length + size;
    return extended;
}

static void extension_headers_are_foreign(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind, bytes[24];
        size_t size;
    } headers[] = {
        {0, {17, 0, 1, 4, 0, 0, 0, 0}, 8},           // hop-by-hop options
        {60, {17, 0, 1, 4, 0, 0, 0, 0}, 8},          // destination options
        {43, {17, 2, 4, 0, 0, 0, 0, 0}, 24},         // routing
        {51, {17, 2, 0, 0, 0, 0, 0, 1}, 16},         // authentication
        {59, {0x56, 0x56, 0x56, 0x52, 0, 68, 0}, 8}, // none, with a header that looks like UDP
        {44, {6, 0, 0, 0, 0, 0, 0, 1}, 8},           // fragment of TCP
        {44, {17, 0, 0, 8, 0, 0, 0, 1}, 8},          // last fragment
        {44, {60, 0, 0, 1, 0, 0, 0, 1}, 8},          // fragment of other extension headers
    };
    for (size_t i = 0; i < COUNT(headers); i++) {
        size_t length = 0;
        _cleanup_free_ uint8_t *frame =
            extend(headers[i].bytes, headers[i].size, headers[i].kind, &length);
        assert_refused(frame, length, FRAME_FOREIGN);
    }
}

static void fragments_of_test_traffic_are_corrupt(void **state)
{
    (void)state;
    static const uint8_t first[8] = {17, 0, 0, 1, 0, 0, 0, 1};
    static const uint8_t atomic[8] = {17, 0, 0, 0, 0, 0, 0, 1}; // RFC 6946
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = extend(first, sizeof first, 44, &length);
    assert_refused(frame, length, FRAME_CORRUPT);
    for (size_t kept = 0; kept < length; kept++) {
        uint8_t *cut = malloc(kept == 0 ? 1 : kept);
        assert_non_null(cut);
        memcpy(cut, frame, kept);
        assert_refused(cut, kept, kept < STAMP + 8 ? FRAME_FOREIGN : FRAME_CORRUPT);
        free(cut);
    }
    put_word(frame + UDP_PORT + 8, 53);
    assert_refused(frame, length, FRAME_FOREIGN);
    free(frame);
    frame = extend(atomic, sizeof atomic, 44, &length);
    assert_refused(frame, length, FRAME_CORRUPT);
}

struct edit {
    size_t at;
    unsigned word;
    enum frame_verdict expected;
};

static void wrong_fields_are_refused(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {TYPE, 0x0800, FRAME_FOREIGN},       {TYPE, 0x8100, FRAME_FOREIGN},
        {IP, 0x4500, FRAME_FOREIGN},         {IP, 0x5000, FRAME_FOREIGN},
        {IP_NEXT, 0x3a40, FRAME_FOREIGN},    {IP_NEXT, 0x0640, FRAME_FOREIGN},
        {UDP_PORT, 547, FRAME_FOREIGN},      {IP_PAYLOAD, 0, FRAME_CORRUPT},
        {IP_PAYLOAD, 35, FRAME_CORRUPT},     {IP_PAYLOAD, 59, FRAME_CORRUPT},
        {IP_PAYLOAD, 61, FRAME_CORRUPT},     {IP_PAYLOAD, 0xffff, FRAME_CORRUPT},
        {UDP_LENGTH, 0, FRAME_CORRUPT},      {UDP_LENGTH, 8, FRAME_CORRUPT},
        {UDP_LENGTH, 59, FRAME_CORRUPT},     {UDP_LENGTH, 61, FRAME_CORRUPT},
        {UDP_LENGTH, 0xffff, FRAME_CORRUPT}, {STAMP, 0x5256, FRAME_CORRUPT},
        {STAMP + 2, 4, FRAME_CORRUPT},       {STAMP + 4, 0, FRAME_CORRUPT},
        {STAMP + 14, 1, FRAME_CORRUPT},      {STAMP + 22, 2, FRAME_CORRUPT},
        {STAMP + 24, 0, FRAME_CORRUPT},      {STAMP + 26, 0, FRAME_CORRUPT},
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(100, &sent, &length);
        put_word(frame + edits[i].at, edits[i].word);
        mend_udp(frame, length);
        assert_refused(frame, length, edits[i].expected);
    }
    // A shorter packet, right in itself, that has no room for the stamp.
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(76, &sent, &length);
    put_word(frame + IP_PAYLOAD, 35);
    put_word(frame + UDP_LENGTH, 35);
    mend_udp(frame, 14 + 75);
    assert_refused(frame, length, FRAME_CORRUPT);
}

static void assert_seed(const char *name, const uint8_t *frame, size_t length)
{
    _cleanup_free_ char *path = text_format(SEEDS "%s", name);
    if (getenv("UPDATE_GOLDEN") != NULL) {
        assert_int_equal(file_replace(path, (const char *)frame, length, NULL), 0);
    }
    _cleanup_free_ char *seed = NULL;
    size_t seed_length = 0;
    assert_int_equal(file_read(path, 1 << 20, &seed, &seed_length, NULL), 0);
    assert_int_equal(seed_length, length);
    assert_memory_equal(seed, frame, length);
}

static void seeds_are_these_frames(void **state)
{
    (void)state;
    static const uint8_t first[8] = {17, 0, 0, 1, 0, 0, 0, 1};
    static const uint8_t options[8] = {17, 0, 1, 4, 0, 0, 0, 0};
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(76, &sent, &length);
    assert_seed("ipv6-shortest", frame, length);
    assert_seed("ipv6-cut-short", frame, length - 1);
    frame[STAMP + 15] ^= 1;
    assert_seed("ipv6-wrong-checksum", frame, length);
    mend_udp(frame, length);
    assert_seed("ipv6-wrong-check", frame, length);
    _cleanup_free_ uint8_t *odd = build(257, &sent, &length);
    assert_seed("ipv6-odd", odd, length);
    _cleanup_free_ uint8_t *fragment = extend(first, sizeof first, 44, &length);
    assert_seed("ipv6-fragment", fragment, length);
    _cleanup_free_ uint8_t *extended = extend(options, sizeof options, 0, &length);
    assert_seed("ipv6-options", extended, length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_those_of_the_standards),
        cmocka_unit_test(checksums_of_all_lengths_are_right),
        cmocka_unit_test(checksum_of_zero_is_sent_as_ffff_and_refused_as_zero),
        cmocka_unit_test(every_flipped_bit_that_a_checksum_covers_is_found),
        cmocka_unit_test(routed_frames_are_good),
        cmocka_unit_test(cut_frames_are_refused_and_padded_ones_good),
        cmocka_unit_test(extension_headers_are_foreign),
        cmocka_unit_test(fragments_of_test_traffic_are_corrupt),
        cmocka_unit_test(wrong_fields_are_refused),
        cmocka_unit_test(seeds_are_these_frames),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
