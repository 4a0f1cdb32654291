// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of control/: policies in simulated routers that share a CPU, on random loads; what a
// controller does about faults; admission.
//
// Runs beside others: it computes only.
#include "control/admit.h"
#include "control/advised.h"
#include "control/audit.h"
#include "control/observe.h"
#include "control/policy.h"
#include "control/recent.h"
#include "control/simulator.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#define CASES       60U
#define SOME_CASES  60U
#define FEWER_CASES 20U
#else
#define CASES       10000U
#define SOME_CASES  1000U
#define FEWER_CASES 300U
#endif
#define AS_GOOD 1.01

#define SIMULATED_FIRST 1U

// ---- random loads

enum { CONTRACT, ORACLE, PEAK, STATIC, RATE_COST, POLICIES };

static const struct control_policy *const policies[POLICIES] = {
    [CONTRACT] = &control_policy_contract,   [ORACLE] = &control_policy_oracle,
    [PEAK] = &control_policy_peak,           [STATIC] = &control_policy_static,
    [RATE_COST] = &control_policy_rate_cost,
};

struct sums {
    double violated_s, back_s, fastest;
    double first_s; // in violation, of the contracts of the highest priority of each case
    unsigned actions, worse;
    uint64_t closest_ns;
};

static unsigned highest_priority(const struct sim_case *of)
{
    unsigned highest = 0;
    for (size_t i = 0; i < of->routers; i++) {
        const unsigned own = of->contracts[i].priority;
        highest = own > highest ? own : highest;
    }
    return highest;
}

static void sums_add(struct sums *sums, const struct sim_case *of,
                     const struct sim_outcome *outcome)
{
    sums->violated_s += outcome->violated_s;
    sums->actions += outcome->actions;
    sums->back_s = fmax(sums->back_s, outcome->back_s);
    sums->fastest = fmax(sums->fastest, outcome->fastest);
    for (size_t i = 0; i < of->routers; i++) {
        const bool first = of->contracts[i].priority == highest_priority(of);
        sums->first_s += first ? outcome->flow_violated_s[i] : 0.0;
    }
    if (outcome->closest_ns > 0 &&
        (sums->closest_ns == 0 || outcome->closest_ns < sums->closest_ns)) {
        sums->closest_ns = outcome->closest_ns;
    }
}

// Runs the first `count` policies on the first cases of a kind.
static void simulate(enum sim_demand demand, unsigned cases, size_t count, struct sums *ret)
{
    static const char *const names[] = {"covered", "fitting", "overbooked", "overloaded"};
    memset(ret, 0, POLICIES * sizeof *ret);
    for (uint64_t seed = SIMULATED_FIRST; seed < SIMULATED_FIRST + cases; seed++) {
        struct sim_case of;
        struct sim_outcome outcomes[POLICIES];
        sim_case_random(seed, demand, &of);
        for (size_t p = 0; p < count; p++) {
            sim_run(&of, policies[p], &outcomes[p]);
            sums_add(&ret[p], &of, &outcomes[p]);
        }
        ret[CONTRACT].worse +=
            outcomes[CONTRACT].violated_s > 1.2 * outcomes[ORACLE].violated_s + of.steps;
    }
    for (size_t p = 0; p < count; p++) {
        print_message("%u %s, %s: broken %.1f s, of the highest priority %.1f s, longest %.1f s, "
                      "%.1f actions\n",
                      cases, names[demand], policies[p]->name, ret[p].violated_s, ret[p].first_s,
                      ret[p].back_s, (double)ret[p].actions / cases);
    }
}

static void random_loads_are_kept_nearly_as_by_the_oracle(void **state)
{
    (void)state;
    struct sums sums[POLICIES];
    simulate(SIM_COVERED, CASES, ORACLE + 1, sums);
    assert_int_equal(sums[CONTRACT].worse, 0);
    assert_true(sums[CONTRACT].back_s <= 1.0);
    simulate(SIM_COVERED, SOME_CASES, POLICIES, sums);
    assert_true(sums[CONTRACT].violated_s <= sums[STATIC].violated_s / 5.0);
    assert_true(sums[CONTRACT].violated_s <= sums[RATE_COST].violated_s / 2.0);
    assert_true(sums[CONTRACT].violated_s <= sums[PEAK].violated_s * AS_GOOD);
    // Bounds on how fast weights move.
    assert_true(sums[CONTRACT].closest_ns >= control_limits_usual.between_ns);
    assert_true(sums[CONTRACT].fastest <=
                1.01 * control_limits_usual.factor * control_limits_usual.factor);
}

