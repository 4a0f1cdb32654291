// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_search — `vrbench search`: finds throughput and partial drop rates of a scenario.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/command.h"
#include "cli/measuring.h"
#include "cli/scenario_input.h"
#include "linux/cpu.h"
#include "report/found_list.h"
#include "report/progress.h"
#include "run/run.h"
#include "scenario/profile.h"

#define SERIES_KINDS "latency, loss, recovery, reset and rfc2544"

#define TRIAL_SHORTEST_NS (100U * NS_PER_MS)
#define TRIAL_LONGEST_NS  (3600U * NS_PER_S)

struct search_values {
    const char *output;
    const char *engine;
    const char *method;
    const char *of, *at;
    struct text_list goals, topologies;
    struct change_values change; // of it: length, routers, set
    uint64_t time_limit, wait_quiet, trials;
    const char *duration;
    bool unchecked, apart, json, even_default_route;
    bool quiet;
    unsigned verbosity;
};

static const struct option_row search_options[] = {
    {.name = "goal",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct search_values, goals),
     .argument = "GOAL",
     .help = "see above; repeatable (0 and 0.5%)"},
    {.name = "of",
     .type = OPTION_TEXT,
     .offset = offsetof(struct search_values, of),
     .argument = "WHAT",
     .help = "rate, density, cap, burst or a test of RFC 2544"},
    {.name = "at",
     .type = OPTION_TEXT,
     .offset = offsetof(struct search_values, at),
     .argument = "RATE",
     .help = "of each network: 20000, 5 Mbit/s; see above"},
    {.name = "trials",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct search_values, trials),
     .min = 1,
     .max = 1000,
     .argument = "N",
     .help = "of each load of the other tests of RFC 2544"},
    {.name = "duration",
     .type = OPTION_TEXT,
     .offset = offsetof(struct search_values, duration),
     .argument = "TIME",
     .help = "of these trials: 120 s, 500 ms"},
    {.name = "apart",
     .type = OPTION_FLAG,
     .offset = offsetof(struct search_values, apart),
     .help = "load each network on its own; default: all alike"},
    {.name = "method",
     .type = OPTION_TEXT,
     .offset = offsetof(struct search_values, method),
     .argument = "M",
     .help = "sequential, rfc9971 or binary, instead of the goals' own"},
    {.name = "time-limit",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct search_values, time_limit),
     .min = 1,
     .max = 86400,
     .argument = "SECONDS",
     .help = "end each length of a topology after so long"},
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct search_values, output),
     .argument = "DIR",
     .help = "folder of the results (./NAME-DATE-TIME)"},
    WAIT_QUIET_OPTION(search_values),
    STABILITY_OPTION(search_values),
    TOPOLOGIES_OPTION(search_values),
    ENGINE_OPTION(search_values),
    CHANGE_ROW(search_values, length, "BYTES", "packet lengths: 64 or 64,256,imix"),
    ROUTERS_OPTION(search_values),
    SET_OPTION(search_values),
    DEFAULT_ROUTE_OPTION(search_values),
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct search_values, json),
     .help = "print the results as JSON"},
    QUIET_OPTION(search_values),
    VERBOSE_OPTION(search_values),
    OPTIONS_END,
};

// The goals of the command line; without any, throughput and the partial drop rate of 0.5 %; of
// bursts and series, no loss.
static int list_goals(const struct search_values *asked, enum found_kind of, struct goal_list *ret,
                      struct error *err)
{
    static const char *const usual[] = {"0", "0.005"};
    size_t usual_count = of == FOUND_RATE || of == FOUND_CAP || of == FOUND_DENSITY ? 2 : 1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < asked->goals.count; i++) {
        rc = measuring_add_goals(ret, asked->goals.items[i], err);
    }
    for (size_t i = 0; rc == 0 && asked->goals.count == 0 && i < usual_count; i++) {
        rc = measuring_add_goals(ret, usual[i], err);
    }
    enum goal_rule rule = RULE_SEQUENTIAL;
    if (rc == 0 && asked->method != NULL &&
        (rc = goal_rule_parse(asked->method, &rule, err)) == 0) {
        for (size_t i = 0; i < ret->count; i++) {
            ret->items[i].rule = rule;
        }
    }
    return rc;
}

