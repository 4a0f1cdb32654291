// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of search/throughput — searches for the knee of one network against simulated devices: the
// guarantees of docs/search.md as properties over many seeds. test_knees.c tests several networks.
//
// Runs beside others: it computes only.
#include "simulated_device.h"

// ---- the sequential rule

static int number_compare(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

static void test_sequential_search_keeps_its_guarantees(void **state)
{
    (void)state;
    // Trial-seconds of a search of RFC 9971 by its authors' library on the same devices.
    static const struct {
        double jitter, stall, theirs;
    } devices[] = {{0.0, 0.0, 36},    {0.003, 0.0, 51}, {0.01, 0.0, 72},
                   {0.003, 0.05, 53}, {0.003, 0.2, 61}, {0.003, 0.4, 81}};
    size_t seeds = seeds_wanted();
    double *taken = memory_new_array(double, seeds);
    use_goals("0", "0.5%");
    for (size_t d = 0; d < sizeof devices / sizeof devices[0]; d++) {
        size_t missed[2] = {0, 0};
        for (size_t i = 0; i < seeds; i++) {
            struct device device = device_make(1 + i + 100000 * d);
            device.jitter = devices[d].jitter;
            device.stall = devices[d].stall;
            struct search *search = run_search(&device, 0.0, TRIALS_MAX);
            for (size_t g = 0; g < 2; g++) {
                struct throughput_result result = throughput_result(search, 0, g);
                bool holds = result.end == THROUGHPUT_REGULAR &&
                             bounds_hold(&device, &result, truth(&device, 0, g));
                missed[g] += !holds;
            }
            taken[i] = device.trial_s;
            search_free(search);
        }
        qsort(taken, seeds, sizeof *taken, number_compare);
        double median = taken[seeds / 2];
        print_message("jitter %.1f %%, stall %.0f %%: %.0f trial-seconds (most %.0f), missed %zu "
                      "and %zu of %zu\n",
                      100.0 * devices[d].jitter, 100.0 * devices[d].stall, median, taken[seeds - 1],
                      missed[0], missed[1], seeds);
        assert_true(missed[0] <= misses_allowed(seeds));
        assert_true(missed[1] <= misses_allowed(seeds));
        assert_true(median <= 0.7 * devices[d].theirs);
        assert_true(taken[seeds - 1] <= 2.0 * median);
    }
    free(taken);
}

// The forwarding rate at Max Load misleads, because the device collapses under overload.
static void test_sequential_search_survives_a_collapse(void **state)
{
    (void)state;
    use_goals("0", "0.5%");
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct device device = device_make(seed);
        device.collapse = 0.3;
        struct search *search = run_search(&device, 0.0, TRIALS_MAX);
        assert_bounds(&device, search, 0, 0);
        assert_true(device.trials <= 60);
        search_free(search);
    }
}

// ---- RFC 9971, binary search

static void test_rfc9971_finds_the_truth(void **state)
{
    (void)state;
    static const char *const names[] = {"rfc2544", "tst009", "csit"};
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        use_goals(names[k], NULL);
        for (uint64_t seed = 1; seed <= 30; seed++) {
            struct device device = device_make(seed);
            struct search *search = run_search(&device, 0.0, TRIALS_MAX);
            for (size_t g = 0; g < goal_count; g++) {
                assert_bounds(&device, search, 0, g);
            }
            search_free(search);
        }
    }
}

static void test_rfc9971_tolerates_few_stalls(void **state)
{
    (void)state;
    use_goals("csit", NULL);
    size_t held = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct device device = device_make(seed);
        device.jitter = 0.003;
        device.stall = 0.05;
        struct search *search = run_search(&device, 0.0, TRIALS_MAX);
        for (size_t g = 0; g < goal_count; g++) {
            struct throughput_result result = throughput_result(search, 0, g);
            held += bounds_hold(&device, &result, truth(&device, 0, g));
        }
        search_free(search);
    }
    assert_true(held >= 57); // of 60
}

