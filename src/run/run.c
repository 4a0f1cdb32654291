// SPDX-License-Identifier: GPL-3.0-or-later
// run/run — see run.h. Called by `vrbench run`.
#include "run/run.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "doctor/doctor.h"
#include "measure/sweep.h"
#include "owner/view.h"
#include "ration/cap_known.h"
#include "report/page.h"
#include "report/points.h"
#include "report/progress.h"
#include "report/spreadsheet.h"
#include "result/platform_facts.h"
#include "result/store.h"
#include "run/guard.h"
#include "testbed/plan.h"
#include "testbed/testbed.h"
#include "version.h"

#define STUDY_PAUSE_NS (35U * NS_PER_S) // report 20 s after second 10, and 20 s more
#define WATCH_STEAL_MS 200U

struct job_state {
    const struct job *job;
    struct store *store;
    json_t *run; // run.json as it will be written next
    struct point_list points;
};

// ---- hooks of the sweep

static int job_measured(void *context, struct point *point, struct error *err)
{
    struct job_state *state = context;
    int rc = store_append(state->store, point, err);
    if (rc < 0) {
        return rc;
    }
    progress_point(point);
    point_list_add(&state->points, point);
    return 0;
}

static bool job_is_done(void *context, enum topology topology, unsigned length, unsigned step,
                        unsigned repeat)
{
    const struct job_state *state = context;
    for (size_t i = 0; i < state->points.count; i++) {
        const struct point *point = &state->points.items[i];
        if (point->length == length && point->step == step && point->repeat == repeat &&
            strcmp(point->topology, topology_name(topology)) == 0) {
            return true;
        }
    }
    return false;
}

static char *rates_key(enum topology topology, unsigned length)
{
    return text_format("%s/%u", topology_name(topology), length);
}

static size_t job_recall_rates(void *context, enum topology topology, unsigned length,
                               double **ret_pps)
{
    const struct job_state *state = context;
    _cleanup_free_ char *key = rates_key(topology, length);
    const json_t *found = json_object_get(json_object_get(state->run, "rates_found"), key);
    size_t count = json_array_size(found);
    if (count == 0) {
        return 0;
    }
    double *pps = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        pps[i] = json_number_value(json_array_get(found, i));
    }
    *ret_pps = pps;
    return count;
}

static int job_found_rates(void *context, enum topology topology, unsigned length,
                           const double *pps, size_t count, struct error *err)
{
    struct job_state *state = context;
    _cleanup_free_ char *key = rates_key(topology, length);
    json_t *all = json_object_get(state->run, "rates_found");
    if (all == NULL) {
        all = json_object();
        json_object_set_new(state->run, "rates_found", all);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        json_array_append_new(list, json_real(pps[i]));
    }
    json_object_set_new(all, key, list);
    return store_write_run(state->store, state->run, err);
}

// Each testbed's in turn: a router that died has converged once more.
static int note_convergence(struct job_state *state, const struct testbed *testbed,
                            struct error *err)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    json_t *list = json_object_get(state->run, "convergence");
    if (!scenario_is_routed(plan->scenario) || plan->topology == TOPOLOGY_DIRECT) {
        return 0;
    }
    if (list == NULL) {
        list = json_array();
        json_object_set_new(state->run, "convergence", list);
    }
    for (size_t i = 0; i < count; i++) {
        struct party_info info = {0};
        if (parties[i].kind == PARTY_ROUTER) {
            testbed_party_info(testbed, i, &info);
        }
        if (info.convergence_ns > 0) {
            const struct scenario_router *router = &plan->scenario->routers[parties[i].router];
            json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:f}", "topology",
                                                  topology_name(plan->topology), "router",
                                                  router->name, "daemon",
                                                  routing_daemon_name(router->daemon), "seconds",
                                                  (double)info.convergence_ns / (double)NS_PER_S));
        }
        party_info_clear(&info);
    }
    return store_write_run(state->store, state->run, err);
}

// What dedicated links were is known of a dedicated testbed only, and not to be forgotten by
// others.
static void keep_dedicated(const json_t *before, json_t *now)
{
    static const char *const keys[] = {"dedicated", "dedicated_why"};
    for (size_t i = 0; json_object_get(now, keys[0]) == NULL && i < 2; i++) {
        json_t *known = json_object_get(before, keys[i]);
        if (known != NULL) {
            json_object_set(now, keys[i], known);
        }
    }
}

