// SPDX-License-Identifier: GPL-3.0-or-later
// study/reproduce — see reproduce.h.
#include "study/reproduce.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/private_folder.h"
#include "base/stop.h"
#include "base/text.h"
#include "base/units.h"
#include "doctor/quiet.h"
#include "face/agent.h"
#include "linux/cpu.h"
#include "report/page.h"
#include "result/platform_facts.h"
#include "result/store.h"
#include "run/run.h"
#include "scenario/scenario.h"
#include "study/blueprint.h"
#include "study/controlled.h"
#include "study/machines.h"
#include "study/reproduction_file.h"

#define FAILURES_IN_A_ROW 3
#define MOST_DISTURBED    15                // points in a row of one run
#define SPOILT_RUNS       3                 // ended for that: the machine is not fit
#define DRAWN_MAX         ((size_t)1 << 20) // of a scenario file, in bytes

// Whether the run of that folder is complete.
static bool is_done(const char *folder)
{
    _cleanup_free_ char *path = text_format("%s/run.json", folder);
    json_t *json = json_load_file(path, 0, NULL);
    bool done = text_equal(json_string_value(json_object_get(json, "status")), "done");
    json_decref(json);
    return done;
}

// ---- opening

static unsigned cap_of(const struct scenario *scenario)
{
    unsigned cap = scenario->host.allocation.cap;
    return cap != 0 ? cap : scenario->routers[0].allocation.cap;
}

// Reads from the comments of the run's scenario file what it measures and how it was scaled. The
// file may have been drawn by an earlier process, from other results than the present ones.
static void learn_what(const char *path, struct run_state *state)
{
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    if (file_read(path, DRAWN_MAX, &text, &length, NULL) == 0) {
        _cleanup_free_ char *note = blueprint_note(text);
        free(state->what);
        state->what = note == NULL ? text_copy(programme_what(state->row))
                                   : text_format("%s (%s)", programme_what(state->row), note);
    }
}

// The points of an earlier process count for the claims until the run is measured again.
static void recall_run(const struct reproduction *reproduction, struct run_state *state,
                       struct study_run *run)
{
    _cleanup_free_ char *path = reproduction_path(reproduction, run->name, ".yaml");
    _cleanup_free_ char *folder = reproduction_path(reproduction, run->name, "");
    _cleanup_scenario_ struct scenario *scenario = NULL;
    struct cpu_list usable;
    if (reproduction_has(folder, "points.jsonl") && cpu_list_usable(&usable, NULL) == 0 &&
        scenario_read(path, (unsigned)usable.count, &scenario, NULL) == 0 &&
        store_read_points(folder, &run->points, NULL) == 0) {
        run->cap = cap_of(scenario);
        run->scenario = state->scenario = steal_pointer(&scenario);
        learn_what(path, state);
    }
}

static uint64_t machine_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (uint64_t)pages * (uint64_t)size : 0;
}

// Reads from the run's record whether its routers were emulated.
static void learn_platform(struct reproduction *reproduction, const char *name)
{
    _cleanup_free_ char *folder = reproduction_path(reproduction, name, "");
    json_t *run = NULL;
    struct platform_facts facts;
    if (!reproduction_has(folder, "run.json") || store_read_run(folder, &run, NULL) < 0) {
        return;
    }
    if (platform_facts_from_json(json_object_get(run, "platform"), &facts, NULL) == 0) {
        reproduction->results.emulated |= facts.kind == PLATFORM_MACHINES && facts.emulated;
        platform_facts_clear(&facts);
    }
    json_decref(run);
}

// One reproduction at a time uses a folder. The kernel ends the lock with the process.
static int lock_folder(struct reproduction *reproduction, struct error *err)
{
    const char *folder = reproduction->request->folder;
    reproduction->lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (reproduction->lock < 0) {
        return fail(err, errno, "%s", folder);
    }
    if (flock(reproduction->lock, LOCK_EX | LOCK_NB) == 0) {
        return 0;
    }
    return errno == EWOULDBLOCK
               ? fail_input(err, "%s is being measured by another reproduction", folder)
               : fail(err, errno, "locking %s", folder);
}

