// SPDX-License-Identifier: GPL-3.0-or-later
// tests of model/: a simulated device whose costs are known gives them back, intervals contain what
// they should, and a set-up beyond the points is not predicted. The random numbers are the same in
// each run of the test.
//
// Runs beside others: it computes only.
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "model/baseline.h"
#include "model/model.h"
#include "model/solve.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "simulated_routers.h"

#ifdef __SANITIZE_ADDRESS__
#define DEVICES 3
#else
#define DEVICES 10
#endif

#define BOTH "[bridged, dedicated]"

// Fits on runs with one and with two routers on `cpus` CPUs.
static struct model *fit_on_cpus(const struct costs *costs, unsigned cpus, const char *lengths,
                                 double noise, double most)
{
    struct point_list lists[2] = {{NULL, 0}, {NULL, 0}};
    struct scenario *scenarios[2];
    struct model_run runs[2];
    for (unsigned i = 0; i < 2; i++) {
        scenarios[i] = scenario_with(i + 1, BOTH, "", "", lengths);
        scenarios[i]->host.cpus = cpus;
        measure_all(costs, scenarios[i], noise, most, &lists[i]);
        runs[i] = (struct model_run){&lists[i], scenarios[i]};
    }
    struct model *model = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(model_fit(runs, 2, 1, &model, &err), 0);
    for (unsigned i = 0; i < 2; i++) {
        point_list_clear(&lists[i]);
        scenario_free(scenarios[i]);
    }
    return model;
}

static struct model *fit_device(const struct costs *costs, const char *lengths, double noise,
                                double most)
{
    return fit_on_cpus(costs, 1, lengths, noise, most);
}

static void assert_within(double value, double expected, double part)
{
    if (!(fabs(value / expected - 1) <= part)) {
        fail_msg("%g is not within %g %% of %g", value, 100 * part, expected);
    }
}

// ---- tests

static void known_costs_are_recovered(void **state)
{
    (void)state;
    state_of_random = 11;
    struct model *model = fit_device(&true_costs, "[64, 1500]", 0.005, 2.0);
    static const double lengths[] = {64, 700, 1500};
    for (size_t i = 0; i < 3; i++) {
        struct model_figure figure;
        assert_true(model_cost(model, "netns", TOPOLOGY_BRIDGED, true, lengths[i], &figure));
        assert_within(figure.value, cost_of_pass(&true_costs.host, lengths[i]), 0.04);
        assert_true(figure.low <= figure.value && figure.value <= figure.high);
        assert_true(model_cost(model, "netns", TOPOLOGY_DEDICATED, false, lengths[i], &figure));
        assert_within(figure.value, cost_of_pass(&true_costs.router, lengths[i]), 0.04);
    }
    struct model_figure none;
    assert_false(model_cost(model, "netns", TOPOLOGY_DEDICATED, true, 64, &none));
    assert_false(model_cost(model, "lxc", TOPOLOGY_BRIDGED, true, 64, &none));
    model_free(model);
}

// Four routers, another length: rates, CPU and the knee are those of the device.
static void larger_setup_is_predicted(void **state)
{
    (void)state;
    state_of_random = 12;
    struct model *model = fit_device(&true_costs, "[64, 1500]", 0.005, 2.0);
    struct scenario *four = scenario_with(4, BOTH, "", "", "[512]");
    for (size_t i = 0; i < 2; i++) {
        _cleanup_model_setup_ struct model_setup setup;
        _cleanup_prediction_ struct prediction prediction;
        model_setup_make(four, four->topologies[i], 512, &setup);
        model_predict(model, &setup, &prediction);
        assert_true(prediction.known);
        assert_int_equal(prediction.curve_count, 4);
        double knee = solve_knee(&true_costs, &setup);
        assert_within(prediction.curves[3].max_pps.value, knee, 0.05);
        assert_true(prediction.curves[3].max_pps.low <= knee * 1.02);
        assert_true(prediction.curves[3].max_pps.high >= knee * 0.98);
        _cleanup_solution_ struct solution at;
        solve_load(&true_costs, &setup, 2 * knee, &at);
        assert_within(prediction.curves[0].received_pps[MODEL_LOADS - 1], at.received[0], 0.2);
        assert_within(prediction.usages[prediction.usage_count - 1].at[MODEL_LOADS - 1], 96, 0.03);
    }
    scenario_free(four);
    model_free(model);
}

