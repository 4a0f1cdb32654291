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
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "keep.h"
#include "traffic/form.h"
#include "traffic/stamp.h"
#include "traffic/xdp_stream.h"

char _license[] SEC("license") = "GPL";

#define JITTER_SHIFT 8    // jitter is in units of 1/256 ns
#define CHUNK        512U // bytes that bpf_csum_diff() takes at most
#define CHUNKS_MAX   (FRAME_IP_MAX / CHUNK + 1U)
#define FILLER_MAX   (FRAME_HEADERS_MAX + FRAME_STAMP_LENGTH) // where the filler of a frame begins

// What each packet needs, in few lines of the CPU's cache.
struct {
    __u8 unused[XDP_BEHIND_HEADERS];
    // The first 8 bytes of the stamps that are counted (magic, network and run), in memory order,
    // and their part of the stamps' check.
    __u64 begin, begin_mix;
    __u32 interval_count;
    __u32 no_interval; // 0
    __u64 received, duplicated, reordered, corrupt, stale, strays;
    __u64 highest;        // highest sequence number + 1
    __u64 newest_sent_ns; // stamp of the packet before `highest`
    __u64 delay_min, delay_max, delay_sum, last_delay, jitter;
    __u64 gap_max;
    // The interval that was found last: its first number, and how many numbers it has.
    __u64 found_first, found_length;
    __u32 found_interval;
    struct form form; // that packets must have; zeroed = any
} hot __attribute__((aligned(XDP_PAGE)));
uint64_t delays[FLOW_DELAY_CLASSES], gaps[FLOW_DELAY_CLASSES];
uint64_t bounds[TRAFFIC_INTERVALS_MAX], within[TRAFFIC_INTERVALS_MAX];

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

struct tag { // IEEE 802.1Q, behind its own type
    __be16 control, type;
};

// What follows the IP header of a test frame. The members of a packed structure would be read byte
// by byte: these are read at once, which the verifier allows at any address on machines that can.
struct datagram {
    struct udphdr udp;
    __u64 begin, sequence, time; // stamp, in memory order
    __be32 check;
};
#define DATAGRAM_LENGTH (FRAME_UDP + FRAME_STAMP_LENGTH) // its size is larger
// The first 2 bytes of a stamp within the first 8.
#define MAGIC_MASK      bpf_cpu_to_be64(0xffffULL << 48)
#define MAGIC           bpf_cpu_to_be64((__u64)FRAME_MAGIC << 48)

struct fragment { // header of an IPv6 fragment, RFC 8200 section 4.5
    __u8 next, reserved;
    __be16 offset;
    __be32 identification;
};

// ---- checksums

// The verifier follows each path through a function that is part of another, and the number of
// paths through the sum of a length that it does not know is large. It checks a global function
// separately and once: such are the functions below that have the frame as their argument, in which
// they find bytes by their distance from its begin.

// The sum of a constant number of bytes, a multiple of 4.
static __always_inline __u64 sum_of_words(const void *at, const __u32 length)
{
    const __u32 *words = at;
    __u64 sum = 0;
    for (__u32 i = 0; i < length / 4; i++) {
        sum += words[i];
    }
    return sum;
}

// Adds the bytes of one of the steps below to a sum; the verifier wants a constant length. A call
// of bpf_csum_diff() adds long steps in less time, the sum of words short ones.
#define ADD_LONG_STEP(at, left, end, sum, step)                                                    \
    if (((left) & (step)) != 0 && (at) + (step) <= (end)) {                                        \
        (sum) = bpf_csum_diff(NULL, 0, (__be32 *)(void *)(at), (step), (__wsum)(sum));             \
        (at) += (step);                                                                            \
        KEEP(at);                                                                                  \
    }
#define ADD_STEP(at, left, end, sum, step)                                                         \
    if (((left) & (step)) != 0 && (at) + (step) <= (end)) {                                        \
        (sum) += sum_of_words((at), (step));                                                       \
        (at) += (step);                                                                            \
        KEEP(at);                                                                                  \
    }

