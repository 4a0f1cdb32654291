// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of control/placement and control/fleet: routers that move between hosts, by themselves
// and in a simulation of 100 hosts and 1,000 routers. docs/scale.md quotes what is printed.
//
// Runs beside others: it computes only.
#include "control/fleet.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "advice/packing.h"

#ifdef __SANITIZE_ADDRESS__
#define HOSTS   10U
#define ROUTERS 100U
#define SECONDS 120.0
#else
#define HOSTS   100U
#define ROUTERS 1000U
#define SECONDS 300.0
#endif

#define SEED      1U
#define FILLED    0.85 // of all CPUs: the highest need of all covered loads together
#define USABLE    0.95 // part of a host's CPU that the planner fills
#define PREPARE_S 0.2  // start of a router in a namespace, rounded up
#define OUTAGE_S  0.1  // of a switch to the other host
#define MACHINE_S 6.0  // start of an emulated machine

// ---- the rule

struct made {
    struct placement *placement;
    double needs[8], most[8];
    size_t places[8];
    bool busy[8];
    struct placement_move moves[4];
    struct placement_blocked blocked;
};

// Three hosts of one CPU: host 1 has routers 1 to 3 (50, 30 and 12 %), host 2 has 20 %, host 3 70
// %.
static void made_begin(struct made *made)
{
    static const double needs[] = {50.0, 30.0, 12.0, 20.0, 70.0};
    static const size_t places[] = {0, 0, 0, 1, 2};
    *made = (struct made){.placement = NULL};
    for (size_t i = 0; i < 5; i++) {
        made->needs[i] = needs[i];
        made->most[i] = 100.0;
        made->places[i] = places[i];
    }
    made->placement = placement_new(3, 5, 100.0, &placement_limits_usual);
}

static size_t made_look(struct made *made, double at_s)
{
    const size_t count = placement_look(made->placement, at_s, made->needs, made->most,
                                        made->places, made->busy, made->moves, &made->blocked);
    for (size_t m = 0; m < count; m++) {
        made->places[made->moves[m].router] = made->moves[m].to;
    }
    return count;
}

// Looks once a second; returns the time of the first move, or NaN.
static double made_look_until(struct made *made, double from_s, double to_s)
{
    for (double at_s = from_s; at_s <= to_s; at_s += 1.0) {
        if (made_look(made, at_s) > 0) {
            return at_s;
        }
    }
    return NAN;
}

static void smallest_router_that_suffices_moves_to_the_emptiest_host(void **state)
{
    (void)state;
    struct made made;
    made_begin(&made);
    assert_true(isnan(made_look_until(&made, 0.0, 10.0)));
    made.needs[0] = 60.0; // together 102 %
    const double at_s = made_look_until(&made, 11.0, 30.0);
    assert_true(at_s >= 11.0 + placement_limits_usual.patience_s && at_s < 20.0);
    // 12 % would leave 90 %, above the 85 % up to which hosts are filled.
    assert_int_equal(made.moves[0].router, 1);
    assert_int_equal(made.moves[0].to, 1);
    char *reason = placement_reason(made.placement, &made.moves[0]);
    assert_non_null(
        strstr(reason, "r2 (30.0 %) moves to host 2, which is expected to need 20.0 %"));
    free(reason);
    assert_true(isnan(made_look_until(&made, at_s + 1.0, 600.0)));
    placement_free(made.placement);
}

static void shortage_that_passes_moves_nothing(void **state)
{
    (void)state;
    struct made made;
    made_begin(&made);
    assert_true(isnan(made_look_until(&made, 0.0, 10.0)));
    made.needs[0] = 60.0;
    assert_true(isnan(made_look_until(&made, 11.0, 12.0)));
    made.needs[0] = 50.0;
    assert_true(isnan(made_look_until(&made, 13.0, 60.0)));
    placement_free(made.placement);
}

static void ramp_moves_a_router_before_the_host_is_short(void **state)
{
    (void)state;
    struct made made;
    made_begin(&made);
    size_t moves = 0;
    double needed = 0.0;
    for (double at_s = 0.0; moves == 0 && at_s < 120.0; at_s += 1.0) {
        made.needs[0] = 40.0 + at_s * 0.4;
        needed = made.needs[0] + made.needs[1] + made.needs[2];
        moves = made_look(&made, at_s);
    }
    assert_int_equal(moves, 1);
    assert_true(needed < 96.0);
    placement_free(made.placement);
}