// One dedicated router is one thread, which fills one of several CPUs only: these points show the
// limit, and the part of a CPU that is usable.
static void one_thread_does_not_fill_several_cpus(void **state)
{
    (void)state;
    static const unsigned cpus[] = {2, 4};
    for (size_t i = 0; i < 2; i++) {
        state_of_random = 19;
        struct model *model = fit_on_cpus(&true_costs, cpus[i], "[64]", 0.005, 2.0);
        for (unsigned routers = 1; routers <= 4; routers *= 2) {
            struct scenario *asked = scenario_with(routers, BOTH, "", "", "[64]");
            asked->host.cpus = cpus[i];
            for (size_t k = 0; k < 2; k++) {
                _cleanup_model_setup_ struct model_setup setup;
                _cleanup_prediction_ struct prediction prediction;
                model_setup_make(asked, asked->topologies[k], 64, &setup);
                model_predict(model, &setup, &prediction);
                assert_true(prediction.known);
                double knee = solve_knee(&true_costs, &setup);
                assert_within(prediction.curves[0].max_pps.value, knee, 0.06);
                const struct model_usage *total = &prediction.usages[prediction.usage_count - 1];
                _cleanup_solution_ struct solution at;
                solve_load(&true_costs, &setup, 0.5 * knee, &at);
                double percent = 0;
                for (size_t party = 0; party < setup.party_count; party++) {
                    percent += at.percent[party];
                }
                assert_within(total->at[MODEL_LOADS / 4 - 1], percent, 0.08);
            }
            scenario_free(asked);
        }
        model_free(model);
    }
}

static void assert_unknown(const struct model *model, const struct scenario *scenario,
                           enum topology topology, const char *why)
{
    _cleanup_model_setup_ struct model_setup setup;
    _cleanup_prediction_ struct prediction prediction;
    model_setup_make(scenario, topology, scenario->traffic.lengths[0], &setup);
    model_predict(model, &setup, &prediction);
    assert_false(prediction.known);
    assert_int_equal(prediction.curve_count, 0);
    if (strstr(prediction.why_unknown, why) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", prediction.why_unknown, why);
    }
}

// Points of namespaces and of emulated machines, which lose packets in the queues of their taps:
// each platform has costs of its own, and a third one has none.
static void each_platform_has_its_own_costs(void **state)
{
    (void)state;
    state_of_random = 16;
    static const struct costs emulated = {
        .host = {900, 0.04, 4000},
        .router = {21000, 0.4, 9000},
        .latency_ns = 4000,
        .usable = 0.96,
        .upstream = 0.5,
        .full = 1.0,
        .onset = 1.0,
    };
    static const char *const platforms[] = {"netns", "qemu:///system"};
    static const struct costs *const costs[] = {&true_costs, &emulated};
    struct point_list lists[4] = {{NULL, 0}};
    struct scenario *scenarios[4];
    struct model_run runs[4];
    for (unsigned i = 0; i < 4; i++) {
        scenarios[i] = scenario_with(i % 2 + 1, "[bridged]", "", "", "[64, 1500]");
        free(scenarios[i]->platform);
        scenarios[i]->platform = text_copy(platforms[i / 2]);
        measure_all(costs[i / 2], scenarios[i], 0.005, 2.0, &lists[i]);
        runs[i] = (struct model_run){&lists[i], scenarios[i]};
    }
    struct model *model = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(model_fit(runs, 4, 1, &model, &err), 0);
    struct scenario *three = scenario_with(3, "[bridged]", "", "", "[512]");
    for (unsigned i = 0; i < 2; i++) {
        struct model_figure figure;
        assert_true(model_cost(model, platforms[i], TOPOLOGY_BRIDGED, false, 512, &figure));
        assert_within(figure.value, cost_of_pass(&costs[i]->router, 512), 0.04);
        free(three->platform);
        three->platform = text_copy(platforms[i]);
        _cleanup_model_setup_ struct model_setup setup;
        _cleanup_prediction_ struct prediction prediction;
        model_setup_make(three, TOPOLOGY_BRIDGED, 512, &setup);
        model_predict(model, &setup, &prediction);
        assert_true(prediction.known);
        assert_within(prediction.curves[0].max_pps.value, solve_knee(costs[i], &setup), 0.05);
    }
    free(three->platform);
    three->platform = text_copy("lxc:///");
    assert_unknown(model, three, TOPOLOGY_BRIDGED, "no run on platform lxc:///");
    scenario_free(three);
    model_free(model);
    for (unsigned i = 0; i < 4; i++) {
        point_list_clear(&lists[i]);
        scenario_free(scenarios[i]);
    }
}