static void shares_of_peaks_are_matched_where_full_rates_fit(void **state)
{
    (void)state;
    struct sums sums[POLICIES];
    simulate(SIM_FITS, FEWER_CASES, PEAK + 1, sums);
    assert_int_equal(sums[CONTRACT].worse, 0);
    assert_true(sums[CONTRACT].back_s <= 1.0);
    assert_true(sums[CONTRACT].violated_s <= sums[PEAK].violated_s * AS_GOOD);
}

static void overbooked_contracts_are_kept_while_their_loads_fit(void **state)
{
    (void)state;
    struct sums sums[POLICIES];
    simulate(SIM_OVERBOOKED, FEWER_CASES, PEAK + 1, sums);
    assert_int_equal(sums[CONTRACT].worse, 0);
    assert_true(sums[CONTRACT].back_s <= 1.0);
    assert_true(sums[CONTRACT].violated_s <= sums[PEAK].violated_s * AS_GOOD);
}

static void overload_breaks_fewer_contracts_than_by_peaks(void **state)
{
    (void)state;
    struct sums sums[POLICIES];
    simulate(SIM_OVERLOADED, FEWER_CASES, PEAK + 1, sums);
    assert_true(sums[CONTRACT].violated_s <= sums[PEAK].violated_s * 0.8);
    assert_true(sums[CONTRACT].first_s <= sums[PEAK].first_s * 0.5);
}

static struct control_setup setup_of(double pps, double cost_ns)
{
    struct control_setup setup = {.cpu = 100.0, .margin = 0.02, .party_count = 3, .flow_count = 2};
    setup.parties = calloc(3, sizeof *setup.parties);
    setup.flows = calloc(2, sizeof *setup.flows);
    setup.parties[0].name = strdup("host");
    setup.parties[1] = (struct control_party){.name = strdup("r1"), .cost_ns = cost_ns};
    setup.parties[2] = (struct control_party){.name = strdup("r2"), .cost_ns = cost_ns};
    for (size_t f = 0; f < 2; f++) {
        setup.flows[f] = (struct control_flow){
            .name = strdup(f == 0 ? "gold" : "silver"),
            .has_contract = true,
            .contract = {.pps = pps, .loss = 0.01, .priority = f == 0 ? 1 : 0, .price = 1.0},
            .stages = {f + 1},
            .stage_count = 1};
    }
    return setup;
}

// ---- made-up cases: contracts of two networks, the second one floods

static struct sim_load load_of(double pps)
{
    return (struct sim_load){.at_s = {0.0}, .pps = {pps}, .knots = 1};
}

// The first network needs 60 % of the CPU, the second one is flooded.
static struct sim_case flooded(double seconds)
{
    struct sim_case of = {.seconds = seconds,
                          .cpu = 100.0,
                          .routers = 2,
                          .every_s = 0.05,
                          .dies = SIZE_MAX,
                          .stands = SIZE_MAX};
    of.cost_ns[0] = of.cost_ns[1] = 4000.0;
    of.loads[0] = load_of(150000.0);
    of.loads[1] = load_of(500000.0);
    of.contracts[0] = (struct control_contract){.pps = 160000.0, .loss = 0.005, .price = 1.0};
    of.contracts[1] = (struct control_contract){.pps = 20000.0, .loss = 0.005, .price = 1.0};
    return of;
}

static struct sim_outcome outcome_of(const struct sim_case *of, const struct control_policy *policy)
{
    struct sim_outcome outcome;
    sim_run(of, policy, &outcome);
    return outcome;
}

static void equal_shares_break_what_control_keeps(void **state)
{
    (void)state;
    const struct sim_case of = flooded(10.0);
    assert_true(outcome_of(&of, &control_policy_static).violated_s > 9.0);
    assert_true(outcome_of(&of, &control_policy_rate_cost).violated_s > 9.0);
    assert_true(outcome_of(&of, &control_policy_contract).violated_s <= 0.5);
}

static void steady_load_needs_no_action(void **state)
{
    (void)state;
    const struct sim_case of = flooded(600.0);
    const struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_in_range(outcome.actions, 1, 6);
    assert_int_equal(outcome.late_actions, 0);
}

static void priorities_decide_if_not_all_can_be_kept(void **state)
{
    (void)state;
    struct sim_case of = flooded(10.0);
    of.contracts[1].pps = 500000.0; // needs 200 % of the CPU
    of.contracts[0].priority = 1;
    struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.flow_violated_s[0] <= 0.5);
    assert_true(outcome.flow_violated_s[1] > 9.0);
    assert_int_equal(outcome.faults, 1); // the CPU does not suffice
    of.contracts[1].pps = 200000.0;      // 80 %, and the other one 60 %
    of.loads[1] = load_of(200000.0);
    of.contracts[0].priority = 0;
    of.contracts[1].priority = 1;
    outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.flow_violated_s[0] > 9.0);
    assert_true(outcome.flow_violated_s[1] <= 0.5);
}

