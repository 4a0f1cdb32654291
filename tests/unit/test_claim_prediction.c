// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of claim 11: points of simulated routers, one, two and four of them, and its verdict.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "machine/catalogue.h"
#include "study/claims.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "simulated_routers.h"

#define TRIALS 5U
#define NOISE  0.005

enum run { ONE, ONE_PAST, TWO, TWO_PAST, FOUR, RUNS };
static struct study_run runs[RUNS] = {
    {.name = "scenario-1"}, {.name = "overload"},     {.name = "scenario-2"},
    {.name = "overload-2"}, {.name = "four-routers"},
};
static const unsigned routers_of[RUNS] = {1, 1, 2, 2, 4};
static struct scenario *scenarios[RUNS];
static const struct study_results results = {.runs = runs, .run_count = RUNS, .dut_cpus = 1};

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < RUNS; i++) {
        point_list_clear(&runs[i].points);
        scenario_free(scenarios[i]);
        scenarios[i] = NULL;
        runs[i].scenario = NULL;
    }
    return 0;
}

// Runs of one and two routers, and trials of four whose costs are `times` as high.
static void make_runs(double times)
{
    struct costs costs = true_costs;
    state_of_random = 7;
    for (unsigned i = 0; i < RUNS; i++) {
        scenarios[i] = scenario_with(routers_of[i], "[bridged]", "", "", "[64]");
        runs[i].scenario = scenarios[i];
    }
    for (enum run i = ONE; i <= TWO_PAST; i++) {
        measure_all(&costs, scenarios[i], NOISE, 2.0, &runs[i].points);
    }
    _cleanup_model_setup_ struct model_setup setup;
    model_setup_make(scenarios[FOUR], TOPOLOGY_BRIDGED, 64, &setup);
    const double knee = solve_knee(&costs, &setup);
    costs.host.base *= times;
    costs.router.base *= times;
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        measure(&costs, scenarios[FOUR], &setup, floor(0.6 * knee), NOISE, &runs[FOUR].points);
        measure(&costs, scenarios[FOUR], &setup, floor(1.4 * knee), NOISE, &runs[FOUR].points);
    }
}

static void expect(enum claim_verdict verdict, const char *why)
{
    struct claim_result result;
    claim_judge(&claims[10], &results, &result);
    print_message("%s %s\n", result.here, result.measured);
    if (result.verdict != verdict || strstr(result.why, why) == NULL) {
        fail_msg("%s, not %s: %s", claim_verdict_name(result.verdict), claim_verdict_name(verdict),
                 result.why);
    }
    claim_result_clear(&result);
}

static void routers_that_share_as_the_model_expects_confirm_it(void **state)
{
    (void)state;
    make_runs(1.0);
    expect(CLAIM_CONFIRMED, "the prediction holds");
}

static void routers_that_cost_more_among_several_refute_it(void **state)
{
    (void)state;
    make_runs(1.8);
    expect(CLAIM_REFUTED, "the prediction is wrong");
}

static void few_points_do_not_decide_it(void **state)
{
    (void)state;
    expect(CLAIM_UNDECIDED, "scenario-1 was not run");
    make_runs(1.0);
    for (size_t i = 0; i < runs[FOUR].points.count; i++) {
        point_invalidate(&runs[FOUR].points.items[i], "the machine stalled");
    }
    expect(CLAIM_UNDECIDED, "Only 0 of 5 trials");
    point_list_clear(&runs[TWO].points);
    expect(CLAIM_UNDECIDED, "scenario-2 was not run");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(routers_that_share_as_the_model_expects_confirm_it, tear_down),
        cmocka_unit_test_teardown(routers_that_cost_more_among_several_refute_it, tear_down),
        cmocka_unit_test_teardown(few_points_do_not_decide_it, tear_down),
    };
    catalogue_use(&machine_catalogue);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
