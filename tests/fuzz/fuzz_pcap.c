// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fuzzer of captures as a stream: the first byte is the length of the pieces in which the rest
 * arrives. What is written is a capture of its own, with as many packets as were counted. All
 * packets are also looked at for gaps.
 *
 * Seeds are in corpus/pcap/; tests/unit/test_pcap_ring.c writes them.
 */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "traffic/pcap_ring.h"
#include "traffic/sequence_gaps.h"

#define ENSURE(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int place(void *context, size_t point, uint16_t path)
{
    (void)context;
    return path < 8 ? (int)point : -1;
}

static uint64_t latest_ns;

static void see(void *context, const struct pcap_packet *packet)
{
    ENSURE(packet->captured <= packet->length);
    latest_ns = packet->at_ns > latest_ns ? packet->at_ns : latest_ns;
    for (size_t point = 0; point < 2; point++) {
        // The second point has every second packet.
        if (point == 0 || packet->at_ns % 2 == 0) {
            (void)sequence_gaps_see(context, point, packet->at_ns, packet->bytes, packet->captured);
        }
    }
}

static void lost(void *context, const struct sequence_gap *gap)
{
    (void)context;
    ENSURE(gap->count > 0 && gap->point < 2);
}

static void ignore(void *context, const struct pcap_packet *packet)
{
    (void)context;
    (void)packet;
}

static void ensure_is_capture(int fd, uint64_t packets)
{
    off_t length = lseek(fd, 0, SEEK_END);
    uint8_t *written = malloc((size_t)length + 1);
    ENSURE(written != NULL && pread(fd, written, (size_t)length, 0) == length);
    struct time_windows none = {NULL, 0};
    struct pcap_ring *ring = pcap_ring_new(0, &none, -1, ignore, NULL);
    ENSURE(pcap_ring_take(ring, written, (size_t)length, NULL) == 0);
    ENSURE(pcap_ring_counts(ring).seen == packets);
    pcap_ring_free(ring);
    free(written);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    size_t piece = data[0] == 0 ? 256 : data[0];
    data++;
    size--;
    struct time_windows windows = {NULL, 0};
    time_windows_add(&windows, 500000000, 1000050000);
    struct sequence_gaps *gaps = sequence_gaps_new(2, place, NULL);
    int fd = memfd_create("written", MFD_CLOEXEC);
    ENSURE(fd >= 0);
    latest_ns = 0;
    struct pcap_ring *ring = pcap_ring_new(0, &windows, fd, see, gaps);
    for (size_t at = 0; at < size; at += piece) {
        if (pcap_ring_take(ring, data + at, size - at < piece ? size - at : piece, NULL) < 0) {
            break;
        }
    }
    ENSURE(pcap_ring_release(ring, UINT64_MAX, NULL) == 0 && pcap_ring_flush(ring, NULL) == 0);
    struct pcap_counts counts = pcap_ring_counts(ring);
    ENSURE(counts.written + counts.displaced <= counts.seen);
    pcap_ring_free(ring);
    ensure_is_capture(fd, counts.written);
    close(fd);
    for (unsigned i = 0; i < 4; i++) {
        sequence_gaps_settle(gaps, latest_ns + 2 * i * SEQUENCE_SETTLES_NS, lost, NULL);
    }
    sequence_gaps_free(gaps);
    time_windows_clear(&windows);
    return 0;
}
