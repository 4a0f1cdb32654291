// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/frame — see frame.h. Called by the packet engine's source (building) and sink (parsing).
#include "traffic/frame.h"

#include <arpa/inet.h>
#include <endian.h>
#include <stdbool.h>
#include <string.h>

#define TYPE_IPV4     0x0800U
#define TYPE_IPV6     0x86ddU
#define TYPE_VLAN     0x8100U
#define PROTOCOL_UDP  17
#define FRAGMENT_NEXT 44U // IPv6: a fragment header follows
#define FRAGMENT_SIZE 8U

static void put16(uint8_t *at, uint16_t value)
{
    value = htons(value);
    memcpy(at, &value, 2);
}
static void put32(uint8_t *at, uint32_t value)
{
    value = htonl(value);
    memcpy(at, &value, 4);
}
static void put64(uint8_t *at, uint64_t value)
{
    value = htobe64(value);
    memcpy(at, &value, 8);
}
static uint16_t get16(const uint8_t *at)
{
    uint16_t value = 0;
    memcpy(&value, at, 2);
    return ntohs(value);
}
static uint32_t get32(const uint8_t *at)
{
    uint32_t value = 0;
    memcpy(&value, at, 4);
    return ntohl(value);
}
static uint64_t get64(const uint8_t *at)
{
    uint64_t value = 0;
    memcpy(&value, at, 8);
    return be64toh(value);
}

uint64_t frame_sum(const uint8_t *bytes, size_t length)
{
    // Adds 32-bit words, carries collected in the upper half: 2^16 words fit without overflow, more
    // than a frame has (RFC 1071 §2, parallel summation).
    uint64_t sum = 0;
    while (length >= 16) {
        uint32_t words[4];
        memcpy(words, bytes, sizeof words);
        sum += (uint64_t)words[0] + words[1] + words[2] + words[3];
        bytes += 16;
        length -= 16;
    }
    while (length >= 2) {
        uint16_t word = 0;
        memcpy(&word, bytes, 2);
        sum += word;
        bytes += 2;
        length -= 2;
    }
    if (length == 1) {
        uint8_t last[2] = {*bytes, 0};
        uint16_t word = 0;
        memcpy(&word, last, 2);
        sum += word;
    }
    return sum;
}

static uint32_t check_of(const uint8_t *stamp)
{
    uint64_t a = 0;
    uint64_t b = 0;
    uint64_t c = 0;
    memcpy(&a, stamp, 8);
    memcpy(&b, stamp + 8, 8);
    memcpy(&c, stamp + 16, 8);
    return stamp_check(a, b, c);
}

// Writes an IPv4 header.
static void write_ipv4(uint8_t *ip, const struct frame_address *address, unsigned ip_length)
{
    memset(ip, 0, FRAME_IPV4);
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)ip_length);
    put16(ip + 6, 0x4000); // don't fragment
    ip[8] = 64;
    ip[9] = PROTOCOL_UDP;
    memcpy(ip + 12, address->source.bytes, 4);
    memcpy(ip + 16, address->destination.bytes, 4);
    uint16_t check = (uint16_t)~stamp_fold(frame_sum(ip, FRAME_IPV4));
    memcpy(ip + 10, &check, 2);
}

// Writes an IPv6 header: traffic class and flow label 0, hop limit 64.
static void write_ipv6(uint8_t *ip, const struct frame_address *address, unsigned ip_length)
{
    memset(ip, 0, FRAME_IPV6);
    ip[0] = 0x60;
    put16(ip + 4, (uint16_t)(ip_length - FRAME_IPV6));
    ip[6] = PROTOCOL_UDP;
    ip[7] = 64;
    memcpy(ip + 8, address->source.bytes, 16);
    memcpy(ip + 24, address->destination.bytes, 16);
}

// The sum of what the UDP checksum covers: the addresses, the rest of the pseudo-header (RFC 768,
// RFC 8200 section 8.1) and the datagram.
static uint64_t sum_of_datagram(const uint8_t *ip, bool six, size_t udp_length)
{
    uint8_t pseudo[4] = {0, PROTOCOL_UDP, (uint8_t)(udp_length >> 8), (uint8_t)udp_length};
    return frame_sum(ip + (six ? 8 : 12), six ? 32 : 8) + frame_sum(pseudo, sizeof pseudo) +
           frame_sum(ip + (six ? FRAME_IPV6 : FRAME_IPV4), udp_length);
}

