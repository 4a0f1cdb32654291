// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of search/refine — sweeps with refined loads, run against simulated routers whose losses
// begin at known loads.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "result/bounds.h"
#include "search/sweep.h"

#include <cmocka.h>

#define LADDER   7U
#define POINTS   200U
#define NETWORKS 2U
#define MOST     14U
#define WIDTH    0.05
#define SEEDS    400U

// A simulated router of one or two networks. A network loses what exceeds its knee; below the knee
// it loses one packet in a part of the trials that grows with the load: by one half at `onset`.
struct router {
    double knees[NETWORKS];
    size_t network_count;
    double onset, spread; // 0 = no random losses
    uint64_t random;
    bool (*spoils)(size_t trial); // whether a trial is disturbed; NULL = none is
    struct sweep_place place;
    struct sweep_row row;
    struct sweep_spec spec;
    struct load loads[POINTS]; // the points, with their losses
    double losses[POINTS][NETWORKS];
    bool valid[POINTS];
    size_t points;
};

static double draw(struct router *router)
{
    return (double)(random_next(&router->random) >> 11) * 0x1p-53;
}

// Loads up to `top`.
static struct router *router_new(double top, double knee)
{
    struct router *router = memory_new(1, sizeof *router);
    router->knees[0] = router->knees[1] = knee;
    router->network_count = 1;
    router->place.unchecked = true;
    router->row =
        (struct sweep_row){.length = 64, .pps = memory_new_array(double, LADDER), .count = LADDER};
    for (unsigned i = 0; i < LADDER; i++) {
        router->row.pps[i] = ceil(top * (i + 1) / LADDER);
    }
    router->spec = (struct sweep_spec){.places = &router->place,
                                       .rows = &router->row,
                                       .row_count = 1,
                                       .repeats = 1,
                                       .duration_ns = NS_PER_S,
                                       .attempts = 1,
                                       .refine = {MOST, WIDTH}};
    return router;
}

static void router_free(struct router *router)
{
    free(router->row.pps);
    free(router);
}

// Runs the sweep until its end, or until so many points were measured.
static void measure(struct router *router, size_t most)
{
    struct search *search = sweep_new(&router->spec);
    struct load load;
    while (router->points < most && search_next(search, &load)) {
        struct network_outcome networks[NETWORKS] = {{0, 0}};
        struct outcome outcome = {.kind = OUTCOME_GOOD,
                                  .valid = true,
                                  .networks = networks,
                                  .network_count = router->network_count};
        for (size_t n = 0; n < router->network_count; n++) {
            double over = load.pps - router->knees[n];
            networks[n].tx = (uint64_t)load.pps;
            networks[n].lost = over > 0.0 ? (uint64_t)ceil(over) : 0;
            double chance =
                router->onset > 0.0
                    ? 0.5 * erfc(-log(load.pps / router->onset) / router->spread * M_SQRT1_2)
                    : 0.0;
            networks[n].lost += draw(router) < chance;
        }
        if (router->spoils != NULL && router->spoils(router->points)) {
            outcome.kind = OUTCOME_DISTURBED;
        }
        assert_false(search_tell(search, &load, &outcome).again);
        if (load.use == LOAD_POINT) {
            assert_true(router->points < POINTS);
            for (size_t n = 0; n < router->network_count; n++) {
                router->losses[router->points][n] = (double)networks[n].lost / load.pps;
            }
            router->valid[router->points] = outcome.kind == OUTCOME_GOOD;
            router->loads[router->points++] = load;
        }
    }
    if (router->points < most) {
        assert_int_equal(sweep_points(search), router->points);
    }
    search_free(search);
}

