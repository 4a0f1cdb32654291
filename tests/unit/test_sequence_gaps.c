// SPDX-License-Identifier: GPL-3.0-or-later
// tests of traffic/sequence_gaps — losses that captures at three points of a path show.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "captured_frames.h"
#include "traffic/sequence_gaps.h"

#define POINTS   3U
#define START_NS (1000U * NS_PER_S)
#define RUN      7U

struct lost {
    struct sequence_gap gaps[32];
    size_t count;
};

static void note(void *context, const struct sequence_gap *gap)
{
    struct lost *lost = context;
    assert_true(lost->count < 32);
    lost->gaps[lost->count++] = *gap;
}

// The points are in the order of the path 0; no other path passes them.
static int place(void *context, size_t point, uint16_t path)
{
    (void)context;
    return path == 0 ? (int)point : -1;
}

static struct sequence_gaps *begin(void)
{
    return sequence_gaps_new(POINTS, place, NULL);
}

static uint64_t time_of(uint64_t sequence)
{
    return START_NS + sequence * NS_PER_MS;
}

static void see(struct sequence_gaps *gaps, size_t point, uint64_t sequence)
{
    size_t length;
    uint8_t *frame = captured_frame(RUN, sequence, &length);
    assert_true(sequence_gaps_see(gaps, point, time_of(sequence), frame, length));
    free(frame);
}

static void see_range(struct sequence_gaps *gaps, size_t point, uint64_t first, uint64_t end)
{
    for (uint64_t i = first; i < end; i++) {
        see(gaps, point, i);
    }
}

// All that is certain long after the packets of numbers below `end`.
static struct lost settle(struct sequence_gaps *gaps, uint64_t end)
{
    struct lost lost = {.count = 0};
    sequence_gaps_settle(gaps, time_of(end), note, &lost);
    sequence_gaps_settle(gaps, time_of(end) + 2 * SEQUENCE_SETTLES_NS, note, &lost);
    sequence_gaps_settle(gaps, time_of(end) + 4 * SEQUENCE_SETTLES_NS, note, &lost);
    return lost;
}

static void assert_gap(const struct sequence_gap *gap, size_t before, size_t point, uint64_t first,
                       uint64_t count)
{
    assert_int_equal(gap->before, before);
    assert_int_equal(gap->point, point);
    assert_int_equal(gap->first, first);
    assert_int_equal(gap->count, count);
}

static void nothing_is_lost_where_all_points_have_all(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    for (size_t point = 0; point < POINTS; point++) {
        see_range(gaps, point, 0, 20);
        see(gaps, point, 22); // reordered
        see(gaps, point, 20);
        see(gaps, point, 21);
    }
    struct lost lost = settle(gaps, 23);
    assert_int_equal(lost.count, 0);
    assert_int_equal(sequence_gaps_missed(gaps, 0), 0);
    sequence_gaps_free(gaps);
}

static void a_loss_is_reported_once_between_two_points(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    see_range(gaps, 0, 0, 20);
    for (size_t point = 1; point < POINTS; point++) {
        see_range(gaps, point, 0, 9);
        see_range(gaps, point, 12, 20);
    }
    struct lost lost = {.count = 0};
    sequence_gaps_settle(gaps, time_of(20), note, &lost);
    assert_int_equal(lost.count, 0); // it may still arrive
    lost = settle(gaps, 20);
    assert_int_equal(lost.count, 1);
    assert_gap(&lost.gaps[0], 0, 1, 9, 3);
    assert_int_equal(lost.gaps[0].from_ns, time_of(8));
    assert_int_equal(lost.gaps[0].to_ns, time_of(12));
    sequence_gaps_free(gaps);
}

static void what_no_point_has_was_lost_before_the_first(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    for (size_t point = 0; point < POINTS; point++) {
        see_range(gaps, point, 0, 5);
        see_range(gaps, point, 6, 10);
    }
    struct lost lost = settle(gaps, 10);
    assert_int_equal(lost.count, 1);
    assert_gap(&lost.gaps[0], SEQUENCE_NOWHERE, 0, 5, 1);
    sequence_gaps_free(gaps);
}

static void a_packet_that_a_later_point_has_was_missed_by_the_capture(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    see_range(gaps, 0, 0, 10);
    see_range(gaps, 1, 0, 4);
    see_range(gaps, 1, 6, 10);
    see_range(gaps, 2, 0, 10);
    struct lost lost = settle(gaps, 10);
    assert_int_equal(lost.count, 0);
    assert_int_equal(sequence_gaps_missed(gaps, 1), 2);
    sequence_gaps_free(gaps);
}

static void first_and_last_packets_are_lost_in_comparison_only(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    see_range(gaps, 0, 0, 20);
    see_range(gaps, 1, 2, 17);
    see_range(gaps, 2, 2, 17);
    struct lost lost = settle(gaps, 20);
    assert_int_equal(lost.count, 2);
    assert_gap(&lost.gaps[0], 0, 1, 0, 2);
    assert_gap(&lost.gaps[1], 0, 1, 17, 3);
    sequence_gaps_free(gaps);
}