// Adds `left` bytes, fewer than CHUNK, to a sum (RFC 1071).
__noinline __u64 add_rest(struct xdp_md *context, __u32 from, __u32 left, __u32 chunks)
{
    __u8 *end = (__u8 *)(long)context->data_end;
    if (from > FRAME_LENGTH_MAX) {
        return 0;
    }
    __u8 *at = (__u8 *)(long)context->data + from;
    KEEP(at);
    __s64 calls = chunks;
    ADD_LONG_STEP(at, left, end, calls, 256U)
    __u64 sum = (__u32)calls;
    ADD_STEP(at, left, end, sum, 128U)
    ADD_STEP(at, left, end, sum, 64U)
    ADD_STEP(at, left, end, sum, 32U)
    ADD_STEP(at, left, end, sum, 16U)
    ADD_STEP(at, left, end, sum, 8U)
    ADD_STEP(at, left, end, sum, 4U)
    if ((left & 2) != 0 && at + 2 <= end) {
        sum += *(__u16 *)(void *)at;
        at += 2;
    }
    if ((left & 1) != 0 && at + 1 <= end) {
        sum += bpf_htons((__u16)(*at << 8));
    }
    return sum;
}

// The sum of `left` bytes, all of them within the frame.
__noinline __u64 sum_of_bytes(struct xdp_md *context, __u32 from, __u32 left)
{
    __u8 *end = (__u8 *)(long)context->data_end;
    __s64 sum = 0;
    if (from > FILLER_MAX) {
        return 0;
    }
    __u8 *at = (__u8 *)(long)context->data + from;
    KEEP(at);
    for (__u32 i = 0; i < CHUNKS_MAX && left >= CHUNK && at + CHUNK <= end; i++) {
        sum = bpf_csum_diff(NULL, 0, (__be32 *)(void *)at, CHUNK, (__wsum)sum);
        at += CHUNK;
        KEEP(at);
        from += CHUNK;
        left -= CHUNK;
    }
    return add_rest(context, from, left, (__u32)sum);
}

// The sum of the filler behind a datagram; `from` is its distance from the begin of the frame. The
// filler of the shortest packets is added without a call: IPv4 packets of 64 bytes have 8.
static __always_inline __u64 sum_of_filler(struct xdp_md *context, __u32 from, __u32 length,
                                           const struct datagram *datagram)
{
    const __u8 *filler = (const __u8 *)(const void *)datagram + DATAGRAM_LENGTH;
    if (length == 0) {
        return 0;
    }
    if (length == 8 && filler + 8 <= (const __u8 *)(long)context->data_end) {
        return stamp_halves(*(const __u64 *)(const void *)filler);
    }
    return sum_of_bytes(context, from, length);
}

// Whether datagram and stamp of an IP packet are intact. `from` is the distance of the datagram
// from the begin of the frame, `addresses` the sum of the packet's addresses, `udp_length` the
// length of its payload by the IP header.
static __always_inline int is_intact(struct xdp_md *context, __u32 from,
                                     const struct datagram *datagram, __u32 udp_length,
                                     __u64 addresses)
{
    __u64 mix = hot.begin_mix;
    if (datagram->begin != hot.begin) {
        if ((datagram->begin & MAGIC_MASK) != MAGIC) {
            return 0;
        }
        mix = stamp_mix(datagram->begin);
    }
    if (bpf_ntohs(datagram->udp.len) != udp_length || datagram->udp.check == 0 ||
        bpf_ntohl(datagram->check) != stamp_check_mixed(mix, datagram->sequence, datagram->time)) {
        return 0;
    }
    __u64 sum = addresses + bpf_htons(IPPROTO_UDP) + datagram->udp.len +
                sum_of_words(datagram, DATAGRAM_LENGTH);
    KEEP(sum); // not its terms
    sum += sum_of_filler(context, from + DATAGRAM_LENGTH, udp_length - DATAGRAM_LENGTH, datagram);
    return stamp_sum_is_intact(sum);
}

static __always_inline int is_intact4(struct xdp_md *context, __u32 at_ip, const struct iphdr *ip,
                                      const struct datagram *datagram, const __u8 *end)
{
    __u64 ip_length = bpf_ntohs(ip->tot_len);
    KEEP(ip_length);
    ip_length &= 0xffff; // Linux 6.1 knows no range of a value whose bytes it swapped
    const __u8 *at = (const __u8 *)(const void *)ip;
    if (ip_length < FRAME_IP_MIN(4) || ip_length > FRAME_IP_MAX || at + ip_length > end ||
        (ip->frag_off & bpf_htons(0x3fff)) != 0) {
        return 0;
    }
    __u64 addresses = sum_of_words(at + 12, 8);
    return stamp_sum_is_intact(sum_of_words(at, 12) + addresses) &&
           is_intact(context, at_ip + FRAME_IPV4, datagram, ip_length - FRAME_IPV4, addresses);
}

