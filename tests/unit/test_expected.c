// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/expected: what holds, what certainly does not, and what the points leave open.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "report/expected.h"
#include "scenario/scenario.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_points.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Loads of 1,000 to 4,000 packets/s: nothing is lost up to 2,000, 0.25 % at 3,000.
#define BRIDGED(at, sent, gone, of_host, of_router)                                                \
    {                                                                                              \
        .topology = "bridged", .length = 64, .step = (at), .tx = (sent), .lost = (gone),           \
        .host = (of_host), .router = (of_router)                                                   \
    }
static const struct trial once[] = {
    {.topology = "direct", .length = 64, .step = 0, .tx = 4000},
    BRIDGED(0, 1000, 0, 20, 10),
    BRIDGED(1, 2000, 0, 40, 20),
    BRIDGED(2, 3000, 8, 60, 30),
    BRIDGED(3, 4000, 1000, 80, 40),
};

static struct scenario *scenario_expecting(const char *expectation)
{
    _cleanup_free_ char *text =
        text_format("name: x\ntopologies: [direct, bridged]\nrouters: { r1t3: {} }\nnetworks: { N: "
                    "{ router: r1t3 } }\ntraffic: { lengths: [64], rates: { pps: [1000] } }\n"
                    "expect: [ %s ]\n",
                    expectation);
    struct scenario *scenario = NULL;
    struct scenario_problems problems;
    if (scenario_parse(text, strlen(text), 2, &scenario, &problems) < 0) {
        fail_msg("%s: %s", expectation, problems.items[0].text);
    }
    scenario_problems_clear(&problems);
    return scenario;
}

static void assert_verdict(const struct point_list *points, const char *expectation,
                           enum expected_verdict verdict)
{
    _cleanup_scenario_ struct scenario *scenario = scenario_expecting(expectation);
    _cleanup_free_ struct expected *list = NULL;
    assert_int_equal(expected_compute(scenario, points, &list), 1);
    assert_string_equal(list[0].first->topology, "bridged");
    if (list[0].verdict != verdict) {
        fail_msg("%s: %s, not %s", expectation, expected_word(list[0].verdict),
                 expected_word(verdict));
    }
}

static void test_of_one_trial(void **state)
{
    (void)state;
    struct point_list points = make(once, COUNT(once));
    static const struct {
        const char *text;
        enum expected_verdict verdict;
    } cases[] = {
        {"throughput >= 2 kpps", EXPECTED_HOLDS},
        {"throughput >= 2500 pps", EXPECTED_UNDECIDED},
        {"throughput >= 3 kpps", EXPECTED_FAILS},
        {"throughput <= 3 kpps", EXPECTED_HOLDS},
        {"throughput <= 1999 pps", EXPECTED_FAILS},
        {"pdr >= 3 kpps", EXPECTED_HOLDS},
        {"pdr >= 4 kpps", EXPECTED_FAILS},
        {"max >= 3 kpps", EXPECTED_HOLDS},
        {"max >= 3001 pps", EXPECTED_FAILS},
        {"host cpu <= 40 % at 2 kpps", EXPECTED_HOLDS},
        {"host cpu <= 39 % at 2 kpps", EXPECTED_FAILS},
        // Between 40 and 60 %.
        {"host cpu <= 50 % at 2500 pps", EXPECTED_UNDECIDED},
        {"host cpu <= 60 % at 2500 pps", EXPECTED_HOLDS},
        {"host cpu <= 39 % at 2500 pps", EXPECTED_FAILS},
        // Beyond the last load.
        {"host cpu <= 100 % at 1 Mpps", EXPECTED_UNDECIDED},
        {"host cpu <= 79 % at 1 Mpps", EXPECTED_FAILS},
        {"router cpu <= 40 %", EXPECTED_HOLDS},
        {"router cpu <= 30 %", EXPECTED_FAILS},
        {"loss <= 0 % at 1 kpps", EXPECTED_HOLDS},
        {"loss <= 0.1 % at 3 kpps", EXPECTED_FAILS},
        {"loss <= 1 % at 3 kpps for 64 bytes in bridged", EXPECTED_HOLDS},
        {"loss <= 0.1 %", EXPECTED_FAILS},
        {"loss >= 0 %", EXPECTED_HOLDS},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_verdict(&points, cases[i].text, cases[i].verdict);
    }
    point_list_clear(&points);
}

// Repeats on both sides of the limit leave it open, whatever their median.
static void test_of_repeats(void **state)
{
    (void)state;
    struct trial trials[7] = {0};
    for (unsigned i = 0; i < COUNT(trials); i++) {
        trials[i] = (struct trial)BRIDGED(0, 1000, 0, 30 + i, 10);
        trials[i].repeat = i;
    }
    struct point_list points = make(trials, COUNT(trials));
    assert_verdict(&points, "host cpu <= 36 % at 1 kpps", EXPECTED_HOLDS);
    assert_verdict(&points, "host cpu <= 35.5 % at 1 kpps", EXPECTED_UNDECIDED);
    assert_verdict(&points, "host cpu <= 30 % at 1 kpps", EXPECTED_UNDECIDED);
    assert_verdict(&points, "host cpu <= 29 % at 1 kpps", EXPECTED_FAILS);
    point_list_clear(&points);
}

static void test_without_valid_points(void **state)
{
    (void)state;
    struct trial invalid = BRIDGED(0, 1000, 0, 30, 10);
    invalid.why_invalid = "the machine stalled";
    struct point_list points = make(&invalid, 1);
    assert_verdict(&points, "loss <= 0 %", EXPECTED_UNDECIDED);
    assert_verdict(&points, "throughput >= 0 pps", EXPECTED_UNDECIDED);
    _cleanup_scenario_ struct scenario *scenario =
        scenario_expecting("throughput >= 1 pps in direct");
    _cleanup_free_ struct expected *list = NULL;
    assert_int_equal(expected_compute(scenario, &points, &list), 0);
    point_list_clear(&points);
}

static void test_json(void **state)
{
    (void)state;
    struct point_list points = make(once, COUNT(once));
    _cleanup_scenario_ struct scenario *scenario =
        scenario_expecting("throughput >= 2 kpps, host cpu <= 100 % at 1 Mpps");
    _cleanup_free_ struct expected *list = NULL;
    size_t count = expected_compute(scenario, &points, &list);
    assert_int_equal(count, 2);
    json_t *json = expected_to_json(list, count);
    const json_t *first = json_array_get(json, 0);
    assert_string_equal(json_string_value(json_object_get(first, "expect")),
                        "throughput >= 2 kpps");
    assert_string_equal(json_string_value(json_object_get(first, "verdict")), "holds");
    assert_true(json_real_value(json_object_get(first, "low")) == 2000);
    assert_true(json_real_value(json_object_get(first, "high")) == 3000);
    assert_null(json_object_get(json_array_get(json, 1), "high"));
    json_decref(json);
    point_list_clear(&points);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_of_one_trial),
        cmocka_unit_test(test_of_repeats),
        cmocka_unit_test(test_without_valid_points),
        cmocka_unit_test(test_json),
    };
    return cmocka_run_group_tests_name("expected", tests, NULL, NULL);
}