static void captures_that_begin_during_a_trial_report_no_loss(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    see_range(gaps, 0, 1000, 1020);
    see_range(gaps, 1, 1003, 1020);
    see_range(gaps, 2, 1005, 1020);
    assert_int_equal(settle(gaps, 1020).count, 0);
    sequence_gaps_free(gaps);
}

static void a_lost_tail_is_known_within_twice_the_time(void **state)
{
    (void)state;
    enum { LOOK_MS = 50 };
    struct sequence_gaps *gaps = begin();
    struct lost lost = {.count = 0};
    see_range(gaps, 0, 0, 20);
    see_range(gaps, 1, 0, 17);
    see_range(gaps, 2, 0, 17);
    uint64_t now_ns = time_of(20);
    while (lost.count == 0) {
        sequence_gaps_settle(gaps, now_ns, note, &lost);
        now_ns += LOOK_MS * NS_PER_MS;
        assert_true(now_ns < time_of(20) + 2 * SEQUENCE_SETTLES_NS + 4U * LOOK_MS * NS_PER_MS);
    }
    assert_gap(&lost.gaps[0], 0, 1, 17, 3);
    sequence_gaps_free(gaps);
}

static void a_capture_that_ended_shows_no_loss(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    see_range(gaps, 0, 0, 20);
    see_range(gaps, 1, 0, 8);
    see_range(gaps, 1, 9, 12);
    sequence_gaps_end(gaps, 1);
    sequence_gaps_end(gaps, 2); // before it had any packet
    struct lost lost = settle(gaps, 20);
    assert_int_equal(lost.count, 1); // while it captured
    assert_gap(&lost.gaps[0], 0, 1, 8, 1);
    sequence_gaps_free(gaps);
}

static void a_point_that_has_nothing_lost_everything(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    see_range(gaps, 0, 0, 10);
    see_range(gaps, 1, 0, 10);
    struct lost lost = settle(gaps, 10);
    assert_int_equal(lost.count, 1);
    assert_gap(&lost.gaps[0], 1, 2, 0, 10);
    sequence_gaps_free(gaps);
}

static void a_packet_that_comes_after_the_report_is_counted_as_late(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    see_range(gaps, 0, 0, 5);
    see_range(gaps, 0, 6, 10);
    struct lost lost = {.count = 0};
    sequence_gaps_settle(gaps, time_of(10) + 2 * SEQUENCE_SETTLES_NS, note, &lost);
    assert_int_equal(lost.count, 1);
    assert_int_equal(sequence_gaps_late(gaps, 0), 0);
    see(gaps, 0, 5);
    assert_int_equal(sequence_gaps_late(gaps, 0), 1);
    see(gaps, 0, 5); // a duplicate is not
    assert_int_equal(sequence_gaps_late(gaps, 0), 1);
    sequence_gaps_free(gaps);
}

static void many_numbers_are_remembered(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    struct sequence_gaps *gaps = begin();
    for (size_t point = 0; point < POINTS; point++) {
        for (uint64_t i = 0; i < COUNT; i++) {
            if (point == 0 || (i != 3 && i != COUNT / 2)) {
                see(gaps, point, i);
            }
        }
    }
    struct lost lost = settle(gaps, COUNT);
    assert_int_equal(lost.count, 2);
    assert_gap(&lost.gaps[0], 0, 1, 3, 1);
    assert_gap(&lost.gaps[1], 0, 1, COUNT / 2, 1);
    sequence_gaps_free(gaps);
}

static void other_traffic_is_ignored(void **state)
{
    (void)state;
    struct sequence_gaps *gaps = begin();
    size_t length;
    uint8_t *frame = captured_frame(RUN, 3, &length);
    assert_false(sequence_gaps_see(gaps, 0, START_NS, frame, length - 1)); // cut off
    frame[length - 1] ^= 1U;
    assert_false(sequence_gaps_see(gaps, 0, START_NS, frame, length));
    free(frame);
    assert_int_equal(settle(gaps, 1).count, 0);
    sequence_gaps_free(gaps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_where_all_points_have_all),
        cmocka_unit_test(a_loss_is_reported_once_between_two_points),
        cmocka_unit_test(what_no_point_has_was_lost_before_the_first),
        cmocka_unit_test(a_packet_that_a_later_point_has_was_missed_by_the_capture),
        cmocka_unit_test(first_and_last_packets_are_lost_in_comparison_only),
        cmocka_unit_test(captures_that_begin_during_a_trial_report_no_loss),
        cmocka_unit_test(a_lost_tail_is_known_within_twice_the_time),
        cmocka_unit_test(a_capture_that_ended_shows_no_loss),
        cmocka_unit_test(a_point_that_has_nothing_lost_everything),
        cmocka_unit_test(a_packet_that_comes_after_the_report_is_counted_as_late),
        cmocka_unit_test(many_numbers_are_remembered),
        cmocka_unit_test(other_traffic_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
