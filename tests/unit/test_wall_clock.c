// SPDX-License-Identifier: GPL-3.0-or-later
// tests of linux/wall_clock — a clock that is left alone did not move, and times are converted.
// tests/net/clock.sh has one that is set.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "linux/wall_clock.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

static void test_quiet_clock_has_not_moved(void **state)
{
    (void)state;
    struct wall_clock clock = WALL_CLOCK_INIT;
    assert_int_equal(wall_clock_begin(&clock, NULL), 0);
    assert_true(clock.within_ns >= 0);
    for (int i = 0; i < 1000; i++) {
        assert_false(wall_clock_moved(&clock));
    }
    wall_clock_end(&clock);
    assert_int_equal(clock.fd, -1);
    wall_clock_end(&clock);
}

static void test_conversion_keeps_the_order(void **state)
{
    (void)state;
    struct wall_clock clock = WALL_CLOCK_INIT;
    assert_int_equal(wall_clock_begin(&clock, NULL), 0);
    uint64_t within = (uint64_t)clock.within_ns;
    uint64_t before = clock_monotonic_ns();
    uint64_t between = wall_clock_to_monotonic(&clock, clock_realtime_ns());
    uint64_t after = clock_monotonic_ns();
    assert_true(between + within >= before && between <= after + within);
    wall_clock_end(&clock);
}

static void test_another_offset_is_a_move(void **state)
{
    (void)state;
    struct wall_clock clock = WALL_CLOCK_INIT;
    assert_int_equal(wall_clock_begin(&clock, NULL), 0);
    clock.offset_ns += (int64_t)NS_PER_S;
    assert_true(wall_clock_moved(&clock));
    wall_clock_end(&clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quiet_clock_has_not_moved),
        cmocka_unit_test(test_conversion_keeps_the_order),
        cmocka_unit_test(test_another_offset_is_a_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
