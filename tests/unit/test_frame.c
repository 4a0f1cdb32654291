// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of traffic/frame — bytes and checksums of built frames, and frames that a parser must
 * refuse.
 *
 * Checksums are compared with rfc1071() below, a plain implementation. The seeds of fuzz_frame are
 * frames made here; UPDATE_GOLDEN=1 rewrites them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "made_up_frames.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEDS        "tests/fuzz/corpus/frame/"

// Places in a frame.
enum {
    TYPE = 12,
    IP = 14,
    IP_LENGTH = IP + 2,
    IP_FRAGMENT = IP + 6,
    IP_TTL = IP + 8,
    IP_PROTOCOL = IP + 9,
    IP_CHECK = IP + 10,
    UDP = 34,
    UDP_PORT = UDP + 2,
    UDP_LENGTH = UDP + 4,
    UDP_CHECK = UDP + 6,
    STAMP = 42,
};

static const struct frame_address address = {
    .source_mac = {0x02, 0x76, 1, 0, 0, 1},
    .next_hop_mac = {0x02, 0x76, 4, 0, 0, 2},
    .source = {4, {198, 18, 0, 1}},
    .destination = {4, {198, 19, 0, 1}},
    .network = 3,
};
// Sum of all that the UDP checksum covers.
static unsigned udp_sum(const uint8_t *frame, size_t length)
{
    size_t udp_length = length - UDP;
    uint8_t pseudo[4] = {0, 17, (uint8_t)(udp_length >> 8), (uint8_t)udp_length};
    unsigned sum = rfc1071(0, frame + IP + 12, 8);
    return rfc1071(rfc1071(sum, pseudo, sizeof pseudo), frame + UDP, udp_length);
}

static void mend_ip(uint8_t *frame)
{
    put_word(frame + IP_CHECK, 0);
    put_word(frame + IP_CHECK, 0xffffU - rfc1071(0, frame + IP, 20));
}

static void mend_udp(uint8_t *frame, size_t length)
{
    put_word(frame + UDP_CHECK, 0);
    put_word(frame + UDP_CHECK, 0xffffU - udp_sum(frame, length));
}

static uint8_t *build(unsigned ip_length, const struct frame_stamp *stamp, size_t *ret_length)
{
    return build_of(&address, ip_length, stamp, ret_length);
}

static void test_bytes(void **state)
{
    (void)state;
    static const uint8_t expected[] = {
        0x02, 0x76, 0x04, 0x00, 0x00, 0x02, 0x02, 0x76, 0x01, 0x00, 0x00, 0x01, // to, from
        0x08, 0x00,                                                             // IPv4
        0x45, 0x00, 0x00, 0x40, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xae, 0x85, // length, check
        0xc6, 0x12, 0x00, 0x01, 0xc6, 0x13, 0x00, 0x01,                         // addresses
        0x56, 0x56, 0x56, 0x52, 0x00, 0x2c, 0x57, 0x50, // ports, length, check
        0x56, 0x52, 0x00, 0x03, 0x01, 0x02, 0x03, 0x04, // magic, network, run
        0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, // sequence
        0x18, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6, 0x07, // time
        0x2a, 0xba, 0xa6, 0x17,                         // check
        0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, // filler
    };
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
    assert_int_equal(length, sizeof expected);
    assert_memory_equal(frame, expected, length);
    assert_good(frame, length);
}

// A tag is between the MAC addresses and the rest, which is as without.
static void test_tag(void **state)
{
    (void)state;
    static const uint8_t tag[] = {0x81, 0x00, 0x01, 0x2c};
    struct frame_address tagged = address;
    tagged.vlan = 300;
    size_t length = 0;
    size_t tagged_length = 0;
    _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
    _cleanup_free_ uint8_t *with_tag = build_of(&tagged, 64, &sent, &tagged_length);
    assert_int_equal(tagged_length, length + sizeof tag);
    assert_memory_equal(with_tag, frame, TYPE);
    assert_memory_equal(with_tag + TYPE, tag, sizeof tag);
    assert_memory_equal(with_tag + TYPE + sizeof tag, frame + TYPE, length - TYPE);
    struct frame_stamp found;
    assert_int_equal(frame_parse(with_tag, tagged_length, &found), FRAME_GOOD);
    assert_true(stamps_equal(&found, &sent));
    assert_int_equal(found.seen.vlan, 300);
    assert_int_equal(found.seen.ip_length, 64);
    for (size_t cut = 0; cut < tagged_length; cut++) {
        assert_int_not_equal(frame_parse(with_tag, cut, &found), FRAME_GOOD);
    }
}

