// SPDX-License-Identifier: GPL-3.0-or-later
// run/run — see run.h. Called by `vrbench run` and by study/.
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "commit.h"
#include "doctor/doctor.h"
#include "owner/loan.h"
#include "owner/view.h"
#include "ration/cap_known.h"
#include "report/csv_files.h"
#include "report/expected.h"
#include "report/page.h"
#include "report/spreadsheet.h"
#include "run/guard.h"
#include "run/parts.h"
#include "testbed/plan.h"
#include "version.h"

// A run looks for a tenth of its sending time whether the machine is quiet, within these limits.
#define LOOK_LEAST_MS 200U
#define LOOK_MOST_MS  2000U

// Adds the settings that the kernel reports.
static void describe_tuning(const struct tuning *tuning, json_t *machine)
{
    const struct {
        const char *key, *value;
    } settings[] = {
        {"governor", tuning->governor},
        {"turbo", tuning->turbo},
        {"smt", tuning->smt},
        {"mitigations", tuning->mitigations},
        {"microcode", tuning->microcode},
        {"clock_source", tuning->clock_source},
        {"command_line", tuning->command_line},
    };
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        if (settings[i].value != NULL) {
            json_object_set_new(machine, settings[i].key, json_string(settings[i].value));
        }
    }
}

static json_t *describe_machine(struct computer *machine)
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
    json_t *described =
        json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?, s:i, s:i, s:I}", "hostname", machine->hostname,
                  "system", machine->system, "kernel", machine->kernel, "cpu_model",
                  machine->cpu_model, "virtualisation", machine->virtualisation, "cpus_online",
                  (int)machine->cpus_online, "cpus_usable", (int)machine->cpus_usable,
                  "memory_bytes", (json_int_t)machine->memory_bytes);
    describe_tuning(&machine->tuning, described);
    json_object_set_new(described, "doctor", findings);
    return described;
}

// Which CPUs each party uses, by the plan's rule.
static json_t *describe_placement(const struct job *job)
{
    struct cpu_list usable;
    struct cpu_list dut;
    struct cpu_list tester;
    bool shared = false;
    char dut_text[128];
    char tester_text[128];
    if (job->loan != NULL) {
        usable = testbed_plan(loan_testbed(job->loan))->usable;
    } else if (cpu_list_usable(&usable, NULL) < 0) {
        return json_object();
    }
    plan_place(&usable, job->scenario->host.cpus, &dut, &tester, &shared);
    if (shared) {
        log_warning("run",
                    "tester and device under test share CPUs: the tester takes CPU time from "
                    "the device under test");
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

// The files that the scenario names, by router.
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

static json_t *describe_rulesets(const struct scenario *scenario)
{
    json_t *rulesets = json_object();
    for (size_t i = 0; i < scenario->router_count; i++) {
        const struct scenario_startup *startup = &scenario->routers[i].startup;
        if (startup->nft_text != NULL) {
            json_object_set_new(
                rulesets, scenario->routers[i].name,
                json_pack("{s:s, s:s}", "file", startup->nft, "text", startup->nft_text));
        }
    }
    return rulesets;
}

static json_t *describe_files(const struct scenario *scenario)
{
    json_t *routers = json_object();
    for (size_t i = 0; i < scenario->router_count; i++) {
        const struct scenario_startup *startup = &scenario->routers[i].startup;
        json_t *files = json_object();
        for (size_t k = 0; k < startup->file_count; k++) {
            const struct scenario_file *file = &startup->files[k];
            if (file->text != NULL) {
                json_object_set_new(
                    files, file->path,
                    json_pack("{s:s, s:s}", "file", file->file, "text", file->text));
            }
        }
        if (json_object_size(files) > 0) {
            json_object_set(routers, scenario->routers[i].name, files);
        }
        json_decref(files);
    }
    return routers;
}

// Adds an object that is not empty, and takes ownership of it.
static void add_described(json_t *described, const char *key, json_t *part)
{
    if (json_object_size(part) > 0) {
        json_object_set(described, key, part);
    }
    json_decref(part);
}

// Topologies and engine as run: command-line options may override the file's.
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
    const struct scenario_profile *profile = &scenario->traffic.profile;
    if (profile->text != NULL) {
        json_object_set_new(described, "profile",
                            json_pack("{s:s, s:s}", "file", profile->file, "text", profile->text));
    }
    add_described(described, "configs", describe_configs(scenario));
    add_described(described, "rulesets", describe_rulesets(scenario));
    add_described(described, "files", describe_files(scenario));
    return described;
}

static unsigned look_ms(const struct job *job)
{
    uint64_t ms = job_sending(job) / NS_PER_MS / 10;
    return ms < LOOK_LEAST_MS ? LOOK_LEAST_MS : ms > LOOK_MOST_MS ? LOOK_MOST_MS : (unsigned)ms;
}

static void warn_unquiet(const struct computer *machine)
{
    if (!machine->looked || quiet_is_given(&machine->look)) {
        return;
    }
    _cleanup_free_ char *why = quiet_disturbance(&machine->look);
    log_warning("run", "this machine is not quiet: %s; trials will be disturbed (--wait-quiet)",
                why);
}

// `loads`: of another run, or NULL.
static int begin_run(struct job_state *state, json_t *before, json_t *loads, struct error *err)
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
        struct computer machine;
        computer_inspect(look_ms(job), scenario_is_capped(job->scenario), &machine);
        warn_unquiet(&machine);
        state->run = json_pack("{s:i, s:s, s:s, s:s}", "schema", RESULT_SCHEMA, "vrbench",
                               VRBENCH_VERSION, "commit", VRBENCH_COMMIT, "status", "running");
        set_time(state->run, "started");
        json_object_set_new(state->run, "scenario", describe_scenario(job->scenario));
        json_object_set_new(state->run, "guard", guard_make(job));
        json_object_set_new(state->run, "quick", json_boolean(job->quick));
        if (job->scenario->method == METHOD_MONITORED) {
            json_object_set_new(state->run, "method", json_string("monitored"));
        }
        if (job->scenario->method == METHOD_STUDY) {
            json_object_set_new(state->run, "method", json_string("study"));
            json_object_set_new(state->run, "study_timing", json_boolean(job->study_timing));
        }
        json_object_set_new(state->run, "machine", describe_machine(&machine));
        computer_clear(&machine);
        job_loads_shuffle(state);
        if (loads != NULL) {
            json_object_set(state->run, "rates_found", loads);
            json_object_set_new(state->run, "rates_from", json_string(job->rates_from));
        }
    }
    if (job->loan != NULL) {
        note_loan(state);
    }
    json_object_set_new(state->run, "placement", describe_placement(job));
    json_object_set_new(state->run, "status", json_string("running"));
    return store_write_run(state->store, state->run, err);
}

