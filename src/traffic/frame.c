// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/frame — see frame.h. Called by the packet engine's source (building) and sink (parsing).
#include "traffic/frame.h"

#include <arpa/inet.h>
#include <endian.h>
#include <string.h>

enum {
    AT_IP = FRAME_ETHERNET,
    AT_UDP = FRAME_ETHERNET + 20,
    AT_STAMP = FRAME_ETHERNET + 28,
};

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

void frame_template_init(struct frame_template *frame, const struct frame_address *address,
                         unsigned ip_length)
{
    uint8_t *bytes = frame->bytes;
    size_t udp_length = ip_length - 20U;
    frame->length = FRAME_ETHERNET + ip_length;
    memcpy(bytes, address->next_hop_mac, 6);
    memcpy(bytes + 6, address->source_mac, 6);
    put16(bytes + 12, 0x0800);

    uint8_t *ip = bytes + AT_IP;
    memset(ip, 0, 20);
    ip[0] = 0x45;
    put16(ip + 2, (uint16_t)ip_length);
    put16(ip + 6, 0x4000); // don't fragment
    ip[8] = 64;
    ip[9] = 17;
    put32(ip + 12, address->source);
    put32(ip + 16, address->destination);
    uint16_t ip_check = (uint16_t)~stamp_fold(frame_sum(ip, 20));
    memcpy(ip + 10, &ip_check, 2);

    uint8_t *udp = bytes + AT_UDP;
    put16(udp, (uint16_t)(FRAME_PORT + 1U + address->network % 1024U));
    put16(udp + 2, FRAME_PORT);
    put16(udp + 4, (uint16_t)udp_length);
    put16(udp + 6, 0);
    for (size_t i = 8; i < udp_length; i++) {
        udp[i] = i < 8 + FRAME_STAMP_LENGTH ? 0 : (uint8_t)i;
    }
    uint8_t pseudo[4] = {0, 17, (uint8_t)(udp_length >> 8), (uint8_t)udp_length};
    frame->base_sum =
        frame_sum(ip + 12, 8) + frame_sum(pseudo, sizeof pseudo) + frame_sum(udp, udp_length);
}

void frame_stamp(const struct frame_template *frame_template, uint8_t *frame,
                 const struct frame_stamp *stamp)
{
    uint8_t *at = frame + AT_STAMP;
    put16(at, FRAME_MAGIC);
    put16(at + 2, stamp->network);
    put32(at + 4, stamp->run);
    put64(at + 8, stamp->sequence);
    put64(at + 16, stamp->time_ns);
    put32(at + 24, check_of(at));
    uint64_t sum = frame_template->base_sum + frame_sum(at, FRAME_STAMP_LENGTH);
    uint16_t check = (uint16_t)~stamp_fold(sum);
    check = check == 0 ? 0xffff : check; // RFC 768: 0 means "no checksum"
    memcpy(frame + AT_UDP + 6, &check, 2);
}

enum frame_verdict frame_parse(const uint8_t *frame, size_t length, struct frame_stamp *ret_stamp)
{
    if (length < AT_UDP + 8 || get16(frame + 12) != 0x0800) {
        return FRAME_FOREIGN;
    }
    const uint8_t *ip = frame + AT_IP;
    const uint8_t *udp = frame + AT_UDP;
    if (ip[0] != 0x45 || ip[9] != 17 || get16(udp + 2) != FRAME_PORT) {
        return FRAME_FOREIGN;
    }
    size_t ip_length = get16(ip + 2);
    size_t udp_length = get16(udp + 4);
    if (ip_length < FRAME_IP_MIN || ip_length > length - FRAME_ETHERNET ||
        udp_length != ip_length - 20 || (get16(ip + 6) & 0x3fffU) != 0 ||
        stamp_fold(frame_sum(ip, 20)) != 0xffff) {
        return FRAME_CORRUPT;
    }
    uint8_t pseudo[4] = {0, 17, (uint8_t)(udp_length >> 8), (uint8_t)udp_length};
    uint64_t sum =
        frame_sum(ip + 12, 8) + frame_sum(pseudo, sizeof pseudo) + frame_sum(udp, udp_length);
    const uint8_t *stamp = frame + AT_STAMP;
    if (stamp_fold(sum) != 0xffff || get16(stamp) != FRAME_MAGIC ||
        get32(stamp + 24) != check_of(stamp)) {
        return FRAME_CORRUPT;
    }
    *ret_stamp = (struct frame_stamp){.network = get16(stamp + 2),
                                      .run = get32(stamp + 4),
                                      .sequence = get64(stamp + 8),
                                      .time_ns = get64(stamp + 16)};
    return FRAME_GOOD;
}