void frame_template_init(struct frame_template *frame, const struct frame_address *address,
                         unsigned ip_length)
{
    uint8_t *bytes = frame->bytes;
    bool six = address->source.version == 6;
    size_t at_ip = FRAME_ETHERNET + (address->vlan == 0 ? 0 : FRAME_VLAN);
    frame->length = at_ip + ip_length;
    frame->stamp_at = at_ip - FRAME_ETHERNET + FRAME_STAMP_AT(address->source.version);
    frame->version = six ? 6 : 4;
    memcpy(bytes, address->next_hop_mac, 6);
    memcpy(bytes + 6, address->source_mac, 6);
    if (address->vlan != 0) {
        put16(bytes + 12, TYPE_VLAN);
        put16(bytes + 14, address->vlan);
    }
    put16(bytes + at_ip - 2, six ? TYPE_IPV6 : TYPE_IPV4);
    (six ? write_ipv6 : write_ipv4)(bytes + at_ip, address, ip_length);

    uint8_t *udp = bytes + frame->stamp_at - FRAME_UDP;
    size_t udp_length = (size_t)(bytes + frame->length - udp);
    put16(udp, (uint16_t)FRAME_SOURCE_PORT(address->network));
    put16(udp + 2, FRAME_PORT);
    put16(udp + 4, (uint16_t)udp_length);
    put16(udp + 6, 0);
    for (size_t i = 8; i < udp_length; i++) {
        udp[i] = i < 8 + FRAME_STAMP_LENGTH ? 0 : (uint8_t)i;
    }
    frame->base_sum = sum_of_datagram(bytes + at_ip, six, udp_length);
}

uint64_t frame_stamp_begin(uint16_t network, uint32_t run)
{
    uint8_t bytes[8];
    uint64_t begin = 0;
    put16(bytes, FRAME_MAGIC);
    put16(bytes + 2, network);
    put32(bytes + 4, run);
    memcpy(&begin, bytes, sizeof begin);
    return begin;
}

void frame_stamp(const struct frame_template *frame_template, uint8_t *frame,
                 const struct frame_stamp *stamp)
{
    uint8_t *at = frame + frame_template->stamp_at;
    uint64_t begin = frame_stamp_begin(stamp->network, stamp->run);
    memcpy(at, &begin, sizeof begin);
    put64(at + 8, stamp->sequence);
    put64(at + 16, stamp->time_ns);
    put32(at + 24, check_of(at));
    uint64_t sum = frame_template->base_sum + frame_sum(at, FRAME_STAMP_LENGTH);
    uint16_t check = (uint16_t)~stamp_fold(sum);
    check = check == 0 ? 0xffff : check; // RFC 768: 0 means "no checksum"
    memcpy(at - 2, &check, 2);
}

// Replaces `length` bytes at `at`, 2 or 4 of them, in a frame, and returns what that adds to the
// sum of a checksum that covers them (RFC 1624, equation 3).
static uint64_t replace_bytes(uint8_t *at, const void *bytes, size_t length)
{
    uint32_t before = 0;
    uint32_t after = 0;
    memcpy(&before, at, length);
    memcpy(&after, bytes, length);
    memcpy(at, bytes, length);
    return (uint64_t)(length == 2 ? (uint16_t)~before : ~before) + after;
}

static void add_to_check(uint8_t *at, uint64_t change, bool udp)
{
    uint16_t check = 0;
    memcpy(&check, at, 2);
    check = (uint16_t)~stamp_fold((uint16_t)~check + change);
    check = check == 0 && udp ? 0xffff : check; // RFC 768: 0 means "no checksum"
    memcpy(at, &check, 2);
}

void frame_set_source(const struct frame_template *frame_template, uint8_t *frame, uint32_t port,
                      uint32_t address)
{
    bool six = frame_template->version == 6;
    uint8_t *udp = frame + frame_template->stamp_at - FRAME_UDP;
    uint8_t *ip = udp - (six ? FRAME_IPV6 : FRAME_IPV4);
    uint16_t port_bytes = htons((uint16_t)port);
    uint32_t address_bytes = htonl(address);
    uint64_t change = replace_bytes(ip + (six ? 20 : 12), &address_bytes, 4);
    if (!six) {
        add_to_check(ip + 10, change, false);
    }
    change += replace_bytes(udp, &port_bytes, 2);
    add_to_check(udp + 6, change, true);
}