static int compare_loads(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

// The bounds that the valid points give, as a report computes them; of single trials.
static struct bounds bounds_of(const struct router *router, size_t network, double goal)
{
    double pairs[POINTS][2];
    double pps[POINTS];
    double loss[POINTS];
    size_t count = 0;
    for (size_t i = 0; i < router->points; i++) {
        if (router->valid[i]) {
            pairs[count][0] = router->loads[i].pps;
            pairs[count++][1] = router->losses[i][network];
        }
    }
    qsort(pairs, count, sizeof pairs[0], compare_loads);
    for (size_t i = 0; i < count; i++) {
        pps[i] = pairs[i][0];
        loss[i] = pairs[i][1];
    }
    return bounds_enclose(pps, loss, count, goal);
}

static void assert_holds(struct bounds bounds, double truth)
{
    assert_true(bounds.low <= truth);
    assert_true(bounds.high > truth);
    assert_true(1.0 - bounds.low / bounds.high <= WIDTH);
    assert_true(bounds.regular);
}

static void test_knees_are_held_by_narrow_bounds(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 60; i++) {
        double knee = 1000.0 * pow(1.13, i);
        struct router *router = router_new(knee * (1.02 + 0.015 * i), knee);
        measure(router, POINTS);
        assert_holds(bounds_of(router, 0, 0.0), knee);
        assert_holds(bounds_of(router, 0, HEADLINE_PDR), knee / (1.0 - HEADLINE_PDR));
        assert_true(router->points <= LADDER + MOST);
        router_free(router);
    }
}

static void test_steps_and_loads_are_new(void **state)
{
    (void)state;
    struct router *router = router_new(500000.0, 321000.0);
    measure(router, POINTS);
    assert_true(router->points >= LADDER + 3);
    for (size_t i = 0; i < router->points; i++) {
        assert_int_equal(router->loads[i].step, i);
        for (size_t k = 0; k < i; k++) {
            assert_true(fabs(router->loads[i].pps / router->loads[k].pps - 1.0) > 0.003);
        }
    }
    router_free(router);
}

static void test_two_networks_each_have_bounds(void **state)
{
    (void)state;
    struct router *router = router_new(500000.0, 0.0);
    router->network_count = 2;
    router->knees[0] = 410000.0;
    router->knees[1] = 130000.0;
    measure(router, POINTS);
    assert_holds(bounds_of(router, 0, HEADLINE_PDR), 410000.0 / (1.0 - HEADLINE_PDR));
    assert_holds(bounds_of(router, 1, HEADLINE_PDR), 130000.0 / (1.0 - HEADLINE_PDR));
    router_free(router);
}

static void test_loads_below_the_ladder_are_tried(void **state)
{
    (void)state;
    struct router *router = router_new(700000.0, 31000.0); // the lowest load of the ladder: 100,000
    measure(router, POINTS);
    struct bounds bounds = bounds_of(router, 0, 0.0);
    assert_true(bounds.low <= 31000.0 && bounds.high > 31000.0);
    router_free(router);

    router = router_new(700.0, 0.0); // carries nothing at all
    measure(router, POINTS);
    assert_true(router->points <= LADDER + MOST);
    assert_true(isnan(bounds_of(router, 0, 0.0).low));
    router_free(router);
}

static void test_nothing_is_refined_without_losses(void **state)
{
    (void)state;
    struct router *router = router_new(700000.0, 1e9);
    measure(router, POINTS);
    assert_int_equal(router->points, LADDER);
    router_free(router);

    router = router_new(700000.0, 300000.0);
    router->place.direct = true; // calibrates the tester
    measure(router, POINTS);
    assert_int_equal(router->points, LADDER);
    router_free(router);

    router = router_new(700000.0, 300000.0);
    router->spec.refine.most = 0;
    measure(router, POINTS);
    assert_int_equal(router->points, LADDER);
    router_free(router);
}

static bool is_third(size_t trial)
{
    return trial % 3 == 1;
}

static bool is_any(size_t trial)
{
    (void)trial;
    return true;
}

