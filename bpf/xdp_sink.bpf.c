// SPDX-License-Identifier: GPL-3.0-or-later OR GPL-2.0-only
/*
 * bpf/xdp_sink — counts test frames at an interface and drops them; other frames pass. Loaded and
 * attached by traffic/xdp_sink. Its globals are one path's, with the meaning of the members of
 * struct flow (traffic/flow.h). It must not run on two CPUs at once: the interface has one receive
 * queue.
 */
#include <stdbool.h>

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "traffic/stamp.h"

char _license[] SEC("license") = "GPL";

#define JITTER_SHIFT 8 // jitter is in units of 1/256 ns
#define CHUNK        256U
#define CHUNKS_MAX   (FRAME_IP_MAX / CHUNK + 1U)

volatile __u32 run;
volatile __u16 network;

volatile __u64 arrivals, received, duplicated, reordered, corrupt, stale, strays;
volatile __u64 highest; // highest sequence number + 1
volatile __u64 delay_min, delay_max, last_delay, jitter;
uint64_t delays[FLOW_DELAY_CLASSES];

// Which 64 sequence numbers a word of the window stands for, and which of them were seen. A word
// that stands for older ones is empty.
struct {
    __u64 at, bits;
} seen[FLOW_WINDOW_WORDS];

// Where the interface has several receive queues, which several CPUs may poll at once.
const volatile bool several_queues; // set before loading
struct guard {
    struct bpf_spin_lock lock;
};
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct guard);
} locks SEC(".maps");

struct stamp {
    __be16 magic, network;
    __be32 run;
    __be64 sequence, time;
    __be32 check;
} __attribute__((packed));

struct headers {
    struct ethhdr ethernet;
    struct iphdr ip;
    struct udphdr udp;
    struct stamp stamp;
} __attribute__((packed));

// ---- checksums

// Adds the bytes of one of the steps below to a sum that bpf_csum_diff() takes; the verifier wants
// a constant length.
#define ADD_STEP(at, left, end, sum, step)                                                         \
    if ((left) >= (step) && (at) + (step) <= (end)) {                                              \
        (sum) = bpf_csum_diff(NULL, 0, (__be32 *)(void *)(at), (step), (sum));                     \
        (at) += (step);                                                                            \
        (left) -= (step);                                                                          \
    }

// The sum (RFC 1071) of `left` bytes from `at`, none of them beyond `end`.
static __always_inline __u64 sum_of_bytes(__u8 *at, __u32 left, __u8 *end)
{
    __s64 sum = 0;
    for (__u32 i = 0; i < CHUNKS_MAX && left >= CHUNK && at + CHUNK <= end; i++) {
        sum = bpf_csum_diff(NULL, 0, (__be32 *)(void *)at, CHUNK, (__wsum)sum);
        at += CHUNK;
        left -= CHUNK;
    }
    ADD_STEP(at, left, end, sum, 128U)
    ADD_STEP(at, left, end, sum, 64U)
    ADD_STEP(at, left, end, sum, 32U)
    ADD_STEP(at, left, end, sum, 16U)
    ADD_STEP(at, left, end, sum, 8U)
    ADD_STEP(at, left, end, sum, 4U)
    __u64 rest = (__u32)sum;
    if (left >= 2 && at + 2 <= end) {
        rest += *(__u16 *)(void *)at;
        at += 2;
        left -= 2;
    }
    if (left >= 1 && at + 1 <= end) {
        rest += bpf_htons((__u16)(*at << 8));
    }
    return rest;
}

static __always_inline int is_intact(const struct headers *headers, __u8 *end)
{
    __u32 ip_length = bpf_ntohs(headers->ip.tot_len);
    __u32 udp_length = bpf_ntohs(headers->udp.len);
    __u8 *ip = (__u8 *)(void *)&headers->ip;
    if (ip_length < FRAME_IP_MIN || ip_length > FRAME_IP_MAX || ip + ip_length > end ||
        udp_length != ip_length - sizeof headers->ip ||
        (headers->ip.frag_off & bpf_htons(0x3fff)) != 0) {
        return 0;
    }
    __u64 addresses = sum_of_bytes(ip + 12, 8, end);
    if (stamp_fold(sum_of_bytes(ip, 12, end) + addresses) != 0xffff) {
        return 0;
    }
    __u64 sum = addresses + bpf_htons(IPPROTO_UDP) + headers->udp.len +
                sum_of_bytes((__u8 *)(void *)&headers->udp, udp_length, end);
    const struct stamp *stamp = &headers->stamp;
    __u64 begin = *(const __u64 *)(const void *)stamp;
    return stamp_fold(sum) == 0xffff && stamp->magic == bpf_htons(FRAME_MAGIC) &&
           bpf_ntohl(stamp->check) == stamp_check(begin, stamp->sequence, stamp->time);
}