static void test_goals_of_several_rules_share_trials(void **state)
{
    (void)state;
    use_goals("csit", "0.5%");
    struct device device = device_make(5);
    struct search *search = run_search(&device, 0.0, TRIALS_MAX);
    for (size_t g = 0; g < goal_count; g++) {
        assert_bounds(&device, search, 0, g);
    }
    search_free(search);
}

static void test_binary_search_verifies_loss(void **state)
{
    (void)state;
    for (int stalls = 0; stalls <= 1; stalls++) {
        use_goals("tst009", NULL); // one lossy trial of a load may be verified by another
        use_rule(RULE_BINARY);
        goals[0].final_ns = NS_PER_S;
        goals[0].sum_ns = stalls ? 12 * NS_PER_S : NS_PER_S;
        struct device device = device_make(7);
        device.stall = stalls ? 0.1 : 0.0;
        struct search *search = run_search(&device, 0.0, TRIALS_MAX);
        assert_bounds(&device, search, 0, 0);
        search_free(search);
    }
}

// ---- all rules

static void test_disturbed_trials_never_count_as_loss(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        for (uint64_t seed = 1; seed <= 10; seed++) {
            use_goals("0", "0.5%");
            use_rule(rules[r]);
            struct device device = device_make(seed);
            device.disturbed = 0.4;
            device.die = 0.05;
            struct search *search = run_search(&device, 0.0, TRIALS_MAX);
            assert_bounds(&device, search, 0, 0);
            assert_bounds(&device, search, 0, 1);
            search_free(search);
        }
    }
}

// Whatever a disturbance did to a trial: it lost packets, or the tester could not send them.
static const double starved[] = {0.0, 0.3};
#define EACH_STARVED(i)                                                                            \
    size_t i = 0;                                                                                  \
    (i) < sizeof starved / sizeof starved[0];                                                      \
    (i)++

static void test_constant_disturbance_ends_the_search(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        use_goals("0", NULL);
        use_rule(rules[r]);
        for (EACH_STARVED(i)) {
            for (int ranging = 0; ranging <= 1; ranging++) {
                struct device device = device_make(3);
                device.disturbed = 1.0;
                device.starved = starved[i];
                struct search *search = run_search(&device, ranging ? 32000.0 : 0.0, TRIALS_MAX);
                struct throughput_result result = throughput_result(search, 0, 0);
                assert_int_equal(result.end, THROUGHPUT_DISTURBED);
                assert_true(isnan(result.lower_pps) && isnan(result.upper_pps));
                assert_true(isnan(result.conditional_pps));
                assert_true(device.trials <= 12);
                search_free(search);
            }
        }
    }
}

static void test_disturbed_trials_never_lower_max_load(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        for (EACH_STARVED(i)) {
            for (uint64_t seed = 1; seed <= 30; seed++) {
                use_goals("0", "0.5%");
                use_rule(rules[r]);
                struct device device = device_make(seed);
                device.disturbed = 0.5;
                device.starved = starved[i];
                struct search *search =
                    run_search(&device, seed % 2 == 0 ? 32000.0 : 0.0, TRIALS_MAX);
                assert_bounds(&device, search, 0, 0);
                assert_bounds(&device, search, 0, 1);
                search_free(search);
            }
        }
    }
}

// Beside a busy neighbour a search goes on by the losses that are not the neighbour's.
static void test_losses_that_stand_count(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        for (int ranging = 0; ranging <= 1; ranging++) {
            use_goals("0", "0.5%");
            use_rule(rules[r]);
            struct device device = device_make(1);
            device.disturbed = 1.0;
            device.losses_stand = true;
            struct search *search = run_search(&device, ranging ? 32000.0 : 0.0, TRIALS_MAX);
            assert_bounds(&device, search, 0, 0);
            assert_bounds(&device, search, 0, 1);
            search_free(search);
        }
    }
}