static void router_that_dies_takes_nothing_from_others(void **state)
{
    (void)state;
    struct sim_case of = flooded(12.0);
    of.dies = 1;
    const struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.flow_violated_s[0] <= 0.5);
    assert_int_equal(outcome.faults, 2); // it died, and runs again
}

static void counters_that_stand_still_keep_their_share(void **state)
{
    (void)state;
    struct sim_case of = flooded(20.0);
    of.stands = 0;
    const struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.flow_violated_s[0] <= 1.0);
    assert_int_equal(outcome.faults, 1);
}

// Two networks share a router: the first one stops after it lost packets, the second one goes on.
static void idle_network_beside_another_is_no_fault(void **state)
{
    (void)state;
    struct control_party parties[] = {{.name = "host"}, {.name = "r1"}};
    struct control_flow flows[] = {
        {.name = "A",
         .has_contract = true,
         .contract = {.pps = 50000.0, .loss = 0.01},
         .stages = {1},
         .stage_count = 1},
        {.name = "B", .stages = {1}, .stage_count = 1},
    };
    const struct control_setup setup = {
        .cpu = 100.0, .parties = parties, .party_count = 2, .flows = flows, .flow_count = 2};
    struct control_reading reading;
    control_reading_make(&setup, &reading);
    struct observer *observer = observer_new(&setup);
    for (unsigned i = 0; i < 200; i++) { // of 50 ms each
        const bool sends = i < 40;
        reading.at_ns = (uint64_t)(i + 1) * 50000000U;
        reading.parties[0].alive = reading.parties[1].alive = true;
        reading.parties[1].cpu_ns += 40000000U;
        reading.flows[0].known = reading.flows[1].known = true;
        reading.flows[0].offered += sends ? 2500 : 0;
        reading.flows[0].entered += sends ? 1500 : 0;
        reading.flows[0].forwarded += sends ? 1500 : 0;
        reading.flows[0].lost += sends ? 1000 : 0;
        reading.flows[1].offered += 2500;
        reading.flows[1].entered += 2500;
        reading.flows[1].forwarded += 2500;
        observer_take(observer, &reading, NULL);
        assert_null(observer_fault(observer));
        assert_true(!sends || i == 0 || observer_view(observer)->flows[0].violated);
    }
    assert_false(observer_view(observer)->flows[0].violated);
    assert_true(observer_view(observer)->flows[0].offered_pps < 1.0);
    observer_free(observer);
    control_reading_clear(&reading);
}

// A network with losses, which stops after a time; its router then uses `idle_ns` of CPU in 50 ms.
// Returns how many faults were reported.
static unsigned faults_after_a_stop(unsigned loaded, uint64_t idle_ns)
{
    struct control_setup setup = setup_of(50000.0, 0.0);
    struct control_reading reading;
    control_reading_make(&setup, &reading);
    struct observer *observer = observer_new(&setup);
    unsigned faults = 0;
    for (unsigned i = 0; i < 200; i++) {
        const bool sends = i < loaded;
        reading.at_ns = (uint64_t)(i + 1) * 50000000U;
        for (size_t p = 0; p < setup.party_count; p++) {
            reading.parties[p].alive = true;
        }
        reading.parties[1].cpu_ns += sends ? 40000000U : idle_ns;
        reading.flows[0].known = true;
        reading.flows[0].offered += sends ? 2500 : 0;
        reading.flows[0].entered = reading.flows[0].offered;
        reading.flows[0].forwarded += sends ? 1500 : 0;
        reading.flows[0].lost += sends ? 1000 : 0;
        observer_take(observer, &reading, NULL);
        char *fault = observer_fault(observer);
        faults += fault != NULL;
        free(fault);
    }
    assert_false(observer_view(observer)->flows[0].violated);
    const double violated_s = observer_tally(observer, 0)->violated_seconds;
    assert_true(violated_s <= loaded * 0.05 + 0.11);
    // Held in a fault, and else forgotten.
    assert_true((faults > 0) == (observer_view(observer)->flows[0].offered_pps > 40000.0));
    observer_free(observer);
    control_reading_clear(&reading);
    control_setup_clear(&setup);
    return faults;
}

