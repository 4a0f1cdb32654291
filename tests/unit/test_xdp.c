// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of the BPF programs of the traffic engine xdp: run in the kernel on single frames
 * (BPF_PROG_TEST_RUN), they must agree with traffic/frame and traffic/flow, which do the same in
 * the program. Needs root.
 */
#include "base/clock.h"

#include "xdp_programs.h" // last: it includes cmocka.h

#define MUTATIONS 30000U

// A repeatable stream of random numbers (xorshift64).
static uint64_t random_state;
static uint64_t random_number(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

// ---- source

static void writes_the_frames_of_the_library(void)
{
    static struct frame_template frame;
    static uint8_t out[FRAME_ROOM];
    static uint8_t wanted[FRAME_LENGTH_MAX];
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN};
    unsigned least = FRAME_IP_MIN(address->source.version);
    for (unsigned length = least; length <= 3386; length += length < 200 ? 1 : 53) {
        frame_template_init(&frame, address, length);
        begin_stream(&frame, &stamp);
        for (uint64_t sequence = 0; sequence < 3; sequence++) {
            DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.bytes,
                                .data_size_in = (uint32_t)frame.length, .data_out = out,
                                .data_size_out = sizeof out, .repeat = 1);
            assert_int_equal(
                bpf_prog_test_run_opts(bpf_program__fd(source->progs.send_stamped), &options), 0);
            assert_int_equal(options.retval, XDP_DROP); // it has no interface
            assert_int_equal(options.data_size_out, frame.length);
            struct frame_stamp got = {0};
            assert_int_equal(frame_parse(out, options.data_size_out, &got), FRAME_GOOD);
            assert_int_equal(got.network, NETWORK);
            assert_int_equal(got.run, RUN);
            assert_int_equal(got.sequence, sequence);
            assert_true(got.time_ns != 0);
            make_frame(&frame, wanted, length, &got);
            assert_memory_equal(out, wanted, frame.length);
        }
    }
}

static void source_writes_the_frames_of_the_library(void **state)
{
    (void)state;
    need_programs();
    for (size_t i = 0; i < ADDRESSES; i++) {
        address = addresses[i];
        writes_the_frames_of_the_library();
    }
}

// Runs the program `count` times on a frame that leaves by no interface.
static void run_source(const struct frame_template *frame, int count)
{
    DECLARE_LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame->bytes,
                        .data_size_in = (uint32_t)frame->length, .repeat = count);
    assert_int_equal(bpf_prog_test_run_opts(bpf_program__fd(source->progs.send_stamped), &options),
                     0);
}

// Has the program send several streams, each as fast as it is run.
static void begin_streams(const struct frame_template *frame, const struct frame_stamp *stamp,
                          unsigned count)
{
    begin_stream(frame, stamp);
    for (unsigned i = 1; i < count; i++) {
        source->bss->hot.streams[i] = (struct xdp_stream){.target = UINT64_MAX};
        xdp_source_prepare(&source->bss->hot.streams[i], frame, stamp);
    }
    source->bss->hot.beyond_stream = count;
}

static void source_sends_when_packets_are_due(void **state)
{
    (void)state;
    need_programs();
    static struct frame_template frame;
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN};
    frame_template_init(&frame, &address4, 100);
    begin_stream(&frame, &stamp);
    struct xdp_stream *stream = &source->bss->hot.streams[0];

    // Not due for a long time: nothing is sent, and the time is waiting.
    stream->pace = pace_constant(1000.0, clock_monotonic_ns() + 1000 * NS_PER_S);
    source->bss->hot.waited_ns = 0;
    run_source(&frame, 1000);
    assert_int_equal(stream->sequence, 0);
    assert_true(source->bss->hot.waited_ns > 0);

    // As many as are due, or fewer; each at its time.
    uint64_t begin = clock_monotonic_ns();
    stream->pace = pace_constant(1e6, begin);
    while (clock_monotonic_ns() < begin + 20 * NS_PER_MS) {
        run_source(&frame, 1000);
        uint64_t due = (clock_monotonic_ns() - begin) / 1000 + 1;
        assert_true(stream->sequence <= due);
    }
    assert_true(stream->sequence > 0);

    // 10 s late: the catch-up rate, not a burst.
    stream->sequence = 0;
    begin = clock_monotonic_ns();
    stream->pace = pace_constant(100000.0, begin - 10 * NS_PER_S);
    run_source(&frame, 20000);
    double took = (double)(clock_monotonic_ns() - begin) / (double)NS_PER_S;
    assert_true((double)stream->sequence <= 125000.0 * took + 5.0 + 2.0);
    assert_true(stream->sequence >= 5);

    // No more than the target, and nothing after the end.
    stream->sequence = 0;
    stream->target = 3;
    stream->pace = pace_constant(0.0, 0);
    run_source(&frame, 10);
    assert_int_equal(stream->sequence, 3);
    stream->target = UINT64_MAX;
    source->bss->hot.end_ns = clock_monotonic_ns();
    run_source(&frame, 10);
    assert_int_equal(stream->sequence, 3);
}