static void setup_beyond_the_points_is_unknown(void **state)
{
    (void)state;
    state_of_random = 13;
    struct model *model = fit_device(&true_costs, "[64, 256]", 0.005, 2.0);
    struct scenario *asked = scenario_with(3, BOTH, "", "", "[1500]");
    assert_unknown(model, asked, TOPOLOGY_BRIDGED, "IP packets of 1500 bytes");
    asked->traffic.lengths[0] = 256;
    assert_unknown(model, asked, TOPOLOGY_DIRECT, "no router");
    asked->host.cpus = 2;
    assert_unknown(model, asked, TOPOLOGY_BRIDGED, "2 CPUs: the points have 1");
    asked->host.cpus = 1;
    free(asked->platform);
    asked->platform = text_copy("lxc");
    assert_unknown(model, asked, TOPOLOGY_BRIDGED, "no run on platform lxc");
    free(asked->platform);
    asked->platform = text_copy("netns");
    free(asked->traffic.engine);
    asked->traffic.engine = text_copy("xdp");
    assert_unknown(model, asked, TOPOLOGY_BRIDGED, "no point of engine xdp");
    scenario_free(asked);
    asked = scenario_with(3, BOTH, "", "sysctl: { net.ipv4.ip_forward: 1 }", "[256]");
    assert_unknown(model, asked, TOPOLOGY_BRIDGED, "different work");
    scenario_free(asked);
    model_free(model);

    // Points of low loads only do not show the limit.
    asked = scenario_with(3, BOTH, "", "", "[64]");
    model = fit_device(&(struct costs){{600, 0, 1}, {600, 0, 1}, 9000, 0.9, 0, 1, 1}, "[64]", 0.005,
                       0.2);
    assert_unknown(model, asked, TOPOLOGY_BRIDGED, "the limit is not in sight");
    model_free(model);
    scenario_free(asked);
}

// A machine that boots an image of its own forwards by other software: the costs of vrbench's guest
// are not those of the image, and the images of two routers may differ.
static void images_have_costs_of_their_own(void **state)
{
    (void)state;
    static const char *const own[] = {"image: a.qcow2", "image: b.qcow2",
                                      "image: a.qcow2, setup: { serial: s.txt }",
                                      "image: a.qcow2, setup: { cloud_init: u }"};
    struct model_setup setups[5];
    for (size_t i = 0; i < 5; i++) {
        _cleanup_free_ char *text = text_format(
            "name: x\nplatform: qemu:///system\ntopologies: [dedicated]\nrouters: { r1: { %s } }\n"
            "networks: { N1: { router: r1 } }\n"
            "traffic: { engine: packet, lengths: [64], rates: { pps: [1000] } }\n",
            i < 4 ? own[i] : "");
        struct scenario *scenario = parse_good(text);
        model_setup_make(scenario, TOPOLOGY_DEDICATED, 64, &setups[i]);
        scenario_free(scenario);
    }
    for (size_t i = 0; i < 5; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(setups[i].work, setups[k].work);
        }
    }
    assert_string_equal(setups[4].work, "");
    // Runs of vrbench's guest, the last of them, do not predict an image.
    state_of_random = 21;
    struct scenario *guest = scenario_with(1, "[dedicated]", "", "", "[64]");
    free(guest->platform);
    guest->platform = text_copy("qemu:///system");
    struct point_list points = {NULL, 0};
    measure_all(&true_costs, guest, 0.005, 2.0, &points);
    struct model *model = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(model_fit(&(struct model_run){&points, guest}, 1, 1, &model, &err), 0);
    for (size_t i = 0; i < 5; i++) {
        _cleanup_prediction_ struct prediction prediction;
        model_predict(model, &setups[i], &prediction);
        assert_int_equal(prediction.known, i == 4);
        assert_true(i == 4 || strstr(prediction.why_unknown, "the same image") != NULL);
    }
    model_free(model);
    point_list_clear(&points);
    scenario_free(guest);
    for (size_t i = 0; i < 5; i++) {
        model_setup_clear(&setups[i]);
    }
}

