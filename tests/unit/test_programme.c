// SPDX-License-Identifier: GPL-3.0-or-later
// tests of study/programme — every run of the programme, scaled by made-up results of the study's
// scenarios, is a scenario that reads; and of what it is made.
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
#include "scenario/scenario.h"
#include "study/blueprint.h"
#include "study/claims.h"
#include "study/machines.h"
#include "study/programme.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define ALL          ((2U << CLAIM_COUNT) - 2U)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct study_run runs[8];
static struct study_results results;

static void put(struct point_list *list, const char *topology, unsigned length, unsigned step,
                double pps, double loss, double host, double router, unsigned routers)
{
    struct point point = {.scenario = text_copy("made"),
                          .topology = text_copy(topology),
                          .platform = text_copy("netns"),
                          .engine = text_copy("packet"),
                          .length_layer = text_copy("ip"),
                          .length = length,
                          .step = step,
                          .requested_pps = pps,
                          .valid = true};
    point.networks = memory_new_array(struct network_result, routers);
    point.cpu = memory_new_array(struct cpu_result, routers + 1);
    for (unsigned i = 0; i < routers; i++) {
        uint64_t lost = (uint64_t)(loss * 1e6);
        point.networks[point.network_count++] =
            (struct network_result){.name = text_format("NET%u", i),
                                    .tx = 1000000,
                                    .rx = 1000000 - lost,
                                    .lost = lost,
                                    .forwarded_pps = pps * (1.0 - loss)};
        point.cpu[point.cpu_count++] =
            (struct cpu_result){.name = text_format("r%ut3", i + 1), .percent = router};
        point.cpu_total_percent += router;
    }
    point.cpu[point.cpu_count++] = (struct cpu_result){.name = text_copy("host"), .percent = host};
    point.cpu_total_percent += host;
    point_list_add(list, &point);
}

// A scenario's sweep: 100,000 packets/s carried, half with two routers; only short packets fill
// the CPU.
// What direct carries at 256 and 1500 B, as a multiple of the other topologies.
static double direct_carries = 5;
// What the topologies carry, as a multiple of the usual.
static double carried_times = 1;

static void put_scenario(struct study_run *run, unsigned routers)
{
    static const unsigned lengths[] = {64, 256, 1500};
    static const char *const topologies[] = {"direct", "bridged", "dedicated"};
    for (size_t t = 0; t < 3; t++) {
        for (size_t i = 0; i < 3; i++) {
            double carried = 100000.0 * carried_times / routers;
            double full = lengths[i] <= 256 && t == 1 ? 95 : 60;
            if (t == 0) {
                carried *= lengths[i] == 64 ? 8 : direct_carries;
            }
            put(&run->points, topologies[t], lengths[i], 0, carried / 2, 0, 20, 10, routers);
            put(&run->points, topologies[t], lengths[i], 1, carried, 0.002, 40, 20, routers);
            put(&run->points, topologies[t], lengths[i], 2, carried * 1.25, 0.2, full * 0.6,
                full * 0.4 / routers, routers);
        }
    }
}

static int set_up(void **state)
{
    (void)state;
    results = (struct study_results){.runs = runs, .run_count = 7, .dut_cpus = 1};
    memset(runs, 0, sizeof runs);
    runs[0].name = "scenario-1";
    runs[1].name = "scenario-2";
    runs[2].name = "bridged-control";
    runs[3].name = "dedicated-control";
    runs[4].name = "two-bridged-control";
    runs[5].name = "two-dedicated-control";
    put_scenario(&runs[0], 1);
    put_scenario(&runs[1], 2);
    put(&runs[2].points, "bridged", 1500, 2, 50000, 0, 41, 20, 1);
    put(&runs[3].points, "dedicated", 1500, 2, 50000, 0, 0, 30, 1);
    put(&runs[4].points, "bridged", 64, 0, 25000, 0, 50, 12, 2);
    put(&runs[4].points, "bridged", 256, 0, 25000, 0, 50, 12, 2);
    put(&runs[5].points, "dedicated", 256, 0, 25000, 0, 0, 15, 2);
    runs[6].name = "slow-router";
    put(&runs[6].points, "dedicated", 64, 2, 100000, 0.1, 0, 90, 1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 7; i++) {
        point_list_clear(&runs[i].points);
    }
    return 0;
}

static const struct programme_row *row_named(const char *name)
{
    for (size_t i = 0; i < programme_count; i++) {
        if (strcmp(programme_name(programme_row(i)), name) == 0) {
            return programme_row(i);
        }
    }
    fail_msg("no run %s", name);
    return NULL;
}

