// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_run — `vrbench run`: measures scenarios, or with --check prints what it would build.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/measuring.h"
#include "cli/resumed.h"
#include "cli/run_forecast.h"
#include "cli/run_summary.h"
#include "cli/scenario_input.h"
#include "linux/cpu.h"
#include "linux/rights.h"
#include "owner/loan.h"
#include "report/expected.h"
#include "report/progress.h"
#include "run/run.h"
#include "testbed/plan_dot.h"
#include "testbed/testbed.h"

struct run_values {
    const char *output;
    const char *engine;
    struct text_list topologies;
    struct change_values change;
    const char *redo, *rates_from;
    const char *on;
    struct loan *loan; // with `on`
    bool on_scenario;  // with `on`: a scenario file is given
    bool controlled;   // with `on`
    uint64_t wait_quiet, most_disturbed, attempts, seed;
    bool quiet, unchecked, unrefined, quick, resume, check, dry_run, dot, json, study_timing,
        even_default_route;
    unsigned verbosity;
};

static const struct option_row run_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct run_values, output),
     .argument = "DIR",
     .help = "folder of the results (./NAME-DATE-TIME)"},
    {.name = "quick",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, quick),
     .help = "fewer loads and shorter trials",
     .kept = true},
    {.name = "no-refine",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, unrefined),
     .help = "loads that vrbench finds: none between those of the list",
     .kept = true},
    {.name = "study-timing",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, study_timing),
     .help = "method: study only: its 15 s per point and pauses",
     .kept = true},
    {.name = "resume",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, resume),
     .help = "continue the unfinished run in the folder -o; no SCENARIO needed"},
    {.name = "redo",
     .type = OPTION_TEXT,
     .offset = offsetof(struct run_values, redo),
     .argument = "disturbed",
     .words = "disturbed",
     .help = "with --resume: measure disturbed points again",
     .kept = true},
    {.name = "on",
     .type = OPTION_TEXT,
     .offset = offsetof(struct run_values, on),
     .argument = "TESTBED",
     .help = "measure on a testbed of vrbench up, which stays",
     .kept = true},
    {.name = "controlled",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, controlled),
     .help = "with --on: weights and caps may be set meanwhile",
     .kept = true},
    WAIT_QUIET_OPTION(run_values),
    STABILITY_OPTION(run_values),
    {.name = "most-disturbed",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct run_values, most_disturbed),
     .min = 1,
     .max = 1000000,
     .argument = "N",
     .help = "stop after N disturbed points in a row",
     .kept = true},
    {.name = "attempts",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct run_values, attempts),
     .min = 1,
     .max = 1000,
     .argument = "N",
     .help = "trials of a point, at most, while the machine disturbs them (4; --quick: 3)",
     .kept = true},
    SEED_OPTION(run_values),
    TOPOLOGIES_OPTION(run_values),
    ENGINE_OPTION(run_values),
    CHANGE_OPTIONS(run_values),
    DEFAULT_ROUTE_OPTION(run_values),
    {.name = "rates-from",
     .type = OPTION_TEXT,
     .offset = offsetof(struct run_values, rates_from),
     .argument = "DIR",
     .help = "measure the loads of the run in DIR, not the scenario's"},
    {.name = "check",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, check),
     .help = "only validate, and print what would be built"},
    {.name = "dry-run",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, dry_run),
     .help = "only print what would be measured, and the time it takes"},
    {.name = "dot",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, dot),
     .help = "with --check: print that as graphs for Graphviz"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, json),
     .help = "print the summary as JSON"},
    QUIET_OPTION(run_values),
    VERBOSE_OPTION(run_values),
    OPTIONS_END,
};

static int narrow(struct scenario *scenario, const struct run_values *asked, struct error *err)
{
    if (asked->study_timing && scenario->method != METHOD_STUDY) {
        return fail_input(err, "--study-timing requires method: study, which scenario %s lacks",
                          scenario->name);
    }
    if (asked->seed != 0 && scenario->method == METHOD_STUDY) {
        return fail_input(err,
                          "--seed: scenario %s has method: study, which keeps the study's order",
                          scenario->name);
    }
    return measuring_narrow(scenario, &asked->topologies, err);
}

struct scenario_list {
    struct scenario **items;
    size_t count;
};

static void scenario_list_clear(struct scenario_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        scenario_free(list->items[i]);
    }
    free(list->items);
}

