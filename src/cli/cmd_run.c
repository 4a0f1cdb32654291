// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_run — `vrbench run`: measures scenarios, or with --check shows what would be built.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/folder.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "face/agent.h"
#include "linux/cpu.h"
#include "linux/rights.h"
#include "report/summary.h"
#include "report/words.h"
#include "report/writer.h"
#include "result/platform_facts.h"
#include "result/store.h"
#include "run/run.h"
#include "testbed/testbed.h"
#include "traffic/engine.h"

struct run_values {
    const char *output;
    const char *engine;
    struct text_list topologies;
    bool quick, resume, check, json, study_timing, even_default_route;
    unsigned verbosity;
};

static const struct option_row run_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct run_values, output),
     .argument = "DIR",
     .help = "folder for the results (default: ./NAME-DATE-TIME)"},
    {.name = "quick",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, quick),
     .help = "few loads and short trials: a first look"},
    {.name = "study-timing",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, study_timing),
     .help = "with method: study, its 15 s a point and its pauses (65 min for 78 points)"},
    {.name = "resume",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, resume),
     .help = "go on with the unfinished run in the folder"},
    {.name = "topology",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct run_values, topologies),
     .argument = "T",
     .help = "only direct, bridged or dedicated; may be repeated"},
    {.name = "engine",
     .type = OPTION_TEXT,
     .offset = offsetof(struct run_values, engine),
     .argument = "E",
     .help = "traffic engine in place of the scenario's: packet, iperf or iperf3"},
    {.name = "even-default-route",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, even_default_route),
     .help = "lend (links) also interfaces of the default route or of your SSH session"},
    {.name = "check",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, check),
     .help = "only validate, and print what would be built"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct run_values, json),
     .help = "print the summary as JSON"},
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_COUNT,
     .offset = offsetof(struct run_values, verbosity),
     .help = "say more; -vv still more"},
    OPTIONS_END,
};

// Keeps of a scenario's topologies those asked for.
static int narrow(struct scenario *scenario, const struct run_values *asked, struct error *err)
{
    if (asked->study_timing && scenario->method != METHOD_STUDY) {
        return fail_input(err, "--study-timing: scenario %s has not method: study", scenario->name);
    }
    if (asked->topologies.count == 0) {
        return 0;
    }
    bool wanted[TOPOLOGY_COUNT] = {false};
    for (size_t i = 0; i < asked->topologies.count; i++) {
        enum topology topology = TOPOLOGY_DIRECT;
        if (topology_from_name(asked->topologies.items[i], &topology) < 0) {
            return fail_input(err, "--topology: expected direct, bridged or dedicated, not \"%s\"",
                              asked->topologies.items[i]);
        }
        wanted[topology] = true;
    }
    size_t kept = 0;
    for (size_t i = 0; i < scenario->topology_count; i++) {
        if (wanted[scenario->topologies[i]]) {
            scenario->topologies[kept++] = scenario->topologies[i];
        }
    }
    scenario->topology_count = kept;
    return kept > 0 ? 0
                    : fail_input(err, "scenario %s has none of the topologies asked for",
                                 scenario->name);
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

// Reads all files before anything is done; the problems of all of them are shown together.
static int read_scenarios(const struct text_list *files, const struct run_values *asked,
                          struct scenario_list *ret, struct error *err)
{
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    if (rc < 0) {
        return rc;
    }
    ret->items = memory_new_array(struct scenario *, files->count);
    for (size_t i = 0; i < files->count; i++) {
        struct error why = ERROR_INIT;
        struct scenario *scenario = NULL;
        int one = scenario_read_for(files->items[i], asked->engine, (unsigned)usable.count,
                                    &scenario, &why);
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

static int check_scenarios(const struct scenario_list *scenarios, struct error *err)
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
        printf("scenario %s on platform %s: valid\n", scenario->name, scenario->platform);
        for (size_t t = 0; rc == 0 && t < scenario->topology_count; t++) {
            struct plan *plan = NULL;
            rc = plan_make(scenario, scenario->topologies[t], &usable, &plan, err);
            if (rc == 0) {
                plan_print(plan, stdout);
                plan_free(plan);
            }
        }
    }
    return rc;
}

// Programs that engines need must be here before anything is made.
static int check_engines(const struct scenario_list *scenarios, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < scenarios->count; i++) {
        const struct scenario *scenario = scenarios->items[i];
        if ((rc = engine_check(scenario->traffic.engine, err)) < 0 ||
            (scenario->method == METHOD_STUDY && (rc = agent_check(err)) < 0) ||
            (rc = testbed_check_platform(scenario, false, err)) < 0) {
            return rc;
        }
        rc = testbed_check_daemons(scenario, err);
    }
    return rc;
}

