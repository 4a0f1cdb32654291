// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of search/goal — the example of RFC 9971, section 6.4 (four goals, six states of the trials
// at one load), figure by figure; presets; bounds.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "search/book.h"
#include "search/goal.h"

#include <cmocka.h>

static struct search_goal goal_of(double final_s, double sum_s, double loss, double exceed)
{
    return (struct search_goal){.rule = RULE_RFC9971,
                                .loss_ratio = loss,
                                .exceed_ratio = exceed,
                                .width = 0.005,
                                .initial_ns = NS_PER_S,
                                .final_ns = (uint64_t)(final_s * 1e9),
                                .sum_ns = (uint64_t)(sum_s * 1e9)};
}

enum { RFC2544, TST009, ONE_SECOND, EXCEED_20, GOALS };
enum { POINTS = 6, LOAD = 1000000 };

static void make_goals(struct search_goal ret[GOALS])
{
    ret[RFC2544] = goal_of(60, 60, 0, 0);
    ret[TST009] = goal_of(60, 120, 0, 0.5);
    ret[ONE_SECOND] = goal_of(1, 120, 0.005, 0.5);
    ret[EXCEED_20] = goal_of(60, 60, 0.005, 0.2);
}

// Trials of the example at a point in time, 1 to 6.
static size_t make_trials(int point, struct goal_trial ret[122])
{
    size_t good = point < 4 ? 59 : 60;
    size_t bad = point == 1 ? 0 : point == 2 ? 1 : 60;
    size_t count = 0;
    for (size_t i = 0; i < good; i++) {
        ret[count++] = (struct goal_trial){1, 1, 0};
    }
    for (size_t i = 0; i < bad; i++) {
        ret[count++] = (struct goal_trial){1, 1, 0.01};
    }
    if (point >= 5) {
        ret[count++] = (struct goal_trial){60, 60, 0.001};
    }
    if (point >= 6) {
        ret[count++] = (struct goal_trial){60, 60, 0};
    }
    return count;
}

#define U LOAD_UNDECIDED
#define L LOAD_LOWER_BOUND
#define H LOAD_UPPER_BOUND

// Rows in the order of the tables in the RFC. Its tables of points 5 and 6 call the load a lower
// bound for the goal "20% exceed", although 42.857 % and 27.273 % are more than its exceed ratio:
// by its appendix A, which is the specification, the load stays an upper bound.
struct expected {
    double values[15];
    enum load_class class;
};

static const struct expected tables[POINTS][GOALS] = {
    {{{0, 0, 0, 59, 0, 0, 0, 0, 0, 60, 60, 60, 0, 100}, U},
     {{0, 0, 0, 59, 59, -59, 0, 0, 0, 120, 120, 120, 0, 100}, U},
     {{0, 59, 0, 0, 0, 0, 0, 0, 59, 120, 61, 61, 0, 50.833}, U},
     {{0, 0, 0, 59, 14.75, -14.75, 0, 0, 0, 60, 60, 60, 0, 100}, U}},
    {{{0, 0, 1, 59, 0, 1, 1, 1, 1, 60, 59, 60, 1.667, 100}, H},
     {{0, 0, 1, 59, 59, -58, 0, 0, 0, 120, 120, 120, 0, 100}, U},
     {{1, 59, 0, 0, 0, 0, 0, 1, 60, 120, 60, 61, 0.833, 50.833}, U},
     {{0, 0, 1, 59, 14.75, -13.75, 0, 0, 0, 60, 60, 60, 0, 100}, U}},
    {{{0, 0, 60, 59, 0, 60, 60, 60, 60, 60, 0, 60, 100, 100}, H},
     {{0, 0, 60, 59, 59, 1, 1, 1, 1, 120, 119, 120, 0.833, 100}, U},
     {{60, 59, 0, 0, 0, 0, 0, 60, 119, 120, 1, 61, 50, 50.833}, U},
     {{0, 0, 60, 59, 14.75, 45.25, 45.25, 45.25, 45.25, 60, 14.75, 60, 75.417, 100}, H}},
    {{{0, 0, 60, 60, 0, 60, 60, 60, 60, 60, 0, 60, 100, 100}, H},
     {{0, 0, 60, 60, 60, 0, 0, 0, 0, 120, 120, 120, 0, 100}, U},
     {{60, 60, 0, 0, 0, 0, 0, 60, 120, 120, 0, 60, 50, 50}, L},
     {{0, 0, 60, 60, 15, 45, 45, 45, 45, 60, 15, 60, 75, 100}, H}},
    {{{60, 0, 60, 60, 0, 60, 60, 120, 120, 120, 0, 120, 100, 100}, H},
     {{60, 0, 60, 60, 60, 0, 0, 60, 60, 120, 60, 120, 50, 100}, U},
     {{60, 120, 0, 0, 0, 0, 0, 60, 180, 180, 0, 60, 33.333, 33.333}, L},
     {{0, 60, 60, 60, 15, 45, 45, 45, 105, 105, 0, 45, 42.857, 42.857}, H}},
    {{{60, 60, 60, 60, 0, 60, 60, 120, 180, 180, 0, 120, 66.667, 66.667}, H},
     {{60, 60, 60, 60, 60, 0, 0, 60, 120, 120, 0, 60, 50, 50}, L},
     {{60, 180, 0, 0, 0, 0, 0, 60, 240, 240, 0, 60, 25, 25}, L},
     {{0, 120, 60, 60, 15, 45, 45, 45, 165, 165, 0, 45, 27.273, 27.273}, H}},
};