// Runs of one scenario file with different caps are different sweeps: losses of the capped router
// are no losses of the other one.
static void changed_scenarios_are_other_sweeps(void **state)
{
    (void)state;
    state_of_random = 20;
    struct point_list lists[2] = {{NULL, 0}, {NULL, 0}};
    struct scenario *scenarios[2];
    struct model_run runs[2];
    for (unsigned i = 0; i < 2; i++) {
        scenarios[i] = scenario_with(1, "[dedicated]", "", i == 0 ? "" : "cap: 20", "[64]");
        measure_all(&true_costs, scenarios[i], 0, 2.0, &lists[i]);
        runs[i] = (struct model_run){&lists[i], scenarios[i]};
    }
    struct model *model = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(model_fit(runs, 2, 1, &model, &err), 0);
    for (unsigned i = 0; i < 2; i++) {
        _cleanup_model_setup_ struct model_setup setup;
        model_setup_make(scenarios[i], TOPOLOGY_DEDICATED, 64, &setup);
        double most = 0;
        for (size_t k = 0; k < lists[i].count; k++) {
            most = fmax(most, (double)lists[i].items[k].networks[0].rx);
        }
        struct baseline_rates rates;
        baseline_predict(model, &setup, BASELINE_NEAREST, &rates);
        assert_within(rates.max_pps[0], most, 1e-3);
        baseline_clear(&rates);
    }
    model_free(model);
    for (unsigned i = 0; i < 2; i++) {
        point_list_clear(&lists[i]);
        scenario_free(scenarios[i]);
    }
}

static void no_point_is_bad_input(void **state)
{
    (void)state;
    struct point_list none = {NULL, 0};
    struct scenario *scenario = scenario_with(1, BOTH, "", "", "[64]");
    struct model *model = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(model_fit(&(struct model_run){&none, scenario}, 1, 1, &model, &err), -EINVAL);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_null(model);
    scenario_free(scenario);
}

// Received packets were offered, and the CPUs bound the work, in set-ups of all kinds.
static void solution_conserves(void **state)
{
    (void)state;
    static const struct {
        unsigned routers;
        const char *host, *router;
    } setups[] = {{1, "", ""},
                  {5, "", "weight: 4096"},
                  {2, ", weight: 4096", ""},
                  {3, "", "cap: 20"},
                  {2, ", cap: 30", "cap: 10"}};
    for (size_t i = 0; i < sizeof setups / sizeof setups[0]; i++) {
        struct scenario *scenario =
            scenario_with(setups[i].routers, BOTH, setups[i].host, setups[i].router, "[64]");
        for (size_t k = 0; k < 2; k++) {
            _cleanup_model_setup_ struct model_setup setup;
            model_setup_make(scenario, scenario->topologies[k], 64, &setup);
            for (double load = 1000; load < 4e6; load *= 1.7) {
                _cleanup_solution_ struct solution at;
                solve_load(&true_costs, &setup, load, &at);
                double sum = 0;
                for (size_t flow = 0; flow < setup.flow_count; flow++) {
                    assert_true(at.received[flow] >= 0 && at.received[flow] <= load * 1.000001);
                }
                for (size_t party = 0; party < setup.party_count; party++) {
                    unsigned cap = setup.parties[party].cap;
                    assert_true(at.percent[party] >= 0);
                    assert_true(cap == 0 || at.percent[party] <= cap + 1e-6);
                    sum += at.percent[party];
                }
                assert_true(sum <= 100.5);
            }
        }
        scenario_free(scenario);
    }
}

