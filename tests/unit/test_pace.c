// SPDX-License-Identifier: GPL-3.0-or-later
// tests of traffic/pace — due times stay exact over many packets, and a late source catches up
// without a burst.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "traffic/pace.h"

#include <cmocka.h>

static void due_times_stay_exact(void **state)
{
    (void)state;
    static const double rates[] = {1.0, 3.0, 1000.0, 9999.0, 333333.0, 1e6, 14880952.0};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct pace pace = pace_constant(rates[i], 5000);
        uint64_t packets = 10000000;
        for (uint64_t n = 0; n < packets; n++) {
            pace_step(&pace);
        }
        double exact = 5000.0 + (double)packets * 1e9 / rates[i];
        assert_true(fabs((double)pace.due_ns - exact) < 3.0);
    }
}

static void nothing_leaves_before_it_is_due(void **state)
{
    (void)state;
    struct pace pace = pace_constant(1000.0, 50);
    assert_false(pace_allows(&pace, 49));
    assert_true(pace_allows(&pace, 50));
    pace_sent(&pace, 50);
    assert_false(pace_allows(&pace, 1000049));
    assert_true(pace_allows(&pace, 1000050));
}

static void without_a_rate_every_packet_is_due(void **state)
{
    (void)state;
    struct pace pace = pace_constant(0.0, 50);
    assert_false(pace_allows(&pace, 49));
    for (int i = 0; i < 1000; i++) {
        assert_true(pace_allows(&pace, 50));
        pace_sent(&pace, 50);
    }
}

// After a stall: a short burst, then the catch-up rate until nothing is owed, then the rate.
static void a_stall_is_caught_up_without_a_burst(void **state)
{
    (void)state;
    static const double rates[] = {1000.0, 20000.0, 100000.0, 1e6, 5e6};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct pace pace = pace_constant(rates[i], 0);
        uint64_t now = 100000000; // 100 ms late
        uint64_t begin = now;
        uint64_t sent = 0;
        uint64_t at_once = 0;
        uint64_t even = 0; // time when nothing was owed any more
        for (; now < begin + 1000000000ULL; now += 100) {
            while (pace_allows(&pace, now)) {
                pace_sent(&pace, now);
                sent++;
                at_once += now == begin;
            }
            double most = rates[i] * (double)(now - begin) / 1e9 * 1.2502 + PACE_BURST_MAX + 1.0;
            assert_true((double)sent <= most);
            even = even == 0 && pace.due_ns > now ? now : even;
        }
        double burst = fmin(rates[i] * PACE_BURST_NS / 1e9, PACE_BURST_MAX);
        assert_true((double)at_once <= burst + 1.0);
        assert_true(even > 0 && even - begin < 410000000ULL); // 100 ms / 0.25
        assert_true(fabs((double)sent - rates[i] * 1.1) <= 2.0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(due_times_stay_exact),
        cmocka_unit_test(nothing_leaves_before_it_is_due),
        cmocka_unit_test(without_a_rate_every_packet_is_due),
        cmocka_unit_test(a_stall_is_caught_up_without_a_burst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