static void router_stays_where_no_host_has_room(void **state)
{
    (void)state;
    struct made made;
    made_begin(&made);
    made.needs[0] = 90.0;
    made.needs[3] = made.needs[4] = 80.0;
    assert_true(isnan(made_look_until(&made, 0.0, 60.0)));
    assert_int_equal(made.blocked.hosts, 1);
    assert_int_equal(made.blocked.nowhere, 1);
    placement_free(made.placement);
}

static void router_on_its_way_or_just_moved_stays(void **state)
{
    (void)state;
    struct made made;
    made_begin(&made);
    made.needs[0] = 60.0;
    made.busy[0] = made.busy[1] = made.busy[2] = true;
    assert_true(isnan(made_look_until(&made, 0.0, 20.0)));
    made.busy[0] = made.busy[1] = made.busy[2] = false;
    const double first_s = made_look_until(&made, 21.0, 40.0);
    assert_int_equal(made.moves[0].router, 1);
    made.needs[3] = 70.0; // now host 2 is short, and r2 has just come
    made.needs[4] = 5.0;
    const double second_s = made_look_until(&made, first_s + 1.0, 200.0);
    assert_true(made.moves[0].router == 3 || second_s - first_s >= placement_limits_usual.rest_s);
    assert_int_equal(made.moves[0].to, 2);
    placement_free(made.placement);
}

static void moves_of_a_minute_are_bounded(void **state)
{
    (void)state;
    struct made made;
    struct placement_limits limits = placement_limits_usual;
    limits.per_minute = 1;
    made_begin(&made);
    placement_free(made.placement);
    made.placement = placement_new(3, 5, 100.0, &limits);
    made.needs[0] = made.needs[1] = made.needs[2] = 60.0; // two routers must leave
    made.needs[4] = 5.0;
    const double first_s = made_look_until(&made, 0.0, 30.0);
    const double second_s = made_look_until(&made, first_s + 1.0, 200.0);
    assert_true(made.blocked.budget == 0);
    assert_true(second_s - first_s >= 60.0);
    placement_free(made.placement);
}

// ---- 100 hosts and 1,000 routers

static bool places_hold(const struct fleet_case *of, const double *needs, const size_t *places)
{
    double *sums = calloc(of->hosts, sizeof *sums);
    bool hold = true;
    for (size_t i = 0; i < of->count; i++) {
        sums[places[i]] += needs[i];
        hold = hold && sums[places[i]] <= USABLE * of->cpu;
    }
    free(sums);
    return hold;
}

// Packs all routers by the planner of vrbench advise, if they can't stay where they are.
static bool replace_by_plan(const struct fleet_case *of, const double *needs, size_t *places)
{
    if (places_hold(of, needs, places)) {
        return true;
    }
    struct pack_item *items = calloc(of->count, sizeof *items);
    struct pack_problem problem = {.items = items,
                                   .count = of->count,
                                   .levels = 1,
                                   .hosts = of->hosts,
                                   .cpu = of->cpu,
                                   .slots = {of->count, 0}};
    for (size_t i = 0; i < of->count; i++) {
        items[i] = (struct pack_item){.allowed = {true, false},
                                      .cpu = {fmax(needs[i], 1e-6), 0.0},
                                      .usable = {USABLE, 1.0},
                                      .value = 1.0};
    }
    struct packing *packing = pack_all(&problem);
    if (packing != NULL) {
        memcpy(places, packing->place, of->count * sizeof *places);
    }
    const bool found = packing != NULL;
    packing_free(packing);
    free(items);
    return found;
}

static void outcome_print(const char *name, const struct fleet_outcome *outcome)
{
    print_message("%-12s broken %.1f s (%.1f s by moves), %u moves, at most %u a minute, %u looks "
                  "short without a move (%u without room elsewhere), %u actions, lost %.2f %%\n",
                  name, outcome->violated_s, outcome->outage_violated_s, outcome->moves,
                  outcome->fullest_minute, outcome->blocked, outcome->nowhere, outcome->actions,
                  outcome->lost / outcome->offered * 100.0);
}

static struct fleet_outcome outcome_of(const struct fleet_case *of, const char *name,
                                       const struct fleet_job *job)
{
    struct fleet_outcome outcome;
    fleet_run(of, job, &outcome);
    outcome_print(name, &outcome);
    // Each router was on exactly one host, and each packet has one fate.
    assert_int_equal(outcome.misplaced, 0);
    assert_true(fabs(outcome.offered - outcome.forwarded - outcome.lost - outcome.queued) <
                outcome.offered * 1e-9);
    return outcome;
}

