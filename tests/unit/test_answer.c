// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/answer: what bridging costs, in words, with and without enough points.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/answer.h"
#include "report/headline.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_points.h"

#define LOADS 7U

// Loads of 1,000 … 7,000 packets/s; bridged loses from 4,000 on, dedicated from 7,000 on, and takes
// a third of bridged's CPU time.
static struct point_list measure(unsigned loads, double extra)
{
    static struct trial trials[2 * LOADS];
    size_t count = 0;
    for (unsigned step = 0; step < loads; step++) {
        uint64_t tx = 1000 * (step + 1);
        double cpu = (double)tx / 1000;
        trials[count++] = (struct trial){.topology = "bridged",
                                         .length = 64,
                                         .step = step,
                                         .tx = tx,
                                         .lost = step >= 3 && loads == LOADS ? 1 : 0,
                                         .host = 2 * cpu + extra,
                                         .router = cpu};
        trials[count++] = (struct trial){.topology = "dedicated",
                                         .length = 64,
                                         .step = step,
                                         .tx = tx,
                                         .lost = step >= 6 ? 1 : 0,
                                         .host = 0,
                                         .router = cpu};
    }
    return make(trials, count);
}

static void assert_answer(struct point_list points, const char *expected)
{
    _cleanup_free_ struct answer *answers = NULL;
    assert_int_equal(answers_compute(&points, &answers), 1);
    _cleanup_free_ char *text = answer_text(&answers[0]);
    assert_string_equal(text, expected);
    point_list_clear(&points);
}

static void test_in_words(void **state)
{
    (void)state;
    assert_answer(
        measure(LOADS, 0),
        "64-byte packets: bridging takes 30,004 ns of CPU a packet (20,003 ns of the "
        "host), dedicated links 10,000 ns at the same load: × 3.00-3.00. Bridging takes 33-57 % "
        "of the throughput.");
}

static void test_too_few(void **state)
{
    (void)state;
    assert_answer(
        measure(3, 0),
        "64-byte packets: bridging takes 30,000 ns of CPU a packet (20,000 ns of the "
        "host), dedicated links 10,000 ns; only 3 loads were carried both bridged and "
        "dedicated, and an interval requires 6. How much of the throughput bridging takes is "
        "unknown.");
    assert_answer(
        measure(1, 0),
        "64-byte packets: bridging takes 30,000 ns of CPU a packet (20,000 ns of the "
        "host), dedicated links 10,000 ns; only 1 load was carried both bridged and "
        "dedicated, and an interval requires 6. How much of the throughput bridging takes is "
        "unknown.");
}

// Loads of each topology's own, as `auto` finds them: the cost between two loads is interpolated.
static void test_other_loads(void **state)
{
    (void)state;
    struct point_list points = measure(LOADS, 0);
    for (size_t i = 0; i < points.count; i++) {
        if (text_equal(points.items[i].topology, "bridged")) {
            points.items[i].requested_pps *= 0.9;
        }
    }
    _cleanup_free_ struct answer *answers = NULL;
    assert_int_equal(answers_compute(&points, &answers), 1);
    assert_int_equal(answers[0].pairs, LOADS - 1); // the first is below all of dedicated
    assert_true(fabs(answers[0].cost.low - 3) < 1e-9);
    point_list_clear(&points);
}

// Programs find the answer in the rows of the bridged topology.
static void test_json(void **state)
{
    (void)state;
    struct point_list points = measure(LOADS, 0);
    json_t *rows = headlines_to_json(&points);
    answers_add_to_json(&points, rows);
    size_t found = 0;
    size_t i;
    const json_t *row;
    json_array_foreach(rows, i, row)
    {
        const json_t *bridging = json_object_get(row, "bridging");
        const char *topology = json_string_value(json_object_get(row, "topology"));
        assert_true((bridging != NULL) == text_equal(topology, "bridged"));
        found += bridging != NULL;
        if (bridging != NULL) {
            const json_t *cost = json_object_get(bridging, "cost_ratio");
            assert_true(fabs(json_number_value(json_object_get(cost, "low")) - 3) < 1e-9);
            assert_true(json_integer_value(json_object_get(bridging, "pairs")) == LOADS);
            assert_non_null(json_string_value(json_object_get(bridging, "text")));
        }
    }
    assert_int_equal(found, 1);
    json_decref(rows);
    point_list_clear(&points);
}

static void test_only_bridged(void **state)
{
    (void)state;
    struct point_list points = make(one_router, sizeof one_router / sizeof one_router[0]);
    _cleanup_free_ struct answer *answers = NULL;
    assert_int_equal(answers_compute(&points, &answers), 0);
    point_list_clear(&points);
    points = make(two_routers, 1);
    _cleanup_free_ struct answer *none = NULL;
    assert_int_equal(answers_compute(&points, &none), 0);
    point_list_clear(&points);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_words),     cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_other_loads),  cmocka_unit_test(test_json),
        cmocka_unit_test(test_only_bridged),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