// A network whose idle router uses as much CPU as with load pauses for 5 s; then it sends as
// before. After `again` readings of 50 ms its rate is that of its packets.
static double rate_after_a_pause(unsigned again)
{
    struct control_setup setup = setup_of(50000.0, 0.0);
    struct control_reading reading;
    control_reading_make(&setup, &reading);
    struct observer *observer = observer_new(&setup);
    for (unsigned i = 0; i < 140 + again; i++) {
        const bool sends = i < 40 || i >= 140;
        reading.at_ns = (uint64_t)(i + 1) * 50000000U;
        for (size_t p = 0; p < setup.party_count; p++) {
            reading.parties[p].alive = true;
        }
        reading.parties[1].cpu_ns += 40000000U;
        reading.flows[0].known = true;
        reading.flows[0].offered += sends ? 2500 : 0;
        reading.flows[0].entered = reading.flows[0].forwarded = reading.flows[0].offered;
        observer_take(observer, &reading, NULL);
        free(observer_fault(observer));
    }
    const double rate = observer_view(observer)->flows[0].offered_pps;
    observer_free(observer);
    control_reading_clear(&reading);
    control_setup_clear(&setup);
    return rate;
}

static void pause_of_an_emulated_machine_does_not_lower_its_next_rate(void **state)
{
    (void)state;
    assert_true(rate_after_a_pause(1) > 40000.0);
    assert_true(rate_after_a_pause(4) > 40000.0);
}

// The load of a flow that a dead router interrupts is followed until it ends.
static void load_through_a_dead_router_is_forgotten(void **state)
{
    (void)state;
    struct control_setup setup = setup_of(50000.0, 0.0);
    struct control_reading reading;
    control_reading_make(&setup, &reading);
    struct observer *observer = observer_new(&setup);
    for (unsigned i = 0; i < 200; i++) {
        reading.at_ns = (uint64_t)(i + 1) * 50000000U;
        for (size_t p = 0; p < setup.party_count; p++) {
            reading.parties[p].alive = p != 1 || i < 40;
        }
        reading.flows[0].known = true;
        reading.flows[0].offered += i < 80 ? 2500 : 0;
        reading.flows[0].entered = reading.flows[0].offered;
        reading.flows[0].forwarded += i < 40 ? 2500 : 0;
        reading.flows[0].lost += i >= 40 && i < 80 ? 2500 : 0;
        observer_take(observer, &reading, NULL);
        free(observer_fault(observer));
        const struct control_flow_view *view = &observer_view(observer)->flows[0];
        assert_true(i != 79 || (view->offered_pps > 40000.0 && !view->violated));
    }
    assert_true(observer_view(observer)->flows[0].offered_pps < 100.0);
    observer_free(observer);
    control_reading_clear(&reading);
    control_setup_clear(&setup);
}

static void idle_machine_that_uses_cpu_is_no_fault(void **state)
{
    (void)state;
    assert_int_equal(faults_after_a_stop(0, 5000000), 0); // 10 % of a CPU; it never had load
    assert_int_equal(faults_after_a_stop(40, 5000000), 0);
    assert_int_equal(faults_after_a_stop(40, 40000000), 1); // as with load
}

// Two networks share a ring, which loses packets of the second one only.
static void losses_of_a_shared_ring_are_those_of_the_flooding_network(void **state)
{
    (void)state;
    struct control_party parties[] = {{.name = "host"}, {.name = "r1"}};
    struct control_flow flows[] = {
        {.name = "gold", .has_contract = true, .stages = {1}, .stage_count = 1},
        {.name = "flood", .has_contract = true, .stages = {1}, .stage_count = 1},
    };
    flows[0].contract = flows[1].contract = (struct control_contract){.pps = 4000.0, .loss = 0.01};
    const struct control_setup setup = {
        .cpu = 100.0, .parties = parties, .party_count = 2, .flows = flows, .flow_count = 2};
    struct control_reading reading;
    control_reading_make(&setup, &reading);
    struct observer *observer = observer_new(&setup);
    for (unsigned i = 0; i < 100; i++) { // of 50 ms each
        reading.at_ns = (uint64_t)(i + 1) * 50000000U;
        reading.parties[0].alive = reading.parties[1].alive = true;
        for (size_t f = 0; f < 2; f++) {
            struct control_flow_reading *flow = &reading.flows[f];
            flow->known = true;
            flow->offered += f == 0 ? 200 : 3200;
            flow->entered = flow->offered;
            // Gold's queue holds up to 10 packets.
            flow->forwarded = f == 0 ? flow->offered - i % 2 * 10 : flow->forwarded + 100;
            flow->lost += 3100;
        }
        observer_take(observer, &reading, NULL);
    }
    const struct control_view *view = observer_view(observer);
    assert_false(view->flows[0].violated);
    assert_true(view->flows[0].loss < 0.01);
    assert_true(view->flows[1].violated);
    assert_true(view->flows[1].loss > 0.95 && view->flows[1].loss < 0.99);
    assert_true(observer_tally(observer, 0)->lost <= 10);
    assert_true(observer_tally(observer, 0)->violated_seconds <= 0.11);
    assert_true(observer_tally(observer, 1)->violated_seconds > 4.0);
    assert_int_equal(observer_tally(observer, 1)->lost, 99 * 3100);
    observer_free(observer);
    control_reading_clear(&reading);
}

