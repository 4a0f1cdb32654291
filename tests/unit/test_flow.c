// SPDX-License-Identifier: GPL-3.0-or-later
// tests of traffic/flow — exact counts of made-up arrivals, also beyond 2^32, delays and jitter.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "traffic/engine.h"
#include "traffic/flow.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RUN          0xfeedU
#define NETWORK      2
#define SENT_AT      1700000000000000000ULL

// First sequence numbers with which the counting tests are done.
static const uint64_t bases[] = {
    0,
    1,
    FLOW_WINDOW - 1000,
    (1ULL << 32) - 1000,
    (1ULL << 32),
    3 * (1ULL << 32) - FLOW_WINDOW / 2 - 7,
    (1ULL << 40) + 17,
};

static int make_flow(void **state)
{
    struct flow *flow = memory_new(1, sizeof *flow);
    flow_start(flow, RUN, NETWORK);
    *state = flow;
    return 0;
}

static int free_flow(void **state)
{
    free(*state);
    return 0;
}

static void arrive_after(struct flow *flow, uint64_t sequence, uint64_t delay_ns)
{
    struct frame_stamp stamp = {
        .run = RUN, .network = NETWORK, .sequence = sequence, .time_ns = SENT_AT + sequence};
    flow_count(flow, &stamp, SENT_AT + sequence + delay_ns);
}

static void arrive(struct flow *flow, uint64_t sequence)
{
    arrive_after(flow, sequence, 1000);
}

static void assert_counts(const struct flow *flow, uint64_t received, uint64_t duplicated,
                          uint64_t reordered, uint64_t stale)
{
    assert_int_equal(flow->received, received);
    assert_int_equal(flow->duplicated, duplicated);
    assert_int_equal(flow->reordered, reordered);
    assert_int_equal(flow->stale, stale);
    assert_int_equal(flow->arrivals, received + duplicated + stale + flow->corrupt);
}

// 100,000 packets of which some are lost, some come twice, some late.
static void test_made_up_arrivals(void **state)
{
    struct flow *flow = *state;
    for (size_t k = 0; k < COUNT(bases); k++) {
        flow_start(flow, RUN, NETWORK);
        uint64_t lost = 0;
        uint64_t twice = 0;
        uint64_t late = 0;
        for (uint64_t i = 0; i < 100000; i++) {
            switch (i % 1000) {
            case 7: // lost
                lost++;
                break;
            case 100: // 40 packets late
                break;
            case 140:
                arrive(flow, bases[k] + i);
                arrive(flow, bases[k] + i - 40);
                late++;
                break;
            case 200: // twice, at once
                arrive(flow, bases[k] + i);
                arrive(flow, bases[k] + i);
                twice++;
                break;
            case 700: // twice, the second time after 3000 others
                arrive(flow, bases[k] + i);
                if (i >= 3000) {
                    arrive(flow, bases[k] + i - 3000);
                    twice++;
                }
                break;
            case 900: // a swapped pair
                arrive(flow, bases[k] + i + 1);
                arrive(flow, bases[k] + i);
                late++;
                break;
            case 901:
                break;
            default:
                arrive(flow, bases[k] + i);
            }
        }
        assert_int_equal(lost, 100);
        assert_counts(flow, 100000 - lost, twice, late, 0);
        assert_int_equal(flow->highest, bases[k] + 100000);
    }
}

static void test_window_edges(void **state)
{
    struct flow *flow = *state;
    for (size_t k = 0; k < COUNT(bases); k++) {
        uint64_t base = bases[k];
        flow_start(flow, RUN, NETWORK);
        arrive(flow, base);
        arrive(flow, base + FLOW_WINDOW - 1); // base is the last one in the window
        assert_counts(flow, 2, 0, 0, 0);
        arrive(flow, base);
        assert_counts(flow, 2, 1, 0, 0);
        arrive(flow, base + 1);
        assert_counts(flow, 3, 1, 1, 0);
        arrive(flow, base + FLOW_WINDOW); // takes the place of base, which falls out
        assert_counts(flow, 4, 1, 1, 0);
        arrive(flow, base);
        assert_counts(flow, 4, 1, 1, 1);
        arrive(flow, base + 1); // still in
        assert_counts(flow, 4, 2, 1, 1);
        arrive(flow, base + FLOW_WINDOW); // not taken for base
        assert_counts(flow, 4, 3, 1, 1);
        arrive(flow, base + 2);
        assert_counts(flow, 5, 3, 2, 1);
    }
}

