// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/frame — test frames: Ethernet, perhaps with a tag (IEEE 802.1Q), IPv4 (RFC 791) or IPv6
 * (RFC 8200), UDP (RFC 768) and the stamp.
 *
 * The stamp is the first 28 bytes of the UDP payload, in network byte order:
 *     0  u16  magic 0x5652
 *     2  u16  network, counted from 0; of packets from sink to source a number beyond all networks
 *     4  u32  run: a random number for each trial, which identifies frames of earlier trials
 *     8  u64  sequence number from 0
 *    16  u64  CLOCK_MONOTONIC, ns, when the frame was handed to the kernel
 *    24  u32  check over the 24 bytes before (a 32-bit mix, see frame.c)
 * The rest of the payload is filler. The UDP checksum covers everything.
 */
#ifndef VRBENCH_TRAFFIC_FRAME_H
#define VRBENCH_TRAFFIC_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "traffic/form.h"
#include "traffic/stamp.h"

// Addresses of the first link.
struct frame_address {
    uint8_t source_mac[6], next_hop_mac[6];
    struct ip_address source, destination; // of one version
    uint16_t network;
    uint16_t vlan; // VLAN identifier of the tag, 1–4094; 0 = no tag
};

struct frame_stamp {
    uint16_t network;
    uint32_t run;
    uint64_t sequence;
    uint64_t time_ns;
    struct form_seen seen; // written by frame_parse() only, and not part of the stamp
};

// A frame that is complete except for the stamp and the UDP checksum, which depends on it.
struct frame_template {
    size_t length;     // length of the frame in bytes, without FCS
    size_t stamp_at;   // offset of the stamp; the UDP header is before it
    unsigned version;  // of IP
    uint64_t base_sum; // one's complement sum (RFC 1071) of everything that the UDP checksum covers
                       // except the stamp
    uint8_t bytes[FRAME_LENGTH_MAX];
};

// Makes a template of the addresses' IP version; `ip_length` is from FRAME_IP_MIN(version) to
// FRAME_IP_MAX.
void frame_template_init(struct frame_template *frame, const struct frame_address *address,
                         unsigned ip_length);
// The first 8 bytes, in memory order, of a stamp of this network and run.
uint64_t frame_stamp_begin(uint16_t network, uint32_t run);
// Writes stamp and checksum to `frame`, a copy of the template's bytes.
void frame_stamp(const struct frame_template *frame_template, uint8_t *frame,
                 const struct frame_stamp *stamp);

// Changes a stamped frame's UDP source port and the last 4 bytes of its source address, both in
// host order, and its checksums with them.
void frame_set_source(const struct frame_template *frame_template, uint8_t *frame, uint32_t port,
                      uint32_t address);

enum frame_verdict {
    FRAME_GOOD,
    FRAME_FOREIGN, // not test traffic
    FRAME_CORRUPT, // test traffic, but a fragment, or a length, a checksum or the check is wrong
};
// Parses an Ethernet frame of any content; reads no more than `length` bytes. ret_stamp is written
// on FRAME_GOOD only. No source writes IPv4 options or IPv6 extension headers, and no router adds
// them: packets with them are foreign, except fragments. Fields that a router may change and no
// checksum covers (IPv6: traffic class, flow label, hop limit; priority of a tag) are not checked.
enum frame_verdict frame_parse(const uint8_t *frame, size_t length, struct frame_stamp *ret_stamp);

// RFC 1071 sum of `length` bytes as 16-bit words in memory order, not folded (stamp_fold()).
uint64_t frame_sum(const uint8_t *bytes, size_t length);

#endif