// A machine that disturbs all trials of large loads: their loss or lack is not the tester's limit.
static void test_disturbance_above_a_load_is_named(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        for (EACH_STARVED(i)) {
            use_goals("0", NULL);
            use_rule(rules[r]);
            struct device device = device_make(1);
            device.calm_pps = 200000.0;
            device.starved = starved[i];
            device.capacity[0] = 1e9;
            struct search *search = run_search(&device, 32000.0, TRIALS_MAX);
            struct throughput_result result = throughput_result(search, 0, 0);
            assert_int_equal(result.end, THROUGHPUT_DISTURBED);
            assert_true(result.lower_pps == 128000.0 && isnan(result.upper_pps));
            search_free(search);
            device.capacity[0] = 70000.0;
            device.trials = 0;
            search = run_search(&device, 32000.0, TRIALS_MAX);
            assert_bounds(&device, search, 0, 0);
            search_free(search);
        }
    }
}

static void test_limits_of_the_range_are_irregular(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        use_goals("0", NULL);
        use_rule(rules[r]);
        struct device fast = device_make(1);
        fast.capacity[0] = 1e9;
        struct search *search = run_search(&fast, 0.0, TRIALS_MAX);
        struct throughput_result result = throughput_result(search, 0, 0);
        assert_int_equal(result.end, THROUGHPUT_MAX_LOAD);
        assert_true(result.lower_pps == MAX_PPS && isnan(result.upper_pps));
        assert_true(result.conditional_pps == MAX_PPS);
        search_free(search);
        struct device lossy = device_make(1);
        lossy.noise = 0.003; // of every trial, at any load
        search = run_search(&lossy, 0.0, TRIALS_MAX);
        result = throughput_result(search, 0, 0);
        assert_int_equal(result.end, THROUGHPUT_MIN_LOAD);
        assert_true(result.upper_pps == MIN_PPS && isnan(result.lower_pps));
        search_free(search);
        use_goals("0.5%", NULL);
        use_rule(rules[r]);
        lossy.trials = 0;
        search = run_search(&lossy, 0.0, TRIALS_MAX);
        assert_bounds(&lossy, search, 0, 0);
        search_free(search);
    }
}

// A device that loses 0.3 % of the packets at random has no throughput without loss, and its
// partial drop rate.
static void test_random_loss_has_no_throughput(void **state)
{
    (void)state;
    size_t seeds = seeds_wanted();
    for (EACH_RULE(r)) {
        size_t claimed = 0;
        size_t missed = 0;
        double most_s = 0.0;
        use_goals("0", "0.5%");
        use_rule(rules[r]);
        for (size_t i = 0; i < seeds; i++) {
            struct device device = device_make(1 + i);
            device.random_loss = 0.003;
            device.jitter = 0.003;
            struct search *search = run_search(&device, 32000.0, TRIALS_MAX);
            struct throughput_result none = throughput_result(search, 0, 0);
            struct throughput_result pdr = throughput_result(search, 0, 1);
            claimed += none.end != THROUGHPUT_MIN_LOAD || !isnan(none.lower_pps);
            missed +=
                pdr.end != THROUGHPUT_REGULAR || !bounds_hold(&device, &pdr, truth(&device, 0, 1));
            most_s = fmax(most_s, device.trial_s);
            search_free(search);
        }
        print_message("%s: a throughput claimed %zu times, partial drop rate missed %zu times of "
                      "%zu, at most %.0f trial-seconds\n",
                      goal_rule_name(rules[r]), claimed, missed, seeds, most_s);
        assert_true(claimed <= misses_allowed(seeds));
        // Binary search believes each trial.
        assert_true(rules[r] == RULE_BINARY || missed <= misses_allowed(seeds));
    }
}

static void test_tester_limit_is_a_lower_bound(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        for (int ranging = 0; ranging <= 1; ranging++) {
            use_goals("0", "0.5%");
            use_rule(rules[r]);
            struct device device = device_make(1);
            device.capacity[0] = 1e9;
            device.tester_pps = 561347.0;
            struct search *search = run_search(&device, ranging ? 32000.0 : 0.0, TRIALS_MAX);
            struct throughput_result result = throughput_result(search, 0, 0);
            assert_int_equal(result.end, THROUGHPUT_TESTER_LIMIT);
            assert_string_equal(throughput_end_text(result.end), "tester limit");
            assert_true(result.lower_pps <= device.tester_pps);
            assert_true(result.lower_pps >= device.tester_pps * 0.98);
            search_free(search);
        }
    }
}

