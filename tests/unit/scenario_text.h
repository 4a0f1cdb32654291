// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Scenarios read as on a machine of two CPUs, for test_scenario.c and test_scenario_problems.c.
 * Included after <cmocka.h>.
 */
#ifndef VRBENCH_TESTS_SCENARIO_TEXT_H
#define VRBENCH_TESTS_SCENARIO_TEXT_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "bad_files.h"
#include "base/cleanup.h"
#include "scenario/scenario.h"

#define CPUS 2

#define MINIMAL                                                                                    \
    "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n"                              \
    "traffic: { lengths: [64], rates: { pps: [1000] } }\n"

// cmocka's own compares floats.
static inline void assert_near(double a, double b)
{
    assert_true(fabs(a - b) <= 1e-9 * fabs(b));
}

static inline struct scenario *read_good(const char *path)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    struct scenario *scenario = NULL;
    if (scenario_read(path, CPUS, &scenario, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return scenario;
}

static inline struct scenario *parse_good(const char *text)
{
    struct scenario_problems problems;
    struct scenario *scenario = NULL;
    int rc = scenario_parse(text, strlen(text), CPUS, &scenario, &problems);
    if (rc < 0) {
        fail_msg("%u:%u: %s", problems.items[0].line, problems.items[0].column,
                 problems.items[0].text);
    }
    assert_int_equal(problems.count, 0);
    scenario_problems_clear(&problems);
    return scenario;
}

// Problems of a text, joined as in a .expected file; NULL if it has none.
static inline char *problems_of(const char *text, size_t length)
{
    struct scenario_problems problems;
    struct scenario *scenario = NULL;
    if (scenario_parse(text, length, CPUS, &scenario, &problems) == 0) {
        scenario_free(scenario);
        return NULL;
    }
    assert_null(scenario);
    return join_problems(&problems);
}

#endif