static void test_example_of_rfc9971_is_replayed(void **state)
{
    (void)state;
    struct search_goal goals[GOALS];
    make_goals(goals);
    for (int point = 1; point <= POINTS; point++) {
        struct goal_trial trials[122];
        size_t count = make_trials(point, trials);
        for (int i = 0; i < GOALS; i++) {
            const struct expected *expected = &tables[point - 1][i];
            struct goal_sums sums;
            assert_int_equal(goal_classify(&goals[i], trials, count, &sums), expected->class);
            const double found[] = {
                sums.full_length_high_loss_s,
                sums.full_length_low_loss_s,
                sums.short_high_loss_s,
                sums.short_low_loss_s,
                sums.balancing_s,
                sums.excess_s,
                sums.positive_excess_s,
                sums.effective_high_loss_s,
                sums.effective_full_s,
                sums.effective_whole_s,
                sums.missing_s,
                sums.pessimistic_high_loss_s,
                100.0 * sums.optimistic_exceed_ratio,
                100.0 * sums.pessimistic_exceed_ratio,
            };
            for (size_t k = 0; k < sizeof found / sizeof found[0]; k++) {
                assert_true(fabs(found[k] - expected->values[k]) < 0.0006);
            }
        }
    }
}

static void test_conditional_throughput_of_rfc9971_is_replayed(void **state)
{
    (void)state;
    struct search_goal goals[GOALS];
    struct goal_trial trials[122];
    make_goals(goals);
    size_t count = make_trials(POINTS, trials);
    assert_true(goal_conditional_throughput(&goals[TST009], LOAD, trials, count) == 1000000.0);
    assert_true(goal_conditional_throughput(&goals[ONE_SECOND], LOAD, trials, count) == 1000000.0);
    assert_true(fabs(goal_conditional_throughput(&goals[EXCEED_20], LOAD, trials, count) -
                     999000.0) < 1e-6);
    // Fewer trials than the sum requires: the missing ones may have lost everything.
    assert_true(goal_conditional_throughput(&goals[TST009], LOAD, trials + 119, 1) != 0.0);
    assert_true(isnan(goal_conditional_throughput(&goals[TST009], LOAD, trials, 60)));
}

