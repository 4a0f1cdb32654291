// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of advice/ — costs from points, plans, weights and caps, reasons of refusals, and scenarios
 * that are valid.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice/advice.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/scenario.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "simulated_routers.h"

#define NEAR 1e-9

// Bridged 2000 ns of the host and 1000 ns of the router, dedicated 1000 ns, and 1200 ns of 1500
// bytes. At a light load the router takes half as much again.
#define BRIDGED(bytes)                                                                             \
    {                                                                                              \
        .length = (bytes), .known = true, .host_ns = {2000, 1960, 2040},                           \
        .router_ns = {1000, 980, 1020}, .light_ns = 1500,                                          \
    }
#define DEDICATED(bytes, ns)                                                                       \
    {                                                                                              \
        .length = (bytes), .known = true, .router_ns = {(ns), (ns)-20, (ns) + 20},                 \
        .light_ns = 1500,                                                                          \
    }
static char too_long[] = "IP packets of 9000 bytes: the points have 64 to 1500";
static struct advice_cost bridged_rows[] = {
    BRIDGED(64),
    BRIDGED(76),
    BRIDGED(300),
    BRIDGED(552),
    BRIDGED(1000),
    BRIDGED(1500),
    {.length = 9000, .why_unknown = too_long},
};
static struct advice_cost dedicated_rows[] = {
    DEDICATED(64, 1000),
    DEDICATED(76, 1000),
    DEDICATED(300, 1000),
    DEDICATED(552, 1000),
    DEDICATED(1000, 1000),
    DEDICATED(1500, 1200),
    {.length = 9000, .why_unknown = too_long},
};
static const struct advice_costs costs = {
    .rows = {[TOPOLOGY_BRIDGED] = bridged_rows, [TOPOLOGY_DEDICATED] = dedicated_rows},
    .counts = {[TOPOLOGY_BRIDGED] = 7, [TOPOLOGY_DEDICATED] = 7},
    .most_routers = {[TOPOLOGY_BRIDGED] = 1000, [TOPOLOGY_DEDICATED] = 1000},
};

static bool is_near(double a, double b)
{
    return fabs(a - b) <= NEAR * fmax(1.0, fabs(b));
}

static struct contracts *contracts_of(const char *text)
{
    struct scenario_problems problems;
    struct contracts *contracts = NULL;
    if (contracts_parse(text, strlen(text), &contracts, &problems) < 0) {
        fail_msg("%u:%u: %s", problems.items[0].line, problems.items[0].column,
                 problems.items[0].text);
    }
    scenario_problems_clear(&problems);
    return contracts;
}

static struct advice *plan_of(const struct contracts *contracts, enum contract_goal goal)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    struct advice *advice = NULL;
    if (advice_make(contracts, &costs, NULL, goal, true, &advice, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return advice;
}

static void test_costs_of_mixes(void **state)
{
    (void)state;
    struct advice_cost cost;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\ncontracts:\n  a: { rate: 1, length: 3x64+1x1500 }\n"
                     "  b: { rate: 1, length: 1x64+1x9000 }\n  c: { rate: 1, length: 65 }\n");
    assert_true(advice_cost_of_contract(&costs, TOPOLOGY_DEDICATED, &contracts->items[0], &cost));
    assert_true(is_near(cost.router_ns.value, 1050.0));
    assert_true(is_near(cost.router_ns.high, 1070.0));
    assert_false(advice_cost_of_contract(&costs, TOPOLOGY_DEDICATED, &contracts->items[1], &cost));
    assert_string_equal(cost.why_unknown, too_long);
    assert_false(advice_cost_of_contract(&costs, TOPOLOGY_DEDICATED, &contracts->items[2], &cost));
    assert_false(advice_cost_of_contract(&costs, TOPOLOGY_DIRECT, &contracts->items[0], &cost));
}

// Two bridged networks of 30.6 % each fit into a CPU together, a third one does not.
static void test_plan_of_a_host(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { nics: 2 }\ncontracts:\n"
                     "  a: { rate: 100000, length: 64, loss: 0.05 %, price: 5 }\n"
                     "  b: { rate: 100000, length: 64, loss: 0.05 %, price: 7 }\n"
                     "  c: { rate: 130000, length: 64, loss: 0.05 %, price: 20 }\n");
    _cleanup_advice_ struct advice *advice = plan_of(contracts, GOAL_CONTRACTS);
    assert_int_equal(advice->kept, 2);
    assert_true(advice->items[0].kept && advice->items[1].kept && !advice->items[2].kept);
    assert_non_null(strstr(advice->items[2].why, "bridged it needs 39.8 % of a CPU"));
    assert_non_null(strstr(advice->items[2].why, "36.8 % left"));
    assert_true(is_near(advice->items[0].router_percent.value, 10.0));
    assert_true(is_near(advice->items[0].router_percent.high, 10.2));
    assert_true(is_near(advice->items[0].host_percent.value, 20.0));
    assert_true(is_near(advice->hosts[0].headroom.low, 100.0 - 61.2));
    assert_true(is_near(advice->hosts[0].percent.low, 58.8));
    assert_true(advice->gap <= 0.0);

    _cleanup_advice_ struct advice *revenue = plan_of(contracts, GOAL_REVENUE);
    assert_true(is_near(revenue->revenue, 27.0));
    assert_true(revenue->items[2].kept && revenue->items[1].kept);
    assert_true(is_near(revenue->bound, 27.0));
}