// The folder of one scenario: DIR itself for one, DIR/NAME for each of several.
static char *folder_for(const struct run_values *asked, const struct scenario *scenario,
                        bool several)
{
    return several ? text_format("%s/%s", asked->output, scenario->name) : text_copy(asked->output);
}

// Of machines, what they were: it says how far the figures can be believed.
static void show_platform(const char *folder)
{
    json_t *run = NULL;
    struct platform_facts facts;
    if (store_read_run(folder, &run, NULL) < 0) {
        return;
    }
    if (platform_facts_from_json(json_object_get(run, "platform"), &facts, NULL) == 0) {
        if (facts.kind != PLATFORM_NAMESPACES) {
            _cleanup_free_ char *words = words_platform(&facts);
            printf("%s\n", words);
        }
        platform_facts_clear(&facts);
    }
    json_decref(run);
}

// How long the routers' daemons took, testbed by testbed.
static void show_convergence(const char *folder)
{
    json_t *run = NULL;
    if (store_read_run(folder, &run, NULL) < 0) {
        return;
    }
    size_t i = 0;
    json_t *one = NULL;
    json_array_foreach(json_object_get(run, "convergence"), i, one)
    {
        printf("%s%s (%s), %s: routes learned in %.3f s\n", i == 0 ? "\n" : "",
               json_string_value(json_object_get(one, "router")),
               json_string_value(json_object_get(one, "daemon")),
               json_string_value(json_object_get(one, "topology")),
               json_real_value(json_object_get(one, "seconds")));
    }
    json_decref(run);
}

static int show(const struct point_list *points, const struct run_values *asked, const char *folder,
                struct error *err)
{
    struct writer *writer = asked->json ? writer_json(stdout, summary_columns, summary_column_count)
                                        : writer_table(stdout, summary_columns,
                                                       summary_column_count, 0, isatty(1) == 1);
    int rc = summary_list(points, writer, err);
    writer_free(writer);
    if (rc < 0 || asked->json) {
        return rc;
    }
    size_t invalid = 0;
    for (size_t i = 0; i < points->count; i++) {
        invalid += !points->items[i].valid;
    }
    show_convergence(folder);
    char all[48];
    char bad[48];
    text_group_digits((double)points->count, 0, all);
    text_group_digits((double)invalid, 0, bad);
    printf("\n%s point%s, %s invalid%s\n", all, points->count == 1 ? "" : "s", bad,
           invalid == 0 ? "" : " (not counted above; points.csv says why)");
    show_platform(folder);
    printf("Results: %s\n", folder);
    printf("Report:  %s/report.html (vrbench report adds figures for print)\n", folder);
    return 0;
}

static struct job job_for(const struct run_values *asked, const struct scenario *scenario,
                          const char *folder)
{
    return (struct job){.scenario = scenario,
                        .folder = folder,
                        .quick = asked->quick,
                        .study_timing = asked->study_timing,
                        .resume = asked->resume};
}

