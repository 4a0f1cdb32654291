// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/cmd_ab — `vrbench ab`: measures two scenarios in alternation, and compares them.
 *
 * A round is one repeat of every load of both scenarios, as a run that the next round resumes. The
 * testbeds are built in each round, so the intervals of the comparison contain what differs between
 * two builds; the order alternates (A B, B A, …), so that a slow change of the machine touches
 * both. With goals, a round is one search of each scenario instead.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/comparing.h"
#include "cli/measuring.h"
#include "cli/scenario_input.h"
#include "linux/cpu.h"
#include "report/compare_out.h"
#include "report/page.h"
#include "run/run.h"

#define REPEATS 7U // decide 50 figures, see docs/compare.md

struct ab_values {
    const char *output, *engine;
    struct text_list topologies, goals;
    bool search;
    uint64_t repeats, threshold, wait_quiet, seed;
    bool unchecked, quick, json, markdown, even_default_route;
    unsigned verbosity;
};

static const struct option_row ab_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct ab_values, output),
     .argument = "DIR",
     .help = "folder of both runs and their comparison (./ab-DATE-TIME)"},
    {.name = "repeats",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct ab_values, repeats),
     .min = 1,
     .max = 100,
     .argument = "N",
     .help = "trials of each load, or searches, of each scenario (7)"},
    {.name = "search",
     .type = OPTION_FLAG,
     .offset = offsetof(struct ab_values, search),
     .help = "search for the throughput; do not measure loads"},
    {.name = "goal",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct ab_values, goals),
     .argument = "GOAL",
     .help = "of --search, see vrbench search; repeatable (0 and 0.5%)"},
    {.name = "quick",
     .type = OPTION_FLAG,
     .offset = offsetof(struct ab_values, quick),
     .help = "fewer loads and shorter trials"},
    {.name = "threshold",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct ab_values, threshold),
     .min = 1,
     .max = 1000,
     .argument = "PERCENT",
     .help = "exit status 1 if a figure of B is certainly worse by more"},
    WAIT_QUIET_OPTION(ab_values),
    STABILITY_OPTION(ab_values),
    SEED_OPTION(ab_values),
    TOPOLOGIES_OPTION(ab_values),
    ENGINE_OPTION(ab_values),
    DEFAULT_ROUTE_OPTION(ab_values),
    {.name = "markdown",
     .type = OPTION_FLAG,
     .offset = offsetof(struct ab_values, markdown),
     .help = "print the tables as Markdown"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct ab_values, json),
     .help = "print the comparison as JSON instead of tables"},
    VERBOSE_OPTION(ab_values),
    OPTIONS_END,
};

// The two scenarios with the folders of their runs, and what is searched for.
struct pair {
    struct scenario *scenarios[2];
    char *folders[2];
    struct goal_list goals;   // none = loads are measured
    size_t measured, invalid; // points of loads, of both
};

static void pair_clear(struct pair *pair)
{
    for (size_t i = 0; i < 2; i++) {
        scenario_free(pair->scenarios[i]);
        free(pair->folders[i]);
    }
}
#define _cleanup_pair_ __attribute__((cleanup(pair_clear)))

static int read_pair(const char *const *files, const struct ab_values *asked, struct pair *pair,
                     struct error *err)
{
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    for (size_t i = 0; rc == 0 && i < 2; i++) {
        rc = scenario_input_read(files[i], asked->engine, NULL, (unsigned)usable.count,
                                 &pair->scenarios[i], err);
        rc = rc < 0 ? rc : measuring_narrow(pair->scenarios[i], &asked->topologies, err);
    }
    return rc;
}

// Names the runs by their scenarios; by "a" and "b" if both have the same name.
static void name_folders(const char *output, struct pair *pair)
{
    bool alike = text_equal(pair->scenarios[0]->name, pair->scenarios[1]->name);
    for (size_t i = 0; i < 2; i++) {
        const char *name = pair->scenarios[i]->name;
        pair->folders[i] = text_format("%s/%s", output, alike ? i == 0 ? "a" : "b" : name);
    }
}

// Whether the loads of both are found by the program: then B gets those of A.
static bool takes_loads(const struct pair *pair)
{
    return pair->goals.count == 0 && pair->scenarios[0]->traffic.rates.kind == RATES_AUTO &&
           pair->scenarios[1]->traffic.rates.kind == RATES_AUTO;
}

static struct job job_for(const struct ab_values *asked, const struct pair *pair, size_t which,
                          unsigned round)
{
    return (struct job){
        .scenario = pair->scenarios[which],
        .folder = pair->folders[which],
        .quick = asked->quick,
        .resume = round > 0,
        .unchecked = asked->unchecked || round > 0,
        .shuffled = true,
        .seed = (unsigned)asked->seed,
        .wait_quiet_s = round == 0 && which == 0 ? (unsigned)asked->wait_quiet : 0,
        .goals = pair->goals.items,
        .goal_count = pair->goals.count,
        .search_repeat = round,
        .rates_from = round == 0 && which == 1 && takes_loads(pair) ? pair->folders[0] : NULL};
}

// Counts the points of one round of loads, without those of earlier ones.
static void tally_round(const struct point_list *points, unsigned round, struct pair *pair)
{
    for (size_t i = 0; pair->goals.count == 0 && i < points->count; i++) {
        const struct point *point = &points->items[i];
        pair->measured += point->repeat == round;
        pair->invalid += point->repeat == round && !point->valid;
    }
}