// However far the numbers jump, nothing of before is taken for something of after.
static void test_jumps(void **state)
{
    struct flow *flow = *state;
    static const uint64_t jumps[] = {1,
                                     63,
                                     64,
                                     65,
                                     127,
                                     4096,
                                     FLOW_WINDOW - 65,
                                     FLOW_WINDOW - 64,
                                     FLOW_WINDOW - 1,
                                     FLOW_WINDOW,
                                     FLOW_WINDOW + 1,
                                     2 * FLOW_WINDOW,
                                     1ULL << 32,
                                     (1ULL << 32) + 1};
    for (size_t k = 0; k < COUNT(bases); k++) {
        for (size_t j = 0; j < COUNT(jumps); j++) {
            flow_start(flow, RUN, NETWORK);
            memset(flow->seen, 0xff, sizeof flow->seen); // a window full of packets …
            flow->highest = bases[k] + FLOW_WINDOW;
            uint64_t next = bases[k] + FLOW_WINDOW - 1 + jumps[j];
            arrive(flow, next);
            assert_counts(flow, 1, 0, 0, 0);
            uint64_t skipped = jumps[j] - 1 < FLOW_WINDOW - 1 ? jumps[j] - 1 : FLOW_WINDOW - 1;
            for (uint64_t i = 1; i <= skipped; i += i < 200 || i + 200 > skipped ? 1 : 61) {
                arrive(flow, next - i); // … of which none was skipped
            }
            assert_int_equal(flow->duplicated, 0);
            assert_int_equal(flow->stale, 0);
            uint64_t received = flow->received;
            for (uint64_t i = skipped + 1; i < FLOW_WINDOW && i < skipped + 300; i++) {
                arrive(flow, next - i);
            }
            assert_int_equal(flow->received, received);
            assert_int_equal(flow->stale, 0);
        }
    }
}

static uint64_t draw(uint64_t *seed) // SplitMix64
{
    uint64_t mix = *seed += 0x9e3779b97f4a7c15ULL;
    mix = (mix ^ mix >> 30) * 0xbf58476d1ce4e5b9ULL;
    mix = (mix ^ mix >> 27) * 0x94d049bb133111ebULL;
    return mix ^ mix >> 31;
}

// Against a count that simply remembers every number.
static void test_random_arrivals(void **state)
{
    struct flow *flow = *state;
    enum { STEPS = 400000 };
    const uint64_t room = 40 * FLOW_WINDOW;
    _cleanup_free_ bool *seen = memory_new_array(bool, room);
    for (size_t k = 0; k < COUNT(bases); k++) {
        uint64_t seed = k;
        uint64_t received = 0;
        uint64_t duplicated = 0;
        uint64_t reordered = 0;
        uint64_t stale = 0;
        uint64_t next = 0;
        flow_start(flow, RUN, NETWORK);
        memset(seen, 0, room);
        for (unsigned i = 0; i < STEPS; i++) {
            uint64_t dice = draw(&seed) % 10000;
            uint64_t number = next;
            if (dice < 1000) {
                number += draw(&seed) % 200;
            } else if (dice < 1001) {
                number += draw(&seed) % (FLOW_WINDOW * 5 / 4);
            } else if (dice < 4000) {
                uint64_t back = draw(&seed) % 300 + 1;
                number = number > back ? number - back : 0;
            } else if (dice < 4500) {
                uint64_t back = draw(&seed) % (FLOW_WINDOW + 3);
                number = number > back ? number - back : 0;
            } else if (dice < 4600) {
                uint64_t back = FLOW_WINDOW - 2 + draw(&seed) % 4;
                number = number > back ? number - back : 0;
            }
            number = number < room ? number : room - 1;
            if (number >= next) {
                received++;
                next = number + 1;
            } else if (next - number > FLOW_WINDOW) {
                stale++;
            } else if (seen[number]) {
                duplicated++;
            } else {
                reordered++;
                received++;
            }
            // Too late ones cannot be distinguished from duplicates: they do not count as seen.
            seen[number] = seen[number] || next - number <= FLOW_WINDOW;
            arrive(flow, bases[k] + number);
        }
        assert_true(received > 100000 && duplicated > 10000 && reordered > 10000 && stale > 100);
        assert_counts(flow, received, duplicated, reordered, stale);
        assert_int_equal(flow->highest, bases[k] + next);
    }
}

