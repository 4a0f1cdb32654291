// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of search/ — searches run against a simulated device that carries so many packets a second.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "search/saturation.h"
#include "search/stability.h"
#include "search/sweep.h"

#include <cmocka.h>

#define TRIALS_MAX 5000

// What a simulated device does and what was asked of it.
struct device {
    double knee;
    // Changes the outcome of a trial (counted from 0); NULL = nothing does.
    void (*spoil)(unsigned trial, const struct load *load, struct outcome *outcome);
    struct load loads[TRIALS_MAX]; // settled ones
    struct outcome outcomes[TRIALS_MAX];
    size_t settled;
    unsigned trials;
};

static struct outcome device_carry(const struct device *device, const struct load *load)
{
    struct outcome outcome = {.kind = OUTCOME_GOOD};
    outcome.tx = (uint64_t)(load->pps * (double)load->duration_ns / (double)NS_PER_S);
    if (load->pps > device->knee) {
        outcome.lost = outcome.tx - (uint64_t)((double)outcome.tx * device->knee / load->pps);
    }
    if (device->spoil != NULL) {
        device->spoil(device->trials, load, &outcome);
    }
    return outcome;
}

// Runs a search as run/ does.
static void run_search(struct search *search, struct device *device)
{
    struct load load;
    struct outcome best = {0};
    while (search_next(search, &load)) {
        assert_true(device->trials < TRIALS_MAX);
        struct outcome outcome = device_carry(device, &load);
        struct advice advice = search_tell(search, &load, &outcome);
        device->trials++;
        best = advice.best ? outcome : best;
        if (!advice.again) {
            device->loads[device->settled] = load;
            device->outcomes[device->settled++] = best;
        }
    }
}

static struct device *device_new(double knee)
{
    struct device *device = memory_new(1, sizeof *device);
    device->knee = knee;
    return device;
}

static size_t count_use(const struct device *device, enum load_use use)
{
    size_t count = 0;
    for (size_t i = 0; i < device->settled; i++) {
        count += device->loads[i].use == use;
    }
    return count;
}

// ---- saturation

static double found_top(double knee, double likely, bool direct,
                        void (*spoil)(unsigned, const struct load *, struct outcome *))
{
    struct device *device = device_new(knee);
    device->spoil = spoil;
    struct saturation_spec spec = {.length = 64, .likely = likely, .direct = direct};
    struct search *search = saturation_new(&spec);
    run_search(search, device);
    double *loads = saturation_loads(search, 5);
    for (size_t i = 1; i < 5; i++) {
        assert_true(fabs(loads[i] - loads[4] * (double)(i + 1) / 5.0) <= 1.0);
    }
    double top = loads[4];
    free(loads);
    search_free(search);
    free(device);
    return top;
}

// The knee is found to within an eighth of the interval that doubling leaves.
static void assert_near_knee(double top, double knee, double beyond)
{
    assert_true(top / beyond <= knee * 1.011 + 1.0);
    assert_true(top / beyond >= knee * (1.0 - 1.0 / 8.0) - 1.0);
}

static void test_saturation_finds_any_knee(void **state)
{
    (void)state;
    for (int i = 0; i < 33; i++) {
        double knee = 300.0 * pow(1.37, i);
        assert_near_knee(found_top(knee, 0.0, false, NULL), knee, 1.25);
        assert_near_knee(found_top(knee, 0.0, true, NULL), knee, 1.05);
        assert_near_knee(found_top(knee, knee * 2.0, false, NULL), knee, 1.25);
        assert_near_knee(found_top(knee, knee / 9.0, false, NULL), knee, 1.25);
    }
    // A device that carries nothing, and one that carries everything.
    assert_true(found_top(0.0, 0.0, false, NULL) <= ceil(250.0 * 1.25));
    assert_true(found_top(1e12, 0.0, false, NULL) > 1.8e7);
}

static void spoil_three_of_four(unsigned trial, const struct load *load, struct outcome *outcome)
{
    (void)load;
    if (trial % 4 != 3) {
        outcome->kind = OUTCOME_DISTURBED;
        outcome->lost = outcome->tx / 2;
    }
}

static void spoil_first_of_each(unsigned trial, const struct load *load, struct outcome *outcome)
{
    static double last;
    (void)trial;
    if (load->pps != last) {
        last = load->pps;
        outcome->lost = outcome->tx; // a hiccup that nothing noticed
    }
}

