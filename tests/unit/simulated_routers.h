// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Simulated routers whose costs are known, and the points that a run of them gives. For tests of
 * the model, which include cmocka.h before this.
 */
#ifndef VRBENCH_TESTS_SIMULATED_ROUTERS_H
#define VRBENCH_TESTS_SIMULATED_ROUTERS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "base/text.h"
#include "model/model.h"
#include "model/solve.h"

#include "scenario_text.h"

static const struct costs true_costs = {
    .host = {620, 0.04, 3000},
    .router = {800, 0.06, 2500},
    .latency_ns = 4000,
    .usable = 0.96,
    .upstream = 0.5,
    .full = 1.0,
    .onset = 1.0,
};

// ---- a simulated device

static uint64_t state_of_random;

static inline double random_even(void)
{
    state_of_random = state_of_random * 6364136223846793005U + 1442695040888963407U;
    return ((double)(state_of_random >> 11) + 0.5) / 9007199254740992.0;
}

static inline double random_normal(void)
{
    return sqrt(-2 * log(random_even())) * cos(2 * M_PI * random_even());
}

static inline struct scenario *scenario_with(unsigned routers, const char *topologies,
                                             const char *host, const char *router,
                                             const char *lengths)
{
    char text[2048];
    int at =
        snprintf(text, sizeof text, "name: s%u\ntopologies: %s\nhost: { cpus: 1%s }\nrouters:\n",
                 routers, topologies, host);
    for (unsigned i = 1; i <= routers; i++) {
        at += snprintf(text + at, sizeof text - (size_t)at, "  r%u: { %s }\n", i,
                       i == 1 ? router : "");
    }
    at += snprintf(text + at, sizeof text - (size_t)at, "networks:\n");
    for (unsigned i = 1; i <= routers; i++) {
        at += snprintf(text + at, sizeof text - (size_t)at, "  N%u: { router: r%u }\n", i, i);
    }
    snprintf(text + at, sizeof text - (size_t)at,
             "traffic: { engine: packet, lengths: %s, rates: { pps: [1000] } }\n", lengths);
    return parse_good(text);
}

// What the place is called before the first router's stage, the router's, and the host's second
// one, of the flow with that number.
static inline char *name_place(const struct model_setup *setup, size_t flow, size_t stage)
{
    if (setup->topology != TOPOLOGY_BRIDGED) {
        return text_format("r%zu:eth0 receive ring", flow + 1);
    }
    if (stage == 1) {
        return text_equal(setup->platform, "netns")
                   ? text_format("r%zu:eth0 receive ring", flow + 1)
                   : text_format("host:vif%zu.0 tap queue", flow + 1);
    }
    return stage == 0 ? text_format("host:nic%zu receive ring", 2 * flow)
                      : text_format("host:vif%zu.1 receive ring", flow + 1);
}

// The point that the device gives: CPU figures and rates have an error of `noise`.
static inline void measure(const struct costs *costs, const struct scenario *scenario,
                           const struct model_setup *setup, double load, double noise,
                           struct point_list *list)
{
    _cleanup_solution_ struct solution solution;
    solve_load(costs, setup, load, &solution);
    struct point point = {
        .scenario = text_copy(scenario->name),
        .topology = text_copy(topology_name(setup->topology)),
        .platform = text_copy(setup->platform),
        .engine = text_copy("packet"),
        .length = setup->length,
        .length_layer = text_copy("ip"),
        .duration_s = 1,
        .requested_pps = load,
        .networks = memory_new_array(struct network_result, setup->flow_count),
        .cpu = memory_new_array(struct cpu_result, setup->party_count),
        .drops = memory_new_array(struct drop_result, 3 * setup->flow_count),
        .valid = true,
        .attempts = 1,
    };
    for (size_t i = 0; i < setup->flow_count; i++) {
        uint64_t tx = (uint64_t)load;
        double received = solution.received[i] < load * (1 - 1e-4)
                              ? solution.received[i] * (1 + noise * random_normal())
                              : load;
        uint64_t rx = received < load ? (uint64_t)received : tx;
        point.networks[point.network_count++] = (struct network_result){
            .name = text_copy(setup->flows[i].name),
            .router = text_copy(setup->parties[i + 1].name),
            .tx = tx,
            .rx = rx,
            .lost = tx - rx,
            .offered_pps = (double)tx,
            .forwarded_pps = (double)rx,
        };
    }
    for (size_t i = 0; i < setup->party_count; i++) {
        double percent = solution.percent[i] * (1 + noise * random_normal());
        point.cpu[point.cpu_count++] =
            (struct cpu_result){.name = text_copy(setup->parties[i].name), .percent = percent};
        point.cpu_total_percent += percent;
    }
    bool bridged = setup->topology == TOPOLOGY_BRIDGED;
    for (size_t i = 0; i < setup->flow_count; i++) {
        uint64_t left = point.networks[i].lost;
        for (size_t k = 0; k < 3 && left > 0; k++) {
            double part = solution.lost[k] / (double)setup->flow_count;
            uint64_t count = k == 2 || !bridged ? left : (uint64_t)fmin(part, (double)left);
            point.drops[point.drop_count++] =
                (struct drop_result){.where = name_place(setup, i, k), .count = count};
            left -= count;
        }
    }
    point_list_add(list, &point);
}

static inline void measure_all(const struct costs *costs, const struct scenario *scenario,
                               double noise, double most, struct point_list *list)
{
    for (size_t i = 0; i < scenario->topology_count; i++) {
        for (size_t k = 0; k < scenario->traffic.length_count; k++) {
            _cleanup_model_setup_ struct model_setup setup;
            model_setup_make(scenario, scenario->topologies[i], scenario->traffic.lengths[k],
                             &setup);
            double knee = solve_knee(costs, &setup);
            for (double load = 0.1; load <= most; load += 0.3) {
                measure(costs, scenario, &setup, load * knee, noise, list);
            }
        }
    }
}

#endif