static void test_strays_and_corrupt(void **state)
{
    struct flow *flow = *state;
    const struct frame_stamp strays[] = {
        {.run = RUN + 1, .network = NETWORK, .sequence = 5, .time_ns = SENT_AT},
        {.run = RUN, .network = NETWORK + 1, .sequence = 5, .time_ns = SENT_AT},
        {.run = 0, .network = 0, .sequence = UINT64_MAX, .time_ns = 0},
    };
    for (size_t i = 0; i < COUNT(strays); i++) {
        flow_count(flow, &strays[i], SENT_AT + 1);
    }
    flow_count_corrupt(flow);
    flow_count_corrupt(flow);
    assert_int_equal(flow->strays, 3);
    assert_int_equal(flow->corrupt, 2);
    assert_int_equal(flow->highest, 0);
    assert_counts(flow, 0, 0, 0, 0);
    assert_int_equal(flow_delay_quantile(flow, 0.5), 0);
    arrive(flow, 5);
    assert_counts(flow, 1, 0, 0, 0);
    assert_int_equal(flow->delay_min, 1000);
    assert_int_equal(flow->delay_max, 1000);
    // The same object for the next trial knows nothing of this one.
    flow_start(flow, RUN + 1, NETWORK);
    flow_count(flow, &strays[0], SENT_AT + 1);
    assert_counts(flow, 1, 0, 0, 0);
    assert_int_equal(flow->strays, 0);
    assert_int_equal(flow->corrupt, 0);
    assert_int_equal(flow->delay_max, 1);
    arrive(flow, 6);
    assert_int_equal(flow->strays, 1);
}

static void assert_jitter(const struct flow *flow, double expected)
{
    assert_true(fabs(flow->jitter - expected) <= 1e-12 * expected);
}

// Every class of a result ends where the next begins, and has exactly the delays below its bound.
static void test_classes(void **state)
{
    struct flow *flow = *state;
    static const uint64_t delays[] = {0,  15,   16,   63,   64,   79,
                                      80, 1023, 1024, 1279, 1280, 1ULL << 39};
    struct traffic_count count = {.tx = 0};
    for (size_t i = 0; i < COUNT(delays); i++) {
        arrive_after(flow, i, delays[i]);
    }
    flow_fill_delays(flow->delays, &count);
    uint64_t from = 0;
    uint64_t sum = 0;
    for (unsigned c = 0; c < FLOW_CLASSES; c++) {
        uint64_t expected = 0;
        for (size_t i = 0; i < COUNT(delays); i++) {
            expected += delays[i] >= from && delays[i] < flow_class_below(c) ? 1 : 0;
        }
        assert_true(flow_class_below(c) > from);
        assert_int_equal(count.delay_classes[c], expected);
        from = flow_class_below(c);
        sum += expected;
    }
    assert_int_equal(sum, COUNT(delays));
    assert_int_equal(flow_class_below(64 / FLOW_FINE - 1), 64);
    assert_int_equal(flow_class_below(FLOW_CLASSES - 1), 1ULL << 41);
}

// By hand after RFC 3550 §6.4.1: J += (|D| - J) / 16, D the difference of the delays of two
// packets in order of arrival.
static void test_jitter(void **state)
{
    struct flow *flow = *state;
    arrive_after(flow, 0, 100);
    assert_jitter(flow, 0.0);
    arrive_after(flow, 1, 116);
    assert_jitter(flow, 1.0); // 0 + (16 - 0) / 16
    arrive_after(flow, 2, 100);
    assert_jitter(flow, 1.9375); // 1 + (16 - 1) / 16
    arrive_after(flow, 4, 164);
    assert_jitter(flow, 5.81640625); // 1.9375 + (64 - 1.9375) / 16
    arrive_after(flow, 4, 9000);     // a copy says nothing
    assert_jitter(flow, 5.81640625);
    arrive_after(flow, 3, 164); // late, but a packet like any other
    assert_jitter(flow, 5.452880859375);
    arrive_after(flow, 4 + FLOW_WINDOW, 164);
    arrive_after(flow, 3, 9000); // out of the window
    assert_jitter(flow, 5.1120758056640625);
    for (uint64_t i = 0; i < 2000; i++) {
        arrive_after(flow, 5 + FLOW_WINDOW + i, i % 2 == 0 ? 1000000 : 2000000);
    }
    assert_true(fabs(flow->jitter - 1e6) < 1e-3);
}

static void test_clocks_that_differ(void **state)
{
    struct flow *flow = *state;
    struct frame_stamp stamp = {.run = RUN, .network = NETWORK, .time_ns = SENT_AT};
    flow_count(flow, &stamp, SENT_AT - 3);
    assert_int_equal(flow->delay_min, 0);
    assert_int_equal(flow->delay_max, 0);
    assert_int_equal(flow_delay_quantile(flow, 0.99), 0);
    stamp.sequence = 1;
    flow_count(flow, &stamp, SENT_AT + (1ULL << 50)); // longer than the longest class
    assert_int_equal(flow->delay_max, 1ULL << 50);
    assert_int_equal(flow_delay_quantile(flow, 0.5), 0);
    assert_true(flow_delay_quantile(flow, 1.0) >= 1ULL << 40);
    assert_true(flow_delay_quantile(flow, 1.0) <= 1ULL << 50);
}