static __always_inline int is_intact6(struct xdp_md *context, __u32 at_ip, const struct ipv6hdr *ip,
                                      const struct datagram *datagram, const __u8 *end)
{
    __u64 ip_length = bpf_ntohs(ip->payload_len);
    KEEP(ip_length);
    ip_length = FRAME_IPV6 + (ip_length & 0xffff);
    const __u8 *at = (const __u8 *)(const void *)ip;
    return ip_length >= FRAME_IP_MIN(6) && ip_length <= FRAME_IP_MAX && at + ip_length <= end &&
           is_intact(context, at_ip + FRAME_IPV6, datagram, ip_length - FRAME_IPV6,
                     sum_of_words(at + 8, 32));
}

// ---- delays

// The binary logarithm of a number from 1 to 2^48 - 1.
static __always_inline __u32 power_of(__u64 value)
{
    __u32 power = 0;
    if (value >> 16 != 0) {
        power = value >> 32 != 0 ? 32 : 16;
        value >>= power;
    }
    if (value >> 8 != 0) {
        power += 8;
        value >>= 8;
    }
    if (value >> 4 != 0) {
        power += 4;
        value >>= 4;
    }
    // A table of 16 logarithms of 2 bits; that of 0 is not used.
    return power + (__u32)((0xffffaa50U >> (2 * (value & 15))) & 3);
}

static __always_inline __u32 delay_class(__u64 ns)
{
    if (ns < 64) {
        return (__u32)ns;
    }
    if (ns >> 41 != 0) {
        return FLOW_DELAY_CLASSES - 1;
    }
    __u32 power = power_of(ns); // at least 6
    return (power - 5U) * 64U + (__u32)((ns >> (power - 6U)) & 63U);
}

static __always_inline void count_class(uint64_t *classes, __u64 ns)
{
    __u64 class = delay_class(ns);
    KEEP(class); // the verifier knows the bounds of what is compared
    if (class < FLOW_DELAY_CLASSES) {
        classes[class]++;
    }
}

static __always_inline void count_delay(__u64 sent_ns, __u64 now_ns)
{
    // Clocks may differ by a few ns between CPUs: never below zero.
    __u64 delay = now_ns > sent_ns ? now_ns - sent_ns : 0;
    if (hot.received > 1) {
        __u64 change = delay > hot.last_delay ? delay - hot.last_delay : hot.last_delay - delay;
        __s64 missing = (__s64)(change << JITTER_SHIFT) - (__s64)hot.jitter;
        hot.jitter = (__u64)((__s64)hot.jitter + (missing >> 4)); // RFC 3550 section 6.4.1
    }
    hot.last_delay = delay;
    hot.delay_min = delay < hot.delay_min ? delay : hot.delay_min;
    hot.delay_max = delay > hot.delay_max ? delay : hot.delay_max;
    hot.delay_sum += delay;
    count_class(delays, delay);
}

// Counts the time between the departures of a packet and the one before it.
static __always_inline void count_gap(__u64 sent_ns)
{
    __u64 gap = sent_ns > hot.newest_sent_ns ? sent_ns - hot.newest_sent_ns : 0;
    hot.gap_max = gap > hot.gap_max ? gap : hot.gap_max;
    count_class(gaps, gap);
}

// ---- sequence numbers

// Whether packet `number` should look as it was seen, see form_matches(). A function that the
// verifier checks separately.
__noinline int has_form(__u64 number, __u32 ip_length, __u32 port, __u32 address, __u32 vlan)
{
    const struct form_seen seen = {
        .ip_length = ip_length, .port = port, .address = address, .vlan = vlan};
    return form_matches(&hot.form, number, &seen);
}

