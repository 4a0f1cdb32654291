// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/steps and report/page_points with very many points.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/page_points.h"
#include "report/steps.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_points.h"

#define STEPS   3000U
#define HIGHEST 1234U // the step at which most is forwarded

// Steps in no order, two repeats each, with one more sweep in between.
static void make_many(struct point_list *list)
{
    for (unsigned repeat = 0; repeat < 2; repeat++) {
        for (unsigned i = 0; i < STEPS; i++) {
            unsigned step = i * 7 % STEPS; // 7 and STEPS have no common factor
            uint64_t lost = step == HIGHEST ? 0 : 5000 + step;
            const struct trial trial = {.topology = i % 3 == 0 ? "dedicated" : "bridged",
                                        .length = 64,
                                        .step = step,
                                        .repeat = repeat,
                                        .tx = 100000,
                                        .lost = lost,
                                        .host = 10,
                                        .router = 5,
                                        .why_invalid = step % 100 == 99 ? "x" : NULL};
            add(list, &trial);
        }
    }
}

static void test_sweeps_gather_points_in_any_order(void **state)
{
    (void)state;
    struct point_list list = {NULL, 0};
    make_many(&list);
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(&list, &sweeps);
    size_t points = 0;
    assert_int_equal(count, 2);
    for (size_t i = 0; i < count; i++) {
        const struct sweep *sweep = &sweeps[i];
        points += sweep->points;
        assert_int_equal(2 * sweep->step_count + sweep->invalid, sweep->points);
        assert_int_equal(sweep->invalid_step_count, sweep->invalid);
        for (size_t k = 1; k < sweep->step_count; k++) {
            assert_true(sweep->steps[k - 1].requested_pps < sweep->steps[k].requested_pps);
        }
    }
    assert_int_equal(points, list.count);
    sweeps_free(sweeps, count);
    point_list_clear(&list);
}

// Two invalid trials of one load are one invalid load above the valid ones.
static void test_invalid_loads_above_are_counted_once(void **state)
{
    (void)state;
    const struct trial trials[] = {
        {.topology = "direct", .length = 64, .step = 0, .tx = 1000},
        {.topology = "direct", .length = 64, .step = 1, .tx = 2000, .why_invalid = "x"},
        {.topology = "direct", .length = 64, .step = 2, .tx = 3000},
        {.topology = "direct", .length = 64, .step = 3, .tx = 4000, .why_invalid = "x"},
        {.topology = "direct",
         .length = 64,
         .step = 3,
         .repeat = 1,
         .tx = 4000,
         .why_invalid = "x"},
        {.topology = "direct", .length = 64, .step = 4, .tx = 5000, .why_invalid = "x"},
    };
    struct point_list list = make(trials, sizeof trials / sizeof trials[0]);
    struct sweep *sweeps = NULL;
    const size_t count = sweeps_compute(&list, &sweeps);
    assert_int_equal(count, 1);
    assert_int_equal(sweep_invalid_above(&sweeps[0]), 2);
    assert_int_equal(sweep_rate_limit(&sweeps[0], true), RATE_SATURATED);
    assert_int_equal(sweep_rate_limit(&sweeps[0], false), RATE_OPEN);
    sweeps_free(sweeps, count);
    point_list_clear(&list);
}

static void test_thinned_sweeps_keep_ends_and_maximum(void **state)
{
    (void)state;
    for (size_t most = 2; most < 500; most += 83) {
        struct point_list list = {NULL, 0};
        make_many(&list);
        struct sweep *sweeps = NULL;
        size_t count = sweeps_compute(&list, &sweeps);
        size_t all = sweeps[1].step_count;
        double first = sweeps[1].steps[0].requested_pps;
        double last = sweeps[1].steps[all - 1].requested_pps;
        double highest = 0;
        sweeps_thin(sweeps, count, most);
        const struct sweep *sweep = &sweeps[1];
        assert_int_equal(sweep->thinned_from, all);
        assert_true(sweep->step_count == most || sweep->step_count == most + 1);
        assert_true(sweep->steps[0].requested_pps == first);
        assert_true(sweep->steps[sweep->step_count - 1].requested_pps == last);
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k < sweeps[i].step_count; k++) {
                double forwarded = sweeps[i].steps[k].forwarded_pps;
                highest = forwarded > highest ? forwarded : highest;
            }
        }
        assert_true(highest == 100000);
        sweeps_thin(sweeps, count, STEPS); // nothing more to leave out
        assert_true(sweep->step_count == most || sweep->step_count == most + 1);
        sweeps_free(sweeps, count);
        point_list_clear(&list);
    }
}