// The layers of a frame with the port of test traffic.
struct layers {
    const uint8_t *ip, *udp;
    bool six, fragment;
    size_t ip_length; // according to the IP header
    uint32_t vlan;
};

// Finds the IP and UDP headers of test traffic. False for all other frames.
static bool find_layers(const uint8_t *frame, size_t length, struct layers *ret)
{
    if (length < FRAME_STAMP_AT(4)) {
        return false;
    }
    uint16_t type = get16(frame + 12);
    uint32_t vlan = 0;
    if (type == TYPE_VLAN) {
        vlan = get16(frame + 14) & FRAME_VLAN_ID;
        type = get16(frame + 16);
        frame += FRAME_VLAN;
        length -= FRAME_VLAN;
        if (length < FRAME_STAMP_AT(4)) {
            return false;
        }
    }
    const uint8_t *ip = frame + FRAME_ETHERNET;
    *ret = (struct layers){.ip = ip, .six = type == TYPE_IPV6, .vlan = vlan};
    if (!ret->six) {
        ret->udp = ip + FRAME_IPV4;
        ret->ip_length = get16(ip + 2);
        ret->fragment = (get16(ip + 6) & 0x3fffU) != 0;
        return type == TYPE_IPV4 && ip[0] == 0x45 && ip[9] == PROTOCOL_UDP &&
               get16(ret->udp + 2) == FRAME_PORT;
    }
    if (length < FRAME_STAMP_AT(6) || (ip[0] & 0xf0U) != 0x60) {
        return false;
    }
    const uint8_t *next = ip + FRAME_IPV6;
    // Only the first fragment has the UDP header.
    ret->fragment = ip[6] == FRAGMENT_NEXT && length >= FRAME_STAMP_AT(6) + FRAGMENT_SIZE &&
                    next[0] == PROTOCOL_UDP && (get16(next + 2) & 0xfff8U) == 0;
    ret->udp = ret->fragment ? next + FRAGMENT_SIZE : next;
    ret->ip_length = FRAME_IPV6 + get16(ip + 4);
    return (ret->fragment || ip[6] == PROTOCOL_UDP) && get16(ret->udp + 2) == FRAME_PORT;
}

enum frame_verdict frame_parse(const uint8_t *frame, size_t length, struct frame_stamp *ret_stamp)
{
    struct layers layers;
    if (!find_layers(frame, length, &layers)) {
        return FRAME_FOREIGN;
    }
    unsigned version = layers.six ? 6 : 4;
    size_t udp_length = get16(layers.udp + 4);
    if (layers.fragment || layers.ip_length < FRAME_IP_MIN(version) ||
        layers.ip_length > length - (size_t)(layers.ip - frame) ||
        udp_length != layers.ip_length - (layers.six ? FRAME_IPV6 : FRAME_IPV4) ||
        (!layers.six && !stamp_sum_is_intact(frame_sum(layers.ip, FRAME_IPV4)))) {
        return FRAME_CORRUPT;
    }
    const uint8_t *stamp = layers.udp + FRAME_UDP;
    if (get16(layers.udp + 6) == 0 || // no source omits the checksum
        !stamp_sum_is_intact(sum_of_datagram(layers.ip, layers.six, udp_length)) ||
        get16(stamp) != FRAME_MAGIC || get32(stamp + 24) != check_of(stamp)) {
        return FRAME_CORRUPT;
    }
    *ret_stamp = (struct frame_stamp){.network = get16(stamp + 2),
                                      .run = get32(stamp + 4),
                                      .sequence = get64(stamp + 8),
                                      .time_ns = get64(stamp + 16),
                                      .seen = {.ip_length = (uint32_t)layers.ip_length,
                                               .port = get16(layers.udp),
                                               .address = get32(layers.ip + (layers.six ? 20 : 12)),
                                               .vlan = layers.vlan}};
    return FRAME_GOOD;
}