// In overload, more weight never means a lower rate.
static void rate_grows_with_weight(void **state)
{
    (void)state;
    double before = 0;
    for (unsigned weight = 16; weight <= 65535; weight *= 4) {
        char text[32];
        snprintf(text, sizeof text, "weight: %u", weight);
        struct scenario *scenario = scenario_with(3, "[dedicated]", "", text, "[64]");
        _cleanup_model_setup_ struct model_setup setup;
        _cleanup_solution_ struct solution at;
        model_setup_make(scenario, TOPOLOGY_DEDICATED, 64, &setup);
        solve_load(&true_costs, &setup, 1e6, &at);
        assert_true(at.received[0] >= before * 0.999);
        before = at.received[0];
        scenario_free(scenario);
    }
    assert_true(before > 6e5); // nearly the whole CPU
}

// The last load's interval of each flow contains what is received, however much of the contended
// CPU time earlier stages take first.
static void assert_covers_upstream(const struct model_setup *setup,
                                   const struct prediction *prediction)
{
    for (unsigned i = 0; i <= 10; i++) {
        struct costs costs = true_costs;
        costs.upstream = i / 10.0;
        _cleanup_solution_ struct solution at;
        const size_t last = MODEL_LOADS - 1;
        solve_load(&costs, setup, prediction->curves[0].offered_pps[last], &at);
        for (size_t flow = 0; flow < setup->flow_count; flow++) {
            // The ends are those of fitted costs, which have an error of their own.
            assert_true(prediction->curves[flow].low_pps[last] <= at.received[flow] * 1.03);
            assert_true(prediction->curves[flow].high_pps[last] >= at.received[flow] * 0.97);
        }
    }
}

// Points that end shortly after the knee do not determine which stages waste work beyond it: the
// interval contains what is received if the earlier ones take all contended CPU time, and if none.
static void overload_beyond_the_points_is_uncertain(void **state)
{
    (void)state;
    state_of_random = 17;
    struct model *model = fit_device(&true_costs, "[64]", 0.005, 1.1);
    struct scenario *two = scenario_with(2, "[bridged]", "", "", "[64]");
    _cleanup_model_setup_ struct model_setup setup;
    _cleanup_prediction_ struct prediction prediction;
    model_setup_make(two, TOPOLOGY_BRIDGED, 64, &setup);
    model_predict(model, &setup, &prediction);
    assert_true(prediction.known);
    assert_covers_upstream(&setup, &prediction);
    const struct model_curve *curve = &prediction.curves[0];
    size_t below = 6; // 0.7 times the knee
    assert_true(curve->high_pps[below] - curve->low_pps[below] < 0.1 * curve->received_pps[below]);
    // Here one flow gets more if earlier stages take all: it ends where the other has yet to pass
    // r3.
    struct scenario *uneven = parse_good(
        "name: x\ntopologies: [dedicated]\nhost: { cpus: 1 }\nrouters: { r1: {}, r2: {}, r3: {} }\n"
        "networks: { A: { router: r1 }, B: { routers: [r2, r3] } }\n"
        "traffic: { engine: packet, lengths: [64], rates: { pps: [1000] } }\n");
    _cleanup_model_setup_ struct model_setup paths;
    _cleanup_prediction_ struct prediction of_paths;
    model_setup_make(uneven, TOPOLOGY_DEDICATED, 64, &paths);
    model_predict(model, &paths, &of_paths);
    assert_true(of_paths.known);
    assert_covers_upstream(&paths, &of_paths);
    scenario_free(uneven);
    scenario_free(two);
    model_free(model);
}

// The more networks beyond those that were measured, the lower the lower ends.
static void more_networks_are_less_certain(void **state)
{
    (void)state;
    state_of_random = 18;
    struct model *model = fit_device(&true_costs, "[64]", 0.005, 2.0);
    double before = 1.0;
    for (unsigned routers = 2; routers <= 16; routers *= 2) {
        struct scenario *scenario = scenario_with(routers, "[bridged]", "", "", "[64]");
        _cleanup_model_setup_ struct model_setup setup;
        _cleanup_prediction_ struct prediction prediction;
        model_setup_make(scenario, TOPOLOGY_BRIDGED, 64, &setup);
        model_predict(model, &setup, &prediction);
        const struct model_figure *most = &prediction.curves[0].max_pps;
        const struct model_figure *throughput = &prediction.curves[0].throughput_pps;
        assert_true(most->low / most->value < before);
        assert_true(routers == 2 || throughput->low < 0.9 * throughput->value);
        before = most->low / most->value - 0.02;
        scenario_free(scenario);
    }
    model_free(model);
}