int reproduce_open(const struct reproduce_request *request, struct reproduction **ret,
                   struct error *err)
{
    struct reproduction *reproduction = memory_new(1, sizeof *reproduction);
    reproduction->request = request;
    reproduction->lock = -1;
    reproduction->listed = request->wanted;
    reproduction->states = memory_new_array(struct run_state, programme_count);
    reproduction->runs = memory_new_array(struct study_run, programme_count);
    reproduction->results = (struct study_results){.runs = reproduction->runs,
                                                   .run_count = programme_count,
                                                   .memory_bytes = machine_memory(),
                                                   .dut_cpus = 1};
    int rc = file_make_dirs(request->folder, err);
    rc = rc < 0 ? rc : lock_folder(reproduction, err);
    if (rc == 0) {
        rc = reproduction_take_up(reproduction, err);
    }
    for (size_t i = 0; rc == 0 && i < programme_count; i++) {
        const struct programme_row *row = programme_row(i);
        reproduction->states[i].row = row;
        reproduction->states[i].wanted = programme_is_wanted(row, request->timing, request->wanted);
        reproduction->runs[i].name = programme_name(row);
        recall_run(reproduction, &reproduction->states[i], &reproduction->runs[i]);
        learn_platform(reproduction, reproduction->runs[i].name);
    }
    if (rc == 0) {
        rc = reproduction_write(reproduction, "running", err);
    }
    if (rc < 0) {
        reproduce_close(reproduction);
        return rc;
    }
    *ret = reproduction;
    return 0;
}

static void end_agent(struct reproduction *reproduction)
{
    if (reproduction->agent != NULL) {
        agent_close(steal_pointer(&reproduction->agent));
        private_folder_discard(&reproduction->agent_folder);
    }
}

void reproduce_close(struct reproduction *reproduction)
{
    if (reproduction == NULL) {
        return;
    }
    for (size_t i = 0; i < programme_count; i++) {
        free(reproduction->states[i].what);
        free(reproduction->states[i].lacking);
        scenario_free(reproduction->states[i].scenario);
        point_list_clear(&reproduction->runs[i].points);
    }
    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        claim_result_clear(&reproduction->claims[i]);
    }
    end_agent(reproduction);
    cleanup_close(&reproduction->lock);
    free(reproduction->states);
    free(reproduction->runs);
    json_decref(reproduction->json);
    free(reproduction);
}

// ---- measuring

// Draws the run's scenario and writes its file, unless it exists.
static int prepare(const struct reproduction *reproduction, const struct run_state *state,
                   const char *path, struct error *err)
{
    _cleanup_free_ char *yaml = NULL;
    _cleanup_free_ char *note = NULL;
    if (access(path, F_OK) == 0) {
        return 0;
    }
    int rc =
        programme_draw(state->row, reproduction->request->timing, reproduction->request->platform,
                       &reproduction->results, &yaml, &note, err);
    return rc < 0 ? rc : file_replace(path, yaml, strlen(yaml), err);
}

static bool has_disturbed(const struct point_list *points)
{
    for (size_t i = 0; i < points->count; i++) {
        if (point_was_disturbed(&points->items[i])) {
            return true;
        }
    }
    return false;
}

// Measures a run under vrbench control: the first network has a contract for a little more than its
// load.
static int measure_controlled(const struct reproduction *reproduction, const struct job *job,
                              struct point_list *points, struct error *err)
{
    _cleanup_free_ char *path =
        reproduction_path(reproduction, job->scenario->name, "-contracts.yaml");
    _cleanup_free_ char *text =
        text_format("name: %s\ncontracts:\n  %s: { rate: %.0f, length: %u, loss: %.0f %% }\n",
                    job->scenario->name, job->scenario->networks[0].name,
                    job->scenario->traffic.rates.pps[0] * CONTRACT_RATE,
                    job->scenario->traffic.lengths[0], CONTRACT_LOSS * 100);
    int rc = file_replace(path, text, strlen(text), err);
    return rc < 0 ? rc : controlled_run(job, path, points, err);
}