// Reads all files before anything is built; reports the problems of all files together.
static int read_scenarios(const struct text_list *files, const struct run_values *asked,
                          struct scenario_list *ret, struct error *err)
{
    struct cpu_list usable;
    _cleanup_changes_ struct scenario_changes changes = {NULL, 0};
    int rc = cpu_list_usable(&usable, err);
    rc = rc < 0 ? rc : scenario_input_changes(&asked->change, &changes, err);
    if (rc < 0) {
        return rc;
    }
    ret->items = memory_new_array(struct scenario *, files->count);
    for (size_t i = 0; i < files->count; i++) {
        struct error why = ERROR_INIT;
        struct scenario *scenario = NULL;
        int one = scenario_input_read(files->items[i], asked->engine, &changes,
                                      (unsigned)usable.count, &scenario, &why);
        if (one == 0) {
            ret->items[ret->count++] = scenario;
            one = narrow(scenario, asked, &why);
        }
        if (one < 0 && rc < 0) {
            char *both = text_format("%s\n%s", err->text, why.text);
            (void)fail_located(err, both);
            free(both);
            error_clear(&why);
        } else if (one < 0) {
            error_move(err, &why);
            rc = one;
        }
    }
    return rc;
}

// Reads the scenario that the folder's run recorded, with the options of that run.
static int read_resumed(struct run_values *asked, struct scenario_list *ret, struct error *err)
{
    struct resumed resumed = {NULL};
    int rc = resumed_read(asked->output, asked->engine, &asked->change, &resumed, err);
    if (rc < 0) {
        return rc;
    }
    asked->quick |= resumed.quick;
    asked->study_timing |= resumed.study_timing;
    ret->items = memory_new_array(struct scenario *, 1);
    ret->items[ret->count++] = resumed.scenario;
    return narrow(resumed.scenario, asked, err);
}

static int check_scenarios(const struct scenario_list *scenarios, bool dot, struct error *err)
{
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    for (size_t i = 0; rc == 0 && i < scenarios->count; i++) {
        const struct scenario *scenario = scenarios->items[i];
        _cleanup_error_ struct error why = ERROR_INIT;
        rc = testbed_check_platform(scenario, true, err);
        if (rc < 0) {
            break;
        }
        rc = testbed_check_daemons(scenario, &why);
        if (rc == -ENOTSUP) {
            log_warning("check", "%s; the daemon's configuration is not checked", why.text);
            rc = 0;
        } else if (rc < 0) {
            error_move(err, &why);
            break;
        }
        if (!dot) {
            printf("scenario %s on platform %s: valid\n", scenario->name, scenario->platform);
        }
        for (size_t t = 0; rc == 0 && t < scenario->topology_count; t++) {
            struct plan *plan = NULL;
            rc = plan_make(scenario, scenario->topologies[t], &usable, &plan, err);
            if (rc == 0) {
                (dot ? plan_write_dot : plan_print)(plan, stdout);
                plan_free(plan);
            }
        }
    }
    return rc;
}

// The folder of a scenario's results: DIR for one scenario, DIR/NAME for several.
static char *folder_for(const struct run_values *asked, const struct scenario *scenario,
                        bool several)
{
    return several ? text_format("%s/%s", asked->output, scenario->name) : text_copy(asked->output);
}

static struct job job_for(const struct run_values *asked, const struct scenario *scenario,
                          const char *folder)
{
    return (struct job){.scenario = scenario,
                        .loan = asked->loan,
                        .folder = folder,
                        .quick = asked->quick,
                        .refine = !asked->unrefined,
                        .study_timing = asked->study_timing,
                        .resume = asked->resume,
                        .unchecked = asked->unchecked,
                        .redo_disturbed = asked->redo != NULL,
                        .seed = (unsigned)asked->seed,
                        .rates_from = asked->rates_from,
                        .wait_quiet_s = (unsigned)asked->wait_quiet,
                        .most_disturbed = (unsigned)asked->most_disturbed,
                        .attempts = (unsigned)asked->attempts};
}

// Refuses an unusable folder before anything is measured or cleaned up.
static int check_folders(const struct scenario_list *scenarios, const struct run_values *asked,
                         struct error *err)
{
    int rc = asked->output == NULL ? 0 : measuring_check_output(asked->output, err);
    for (size_t i = 0; rc == 0 && asked->output != NULL && i < scenarios->count; i++) {
        _cleanup_free_ char *folder = folder_for(asked, scenarios->items[i], scenarios->count > 1);
        for (size_t k = 0; rc == 0 && k < i; k++) {
            if (text_equal(scenarios->items[k]->name, scenarios->items[i]->name)) {
                rc = fail_input(err, "%s and %s have the same name, %s, and so the same folder %s",
                                scenarios->items[k]->file, scenarios->items[i]->file,
                                scenarios->items[i]->name, folder);
            }
        }
        const struct job job = job_for(asked, scenarios->items[i], folder);
        rc = rc < 0 ? rc : job_check(&job, err);
    }
    return rc;
}