// Whoever has a router to ask knows more than direct.
static int job_built(void *context, const struct testbed *testbed, struct error *err)
{
    struct job_state *state = context;
    bool direct = testbed_plan(testbed)->topology == TOPOLOGY_DIRECT;
    if (direct && json_object_get(state->run, "platform") != NULL) {
        return 0;
    }
    struct platform_facts facts;
    int rc = note_convergence(state, testbed, err);
    if (rc == 0) {
        rc = testbed_platform_facts(testbed, &facts, err);
    }
    if (rc == 0) {
        json_t *now = platform_facts_to_json(&facts);
        keep_dedicated(json_object_get(state->run, "platform"), now);
        json_object_set_new(state->run, "platform", now);
        platform_facts_clear(&facts);
        rc = store_write_run(state->store, state->run, err);
    }
    return rc;
}

static void job_doing(void *context, const char *what)
{
    (void)context;
    progress_label("%s", what);
}

// ---- run.json

static json_t *describe_machine(struct machine *machine)
{
    json_t *findings = json_array();
    for (size_t i = 0; i < machine->finding_count; i++) {
        const struct finding *finding = &machine->findings[i];
        json_t *entry = json_pack("{s:s, s:s, s:s}", "subject", finding->subject, "level",
                                  finding_level_name(finding->level), "found", finding->found);
        if (finding->follows != NULL) {
            json_object_set_new(entry, "follows", json_string(finding->follows));
            json_object_set_new(entry, "mends", json_string(finding->mends));
        }
        json_array_append_new(findings, entry);
    }
    return json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:i, s:I, s:o}", "hostname",
                     machine->hostname, "system", machine->system, "kernel", machine->kernel,
                     "cpu_model", machine->cpu_model, "virtualisation", machine->virtualisation,
                     "cpus_online", (int)machine->cpus_online, "cpus_usable",
                     (int)machine->cpus_usable, "memory_bytes", (json_int_t)machine->memory_bytes,
                     "doctor", findings);
}

// Who runs where, by the plan's own rule.
static json_t *describe_placement(const struct scenario *scenario)
{
    struct cpu_list usable;
    struct cpu_list dut;
    struct cpu_list tester;
    bool shared = false;
    char dut_text[128];
    char tester_text[128];
    if (cpu_list_usable(&usable, NULL) < 0) {
        return json_object();
    }
    plan_place(&usable, scenario->host.cpus, &dut, &tester, &shared);
    if (shared) {
        log_warning("run", "tester and device under test share CPUs: the tester takes CPU from "
                           "what it measures");
    }
    cpu_list_text(&dut, dut_text, sizeof dut_text);
    cpu_list_text(&tester, tester_text, sizeof tester_text);
    return json_pack("{s:s, s:s, s:b}", "dut_cpus", dut_text, "tester_cpus", tester_text, "shared",
                     shared);
}

static void set_time(json_t *run, const char *key)
{
    char text[32];
    clock_format_utc(clock_realtime_ns(), text);
    json_object_set_new(run, key, json_string(text));
}

// The files that the scenario's text names, by router.
static json_t *describe_configs(const struct scenario *scenario)
{
    json_t *configs = json_object();
    for (size_t i = 0; i < scenario->router_count; i++) {
        const struct scenario_router *router = &scenario->routers[i];
        if (router->config_text != NULL) {
            const char *daemon =
                router->daemon == DAEMON_NONE ? NULL : routing_daemon_name(router->daemon);
            json_object_set_new(configs, router->name,
                                json_pack("{s:s*, s:s, s:s}", "daemon", daemon, "file",
                                          router->config, "text", router->config_text));
        }
    }
    return configs;
}

// Topologies and engine as run: the command line may have narrowed the file's.
static json_t *describe_scenario(const struct scenario *scenario)
{
    json_t *topologies = json_array();
    for (size_t i = 0; i < scenario->topology_count; i++) {
        json_array_append_new(topologies, json_string(topology_name(scenario->topologies[i])));
    }
    json_t *described = json_pack("{s:s, s:s, s:s, s:s, s:o, s:s}", "name", scenario->name, "file",
                                  scenario->file == NULL ? "" : scenario->file, "platform",
                                  scenario->platform, "engine", scenario->traffic.engine,
                                  "topologies", topologies, "text", scenario->text);
    json_t *configs = describe_configs(scenario);
    if (json_object_size(configs) > 0) {
        json_object_set(described, "configs", configs);
    }
    json_decref(configs);
    return described;
}

