// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_advise — `vrbench advise`: plans which contracts to keep on which hosts, and how.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "advice/advice.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/past_runs.h"
#include "report/advice_list.h"
#include "result/json_text.h"

#define SEED 1U // of the model's resampling: equal runs give equal plans

struct advise_values {
    struct text_list from;
    const char *goal, *output;
    bool no_caps, json;
};

static const struct option_row advise_options[] = {
    {.name = "from",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct advise_values, from),
     .argument = "RUN",
     .help = "folder of a run that gives the costs of packets (repeatable)"},
    {.name = "goal",
     .type = OPTION_TEXT,
     .offset = offsetof(struct advise_values, goal),
     .argument = "GOAL",
     .help = "contracts, revenue, cpus, hosts, headroom or fairness"},
    {.name = "no-caps",
     .type = OPTION_FLAG,
     .offset = offsetof(struct advise_values, no_caps),
     .help = "give routers weights only"},
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct advise_values, output),
     .argument = "FILE",
     .help = "write the plan as a scenario; of several hosts: FILE-1, …"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct advise_values, json),
     .help = "print the plan as JSON"},
    OPTIONS_END,
};

// Reads the runs: those of --from, and further operands.
static int read_runs(const struct advise_values *asked, const struct text_list *operands,
                     struct past_runs *ret, struct error *err)
{
    struct text_list folders = {NULL, 0};
    for (size_t i = 0; i < asked->from.count; i++) {
        text_list_add(&folders, asked->from.items[i]);
    }
    for (size_t i = 1; i < operands->count; i++) {
        text_list_add(&folders, operands->items[i]);
    }
    int rc = past_runs_read(folders.items, folders.count, ret, err);
    text_list_clear(&folders);
    return rc;
}

// ---- scenarios

// The file of a host: FILE, or of several hosts FILE with the number before its ending.
static char *name_file(const char *file, size_t host, size_t hosts)
{
    const char *dot = strrchr(text_base_name(file), '.');
    if (hosts == 1) {
        return text_copy(file);
    }
    const size_t stem = dot == NULL ? strlen(file) : (size_t)(dot - file);
    return text_format("%.*s-%zu%s", (int)stem, file, host + 1, file + stem);
}

static int write_scenario(const struct advice *advice, size_t host, const char *path,
                          struct error *err)
{
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL) {
        return fail(err, 0, "%s: cannot make its text", path);
    }
    advice_write_scenario(advice, host, stream);
    fclose(stream);
    if (advice_simplifies_mixes(advice, host)) {
        log_warning("advise",
                    "%s: a scenario has one mix of lengths; networks with another one get its mean "
                    "length",
                    path);
    }
    return file_output(path, text, length, err);
}

static int write_scenarios(const struct advice *advice, const struct advise_values *asked,
                           struct error *err)
{
    if (advice->hosts_used == 0) {
        return fail_input(err, "%s: no scenario is written, since the plan keeps no contract",
                          asked->output);
    }
    for (size_t h = 0; h < advice->hosts_used; h++) {
        _cleanup_free_ char *path = name_file(asked->output, h, advice->hosts_used);
        int rc = write_scenario(advice, h, path, err);
        if (rc < 0) {
            return rc;
        }
        if (!asked->json) {
            printf("%s%s\n", h == 0 ? "\nScenarios: " : "           ", path);
        }
    }
    return 0;
}

static int print_advice(const struct advice *advice, bool json, struct error *err)
{
    if (!json) {
        return advice_print(advice, stdout, isatty(STDOUT_FILENO) == 1, err);
    }
    json_t *whole = advice_to_json(advice);
    _cleanup_free_ char *text = json_to_text(whole, 2);
    json_decref(whole);
    printf("%s\n", text);
    return 0;
}

static int advise_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct advise_values *asked = values;
    _cleanup_contracts_ struct contracts *contracts = NULL;
    _cleanup_costs_ struct advice_costs costs = {.counts = {0}};
    _cleanup_advice_ struct advice *advice = NULL;
    _cleanup_past_runs_ struct past_runs past = PAST_RUNS_INIT;
    if (operands->count == 0) {
        return fail_input(err, "advise requires a contracts file; see vrbench advise -h");
    }
    int rc = contracts_read(operands->items[0], &contracts, err);
    if (rc < 0) {
        return rc;
    }
    enum contract_goal goal = contracts->goal;
    if (asked->goal != NULL && contract_goal_from_name(asked->goal, &goal) < 0) {
        return fail_input(err,
                          "--goal: expected contracts, revenue, cpus, hosts, headroom or fairness, "
                          "not \"%.60s\"",
                          asked->goal);
    }
    if (asked->from.count == 0) {
        return fail_input(err, "advise requires the costs of packets: --from RUN, the folder of a "
                               "run of vrbench run");
    }
    struct model *model = NULL;
    rc = read_runs(asked, operands, &past, err);
    rc = rc < 0 ? rc : model_fit(past.runs, past.count, SEED, &model, err);
    if (rc < 0) {
        return rc;
    }
    advice_costs_of(model, past.runs, past.count, contracts, &costs);
    rc = advice_make(contracts, &costs, model, goal, !asked->no_caps, &advice, err);
    model_free(model);
    rc = rc < 0 ? rc : print_advice(advice, asked->json, err);
    if (rc == 0 && asked->output != NULL) {
        rc = write_scenarios(advice, asked, err);
    }
    return rc;
}

const struct command command_advise = {
    .name = "advise",
    .operands = "CONTRACTS",
    .summary = "Plan routers that keep contracts",
    .details = "Reads contracts of networks and the hosts that are there (docs/advice.md), and\n"
               "the costs of packets from runs. Prints which contracts to keep, on which hosts,\n"
               "bridged or dedicated, with which weights and caps, what is refused and why, and\n"
               "how far the plan may be from the optimum. -o writes a scenario for each host,\n"
               "which run and up take. Does not require root.",
    .examples =
        COMMAND_EXAMPLES({"advise contracts.yaml --from out", "routers that keep the contracts"}),
    .options = advise_options,
    .values_size = sizeof(struct advise_values),
    .run = advise_run,
};