static void late_readings_are_survived(void **state)
{
    (void)state;
    struct sim_case of = flooded(10.0);
    of.late_s = 0.6;
    const struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.violated_s <= 0.5);
    assert_int_equal(outcome.faults, 1);
}

// The usual time between two readings is 1 s, as with --rate 1.
static void rare_readings_are_not_late(void **state)
{
    (void)state;
    struct control_setup setup = setup_of(50000.0, 0.0);
    struct control_reading reading;
    setup.every_s = 1.0;
    control_reading_make(&setup, &reading);
    struct observer *observer = observer_new(&setup);
    for (unsigned i = 1; i <= 10; i++) {
        reading.at_ns = i * UINT64_C(1000000000);
        for (size_t p = 0; p < setup.party_count; p++) {
            reading.parties[p].alive = true;
        }
        observer_take(observer, &reading, NULL);
        assert_null(observer_fault(observer));
    }
    reading.at_ns += UINT64_C(2600000000);
    observer_take(observer, &reading, NULL);
    char *fault = observer_fault(observer);
    assert_string_equal(fault, "readings come late: 2600 ms since the last one");
    free(fault);
    observer_free(observer);
    control_reading_clear(&reading);
    control_setup_clear(&setup);
}

static void actions_without_effect_are_repeated(void **state)
{
    (void)state;
    struct sim_case of = flooded(12.0);
    of.loads[0] =
        (struct sim_load){.at_s = {0.0, 4.0, 4.0}, .pps = {20000.0, 20000.0, 150000.0}, .knots = 3};
    of.forgets = true; // from 3 to 6 s
    const struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.violated_s <= 3.0);
}

static void cap_is_raised_above_the_need(void **state)
{
    (void)state;
    struct sim_case of = flooded(10.0);
    of.caps[0] = 30;
    const struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.violated_s <= 1.5);
}

static void cap_that_is_not_held_is_a_fault(void **state)
{
    (void)state;
    struct sim_case of = flooded(10.0);
    of.caps[1] = 10;
    of.caps_fail = true;
    const struct sim_outcome outcome = outcome_of(&of, &control_policy_contract);
    assert_true(outcome.violated_s <= 0.5);
    assert_int_equal(outcome.faults, 1);
}

// ---- admission and the audit log

static void contract_that_can_not_be_kept_is_refused(void **state)
{
    (void)state;
    struct control_setup setup = setup_of(300000.0, 4000.0);
    struct controller *controller =
        controller_new(&setup, &control_policy_contract, &control_limits_usual);
    char *why = admit_refusal(controller_view(controller), 0);
    assert_non_null(why);
    assert_non_null(strstr(why, "gold can't be kept: 297000 packets/s at 4000 ns each cost"));
    free(why);
    controller_free(controller);
    control_setup_clear(&setup);
}

static void contracts_that_can_not_be_kept_together_are_named_by_priority(void **state)
{
    (void)state;
    struct control_setup setup = setup_of(150000.0, 4000.0);
    struct controller *controller =
        controller_new(&setup, &control_policy_contract, &control_limits_usual);
    assert_null(admit_refusal(controller_view(controller), 0));
    assert_null(admit_refusal(controller_view(controller), 1));
    char *text = admit_overbooking(controller_view(controller));
    assert_non_null(text);
    assert_non_null(strstr(text, "break first: silver"));
    free(text);
    controller_free(controller);
    control_setup_clear(&setup);
}

static void unknown_costs_refuse_nothing(void **state)
{
    (void)state;
    struct control_setup setup = setup_of(90000000.0, 0.0);
    struct controller *controller =
        controller_new(&setup, &control_policy_contract, &control_limits_usual);
    assert_null(admit_refusal(controller_view(controller), 0));
    assert_null(admit_overbooking(controller_view(controller)));
    controller_free(controller);
    control_setup_clear(&setup);
}