// What the rates of all contracts need, as a part of all CPUs.
static double rates_need(const struct fleet_case *of)
{
    double sum = 0.0;
    for (size_t i = 0; i < of->count; i++) {
        sum += of->routers[i].contract.pps * of->routers[i].cost_ns * 1e-7;
    }
    return sum / (of->cpu * (double)of->hosts);
}

static void say_first(void *context, double at_s, const char *reason)
{
    unsigned *left = context;
    if (*left > 0) {
        print_message("%.0f s: %s\n", at_s, reason);
        --*left;
    }
}

static void moves_keep_contracts_that_hosts_by_themselves_break(void **state)
{
    (void)state;
    struct fleet_case of;
    unsigned shown = 3;
    const struct placement_limits *limits = &placement_limits_usual;
    fleet_case_random(SEED, HOSTS, ROUTERS, SECONDS, FILLED, &of);
    const struct fleet_job stays = {.limits = NULL};
    const struct fleet_job moves = {.limits = limits,
                                    .prepare_s = PREPARE_S,
                                    .outage_s = OUTAGE_S,
                                    .say = say_first,
                                    .context = &shown};
    const struct fleet_job planned = {.replace = replace_by_plan, .interval_s = 10.0};
    const struct fleet_outcome fixed = outcome_of(&of, "no moves", &stays);
    const struct fleet_outcome own = outcome_of(&of, "moves", &moves);
    const struct fleet_outcome best = outcome_of(&of, "clairvoyant", &planned);
    print_message("no place of the routers breaks less than %.1f s; the full rates need %.0f %% of "
                  "all CPUs\n",
                  own.unavoidable_s, rates_need(&of) * 100.0);
    assert_int_equal(fixed.moves, 0);
    assert_true(own.violated_s <= fixed.violated_s / 5.0);
    assert_true(own.violated_s >= own.unavoidable_s);
    assert_true(best.violated_s <= own.violated_s);
    // No flapping.
    assert_int_equal(own.returns, 0);
    assert_true(own.closest_s >= limits->rest_s);
    assert_true(own.fullest_minute <= limits->per_minute);
    assert_true(own.moves < best.moves);
    fleet_case_clear(&of);
}

static void moves_with_a_long_outage_are_worth_it_too(void **state)
{
    (void)state;
    struct fleet_case of;
    struct placement_limits limits = placement_limits_usual;
    limits.patience_s = MACHINE_S;
    fleet_case_random(SEED, HOSTS, ROUTERS, SECONDS, FILLED, &of);
    const struct fleet_job stays = {.limits = NULL};
    const struct fleet_job cold = {.limits = &limits, .outage_s = MACHINE_S};
    const struct fleet_job warm = {.limits = &limits, .prepare_s = MACHINE_S, .outage_s = OUTAGE_S};
    const struct fleet_outcome fixed = outcome_of(&of, "no moves", &stays);
    const struct fleet_outcome ended = outcome_of(&of, "machines", &cold);
    const struct fleet_outcome begun = outcome_of(&of, "prepared", &warm);
    assert_true(ended.violated_s < fixed.violated_s);
    assert_true(begun.violated_s < ended.violated_s);
    fleet_case_clear(&of);
}

static void steady_loads_move_nothing_after_the_first_minute(void **state)
{
    (void)state;
    struct fleet_case of;
    fleet_case_random(SEED + 1, 10, 100, 300.0, 0.80, &of);
    for (size_t i = 0; i < of.count; i++) {
        of.routers[i].load.pps[0] = of.routers[i].contract.pps * 0.6;
        of.routers[i].load.knots = 1;
        of.routers[i].place = i % 3 == 0 ? 0 : of.routers[i].place; // one host is short
    }
    const struct fleet_job moves = {
        .limits = &placement_limits_usual, .prepare_s = PREPARE_S, .outage_s = OUTAGE_S};
    const struct fleet_outcome outcome = outcome_of(&of, "steady", &moves);
    assert_true(outcome.moves > 0);
    assert_int_equal(outcome.late_moves, 0);
    fleet_case_clear(&of);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(smallest_router_that_suffices_moves_to_the_emptiest_host),
        cmocka_unit_test(shortage_that_passes_moves_nothing),
        cmocka_unit_test(ramp_moves_a_router_before_the_host_is_short),
        cmocka_unit_test(router_stays_where_no_host_has_room),
        cmocka_unit_test(router_on_its_way_or_just_moved_stays),
        cmocka_unit_test(moves_of_a_minute_are_bounded),
        cmocka_unit_test(moves_keep_contracts_that_hosts_by_themselves_break),
        cmocka_unit_test(moves_with_a_long_outage_are_worth_it_too),
        cmocka_unit_test(steady_loads_move_nothing_after_the_first_minute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