// Streams that are behind send rows of 16 packets.
static void source_serves_streams_in_turn(void **state)
{
    (void)state;
    need_programs();
    static struct frame_template frame;
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN};
    frame_template_init(&frame, &address4, 100);
    begin_streams(&frame, &stamp, 3);
    const struct xdp_stream *streams = source->bss->hot.streams;
    source->bss->hot.streams[1].pace = pace_constant(1.0, clock_monotonic_ns() + 1000 * NS_PER_S);
    run_source(&frame, 16);
    assert_int_equal(streams[0].sequence, 16);
    run_source(&frame, 10);
    assert_int_equal(streams[2].sequence, 10);
    source->bss->hot.streams[2].target = 10; // the end of its packets ends a row
    run_source(&frame, 70);
    assert_int_equal(streams[0].sequence, 86);
    assert_int_equal(streams[1].sequence, 0); // it is not due
    assert_int_equal(streams[2].sequence, 10);
}

// Of streams that are not behind, none sends two packets in a row: each has one that is due.
static void source_alternates_streams_that_keep_pace(void **state)
{
    (void)state;
    need_programs();
    static struct frame_template frame;
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN};
    frame_template_init(&frame, &address4, 100);
    begin_streams(&frame, &stamp, 4);
    struct xdp_stream *streams = source->bss->hot.streams;
    for (size_t i = 0; i < 4; i++) {
        streams[i].pace = pace_constant(0.001, clock_monotonic_ns());
    }
    for (unsigned sent = 1; sent <= 4; sent++) {
        run_source(&frame, 1);
        for (unsigned i = 0; i < 4; i++) {
            assert_int_equal(streams[i].sequence, i < sent);
        }
    }
    run_source(&frame, 100);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(streams[i].sequence, 1);
    }
}

// More streams than a run looks at: each is found.
static void source_finds_due_streams_among_many(void **state)
{
    (void)state;
    need_programs();
    enum { STREAMS = 100 };
    static struct frame_template frame;
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN};
    frame_template_init(&frame, &address4, 100);
    begin_streams(&frame, &stamp, STREAMS);
    struct xdp_stream *streams = source->bss->hot.streams;
    for (size_t i = 0; i < STREAMS; i++) {
        streams[i].target = i % 33 == 20 ? 5 : 0;
    }
    run_source(&frame, 200);
    for (size_t i = 0; i < STREAMS; i++) {
        assert_int_equal(streams[i].sequence, streams[i].target);
    }
}

// ---- sink

static void arrive_numbered(uint64_t sequence)
{
    struct frame_template frame;
    static uint8_t bytes[FRAME_LENGTH_MAX];
    struct frame_stamp stamp = {
        .network = NETWORK, .run = RUN, .sequence = sequence, .time_ns = sequence + 1};
    make_frame(&frame, bytes, FRAME_IP_MIN(address->source.version), &stamp);
    arrive(bytes, frame.length);
}

static void tells_copies_late_and_stale_packets_apart(void)
{
    begin_counting();
    static const uint64_t order[] = {0,
                                     1,
                                     2,
                                     4,
                                     3,
                                     3,
                                     64,
                                     63,
                                     65,
                                     128,
                                     127,
                                     127,
                                     1000,
                                     999,
                                     64ULL * 70,
                                     66,
                                     66,
                                     FLOW_WINDOW - 1,
                                     FLOW_WINDOW,
                                     FLOW_WINDOW + 63,
                                     5,
                                     70,
                                     2 * FLOW_WINDOW + 70,
                                     70,
                                     2 * FLOW_WINDOW,
                                     2 * FLOW_WINDOW,
                                     FLOW_WINDOW + 71,
                                     9 * FLOW_WINDOW,
                                     9 * FLOW_WINDOW - 1,
                                     UINT64_MAX - FLOW_WINDOW,
                                     UINT64_MAX};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        arrive_numbered(order[i]);
    }
}