// The command that continues an interrupted run. If the user named no folder, each scenario was
// measured into a folder of its name, and the command is for that scenario only.
static char *resume_command(const struct run_values *asked, const struct scenario_list *scenarios,
                            size_t at, const char *folder)
{
    const bool all = scenarios->count > 1 && asked->output != NULL; // of a folder that all share
    char *line = text_copy("vrbench run --resume");
    command_line_add(&line, "-o", asked->output == NULL ? folder : asked->output);
    command_line_add_kept(&line, run_options, asked);
    if (all) { // those that have no run yet
        if (asked->rates_from != NULL) {
            command_line_add(&line, "--rates-from", asked->rates_from);
        }
        if (asked->seed != 0) {
            _cleanup_free_ char *seed = text_format("%u", (unsigned)asked->seed);
            command_line_add(&line, "--seed", seed);
        }
    }
    for (size_t i = 0; i < scenarios->count; i++) {
        // If a run is continued by its folder alone, the scenario that it recorded is read, not
        // standard input again.
        bool named = !text_equal(scenarios->items[i]->file, "-") || all || asked->on != NULL;
        if (named && (asked->output != NULL || i == at) &&
            (asked->on == NULL || asked->on_scenario)) {
            command_line_add_file(&line, scenarios->items[i]->file);
        }
    }
    return line;
}

// Fails if an expectation certainly does not hold; names the first.
static int hold_expectations(const struct scenario *scenario, const struct point_list *points,
                             struct error *err)
{
    _cleanup_free_ struct expected *list = NULL;
    size_t count = expected_compute(scenario, points, &list);
    for (size_t i = 0; i < count; i++) {
        if (list[i].verdict == EXPECTED_FAILS) {
            _cleanup_free_ char *title = expected_title(&list[i]);
            return fail(err, 0, "scenario %s: an expectation does not hold: %s", scenario->name,
                        title);
        }
    }
    return 0;
}

struct tally {
    size_t measured, invalid; // points
    struct error unmet;       // the first expectation that does not hold
    json_t *rows;             // the summary of all scenarios
};

// Measures the scenario with that index and prints its summary, also if measuring fails.
static int run_one(const struct scenario_list *scenarios, size_t index,
                   const struct run_values *asked, struct tally *tally, struct error *err)
{
    const struct scenario *scenario = scenarios->items[index];
    _cleanup_free_ char *folder = NULL;
    int rc = 0;
    if (asked->output != NULL) {
        folder = folder_for(asked, scenario, scenarios->count > 1);
    } else if ((rc = measuring_folder(scenario, &folder, err)) < 0) {
        return rc;
    }
    const struct job job = job_for(asked, scenario, folder);
    struct point_list points = {0};
    bool reported = false;
    rc = job_run(&job, &points, &reported, err);
    if (points.count > 0) {
        int shown = 0;
        if (asked->json) {
            run_summary_add(scenario, &points, tally->rows);
        } else {
            shown = run_summary_print(scenario, &points, folder, reported, rc < 0 ? NULL : err);
        }
        rc = rc < 0 ? rc : shown;
    }
    tally->measured += points.count;
    tally->invalid += point_list_invalid(&points);
    if (rc == -EINTR) {
        _cleanup_free_ char *command = resume_command(asked, scenarios, index, folder);
        error_context(err, "%s", scenario->name);
        error_advice(err, "Continue with: %s", command);
    }
    if (rc == 0 && tally->unmet.text == NULL) {
        (void)hold_expectations(scenario, &points, &tally->unmet);
    }
    point_list_clear(&points);
    return rc;
}