// The run as a scenario; *ret_note (may be NULL) is the caller's.
static struct scenario *drawn(const struct programme_row *row, const struct timing *timing,
                              char **ret_note)
{
    char *yaml = NULL;
    char *note = NULL;
    struct error err = ERROR_INIT;
    if (programme_draw(row, timing, "netns", &results, &yaml, &note, &err) < 0) {
        fail_msg("%s: %s", programme_name(row), err.text);
    }
    struct scenario *scenario = NULL;
    struct scenario_problems problems;
    int rc = scenario_parse(yaml, strlen(yaml), 2, &scenario, &problems);
    bool only_caps = true; // that this version may refuse
    for (size_t i = 0; i < problems.count; i++) {
        only_caps = only_caps && strstr(problems.items[i].text, "cap") != NULL;
    }
    if (rc < 0 && !only_caps) {
        fail_msg("%s: %s\n%s", programme_name(row), problems.items[0].text, yaml);
    }
    scenario_problems_clear(&problems);
    if (ret_note == NULL) {
        free(note);
    } else {
        *ret_note = note;
    }
    free(yaml);
    return scenario;
}

static void test_every_run_reads(void **state)
{
    (void)state;
    const struct timing *const timings[] = {&timing_default, &timing_quick};
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < programme_count; i++) {
            if (programme_is_wanted(programme_row(i), timings[t], ALL)) {
                struct scenario *scenario = drawn(programme_row(i), timings[t], NULL);
                if (scenario != NULL) {
                    assert_string_equal(scenario->name, programme_name(programme_row(i)));
                    assert_true(scenario->network_count == scenario->router_count);
                }
                scenario_free(scenario);
            }
        }
    }
}

static void test_study_timing(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario =
        drawn(row_named("scenario-1"), &timing_study, NULL);
    assert_non_null(scenario);
    double *pps = NULL;
    assert_int_equal(scenario_rates(&scenario->traffic, 1500, &pps), 26);
    free(pps);
    assert_true(scenario->traffic.duration_ns == 15000000000ULL);
    assert_true(programme_is_wanted(row_named("scale-1"), &timing_study, ALL));
    assert_false(programme_is_wanted(row_named("scale-1"), &timing_quick, ALL));
    assert_int_equal(programme_pause(row_named("scenario-1"), &timing_study), 35);
    assert_int_equal(programme_pause(row_named("scenario-1"), &timing_quick), 0);
}

static void test_monitoring(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario =
        drawn(row_named("monitoring"), &timing_quick, NULL);
    assert_non_null(scenario);
    assert_int_equal(scenario->method, METHOD_MONITORED);
    assert_int_equal(scenario->traffic.rates.pps_count, 2);
    assert_true(scenario->traffic.duration_ns == 3000000000ULL);
    assert_true(programme_is_monitored(row_named("monitoring")));
    assert_false(programme_is_monitored(row_named("overload")));
    assert_true(programme_is_wanted(row_named("monitoring"), &timing_quick, 1U << 10));
    assert_false(programme_is_wanted(row_named("overload"), &timing_quick, 1U << 10));
}

static void test_scaling(void **state)
{
    (void)state;
    char *note = NULL;
    struct scenario *scenario = drawn(row_named("router-priority"), &timing_default, &note);
    assert_non_null(scenario);
    assert_int_equal(scenario->traffic.lengths[0], 256); // 1500 B do not fill the CPU
    assert_non_null(strstr(note, "at 256 B it does not"));
    assert_int_equal(scenario->routers[0].allocation.weight, 2048);
    assert_int_equal(scenario->host.allocation.weight, 256);
    assert_true(scenario->traffic.rates.pps[0] == 140000);
    scenario_free(scenario);
    free(note);

    scenario = drawn(row_named("router-priority"), &timing_quick, &note);
    assert_non_null(scenario);
    assert_int_equal(scenario->traffic.lengths[0], 64);
    scenario_free(scenario);
    free(note);

    scenario = drawn(row_named("r2t3-priority"), &timing_default, &note);
    assert_non_null(scenario);
    assert_int_equal(scenario->topologies[0], TOPOLOGY_BRIDGED); // dedicated is not filled either
    assert_non_null(strstr(note, "bridged at 256 B"));
    assert_int_equal(scenario->routers[0].allocation.weight, 32);
    assert_int_equal(scenario->routers[1].allocation.weight, 256);
    assert_int_equal(scenario->traffic.rates.pps_count, 3);
    scenario_free(scenario);
    free(note);

    char *yaml = NULL;
    assert_int_equal(programme_draw(row_named("host-capped"), &timing_quick, "netns", &results,
                                    &yaml, &note, NULL),
                     0);
    assert_non_null(strstr(yaml, "host: { cpus: 1, cap: 21 }")); // half of 41, rounded
    assert_non_null(strstr(note, "needs 41.0 %"));
    free(yaml);
    free(note);
    assert_int_equal(programme_draw(row_named("router-capped-2"), &timing_quick, "netns", &results,
                                    &yaml, &note, NULL),
                     0);
    assert_non_null(strstr(yaml, "r1t3: { cap: 8 }"));
    assert_non_null(strstr(yaml, "r2t3: { }"));
    free(yaml);
    free(note);
}