static bool kind_is_series(enum found_kind of)
{
    return of == FOUND_LATENCY || of == FOUND_LOSS || of == FOUND_RECOVERY || of == FOUND_RESET ||
           of == FOUND_RFC2544;
}

static int parse_at(const struct search_values *asked, struct job *job, struct error *err)
{
    int rc = profile_parse_rate(asked->at, &job->at, err);
    if (rc == 0 && job->at.value <= 0.0) {
        rc = fail_input(err, "expected a rate above 0, not \"%s\"", asked->at);
    }
    if (rc < 0) {
        error_context(err, "--at");
    }
    return rc;
}

// Checks that a search at one rate has one, and no option of others.
static int check_rate(const struct search_values *asked, const struct goal_list *goals,
                      struct job *job, struct error *err)
{
    bool series = kind_is_series(job->of);
    if (asked->at == NULL && !series) {
        return fail_input(err, job->of == FOUND_CAP
                                   ? "--of cap requires the load of each network: --at RATE"
                                   : "--of burst requires the rate within a burst: --at RATE");
    }
    int rc = asked->at == NULL ? 0 : parse_at(asked, job, err);
    if (rc < 0) {
        return rc;
    }
    if (asked->apart) {
        return fail_input(err, "--apart is for rates only: --of %s loads all networks alike",
                          asked->of);
    }
    for (size_t i = 0; !series && i < goals->count; i++) {
        if (goals->items[i].rule != RULE_SEQUENTIAL) {
            return fail_input(err,
                              "--of %s knows the sequential rule only: use --goal quick or a loss "
                              "ratio, and no other --method",
                              asked->of);
        }
    }
    return 0;
}

static int parse_trial_time(const char *text, uint64_t *ret_ns, struct error *err)
{
    uint64_t ns = 0;
    int rc = parse_duration(text, &ns, err);
    if (rc == 0 && (ns < TRIAL_SHORTEST_NS || ns > TRIAL_LONGEST_NS)) {
        rc = fail_input(err, "expected 100 ms to 1 h, not \"%s\"", text);
    }
    if (rc == 0) {
        *ret_ns = ns;
    }
    return rc;
}

// Checks what is searched for, and at which load.
static int choose_kind(const struct search_values *asked, const struct goal_list *goals,
                       struct job *job, struct error *err)
{
    if (!kind_is_series(job->of) && (asked->trials > 0 || asked->duration != NULL)) {
        return fail_input(err, "--trials and --duration are for --of " SERIES_KINDS
                               " only: a search chooses its trials by its goals");
    }
    if (job->of == FOUND_DENSITY && asked->apart) {
        return fail_input(err, "--apart is not for --of density, which loads all networks alike");
    }
    if (job->of == FOUND_RATE || job->of == FOUND_DENSITY) {
        return asked->at == NULL
                   ? 0
                   : fail_input(err, "--at is not for --of %s", found_kind_name(job->of));
    }
    job->trials = (unsigned)asked->trials;
    int rc = asked->duration == NULL ? 0 : parse_trial_time(asked->duration, &job->trial_ns, err);
    if (rc < 0) {
        error_context(err, "--duration");
        return rc;
    }
    return check_rate(asked, goals, job, err);
}

// Checks that a search for the density loads each router through a network of its own.
static int check_density(const struct scenario *scenario, struct error *err)
{
    if (scenario->router_count < 2) {
        return fail_input(err, "--of density requires a scenario with at least two routers");
    }
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        if (network->router_count > 1) {
            return fail_input(err,
                              "--of density: network %s passes several routers; expected networks "
                              "with one router each",
                              network->name);
        }
    }
    for (size_t r = 0; r < scenario->router_count; r++) {
        bool loaded = false;
        for (size_t i = 0; i < scenario->network_count; i++) {
            loaded = loaded || scenario_passes(&scenario->networks[i], r);
        }
        if (!loaded) {
            return fail_input(err,
                              "--of density: no network passes router %s; expected a network for "
                              "each router",
                              scenario->routers[r].name);
        }
    }
    return 0;
}