static void test_disturbed_trials_do_not_count(void **state)
{
    (void)state;
    struct router *router = router_new(700000.0, 300000.0);
    router->spoils = is_third;
    measure(router, POINTS);
    struct bounds bounds = bounds_of(router, 0, HEADLINE_PDR);
    assert_true(bounds.low <= 300000.0 / (1.0 - HEADLINE_PDR) && bounds.high > 300000.0);
    assert_true(1.0 - bounds.low / bounds.high <= 2.0 * WIDTH);
    router_free(router);

    router = router_new(700000.0, 300000.0);
    router->spoils = is_any;
    measure(router, POINTS);
    assert_int_equal(router->points, LADDER); // nothing is known to be refined
    router_free(router);
}

// Losses that begin gradually: the middle of the bounds of many runs is near the load at which half
// of the trials lose packets.
static void test_random_losses_have_bounds_near_their_middle(void **state)
{
    (void)state;
    unsigned near = 0;
    double sum = 0.0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        struct router *router = router_new(400000.0, 390000.0);
        router->random = seed + 1;
        router->onset = 180000.0;
        router->spread = 0.1;
        measure(router, POINTS);
        struct bounds bounds = bounds_of(router, 0, 0.0);
        double off = log(sqrt(bounds.low * bounds.high) / router->onset);
        near += fabs(off) <= 0.12;
        sum += off;
        router_free(router);
    }
    assert_true(near >= SEEDS * 9 / 10);
    assert_true(fabs(sum / SEEDS) <= 0.03);
}

// Gives a router the points of an interrupted run as those of its earlier part.
static void resume(struct router *router, struct sweep_trial *known, struct load_id *done,
                   struct network_outcome *networks)
{
    for (size_t i = 0; i < router->points; i++) {
        const struct load *load = &router->loads[i];
        networks[i].tx = (uint64_t)load->pps;
        networks[i].lost = (uint64_t)round(router->losses[i][0] * load->pps);
        done[i] = (struct load_id){0, 64, load->step, load->repeat};
        known[i] = (struct sweep_trial){.length = 64,
                                        .trial = {.step = load->step,
                                                  .repeat = load->repeat,
                                                  .pps = load->pps,
                                                  .counts = router->valid[i]},
                                        .networks = &networks[i],
                                        .network_count = 1};
    }
    qsort(done, router->points, sizeof *done, load_id_compare);
    router->spec.done = done;
    router->spec.done_count = router->spec.known_count = router->points;
    router->spec.known = known;
}

// A run that ends after any point continues with the points that a run in one go has.
static void test_resumed_run_measures_the_same_points(void **state)
{
    (void)state;
    for (unsigned repeats = 1; repeats <= 3; repeats += 2) {
        struct router *whole = router_new(500000.0, 321000.0);
        whole->spec.repeats = repeats;
        measure(whole, POINTS);
        assert_true(whole->points >= (LADDER + 3) * repeats);
        assert_int_equal(whole->points % repeats, 0);
        for (size_t stop = 1; stop < whole->points; stop++) {
            struct sweep_trial known[POINTS];
            struct load_id done[POINTS];
            struct network_outcome networks[POINTS];
            struct router *router = router_new(500000.0, 321000.0);
            router->spec.repeats = repeats;
            measure(router, stop);
            resume(router, known, done, networks);
            measure(router, POINTS);
            assert_int_equal(router->points, whole->points);
            for (size_t i = 0; i < whole->points; i++) {
                assert_true(router->loads[i].pps == whole->loads[i].pps);
                assert_int_equal(router->loads[i].step, whole->loads[i].step);
                assert_int_equal(router->loads[i].repeat, whole->loads[i].repeat);
            }
            router_free(router);
        }
        router_free(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knees_are_held_by_narrow_bounds),
        cmocka_unit_test(test_steps_and_loads_are_new),
        cmocka_unit_test(test_two_networks_each_have_bounds),
        cmocka_unit_test(test_loads_below_the_ladder_are_tried),
        cmocka_unit_test(test_nothing_is_refined_without_losses),
        cmocka_unit_test(test_disturbed_trials_do_not_count),
        cmocka_unit_test(test_random_losses_have_bounds_near_their_middle),
        cmocka_unit_test(test_resumed_run_measures_the_same_points),
    };
    return cmocka_run_group_tests_name("refine", tests, NULL, NULL);
}