static void void_every_other(unsigned trial, const struct load *load, struct outcome *outcome)
{
    (void)load;
    if (trial % 2 == 0) {
        *outcome = (struct outcome){.kind = OUTCOME_VOID};
    }
}

static void die_every_other(unsigned trial, const struct load *load, struct outcome *outcome)
{
    (void)load;
    if (trial % 2 == 1) {
        *outcome = (struct outcome){.kind = OUTCOME_DEATH};
    }
}

static void test_spoilt_trials_do_not_end_it_at_a_false_knee(void **state)
{
    (void)state;
    static void (*const spoils[])(unsigned, const struct load *, struct outcome *) = {
        spoil_three_of_four, spoil_first_of_each, void_every_other, die_every_other};
    for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
        for (int k = 0; k < 12; k++) {
            double knee = 400.0 * pow(2.3, k);
            assert_near_knee(found_top(knee, 0.0, false, spoils[i]), knee, 1.25);
        }
    }
}

static void spoil_all(unsigned trial, const struct load *load, struct outcome *outcome)
{
    (void)trial;
    (void)load;
    outcome->kind = OUTCOME_DISTURBED;
    outcome->disturbance_ns = 5;
}

static void die_always(unsigned trial, const struct load *load, struct outcome *outcome)
{
    (void)trial;
    (void)load;
    *outcome = (struct outcome){.kind = OUTCOME_DEATH};
}

static void test_saturation_ends_where_all_trials_are_spoilt(void **state)
{
    (void)state;
    assert_near_knee(found_top(1e5, 0.0, false, spoil_all), 1e5, 1.25);
    assert_true(found_top(1e5, 0.0, false, die_always) <= ceil(250.0 * 1.25));
}

static void test_slow_machines_are_asked_for_less(void **state)
{
    (void)state;
    struct saturation_spec spec = {.length = 64, .machines = true};
    struct search *search = saturation_new(&spec);
    struct load load;
    assert_true(search_next(search, &load));
    assert_true(load.pps < 2000.0 && load.duration_ns > 300 * NS_PER_MS);
    search_free(search);
}

// ---- repetition

static void test_disturbed_trial_comes_again(void **state)
{
    (void)state;
    const double pps[] = {100.0, 200.0};
    struct ladder_spec spec = {.length = 64, .pps = pps, .count = 2, .repeats = 1, .attempts = 4};
    struct search *search = ladder_new(&spec);
    struct load load;
    struct load again;
    assert_true(search_next(search, &load) && load.use == LOAD_WARM_UP);
    // A warm-up is not repeated.
    struct outcome outcome = {.kind = OUTCOME_DISTURBED};
    assert_false(search_tell(search, &load, &outcome).again);

    static const struct {
        enum outcome_kind kind;
        uint64_t disturbance;
        bool best, again;
    } rows[] = {
        {OUTCOME_VOID, 0, true, true},        {OUTCOME_DISTURBED, 50, true, true},
        {OUTCOME_DISTURBED, 60, false, true}, {OUTCOME_DISTURBED, 40, true, false},
        {OUTCOME_VOID, 0, true, true},        {OUTCOME_GOOD, 0, true, false},
    };
    assert_true(search_next(search, &load) && load.pps == 100.0);
    for (size_t i = 0; i < 6; i++) {
        outcome = (struct outcome){.kind = rows[i].kind, .disturbance_ns = rows[i].disturbance};
        struct advice advice = search_tell(search, &load, &outcome);
        assert_int_equal(advice.best, rows[i].best);
        assert_int_equal(advice.again, rows[i].again);
        assert_int_equal(advice.attempts, i < 4 ? i + 1 : i - 3);
        bool more = search_next(search, &again);
        assert_int_equal(more, i < 5);
        assert_true(!more || again.pps == (i < 3 ? 100.0 : 200.0));
        load = again;
    }
    search_free(search);
}

static void test_death_is_not_repeated(void **state)
{
    (void)state;
    const double pps[] = {100.0, 200.0};
    struct ladder_spec spec = {.length = 64, .pps = pps, .count = 2, .repeats = 1, .attempts = 4};
    struct search *search = ladder_new(&spec);
    static const struct {
        enum load_use use;
        double pps;
        enum outcome_kind kind;
    } rows[] = {
        {LOAD_WARM_UP, 200.0, OUTCOME_DEATH}, // the run continues
        {LOAD_POINT, 100.0, OUTCOME_DEATH},
        {LOAD_WARM_UP, 200.0, OUTCOME_GOOD}, // of the fresh router
        {LOAD_POINT, 200.0, OUTCOME_GOOD},
    };
    struct load load;
    for (size_t i = 0; i < 4; i++) {
        assert_true(search_next(search, &load));
        assert_int_equal(load.use, rows[i].use);
        assert_true(load.pps == rows[i].pps);
        struct outcome outcome = {.kind = rows[i].kind};
        struct advice advice = search_tell(search, &load, &outcome);
        assert_true(advice.best && !advice.again);
    }
    assert_false(search_next(search, &load));
    search_free(search);
}