// The interval of a packet. A function that the verifier checks separately, on an index whose value
// it does not follow.
__noinline int find_interval(__u64 number)
{
    __u32 low = hot.no_interval & (TRAFFIC_INTERVALS_MAX - 1);
    for (__u32 step = TRAFFIC_INTERVALS_MAX / 2; step > 0; step /= 2) {
        __u32 next = (low + step) & (TRAFFIC_INTERVALS_MAX - 1);
        if (next < hot.interval_count && bounds[next] <= number) {
            low = next;
        }
    }
    if (!several_queues) {
        __u32 beyond = (low + 1) & (TRAFFIC_INTERVALS_MAX - 1);
        hot.found_first = bounds[low];
        hot.found_length = (low + 1 < hot.interval_count ? bounds[beyond] : ~0ULL) - bounds[low];
        hot.found_interval = low;
    }
    return (int)low;
}

// The search is for the first packet of an interval: the next ones are in the same. (Several CPUs
// do not share what was found, because its parts are not written at once.)
static __always_inline __u32 interval_of(__u64 number)
{
    if (hot.interval_count < 2) {
        return 0;
    }
    if (!several_queues && number - hot.found_first < hot.found_length) {
        return hot.found_interval;
    }
    return (__u32)find_interval(number);
}

static __always_inline void count_packet(__u64 number, __u32 interval, __u64 sent_ns, __u64 now_ns)
{
    __u64 bit = 1ULL << number % 64;
    __u64 slot = number / 64 % FLOW_WINDOW_WORDS;
    if (number < hot.highest && hot.highest - number > FLOW_WINDOW) {
        hot.stale++;
        return;
    }
    if (seen[slot].at != number / 64) {
        seen[slot].at = number / 64;
        seen[slot].bits = 0;
    }
    if ((seen[slot].bits & bit) != 0) {
        hot.duplicated++;
        return;
    }
    if (number < hot.highest) {
        hot.reordered++;
    } else {
        if (number == hot.highest && hot.highest > 0) {
            count_gap(sent_ns);
        }
        hot.highest = number + 1;
        hot.newest_sent_ns = sent_ns;
    }
    seen[slot].bits |= bit;
    hot.received++;
    if (hot.interval_count > 1) { // else it has all that were received
        within[interval & (TRAFFIC_INTERVALS_MAX - 1)]++;
    }
    count_delay(sent_ns, now_ns);
}

// The kind of a test frame, decided before anything is counted.
enum kind { KIND_CORRUPT, KIND_STRAY, KIND_COUNTED };

static __always_inline void count_frame(enum kind kind, __u64 number, __u32 interval, __u64 sent_ns,
                                        __u64 now_ns)
{
    if (kind == KIND_STRAY) {
        hot.strays++;
        return;
    }
    if (kind == KIND_CORRUPT) {
        hot.corrupt++;
        return;
    }
    count_packet(number, interval, sent_ns, now_ns);
}

// ---- frames

// Whether a packet with that IPv6 header is the first fragment of test traffic.
static __always_inline int is_fragment6(const struct ipv6hdr *ip, const __u8 *end)
{
    const struct fragment *fragment = (const void *)(ip + 1);
    const struct udphdr *udp = (const void *)(fragment + 1);
    return ip->nexthdr == IPPROTO_FRAGMENT && (const __u8 *)(const void *)(udp + 1) <= end &&
           fragment->next == IPPROTO_UDP && (fragment->offset & bpf_htons(0xfff8)) == 0 &&
           udp->dest == bpf_htons(FRAME_PORT);
}

// What is read from a test frame.
struct frame {
    __u64 number, sent_ns;
    __u64 begin; // of the stamp, in memory order
    int intact;
    struct form_seen seen;
};

static __always_inline void read_stamp(const struct datagram *datagram, struct frame *frame)
{
    frame->begin = datagram->begin;
    frame->number = bpf_be64_to_cpu(datagram->sequence);
    frame->sent_ns = bpf_be64_to_cpu(datagram->time);
}

// Returns 0 for other traffic.
static __always_inline int read_frame4(struct xdp_md *context, __u32 at_ip, const struct iphdr *ip,
                                       const __u8 *end, struct frame *frame)
{
    const struct datagram *datagram = (const void *)(ip + 1);
    if ((const __u8 *)(const void *)datagram + DATAGRAM_LENGTH > end ||
        *(const __u8 *)(const void *)ip != 0x45 || ip->protocol != IPPROTO_UDP ||
        datagram->udp.dest != bpf_htons(FRAME_PORT)) {
        return 0;
    }
    read_stamp(datagram, frame);
    frame->seen = (struct form_seen){.ip_length = bpf_ntohs(ip->tot_len),
                                     .port = bpf_ntohs(datagram->udp.source),
                                     .address = bpf_ntohl(ip->saddr)};
    frame->intact = is_intact4(context, at_ip, ip, datagram, end);
    return 1;
}