static void sink_tells_copies_late_and_stale_packets_apart(void **state)
{
    (void)state;
    need_programs();
    for (size_t i = 0; i < 2 * ADDRESSES; i++) {
        sink = sinks[i % 2];
        address = addresses[i / 2];
        tells_copies_late_and_stale_packets_apart();
    }
}

static void counts_random_orders_as_the_library_does(void)
{
    begin_counting();
    random_state = 88172645463325252ULL;
    uint64_t at = 0;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        uint64_t kind = random_number() % 100;
        if (kind < 60) {
            arrive_numbered(at++);
        } else if (kind < 75) {
            at += random_number() % 300;
            arrive_numbered(at);
        } else if (kind < 99) {
            uint64_t back = random_number() % 500;
            arrive_numbered(at > back ? at - back : 0);
        } else {
            at += random_number() % (3 * FLOW_WINDOW);
            arrive_numbered(at);
        }
    }
    uint64_t delays = 0;
    const size_t classes = sizeof sink->bss->delays / sizeof sink->bss->delays[0];
    for (size_t i = 0; i < classes; i++) {
        delays += sink->bss->delays[i];
    }
    assert_int_equal(delays, sink->bss->hot.received);
    assert_memory_equal(sink->bss->gaps, flow->gaps, sizeof flow->gaps);
}

static void sink_counts_random_orders_as_the_library_does(void **state)
{
    (void)state;
    need_programs();
    for (size_t i = 0; i < 2 * ADDRESSES; i++) {
        sink = sinks[i % 2];
        address = addresses[i / 2];
        counts_random_orders_as_the_library_does();
    }
}

// Gaps of each magnitude, at the edges of the powers of two and between them.
static void sink_classes_gaps_as_the_library_does(void **state)
{
    (void)state;
    need_programs();
    address = &address4;
    for (size_t k = 0; k < 2; k++) {
        static struct frame_template frame;
        static uint8_t bytes[FRAME_LENGTH_MAX];
        sink = sinks[k];
        begin_counting();
        random_state = 2463534242ULL;
        struct frame_stamp stamp = {.network = NETWORK, .run = RUN, .time_ns = 1};
        for (unsigned power = 0; power < 48; power++) {
            for (unsigned i = 0; i < 20; i++) {
                uint64_t edge = 1ULL << power;
                stamp.time_ns += i < 3 ? edge + i - 1 : edge + random_number() % edge;
                make_frame(&frame, bytes, 64, &stamp);
                arrive(bytes, frame.length);
                stamp.sequence++;
            }
        }
        assert_int_equal(flow->gap_count, 48 * 20 - 1);
        assert_memory_equal(sink->bss->gaps, flow->gaps, sizeof flow->gaps);
    }
}

// Intervals without packets have the same bound as the next.
static void sink_counts_by_intervals_as_the_library_does(void **state)
{
    (void)state;
    static const uint64_t bounds[] = {0, 1, 7, 7, 64, 1000, 1001, 1500, 1500};
    enum { INTERVALS = sizeof bounds / sizeof bounds[0] };
    need_programs();
    for (size_t k = 0; k < 2; k++) {
        uint64_t within[INTERVALS] = {0};
        sink = sinks[k];
        address = addresses[k];
        begin_counting();
        memcpy(sink->bss->bounds, bounds, sizeof bounds);
        sink->bss->hot.interval_count = INTERVALS;
        flow->bounds = bounds;
        flow->within = within;
        flow->interval_count = INTERVALS;
        random_state = 88172645463325252ULL;
        for (unsigned i = 0; i < 4000; i++) {
            arrive_numbered(random_number() % 2000);
        }
        uint64_t sum = 0;
        for (size_t i = 0; i < INTERVALS; i++) {
            assert_int_equal(sink->bss->within[i], within[i]);
            sum += within[i];
        }
        assert_int_equal(sum, flow->received);
        assert_int_equal(within[2], 0);
        flow->interval_count = 0;
    }
}

