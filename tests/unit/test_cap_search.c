// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Tests of search/cap — searches for the smallest sufficient cap of simulated routers of known
 * cost: the guarantees of docs/search.md as properties over many seeds (SEARCH_SEEDS, default 8,
 * under sanitizers 4).
 *
 * Runs beside others: it computes only.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "search/cap.h"

#include <cmocka.h>

#define ROUTERS    4U
#define MOST_CAP   100U
#define RATE       20000.0
#define TRIALS_MAX 400U

// Routers that each need a certain part of a CPU for the load. It varies from trial to trial; some
// trials stall and lose 0.2 % whatever the cap.
struct device {
    uint64_t random;
    unsigned routers;
    double need[ROUTERS]; // percent of one CPU
    double jitter, stall;
    double disturbed;  // probability of a trial that the machine disturbs: it loses half
    double tester_pps; // limit of the tester; 0 = none
    unsigned trials;
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

static struct device device_make(uint64_t seed, unsigned routers)
{
    struct device device = {.random = seed * 0x9e3779b97f4a7c15ULL + 1, .routers = routers};
    for (int i = 0; i < 20; i++) {
        (void)draw_uniform(&device);
    }
    for (size_t i = 0; i < ROUTERS; i++) {
        device.need[i] = 4.0 + 90.0 * draw_uniform(&device);
    }
    return device;
}

static struct outcome device_carry(struct device *device, const struct load *load,
                                   struct network_outcome networks[ROUTERS])
{
    struct outcome outcome = {
        .kind = OUTCOME_GOOD, .networks = networks, .network_count = device->routers};
    double seconds = (double)load->duration_ns / (double)NS_PER_S;
    double sent = device->tester_pps > 0.0 ? fmin(load->pps, device->tester_pps) : load->pps;
    bool disturbed = draw_uniform(device) < device->disturbed;
    bool stalls = draw_uniform(device) < device->stall;
    device->trials++;
    assert_true(load->each == NULL && load->caps != NULL && load->pps == RATE);
    for (size_t i = 0; i < device->routers; i++) {
        assert_in_range(load->caps[i], 1, MOST_CAP);
        double need = device->need[i] * (1.0 + device->jitter * draw_normal(device));
        double loss = fmax(0.0, 1.0 - (double)load->caps[i] / need);
        loss = disturbed ? 0.5 : stalls ? fmax(loss, 0.002) : loss;
        networks[i].tx = (uint64_t)(sent * seconds);
        networks[i].lost = (uint64_t)ceil((double)networks[i].tx * loss);
        outcome.tx += networks[i].tx;
        outcome.lost += networks[i].lost;
        outcome.unsent += (uint64_t)((load->pps - sent) * seconds);
    }
    outcome.kind = disturbed ? OUTCOME_DISTURBED : OUTCOME_GOOD;
    return outcome;
}

static struct search_goal goals[4];
static size_t goal_count;
static const size_t own_routers[ROUTERS] = {0, 1, 2, 3};

static struct search *run_search(struct device *device, const size_t *routers, size_t router_count,
                                 unsigned most)
{
    size_t count = 0;
    goal_count = 0;
    assert_int_equal(goals_parse("0", goals, &goal_count, NULL), 0);
    assert_int_equal(goals_parse("0.5%", goals + goal_count, &count, NULL), 0);
    goal_count += count;
    const struct cap_spec spec = {.length = 64,
                                  .goals = goals,
                                  .goal_count = goal_count,
                                  .router_count = router_count,
                                  .routers = routers,
                                  .network_count = device->routers,
                                  .pps = RATE,
                                  .most_cap = MOST_CAP};
    struct search *search = cap_search_new(&spec);
    struct load load;
    while (device->trials < most && search_next(search, &load)) {
        assert_true(device->trials < TRIALS_MAX);
        struct network_outcome networks[ROUTERS];
        struct outcome outcome = device_carry(device, &load, networks);
        (void)search_tell(search, &load, &outcome);
    }
    return search;
}

// Whether the caps hold the truth, with the jitter on either side, and say it to a point.
static bool caps_hold(const struct device *device, const struct cap_result *result, double critical)
{
    double room = device->jitter * critical + 0.01;
    return result->end == THROUGHPUT_REGULAR && result->enough_cap == result->short_cap + 2 &&
           (double)result->enough_cap >= critical - room &&
           (double)result->short_cap <= critical + room;
}

static int number_compare(const void *one, const void *other)
{
    double a = *(const double *)one;
    double b = *(const double *)other;
    return (a > b) - (a < b);
}

static void test_caps_keep_their_guarantees(void **state)
{
    (void)state;
    static const struct {
        double jitter, stall;
    } devices[] = {{0.0, 0.0}, {0.003, 0.0}, {0.01, 0.0}, {0.02, 0.0}, {0.01, 0.2}};
#ifdef __SANITIZE_ADDRESS__
    const size_t usual = 4;
#else
    const size_t usual = 8;
#endif
    const char *text = getenv("SEARCH_SEEDS");
    size_t seeds = text == NULL ? usual : (size_t)strtoul(text, NULL, 10);
    double *taken = memory_new_array(double, seeds);
    for (size_t d = 0; d < sizeof devices / sizeof devices[0]; d++) {
        double one = 0.0;
        for (unsigned routers = 1; routers <= ROUTERS; routers += ROUTERS - 1) {
            size_t missed = 0;
            for (size_t i = 0; i < seeds; i++) {
                struct device device = device_make(1 + i + 100000 * d, routers);
                device.jitter = devices[d].jitter;
                device.stall = devices[d].stall;
                struct search *search = run_search(&device, own_routers, routers, TRIALS_MAX);
                for (size_t r = 0; r < routers; r++) {
                    for (size_t g = 0; g < 2; g++) {
                        struct cap_result result = cap_search_result(search, r, g);
                        double critical = device.need[r] * (1.0 - goals[g].loss_ratio);
                        missed += !caps_hold(&device, &result, critical);
                    }
                }
                taken[i] = device.trials;
                search_free(search);
            }
            qsort(taken, seeds, sizeof *taken, number_compare);
            double median = taken[seeds / 2];
            print_message("jitter %.1f %%, stall %.0f %%, %u routers: %.0f trials (most %.0f), "
                          "missed %zu of %zu\n",
                          100.0 * devices[d].jitter, 100.0 * devices[d].stall, routers, median,
                          taken[seeds - 1], missed, 2 * routers * seeds);
            double allowed = 0.01 * 2.0 * (double)routers * (double)seeds;
            assert_true((double)missed <= allowed + 3.0 * sqrt(allowed));
            one = routers == 1 ? median : one;
            assert_true(median <= 2.0 * one && median <= 60.0);
        }
    }
    free(taken);
}

static void test_networks_of_a_router_share_its_cap(void **state)
{
    (void)state;
    static const size_t routers[3] = {0, 2, 2};
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct device device = device_make(seed, 3);
        device.need[2] = device.need[1] * 0.7; // router 2 has two networks: the worse one counts
        // The device asks for a cap by network.
        size_t count = 0;
        assert_int_equal(goals_parse("0", goals, &count, NULL), 0);
        const struct cap_spec spec = {.goals = goals,
                                      .goal_count = 1,
                                      .router_count = 3,
                                      .routers = routers,
                                      .network_count = 3,
                                      .pps = RATE,
                                      .most_cap = MOST_CAP};
        struct search *search = cap_search_new(&spec);
        struct load load;
        while (search_next(search, &load)) {
            assert_int_equal(load.caps[1], 0); // no network uses it
            unsigned caps[3] = {load.caps[0], load.caps[2], load.caps[2]};
            struct load by_network = load;
            by_network.caps = caps;
            struct network_outcome networks[ROUTERS];
            struct outcome outcome = device_carry(&device, &by_network, networks);
            (void)search_tell(search, &load, &outcome);
            assert_true(device.trials < TRIALS_MAX);
        }
        assert_true(cap_search_has(search, 0) && !cap_search_has(search, 1));
        struct cap_result first = cap_search_result(search, 0, 0);
        struct cap_result third = cap_search_result(search, 2, 0);
        assert_true(caps_hold(&device, &first, device.need[0]));
        assert_true(caps_hold(&device, &third, device.need[1]));
        search_free(search);
    }
}