// ---- ladder and sweep

static void test_ladder_thins(void **state)
{
    (void)state;
    double pps[26];
    for (size_t i = 0; i < 26; i++) {
        pps[i] = (double)i;
    }
    assert_int_equal(ladder_thin(pps, 7, 7), 7);
    assert_int_equal(ladder_thin(pps, 26, 7), 7);
    assert_true(pps[0] == 0.0 && pps[6] == 25.0);
    for (size_t i = 1; i < 7; i++) {
        assert_true(pps[i] > pps[i - 1]);
    }
}

// Three topologies of two lengths each.
struct lab {
    struct sweep_place places[3];
    struct sweep_row rows[6];
    struct sweep_spec spec;
    struct device *device;
};

static void lab_set_up(struct lab *lab, double knee)
{
    *lab = (struct lab){.places = {{.direct = true}, {0}, {0}}, .device = device_new(knee)};
    for (unsigned i = 0; i < 6; i++) {
        lab->rows[i] = (struct sweep_row){.place = i / 2, .length = i % 2 == 0 ? 64 : 512};
    }
    lab->spec = (struct sweep_spec){.places = lab->places,
                                    .rows = lab->rows,
                                    .row_count = 6,
                                    .to_find = 4,
                                    .repeats = 3,
                                    .duration_ns = NS_PER_S,
                                    .attempts = 2};
}

static void lab_give_loads(struct lab *lab)
{
    for (size_t i = 0; i < 6; i++) {
        lab->rows[i].count = 2;
        lab->rows[i].pps = memory_new_array(double, 2);
        lab->rows[i].pps[0] = 300.0;
        lab->rows[i].pps[1] = 600.0;
    }
}

static void lab_tear_down(struct lab *lab)
{
    for (size_t i = 0; i < 6; i++) {
        free(lab->rows[i].pps);
    }
    free(lab->device);
}

static void lab_run(struct lab *lab, bool unstable)
{
    struct search *search = sweep_new(&lab->spec);
    run_search(search, lab->device);
    assert_int_equal(sweep_is_unstable(search), unstable);
    search_free(search);
}

static void test_sweep_measures_each_point_once_in_order(void **state)
{
    (void)state;
    struct lab lab;
    lab_set_up(&lab, 1e6);
    lab_give_loads(&lab);
    lab_run(&lab, false);
    assert_int_equal(count_use(lab.device, LOAD_CHECK), 3); // one of each topology
    assert_int_equal(count_use(lab.device, LOAD_PROBE), 0);
    assert_int_equal(count_use(lab.device, LOAD_WARM_UP), 6);
    assert_int_equal(lab.device->loads[0].use, LOAD_CHECK);
    unsigned at = 0;
    for (size_t i = 0; i < lab.device->settled; i++) {
        const struct load *load = &lab.device->loads[i];
        if (load->use == LOAD_POINT) {
            assert_int_equal(load->place, at / 12);
            assert_int_equal(load->length, at / 6 % 2 == 0 ? 64 : 512);
            assert_int_equal(load->step, at / 3 % 2);
            assert_int_equal(load->repeat, at % 3);
            assert_true(load->pps == (load->step == 0 ? 300.0 : 600.0));
            at++;
        }
    }
    assert_int_equal(at, 36);
    lab_tear_down(&lab);
}

// The steps of the points of a ladder of 8 loads and 3 repeats, in the order of measurement.
static void list_steps(const struct ladder_spec *spec, unsigned *steps, unsigned *repeats)
{
    struct device *device = device_new(1e6);
    struct search *search = ladder_new(spec);
    run_search(search, device);
    size_t count = 0;
    for (size_t i = 0; i < device->settled; i++) {
        if (device->loads[i].use == LOAD_POINT) {
            assert_true(device->loads[i].pps == spec->pps[device->loads[i].step]);
            steps[count] = device->loads[i].step;
            repeats[count++] = device->loads[i].repeat;
        }
    }
    assert_int_equal(count + spec->done_count, 24);
    search_free(search);
    free(device);
}