static void test_ranging_finds_max_load(void **state)
{
    (void)state;
    static const double firsts[] = {9500.0, 32000.0, 1.9e6};
    for (EACH_RULE(r)) {
        for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
            use_goals("0", "0.5%");
            use_rule(rules[r]);
            struct device device = device_make(i + 1);
            device.disturbed = 0.3;
            struct search *search = run_search(&device, firsts[i], TRIALS_MAX);
            assert_bounds(&device, search, 0, 0);
            assert_bounds(&device, search, 0, 1);
            search_free(search);
        }
    }
}

static void test_search_answers_at_any_time(void **state)
{
    (void)state;
    for (EACH_RULE(r)) {
        use_goals("0", "0.5%");
        use_rule(rules[r]);
        for (unsigned most = 0; most < 12; most++) {
            struct device device = device_make(2);
            struct search *search = run_search(&device, 0.0, most);
            struct throughput_result result = throughput_result(search, 0, 0);
            assert_true(result.end != THROUGHPUT_REGULAR ||
                        bounds_hold(&device, &result, truth(&device, 0, 0)));
            assert_true(!(result.lower_pps > device.capacity[0] * 1.001));
            assert_true(!(result.upper_pps < device.capacity[0] * 0.999));
            double left = throughput_remaining_s(search);
            assert_true(most == 0 || (left >= 0.0 && left < 1000.0));
            search_free(search);
        }
        struct device device = device_make(2);
        struct search *search = run_search(&device, 0.0, TRIALS_MAX);
        assert_true(throughput_remaining_s(search) == 0.0);
        assert_true(fabs(throughput_trial_s(search) - device.trial_s) < 1e-6);
        search_free(search);
    }
}

// Points are identified by the number of their load and of the trial.
static void test_trials_have_distinct_numbers(void **state)
{
    (void)state;
    use_goals("0", "0.5%");
    struct device device = device_make(4);
    device.jitter = 0.003;
    device.disturbed = 0.2;
    const struct throughput_spec spec = {.length = 64,
                                         .goals = goals,
                                         .goal_count = goal_count,
                                         .network_count = 1,
                                         .min_pps = MIN_PPS,
                                         .max_pps = MAX_PPS};
    struct search *search = throughput_new(&spec);
    struct load loads[TRIALS_MAX];
    size_t count = 0;
    while (search_next(search, &loads[count])) {
        struct network_outcome networks[NETWORKS];
        struct outcome outcome = device_carry(&device, &loads[count], networks);
        (void)search_tell(search, &loads[count], &outcome);
        for (size_t i = 0; i < count; i++) {
            bool same = loads[i].step == loads[count].step;
            assert_true(same == (loads[i].pps == loads[count].pps));
            assert_true(!same || loads[i].repeat < loads[count].repeat);
        }
        assert_int_equal(loads[count].use, LOAD_POINT);
        count++;
    }
    search_free(search);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequential_search_keeps_its_guarantees),
        cmocka_unit_test(test_sequential_search_survives_a_collapse),
        cmocka_unit_test(test_rfc9971_finds_the_truth),
        cmocka_unit_test(test_rfc9971_tolerates_few_stalls),
        cmocka_unit_test(test_goals_of_several_rules_share_trials),
        cmocka_unit_test(test_binary_search_verifies_loss),
        cmocka_unit_test(test_disturbed_trials_never_count_as_loss),
        cmocka_unit_test(test_constant_disturbance_ends_the_search),
        cmocka_unit_test(test_disturbed_trials_never_lower_max_load),
        cmocka_unit_test(test_losses_that_stand_count),
        cmocka_unit_test(test_disturbance_above_a_load_is_named),
        cmocka_unit_test(test_limits_of_the_range_are_irregular),
        cmocka_unit_test(test_random_loss_has_no_throughput),
        cmocka_unit_test(test_tester_limit_is_a_lower_bound),
        cmocka_unit_test(test_ranging_finds_max_load),
        cmocka_unit_test(test_search_answers_at_any_time),
        cmocka_unit_test(test_trials_have_distinct_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