static void test_sums(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (unsigned kind = 0; kind < 3; kind++) {
        for (size_t length = 0; length <= 200; length++) {
            for (size_t shift = 0; shift < 8; shift++) {
                uint8_t *room = memory_new(shift + length, 1);
                uint8_t *bytes = room + shift;
                for (size_t i = 0; i < length; i++) {
                    random = random * 1664525U + 1013904223U;
                    bytes[i] = kind == 0 ? 0xff : kind == 1 ? 0 : (uint8_t)(random >> 24);
                }
                uint16_t found = stamp_fold(frame_sum(bytes, length));
                uint8_t wire[2];
                memcpy(wire, &found, 2); // the sum is in memory order
                assert_int_equal(word_at(wire), rfc1071(0, bytes, length));
                free(room);
            }
        }
    }
    uint64_t any = 1;
    for (unsigned i = 0; i < 1000000; i++) {
        any = any * 6364136223846793005ULL + 1442695040888963407ULL;
        uint64_t multiple = any / 0xffff * 0xffff;
        assert_int_equal(stamp_sum_is_intact(any), stamp_fold(any) == 0xffff);
        assert_int_equal(stamp_sum_is_intact(multiple), multiple != 0);
        assert_int_equal(stamp_sum_is_intact(multiple + 1), 0);
        assert_int_equal(stamp_fold(multiple), multiple == 0 ? 0 : 0xffff);
    }
    assert_int_equal(stamp_sum_is_intact(0), 0);
    assert_int_equal(stamp_sum_is_intact(0xffff), 1);
    assert_int_equal(stamp_sum_is_intact(UINT64_MAX), 1);
    assert_int_equal(stamp_fold(0), 0);
    assert_int_equal(stamp_fold(0x10000), 1);
    assert_int_equal(stamp_fold(0xffffffff), 0xffff);
    assert_int_equal(stamp_fold(0x100000000), 1);
    assert_int_equal(stamp_fold(UINT64_MAX), 0xffff);
    assert_int_equal(stamp_fold(0xffffffff00000001), 1);
    assert_int_equal(stamp_fold(0xfffffffffffffffe), 0xfffe);
}

static void test_checksums_of_all_lengths(void **state)
{
    (void)state;
    for (unsigned ip_length = FRAME_IP_MIN(4); ip_length <= FRAME_IP_MAX; ip_length++) {
        struct frame_stamp stamp = {.network = (uint16_t)(ip_length * 7),
                                    .run = ip_length * 2654435761U,
                                    .sequence = ip_length * 0x9e3779b97f4a7c15ULL,
                                    .time_ns = ip_length * 0xc4ceb9fe1a85ec53ULL};
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(ip_length, &stamp, &length);
        assert_int_equal(length, 14 + ip_length);
        assert_int_equal(word_at(frame + IP_LENGTH), ip_length);
        assert_int_equal(word_at(frame + UDP_LENGTH), ip_length - 20);
        assert_int_equal(rfc1071(0, frame + IP, 20), 0xffff);
        assert_int_equal(udp_sum(frame, length), 0xffff);
        assert_int_not_equal(word_at(frame + UDP_CHECK), 0);
        struct frame_stamp found = {0};
        assert_int_equal(frame_parse(frame, length, &found), FRAME_GOOD);
        assert_true(stamps_equal(&found, &stamp));
    }
}

// RFC 768: a checksum of 0 is sent as 0xffff, because 0 means no checksum.
static void test_zero_checksum(void **state)
{
    (void)state;
    struct frame_template *made = memory_new(1, sizeof *made);
    frame_template_init(made, &address, 64);
    uint8_t frame[78];
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
        }
    }
    assert_int_equal(seen, 3);
    free(made);
}