static void judges_damaged_frames_as_the_library_does(void)
{
    begin_counting();
    static struct frame_template frame;
    static uint8_t bytes[FRAME_LENGTH_MAX];
    random_state = 2463534242ULL;
    for (unsigned i = 0; i < MUTATIONS; i++) {
        unsigned length = FRAME_IP_MIN(address->source.version) +
                          (unsigned)(random_number() % (i % 10 == 0 ? 3300 : 300));
        struct frame_stamp stamp = {.network = NETWORK, .run = RUN, .sequence = i, .time_ns = 1};
        if (random_number() % 8 == 0) {
            stamp.run++;
        } else if (random_number() % 8 == 0) {
            stamp.network++;
        }
        make_frame(&frame, bytes, length, &stamp);
        size_t given = frame.length;
        unsigned changes = (unsigned)(random_number() % 4);
        for (unsigned c = 0; c < changes; c++) {
            size_t place = random_number() % (random_number() % 2 == 0 ? given : 90);
            bytes[place] = (uint8_t)random_number();
        }
        switch (random_number() % 8) {
        case 0: // cut
            given = 14 + random_number() % (given - 14);
            break;
        case 1: // padded, as short Ethernet frames are
            given = given + 40 < FRAME_ROOM - 600 ? given + random_number() % 40 : given;
            break;
        default:
            break;
        }
        arrive(bytes, given);
    }
    assert_true(sink->bss->hot.received > MUTATIONS / 10);
    assert_true(sink->bss->hot.corrupt > MUTATIONS / 10);
    assert_true(sink->bss->hot.strays > MUTATIONS / 20);
}

static void sink_judges_damaged_frames_as_the_library_does(void **state)
{
    (void)state;
    need_programs();
    for (size_t i = 0; i < 2 * ADDRESSES; i++) {
        sink = sinks[i % 2];
        address = addresses[i / 2];
        judges_damaged_frames_as_the_library_does();
    }
}

static void insert(uint8_t *bytes, size_t *length, size_t at, const uint8_t *what, size_t count)
{
    memmove(bytes + at + count, bytes + at, *length - at);
    memcpy(bytes + at, what, count);
    *length += count;
}

static void other_traffic_passes_the_sink(void **state)
{
    (void)state;
    need_programs();
    sink = sinks[0];
    address = &address4;
    begin_counting();
    static struct frame_template frame;
    static uint8_t bytes[FRAME_LENGTH_MAX];
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN, .time_ns = 1};
    make_frame(&frame, bytes, 100, &stamp);
    size_t length = frame.length;
    static const uint8_t outer[4] = {0x88, 0xa8, 0, 7};
    insert(bytes, &length, 12, outer, sizeof outer); // a provider's tag (IEEE 802.1ad)
    arrive(bytes, length);

    make_frame(&frame, bytes, 100, &stamp);
    length = frame.length;
    static const uint8_t option[4] = {1, 1, 1, 0}; // RFC 791: no operation, end of the list
    insert(bytes, &length, 34, option, sizeof option);
    bytes[14] = 0x46;
    arrive(bytes, length);

    memset(bytes, 0, 200);
    bytes[12] = 0x86, bytes[13] = 0xdd, bytes[14] = 0x60; // IPv6 with a hop-by-hop header
    bytes[18 + 2] = 0;
    arrive(bytes, 200);

    memset(bytes, 0xff, 6);
    bytes[12] = 8, bytes[13] = 6; // ARP
    arrive(bytes, 60);
    assert_int_equal(flow->arrivals, 0);
    expect_same_counts();

    make_frame(&frame, bytes, 100, &stamp);
    bytes[20] |= 0x20; // the first of two fragments: a test frame that was cut
    arrive(bytes, frame.length);
    assert_int_equal(sink->bss->hot.corrupt, 1);

    make_frame(&frame, bytes, 100, &stamp);
    length = frame.length;
    static const uint8_t tag[4] = {0x81, 0, 0, 7};
    insert(bytes, &length, 12, tag, sizeof tag); // a tag that the source did not write
    arrive(bytes, length);
    assert_int_equal(sink->bss->hot.corrupt, 2);
}

