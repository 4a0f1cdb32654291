// SPDX-License-Identifier: GPL-3.0-or-later
// tests of traffic/schedule — properties of random piecewise linear loads: due times and counts are
// exact inverses, monotone, and agree with an independent integral.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "traffic/schedule.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define POINTS    12
#define SCHEDULES 300

static uint64_t draw_number(uint64_t below)
{
    static uint64_t state = 0x853c49e6748fea9bULL;
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    uint64_t high = state >> 32;
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return ((high << 32) | state >> 32) % below;
}

// Random pieces: ramps up and down, jumps, silence, rates from 0 to 10^8.
static size_t draw_points(struct schedule_point *ret)
{
    size_t count = 2 + draw_number(POINTS - 2);
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        double pps = draw_number(4) == 0 ? 0.0 : pow(10.0, (double)draw_number(8000) / 1000.0);
        bool jump = i > 0 && i + 1 < count && draw_number(3) == 0;
        at += i == 0 || jump ? 0 : 1 + draw_number(3 * NS_PER_S);
        ret[i] = (struct schedule_point){at, pps};
    }
    return count;
}

// The integral by an independent rule: trapezia of the clipped pieces.
static double integral_by(const struct schedule_point *points, size_t count, uint64_t ns)
{
    double sum = 0.0;
    for (size_t i = 0; i + 1 < count && points[i].at_ns < ns; i++) {
        uint64_t to = points[i + 1].at_ns < ns ? points[i + 1].at_ns : ns;
        if (to == points[i].at_ns) {
            continue;
        }
        double share =
            (double)(to - points[i].at_ns) / (double)(points[i + 1].at_ns - points[i].at_ns);
        double rate = points[i].pps + share * (points[i + 1].pps - points[i].pps);
        sum += (points[i].pps + rate) / 2.0 * (double)(to - points[i].at_ns) / 1e9;
    }
    return sum;
}

static void counts_and_due_times_are_inverses(void **state)
{
    (void)state;
    for (int round = 0; round < SCHEDULES; round++) {
        struct schedule_point points[POINTS];
        size_t count = draw_points(points);
        _cleanup_schedule_ struct schedule schedule = {0};
        schedule_make(points, count, &schedule);
        uint64_t end = schedule_end_ns(&schedule);
        assert_int_equal(end, points[count - 1].at_ns);
        assert_int_equal(schedule_due_before(&schedule, 0), 0);
        assert_int_equal(schedule_due_before(&schedule, end), schedule.total);
        for (int i = 0; i < 200; i++) {
            uint64_t number = i < 3 ? (uint64_t)i : draw_number(schedule.total);
            if (number >= schedule.total) {
                continue;
            }
            uint64_t due = schedule_due_ns(&schedule, number);
            assert_true(due < end);
            assert_true(schedule_due_before(&schedule, due) <= number);
            assert_true(schedule_due_before(&schedule, due + 1) > number);
        }
    }
}

static void counts_never_decrease(void **state)
{
    (void)state;
    for (int round = 0; round < SCHEDULES; round++) {
        struct schedule_point points[POINTS];
        size_t count = draw_points(points);
        _cleanup_schedule_ struct schedule schedule = {0};
        schedule_make(points, count, &schedule);
        uint64_t end = schedule_end_ns(&schedule);
        for (int i = 0; i < 50; i++) {
            uint64_t ns = draw_number(end + 1);
            uint64_t before = schedule_due_before(&schedule, ns);
            uint64_t due = schedule_due_ns(&schedule, before);
            for (uint64_t step = 1; step < NS_PER_S; step *= 3) {
                uint64_t later = schedule_due_before(&schedule, ns + step);
                assert_true(later >= before);
                assert_true(schedule_due_ns(&schedule, before + step) >= due);
                before = later;
            }
        }
        // The packets of intervals that divide the time are all packets.
        uint64_t sum = 0;
        uint64_t step = end / 7 + 1;
        for (uint64_t from = 0; from < end; from += step) {
            sum +=
                schedule_due_before(&schedule, from + step) - schedule_due_before(&schedule, from);
        }
        assert_int_equal(sum, schedule.total);
    }
}

static void counts_are_the_integral(void **state)
{
    (void)state;
    for (int round = 0; round < SCHEDULES; round++) {
        struct schedule_point points[POINTS];
        size_t count = draw_points(points);
        _cleanup_schedule_ struct schedule schedule = {0};
        schedule_make(points, count, &schedule);
        double all = integral_by(points, count, schedule_end_ns(&schedule));
        assert_true(fabs((double)schedule.total - fmax(all, 1.0)) <= 0.5 + 1e-9 * all || all < 1.0);
        for (int i = 0; i < 50; i++) {
            uint64_t ns = draw_number(schedule_end_ns(&schedule) + 1);
            double off =
                (double)schedule_due_before(&schedule, ns) - integral_by(points, count, ns);
            assert_true(off > -0.5 - 1e-9 * all && off < 1.0 + 1e-9 * all);
        }
    }
}

