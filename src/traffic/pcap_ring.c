// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/pcap_ring — see pcap_ring.h.
#include "traffic/pcap_ring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"

#define FILE_HEADER 24U // bytes
#define RECORD      16U // bytes of a packet's header
#define MAGIC_US    0xa1b2c3d4U
#define MAGIC_NS    0xa1b23c4dU
#define FIRST_ROOM  (1U << 20)
#define WRITE_AT    (1U << 16) // bytes that are written together

// The numbers of a packet's header, in the byte order of the computer.
struct record {
    uint32_t seconds, fraction, captured, length;
};

struct bytes {
    uint8_t *at;
    size_t length, room;
};

struct pcap_ring {
    const struct time_windows *windows;
    int fd;
    void (*seen)(void *context, const struct pcap_packet *packet);
    void *context;
    bool begun; // the header of the stream has arrived
    uint32_t unit_ns;
    struct bytes in;  // of the stream, an incomplete packet
    struct bytes out; // not written yet
    // Packets with their headers, from `head` to held.length.
    struct bytes held;
    size_t head, most;
    struct pcap_counts counts;
};

// ---- windows

void time_windows_add(struct time_windows *windows, uint64_t from_ns, uint64_t to_ns)
{
    size_t first = 0;
    while (first < windows->count && windows->items[first].to_ns < from_ns) {
        first++;
    }
    size_t last = first; // the first one after the new window
    while (last < windows->count && windows->items[last].from_ns <= to_ns) {
        struct time_window *joined = &windows->items[last++];
        from_ns = joined->from_ns < from_ns ? joined->from_ns : from_ns;
        to_ns = joined->to_ns > to_ns ? joined->to_ns : to_ns;
    }
    size_t after = windows->count - last;
    windows->items = memory_resize(windows->items, windows->count + 1, sizeof *windows->items);
    memmove(&windows->items[first + 1], &windows->items[last], after * sizeof *windows->items);
    windows->items[first] = (struct time_window){from_ns, to_ns};
    windows->count = first + 1 + after;
}

void time_windows_clear(struct time_windows *windows)
{
    free(windows->items);
    *windows = (struct time_windows){NULL, 0};
}

static bool is_wanted(const struct time_windows *windows, uint64_t at_ns)
{
    // The latest windows are the likeliest.
    for (size_t i = windows->count; i > 0; i--) {
        const struct time_window *window = &windows->items[i - 1];
        if (at_ns > window->to_ns) {
            return false;
        }
        if (at_ns >= window->from_ns) {
            return true;
        }
    }
    return false;
}

// ---- bytes

static void bytes_add(struct bytes *bytes, const void *more, size_t length)
{
    if (bytes->length + length > bytes->room) {
        bytes->room = 2 * (bytes->length + length);
        bytes->at = memory_resize(bytes->at, bytes->room, 1);
    }
    memcpy(bytes->at + bytes->length, more, length);
    bytes->length += length;
}

int pcap_ring_flush(struct pcap_ring *ring, struct error *err)
{
    int rc = stop_write(ring->fd, ring->out.at, ring->out.length, err);
    ring->out.length = 0;
    return rc;
}

// ---- packets

static uint64_t time_of(const struct pcap_ring *ring, const struct record *record)
{
    return record->seconds * NS_PER_S + (uint64_t)record->fraction * ring->unit_ns;
}

static struct record oldest(const struct pcap_ring *ring)
{
    struct record record;
    memcpy(&record, ring->held.at + ring->head, sizeof record);
    return record;
}

// Removes the oldest packet, and writes it if it is in a window. Returns whether it was.
static int release_oldest(struct pcap_ring *ring, struct error *err)
{
    struct record record = oldest(ring);
    size_t length = RECORD + record.captured;
    bool wanted = is_wanted(ring->windows, time_of(ring, &record));
    if (wanted) {
        bytes_add(&ring->out, ring->held.at + ring->head, length);
        ring->counts.written++;
    }
    ring->head += length;
    int rc = ring->out.length >= WRITE_AT ? pcap_ring_flush(ring, err) : 0;
    return rc < 0 ? rc : wanted;
}

int pcap_ring_release(struct pcap_ring *ring, uint64_t until_ns, struct error *err)
{
    int rc = 0;
    while (rc >= 0 && ring->head < ring->held.length) {
        struct record record = oldest(ring);
        if (time_of(ring, &record) >= until_ns) {
            break;
        }
        rc = release_oldest(ring, err);
    }
    return rc < 0 ? rc : 0;
}

