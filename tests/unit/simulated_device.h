// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Simulated devices of known truth, for tests of searches against them.
 *
 * SEARCH_SEEDS sets the number of seeds of each device (default 25; the guarantees were checked
 * with 1,000).
 */
#ifndef VRBENCH_TESTS_SIMULATED_DEVICE_H
#define VRBENCH_TESTS_SIMULATED_DEVICE_H

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
    bool apart;        // each network has its own load
    double jitter, stall, stall_loss;
    double noise;       // loss ratio of every trial, at any load
    double random_loss; // probability of the loss of a packet, at any load
    double collapse;    // of the capacity that is forwarded far beyond saturation; 0 = all
    double disturbed;   // probability of a trial that the machine disturbs: it loses half
    double starved;     // part of the load that the tester sends in a disturbed trial; 0 = all
    bool losses_stand;  // a disturbed trial loses what an undisturbed one does, and it is known
    double calm_pps;    // every trial of a larger load is disturbed; 0 = none
    double tester_pps;  // limit of the tester; 0 = none
    double die;         // probability that a router dies
    unsigned trials;
    double trial_s;
};

static inline double draw_uniform(struct device *device)
{
    device->random ^= device->random << 13;
    device->random ^= device->random >> 7;
    device->random ^= device->random << 17;
    return (double)(device->random >> 11) / 9007199254740992.0;
}

static inline double draw_normal(struct device *device)
{
    double radius = sqrt(-2.0 * log(1.0 - draw_uniform(device)));
    return radius * cos(2.0 * M_PI * draw_uniform(device));
}

static inline struct device device_make(uint64_t seed)
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

static inline double device_loss(struct device *device, size_t network, double pps)
{
    double capacity = device->capacity[network] * (1.0 + device->jitter * draw_normal(device));
    if (device->collapse > 0.0 && pps > capacity) {
        double beyond = fmin(1.0, (pps / capacity - 1.0) / 2.0);
        capacity *= 1.0 - (1.0 - device->collapse) * beyond;
    }
    double loss = fmax(device->noise, 1.0 - capacity / pps);
    return draw_uniform(device) < device->stall ? fmax(loss, device->stall_loss) : loss;
}

// A trial's loss ratio with packets that are lost at random.
static inline double device_random_loss(struct device *device, uint64_t sent, double loss)
{
    double mean = (double)sent * device->random_loss;
    if (mean == 0.0 || draw_uniform(device) < exp(-mean)) {
        return loss;
    }
    return fmax(loss, fmax(1.0, round(mean + sqrt(mean) * draw_normal(device))) / (double)sent);
}

static inline struct outcome device_carry(struct device *device, const struct load *load,
                                          struct network_outcome networks[NETWORKS])
{
    struct outcome outcome = {.kind = OUTCOME_GOOD, .networks = networks};
    double seconds = (double)load->duration_ns / (double)NS_PER_S;
    bool disturbed = draw_uniform(device) < device->disturbed ||
                     (device->calm_pps > 0.0 && load->pps > device->calm_pps);
    outcome.network_count = device->networks == 0 ? 1 : device->networks;
    device->trials++;
    device->trial_s += seconds;
    if (draw_uniform(device) < device->die) {
        return (struct outcome){.kind = OUTCOME_DEATH};
    }
    for (size_t i = 0; i < outcome.network_count; i++) {
        double asked = load->each == NULL ? load->pps : load->each[i];
        double sent = device->tester_pps > 0.0 ? fmin(asked, device->tester_pps) : asked;
        assert_true(asked <= load->pps);
        sent *= disturbed && device->starved > 0.0 ? device->starved : 1.0;
        double loss = fmax(0.0, device_loss(device, i, sent));
        networks[i].tx = (uint64_t)(sent * seconds);
        loss = device_random_loss(device, networks[i].tx, loss);
        loss = disturbed && device->starved == 0.0 && !device->losses_stand ? 0.5 : loss;
        networks[i].lost = (uint64_t)((double)networks[i].tx * loss);
        outcome.tx += networks[i].tx;
        outcome.lost += networks[i].lost;
        outcome.unsent += (uint64_t)((asked - sent) * seconds);
    }
    outcome.kind = disturbed ? OUTCOME_DISTURBED : OUTCOME_GOOD;
    outcome.losses_stand = disturbed && device->losses_stand;
    return outcome;
}

static struct search_goal goals[4];
static size_t goal_count;

static inline void use_goals(const char *one, const char *other)
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
static inline struct search *run_search(struct device *device, double first_pps, unsigned most)
{
    const struct throughput_spec spec = {.length = 64,
                                         .goals = goals,
                                         .goal_count = goal_count,
                                         .network_count =
                                             device->networks == 0 ? 1 : device->networks,
                                         .apart = device->apart,
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
static inline double truth(const struct device *device, size_t network, size_t goal)
{
    return device->capacity[network] / (1.0 - goals[goal].loss_ratio);
}

// Whether the bounds hold the truth, up to the device's jitter.
static inline bool bounds_hold(const struct device *device, const struct throughput_result *result,
                               double critical)
{
    double room = device->jitter * critical + 1e-4 * critical; // one packet in a trial
    return result->lower_pps <= critical + room && result->upper_pps >= critical - room;
}

static inline void assert_bounds(const struct device *device, const struct search *search,
                                 size_t network, size_t goal)
{
    struct throughput_result result = throughput_result(search, network, goal);
    assert_int_equal(result.end, THROUGHPUT_REGULAR);
    assert_true(goal_is_narrow(&goals[goal], result.lower_pps, result.upper_pps));
    assert_true(bounds_hold(device, &result, truth(device, network, goal)));
    assert_true(result.conditional_pps <= result.lower_pps);
    assert_true(result.conditional_pps >= result.lower_pps * (1.0 - goals[goal].loss_ratio) - 1.0);
}

// Sanitizers find in a few simulations what they find in many; the build without them counts
// misses.
static inline size_t seeds_wanted(void)
{
#ifdef __SANITIZE_ADDRESS__
    const size_t usual = 4;
#else
    const size_t usual = 25;
#endif
    const char *text = getenv("SEARCH_SEEDS");
    return text == NULL ? usual : (size_t)strtoul(text, NULL, 10);
}

// At most one in a hundred misses the truth, with room for chance where seeds are few.
static inline size_t misses_allowed(size_t seeds)
{
    double mean = 0.01 * (double)seeds;
    return (size_t)(seeds >= 1000 ? mean : mean + 3.0 * sqrt(mean));
}

static inline void use_rule(enum goal_rule rule)
{
    for (size_t i = 0; i < goal_count; i++) {
        goals[i].rule = rule;
    }
}

static const enum goal_rule rules[] = {RULE_SEQUENTIAL, RULE_RFC9971, RULE_BINARY};
#define EACH_RULE(r)                                                                               \
    size_t r = 0;                                                                                  \
    (r) < sizeof rules / sizeof rules[0];                                                          \
    (r)++

#endif