// Returns the exit status of the command if all scenarios were measured. An expectation that does
// not hold is an error, but the remaining scenarios are measured first.
static int run_all(const struct scenario_list *scenarios, const struct run_values *asked,
                   struct error *err)
{
    struct tally tally = {.unmet = ERROR_INIT, .rows = json_array()};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < scenarios->count; i++) {
        rc = run_one(scenarios, i, asked, &tally, err);
    }
    if (asked->json && tally.measured > 0) {
        int shown = run_summary_json(tally.rows, rc < 0 ? NULL : err);
        rc = rc < 0 ? rc : shown;
    }
    json_decref(tally.rows);
    if (rc == 0 && tally.unmet.text != NULL) {
        error_move(err, &tally.unmet);
        return -EIO;
    }
    error_clear(&tally.unmet);
    return rc < 0 ? rc : 2 * tally.invalid > tally.measured ? EXIT_DISTURBED : EXIT_DONE;
}

static int measure_scenarios(const struct scenario_list *scenarios, const struct run_values *asked,
                             struct error *err)
{
    int rc = check_folders(scenarios, asked, err);
    if (rc < 0) {
        return rc;
    }
    rc = measuring_check(scenarios->items, scenarios->count, asked->even_default_route, err);
    return rc < 0 ? rc : run_all(scenarios, asked, err);
}

// ---- on a testbed that stands

// Replaces a scenario by the one that the options change it to.
static int change_scenario(const struct run_values *asked, struct scenario **scenario,
                           struct error *err)
{
    _cleanup_changes_ struct scenario_changes changes = {NULL, 0};
    struct cpu_list usable;
    int rc = scenario_input_changes(&asked->change, &changes, err);
    if (rc < 0 || changes.count == 0 || (rc = cpu_list_usable(&usable, err)) < 0) {
        return rc;
    }
    const struct scenario_source source = {.path = (*scenario)->file,
                                           .title = (*scenario)->name,
                                           .text = (*scenario)->text,
                                           .changes = &changes};
    struct scenario *changed = NULL;
    if ((rc = scenario_read_source(&source, (unsigned)usable.count, &changed, err)) == 0) {
        scenario_free(*scenario);
        *scenario = changed;
    }
    return rc;
}

// The scenario that the testbed was built for.
static int read_standing(const struct run_values *asked, struct scenario_list *ret,
                         struct error *err)
{
    struct scenario *scenario = NULL;
    int rc = loan_scenario(asked->loan, &scenario, err);
    if (rc < 0) {
        return rc;
    }
    ret->items = memory_new_array(struct scenario *, 1);
    ret->items[ret->count++] = scenario;
    if (scenario->traffic.profile.file != NULL) {
        return fail_input(err, "scenario %s names the profile %s: give the scenario's file, too",
                          scenario->name, scenario->traffic.profile.file);
    }
    rc = change_scenario(asked, &ret->items[0], err);
    return rc < 0 ? rc : narrow(ret->items[0], asked, err);
}

static int measure_loan(struct run_values *asked, struct scenario_list *scenarios,
                        struct error *err)
{
    int rc = asked->on_scenario ? 0 : read_standing(asked, scenarios, err);
    if (rc < 0 || scenarios->count == 0) {
        return rc;
    }
    struct scenario *scenario = scenarios->items[0];
    if ((rc = measuring_check_on(scenario, err)) < 0 ||
        (rc = loan_measure(asked->loan, scenario, SIZE_MAX, err)) < 0) {
        return rc;
    }
    scenario->topologies[0] = testbed_plan(loan_testbed(asked->loan))->topology;
    scenario->topology_count = 1;
    rc = check_folders(scenarios, asked, err);
    return rc < 0 ? rc : run_all(scenarios, asked, err);
}

static int measure_on(struct run_values *asked, const struct text_list *files, struct error *err)
{
    struct scenario_list scenarios = {0};
    if (files->count > 1) {
        return fail_input(err, "--on takes one scenario at most");
    }
    if (asked->check || asked->dry_run) {
        return fail_input(err, "--%s can't be combined with --on",
                          asked->check ? "check" : "dry-run");
    }
    if (files->count == 0 && asked->engine != NULL) {
        return fail_input(err, "--engine with --on requires a scenario file");
    }
    asked->on_scenario = files->count == 1;
    int rc = asked->on_scenario ? read_scenarios(files, asked, &scenarios, err) : 0;
    rc = rc < 0 ? rc : rights_check(err);
    rc = rc < 0 ? rc : loan_take(asked->on, NULL, asked->controlled, &asked->loan, err);
    rc = rc < 0 ? rc : measure_loan(asked, &scenarios, err);
    loan_return(asked->loan);
    scenario_list_clear(&scenarios);
    return rc;
}

