// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of traffic/pcap_ring — which packets of a capture are written.
 *
 * The seeds of fuzz_pcap are streams made here; UPDATE_GOLDEN=1 rewrites them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "captured_frames.h"
#include "traffic/pcap_ring.h"

#define US_NS 1000U
#define SEEDS "tests/fuzz/corpus/pcap/"

// ---- windows

static void windows_are_kept_in_order_and_joined(void **state)
{
    (void)state;
    struct time_windows windows = {NULL, 0};
    time_windows_add(&windows, 50, 60);
    time_windows_add(&windows, 10, 20);
    time_windows_add(&windows, 80, 90);
    assert_int_equal(windows.count, 3);
    assert_int_equal(windows.items[0].from_ns, 10);
    assert_int_equal(windows.items[1].from_ns, 50);
    time_windows_add(&windows, 20, 55); // touches the first, overlaps the second
    assert_int_equal(windows.count, 2);
    assert_int_equal(windows.items[0].from_ns, 10);
    assert_int_equal(windows.items[0].to_ns, 60);
    assert_int_equal(windows.items[1].from_ns, 80);
    time_windows_add(&windows, 0, 100);
    assert_int_equal(windows.count, 1);
    time_windows_add(&windows, 5, 6);
    assert_int_equal(windows.count, 1);
    assert_int_equal(windows.items[0].to_ns, 100);
    time_windows_clear(&windows);
}

// ---- packets

struct seen {
    size_t count;
    uint64_t times[64];
};

static void note(void *context, const struct pcap_packet *packet)
{
    struct seen *seen = context;
    if (seen->count < 64) {
        seen->times[seen->count] = packet->at_ns;
    }
    seen->count++;
}

static void make_stream(size_t count, struct captured *ret)
{
    captured_begin(ret);
    for (size_t i = 0; i < count; i++) {
        size_t length;
        uint8_t *frame = captured_frame(1, i, &length);
        captured_packet(ret, 1000000 + 10 * i, frame, length);
        free(frame);
    }
}

// Passes a stream through a ring, in pieces, and returns what it wrote.
static struct captured pass(const struct captured *stream, size_t piece, size_t room,
                            const struct time_windows *windows, struct pcap_counts *ret)
{
    _cleanup_close_ int fd = memfd_create("written", MFD_CLOEXEC);
    struct seen seen = {.count = 0};
    struct pcap_ring *ring = pcap_ring_new(room, windows, fd, note, &seen);
    for (size_t at = 0; at < stream->length; at += piece) {
        size_t length = stream->length - at < piece ? stream->length - at : piece;
        assert_int_equal(pcap_ring_take(ring, stream->bytes + at, length, NULL), 0);
    }
    assert_int_equal(pcap_ring_release(ring, UINT64_MAX, NULL), 0);
    assert_int_equal(pcap_ring_flush(ring, NULL), 0);
    *ret = pcap_ring_counts(ring);
    assert_int_equal(ret->seen, seen.count);
    pcap_ring_free(ring);
    struct captured written = {.length = (size_t)lseek(fd, 0, SEEK_END)};
    written.bytes = memory_new(written.length, 1);
    assert_int_equal(pread(fd, written.bytes, written.length, 0), (ssize_t)written.length);
    return written;
}

static void packets_in_a_window_are_written_whole(void **state)
{
    (void)state;
    struct captured stream = {0};
    make_stream(20, &stream);
    struct time_windows windows = {NULL, 0};
    // Packets 5 to 7 and 12; a window has both ends.
    time_windows_add(&windows, 1000050 * US_NS, 1000070 * US_NS);
    time_windows_add(&windows, 1000115 * US_NS, 1000125 * US_NS);
    for (size_t piece = 1; piece < 300; piece += 37) {
        struct pcap_counts counts;
        struct captured written = pass(&stream, piece, 1U << 20, &windows, &counts);
        size_t each = (stream.length - CAPTURED_HEADER) / 20;
        assert_int_equal(counts.seen, 20);
        assert_int_equal(counts.written, 4);
        assert_int_equal(counts.displaced, 0);
        assert_int_equal(written.length, CAPTURED_HEADER + 4 * each);
        assert_memory_equal(written.bytes, stream.bytes, CAPTURED_HEADER);
        assert_memory_equal(written.bytes + CAPTURED_HEADER,
                            stream.bytes + CAPTURED_HEADER + 5 * each, 3 * each);
        assert_memory_equal(written.bytes + CAPTURED_HEADER + 3 * each,
                            stream.bytes + CAPTURED_HEADER + 12 * each, each);
        free(written.bytes);
    }
    time_windows_clear(&windows);
    free(stream.bytes);
}