// `measured` gets the points of the run's folder if it was measured now.
static int measure_run(struct reproduction *reproduction, struct run_state *state,
                       struct study_run *run, bool done, struct point_list *measured,
                       struct error *err)
{
    _cleanup_free_ char *path = reproduction_path(reproduction, run->name, ".yaml");
    _cleanup_free_ char *folder = reproduction_path(reproduction, run->name, "");
    struct scenario *scenario = NULL;
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    if (rc == 0 && programme_has_rules(state->row) &&
        machines_are_made_by(reproduction->request->platform)) {
        rc = fail_lacking(err, "its routers have 500 rules, which the image of machines can't set");
    }
    if (rc == 0) {
        rc = prepare(reproduction, state, path, err);
    }
    if (rc == 0) {
        learn_what(path, state);
    }
    if (rc == 0) {
        rc = scenario_read(path, (unsigned)usable.count, &scenario, err);
    }
    if (rc < 0) {
        return rc;
    }
    scenario_free(state->scenario);
    run->scenario = state->scenario = scenario;
    run->cap = cap_of(scenario);
    rc = done ? 0 : machines_check_memory(scenario, err);
    if (rc < 0) {
        return rc;
    }
    if (done) {
        point_list_clear(&run->points);
        rc = store_read_points(folder, &run->points, err);
        if (rc < 0 || !reproduction->request->redo_disturbed || !has_disturbed(&run->points)) {
            return rc;
        }
    }
    const struct timing *timing = reproduction->request->timing;
    const struct job job = {.scenario = scenario,
                            .folder = folder,
                            .attempts = timing->attempts,
                            .resume = reproduction_has(folder, "run.json"),
                            .unchecked = reproduction->request->unchecked || reproduction->checked,
                            .redo_disturbed = reproduction->request->redo_disturbed &&
                                              reproduction_has(folder, "run.json"),
                            .agent = reproduction->agent,
                            .most_disturbed = reproduction->request->noisy ? 0 : MOST_DISTURBED,
                            .pause_s = programme_pause(state->row, timing)};
    rc = programme_is_controlled(state->row) ? measure_controlled(reproduction, &job, measured, err)
                                             : job_run(&job, measured, NULL, err);
    reproduction->checked = reproduction->checked || rc == 0;
    return rc;
}

static bool ends_disturbed(const struct point_list *points)
{
    size_t count = 0;
    while (count < points->count &&
           point_was_disturbed(&points->items[points->count - 1 - count])) {
        count++;
    }
    return count >= MOST_DISTURBED;
}

// A run that ended before its first point keeps the points of an earlier process.
static void take_points(struct study_run *run, struct point_list *measured)
{
    if (measured->count > 0) {
        point_list_clear(&run->points);
        run->points = *measured;
    } else {
        point_list_clear(measured);
    }
}

// Whether a failure is noted and the programme continues. A missing ability of this machine and a
// refused scenario are results. Another failure may concern one run only; if the next runs fail
// too, or results cannot be stored, it concerns all. So does a machine that spoils run after run.
static bool is_passed_over(struct reproduction *reproduction, const struct point_list *measured,
                           int rc, const struct error *err)
{
    reproduction->spoilt += !reproduction->request->noisy && ends_disturbed(measured);
    bool lacking = err->exit_status == EXIT_LACKING || err->exit_status == EXIT_INPUT;
    reproduction->failures = lacking ? 0 : reproduction->failures + 1;
    return rc != -EINTR && rc != -ENOSPC && rc != -EDQUOT && rc != -EROFS &&
           reproduction->failures < FAILURES_IN_A_ROW && reproduction->spoilt < SPOILT_RUNS;
}

static int measure_row(struct reproduction *reproduction, size_t at, size_t number, size_t count,
                       const struct reproduce_hooks *hooks, struct error *err)
{
    struct run_state *state = &reproduction->states[at];
    struct study_run *run = &reproduction->runs[at];
    _cleanup_free_ char *folder = reproduction_path(reproduction, run->name, "");
    bool done = is_done(folder);
    hooks->begin(hooks->context, number, count, run->name, programme_what(state->row), done);
    struct error why = ERROR_INIT;
    struct point_list measured = {NULL, 0};
    int rc = measure_run(reproduction, state, run, done, &measured, &why);
    learn_platform(reproduction, run->name);
    bool passed_over = rc < 0 && is_passed_over(reproduction, &measured, rc, &why);
    take_points(run, &measured);
    if (passed_over) {
        free(state->lacking);
        state->lacking = steal_pointer(&why.text);
        run->lacking = state->lacking;
        hooks->lacking(hooks->context, run->name, run->lacking);
        error_clear(&why);
        rc = 0;
    } else if (rc < 0) {
        error_move(err, &why);
        error_context(err, "%s", run->name);
    } else {
        reproduction->failures = 0;
    }
    return rc;
}

