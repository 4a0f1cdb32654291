// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tests of search/throughput — searches against simulated devices of known truth: the guarantees of
 * docs/search.md as properties over many seeds.
 *
 * SEARCH_SEEDS sets the number of seeds of each device (default 25; the guarantees were checked
 * with 1,000).
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "search/throughput.h"

#include <cmocka.h>

#define NETWORKS   3U
#define TRIALS_MAX 3000U
#define MIN_PPS    9001.0
#define MAX_PPS    2.0e6

// A device: forwards at most its capacity, which varies from trial to trial; some trials stall and
// lose at least `stall_loss` of their packets whatever the load.
struct device {
    uint64_t random;
    double capacity[NETWORKS];
    unsigned networks; // 0 = 1
    double jitter, stall, stall_loss;
    double noise;      // loss ratio of every trial, at any load
    double collapse;   // of the capacity that is forwarded far beyond saturation; 0 = all
    double disturbed;  // probability of a trial that the machine disturbs: it loses half
    double starved;    // part of the load that the tester sends in a disturbed trial; 0 = all
    bool losses_stand; // a disturbed trial loses what an undisturbed one does, and it is known
    double calm_pps;   // every trial of a larger load is disturbed; 0 = none
    double tester_pps; // limit of the tester; 0 = none
    double die;        // probability that a router dies
    unsigned trials;
    double trial_s;
};

static double draw_uniform(struct device *device)
{
    device->random ^= device->random << 13;
    device->random ^= device->random >> 7;
    device->random ^= device->random << 17;
    return (double)(device->random >> 11) / 9007199254740992.0;
}

static double draw_normal(struct device *device)
{
    double radius = sqrt(-2.0 * log(1.0 - draw_uniform(device)));
    return radius * cos(2.0 * M_PI * draw_uniform(device));
}

static struct device device_make(uint64_t seed)
{
    struct device device = {.random = seed * 0x9e3779b97f4a7c15ULL + 1, .stall_loss = 0.002};
    for (int i = 0; i < 20; i++) {
        (void)draw_uniform(&device);
    }
    for (size_t i = 0; i < NETWORKS; i++) {
        device.capacity[i] = 175000.0 + 350000.0 * draw_uniform(&device);
    }
    return device;
}

static double device_loss(struct device *device, size_t network, double pps)
{
    double capacity = device->capacity[network] * (1.0 + device->jitter * draw_normal(device));
    if (device->collapse > 0.0 && pps > capacity) {
        double beyond = fmin(1.0, (pps / capacity - 1.0) / 2.0);
        capacity *= 1.0 - (1.0 - device->collapse) * beyond;
    }
    double loss = fmax(device->noise, 1.0 - capacity / pps);
    return draw_uniform(device) < device->stall ? fmax(loss, device->stall_loss) : loss;
}

static struct outcome device_carry(struct device *device, const struct load *load,
                                   struct network_outcome networks[NETWORKS])
{
    struct outcome outcome = {.kind = OUTCOME_GOOD, .networks = networks};
    double seconds = (double)load->duration_ns / (double)NS_PER_S;
    double sent = device->tester_pps > 0.0 ? fmin(load->pps, device->tester_pps) : load->pps;
    bool disturbed = draw_uniform(device) < device->disturbed ||
                     (device->calm_pps > 0.0 && load->pps > device->calm_pps);
    sent *= disturbed && device->starved > 0.0 ? device->starved : 1.0;
    outcome.network_count = device->networks == 0 ? 1 : device->networks;
    device->trials++;
    device->trial_s += seconds;
    if (draw_uniform(device) < device->die) {
        return (struct outcome){.kind = OUTCOME_DEATH};
    }
    for (size_t i = 0; i < outcome.network_count; i++) {
        double loss = fmax(0.0, device_loss(device, i, sent));
        networks[i].tx = (uint64_t)(sent * seconds);
        loss = disturbed && device->starved == 0.0 && !device->losses_stand ? 0.5 : loss;
        networks[i].lost = (uint64_t)((double)networks[i].tx * loss);
        outcome.tx += networks[i].tx;
        outcome.lost += networks[i].lost;
        outcome.unsent += (uint64_t)((load->pps - sent) * seconds);
    }
    outcome.kind = disturbed ? OUTCOME_DISTURBED : OUTCOME_GOOD;
    outcome.losses_stand = disturbed && device->losses_stand;
    return outcome;
}

static struct search_goal goals[4];
static size_t goal_count;