// Makes room for `more` bytes behind the newest packet.
static int make_room(struct pcap_ring *ring, size_t more, struct error *err)
{
    while (ring->held.length + more > ring->held.room) {
        size_t used = ring->held.length - ring->head;
        if (ring->head > ring->held.room / 4 || ring->head == ring->held.length) {
            memmove(ring->held.at, ring->held.at + ring->head, used);
            ring->held.length = used;
            ring->head = 0;
        } else if (ring->held.room < ring->most) {
            size_t twice = 2 * ring->held.room;
            ring->held.room = twice > ring->most ? ring->most : twice;
            ring->held.at = memory_resize(ring->held.at, ring->held.room, 1);
        } else {
            struct record record = oldest(ring);
            uint64_t at_ns = time_of(ring, &record);
            int rc = release_oldest(ring, err);
            if (rc < 0) {
                return rc;
            }
            ring->counts.displaced += rc == 0;
            if (rc == 0 && at_ns > ring->counts.displaced_ns) {
                ring->counts.displaced_ns = at_ns;
            }
        }
    }
    return 0;
}

// ---- the stream

static int take_header(struct pcap_ring *ring, const uint8_t *at, struct error *err)
{
    uint32_t magic;
    memcpy(&magic, at, sizeof magic);
    if (magic != MAGIC_US && magic != MAGIC_NS) {
        return fail(err, EBADMSG, "tcpdump's output is not in the format of pcap");
    }
    ring->unit_ns = magic == MAGIC_US ? NS_PER_US : 1;
    ring->begun = true;
    bytes_add(&ring->out, at, FILE_HEADER);
    return 0;
}

// Takes the packet at the begin of `at`. Returns its length with its header, 0 if it is incomplete.
static ssize_t take_packet(struct pcap_ring *ring, const uint8_t *at, size_t length,
                           struct error *err)
{
    struct record record;
    if (length < RECORD) {
        return 0;
    }
    memcpy(&record, at, sizeof record);
    if (record.captured > PCAP_CAPTURED_MAX || record.captured > record.length ||
        (uint64_t)record.fraction * ring->unit_ns >= NS_PER_S) {
        return fail(err, EBADMSG, "tcpdump's output has a packet of impossible length or time");
    }
    size_t whole = RECORD + record.captured;
    if (length < whole) {
        return 0;
    }
    int rc = make_room(ring, whole, err);
    if (rc < 0) {
        return rc;
    }
    memcpy(ring->held.at + ring->held.length, at, whole);
    ring->held.length += whole;
    ring->counts.seen++;
    const struct pcap_packet packet = {.at_ns = time_of(ring, &record),
                                       .bytes = at + RECORD,
                                       .captured = record.captured,
                                       .length = record.length};
    ring->seen(ring->context, &packet);
    return (ssize_t)whole;
}

int pcap_ring_take(struct pcap_ring *ring, const void *bytes, size_t length, struct error *err)
{
    size_t used = 0;
    if (length == 0) {
        return 0;
    }
    bytes_add(&ring->in, bytes, length);
    if (!ring->begun && ring->in.length >= FILE_HEADER) {
        int rc = take_header(ring, ring->in.at, err);
        if (rc < 0) {
            return rc;
        }
        used = FILE_HEADER;
    }
    while (ring->begun) {
        ssize_t taken = take_packet(ring, ring->in.at + used, ring->in.length - used, err);
        if (taken < 0) {
            return (int)taken;
        }
        if (taken == 0) {
            break;
        }
        used += (size_t)taken;
    }
    ring->in.length -= used;
    memmove(ring->in.at, ring->in.at + used, ring->in.length);
    return 0;
}

// ----

struct pcap_ring *pcap_ring_new(size_t room, const struct time_windows *windows, int fd,
                                void (*seen)(void *context, const struct pcap_packet *packet),
                                void *context)
{
    struct pcap_ring *ring = memory_new(1, sizeof *ring);
    *ring = (struct pcap_ring){.windows = windows,
                               .fd = fd,
                               .seen = seen,
                               .context = context,
                               .held = {.at = memory_new(FIRST_ROOM, 1), .room = FIRST_ROOM},
                               .most = room > FIRST_ROOM ? room : FIRST_ROOM};
    return ring;
}

void pcap_ring_free(struct pcap_ring *ring)
{
    if (ring != NULL) {
        free(ring->in.at);
        free(ring->out.at);
        free(ring->held.at);
        free(ring);
    }
}

struct pcap_counts pcap_ring_counts(const struct pcap_ring *ring)
{
    return ring->counts;
}