static void known_loads(void **state)
{
    (void)state;
    // 1000 packets/s for 1 s, a ramp to 3000 in 1 s, silence for 1 s, 10 packets/s for 1 s
    const struct schedule_point points[] = {
        {0, 1000.0},         {NS_PER_S, 1000.0},   {2 * NS_PER_S, 3000.0}, {2 * NS_PER_S, 0.0},
        {3 * NS_PER_S, 0.0}, {3 * NS_PER_S, 10.0}, {4 * NS_PER_S, 10.0}};
    _cleanup_schedule_ struct schedule schedule = {0};
    schedule_make(points, sizeof points / sizeof points[0], &schedule);
    assert_int_equal(schedule.total, 3010);
    assert_int_equal(schedule_due_before(&schedule, NS_PER_S), 1000);
    assert_int_equal(schedule_due_before(&schedule, 2 * NS_PER_S), 3000);
    assert_int_equal(schedule_due_before(&schedule, 3 * NS_PER_S), 3000);
    assert_int_equal(schedule_due_ns(&schedule, 0), 0);
    assert_int_equal(schedule_due_ns(&schedule, 1), NS_PER_MS);
    assert_int_equal(schedule_due_ns(&schedule, 1000), NS_PER_S);
    // the first packet after silence is due at its end, not at its begin
    assert_int_equal(schedule_due_ns(&schedule, 3000), 3 * NS_PER_S);
    assert_int_equal(schedule_due_ns(&schedule, 3001), 3 * NS_PER_S + 100 * NS_PER_MS);
    assert_int_equal(schedule_due_ns(&schedule, 3010), 4 * NS_PER_S);
    assert_true(schedule_pps(&schedule, 3 * NS_PER_S / 2) == 2000.0);
    assert_true(schedule_pps(&schedule, 2 * NS_PER_S) == 0.0);
    assert_true(fabs(schedule_mean_pps(&schedule) - 752.5) < 1e-9);

    _cleanup_schedule_ struct schedule constant = {0};
    schedule_make_constant(100000.0, 15 * NS_PER_S, &constant);
    assert_int_equal(constant.total, 1500000);
    assert_int_equal(schedule_due_ns(&constant, 123457), 1234570000);

    _cleanup_schedule_ struct schedule least = {0};
    schedule_make_constant(0.01, NS_PER_S, &least);
    assert_int_equal(least.total, 1);
    assert_true(schedule_due_ns(&least, 0) < NS_PER_US); // rounding: a billionth of a packet
}

// Packets with the constant gaps of a piece are off by at most one packet's time.
static void pieces_follow_the_schedule(void **state)
{
    (void)state;
    const struct schedule_point points[] = {
        {0, 1000.0},         {NS_PER_S, 1000.0},    {2 * NS_PER_S, 30000.0}, {2 * NS_PER_S, 0.0},
        {3 * NS_PER_S, 0.0}, {3 * NS_PER_S, 500.0}, {4 * NS_PER_S, 0.0}};
    _cleanup_schedule_ struct schedule schedule = {0};
    schedule_make(points, sizeof points / sizeof points[0], &schedule);
    _cleanup_free_ struct schedule_piece *pieces = NULL;
    size_t count = schedule_cut(&schedule, 1000, &pieces);
    assert_in_range(count, 3, 1000);
    assert_int_equal(pieces[0].first, 0);
    for (size_t i = 0; i < count; i++) {
        uint64_t beyond = i + 1 < count ? pieces[i + 1].first : schedule.total;
        assert_true(beyond > pieces[i].first);
        for (uint64_t number = pieces[i].first; number < beyond; number++) {
            double due = (double)pieces[i].due_ns +
                         (double)(number - pieces[i].first) * (double)NS_PER_S / pieces[i].pps;
            double right = (double)schedule_due_ns(&schedule, number);
            double pps = schedule_pps(&schedule, (uint64_t)right);
            assert_true(fabs(due - right) <= (double)NS_PER_S / fmax(pps, 1.0) + 2.0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_and_due_times_are_inverses),
        cmocka_unit_test(counts_never_decrease),
        cmocka_unit_test(counts_are_the_integral),
        cmocka_unit_test(known_loads),
        cmocka_unit_test(pieces_follow_the_schedule),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