// A run is compared with a control at the control's loads, even if the sweeps were measured again
// in between with other results.
static void test_loads_of_control(void **state)
{
    (void)state;
    static const struct {
        const char *run, *control;
        size_t from, count; // of the control's loads
    } pairs[] = {{"routers-2", "routers-1", 0, 1},
                 {"routers-4", "routers-1", 0, 1},
                 {"router-capped", "dedicated-control", 0, 3},
                 {"host-priority", "priority-control", 0, 3},
                 {"router-priority", "priority-control", 0, 3},
                 {"host-capped-2", "two-bridged-control", 0, 1},
                 {"r2t3-priority", "two-bridged-control", 1, 3},
                 {"shares-moved", "shares-static", 0, 1}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        tear_down(NULL);
        set_up(NULL);
        struct scenario *control = drawn(row_named(pairs[i].control), &timing_default, NULL);
        assert_non_null(control);
        assert_true(control->traffic.rates.pps_count >= pairs[i].from + pairs[i].count);
        for (size_t k = 0; k < 2; k++) {
            point_list_clear(&runs[k].points);
            carried_times = 0.8; // and the tester is too slow for other lengths than 64 B
            direct_carries = 2;
            put_scenario(&runs[k], (unsigned)k + 1);
            carried_times = 1;
            direct_carries = 5;
        }
        for (size_t k = 0; k < runs[6].points.count; k++) {
            runs[6].points.items[k].networks[0].forwarded_pps *= 0.8;
        }
        const unsigned length = control->traffic.lengths[0];
        const double *pps = control->traffic.rates.pps;
        const size_t last = pairs[i].count - 1;
        struct study_run *made = &runs[7];
        for (size_t k = 0; k < 7; k++) {
            made = strcmp(runs[k].name, pairs[i].control) == 0 ? &runs[k] : made;
        }
        if (made != &runs[7]) { // its points are what a cap is scaled by
            point_list_clear(&made->points);
            put(&made->points, topology_name(control->topologies[0]), length, 0, pps[last], 0, 50,
                30, (unsigned)control->router_count);
        }
        made->name = pairs[i].control;
        made->scenario = control;
        results.run_count = 8;
        char *note = NULL;
        struct scenario *run = drawn(row_named(pairs[i].run), &timing_default, &note);
        assert_non_null(run);
        assert_int_equal(run->topologies[0], control->topologies[0]);
        assert_int_equal(run->topology_count, control->topology_count);
        assert_int_equal(run->traffic.lengths[0], length);
        assert_int_equal(run->traffic.rates.pps_count, pairs[i].count);
        for (size_t k = 0; k < pairs[i].count; k++) {
            assert_true(run->traffic.rates.pps[k] == pps[pairs[i].from + k]);
        }
        assert_int_equal(run->traffic.repeats, control->traffic.repeats);
        scenario_free(run);
        free(note);
        scenario_free(control);
    }
}

// How a run was scaled is read from its file.
static void test_note_of_file(void **state)
{
    (void)state;
    char *yaml = NULL;
    char *note = NULL;
    assert_int_equal(programme_draw(row_named("host-capped"), &timing_quick, "netns", &results,
                                    &yaml, &note, NULL),
                     0);
    char *read = blueprint_note(yaml);
    assert_non_null(read);
    assert_string_equal(read, note);
    assert_null(blueprint_note("# vrbench reproduce: memory: one router.\nname: memory-1\n"));
    assert_null(blueprint_note(""));
    free(read);
    free(yaml);
    free(note);
}

// Where direct carries little more, the tester may be the limit: shorter packets serve.
static void test_tester_headroom(void **state)
{
    (void)state;
    char *note = NULL;
    point_list_clear(&runs[0].points);
    direct_carries = 2;
    put_scenario(&runs[0], 1);
    direct_carries = 5;
    struct scenario *scenario = drawn(row_named("router-priority"), &timing_default, &note);
    assert_non_null(scenario);
    assert_int_equal(scenario->traffic.lengths[0], 64);
    assert_non_null(strstr(note, "at 64 B it does not"));
    scenario_free(scenario);
    free(note);
}