static void test_ends_of_the_range_are_named(void **state)
{
    (void)state;
    struct device device = device_make(1, 1);
    device.need[0] = 130.0;
    struct search *search = run_search(&device, own_routers, 1, TRIALS_MAX);
    struct cap_result result = cap_search_result(search, 0, 0);
    assert_int_equal(result.end, THROUGHPUT_MIN_LOAD);
    assert_string_equal(cap_end_text(result.end), "largest cap loses packets");
    assert_true(result.enough_cap == 0 && result.short_cap == MOST_CAP);
    search_free(search);
    device = device_make(1, 1);
    device.need[0] = 0.3;
    search = run_search(&device, own_routers, 1, TRIALS_MAX);
    result = cap_search_result(search, 0, 0);
    assert_int_equal(result.end, THROUGHPUT_MAX_LOAD);
    assert_string_equal(cap_end_text(result.end), "smallest cap is enough");
    assert_true(result.enough_cap == 1 && result.short_cap == 0);
    search_free(search);
}

static void test_a_load_that_cannot_be_sent_ends_it(void **state)
{
    (void)state;
    struct device device = device_make(1, 2);
    device.tester_pps = 0.9 * RATE;
    struct search *search = run_search(&device, own_routers, 2, TRIALS_MAX);
    assert_int_equal(device.trials, 1);
    assert_int_equal(cap_search_result(search, 1, 1).end, THROUGHPUT_TESTER_LIMIT);
    search_free(search);
}