// Caps are whole points above the light load's need, and together they leave the host its part.
static void test_weights_and_caps(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { nics: 2 }\ncontracts:\n"
                     "  a: { rate: 50000, length: 64, loss: 0 }\n"
                     "  b: { rate: 100000, length: 64, loss: 0 }\n");
    _cleanup_advice_ struct advice *advice = plan_of(contracts, GOAL_CONTRACTS);
    const struct advice_contract *a = &advice->items[0];
    const struct advice_contract *b = &advice->items[1];
    assert_int_equal(a->weight, 51);
    assert_int_equal(b->weight, 102);
    assert_int_equal(advice->hosts[0].weight, 306);
    assert_true(a->cap >= 9 && b->cap >= 16); // 7.5 and 15 % at a light load, and a point
    assert_true(a->cap + b->cap <= 100.0 - 30.6);
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_advice_ struct advice *plain = NULL;
    assert_int_equal(advice_make(contracts, &costs, NULL, GOAL_CONTRACTS, false, &plain, &err), 0);
    assert_int_equal(plain->items[0].cap, 0);
    assert_int_equal(plain->items[0].weight, 51);
}

// A nearly full host has no room for the light load's cost: no caps.
static void test_full_host_has_no_caps(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\ncontracts:\n"
                     "  a: { rate: 150000, length: 64, loss: 0 }\n"
                     "  b: { rate: 160000, length: 64, loss: 0 }\n");
    _cleanup_advice_ struct advice *advice = plan_of(contracts, GOAL_CONTRACTS);
    assert_int_equal(advice->kept, 2);
    assert_int_equal(advice->items[0].cap, 0);
    assert_int_equal(advice->items[1].cap, 0);
}

// What no host can carry is refused with its reason, whatever else there is.
static void test_reasons(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { cpus: 8, nics: 8 }\ncontracts:\n"
                     "  long: { rate: 10, length: 9000 }\n"
                     "  strict: { rate: 2000000, length: 64, loss: 0.01 % }\n"
                     "  thread: { rate: 990000, length: 64 }\n"
                     "  good: { rate: 10, length: 64 }\n");
    _cleanup_advice_ struct advice *advice = plan_of(contracts, GOAL_CONTRACTS);
    assert_int_equal(advice->kept, 1);
    assert_string_equal(advice->items[0].why, "its cost is not known: IP packets of 9000 bytes: "
                                              "the points have 64 to 1500");
    assert_non_null(strstr(advice->items[1].why, "its router needs 204.0 % of a CPU"));
    assert_non_null(
        strstr(advice->items[2].why, "its router needs 101.0 % of a CPU, and a thread"));
    assert_null(advice->items[3].why);

    _cleanup_contracts_ struct contracts *bare =
        contracts_of("name: x\nhost: { nics: 0 }\ncontracts: { a: { rate: 10, length: 64 } }\n");
    _cleanup_advice_ struct advice *none = plan_of(bare, GOAL_HOSTS);
    assert_int_equal(none->kept, 0);
    assert_string_equal(none->items[0].why, "a host needs 2 NICs and has 0");
    assert_int_equal(none->hosts_used, 0);
}