static void action_is_one_line_of_json(void **state)
{
    (void)state;
    struct control_setup setup = setup_of(1000.0, 4000.0);
    struct control_share shares[] = {{100, 0}, {9000, 40}, {900, 0}};
    struct control_action action = {.shares = shares, .reason = (char *)"gold \"loses\""};
    struct controller *controller =
        controller_new(&setup, &control_policy_contract, &control_limits_usual);
    char *line = audit_action(0, "t", "contract", false, controller_view(controller), &action);
    assert_string_equal(
        line, "{\"time\":\"1970-01-01T00:00:00Z\",\"testbed\":\"t\",\"policy\":\"contract\","
              "\"action\":\"set\",\"reason\":\"gold \\\"loses\\\"\",\"shares\":["
              "{\"name\":\"host\",\"weight\":100,\"cap\":0,\"weight_before\":0,\"cap_before\":0},"
              "{\"name\":\"r1\",\"weight\":9000,\"cap\":40,\"weight_before\":0,\"cap_before\":0},"
              "{\"name\":\"r2\",\"weight\":900,\"cap\":0,\"weight_before\":0,\"cap_before\":0}]}");
    free(line);
    controller_free(controller);
    control_setup_clear(&setup);
}

static void advice_is_new_by_its_words_or_shares(void **state)
{
    (void)state;
    struct advised advised = {.reason = NULL};
    struct control_share shares[] = {{100, 0}, {9000, 0}};
    struct control_action action = {.shares = shares, .reason = (char *)"r1 needs 30.0 %"};
    assert_true(advised_take(&advised, &action, 2));
    assert_false(advised_take(&advised, &action, 2));
    action.reason = (char *)"r1 needs 131.5 %";
    shares[1].weight = 9800;
    assert_false(advised_take(&advised, &action, 2));
    shares[1].weight = 11000;
    assert_true(advised_take(&advised, &action, 2));
    shares[1].cap = 20;
    assert_true(advised_take(&advised, &action, 2));
    action.reason = (char *)"r1 needs 131.5 %; its cap is 10 %";
    assert_true(advised_take(&advised, &action, 2));
    assert_false(advised_take(&advised, &action, 2));
    action.reason = (char *)"r1 needs";
    assert_true(advised_take(&advised, &action, 2));
    // The digits of a name are a name's.
    action.reason = (char *)"NET0 loses 12.40 % of 100 packets/s";
    assert_true(advised_take(&advised, &action, 2));
    action.reason = (char *)"NET0 loses 3.10 % of 90 packets/s";
    assert_false(advised_take(&advised, &action, 2));
    action.reason = (char *)"NET1 loses 3.10 % of 90 packets/s";
    assert_true(advised_take(&advised, &action, 2));
    advised_clear(&advised);
}

// ---- readings one by one

// Readings of a set-up of two routers, every 50 ms.
struct readings {
    struct control_setup setup;
    struct control_reading now;
    struct controller *controller;
    unsigned actions;
};

static void readings_open(struct readings *readings)
{
    readings->setup = setup_of(100000.0, 0.0);
    readings->actions = 0;
    control_reading_make(&readings->setup, &readings->now);
    for (size_t i = 0; i < readings->setup.party_count; i++) {
        readings->now.parties[i] = (struct control_party_reading){.alive = true, .weight = 256};
    }
    for (size_t f = 0; f < readings->setup.flow_count; f++) {
        readings->now.flows[f].known = true;
    }
    readings->controller =
        controller_new(&readings->setup, &control_policy_contract, &control_limits_usual);
}

static void readings_close(struct readings *readings)
{
    controller_free(readings->controller);
    control_reading_clear(&readings->now);
    control_setup_clear(&readings->setup);
}

// Takes readings with this many packets of each flow between two of them; applies the actions.
static void readings_take(struct readings *readings, unsigned count, uint64_t gold, uint64_t silver,
                          uint64_t cost_ns)
{
    const uint64_t packets[] = {gold, silver};
    readings->actions = 0;
    for (unsigned n = 0; n < count; n++) {
        struct control_action action = {.shares = NULL};
        readings->now.at_ns += 50000000;
        for (size_t f = 0; f < 2; f++) {
            readings->now.flows[f].offered += packets[f];
            readings->now.flows[f].entered += packets[f];
            readings->now.flows[f].forwarded += packets[f];
            readings->now.parties[f + 1].cpu_ns += packets[f] * cost_ns;
        }
        if (controller_take(readings->controller, &readings->now, NULL, &action)) {
            readings->actions++;
            for (size_t i = 0; i < readings->setup.party_count; i++) {
                if (readings->now.parties[i].alive) { // the owner skips others
                    readings->now.parties[i].weight = action.shares[i].weight;
                }
            }
        }
        control_action_clear(&action);
    }
}