// At its cap a router waits for CPU, however little a packet costs.
static void costs_at_a_cap_are_not_known(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_with(1, "[dedicated]", "", "cap: 20", "[64]");
    struct point_list list = {NULL, 0};
    const struct model_run run = {&list, scenario};
    struct model_figure cost;
    struct model *model = NULL;
    _cleanup_model_setup_ struct model_setup setup;
    model_setup_make(scenario, TOPOLOGY_DEDICATED, 64, &setup);
    double knee = solve_knee(&true_costs, &setup);
    for (double load = 1.0; load < 2.0; load += 0.1) {
        measure(&true_costs, scenario, &setup, load * knee, 0.0, &list);
    }
    assert_int_equal(model_fit(&run, 1, 1, &model, NULL), 0);
    assert_false(model_cost(model, "netns", TOPOLOGY_DEDICATED, false, 64, &cost));
    model_free(steal_pointer(&model));
    measure(&true_costs, scenario, &setup, 0.3 * knee, 0.0, &list);
    assert_int_equal(model_fit(&run, 1, 1, &model, NULL), 0);
    assert_true(model_cost(model, "netns", TOPOLOGY_DEDICATED, false, 64, &cost));
    model_free(model);
    point_list_clear(&list);
    scenario_free(scenario);
}

// A capped router works for a part of the time: its rate is that of its cap with as many wake-ups
// as it has without one.
static void cap_limits_the_rate(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_with(1, "[dedicated]", "", "cap: 40", "[64]");
    _cleanup_model_setup_ struct model_setup setup;
    model_setup_make(scenario, TOPOLOGY_DEDICATED, 64, &setup);
    _cleanup_solution_ struct solution low;
    solve_load(&true_costs, &setup, 20000, &low);
    assert_within(low.received[0], 20000, 1e-6);
    _cleanup_solution_ struct solution high;
    solve_load(&true_costs, &setup, 1e6, &high);
    assert_within(high.percent[1], 40, 1e-6);
    double idle = 1 - 1e6 * 804e-9;
    double wakeups = 2500.0 / 4000.0; // one for each latency
    assert_within(high.received[0], 1e6 * 0.4 / (1 - idle * (1 - wakeups)), 0.05);
    scenario_free(scenario);
}

// Whatever the load is, a router passes at most what its cap carries without wake-ups, what its
// share by weight carries, or what one CPU carries.
static void no_load_exceeds_the_cpu(void **state)
{
    (void)state;
    static const struct {
        const char *platform;
        unsigned routers, cpus;
        const char *router;
        double part; // of one CPU, for the first router
    } known[] = {{"netns", 1, 1, "cap: 40", 0.4},
                 {"netns", 1, 1, "cap: 100", 0.96},
                 {"netns", 2, 1, "cap: 40", 0.4},
                 {"netns", 2, 1, "weight: 2560", 0.96 * 10 / 11},
                 {"netns", 2, 2, "weight: 2560", 0.96},
                 {"qemu:///system", 2, 1, "weight: 2560", 0.96 * 10 / 11},
                 {"qemu:///system", 2, 1, "weight: 2560, cap: 40", 0.4}};
    const double ns = cost_of_pass(&true_costs.router, 64);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct scenario *scenario =
            scenario_with(known[i].routers, "[dedicated]", "", known[i].router, "[64]");
        free(scenario->platform);
        scenario->platform = text_copy(known[i].platform);
        scenario->host.cpus = known[i].cpus;
        _cleanup_model_setup_ struct model_setup setup;
        model_setup_make(scenario, TOPOLOGY_DEDICATED, 64, &setup);
        const double most = known[i].part * 1e9 / ns;
        assert_true(solve_knee(&true_costs, &setup) <= most * 1.001);
        double received = 0;
        for (double load = 1e5; load < 3e7; load *= 2) {
            _cleanup_solution_ struct solution at;
            solve_load(&true_costs, &setup, load, &at);
            if (at.received[0] > most * 1.001) {
                fail_msg("case %zu: %g of %g packets/s", i, at.received[0], load);
            }
            received = at.received[0];
        }
        assert_within(received, most, 0.05);
        scenario_free(scenario);
    }
}