// Makes the folder of a scenario where the user named none: two runs of one second get two.
static int make_folder(const struct scenario *scenario, char **ret, struct error *err)
{
    char when[32];
    time_t now = time(NULL);
    struct tm parts;
    localtime_r(&now, &parts);
    strftime(when, sizeof when, "%Y%m%d-%H%M%S", &parts);
    _cleanup_free_ char *stem = text_format("%s-%s", scenario->name, when);
    return folder_make_new(stem, ret, err);
}

// A folder that cannot be used is refused before anything is measured or cleaned up.
static int check_folders(const struct scenario_list *scenarios, const struct run_values *asked,
                         struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && asked->output != NULL && i < scenarios->count; i++) {
        _cleanup_free_ char *folder = folder_for(asked, scenarios->items[i], scenarios->count > 1);
        const struct job job = job_for(asked, scenarios->items[i], folder);
        rc = job_check(&job, err);
    }
    return rc;
}

static int run_all(const struct scenario_list *scenarios, const struct run_values *asked,
                   struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < scenarios->count; i++) {
        _cleanup_free_ char *folder = NULL;
        if (asked->output != NULL) {
            folder = folder_for(asked, scenarios->items[i], scenarios->count > 1);
        } else if ((rc = make_folder(scenarios->items[i], &folder, err)) < 0) {
            break;
        }
        const struct job job = job_for(asked, scenarios->items[i], folder);
        struct point_list points = {0};
        rc = job_run(&job, &points, err);
        if (points.count > 0) {
            _cleanup_error_ struct error why = ERROR_INIT;
            int shown = show(&points, asked, folder, &why);
            if (rc == 0 && shown < 0) {
                error_move(err, &why);
                rc = shown;
            }
        }
        if (rc == -EINTR) {
            error_context(err, "%s: what was measured is kept; go on with --resume -o %s",
                          scenarios->items[i]->name, folder);
        }
        point_list_clear(&points);
    }
    return rc;
}

static int measure_scenarios(const struct scenario_list *scenarios, const struct run_values *asked,
                             struct error *err)
{
    int rc = check_folders(scenarios, asked, err);
    if (rc < 0) {
        return rc;
    }
    rc = rights_check(err);
    if (rc < 0) {
        error_context(err, "measuring needs root (try sudo)");
        return rc;
    }
    rc = check_engines(scenarios, err);
    if (rc < 0) {
        return rc;
    }
    rc = testbed_clean_up_dead(err); // which gives back what a dead run was lent
    for (size_t i = 0; rc == 0 && i < scenarios->count; i++) {
        rc = testbed_check_links(scenarios->items[i], asked->even_default_route, err);
    }
    return rc < 0 ? rc : run_all(scenarios, asked, err);
}

static int run_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct run_values *asked = values;
    if (operands->count == 0) {
        return fail_input(err, "run needs a scenario file; see vrbench run -h");
    }
    if (asked->resume && asked->output == NULL) {
        return fail_input(err, "--resume needs the folder of the run to go on with: -o DIR");
    }
    log_set_level(asked->verbosity >= 2   ? LOG_DETAIL
                  : asked->verbosity == 1 ? LOG_NOTE
                                          : LOG_WARNING);
    struct scenario_list scenarios = {0};
    int rc = read_scenarios(operands, asked, &scenarios, err);
    if (rc == 0 && asked->check) {
        rc = check_scenarios(&scenarios, err);
    } else if (rc == 0) {
        rc = measure_scenarios(&scenarios, asked, err);
    }
    scenario_list_clear(&scenarios);
    return rc;
}

const struct command command_run = {
    .name = "run",
    .operands = "SCENARIO…",
    .summary = "Measure scenarios",
    .details =
        "Builds the testbed of each topology in network namespaces of its own, loads it, and\n"
        "writes what was forwarded, what was lost where, and what it cost in CPU, into a folder:\n"
        "run.json, points.jsonl, points.csv, report.xlsx, report.html. Ends with a summary.",
    .options = run_options,
    .values_size = sizeof(struct run_values),
    .run = run_run,
};
