// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * traffic/stamp — definitions shared by the program and its BPF programs (bpf/): constants of test
 * frames (frame.h describes their layout) and of the counting of a flow (flow.h). No system header
 * is included, so that the BPF compiler can read this file.
 */
#ifndef VRBENCH_TRAFFIC_STAMP_H
#define VRBENCH_TRAFFIC_STAMP_H

#include <stdint.h>

#define FRAME_MAGIC                0x5652U
#define FRAME_PORT                 22098U // UDP destination port of test traffic
// UDP source port of a network's traffic, or of the first of its flows, whose ports end below
// 65536.
#define FRAME_SOURCE_PORT(network) (FRAME_PORT + 1U + (network) % 1024U)
#define FRAME_ETHERNET             14U    // bytes of an Ethernet header; no FCS in software
#define FRAME_VLAN                 4U     // bytes of an IEEE 802.1Q tag
#define FRAME_VLAN_ID              0xfffU // VLAN identifier in a tag's first 2 bytes
#define FRAME_IPV4                 20U    // bytes of an IPv4 header without options
#define FRAME_IPV6                 40U    // bytes of an IPv6 header without extension headers
#define FRAME_UDP                  8U     // bytes of a UDP header
#define FRAME_STAMP_LENGTH         28U
// Bytes before the stamp, at most.
#define FRAME_HEADERS_MAX          (FRAME_ETHERNET + FRAME_VLAN + FRAME_IPV6 + FRAME_UDP)
// Where the stamp of a frame without a tag begins, by IP version.
#define FRAME_STAMP_AT(version)                                                                    \
    (FRAME_ETHERNET + ((version) == 6 ? FRAME_IPV6 : FRAME_IPV4) + FRAME_UDP)
// Bytes of the shortest IP packet, by version, and of the longest.
#define FRAME_IP_MIN(version) (FRAME_STAMP_AT(version) - FRAME_ETHERNET + FRAME_STAMP_LENGTH)
#define FRAME_IP_MAX          9000U
#define FRAME_LENGTH_MAX      (FRAME_ETHERNET + FRAME_VLAN + FRAME_IP_MAX)

// How far a sequence number may be behind the highest one while duplicates are still recognised.
#define FLOW_WINDOW       (1ULL << 22)
#define FLOW_WINDOW_WORDS (FLOW_WINDOW / 64)

// Delays are counted in classes of 1/64 of a power of two (at most 1.6 % wide), 1 ns to 2^40 ns.
#define FLOW_DELAY_CLASSES (64U * 36U)
// Each class of a result has FLOW_FINE of those: four classes for each power of two from 64 ns on.
#define FLOW_FINE          16U
#define FLOW_CLASSES       (FLOW_DELAY_CLASSES / FLOW_FINE)

#define TRAFFIC_INTERVALS_MAX 16384U // intervals in which packets are counted; a power of two

// Bytes in memory order as a little-endian number.
static inline uint64_t stamp_little_endian(uint64_t bytes)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return __builtin_bswap64(bytes);
#else
    return bytes;
#endif
}

// The sum of the two 32-bit words of 8 bytes, for stamp_fold().
static inline uint64_t stamp_halves(uint64_t bytes)
{
    return (bytes & 0xffffffffU) + (bytes >> 32);
}

// The check of a stamp whose first 24 bytes in memory order are `a`, `b` and `c`: a 32-bit mix
// (multiplicative hashing with odd 64-bit constants). A stray or damaged stamp passes with a
// probability of 2^-32. All packets of a path in a trial have the same `a`: its part of the mix is
// separate, so that it can be computed once.
static inline uint64_t stamp_mix(uint64_t a)
{
    uint64_t mix = (stamp_little_endian(a) ^ 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
    return mix ^ (mix >> 32);
}

static inline uint32_t stamp_check_mixed(uint64_t mix, uint64_t b, uint64_t c)
{
    mix = (mix + stamp_little_endian(b)) * 0xc4ceb9fe1a85ec53ULL;
    mix = ((mix ^ (mix >> 29)) + stamp_little_endian(c)) * 0x9fb21c651e98df25ULL;
    return (uint32_t)(mix >> 32);
}

static inline uint32_t stamp_check(uint64_t a, uint64_t b, uint64_t c)
{
    return stamp_check_mixed(stamp_mix(a), b, c);
}

// The 16-bit one's complement sum (RFC 1071) of a sum of 16- or 32-bit words.
static inline uint16_t stamp_fold(uint64_t sum)
{
    sum = (sum & 0xffffffffU) + (sum >> 32); // at most 33 bits
    sum = (sum & 0xffffU) + (sum >> 16);     // at most 0x2fffe
    sum = (sum & 0xffffU) + (sum >> 16);     // at most 0x10000
    sum = (sum & 0xffffU) + (sum >> 16);
    return (uint16_t)sum;
}

// Whether a sum folds to 0xffff, as that of bytes with an intact checksum does: it is a multiple of
// 0xffff other than 0. The multiples of an odd number, and no other numbers, times its inverse
// modulo 2^64 are at most 2^64 / the number (Granlund and Montgomery, "Division by Invariant
// Integers using Multiplication", section 9).
static inline int stamp_sum_is_intact(uint64_t sum)
{
    return sum != 0 && sum * 0xfffefffefffeffffULL <= UINT64_MAX / 0xffffU;
}

#endif
