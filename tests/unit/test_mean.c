// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of base/mean — against figures of a textbook, and the share of intervals that hold the
// truth.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mean.h"

static void the_mean_has_students_interval(void **state)
{
    (void)state;
    const double values[] = {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0};
    struct mean mean = mean_of(values, 8);
    double half = 2.365 * sqrt(32.0 / 7.0 / 8.0);
    assert_true(mean.value == 5.0);
    assert_true(fabs(mean.low - (5.0 - half)) < 1e-9 && fabs(mean.high - (5.0 + half)) < 1e-9);
    mean = mean_of(values, 1);
    assert_true(mean.value == 2.0 && mean.low == 2.0 && mean.high == 2.0);
    const double same[] = {3.0, 3.0, 3.0};
    mean = mean_of(same, 3);
    assert_true(mean.low == 3.0 && mean.high == 3.0);
}

static void an_interval_holds_the_truth_in_nineteen_of_twenty_cases(void **state)
{
    (void)state;
    static const size_t counts[] = {2, 3, 5, 20, 40};
    srand48(7);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
        unsigned held = 0;
        for (unsigned i = 0; i < 4000; i++) {
            double values[40];
            for (size_t k = 0; k < counts[c]; k++) {
                double radius = sqrt(-2.0 * log(1.0 - drand48()));
                values[k] = 10.0 + radius * cos(2.0 * M_PI * drand48());
            }
            struct mean mean = mean_of(values, counts[c]);
            held += mean.low <= 10.0 && 10.0 <= mean.high;
        }
        assert_in_range(held, 3740, 3860); // 3,800 expected, with a deviation of 14
    }
}

static void the_median_is_in_the_middle(void **state)
{
    (void)state;
    double odd[] = {9.0, 1.0, 5.0};
    double even[] = {8.0, 2.0, 4.0, 100.0};
    double one[] = {7.0};
    assert_true(median_of(odd, 3) == 5.0);
    assert_true(median_of(even, 4) == 6.0);
    assert_true(median_of(one, 1) == 7.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_has_students_interval),
        cmocka_unit_test(an_interval_holds_the_truth_in_nineteen_of_twenty_cases),
        cmocka_unit_test(the_median_is_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