static void test_nothing_to_scale_by(void **state)
{
    (void)state;
    point_list_clear(&runs[0].points);
    struct error err = ERROR_INIT;
    char *yaml = NULL;
    char *note = NULL;
    assert_true(programme_draw(row_named("overload"), &timing_quick, "netns", &results, &yaml,
                               &note, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_LACKING);
    assert_non_null(strstr(err.text, "scenario-1"));
    assert_null(yaml);
    error_clear(&err);
    point_list_clear(&runs[2].points);
    put_scenario(&runs[0], 1);
    assert_true(programme_draw(row_named("host-capped"), &timing_quick, "netns", &results, &yaml,
                               &note, &err) < 0);
    assert_non_null(strstr(err.text, "bridged-control contains no valid trial"));
    error_clear(&err);
}

// A sweep without a valid point still has the result of its search.
static void test_disturbed_sweep(void **state)
{
    (void)state;
    for (size_t i = 0; i < runs[0].points.count; i++) {
        point_invalidate(&runs[0].points.items[i], "robbed");
    }
    _cleanup_scenario_ struct scenario *scenario =
        drawn(row_named("routers-1"), &timing_quick, NULL);
    assert_non_null(scenario);
    assert_true(scenario->traffic.rates.pps[0] == 11250); // 125,000 / 1.25 * 0.45 / 4
}

// Each run that a claim rests on is made for that claim.
static void test_claims_have_runs(void **state)
{
    (void)state;
    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        for (const char *const *name = claims[i].runs; *name != NULL; name++) {
            assert_true(
                programme_is_wanted(row_named(*name), &timing_default, 1U << claims[i].number));
        }
    }
}

static void test_estimate(void **state)
{
    (void)state;
    struct estimate quick = programme_estimate(&timing_quick, ALL);
    struct estimate whole = programme_estimate(&timing_default, ALL);
    struct estimate study = programme_estimate(&timing_study, ALL);
    struct estimate memory = programme_estimate(&timing_quick, 1U << 8);
    print_message("quick %.0f s, default %.0f s\n", quick.seconds, whole.seconds);
    assert_true(quick.seconds > 60 && quick.seconds <= 270);
    assert_true(whole.seconds > 600 && whole.seconds <= 1800);
    assert_true(study.seconds > 6 * 3600);
    assert_int_equal(memory.runs, 5);
    assert_int_equal(memory.points, 20);
    assert_true(study.runs == quick.runs + 2);
}

static void test_machines(void **state)
{
    (void)state;
    assert_ptr_equal(machines_timing(&timing_quick, "netns"), &timing_quick);
    assert_ptr_equal(machines_timing(&timing_default, "lxc:///"), &timing_default);
    assert_ptr_equal(machines_timing(&timing_quick, "qemu:///system"), &timing_machines_quick);
    assert_ptr_equal(machines_timing(&timing_default, "qemu:///system"), &timing_machines);
    assert_ptr_equal(machines_timing(&timing_study, "qemu:///system"), &timing_study);
    // 31 machines twice over, 6 s each.
    struct estimate memory = programme_estimate(&timing_machines_quick, 1U << 8);
    struct estimate fast = programme_estimate(&timing_quick, 1U << 8);
    assert_int_equal(memory.points, fast.points);
    assert_true(fabs(memory.seconds - fast.seconds - 31 * 2 * 6) < 1);
    struct estimate quick = programme_estimate(&timing_machines_quick, ALL);
    struct estimate whole = programme_estimate(&timing_machines, ALL);
    assert_true(quick.seconds > 600 && quick.seconds < 1800);
    assert_true(whole.seconds > quick.seconds && whole.seconds < 7200);
    // A platform's name stays within its place in the scenario.
    char *yaml = NULL;
    char *note = NULL;
    assert_int_equal(programme_draw(row_named("memory-1"), &timing_machines,
                                    "qemu:///x?y=\"\\\nname: z", &results, &yaml, &note, NULL),
                     0);
    assert_non_null(strstr(yaml, "platform: \"qemu:///x?y=\\\"\\\\\\x0aname: z\"\n"));
    free(yaml);
    free(note);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_run_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_study_timing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_monitoring, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_scaling, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_loads_of_control, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_note_of_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tester_headroom, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_to_scale_by, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_disturbed_sweep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_claims_have_runs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_estimate, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_machines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
