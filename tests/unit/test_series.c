// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of search/series — lists of loads on a simulated device: order, repetition, and the end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "search/series.h"

#define MANY 500U

static const double curve[] = {1000.0, 900.0, 800.0, 700.0, 600.0, 500.0, 400.0, 300.0};
#define CURVE_COUNT (sizeof curve / sizeof curve[0])

static struct series_spec spec_of(size_t count, unsigned trials)
{
    return (struct series_spec){.place = 1,
                                .length = 64,
                                .pps = curve,
                                .count = count,
                                .trials = trials,
                                .duration_ns = 2 * NS_PER_S,
                                .first_step = 3000,
                                .points = true};
}

// What a device that forwards `carries` packets/s does with a load.
static struct outcome carry(const struct load *load, double carries)
{
    uint64_t tx = (uint64_t)(load->pps * (double)load->duration_ns / (double)NS_PER_S);
    uint64_t most = (uint64_t)(carries * (double)load->duration_ns / (double)NS_PER_S);
    return (struct outcome){
        .kind = OUTCOME_GOOD, .tx = tx, .lost = tx > most ? tx - most : 0, .sending_ns = 1};
}

// Runs a series in which every `spoilt`-th trial of a point is of another kind; 0 = none. Returns
// how many trials of points it took.
static unsigned run_series(struct search *search, double carries, unsigned spoilt,
                           enum outcome_kind kind)
{
    unsigned trials = 0;
    struct load load;
    while (search_next(search, &load)) {
        assert_true(load.place == 1 && load.length == 64 && load.attempts == 1 && load.constant);
        struct outcome outcome = carry(&load, carries);
        if (load.use != LOAD_WARM_UP) {
            trials++;
            assert_true(trials < MANY);
            outcome.kind = spoilt > 0 && trials % spoilt == 0 ? kind : OUTCOME_GOOD;
        }
        (void)search_tell(search, &load, &outcome);
    }
    return trials;
}

static void each_load_gets_its_trials_in_order(void **state)
{
    (void)state;
    const struct series_spec spec = spec_of(3, 2);
    struct search *search = series_new(&spec);
    struct load load;
    assert_true(search_next(search, &load));
    assert_int_equal(load.use, LOAD_WARM_UP);
    struct outcome outcome = carry(&load, 1e6);
    (void)search_tell(search, &load, &outcome);
    for (unsigned i = 0; i < 6; i++) {
        assert_false(series_is_done(search));
        assert_true(search_next(search, &load));
        assert_int_equal(load.use, LOAD_POINT);
        assert_int_equal(load.step, 3000 + i / 2);
        assert_int_equal(load.repeat, i % 2);
        assert_true(load.pps == curve[i / 2]);
        assert_int_equal(load.duration_ns, 2 * NS_PER_S);
        outcome = carry(&load, 1e6);
        (void)search_tell(search, &load, &outcome);
        assert_true(series_told(search).counts);
        assert_int_equal(series_told(search).step, i / 2);
    }
    assert_false(search_next(search, &load));
    assert_true(series_is_done(search));
    assert_int_equal(series_trials(search), 6);
    assert_true(series_trial_s(search) == 12.0);
    search_free(search);
}

static void a_load_that_drops_is_no_point(void **state)
{
    (void)state;
    struct series_spec spec = spec_of(1, 1);
    spec.points = false;
    spec.drop_ns = NS_PER_S;
    spec.drop_pps = 500.0;
    spec.reset = 2;
    struct search *search = series_new(&spec);
    struct load load;
    assert_true(search_next(search, &load));
    assert_true(load.drop_ns == 0 && load.reset == 0); // the warm-up
    struct outcome outcome = carry(&load, 1e6);
    (void)search_tell(search, &load, &outcome);
    assert_true(search_next(search, &load));
    assert_int_equal(load.use, LOAD_PROBE);
    assert_true(load.drop_ns == NS_PER_S && load.drop_pps == 500.0 && load.reset == 2);
    search_free(search);
}