// The cap of a virtual machine is a quota: while the machine stands still packets wait in its
// queue, and it needs no wake-ups for them. So it loses nothing where a namespace would, up to a
// rate that its cap carries without wake-ups; with loads below its need the cap has no effect.
static void cap_of_a_machine_is_a_quota(void **state)
{
    (void)state;
    static const struct {
        double load, received, percent;
    } known[] = {{20e3, 20e3, NAN}, {150e3, 150e3, 40}, {1e6, 0.4 / 804e-9, 40}};
    struct scenario *scenario = scenario_with(1, "[dedicated]", "", "cap: 40", "[64]");
    free(scenario->platform);
    scenario->platform = text_copy("qemu:///system");
    _cleanup_model_setup_ struct model_setup machine;
    model_setup_make(scenario, TOPOLOGY_DEDICATED, 64, &machine);
    assert_true(machine.parties[1].quota);
    assert_false(machine.parties[MODEL_HOST].quota);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        _cleanup_solution_ struct solution at;
        solve_load(&true_costs, &machine, known[i].load, &at);
        assert_within(at.received[0], known[i].received, 0.01);
        assert_true(at.percent[1] <= 40 + 1e-6);
        assert_true(isnan(known[i].percent) || at.percent[1] > known[i].percent * 0.99);
    }
    machine.parties[1].quota = false; // a namespace
    _cleanup_solution_ struct solution other;
    solve_load(&true_costs, &machine, 150e3, &other);
    assert_true(other.received[0] < 0.95 * 150e3);
    scenario_free(scenario);
}

// A router with more weight than all others wakes up as soon as a packet arrives, so it needs more
// CPU for the same packets; it loses none as long as that is less than its share.
static void heavier_router_wakes_more_often(void **state)
{
    (void)state;
    struct scenario *equal = scenario_with(2, "[dedicated]", "", "", "[64]");
    struct scenario *unequal = scenario_with(2, "[dedicated]", "", "weight: 2560", "[64]");
    _cleanup_model_setup_ struct model_setup first;
    _cleanup_model_setup_ struct model_setup second;
    model_setup_make(equal, TOPOLOGY_DEDICATED, 64, &first);
    model_setup_make(unequal, TOPOLOGY_DEDICATED, 64, &second);
    for (double load = 100e3; load < 550e3; load += 100e3) {
        _cleanup_solution_ struct solution same;
        _cleanup_solution_ struct solution other;
        solve_load(&true_costs, &first, load, &same);
        solve_load(&true_costs, &second, load, &other);
        assert_within(same.percent[1], same.percent[2], 1e-6);
        assert_true(other.percent[1] > same.percent[1]);
        assert_true(other.percent[1] + other.percent[2] <= 96.0 + 1e-6);
        assert_within(other.received[0], load, 1e-6);
        assert_true(other.received[1] <= load * (1 + 1e-9));
    }
    scenario_free(equal);
    scenario_free(unequal);
}

// A path through three routers costs three passes, and in bridged four of the host.
static void path_of_routers_adds_up(void **state)
{
    (void)state;
    struct scenario *scenario = parse_good(
        "name: x\ntopologies: [bridged, dedicated]\nrouters: { r1: {}, r2: {}, r3: {} }\n"
        "networks: { A: { routers: [r1, r2, r3] } }\n"
        "traffic: { lengths: [64], rates: { pps: [1000] } }\n");
    double router = cost_of_pass(&true_costs.router, 64);
    double host = cost_of_pass(&true_costs.host, 64);
    static const size_t bridged[] = {0, 1, 0, 2, 0, 3, 0};
    for (size_t i = 0; i < 2; i++) {
        _cleanup_model_setup_ struct model_setup setup;
        model_setup_make(scenario, scenario->topologies[i], 64, &setup);
        bool bridges = scenario->topologies[i] == TOPOLOGY_BRIDGED;
        assert_int_equal(setup.flows[0].stage_count, bridges ? 7 : 3);
        for (size_t k = 0; bridges && k < 7; k++) {
            assert_int_equal(setup.flows[0].stages[k], bridged[k]);
        }
        double ns = 3 * router + (bridges ? 4 * host : 0);
        assert_within(solve_knee(&true_costs, &setup), 0.96e9 / ns, 0.001);
    }
    scenario_free(scenario);
}