static int measure_round(const struct ab_values *asked, struct pair *pair, unsigned round,
                         struct error *err)
{
    for (size_t i = 0; i < 2; i++) {
        size_t which = round % 2 == 0 ? i : 1 - i;
        struct point_list points = {NULL, 0};
        struct found_list found = {.count = 0};
        pair->scenarios[which]->traffic.repeats = round + 1;
        struct job job = job_for(asked, pair, which, round);
        job.found = &found;
        int rc = job_run(&job, &points, NULL, err);
        tally_round(&points, round, pair);
        point_list_clear(&points);
        found_list_clear(&found);
        if (rc < 0) {
            error_context(err, "%s, repeat %u", pair->folders[which], round + 1);
            return rc;
        }
    }
    return 0;
}

static int show_comparison(const struct ab_values *asked, const char *output,
                           const struct pair *pair, struct error *err)
{
    struct comparison *comparison = NULL;
    const char *const folders[2] = {pair->folders[0], pair->folders[1]};
    int rc = compare_folders(folders, 2, &comparison, err);
    if (rc < 0) {
        return rc;
    }
    rc = comparing_print(comparison, asked->json, asked->markdown, err);
    if (rc == 0) {
        rc = compare_write_folder(comparison, output, err);
    }
    if (rc == 0 && !asked->json && page_is_built()) {
        printf("Page: %s/compare.html (both runs in the same folder)\n", output);
    }
    if (rc == 0 && asked->threshold > 0) {
        rc = comparing_hold_threshold(comparison, (double)asked->threshold / 100, err);
    }
    comparison_free(comparison);
    return rc;
}

static int measure_pair(const struct ab_values *asked, struct pair *pair, struct error *err)
{
    _cleanup_free_ char *output = asked->output == NULL ? NULL : text_copy(asked->output);
    int rc = output == NULL ? 0 : measuring_check_output(output, err);
    rc = rc < 0 || output == NULL ? rc : compare_check_folder(output, err);
    rc = rc < 0 ? rc : measuring_check(pair->scenarios, 2, asked->even_default_route, err);
    if (rc < 0 || (output == NULL && (rc = measuring_folder_named("ab", &output, err)) < 0)) {
        return rc;
    }
    name_folders(output, pair);
    for (size_t i = 0; rc == 0 && i < 2; i++) { // neither is measured if one can't be
        struct job job = job_for(asked, pair, i, 0);
        job.rates_from = NULL; // measured later
        rc = job_check(&job, err);
    }
    unsigned repeats = asked->repeats == 0 ? REPEATS : (unsigned)asked->repeats;
    for (unsigned round = 0; rc == 0 && round < repeats; round++) {
        rc = measure_round(asked, pair, round, err);
    }
    rc = rc < 0 ? rc : show_comparison(asked, output, pair, err);
    return rc < 0 ? rc : 2 * pair->invalid > pair->measured ? EXIT_DISTURBED : EXIT_DONE;
}

static bool searches(const struct ab_values *asked)
{
    return asked->search || asked->goals.count > 0;
}

// As vrbench search: without a goal, the throughput and the partial drop rate of 0.5 %.
static int list_goals(const struct text_list *texts, struct goal_list *ret, struct error *err)
{
    static const char *const usual[] = {"0", "0.005"};
    bool given = texts->count > 0;
    size_t count = given ? texts->count : sizeof usual / sizeof usual[0];
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = measuring_add_goals(ret, given ? texts->items[i] : usual[i], err);
    }
    return rc;
}

static int ab_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct ab_values *asked = values;
    if (operands->count != 2) {
        return fail_input(err, "ab requires two scenario files; see vrbench ab -h");
    }
    if (asked->json && asked->markdown) {
        return fail_input(err, "--json and --markdown exclude each other");
    }
    if (asked->quick && searches(asked)) {
        return fail_input(err, "--quick is for loads; the short trials of a search are --goal "
                               "quick");
    }
    log_set_verbosity(asked->verbosity);
    _cleanup_pair_ struct pair pair = {0};
    const char *const files[2] = {operands->items[0], operands->items[1]};
    int rc = searches(asked) ? list_goals(&asked->goals, &pair.goals, err) : 0;
    rc = rc < 0 ? rc : read_pair(files, asked, &pair, err);
    return rc < 0 ? rc : measure_pair(asked, &pair, err);
}

const struct command command_ab = {
    .name = "ab",
    .operands = "A B",
    .summary = "Measure two scenarios in alternation, and compare them",
    .details = "Measures each load of both scenarios N times, in alternation: A B, B A, …, and\n"
               "compares B with A as vrbench compare does. The testbeds are built again for each\n"
               "repeat. If both scenarios find their own loads (rates: auto), B is measured at\n"
               "the loads of A. The folder contains both runs and the comparison.\n"
               "With --search or --goal, finds throughput and partial drop rates instead, as\n"
               "vrbench search does, N times in the same alternation.\nA goal is " GOAL_NAMES ".",
    .examples = COMMAND_EXAMPLES(
        {"ab before.yaml after.yaml", "is one better than the other?"},
        {"ab before.yaml after.yaml --goal quick", "has one the higher throughput?"}),
    .options = ab_options,
    .values_size = sizeof(struct ab_values),
    .run = ab_run,
};