// Several runs of a scenario may number different loads alike, or have more networks by an option.
static void test_runs_of_one_scenario_are_told_apart(void **state)
{
    (void)state;
    struct trial trials[5];
    for (unsigned i = 0; i < 5; i++) {
        trials[i] = (struct trial){.topology = "bridged",
                                   .length = 64,
                                   .repeat = i / 2,
                                   .networks = i == 4 ? 2 : 1,
                                   .tx = 1000 + 1000 * (i % 2),
                                   .lost = 0,
                                   .host = 10,
                                   .router = 5};
    }
    struct point_list list = make(trials, 5);
    for (unsigned i = 0; i < 4; i++) {
        list.items[i].requested_pps = 1000 + 1000 * (i % 2) + 0.1 * i;
    }
    free(list.items[4].scenario);
    list.items[4].scenario = text_copy(list.items[0].scenario);
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(&list, &sweeps);
    assert_int_equal(count, 2);
    assert_int_equal(sweeps[0].network_count, 1);
    assert_int_equal(sweeps[0].step_count, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sweeps[0].steps[i].repeats, 2);
        assert_true(sweeps[0].steps[i].offered_pps == 1000.0 + 1000.0 * (double)i);
    }
    assert_int_equal(sweeps[1].network_count, 2);
    assert_int_equal(sweeps[1].points, 1);
    sweeps_free(sweeps, count);
    point_list_clear(&list);
}

static void assert_reason(const json_t *reasons, size_t at, const char *text, int count)
{
    const json_t *reason = json_array_get(reasons, at);
    assert_string_equal(json_string_value(json_object_get(reason, "reason")), text);
    assert_int_equal(json_integer_value(json_object_get(reason, "count")), count);
}

static void test_reasons_keep_the_digits_of_names(void **state)
{
    (void)state;
    static const char *const whys[] = {
        "the cap of 20 % of r1t3 was not held: it used 31.7 %",
        "the cap of 25 % of r1t3 was not held: it used 1,031.7 %; the router r-2.5 died at 3.",
        "the cap of 20 % of r1t3 was not held: it used 40 %; 7 of NET0 lost; 9 of NET0 lost",
        "7 of 64MiB",
    };
    struct trial trials[sizeof whys / sizeof whys[0]];
    for (unsigned i = 0; i < sizeof whys / sizeof whys[0]; i++) {
        trials[i] = (struct trial){.topology = "bridged",
                                   .length = 64,
                                   .step = i,
                                   .tx = 1000,
                                   .host = 10,
                                   .router = 5,
                                   .why_invalid = whys[i]};
    }
    struct point_list list = make(trials, sizeof whys / sizeof whys[0]);
    json_t *reasons = page_reasons(&list);
    assert_int_equal(json_array_size(reasons), 4);
    assert_reason(reasons, 0, "the cap of … % of r1t3 was not held: it used … %", 3);
    assert_reason(reasons, 1, "the router r-2.5 died at ….", 1);
    assert_reason(reasons, 2, "… of 64MiB", 1);
    assert_reason(reasons, 3, "… of NET0 lost", 1);
    json_decref(reasons);
    point_list_clear(&list);
}

static void test_points_that_have_no_room_are_left_out_evenly(void **state)
{
    (void)state;
    struct point_list list = {NULL, 0};
    make_many(&list);
    json_t *some = page_points(&list, 100000);
    size_t count = json_array_size(some);
    assert_true(count > 20 && count < 300);
    char *text = json_dumps(some, JSON_COMPACT);
    assert_true(strlen(text) < 120000);
    free(text);
    json_decref(some);
    json_t *all = page_points(&list, (size_t)1 << 30);
    assert_int_equal(json_array_size(all), list.count);
    json_decref(all);
    point_list_clear(&list);
    json_t *none = page_points(&list, 1000);
    assert_int_equal(json_array_size(none), 0);
    json_decref(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sweeps_gather_points_in_any_order),
        cmocka_unit_test(test_invalid_loads_above_are_counted_once),
        cmocka_unit_test(test_thinned_sweeps_keep_ends_and_maximum),
        cmocka_unit_test(test_runs_of_one_scenario_are_told_apart),
        cmocka_unit_test(test_reasons_keep_the_digits_of_names),
        cmocka_unit_test(test_points_that_have_no_room_are_left_out_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