// Losses begin before the CPU is used up: a contract gets what the runs carried with its loss.
static void test_onset_of_losses(void **state)
{
    (void)state;
    static double loads[] = {0.4, 0.6, 0.7, 0.8, 0.9};
    static double losses[] = {0.0, 0.0, 0.0, 0.02, 0.1};
    struct advice_costs lossy = costs;
    lossy.onsets[TOPOLOGY_BRIDGED] = (struct advice_onset){loads, losses, 5};
    assert_true(is_near(advice_usable_part(&lossy, TOPOLOGY_BRIDGED, 0.0), 0.7));
    assert_true(is_near(advice_usable_part(&lossy, TOPOLOGY_BRIDGED, 0.01), 0.75));
    assert_true(is_near(advice_usable_part(&lossy, TOPOLOGY_BRIDGED, 0.02), 0.8));
    assert_true(is_near(advice_usable_part(&lossy, TOPOLOGY_BRIDGED, 0.5), 0.9));
    assert_true(is_near(advice_usable_part(&lossy, TOPOLOGY_DEDICATED, 0.0), 1.0));
    lossy.onsets[TOPOLOGY_DEDICATED] = (struct advice_onset){loads, &losses[3], 2};
    assert_true(is_near(advice_usable_part(&lossy, TOPOLOGY_DEDICATED, 0.01), 0.0));

    // 76.5 % of a CPU: a contract without loss has 70 % less the margin, one with 2 % has 80 %. A
    // host with both has what the stricter one has.
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { nics: 2, margin: 0 }\ncontracts:\n"
                     "  none: { rate: 250000, length: 64, loss: 0 }\n"
                     "  some: { rate: 250000, length: 64, loss: 2 % }\n"
                     "  little: { rate: 5000, length: 64, loss: 0 }\n");
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_advice_ struct advice *advice = NULL;
    assert_int_equal(advice_make(contracts, &lossy, NULL, GOAL_REVENUE, true, &advice, &err), 0);
    for (size_t h = 0; h < contracts->host.count; h++) {
        assert_true(advice->hosts[h].percent.high <= advice->hosts[h].usable_percent + 1e-3);
    }
    assert_false(advice->items[0].kept);
    assert_non_null(strstr(advice->items[0].why, "dedicated, the runs lost more than 0 %"));
    assert_true(advice->items[1].kept != advice->items[2].kept);
    // The goal headroom is about the headroom that the plan shows.
    _cleanup_advice_ struct advice *left = NULL;
    assert_int_equal(advice_make(contracts, &lossy, NULL, GOAL_HEADROOM, true, &left, &err), 0);
    assert_true(left->short_of != NULL || is_near(left->figure, left->headroom_percent));
    _cleanup_contracts_ struct contracts *few =
        contracts_of("name: x\nhost: { nics: 2, margin: 0 }\ncontracts:\n"
                     "  none: { rate: 50000, length: 64, loss: 0 }\n");
    _cleanup_advice_ struct advice *one = NULL;
    assert_int_equal(advice_make(few, &lossy, NULL, GOAL_HEADROOM, true, &one, &err), 0);
    assert_null(one->short_of);
    assert_true(is_near(one->figure, 70.0 - 15.3));
    assert_true(is_near(one->headroom_percent, one->figure));
    assert_true(is_near(one->bound, one->figure));
}

// Runs of one dedicated router on two CPUs: it loses packets once its thread has used one of them.
// That is no loss of a host with two such routers before both CPUs are used up.
static void test_onset_of_one_thread(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_with(1, "[dedicated]", "", "", "[64]");
    scenario->host.cpus = 2;
    struct point_list points = {NULL, 0};
    state_of_random = 7;
    measure_all(&true_costs, scenario, 0, 2.0, &points);
    const struct model_run run = {&points, scenario};
    struct model *model = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(model_fit(&run, 1, 1, &model, &err), 0);
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { cpus: 2, nics: 8 }\ncontracts:\n"
                     "  a: { rate: 1000, length: 64, loss: 1 % }\n");
    _cleanup_costs_ struct advice_costs found = {.counts = {0}};
    advice_costs_of(model, &run, 1, contracts, &found);
    const double part = advice_usable_part(&found, TOPOLOGY_DEDICATED, 0.01);
    if (part < 0.85) {
        fail_msg("%g of the CPUs are usable", part);
    }
    model_free(model);
    point_list_clear(&points);
    scenario_free(scenario);
}

// A host gets no more routers than the runs support.
static void test_most_routers(void **state)
{
    (void)state;
    struct advice_costs few = costs;
    few.most_routers[TOPOLOGY_BRIDGED] = 2;
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_advice_ struct advice *advice = NULL;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { count: 2 }\ncontracts:\n"
                     "  a: { rate: 10, length: 64 }\n  b: { rate: 10, length: 64 }\n"
                     "  c: { rate: 10, length: 64 }\n  d: { rate: 10, length: 64 }\n"
                     "  e: { rate: 10, length: 64 }\n");
    assert_int_equal(advice_make(contracts, &few, NULL, GOAL_HOSTS, true, &advice, &err), 0);
    assert_int_equal(advice->kept, 4);
    assert_true(advice->hosts[0].contracts == 2 && advice->hosts[1].contracts == 2);
    assert_non_null(strstr(advice->items[4].why, "the runs support at most 2"));

    // Goal fairness refuses as few as possible, and no more.
    _cleanup_advice_ struct advice *fair = NULL;
    assert_int_equal(advice_make(contracts, &few, NULL, GOAL_FAIRNESS, true, &fair, &err), 0);
    assert_int_equal(fair->kept, 4);
}

