// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/pcap_ring — the most recent packets of a capture, in memory, of which only those within
 * windows of time are written to a file.
 *
 * The capture arrives as a stream in the format of pcap (pcap-savefile(5)), from tcpdump(8) on the
 * same computer. Every packet stays in the ring until pcap_ring_release() decides about it, or
 * until a newer packet requires its room. Called by `vrbench capture --around-loss`.
 */
#ifndef VRBENCH_TRAFFIC_PCAP_RING_H
#define VRBENCH_TRAFFIC_PCAP_RING_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define PCAP_CAPTURED_MAX 262144U // bytes of a packet, the limit of tcpdump

// Windows of CLOCK_REALTIME in ns, both ends included; in order and disjoint.
struct time_window {
    uint64_t from_ns, to_ns;
};
struct time_windows {
    struct time_window *items;
    size_t count;
};
// Adds a window; windows that overlap are joined.
void time_windows_add(struct time_windows *windows, uint64_t from_ns, uint64_t to_ns);
void time_windows_clear(struct time_windows *windows);

struct pcap_packet {
    uint64_t at_ns; // CLOCK_REALTIME
    const uint8_t *bytes;
    size_t captured; // of `bytes`
    size_t length;   // of the packet
};

struct pcap_counts {
    uint64_t seen, written;
    // Packets that newer ones displaced before their time, none of them later than displaced_ns.
    uint64_t displaced, displaced_ns;
};

struct pcap_ring;

// `room`: limit in bytes of what the ring holds, at least 1 MiB. `windows` and `fd`, the file for
// the packets, remain the caller's and must outlive the ring. `seen` is called for each packet that
// arrives.
struct pcap_ring *pcap_ring_new(size_t room, const struct time_windows *windows, int fd,
                                void (*seen)(void *context, const struct pcap_packet *packet),
                                void *context);
void pcap_ring_free(struct pcap_ring *ring); // NULL is fine
// Takes the next bytes of the stream. -EBADMSG if they are not of the format.
int pcap_ring_take(struct pcap_ring *ring, const void *bytes, size_t length, struct error *err);
// Removes the packets before `until_ns`, and writes those that are in a window.
int pcap_ring_release(struct pcap_ring *ring, uint64_t until_ns, struct error *err);
// Writes what release has not passed to the kernel yet. The file then is a whole capture, if the
// stream has begun.
int pcap_ring_flush(struct pcap_ring *ring, struct error *err);
struct pcap_counts pcap_ring_counts(const struct pcap_ring *ring);

#endif