static int begin_run(struct job_state *state, json_t *before, struct error *err)
{
    const struct job *job = state->job;
    if (before != NULL) {
        int rc = guard_check(job, json_object_get(before, "guard"), err);
        if (rc < 0) {
            return rc;
        }
        state->run = json_incref(before);
        json_object_del(state->run, "ended");
        json_object_del(state->run, "error");
        set_time(state->run, "resumed");
    } else {
        struct machine machine;
        machine_inspect(WATCH_STEAL_MS, scenario_is_capped(job->scenario), &machine);
        state->run = json_pack("{s:i, s:s, s:s}", "schema", RESULT_SCHEMA, "vrbench",
                               VRBENCH_VERSION, "status", "running");
        set_time(state->run, "started");
        json_object_set_new(state->run, "scenario", describe_scenario(job->scenario));
        json_object_set_new(state->run, "guard", guard_make(job));
        json_object_set_new(state->run, "quick", json_boolean(job->quick));
        if (job->scenario->method == METHOD_STUDY) {
            json_object_set_new(state->run, "method", json_string("study"));
            json_object_set_new(state->run, "study_timing", json_boolean(job->study_timing));
        }
        json_object_set_new(state->run, "machine", describe_machine(&machine));
        machine_clear(&machine);
    }
    json_object_set_new(state->run, "placement", describe_placement(job->scenario));
    json_object_set_new(state->run, "status", json_string("running"));
    return store_write_run(state->store, state->run, err);
}

// Writes everything that is made of the points, whether the run ended well or not.
static int end_run(struct job_state *state, int result, const struct error *why, struct error *err)
{
    json_object_set_new(state->run, "status",
                        json_string(result == 0        ? "done"
                                    : result == -EINTR ? "interrupted"
                                                       : "failed"));
    if (result < 0 && result != -EINTR && why->text != NULL) {
        json_object_set_new(state->run, "error", json_string(why->text));
    }
    set_time(state->run, "ended");
    int rc = store_write_run(state->store, state->run, err);
    if (rc == 0) {
        rc = report_write_csv(state->job->folder, &state->points, err);
    }
    if (rc == 0 && state->points.count > 0) {
        rc = report_write_xlsx(state->job->folder, &state->points, err);
    }
    if (rc == 0) {
        rc = report_write_run_page(state->job->folder, &state->points, err);
    }
    return rc;
}

static uint64_t pause_of(const struct job *job)
{
    return job->study_timing ? STUDY_PAUSE_NS : job->pause_s * NS_PER_S;
}

static int measure(struct job_state *state, struct error *err)
{
    const struct sweep_hooks hooks = {
        .context = state,
        .measured = job_measured,
        .is_done = job_is_done,
        .recall_rates = job_recall_rates,
        .found_rates = job_found_rates,
        .built = job_built,
        .doing = job_doing,
    };
    const struct sweep_options options = {.quick = state->job->quick,
                                          .study_timing = state->job->study_timing,
                                          .pause_ns = pause_of(state->job)};
    size_t size = sweep_size(state->job->scenario, &options);
    size_t left = size > state->points.count ? size - state->points.count : 0;
    progress_start(stderr, left);
    log_set_interruption(progress_interrupt, progress_resume);
    int rc = sweep_run(state->job->scenario, &options, &hooks, err);
    progress_finish();
    log_set_interruption(NULL, NULL);
    return rc;
}

int job_check(const struct job *job, struct error *err)
{
    json_t *before = NULL;
    int rc = store_check(job->folder, job->resume, &before, err);
    if (rc == 0 && before != NULL) {
        rc = guard_check(job, json_object_get(before, "guard"), err);
    }
    json_decref(before);
    return rc;
}

// Lets `list` and `top` see the run's testbeds. A run that can't be looked at is measured all the
// same.
static struct view *open_view(void)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct view *view = NULL;
    if (view_start(&view, &why) < 0) {
        log_warning("run", "its testbeds can't be listed: %s", why.text);
    }
    return view;
}

int job_run(const struct job *job, struct point_list *ret_points, struct error *err)
{
    struct job_state state = {.job = job};
    json_t *before = NULL;
    struct view *view = NULL;
    int rc = job_check(job, err);
    if (rc == 0) {
        rc = store_open(job->folder, job->resume, &state.store, &state.points, &before, err);
    }
    if (rc < 0) {
        return rc;
    }
    view = open_view();
    rc = begin_run(&state, before, err);
    if (rc < 0) {
        point_list_clear(&state.points); // of another run, perhaps
    } else {
        struct error why = ERROR_INIT;
        (void)cap_known_hold_off(NULL);
        rc = measure(&state, &why);
        cap_known_let_go();
        int ended = end_run(&state, rc, &why, err);
        if (rc < 0) {
            error_move(err, &why);
        }
        rc = rc < 0 ? rc : ended;
    }
    view_stop(view);
    json_decref(before);
    json_decref(state.run);
    store_close(state.store);
    *ret_points = state.points;
    return rc;
}