static struct ladder_spec shuffled_spec(void)
{
    static const double pps[8] = {100, 200, 300, 400, 500, 600, 700, 800};
    return (struct ladder_spec){
        .length = 64, .pps = pps, .count = 8, .repeats = 3, .attempts = 1, .shuffle = {true, 7}};
}

static void test_shuffled_repeats_follow_each_other(void **state)
{
    (void)state;
    const struct ladder_spec spec = shuffled_spec();
    unsigned steps[24];
    unsigned repeats[24];
    list_steps(&spec, steps, repeats);
    size_t in_place = 0;
    for (unsigned repeat = 0; repeat < 3; repeat++) {
        unsigned seen = 0;
        for (size_t i = 0; i < 8; i++) {
            assert_int_equal(repeats[8 * repeat + i], repeat);
            seen |= 1U << steps[8 * repeat + i];
            in_place += steps[8 * repeat + i] == i;
        }
        assert_int_equal(seen, 0xff); // each load once
    }
    assert_true(in_place < 12);
    assert_memory_not_equal(&steps[0], &steps[8], 8 * sizeof steps[0]);
    // The same seed gives the same order, another place, length or seed another one.
    unsigned again[24];
    list_steps(&spec, again, repeats);
    assert_memory_equal(steps, again, sizeof steps);
    struct ladder_spec others[3] = {spec, spec, spec};
    others[0].place = 1;
    others[1].length = 65;
    others[2].shuffle.seed = 8;
    for (size_t i = 0; i < 3; i++) {
        list_steps(&others[i], again, repeats);
        assert_memory_not_equal(steps, again, sizeof steps);
    }
}

// Also if the resumed run has more repeats, as that of `vrbench ab`.
static void test_shuffled_order_survives_a_resume(void **state)
{
    (void)state;
    const struct ladder_spec spec = shuffled_spec();
    unsigned steps[24];
    unsigned repeats[24];
    list_steps(&spec, steps, repeats);
    for (size_t keep = 1; keep < 24; keep++) {
        struct load_id done[24];
        for (size_t i = 0; i < keep; i++) {
            done[i] = (struct load_id){0, 64, steps[i], repeats[i]};
        }
        qsort(done, keep, sizeof done[0], load_id_compare);
        struct ladder_spec rest = spec;
        rest.done = done;
        rest.done_count = keep;
        unsigned left[24];
        unsigned ignored[24];
        list_steps(&rest, left, ignored);
        assert_memory_equal(left, &steps[keep], (24 - keep) * sizeof left[0]);
    }
}

static void test_sweep_finds_loads_where_none_are_given(void **state)
{
    (void)state;
    struct lab lab;
    lab_set_up(&lab, 70000.0);
    struct search *search = sweep_new(&lab.spec);
    assert_int_equal(sweep_points(search), 72);
    search_free(search);
    lab_run(&lab, false);
    assert_int_equal(count_use(lab.device, LOAD_POINT), 72);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(lab.rows[i].count, 4);
        assert_near_knee(lab.rows[i].pps[3], 70000.0, i < 2 ? 1.05 : 1.25);
    }
    lab_tear_down(&lab);
}

// A run that was stopped at any moment is completed by another, and no point is measured twice.
static void test_resumed_sweep_skips_what_is_done(void **state)
{
    (void)state;
    for (size_t keep = 0; keep <= 36; keep++) {
        struct lab lab;
        lab_set_up(&lab, 1e6);
        lab_give_loads(&lab);
        lab_run(&lab, false);
        struct load_id done[36];
        for (size_t i = 0; lab.spec.done_count < keep; i++) {
            const struct load *load = &lab.device->loads[i];
            if (load->use == LOAD_POINT) {
                done[lab.spec.done_count++] =
                    (struct load_id){load->place, load->length, load->step, load->repeat};
            }
        }
        lab.spec.done = done;
        lab.device->settled = 0;
        lab_run(&lab, false);
        assert_int_equal(count_use(lab.device, LOAD_POINT), 36 - keep);
        // Only what is still to be measured is checked and warmed up.
        assert_int_equal(count_use(lab.device, LOAD_CHECK), (36 - keep + 11) / 12);
        assert_int_equal(count_use(lab.device, LOAD_WARM_UP), (36 - keep + 5) / 6);
        if (keep < 36) {
            const struct load *last = &lab.device->loads[lab.device->settled - 1];
            assert_int_equal(last->place, 2);
            assert_int_equal(last->repeat, 2);
        }
        lab_tear_down(&lab);
    }
}