static void plan_contains_the_caps_of_the_first_reading(void **state)
{
    (void)state;
    struct readings readings;
    struct control_share plan[] = {{1, 1}, {1, 1}, {1, 1}};
    readings_open(&readings);
    assert_false(controller_static_plan(readings.controller, plan));
    assert_int_equal(plan[1].cap, 1);
    readings.now.parties[1].cap = 40;
    readings.now.parties[2] = (struct control_party_reading){.alive = false};
    readings_take(&readings, 1, 0, 0, 2000);
    readings.now.parties[1].cap = 60;
    readings.now.parties[2] = (struct control_party_reading){.alive = true, .cap = 30};
    readings_take(&readings, 1, 0, 0, 2000);
    assert_true(controller_static_plan(readings.controller, plan));
    assert_int_equal(plan[1].cap, 40);
    assert_int_equal(plan[2].cap, 30);
    readings_close(&readings);
}

static void few_packets_of_another_network_begin_nothing_again(void **state)
{
    (void)state;
    struct readings readings;
    readings_open(&readings);
    readings_take(&readings, 60, 2500, 0, 2000);
    assert_true(readings.actions > 0);
    // Too few for a cost. Shares would differ by now, and those in force suffice.
    readings_take(&readings, 20, 2500, 1, 5000);
    assert_int_equal(readings.actions, 0);
    readings_close(&readings);
}

static void dead_router_does_not_keep_shares_from_being_final(void **state)
{
    (void)state;
    struct readings readings;
    readings_open(&readings);
    readings_take(&readings, 2, 2500, 1, 2000);
    readings.now.parties[2].alive = false;
    readings_take(&readings, 20, 2500, 0, 2000);
    readings_take(&readings, 20, 2500, 0, 5000);
    assert_int_equal(readings.actions, 0);
    readings_close(&readings);
}

// A dead router's weight stays, far above its share: those of the others are compared without it.
static void shares_beside_a_dead_router_are_set_once(void **state)
{
    (void)state;
    struct readings readings;
    readings_open(&readings);
    controller_free(readings.controller);
    readings.controller =
        controller_new(&readings.setup, &control_policy_peak, &control_limits_usual);
    readings.now.parties[2].weight = 20000;
    readings.now.parties[2].alive = false;
    readings_take(&readings, 40, 2500, 0, 2000);
    assert_in_range(readings.actions, 1, 5);
    readings_take(&readings, 60, 2500, 0, 2000);
    assert_int_equal(readings.actions, 0);
    assert_int_equal(readings.now.parties[2].weight, 20000);
    readings_close(&readings);
}

// Takes readings in which each flow loses `lost` of `offered` packets between two of them. Returns
// what is reported meanwhile, a line each. The caller frees it.
static char *reports_of_losses(struct readings *readings, unsigned count, uint64_t offered,
                               uint64_t lost)
{
    char *reports = strdup("");
    for (unsigned n = 0; n < count; n++) {
        struct control_action action = {.shares = NULL};
        readings->now.at_ns += 50000000;
        for (size_t f = 0; f < 2; f++) {
            readings->now.flows[f].offered += offered;
            readings->now.flows[f].lost += lost;
            readings->now.flows[f].entered += offered - lost;
            readings->now.flows[f].forwarded += offered - lost;
            readings->now.parties[f + 1].cpu_ns += (offered - lost) * 8000;
        }
        (void)controller_take(readings->controller, &readings->now, NULL, &action);
        control_action_clear(&action);
        for (char *text = NULL; (text = controller_fault(readings->controller)) != NULL;) {
            char *more = calloc(1, strlen(reports) + strlen(text) + 2);
            strcat(strcat(strcat(more, reports), text), "\n");
            free(text);
            free(reports);
            reports = more;
        }
    }
    return reports;
}

static void cpu_that_does_not_suffice_is_reported_once(void **state)
{
    (void)state;
    struct readings readings;
    readings_open(&readings);
    // Each of both needs 80 %; the first one has the higher priority.
    char *reports = reports_of_losses(&readings, 40, 5000, 2000);
    assert_string_equal(reports,
                        "no shares keep all contracts: their present loads need 160 % of a "
                        "CPU, and host and routers have 98 %; contracts are served by "
                        "priority, without silver\n");
    free(reports);
    reports = reports_of_losses(&readings, 40, 1000, 0);
    assert_non_null(strstr(reports, "priorities no longer matter\n"));
    assert_null(strstr(strchr(reports, '\n') + 1, "\n"));
    free(reports);
    readings_close(&readings);
}