static int forecast_scenarios(const struct scenario_list *scenarios, const struct run_values *asked,
                              struct error *err)
{
    _cleanup_free_ struct job *jobs = memory_new_array(struct job, scenarios->count);
    for (size_t i = 0; i < scenarios->count; i++) {
        jobs[i] = job_for(asked, scenarios->items[i], NULL);
    }
    return run_forecast_print(jobs, scenarios->count, asked->json, err);
}

static int check_combinations(const struct run_values *asked, size_t files, struct error *err)
{
    if (asked->resume && asked->output == NULL) {
        return fail_input(err, "--resume requires the folder of the run: -o DIR");
    }
    if (asked->redo != NULL && (!asked->resume || strcmp(asked->redo, "disturbed") != 0)) {
        return fail_input(err, "--redo takes the word disturbed, and requires --resume");
    }
    // Of several scenarios, some may have no run yet.
    if (asked->rates_from != NULL && asked->resume && files < 2) {
        return fail_input(err,
                          "--rates-from can't be combined with --resume: the run has its loads");
    }
    if (asked->seed != 0 && asked->resume && files < 2) {
        return fail_input(err, "--seed can't be combined with --resume: the run has its order");
    }
    if (asked->controlled && asked->on == NULL) {
        return fail_input(err, "--controlled requires --on: it permits vrbench control and cpu on "
                               "that testbed meanwhile");
    }
    if (asked->dot && !asked->check) {
        return fail_input(err, "--dot requires --check: it prints what would be built");
    }
    if (asked->json && asked->check) {
        return fail_input(err, "--check has no --json: it prints text, or graphs (--dot)");
    }
    if (asked->dry_run && asked->check) {
        return fail_input(err, "--dry-run can't be combined with --check: one prints what would be "
                               "measured, the other what would be built");
    }
    return 0;
}

static int run_run(void *values, const struct text_list *operands, struct error *err)
{
    struct run_values *asked = values;
    const char *without = SCENARIO_DEFAULT;
    const struct text_list default_only = {&without, 1};
    struct scenario_list scenarios = {0};
    int rc = check_combinations(asked, operands->count, err);
    if (rc < 0) {
        return rc;
    }
    log_set_verbosity(asked->verbosity);
    progress_set_quiet(asked->quiet);
    if (asked->on != NULL) {
        return measure_on(asked, operands, err);
    }
    rc = asked->resume && operands->count == 0
             ? read_resumed(asked, &scenarios, err)
             : read_scenarios(operands->count == 0 ? &default_only : operands, asked, &scenarios,
                              err);
    if (rc == 0 && asked->dry_run) {
        rc = forecast_scenarios(&scenarios, asked, err);
    } else if (rc == 0 && asked->check) {
        rc = check_scenarios(&scenarios, asked->dot, err);
    } else if (rc == 0) {
        rc = measure_scenarios(&scenarios, asked, err);
    }
    scenario_list_clear(&scenarios);
    return rc;
}

const struct command command_run = {
    .name = "run",
    .operands = "[SCENARIO…]",
    .summary = "Measure scenarios",
    .details = "Builds a testbed for each topology in separate network namespaces, loads it,\n"
               "and records forwarding rates, losses with their places, and CPU time in a\n"
               "folder: run.json, points.jsonl, points.csv, report.xlsx, report.html. Prints a\n"
               "summary, and which expectations of the scenario hold (exit status 1 if one\n"
               "certainly does not). Exit status 4 if more than half of the points are invalid.\n"
               "With --on, nothing is built: the testbed's own scenario is measured, or one that\n"
               "describes the same routers and networks. The testbed is locked meanwhile;\n"
               "--controlled permits vrbench cpu and control; points contain weights and caps.\n"
               "SCENARIO is a file, - (standard input), or the name of an installed scenario\n"
               "(scenario-1); without one, a single router is measured (vrbench init writes\n"
               "that scenario). --length to --set change all scenarios of the command.",
    .examples = COMMAND_EXAMPLES(
        {"run", "what one router carries, and what bridging costs"},
        {"run scenario-1 --quick", "an installed scenario, fewer loads"},
        {"run my.yaml --length 64 --pps 100k,200k -o out", "a file, with other loads"},
        {"run scenario-2", "which router loses packets, and where"},
        {"run --set routers.r1.cap=30", "limit a router's CPU time, and prove that the cap holds"},
        {"run --set routers.r1.nft=rules.nft", "measure a router with your nftables rules"},
        {"run --routers 4 --repeats 9 --dry-run", "what would be measured, and for how long"}),
    .options = run_options,
    .values_size = sizeof(struct run_values),
    .run = run_run,
};
