// SPDX-License-Identifier: GPL-3.0-or-later
// doctor/tester — see tester.h.
#include "doctor/tester.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "measure/bench.h"
#include "measure/trial.h"
#include "scenario/scenario.h"

#define LENGTH     64U
#define TRIAL_NS   NS_PER_S
#define WARM_UP_NS (100U * NS_PER_MS)
#define ATTEMPTS   3U    // of a trial that the machine disturbed
#define BEYOND_PPS 2.0e7 // more than an engine sends on any CPU: as fast as possible

static const double loads[] = {1e3, 1e4, 1e5, 2e5, 5e5, 1e6, 0.0};
#define LOADS (sizeof loads / sizeof loads[0])

static const char *const engines[] = {"xdp", "packet"};
#define ENGINE_COUNT (sizeof engines / sizeof engines[0])

static int make_scenario(const char *engine, struct scenario **ret, struct error *err)
{
    struct cpu_list cpus;
    int rc = cpu_list_usable(&cpus, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *text =
        text_format("name: tester\ntopologies: [direct]\nrouters: { none: {} }\n"
                    "networks: { NET0: { router: none } }\n"
                    "traffic: { engine: %s, lengths: [%u], rates: { pps: [1000] } }\n",
                    engine, LENGTH);
    struct scenario_problems problems;
    rc = scenario_parse(text, strlen(text), (unsigned)cpus.count, ret, &problems);
    if (rc < 0) {
        rc = fail(err, EINVAL, "scenario of the tester: %s", problems.items[0].text);
    }
    scenario_problems_clear(&problems);
    return rc;
}

static void fill_figures(struct tester_row *row)
{
    const struct cpu_result *cpu = point_cpu(&row->point, "tester");
    bool measured = row->point.network_count > 0;
    row->ns_per_packet = cpu != NULL && cpu->has_ns_per_packet ? cpu->ns_per_packet : NAN;
    row->pacing_error = measured && row->requested_pps > 0.0
                            ? point_offered_pps(&row->point) / row->requested_pps - 1.0
                            : NAN;
}

// Runs the trial of a row, again while the machine disturbs it.
static int try_row(struct bench *bench, struct tester_row *row, struct error *err)
{
    struct load load = {.use = LOAD_POINT,
                        .length = LENGTH,
                        .pps = row->requested_pps > 0.0 ? row->requested_pps : BEYOND_PPS,
                        .duration_ns = TRIAL_NS,
                        .attempts = 1,
                        .constant = true};
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        struct outcome outcome;
        if (stop_requested()) {
            return fail_interrupted(err);
        }
        point_clear(&row->point);
        int rc = trial_run(bench, &load, &row->point, &outcome, err);
        if (rc < 0) {
            return rc;
        }
        if (outcome.kind == OUTCOME_GOOD) {
            break;
        }
    }
    fill_figures(row);
    return 0;
}

static int warm_up(struct bench *bench, struct error *err)
{
    const struct load load = {
        .use = LOAD_WARM_UP, .length = LENGTH, .pps = 1e4, .duration_ns = WARM_UP_NS};
    _cleanup_point_ struct point point = {0};
    struct outcome outcome;
    return trial_run(bench, &load, &point, &outcome, err);
}

static int measure_engine(const char *engine, struct tester_report *report, struct error *err)
{
    struct scenario *scenario = NULL;
    struct bench *bench = NULL;
    int rc = make_scenario(engine, &scenario, err);
    if (rc == 0) {
        rc = bench_open(scenario, TOPOLOGY_DIRECT, &bench, err);
    }
    if (rc == 0) {
        rc = warm_up(bench, err);
    }
    for (size_t i = 0; rc == 0 && i < LOADS; i++) {
        struct tester_row *row = &report->rows[report->count++];
        *row = (struct tester_row){.engine = engine, .requested_pps = loads[i]};
        rc = try_row(bench, row, err);
    }
    int closed = bench_close(bench, rc < 0 ? NULL : err);
    scenario_free(scenario);
    return rc < 0 ? rc : closed;
}

int tester_measure(struct tester_report *ret_report, struct error *err)
{
    *ret_report = (struct tester_report){.length = LENGTH};
    ret_report->rows = memory_new_array(struct tester_row, ENGINE_COUNT * LOADS);
    ret_report->chosen = engine_choose(LENGTH, &ret_report->why);
    for (size_t i = 0; i < ENGINE_COUNT; i++) {
        _cleanup_error_ struct error lacks = ERROR_INIT;
        int rc = engine_check(engines[i], &lacks);
        if (rc < 0 && strcmp(engines[i], ret_report->chosen) != 0) {
            ret_report->lacking = text_format("engine %s: %s", engines[i], lacks.text);
            continue;
        }
        if (rc < 0) {
            error_move(err, &lacks);
            return rc;
        }
        if ((rc = measure_engine(engines[i], ret_report, err)) < 0) {
            if (rc != -EINTR) {
                error_context(err, "engine %s", engines[i]);
            }
            return rc;
        }
    }
    return 0;
}

void tester_report_clear(struct tester_report *report)
{
    for (size_t i = 0; i < report->count; i++) {
        point_clear(&report->rows[i].point);
    }
    free(report->rows);
    free(report->why);
    free(report->lacking);
    *report = (struct tester_report){.length = 0};
}