static void test_fairness(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { nics: 2 }\ncontracts:\n"
                     "  first: { rate: 80000, length: 64, loss: 0, priority: 9 }\n"
                     "  a: { rate: 300000, length: 64, loss: 0 }\n"
                     "  b: { rate: 600000, length: 64, loss: 0 }\n");
    _cleanup_advice_ struct advice *advice = plan_of(contracts, GOAL_FAIRNESS);
    assert_true(advice->items[0].kept);
    // What the first one leaves of 98 % of the CPU, of the 275.4 % that the others ask for.
    const double part = (98.0 - 24.48) / 275.4;
    assert_true(fabs(advice->items[1].part - part) < 0.001);
    assert_true(is_near(advice->items[1].part, advice->items[2].part));
    assert_true(is_near(advice->levels[0].value, 1.0));
    assert_true(advice->bound >= advice->figure && advice->gap < 0.01);
    assert_non_null(strstr(advice->items[2].why, "of its rate"));
    assert_true(advice->fairness > 0.4 && advice->fairness < 1.0);
}

// A priority of which no contract can be carried reaches no part of its rates.
static void test_fairness_of_the_impossible(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { nics: 2 }\ncontracts:\n"
                     "  first: { rate: 1000, length: 9000, priority: 9 }\n"
                     "  a: { rate: 1000, length: 64 }\n");
    _cleanup_advice_ struct advice *advice = plan_of(contracts, GOAL_FAIRNESS);
    assert_true(advice->items[0].part <= 0.0 && advice->items[1].kept);
    assert_true(advice->levels[0].value <= 0.0 && advice->levels[0].bound <= 0.0);
    assert_true(advice->figure <= 0.0 && advice->gap <= 0.0);
    assert_true(is_near(advice->levels[1].value, 1.0));
}

static void assert_scenario_valid(const struct advice *advice, size_t host)
{
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    assert_non_null(stream);
    advice_write_scenario(advice, host, stream);
    fclose(stream);
    struct scenario_problems problems;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    if (scenario_parse(text, length, 64, &scenario, &problems) < 0) {
        fail_msg("%u:%u: %s\n%s", problems.items[0].line, problems.items[0].column,
                 problems.items[0].text, text);
    }
    assert_int_equal(scenario->router_count, advice->hosts[host].contracts);
    assert_int_equal(scenario->topology_count, 1);
    assert_int_equal(scenario->topologies[0], advice->hosts[host].topology);
    assert_int_equal(scenario->host.allocation.weight, advice->hosts[host].weight);
    // Each network has its contract's rate, at the only load.
    _cleanup_free_ double *pps = NULL;
    assert_int_equal(scenario_rates(&scenario->traffic, scenario->traffic.lengths[0], &pps), 1);
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        for (size_t k = 0; k < advice->contracts->count; k++) {
            const struct advice_contract *item = &advice->items[k];
            if (text_equal(item->contract->name, network->name)) {
                const double rate = network->rate.given ? network->rate.value : pps[0];
                assert_true(fabs(rate - item->pps) <= 0.5);
                assert_int_equal(scenario->routers[network->router].allocation.cap, item->cap);
                assert_int_equal(scenario->routers[network->router].allocation.weight,
                                 item->weight);
            }
        }
    }
}

static void test_scenarios(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        contracts_of("name: x\nhost: { cpus: 2, nics: 4, count: 3 }\ncontracts:\n"
                     "  a: { rate: 100000, length: 64, memory: 64 MiB }\n"
                     "  b: { rate: 90 Mbit/s, length: 300 }\n"
                     "  c: { rate: 130000, length: imix }\n"
                     "  d: { rate: 333.25, length: 1x64+1x1500 }\n"
                     "  e: { rate: 400000, length: 1000 }\n"
                     "  f: { rate: 300000, length: 1000 }\n"
                     "  g: { rate: 300000, length: 64 }\n");
    for (enum contract_goal goal = 0; goal < GOAL_COUNT; goal++) {
        _cleanup_advice_ struct advice *advice = plan_of(contracts, goal);
        assert_true(advice->hosts_used > 0);
        for (size_t h = 0; h < advice->hosts_used; h++) {
            assert_scenario_valid(advice, h);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_costs_of_mixes),
        cmocka_unit_test(test_plan_of_a_host),
        cmocka_unit_test(test_weights_and_caps),
        cmocka_unit_test(test_full_host_has_no_caps),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_onset_of_losses),
        cmocka_unit_test(test_most_routers),
        cmocka_unit_test(test_fairness),
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_fairness_of_the_impossible),
        cmocka_unit_test(test_onset_of_one_thread),
    };
    catalogue_use(&machine_catalogue);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