static void test_disturbed_trials_do_not_count(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct device device = device_make(seed, 2);
        device.disturbed = 0.4;
        struct search *search = run_search(&device, own_routers, 2, TRIALS_MAX);
        for (size_t r = 0; r < 2; r++) {
            struct cap_result result = cap_search_result(search, r, 0);
            assert_true(caps_hold(&device, &result, device.need[r]));
        }
        search_free(search);
        device = device_make(seed, 1);
        device.disturbed = 1.0;
        search = run_search(&device, own_routers, 1, TRIALS_MAX);
        struct cap_result result = cap_search_result(search, 0, 0);
        assert_int_equal(result.end, THROUGHPUT_DISTURBED);
        assert_true(result.enough_cap == 0 && result.short_cap == 0);
        search_free(search);
    }
}

static void test_caps_answer_at_any_time(void **state)
{
    (void)state;
    for (unsigned most = 0; most < 15; most++) {
        struct device device = device_make(2, 1);
        struct search *search = run_search(&device, own_routers, 1, most);
        struct cap_result result = cap_search_result(search, 0, 0);
        assert_true(result.enough_cap == 0 || (double)result.enough_cap >= device.need[0] - 0.01);
        assert_true((double)result.short_cap <= device.need[0] + 0.01);
        assert_true(throughput_trials(cap_search_trials(search)) == device.trials);
        search_free(search);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_caps_keep_their_guarantees),
        cmocka_unit_test(test_networks_of_a_router_share_its_cap),
        cmocka_unit_test(test_ends_of_the_range_are_named),
        cmocka_unit_test(test_a_load_that_cannot_be_sent_ends_it),
        cmocka_unit_test(test_disturbed_trials_do_not_count),
        cmocka_unit_test(test_caps_answer_at_any_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