static void without_a_window_the_file_has_no_packet(void **state)
{
    (void)state;
    struct captured stream = {0};
    make_stream(5, &stream);
    struct time_windows windows = {NULL, 0};
    struct pcap_counts counts;
    struct captured written = pass(&stream, 100, 1U << 20, &windows, &counts);
    assert_int_equal(written.length, CAPTURED_HEADER);
    assert_int_equal(counts.written, 0);
    free(written.bytes);
    free(stream.bytes);
}

static void packets_for_which_there_is_no_room_are_counted(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct captured stream = {0};
    make_stream(COUNT, &stream);
    struct time_windows windows = {NULL, 0};
    struct pcap_counts counts;
    struct captured written = pass(&stream, 60000, 1U << 20, &windows, &counts);
    size_t each = (stream.length - CAPTURED_HEADER) / COUNT;
    assert_true(counts.displaced > COUNT - (1U << 20) / each);
    assert_true(counts.displaced < COUNT);
    assert_int_equal(counts.displaced_ns, (1000000 + 10 * (counts.displaced - 1)) * US_NS);
    free(written.bytes);
    // What is in a window when it leaves is no loss.
    time_windows_add(&windows, 0, UINT64_MAX);
    written = pass(&stream, 60000, 1U << 20, &windows, &counts);
    assert_int_equal(counts.displaced, 0);
    assert_int_equal(counts.written, COUNT);
    assert_int_equal(written.length, stream.length);
    free(written.bytes);
    time_windows_clear(&windows);
    free(stream.bytes);
}

static void refuse(struct captured *stream)
{
    struct time_windows windows = {NULL, 0};
    struct seen seen = {.count = 0};
    struct pcap_ring *ring = pcap_ring_new(1U << 20, &windows, -1, note, &seen);
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_true(pcap_ring_take(ring, stream->bytes, stream->length, &err) < 0);
    assert_non_null(strstr(err.text, "tcpdump"));
    pcap_ring_free(ring);
    free(stream->bytes);
    *stream = (struct captured){0};
}

static void streams_that_are_no_capture_are_refused(void **state)
{
    (void)state;
    struct captured stream = {0};
    captured_add(&stream, "tcpdump: a message instead of packets", 37);
    refuse(&stream);
    make_stream(1, &stream);
    memset(stream.bytes + CAPTURED_HEADER + 8, 0xff, 4); // captured bytes
    refuse(&stream);
    make_stream(1, &stream);
    memset(stream.bytes + CAPTURED_HEADER + 4, 0xff, 4); // microseconds
    refuse(&stream);
}

static void write_seeds(void)
{
    struct captured stream = {0};
    captured_add(&stream, "\x11", 1); // bytes of a piece
    make_stream(3, &stream);
    size_t length;
    uint8_t *frame = captured_frame(1, 7, &length);
    captured_packet(&stream, 1000100, frame, length);
    free(frame);
    assert_int_equal(file_replace(SEEDS "gap", (const char *)stream.bytes, stream.length, NULL), 0);
    free(stream.bytes);
}

int main(void)
{
    if (getenv("UPDATE_GOLDEN") != NULL) {
        write_seeds();
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_are_kept_in_order_and_joined),
        cmocka_unit_test(packets_in_a_window_are_written_whole),
        cmocka_unit_test(without_a_window_the_file_has_no_packet),
        cmocka_unit_test(packets_for_which_there_is_no_room_are_counted),
        cmocka_unit_test(streams_that_are_no_capture_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