// ---- delays

static __always_inline __u32 power_of(__u64 value)
{
    __u32 power = 0;
    for (__u32 step = 32; step > 0; step /= 2) {
        if (value >> step != 0) {
            value >>= step;
            power += step;
        }
    }
    return power;
}

static __always_inline __u32 delay_class(__u64 ns)
{
    if (ns < 64) {
        return (__u32)ns;
    }
    __u32 power = power_of(ns); // at least 6
    if (power > 40) {
        return FLOW_DELAY_CLASSES - 1;
    }
    return (power - 5U) * 64U + (__u32)((ns >> (power - 6U)) & 63U);
}

static __always_inline void count_delay(__u64 sent_ns, __u64 now_ns)
{
    // Clocks may differ by a few ns between CPUs: never below zero.
    __u64 delay = now_ns > sent_ns ? now_ns - sent_ns : 0;
    if (received > 1) {
        __u64 change = delay > last_delay ? delay - last_delay : last_delay - delay;
        __s64 missing = (__s64)(change << JITTER_SHIFT) - (__s64)jitter;
        jitter = (__u64)((__s64)jitter + (missing >> 4)); // RFC 3550 section 6.4.1
    }
    last_delay = delay;
    delay_min = delay < delay_min ? delay : delay_min;
    delay_max = delay > delay_max ? delay : delay_max;
    __u32 class = delay_class(delay);
    if (class < FLOW_DELAY_CLASSES) {
        delays[class]++;
    }
}

// ---- sequence numbers

static __always_inline void count_packet(__u64 number, __u64 sent_ns, __u64 now_ns)
{
    __u64 bit = 1ULL << number % 64;
    __u64 slot = number / 64 % FLOW_WINDOW_WORDS;
    if (number < highest && highest - number > FLOW_WINDOW) {
        stale++;
        return;
    }
    if (seen[slot].at != number / 64) {
        seen[slot].at = number / 64;
        seen[slot].bits = 0;
    }
    if ((seen[slot].bits & bit) != 0) {
        duplicated++;
        return;
    }
    if (number < highest) {
        reordered++;
    } else {
        highest = number + 1;
    }
    seen[slot].bits |= bit;
    received++;
    count_delay(sent_ns, now_ns);
}

// The kind of a test frame, decided before anything is counted.
enum kind { KIND_CORRUPT, KIND_STRAY, KIND_COUNTED };

static __always_inline void count_frame(enum kind kind, __u64 number, __u64 sent_ns, __u64 now_ns)
{
    if (kind == KIND_STRAY) {
        strays++;
        return;
    }
    arrivals++;
    if (kind == KIND_CORRUPT) {
        corrupt++;
        return;
    }
    count_packet(number, sent_ns, now_ns);
}

SEC("xdp")
int count_stamped(struct xdp_md *context)
{
    __u64 now_ns = bpf_ktime_get_ns();
    __u8 *end = (__u8 *)(long)context->data_end;
    const struct headers *headers = (const void *)(long)context->data;
    if ((__u8 *)(void *)(headers + 1) > end || headers->ethernet.h_proto != bpf_htons(ETH_P_IP) ||
        *(const __u8 *)(const void *)&headers->ip != 0x45 || headers->ip.protocol != IPPROTO_UDP ||
        headers->udp.dest != bpf_htons(FRAME_PORT)) {
        return XDP_PASS;
    }
    enum kind kind = KIND_CORRUPT;
    __u64 number = bpf_be64_to_cpu(headers->stamp.sequence);
    if (is_intact(headers, end)) {
        // No source reaches the last numbers: such a stamp is forged.
        kind = bpf_ntohl(headers->stamp.run) == run &&
                       bpf_ntohs(headers->stamp.network) == network && number <= ~0ULL - FLOW_WINDOW
                   ? KIND_COUNTED
                   : KIND_STRAY;
    }
    __u64 sent_ns = bpf_be64_to_cpu(headers->stamp.time);
    if (!several_queues) {
        count_frame(kind, number, sent_ns, now_ns);
        return XDP_DROP;
    }
    __u32 first = 0;
    struct guard *guard = bpf_map_lookup_elem(&locks, &first);
    if (guard != NULL) {
        bpf_spin_lock(&guard->lock);
        count_frame(kind, number, sent_ns, now_ns);
        bpf_spin_unlock(&guard->lock);
    }
    return XDP_DROP;
}