static void test_one_sided_trials_decide_a_load(void **state)
{
    (void)state;
    // 21 s at 50 %: 11 trials of a second, 7 if each has half a second of overhead.
    struct search_goal goal = goal_of(1, 21, 0, 0.5);
    for (int high = 0; high <= 1; high++) {
        struct goal_trial trials[11];
        for (size_t i = 0; i < 11; i++) {
            trials[i] = (struct goal_trial){1, 1, high ? 0.1 : 0};
        }
        enum load_class decided = high ? LOAD_UPPER_BOUND : LOAD_LOWER_BOUND;
        assert_int_equal(goal_classify(&goal, trials, 10, NULL), LOAD_UNDECIDED);
        assert_int_equal(goal_classify(&goal, trials, 11, NULL), decided);
        for (size_t i = 0; i < 11; i++) {
            trials[i].effective_s = 1.5;
        }
        size_t enough = high ? 8 : 7; // exactly half of the sum is not too much loss
        assert_int_equal(goal_classify(&goal, trials, enough - 1, NULL), LOAD_UNDECIDED);
        assert_int_equal(goal_classify(&goal, trials, enough, NULL), decided);
    }
    assert_int_equal(goal_classify(&goal, NULL, 0, NULL), LOAD_UNDECIDED);
}

static void test_relevant_lower_bound_is_below_the_smallest_upper_bound(void **state)
{
    (void)state;
    struct search_goal goal = goal_of(1, 1, 0, 0.5);
    struct book book = {0};
    static const struct {
        double pps, loss;
    } rows[] = {{500, 0.1}, {100, 0}, {300, 0.1}, {400, 0}, {200, 0}, {200, 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct goal_trial trial = {1, 1, rows[i].loss};
        book_add(&book, rows[i].pps, &trial);
    }
    assert_int_equal(book.count, 5);
    assert_int_equal(book.trials, 6);
    assert_int_equal(book_find(&book, 200)->count, 2);
    assert_null(book_find(&book, 250));
    struct book_bounds bounds = book_bounds(&book, &goal);
    assert_true(bounds.lower->pps == 200.0);
    assert_true(bounds.upper->pps == 300.0);
    book_clear(&book);
}

static void test_goals_have_names(void **state)
{
    (void)state;
    struct search_goal goals[GOALS_OF_A_NAME];
    size_t count = 0;
    assert_int_equal(goals_parse("rfc2544", goals, &count, NULL), 0);
    assert_int_equal(count, 1);
    assert_int_equal(goals[0].final_ns, 60 * NS_PER_S);
    assert_int_equal(goals[0].sum_ns, 60 * NS_PER_S);
    assert_true(goals[0].loss_ratio == 0.0 && goals[0].exceed_ratio == 0.0);
    assert_int_equal(goals_parse("tst009", goals, &count, NULL), 0);
    assert_int_equal(goals[0].sum_ns, 120 * NS_PER_S);
    assert_true(goals[0].exceed_ratio == 0.5);
    assert_int_equal(goals_parse("csit", goals, &count, NULL), 0);
    assert_int_equal(count, 2);
    assert_int_equal(goals[1].sum_ns, 21 * NS_PER_S);
    assert_true(goals[0].loss_ratio == 0.0 && goals[1].loss_ratio == 0.005);
    assert_int_equal(goals_parse("quick", goals, &count, NULL), 0);
    assert_int_equal(count, 2);
    static const struct {
        const char *text, *name;
        double ratio;
    } ratios[] = {
        {"0", "0", 0}, {"0.005", "0.5%", 0.005}, {"0.5%", "0.5%", 0.005}, {"10%", "10%", 0.1}};
    for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
        assert_int_equal(goals_parse(ratios[i].text, goals, &count, NULL), 0);
        assert_int_equal(count, 1);
        assert_string_equal(goals[0].name, ratios[i].name);
        assert_true(fabs(goals[0].loss_ratio - ratios[i].ratio) < 1e-12);
    }
    static const char *const bad[] = {"", "rfc", "1", "100%", "-0.1", "0.5 %%", "nan", "%"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct error err = ERROR_INIT;
        assert_true(goals_parse(bad[i], goals, &count, &err) < 0);
        assert_int_equal(err.exit_status, EXIT_INPUT);
        assert_non_null(strstr(err.text, "tst009"));
        error_clear(&err);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_example_of_rfc9971_is_replayed),
        cmocka_unit_test(test_conditional_throughput_of_rfc9971_is_replayed),
        cmocka_unit_test(test_one_sided_trials_decide_a_load),
        cmocka_unit_test(test_relevant_lower_bound_is_below_the_smallest_upper_bound),
        cmocka_unit_test(test_goals_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