static void a_curve_ends_after_two_loads_without_loss(void **state)
{
    (void)state;
    struct series_spec spec = spec_of(CURVE_COUNT, 1);
    spec.lossless = 2;
    struct {
        double carries;
        unsigned loads;
    } cases[] = {{2000.0, 2}, {1000.0, 2}, {950.0, 3}, {700.0, 5}, {650.0, 6}, {10.0, CURVE_COUNT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct search *search = series_new(&spec);
        assert_int_equal(run_series(search, cases[i].carries, 0, OUTCOME_GOOD), cases[i].loads);
        assert_true(series_is_done(search));
        search_free(search);
    }
}

static void a_load_that_was_not_sent_shows_no_absence_of_loss(void **state)
{
    (void)state;
    struct series_spec spec = spec_of(CURVE_COUNT, 1);
    spec.lossless = 2;
    struct search *search = series_new(&spec);
    struct load load;
    unsigned trials = 0;
    while (search_next(search, &load)) {
        struct outcome outcome = carry(&load, 1e6);
        trials += load.use == LOAD_POINT;
        if (load.pps > 750.0) {
            outcome.unsent = outcome.tx / 4;
            outcome.tx -= outcome.unsent;
        }
        (void)search_tell(search, &load, &outcome);
    }
    assert_int_equal(trials, 5); // 1000, 900, 800 were not sent; 700 and 600 lost nothing
    search_free(search);
}

static void disturbed_trials_are_repeated(void **state)
{
    (void)state;
    const struct series_spec spec = spec_of(3, 2);
    for (unsigned spoilt = 2; spoilt < 6; spoilt++) {
        static const enum outcome_kind kinds[] = {OUTCOME_DISTURBED, OUTCOME_VOID, OUTCOME_DEATH};
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
            struct search *search = series_new(&spec);
            unsigned trials = run_series(search, 1e6, spoilt, kinds[i]);
            assert_int_equal(series_trials(search), 6);
            assert_int_equal(trials - trials / spoilt, 6);
            assert_true(series_is_done(search));
            search_free(search);
        }
    }
}

static void the_last_of_several_disturbed_trials_counts(void **state)
{
    (void)state;
    const struct series_spec spec = spec_of(2, 1);
    struct search *search = series_new(&spec);
    assert_int_equal(run_series(search, 1e6, 1, OUTCOME_DISTURBED), 6);
    assert_int_equal(series_trials(search), 2);
    assert_true(series_told(search).disturbed);
    search_free(search);
}

static void trials_without_figures_never_count(void **state)
{
    (void)state;
    const struct series_spec spec = spec_of(2, 1);
    struct search *search = series_new(&spec);
    assert_true(run_series(search, 1e6, 1, OUTCOME_VOID) < 20);
    assert_int_equal(series_trials(search), 0);
    assert_false(series_is_done(search));
    search_free(search);
}

static void losses_count_if_no_disturbance_caused_them(void **state)
{
    (void)state;
    struct series_spec spec = spec_of(CURVE_COUNT, 1);
    spec.lossless = 2;
    spec.losses_only = true;
    struct search *search = series_new(&spec);
    assert_int_equal(run_series(search, 2000.0, 1, OUTCOME_DISTURBED), 2); // nothing was lost
    assert_false(series_told(search).disturbed);
    search_free(search);
    search = series_new(&spec);
    assert_int_equal(run_series(search, 950.0, 1, OUTCOME_DISTURBED),
                     5); // the first load three times
    search_free(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_load_gets_its_trials_in_order),
        cmocka_unit_test(a_load_that_drops_is_no_point),
        cmocka_unit_test(a_curve_ends_after_two_loads_without_loss),
        cmocka_unit_test(a_load_that_was_not_sent_shows_no_absence_of_loss),
        cmocka_unit_test(disturbed_trials_are_repeated),
        cmocka_unit_test(the_last_of_several_disturbed_trials_counts),
        cmocka_unit_test(trials_without_figures_never_count),
        cmocka_unit_test(losses_count_if_no_disturbance_caused_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