// Checks that the scenario has what is searched for. Caps are those of routers: direct has none.
static int check_kind(const struct job *job, struct scenario *scenario, struct error *err)
{
    const char *engine = scenario->traffic.engine;
    if ((scenario_engine(engine)->can & ENGINE_ADAPTS) != 0) {
        return fail_input(err,
                          "the engine %s sends no more than the path carries: no load of its own "
                          "exceeds a loss that could be searched for; use --engine packet",
                          engine);
    }
    if (job->apart && scenario_stream_count(scenario) > 1 &&
        (scenario_engine(engine)->can & ENGINE_FORMS) == 0) {
        return fail_input(err,
                          "--apart: the engine %s cannot send different loads on several "
                          "networks; use --engine packet",
                          engine);
    }
    if (job->of == FOUND_RECOVERY && (scenario_engine(engine)->can & ENGINE_FORMS) == 0) {
        return fail_input(err,
                          "--of recovery: the engine %s cannot send a load that changes in time; "
                          "use --engine packet",
                          engine);
    }
    if (job->of == FOUND_RFC2544 && (scenario_engine(engine)->can & ENGINE_FORMS) == 0) {
        return fail_input(
            err,
            "--of rfc2544: the engine %s cannot send bursts, and loads that change in "
            "time; use --engine packet",
            engine);
    }
    if (job->of == FOUND_RESET && (scenario_engine(engine)->can & ENGINE_FORMS) == 0) {
        return fail_input(err,
                          "--of reset: the engine %s cannot say when packets were lost; use "
                          "--engine packet",
                          engine);
    }
    if (job->of == FOUND_BURST && (scenario_engine(engine)->can & ENGINE_FORMS) == 0) {
        return fail_input(err,
                          "--of burst: the engine %s cannot send a number of packets back to back; "
                          "use --engine packet",
                          engine);
    }
    int rc = job->of == FOUND_DENSITY ? check_density(scenario, err) : 0;
    if (rc < 0) {
        return rc;
    }
    if (job->of != FOUND_CAP && job->of != FOUND_RESET && job->of != FOUND_DENSITY) {
        return 0;
    }
    size_t kept = 0;
    for (size_t i = 0; i < scenario->topology_count; i++) {
        if (scenario->topologies[i] != TOPOLOGY_DIRECT) {
            scenario->topologies[kept++] = scenario->topologies[i];
        }
    }
    if (kept == 0) {
        return fail_input(err, "--of %s requires a topology with routers: bridged or dedicated",
                          found_kind_name(job->of));
    }
    scenario->topology_count = kept;
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        if (job->of == FOUND_CAP && network->router_count > 1) {
            return fail_input(err,
                              "--of cap: network %s passes several routers, and its loss does not "
                              "say whose cap is too small; expected networks with one router each",
                              network->name);
        }
    }
    return 0;
}

static int show(const struct found_list *found, const struct search_values *asked,
                const char *folder, struct error *err)
{
    if (asked->json) {
        return found_write_json(found, stdout, err);
    }
    int rc = found_write_table(found, stdout, isatty(STDOUT_FILENO) == 1, err);
    printf("\nResults: %s\n", folder);
    return rc;
}

static int search_scenario(const struct scenario *scenario, const struct search_values *asked,
                           const struct job *kind, struct error *err)
{
    struct found_list found = {0};
    _cleanup_free_ char *folder = NULL;
    int rc = 0;
    if (asked->output != NULL) {
        folder = text_copy(asked->output);
    } else if ((rc = measuring_folder(scenario, &folder, err)) < 0) {
        return rc;
    }
    struct job job = *kind;
    job.folder = folder;
    job.time_limit_s = (unsigned)asked->time_limit;
    job.wait_quiet_s = (unsigned)asked->wait_quiet;
    job.found = &found;
    struct point_list points = {0};
    rc = job_run(&job, &points, NULL, err);
    bool disturbed = false;
    for (size_t i = 0; i < found.count; i++) {
        disturbed = disturbed || found.items[i].disturbed;
    }
    if (found.count > 0) {
        _cleanup_error_ struct error why = ERROR_INIT;
        int shown = show(&found, asked, folder, &why);
        if (rc == 0 && shown < 0) {
            error_move(err, &why);
            rc = shown;
        }
    }
    if (rc == -EINTR) {
        error_advice(err, "The %zu points so far are saved in %s", points.count, folder);
    }
    point_list_clear(&points);
    found_list_clear(&found);
    return rc < 0 ? rc : disturbed ? EXIT_DISTURBED : EXIT_DONE;
}