// Notes which expectations hold in the points of a run; a search has loads of its own.
static void note_expected(struct job_state *state)
{
    const struct job *job = state->job;
    if (job->goal_count > 0 || job->scenario->expectation_count == 0) {
        return;
    }
    _cleanup_free_ struct expected *list = NULL;
    size_t count = expected_compute(job->scenario, &state->points, &list);
    json_object_set_new(state->run, "expect", expected_to_json(list, count));
}

// Writes all files that are made from the points, whether the run succeeded or not.
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
    note_expected(state);
    const char *folder = state->job->folder;
    int rc;
    if ((rc = store_write_run(state->store, state->run, err)) < 0 ||
        (rc = report_write_csv(folder, &state->points, err)) < 0 ||
        (state->points.count > 0 && (rc = report_write_xlsx(folder, &state->points, err)) < 0)) {
        return rc;
    }
    return report_write_run_page(folder, &state->points, err);
}

static int check_folder(const struct job *job, struct error *err)
{
    json_t *before = NULL;
    int rc = store_check(job->folder, job->resume, &before, err);
    if (rc == 0 && before != NULL) {
        rc = guard_check(job, json_object_get(before, "guard"), err);
    }
    json_decref(before);
    return rc;
}

int job_check(const struct job *job, struct error *err)
{
    json_t *loads = NULL;
    int rc = check_folder(job, err);
    rc = rc < 0 ? rc : job_loads_read(job, &loads, err);
    json_decref(loads);
    return rc;
}

// Makes the run's testbeds visible to `list` and `top`. A failure does not stop the run.
static struct view *open_view(void)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    struct view *view = NULL;
    if (view_start(&view, &why) < 0) {
        log_warning("run", "the testbeds of this run are not listed: %s", why.text);
    }
    return view;
}

int job_run(const struct job *job, struct point_list *ret_points, bool *ret_reported,
            struct error *err)
{
    struct job_state state = {.job = job};
    json_t *before = NULL;
    struct view *view = NULL;
    bool reported = false;
    json_t *loads = NULL;
    int rc = check_folder(job, err);
    if (rc == 0) {
        rc = job_loads_read(job, &loads, err);
    }
    if (rc == 0 && job->wait_quiet_s > 0) {
        rc = quiet_wait(job->wait_quiet_s, err);
    }
    if (rc == 0) {
        rc = store_open(job->folder, job->resume, &state.store, &state.points, &before, err);
    }
    if (rc < 0) {
        json_decref(loads);
        return rc;
    }
    view = open_view();
    rc = begin_run(&state, before, loads, err);
    json_decref(loads);
    if (rc == 0 && job->redo_disturbed) {
        rc = store_set_aside(state.store, &state.points, point_was_disturbed, err);
    }
    if (rc < 0) {
        point_list_clear(&state.points); // they may belong to another run
    } else {
        struct error why = ERROR_INIT;
        (void)cap_known_hold_off(NULL);
        rc = job->goal_count > 0 ? run_find(&state, &why) : run_measure(&state, &why);
        cap_known_let_go();
        int ended = end_run(&state, rc, &why, err);
        reported = ended == 0;
        if (rc == -EINTR && job->goal_count == 0 && state.planned >= state.points.count) {
            error_clear(err);
            rc = fail_saved(err, state.points.count, state.planned, job->folder);
        } else if (rc < 0) {
            error_move(err, &why);
        }
        error_clear(&why);
        rc = rc < 0 ? rc : ended;
    }
    view_stop(view);
    json_decref(before);
    json_decref(state.run);
    store_close(state.store);
    *ret_points = state.points;
    if (ret_reported != NULL) {
        *ret_reported = reported;
    }
    return rc;
}