static void test_recalled_loads_are_not_searched_again(void **state)
{
    (void)state;
    struct lab lab;
    lab_set_up(&lab, 70000.0);
    lab.rows[2].count = 1; // recalled
    lab.rows[2].pps = memory_new_array(double, 1);
    lab.rows[2].pps[0] = 50000.0;
    lab_run(&lab, false);
    for (size_t i = 0; i < lab.device->settled; i++) {
        const struct load *load = &lab.device->loads[i];
        assert_false(load->use == LOAD_PROBE && load->place == 1 && load->length == 64);
    }
    assert_int_equal(lab.rows[2].count, 1);
    assert_int_equal(lab.rows[3].count, 4);
    lab_tear_down(&lab);
}

static void lose_in_check(unsigned trial, const struct load *load, struct outcome *outcome)
{
    (void)trial;
    outcome->lost = load->use == LOAD_CHECK ? 1 : 0;
}

static void lose_in_check_thrice(unsigned trial, const struct load *load, struct outcome *outcome)
{
    outcome->lost = load->use == LOAD_CHECK && trial < 3 ? 1 : 0;
}

static void test_machine_that_loses_packets_is_not_measured(void **state)
{
    (void)state;
    struct lab lab;
    lab_set_up(&lab, 1e6);
    lab_give_loads(&lab);
    lab.device->spoil = lose_in_check;
    lab_run(&lab, true);
    assert_int_equal(count_use(lab.device, LOAD_CHECK), lab.device->trials);
    lab.device->spoil = lose_in_check_thrice;
    lab.device->trials = 0;
    lab_run(&lab, false);
    lab_tear_down(&lab);
}

static void lose_in_check_of_routers(unsigned trial, const struct load *load,
                                     struct outcome *outcome)
{
    (void)trial;
    outcome->lost = load->use == LOAD_CHECK && load->place > 0 ? 1 : 0;
}

// A router that loses packets at any load is measured all the same: it may be what is tested.
static void test_router_that_loses_packets_is_measured(void **state)
{
    (void)state;
    struct lab lab;
    lab_set_up(&lab, 1e6);
    lab_give_loads(&lab);
    lab.device->spoil = lose_in_check_of_routers;
    lab_run(&lab, false);
    assert_int_equal(count_use(lab.device, LOAD_POINT), 36);
    assert_int_equal(count_use(lab.device, LOAD_CHECK), 1 + 3 + 3);
    lab_tear_down(&lab);
}

static void test_check_can_be_left_out_and_has_its_load(void **state)
{
    (void)state;
    struct lab lab;
    lab_set_up(&lab, 1e6);
    lab_give_loads(&lab);
    lab.device->spoil = lose_in_check;
    lab.places[0].unchecked = lab.places[1].unchecked = true;
    lab.places[2].low_pps = 100.0;
    lab_run(&lab, false);
    assert_int_equal(count_use(lab.device, LOAD_CHECK), 3);
    for (size_t i = 0; i < lab.device->settled; i++) {
        const struct load *load = &lab.device->loads[i];
        assert_true(load->use != LOAD_CHECK || (load->place == 2 && load->pps == 100.0));
    }
    lab_tear_down(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_saturation_finds_any_knee),
        cmocka_unit_test(test_spoilt_trials_do_not_end_it_at_a_false_knee),
        cmocka_unit_test(test_saturation_ends_where_all_trials_are_spoilt),
        cmocka_unit_test(test_slow_machines_are_asked_for_less),
        cmocka_unit_test(test_disturbed_trial_comes_again),
        cmocka_unit_test(test_death_is_not_repeated),
        cmocka_unit_test(test_ladder_thins),
        cmocka_unit_test(test_sweep_measures_each_point_once_in_order),
        cmocka_unit_test(test_shuffled_repeats_follow_each_other),
        cmocka_unit_test(test_shuffled_order_survives_a_resume),
        cmocka_unit_test(test_sweep_finds_loads_where_none_are_given),
        cmocka_unit_test(test_resumed_sweep_skips_what_is_done),
        cmocka_unit_test(test_recalled_loads_are_not_searched_again),
        cmocka_unit_test(test_machine_that_loses_packets_is_not_measured),
        cmocka_unit_test(test_router_that_loses_packets_is_measured),
        cmocka_unit_test(test_check_can_be_left_out_and_has_its_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