// The interval of a cost contains the true cost about as often as it says.
static void intervals_cover(void **state)
{
    (void)state;
    state_of_random = 14;
    unsigned held = 0;
    for (unsigned i = 0; i < DEVICES; i++) {
        struct model *model = fit_device(&true_costs, "[64, 1500]", 0.03, 2.0);
        struct model_figure figure;
        assert_true(model_cost(model, "netns", TOPOLOGY_DEDICATED, false, 64, &figure));
        double cost = cost_of_pass(&true_costs.router, 64);
        held += figure.low <= cost && cost <= figure.high;
        model_free(model);
    }
    assert_true(held >= DEVICES / 2 + DEVICES / 5);
}

static void baselines_follow_their_definitions(void **state)
{
    (void)state;
    state_of_random = 15;
    struct costs exact = true_costs;
    exact.host.wakeup = exact.router.wakeup = 1e-3;
    exact.upstream = 0;
    struct model *model = fit_device(&exact, "[64]", 0, 2.0);
    struct scenario *four = scenario_with(4, "[dedicated]", "", "weight: 512", "[64]");
    _cleanup_model_setup_ struct model_setup setup;
    model_setup_make(four, TOPOLOGY_DEDICATED, 64, &setup);
    double solo = 0.96e9 / cost_of_pass(&exact.router, 64);
    static const double expected[BASELINE_COUNT] = {
        [BASELINE_SOLO] = 0.25,      [BASELINE_SHARE] = 0.4,   [BASELINE_CONSTANT] = 0.4 / 0.96,
        [BASELINE_REGRESSION] = NAN, [BASELINE_NEAREST] = 0.5, [BASELINE_USL] = 0.25,
    };
    for (size_t i = 0; i < BASELINE_COUNT; i++) {
        struct baseline_rates rates;
        baseline_predict(model, &setup, (enum baseline)i, &rates);
        if (isfinite(expected[i])) {
            assert_within(rates.max_pps[0], expected[i] * solo, 0.03);
        } else {
            assert_true(isfinite(rates.max_pps[0]));
        }
        baseline_clear(&rates);
    }
    // Runs with another engine are no base of a comparison.
    free(setup.engine);
    setup.engine = text_copy("xdp");
    struct baseline_rates other;
    baseline_predict(model, &setup, BASELINE_SOLO, &other);
    assert_true(isnan(other.max_pps[0]) && isnan(other.throughput_pps[0]));
    baseline_clear(&other);
    scenario_free(four);
    model_free(model);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_costs_are_recovered),
        cmocka_unit_test(larger_setup_is_predicted),
        cmocka_unit_test(one_thread_does_not_fill_several_cpus),
        cmocka_unit_test(each_platform_has_its_own_costs),
        cmocka_unit_test(setup_beyond_the_points_is_unknown),
        cmocka_unit_test(images_have_costs_of_their_own),
        cmocka_unit_test(changed_scenarios_are_other_sweeps),
        cmocka_unit_test(no_point_is_bad_input),
        cmocka_unit_test(solution_conserves),
        cmocka_unit_test(rate_grows_with_weight),
        cmocka_unit_test(overload_beyond_the_points_is_uncertain),
        cmocka_unit_test(more_networks_are_less_certain),
        cmocka_unit_test(costs_at_a_cap_are_not_known),
        cmocka_unit_test(cap_limits_the_rate),
        cmocka_unit_test(no_load_exceeds_the_cpu),
        cmocka_unit_test(cap_of_a_machine_is_a_quota),
        cmocka_unit_test(heavier_router_wakes_more_often),
        cmocka_unit_test(path_of_routers_adds_up),
        cmocka_unit_test(intervals_cover),
        cmocka_unit_test(baselines_follow_their_definitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