static int search_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct search_values *asked = values;
    if (operands->count > 1) {
        return fail_input(err, "search takes one scenario; see vrbench search -h");
    }
    const char *named = operands->count == 0 ? SCENARIO_DEFAULT : operands->items[0];
    _cleanup_changes_ struct scenario_changes changes = {NULL, 0};
    log_set_verbosity(asked->verbosity);
    progress_set_quiet(asked->quiet);
    struct goal_list goals = {.count = 0};
    struct cpu_list usable;
    struct scenario *scenario = NULL;
    struct job job = {
        .folder = asked->output, .apart = asked->apart, .unchecked = asked->unchecked};
    if (asked->of != NULL && found_kind_from_name(asked->of, &job.of) < 0) {
        return fail_input(err, "--of: expected " FOUND_KINDS ", not \"%s\"", asked->of);
    }
    int rc = list_goals(asked, job.of, &goals, err);
    if (rc < 0 || (rc = choose_kind(asked, &goals, &job, err)) < 0 ||
        (rc = cpu_list_usable(&usable, err)) < 0 ||
        (rc = scenario_input_changes(&asked->change, &changes, err)) < 0 ||
        (rc = scenario_input_read(named, asked->engine, &changes, (unsigned)usable.count, &scenario,
                                  err)) < 0) {
        return rc;
    }
    job.scenario = scenario;
    job.goals = goals.items;
    job.goal_count = goals.count;
    if ((rc = measuring_narrow(scenario, &asked->topologies, err)) == 0 &&
        (rc = check_kind(&job, scenario, err)) == 0 &&
        (asked->output == NULL || (rc = job_check(&job, err)) == 0) &&
        (rc = measuring_check(&scenario, 1, asked->even_default_route, err)) == 0) {
        rc = search_scenario(scenario, asked, &job, err);
    }
    scenario_free(scenario);
    return rc;
}

const struct command command_search = {
    .name = "search",
    .operands = "[SCENARIO]",
    .summary = "Find throughput and partial drop rates (RFC 9971)",
    .details = "Finds, for each topology, length and network of a scenario, the loads between\n"
               "which loss begins to exceed each goal's loss ratio: 0 is the throughput, more a\n"
               "partial drop rate.\nA goal is " GOAL_NAMES ".\n"
               "Without SCENARIO, searches for what one router carries, as vrbench run does.\n"
               "With --of cap, finds the smallest CPU cap of each router whose loss at the rate\n"
               "--at stays within that ratio, to a percentage point. With --of burst, finds the\n"
               "longest burst at that rate, and the time of the buffer (RFC 9004).\n"
               "With --of density, finds the rates while 1, 2, 4, ... and all routers are\n"
               "loaded at once, as parts of what one carries alone.\n"
               "The other tests of RFC 2544 search for the throughput, or take --at for it: with\n"
               "--of latency the delay at 50, 90 and 100 % of it; with --of loss the loss at\n"
               "twice that rate (or at --at) and in steps of 10 % below; with --of recovery how\n"
               "long packets are lost after an overload of 110 % is halved; with --of reset how\n"
               "long they are lost while each router is rebooted; with --of rfc2544 all of them\n"
               "and bursts, where --at is the rate of the medium (twice the throughput). Trials\n"
               "are as long as the RFC's with --goal rfc2544, short with --goal quick.\n"
               "All goals share the trials. Every trial becomes a point in the folder of\n"
               "results. Results without two narrow bounds are marked as irregular. Exit status\n"
               "4 if the machine disturbed a search until it gave up.",
    .examples = COMMAND_EXAMPLES(
        {"search --length 64", "throughput of one router, and its load with 0.5 % loss"},
        {"search scenario-1 --goal rfc2544", "throughput by RFC 2544"},
        {"search scenario-1 --of cap --at 50000", "the smallest cap that carries 50,000 pps"}),
    .options = search_options,
    .values_size = sizeof(struct search_values),
    .run = search_run,
};