static void test_bit_flips(void **state)
{
    (void)state;
    static const unsigned ip_lengths[] = {64, 257};
    for (size_t k = 0; k < COUNT(ip_lengths); k++) {
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(ip_lengths[k], &sent, &length);
        for (size_t bit = 0; bit < 8 * length; bit++) {
            frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
            size_t at = bit / 8;
            if (at < TYPE) {
                assert_good(frame, length); // an address of this link is no business of the stamp
            } else if (at < IP + 1 || at == IP_PROTOCOL || at == UDP_PORT || at == UDP_PORT + 1) {
                assert_refused(frame, length, FRAME_FOREIGN);
            } else {
                assert_refused(frame, length, FRAME_CORRUPT);
            }
            frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
        }
        assert_good(frame, length);
    }
}

// Two bits can outwit a checksum, but then the stamp's own check stands.
static void test_pairs_of_bit_flips(void **state)
{
    (void)state;
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
    for (size_t first = 8 * (size_t)TYPE; first < 8 * length; first++) {
        frame[first / 8] ^= (uint8_t)(1U << first % 8);
        for (size_t second = first + 1; second < 8 * length; second++) {
            frame[second / 8] ^= (uint8_t)(1U << second % 8);
            struct frame_stamp found = sent;
            (void)frame_parse(frame, length, &found);
            assert_true(stamps_equal(&found, &sent));
            frame[second / 8] ^= (uint8_t)(1U << second % 8);
        }
        frame[first / 8] ^= (uint8_t)(1U << first % 8);
    }
}

// As Linux' ip_decrease_ttl() does it, by RFC 1624.
static void route(uint8_t *frame)
{
    unsigned check = word_at(frame + IP_CHECK) + 0x0100U;
    put_word(frame + IP_CHECK, check + (check >= 0xffffU));
    frame[IP_TTL]--;
    memset(frame, 0x5a, TYPE);
}

static void test_routed(void **state)
{
    (void)state;
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
    assert_int_equal(frame[IP_TTL], 64);
    for (unsigned ttl = 63; ttl > 0; ttl--) {
        route(frame);
        assert_int_equal(frame[IP_TTL], ttl);
        assert_int_equal(rfc1071(0, frame + IP, 20), 0xffff);
        assert_good(frame, length);
    }
    frame[IP_TTL]++;
    assert_refused(frame, length, FRAME_CORRUPT);
}

static void test_cut_short(void **state)
{
    (void)state;
    static const unsigned ip_lengths[] = {56, 64, 257, 1500};
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
        // What a driver pads an IP packet with is no part of it.
        uint8_t *padded = memory_new(length + 40, 1);
        memcpy(padded, frame, length);
        memset(padded + length, 0xee, 40);
        for (size_t more = 0; more <= 40; more++) {
            assert_good(padded, length + more);
        }
        free(padded);
    }
}

struct edit {
    size_t at;
    unsigned word;
};

static void test_foreign(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {TYPE, 0x0806},    // ARP
        {TYPE, 0x86dd},    // IPv6, with an IPv4 header
        {TYPE, 0x8100},    // VLAN tag
        {TYPE, 0x0040},    // IEEE 802.3 length
        {IP, 0x4600},      // IP options
        {IP, 0x4400},      // no IP header
        {IP, 0x6500},      // version 6
        {IP_TTL, 0x4001},  // ICMP
        {IP_TTL, 0x4006},  // TCP
        {UDP_PORT, 5353},  // mDNS
        {UDP_PORT, 0},     // none
        {UDP_PORT, 22099}, // beside ours
    };
    static const uint8_t nothing[100];
    assert_refused(nothing, sizeof nothing, FRAME_FOREIGN);
    for (size_t i = 0; i < COUNT(edits); i++) {
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
        put_word(frame + edits[i].at, edits[i].word);
        mend_ip(frame);
        mend_udp(frame, length);
        assert_refused(frame, length, FRAME_FOREIGN);
    }
}