// The priority of a tag may change on the way, its VLAN may not.
static void sink_compares_vlans(void **state)
{
    (void)state;
    need_programs();
    static struct frame_template frame;
    static uint8_t bytes[FRAME_LENGTH_MAX];
    for (size_t i = 0; i < 4; i++) {
        sink = sinks[i % 2];
        address = addresses[2 + i / 2];
        begin_counting();
        struct frame_stamp stamp = {.network = NETWORK, .run = RUN, .time_ns = 1};
        make_frame(&frame, bytes, 100, &stamp);
        arrive(bytes, frame.length);
        stamp.sequence++;
        make_frame(&frame, bytes, 100, &stamp);
        bytes[14] |= 0xe0; // highest priority
        arrive(bytes, frame.length);
        assert_int_equal(sink->bss->hot.received, 2);
        bytes[15] ^= 1;
        arrive(bytes, frame.length);
        assert_int_equal(sink->bss->hot.corrupt, 1);
        memmove(bytes + 12, bytes + 16, frame.length - 16); // without the tag
        arrive(bytes, frame.length - 4);
        assert_int_equal(sink->bss->hot.corrupt, 2);
    }
}

// Extension headers are no test traffic; fragments of test traffic are corrupt.
static void extension_headers_pass_the_sink_and_fragments_are_corrupt(void **state)
{
    (void)state;
    need_programs();
    static const struct {
        uint8_t kind, bytes[24];
        size_t size;
    } headers[] = {
        {0, {17, 0, 1, 4}, 8},           // hop-by-hop options
        {60, {17, 0, 1, 4}, 8},          // destination options
        {43, {17, 2, 4}, 24},            // routing
        {44, {17, 0, 0, 9, 0, 0, 1}, 8}, // a later fragment
        {44, {60, 0, 0, 1, 0, 0, 1}, 8}, // the first fragment of extension headers
        {44, {17, 0, 0, 1, 0, 0, 1}, 8}, // the first fragment of test traffic
        {44, {17, 0, 0, 0, 0, 0, 1}, 8}, // an atomic fragment of it
    };
    static struct frame_template frame;
    static uint8_t bytes[FRAME_LENGTH_MAX];
    const struct frame_stamp stamp = {.network = NETWORK, .run = RUN, .time_ns = 1};
    address = &address6;
    for (size_t k = 0; k < 2; k++) {
        sink = sinks[k];
        begin_counting();
        for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
            make_frame(&frame, bytes, 100, &stamp);
            size_t length = frame.length;
            insert(bytes, &length, 54, headers[i].bytes, headers[i].size);
            bytes[20] = headers[i].kind;
            bytes[19] = (uint8_t)(bytes[19] + headers[i].size);
            for (size_t given = 15; given <= length; given++) {
                arrive(bytes, given); // whole, and cut anywhere
            }
            assert_int_equal(sink->bss->hot.corrupt > 0, i > 4);
        }
    }
}

// The kernel refuses programs in which it must follow more than 1,000,000 instructions, and takes
// half a second for 400,000. The number depends on the kernel and on the compiler.
static void programs_are_verified_fast(void **state)
{
    (void)state;
    need_programs();
    const struct bpf_program *programs[] = {
        source->progs.send_stamped, sinks[0]->progs.count_stamped, sinks[1]->progs.count_stamped};
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        struct bpf_prog_info info = {0};
        uint32_t size = sizeof info;
        int program = bpf_program__fd(programs[i]);
        assert_int_equal(bpf_obj_get_info_by_fd(program, &info, &size), 0);
        assert_in_range(info.verified_insns, 1, 100000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(programs_are_verified_fast),
        cmocka_unit_test(source_writes_the_frames_of_the_library),
        cmocka_unit_test(source_sends_when_packets_are_due),
        cmocka_unit_test(source_serves_streams_in_turn),
        cmocka_unit_test(source_alternates_streams_that_keep_pace),
        cmocka_unit_test(source_finds_due_streams_among_many),
        cmocka_unit_test(sink_tells_copies_late_and_stale_packets_apart),
        cmocka_unit_test(sink_counts_random_orders_as_the_library_does),
        cmocka_unit_test(sink_classes_gaps_as_the_library_does),
        cmocka_unit_test(sink_counts_by_intervals_as_the_library_does),
        cmocka_unit_test(sink_judges_damaged_frames_as_the_library_does),
        cmocka_unit_test(other_traffic_passes_the_sink),
        cmocka_unit_test(sink_compares_vlans),
        cmocka_unit_test(extension_headers_pass_the_sink_and_fragments_are_corrupt),
    };
    return cmocka_run_group_tests(tests, load_programs, unload_programs);
}