// The clock that arrivals are stamped with was set: no delay comes of it, and the packet counts.
static void test_impossible_arrivals_have_no_delay(void **state)
{
    struct flow *flow = *state;
    const uint64_t hour = 3600 * NS_PER_S;
    struct frame_stamp stamp = {.run = RUN, .network = NETWORK, .time_ns = SENT_AT};
    flow->latest_ns = SENT_AT + 5000;
    flow_count(flow, &stamp, SENT_AT + 4000);
    assert_int_equal(flow->impossible, 0);
    stamp.sequence = 1;
    flow_count(flow, &stamp, SENT_AT - hour);
    assert_int_equal(flow->impossible, 1);
    stamp.sequence = 2;
    flow_count(flow, &stamp, SENT_AT + hour);
    assert_int_equal(flow->impossible, 2);
    assert_int_equal(flow->received, 3);
    assert_int_equal(flow->delay_min, 4000);
    assert_int_equal(flow->delay_max, 4000);
}

static int compare(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static uint64_t draw_delay(unsigned kind, uint64_t *seed)
{
    uint64_t value = draw(seed);
    switch (kind) {
    case 0: // a few ns
        return value % 100;
    case 1: // even
        return 20000 + value % 100000;
    case 2: // as a queue's: most short, few very long
        return 5000 + (uint64_t)(-20000.0 * log((double)(value >> 11) / 9007199254740992.0 + 1e-9));
    case 3: // all scales
        return value >> (24 + draw(seed) % 40);
    default: // edges of classes
        return (1ULL << value % 40) + value / 64 % 3 - (value % 40 > 0);
    }
}

static void test_quantiles(void **state)
{
    struct flow *flow = *state;
    enum { PACKETS = 50000 };
    static const double shares[] = {0.0, 0.0001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.99999, 1.0};
    _cleanup_free_ uint64_t *delays = memory_new_array(uint64_t, PACKETS);
    for (unsigned kind = 0; kind < 5; kind++) {
        uint64_t seed = kind + 100;
        flow_start(flow, RUN, NETWORK);
        for (uint64_t i = 0; i < PACKETS; i++) {
            delays[i] = draw_delay(kind, &seed);
            arrive_after(flow, i, delays[i]);
        }
        qsort(delays, PACKETS, sizeof delays[0], compare);
        assert_int_equal(flow->delay_min, delays[0]);
        assert_int_equal(flow->delay_max, delays[PACKETS - 1]);
        for (size_t i = 0; i < COUNT(shares); i++) {
            double rank = ceil(shares[i] * PACKETS);
            uint64_t exact = delays[rank < 1.0 ? 0 : (size_t)rank - 1];
            uint64_t found = flow_delay_quantile(flow, shares[i]);
            if (found < exact || (double)(found - exact) > 0.016 * (double)exact) {
                fail_msg("kind %u share %g: %llu, exactly %llu", kind, shares[i],
                         (unsigned long long)found, (unsigned long long)exact);
            }
            assert_true(found <= flow->delay_max);
        }
        assert_int_equal(flow_delay_quantile(flow, 1.0), flow->delay_max);
    }
}

// A month of packets may all be of one delay.
static void test_many_of_one_delay(void **state)
{
    struct flow *flow = *state;
    for (unsigned i = 0; i < 3; i++) {
        arrive_after(flow, i, 50);
    }
    flow->delays[50] = UINT32_MAX; // as if they had arrived
    flow->received = UINT32_MAX;
    arrive_after(flow, 3, 50);
    arrive_after(flow, 4, 9000);
    assert_int_equal(flow_delay_quantile(flow, 0.5), 50);
    assert_int_equal(flow_delay_quantile(flow, 0.99), 50);
    assert_int_equal(flow_delay_quantile(flow, 1.0), 9000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_made_up_arrivals),
        cmocka_unit_test(test_window_edges),
        cmocka_unit_test(test_jumps),
        cmocka_unit_test(test_random_arrivals),
        cmocka_unit_test_setup_teardown(test_strays_and_corrupt, make_flow, free_flow),
        cmocka_unit_test_setup_teardown(test_classes, make_flow, free_flow),
        cmocka_unit_test_setup_teardown(test_jitter, make_flow, free_flow),
        cmocka_unit_test_setup_teardown(test_clocks_that_differ, make_flow, free_flow),
        cmocka_unit_test_setup_teardown(test_impossible_arrivals_have_no_delay, make_flow,
                                        free_flow),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test_setup_teardown(test_many_of_one_delay, make_flow, free_flow),
    };
    return cmocka_run_group_tests(tests, make_flow, free_flow);
}