// Checksums are right, but something else isn't.
static void test_corrupt(void **state)
{
    (void)state;
    static const struct edit edits[] = {
        {IP_LENGTH, 0},        {IP_LENGTH, 20},       {IP_LENGTH, 55},    {IP_LENGTH, 63},
        {IP_LENGTH, 65},       {IP_LENGTH, 0xffff},   {UDP_LENGTH, 0},    {UDP_LENGTH, 8},
        {UDP_LENGTH, 43},      {UDP_LENGTH, 45},      {UDP_LENGTH, 1000}, {IP_FRAGMENT, 0x2000},
        {IP_FRAGMENT, 0x6000}, {IP_FRAGMENT, 0x4001}, {STAMP, 0},         {STAMP, 0x5256},
        {STAMP + 2, 4},        {STAMP + 4, 0},        {STAMP + 14, 1},    {STAMP + 22, 2},
        {STAMP + 24, 0},       {STAMP + 26, 0},
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        size_t length = 0;
        _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
        put_word(frame + edits[i].at, edits[i].word);
        mend_ip(frame);
        mend_udp(frame, length);
        assert_refused(frame, length, FRAME_CORRUPT);
    }
    // A shorter packet, right in itself but with no room for the stamp.
    size_t length = 0;
    _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
    put_word(frame + IP_LENGTH, 55);
    put_word(frame + UDP_LENGTH, 35);
    mend_ip(frame);
    mend_udp(frame, 14 + 55);
    assert_refused(frame, length, FRAME_CORRUPT);
    // Another magic number, with the check that would go with it.
    _cleanup_free_ uint8_t *other = build(64, &sent, &length);
    put_word(other + STAMP, 0x5256);
    put_word(other + STAMP + 24, 0x2d6a);
    put_word(other + STAMP + 26, 0xebc4);
    mend_udp(other, length);
    assert_refused(other, length, FRAME_CORRUPT);
    // No source omits the checksum.
    _cleanup_free_ uint8_t *bare = build(64, &sent, &length);
    put_word(bare + UDP_CHECK, 0);
    assert_refused(bare, length, FRAME_CORRUPT);
}

static void test_ports(void **state)
{
    (void)state;
    static const uint16_t networks[] = {0, 1, 255, 1023, 1024, 65535};
    struct frame_template *made = memory_new(1, sizeof *made);
    for (size_t i = 0; i < COUNT(networks); i++) {
        struct frame_address other = address;
        struct frame_stamp stamp = sent;
        struct frame_stamp found = {0};
        other.network = stamp.network = networks[i];
        frame_template_init(made, &other, 57);
        assert_int_equal(word_at(made->bytes + UDP), 22099 + networks[i] % 1024);
        assert_int_equal(word_at(made->bytes + UDP_PORT), FRAME_PORT);
        frame_stamp(made, made->bytes, &stamp);
        assert_int_equal(frame_parse(made->bytes, made->length, &found), FRAME_GOOD);
        assert_true(stamps_equal(&found, &stamp));
    }
    free(made);
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

static void test_seeds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned ip_length;
    } plain[] = {{"shortest", 56}, {"short", 64}, {"odd", 257}, {"full", 1500}};
    size_t length = 0;
    for (size_t i = 0; i < COUNT(plain); i++) {
        _cleanup_free_ uint8_t *frame = build(plain[i].ip_length, &sent, &length);
        assert_seed(plain[i].name, frame, length);
    }
    _cleanup_free_ uint8_t *frame = build(64, &sent, &length);
    route(frame);
    assert_seed("routed", frame, length);
    assert_seed("cut-short", frame, length - 1);
    assert_seed("header-only", frame, STAMP);
    put_word(frame + IP_FRAGMENT, 0x2000);
    mend_ip(frame);
    assert_seed("fragment", frame, length);
    put_word(frame + IP_FRAGMENT, 0x4000);
    mend_ip(frame);
    frame[STAMP + 15] ^= 1;
    assert_seed("wrong-checksum", frame, length);
    mend_udp(frame, length);
    assert_seed("wrong-check", frame, length);
    put_word(frame + TYPE, 0x0806);
    assert_seed("foreign", frame, length);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_tag),
        cmocka_unit_test(test_sums),
        cmocka_unit_test(test_checksums_of_all_lengths),
        cmocka_unit_test(test_zero_checksum),
        cmocka_unit_test(test_bit_flips),
        cmocka_unit_test(test_pairs_of_bit_flips),
        cmocka_unit_test(test_routed),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_foreign),
        cmocka_unit_test(test_corrupt),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_seeds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