// A run is missing: measured neither now nor earlier.
static bool is_missing(const struct reproduction *reproduction, size_t at)
{
    _cleanup_free_ char *folder = reproduction_path(reproduction, reproduction->runs[at].name, "");
    return reproduction->states[at].wanted &&
           (reproduction->request->redo_disturbed || !is_done(folder));
}

// A machine that is not quiet gives no verdicts, only disturbed points.
static int await_quiet(const struct reproduction *reproduction, struct error *err)
{
    const struct reproduce_request *request = reproduction->request;
    bool missing = false;
    for (size_t i = 0; i < programme_count; i++) {
        missing = missing || is_missing(reproduction, i);
    }
    if (request->noisy || !missing) {
        return 0;
    }
    int rc = quiet_wait(request->wait_quiet_s > 0 ? request->wait_quiet_s : REPRODUCE_WAIT_S, err);
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "this machine is not fit for a reproduction now");
        error_advice(err,
                     "End these programs, wait with --wait-quiet SECONDS, or measure with --noisy "
                     "nevertheless. Continue with: %s",
                     request->again);
    }
    return rc;
}

// hrProcessorLoad has a value only after the agent's first minute, so the agent is started before
// the first run. Without one, the run that needs it reports what is missing.
static void start_agent(struct reproduction *reproduction)
{
    const struct timing *timing = reproduction->request->timing;
    uint64_t duration_ns = 0;
    bool wanted = false;
    for (size_t i = 0; i < programme_count; i++) {
        wanted = wanted || (programme_is_monitored(reproduction->states[i].row) &&
                            is_missing(reproduction, i));
    }
    if (!wanted || parse_duration(timing->watch, &duration_ns, NULL) < 0) {
        return;
    }
    _cleanup_private_folder_ char *folder = NULL;
    if (private_folder_make(&folder, NULL) < 0) {
        return;
    }
    const struct agent_spec spec = {.folder = folder, .over_ns = duration_ns / 3};
    if (agent_open(&spec, &reproduction->agent, NULL) == 0) {
        reproduction->agent_folder = steal_pointer(&folder);
    }
}

int reproduce_measure(struct reproduction *reproduction, const struct reproduce_hooks *hooks,
                      struct error *err)
{
    size_t count = 0;
    for (size_t i = 0; i < programme_count; i++) {
        count += reproduction->states[i].wanted;
    }
    int rc = await_quiet(reproduction, err);
    if (rc == 0) {
        start_agent(reproduction);
    }
    size_t number = 0;
    for (size_t i = 0; rc == 0 && i < programme_count; i++) {
        if (!reproduction->states[i].wanted) {
            continue;
        }
        rc = stop_requested() ? fail_interrupted(err)
                              : measure_row(reproduction, i, ++number, count, hooks, err);
        if (rc == 0 && number < count) {
            rc = reproduction_write(reproduction, "running", err);
        }
    }
    end_agent(reproduction);
    const char *status = rc == 0 ? "done" : rc == -EINTR ? "interrupted" : "failed";
    struct error why = ERROR_INIT;
    int written = reproduction_write(reproduction, status, &why);
    if (written == 0) {
        written = report_write_page(reproduction->request->folder, &why);
    }
    if (rc == 0 && written < 0) {
        error_move(err, &why);
        return written;
    }
    error_clear(&why);
    return rc;
}

const struct claim_result *reproduce_result(const struct reproduction *reproduction,
                                            unsigned number)
{
    return &reproduction->claims[number - 1];
}

struct reproduce_tally reproduce_tally(const struct reproduction *reproduction)
{
    struct reproduce_tally tally = {0, 0, 0};
    for (size_t i = 0; i < programme_count; i++) {
        const struct point_list *list = &reproduction->runs[i].points;
        tally.points += list->count;
        for (size_t k = 0; k < list->count; k++) {
            tally.tester += point_tester_was_limit(&list->items[k]);
            tally.disturbed += point_was_disturbed(&list->items[k]);
        }
    }
    return tally;
}

const struct study_results *reproduce_results(const struct reproduction *reproduction)
{
    return &reproduction->results;
}

const json_t *reproduce_json(const struct reproduction *reproduction)
{
    return reproduction->json;
}