static void use_goals(const char *one, const char *other)
{
    size_t count = 0;
    goal_count = 0;
    assert_int_equal(goals_parse(one, goals, &goal_count, NULL), 0);
    if (other != NULL) {
        assert_int_equal(goals_parse(other, goals + goal_count, &count, NULL), 0);
        goal_count += count;
    }
}

// Runs a search to its end, or until so many trials.
static struct search *run_search(struct device *device, double first_pps, unsigned most)
{
    const struct throughput_spec spec = {.length = 64,
                                         .goals = goals,
                                         .goal_count = goal_count,
                                         .network_count =
                                             device->networks == 0 ? 1 : device->networks,
                                         .min_pps = MIN_PPS,
                                         .max_pps = MAX_PPS,
                                         .first_pps = first_pps};
    struct search *search = throughput_new(&spec);
    struct load load;
    while (device->trials < most && search_next(search, &load)) {
        assert_true(device->trials < TRIALS_MAX);
        assert_true(load.pps >= MIN_PPS && load.pps <= MAX_PPS);
        struct network_outcome networks[NETWORKS];
        struct outcome outcome = device_carry(device, &load, networks);
        (void)search_tell(search, &load, &outcome);
    }
    return search;
}

// The load at which a network's loss reaches a goal's ratio.
static double truth(const struct device *device, size_t network, size_t goal)
{
    return device->capacity[network] / (1.0 - goals[goal].loss_ratio);
}

// Whether the bounds hold the truth, up to the device's jitter.
static bool bounds_hold(const struct device *device, const struct throughput_result *result,
                        double critical)
{
    double room = device->jitter * critical + 1e-4 * critical; // one packet in a trial
    return result->lower_pps <= critical + room && result->upper_pps >= critical - room;
}

static void assert_bounds(const struct device *device, const struct search *search, size_t network,
                          size_t goal)
{
    struct throughput_result result = throughput_result(search, network, goal);
    assert_int_equal(result.end, THROUGHPUT_REGULAR);
    assert_true(goal_is_narrow(&goals[goal], result.lower_pps, result.upper_pps));
    assert_true(bounds_hold(device, &result, truth(device, network, goal)));
    assert_true(result.conditional_pps <= result.lower_pps);
    assert_true(result.conditional_pps >= result.lower_pps * (1.0 - goals[goal].loss_ratio) - 1.0);
}

// ---- the sequential rule

static int number_compare(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

static size_t seeds_wanted(void)
{
    const char *text = getenv("SEARCH_SEEDS");
    return text == NULL ? 25 : (size_t)strtoul(text, NULL, 10);
}

// At most one in a hundred misses the truth, with room for chance where seeds are few.
static size_t misses_allowed(size_t seeds)
{
    double mean = 0.01 * (double)seeds;
    return (size_t)(seeds >= 1000 ? mean : mean + 3.0 * sqrt(mean));
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

static void use_rule(enum goal_rule rule)
{
    for (size_t i = 0; i < goal_count; i++) {
        goals[i].rule = rule;
    }
}

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

static const enum goal_rule rules[] = {RULE_SEQUENTIAL, RULE_RFC9971, RULE_BINARY};
#define EACH_RULE(r)                                                                               \
    size_t r = 0;                                                                                  \
    (r) < sizeof rules / sizeof rules[0];                                                          \
    (r)++

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

// The knees of several networks take at most 1.5 times as long as that of one, if they are near.
static void test_networks_share_trials(void **state)
{
    (void)state;
    double one_s = 0.0;
    double three_s = 0.0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        use_goals("0", "0.5%");
        struct device one = device_make(seed);
        search_free(run_search(&one, 0.0, TRIALS_MAX));
        struct device three = device_make(seed);
        three.networks = NETWORKS;
        three.capacity[1] = three.capacity[0] * 1.002;
        three.capacity[2] = three.capacity[0] * 0.999;
        struct search *search = run_search(&three, 0.0, TRIALS_MAX);
        for (size_t n = 0; n < NETWORKS; n++) {
            assert_bounds(&three, search, n, 0);
            assert_bounds(&three, search, n, 1);
        }
        search_free(search);
        one_s += one.trial_s;
        three_s += three.trial_s;
    }
    assert_true(three_s <= 1.5 * one_s);
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
        cmocka_unit_test(test_tester_limit_is_a_lower_bound),
        cmocka_unit_test(test_ranging_finds_max_load),
        cmocka_unit_test(test_networks_share_trials),
        cmocka_unit_test(test_search_answers_at_any_time),
        cmocka_unit_test(test_trials_have_distinct_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