static __always_inline int read_frame6(struct xdp_md *context, __u32 at_ip,
                                       const struct ipv6hdr *ip, const __u8 *end,
                                       struct frame *frame)
{
    const struct datagram *datagram = (const void *)(ip + 1);
    if ((const __u8 *)(const void *)datagram + DATAGRAM_LENGTH > end ||
        (*(const __u8 *)(const void *)ip & 0xf0) != 0x60) {
        return 0;
    }
    if (ip->nexthdr != IPPROTO_UDP || datagram->udp.dest != bpf_htons(FRAME_PORT)) {
        return is_fragment6(ip, end);
    }
    read_stamp(datagram, frame);
    frame->seen = (struct form_seen){.ip_length = FRAME_IPV6 + bpf_ntohs(ip->payload_len),
                                     .port = bpf_ntohs(datagram->udp.source),
                                     .address = bpf_ntohl(ip->saddr.in6_u.u6_addr32[3])};
    frame->intact = is_intact6(context, at_ip, ip, datagram, end);
    return 1;
}

static __always_inline int read_packet(struct xdp_md *context, __be16 type, __u32 at_ip,
                                       const void *ip, const __u8 *end, struct frame *frame)
{
    switch (bpf_ntohs(type)) {
    case ETH_P_IP:
        return read_frame4(context, at_ip, ip, end, frame);
    case ETH_P_IPV6:
        return read_frame6(context, at_ip, ip, end, frame);
    default:
        return 0;
    }
}

static __always_inline int read_frame(struct xdp_md *context, struct frame *frame)
{
    __u8 *end = (__u8 *)(long)context->data_end;
    const struct ethhdr *ethernet = (const void *)(long)context->data;
    const struct tag *tag = (const void *)(ethernet + 1);
    if ((__u8 *)(void *)(ethernet + 1) > end) {
        return 0;
    }
    // At once: the structure is packed.
    __be16 type = *(const __be16 *)(const void *)&ethernet->h_proto;
    if (type != bpf_htons(ETH_P_8021Q)) {
        return read_packet(context, type, FRAME_ETHERNET, tag, end, frame);
    }
    if ((__u8 *)(void *)(tag + 1) > end ||
        !read_packet(context, tag->type, FRAME_ETHERNET + FRAME_VLAN, tag + 1, end, frame)) {
        return 0;
    }
    frame->seen.vlan = bpf_ntohs(tag->control) & FRAME_VLAN_ID;
    return 1;
}

static __always_inline int matches(const struct frame *frame)
{
    const struct form_seen *seen = &frame->seen;
    return form_is_uniform(&hot.form)
               ? seen->vlan == hot.form.vlan
               : has_form(frame->number, seen->ip_length, seen->port, seen->address, seen->vlan);
}

SEC("xdp")
int count_stamped(struct xdp_md *context)
{
    __u64 now_ns = bpf_ktime_get_ns();
    struct frame frame = {0};
    if (!read_frame(context, &frame)) {
        return XDP_PASS;
    }
    enum kind kind = KIND_CORRUPT;
    if (frame.intact) {
        // No source reaches the last numbers: such a stamp is forged.
        kind = frame.begin == hot.begin && frame.number <= ~0ULL - FLOW_WINDOW ? KIND_COUNTED
                                                                               : KIND_STRAY;
    }
    if (kind == KIND_COUNTED && !matches(&frame)) {
        kind = KIND_CORRUPT;
    }
    __u32 interval = kind == KIND_COUNTED ? interval_of(frame.number) : 0;
    if (!several_queues) {
        count_frame(kind, frame.number, interval, frame.sent_ns, now_ns);
        return XDP_DROP;
    }
    __u32 first = 0;
    struct guard *guard = bpf_map_lookup_elem(&locks, &first);
    if (guard != NULL) {
        bpf_spin_lock(&guard->lock);
        count_frame(kind, frame.number, interval, frame.sent_ns, now_ns);
        bpf_spin_unlock(&guard->lock);
    }
    return XDP_DROP;
}