static double load_offered(const struct control_view *view, size_t flow)
{
    return view->flows[flow].offered_pps;
}

// Gold, of the higher priority, needs 80 % of the CPU, and its router dies; silver needs as much.
static void dead_router_takes_no_cpu_from_living_contracts(void **state)
{
    (void)state;
    struct readings readings;
    double wants[3];
    readings_open(&readings);
    char *reports = reports_of_losses(&readings, 40, 5000, 2000);
    assert_non_null(strstr(reports, "without silver\n"));
    free(reports);
    readings.now.parties[1].alive = false;
    reports = reports_of_losses(&readings, 40, 5000, 2000);
    assert_non_null(strstr(reports, "router r1 does not run\n"));
    assert_non_null(strstr(reports, "priorities no longer matter\n"));
    assert_null(strstr(reports, "no shares keep"));
    assert_false(controller_view(readings.controller)->flows[0].violated);
    assert_true(controller_view(readings.controller)->flows[1].violated);
    free(reports);
    // Both fit the CPU now, and by priority, too, the living one gets what it needs.
    need_by_priority(controller_view(readings.controller), load_offered, wants);
    assert_true(wants[2] >= 60.0);
    readings_close(&readings);
}

static void least_of_two_seconds_slides(void **state)
{
    (void)state;
    struct recent_least recent = {.slots = 0};
    assert_true(isnan(recent_least(&recent)));
    // 0.5 at 10.1 s, 0.7 at 11.6 s, 0.9 at all other times.
    for (unsigned ms = 10000; ms <= 16000; ms += 50) {
        const double value = ms == 10100 ? 0.5 : ms == 11600 ? 0.7 : 0.9;
        recent_least_note(&recent, (uint64_t)ms * 1000000, value);
        const double least = recent_least(&recent);
        const double most_ms = 2250.0; // and at least 2 s
        if (ms >= 10100 && ms <= 12100) {
            assert_true(least < 0.6);
        } else if (ms >= 10100 + most_ms && ms <= 13600) {
            assert_true(least > 0.6 && least < 0.8);
        } else if (ms >= 11600 + most_ms) {
            assert_true(least > 0.8);
        }
    }
    recent_least_note(&recent, UINT64_C(60000000000), NAN);
    assert_true(isnan(recent_least(&recent)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_loads_are_kept_nearly_as_by_the_oracle),
        cmocka_unit_test(shares_of_peaks_are_matched_where_full_rates_fit),
        cmocka_unit_test(overbooked_contracts_are_kept_while_their_loads_fit),
        cmocka_unit_test(overload_breaks_fewer_contracts_than_by_peaks),
        cmocka_unit_test(equal_shares_break_what_control_keeps),
        cmocka_unit_test(steady_load_needs_no_action),
        cmocka_unit_test(priorities_decide_if_not_all_can_be_kept),
        cmocka_unit_test(router_that_dies_takes_nothing_from_others),
        cmocka_unit_test(counters_that_stand_still_keep_their_share),
        cmocka_unit_test(idle_network_beside_another_is_no_fault),
        cmocka_unit_test(idle_machine_that_uses_cpu_is_no_fault),
        cmocka_unit_test(pause_of_an_emulated_machine_does_not_lower_its_next_rate),
        cmocka_unit_test(load_through_a_dead_router_is_forgotten),
        cmocka_unit_test(losses_of_a_shared_ring_are_those_of_the_flooding_network),
        cmocka_unit_test(late_readings_are_survived),
        cmocka_unit_test(rare_readings_are_not_late),
        cmocka_unit_test(actions_without_effect_are_repeated),
        cmocka_unit_test(cap_is_raised_above_the_need),
        cmocka_unit_test(cap_that_is_not_held_is_a_fault),
        cmocka_unit_test(contract_that_can_not_be_kept_is_refused),
        cmocka_unit_test(contracts_that_can_not_be_kept_together_are_named_by_priority),
        cmocka_unit_test(unknown_costs_refuse_nothing),
        cmocka_unit_test(action_is_one_line_of_json),
        cmocka_unit_test(advice_is_new_by_its_words_or_shares),
        cmocka_unit_test(plan_contains_the_caps_of_the_first_reading),
        cmocka_unit_test(few_packets_of_another_network_begin_nothing_again),
        cmocka_unit_test(dead_router_does_not_keep_shares_from_being_final),
        cmocka_unit_test(shares_beside_a_dead_router_are_set_once),
        cmocka_unit_test(cpu_that_does_not_suffice_is_reported_once),
        cmocka_unit_test(dead_router_takes_no_cpu_from_living_contracts),
        cmocka_unit_test(least_of_two_seconds_slides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
