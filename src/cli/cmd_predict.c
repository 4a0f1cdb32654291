// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_predict — `vrbench predict`: predicts a scenario from runs of smaller ones.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/measuring.h"
#include "cli/past_runs.h"
#include "cli/predict_measure.h"
#include "cli/scenario_input.h"
#include "report/prediction.h"
#include "report/prediction_check.h"
#include "report/prediction_figure.h"
#include "result/json_text.h"

#define SEED     1U    // of the resampling: equal runs give equal predictions
#define ANY_CPUS 4096U // the scenario may be meant for another machine

struct predict_values {
    const char *scenario, *measure, *output;
    struct text_list against;
    struct change_values change; // of it: length, routers, set
    uint64_t wait_quiet;
    bool baselines, json;
};

static const struct option_row predict_options[] = {
    {.name = "for",
     .type = OPTION_TEXT,
     .offset = offsetof(struct predict_values, scenario),
     .argument = "SCENARIO",
     .help = "the scenario to predict"},
    {.name = "measure",
     .type = OPTION_TEXT,
     .offset = offsetof(struct predict_values, measure),
     .argument = "SCENARIO",
     .help = "measure smaller set-ups of SCENARIO, and predict it"},
    CHANGE_ROW(predict_values, length, "BYTES", "packet lengths: 64 or 64,256,imix"),
    ROUTERS_OPTION(predict_values),
    SET_OPTION(predict_values),
    WAIT_QUIET_OPTION(predict_values),
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct predict_values, output),
     .argument = "DIR",
     .help = "write predict.json, predict.csv, figures and runs into DIR"},
    {.name = "against",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct predict_values, against),
     .argument = "RUN",
     .help = "a run of SCENARIO: print the errors; repeatable"},
    {.name = "baselines",
     .type = OPTION_FLAG,
     .offset = offsetof(struct predict_values, baselines),
     .help = "predict in six simpler ways, too"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct predict_values, json),
     .help = "print the predictions as JSON instead of a table"},
    OPTIONS_END,
};

static int write_text(const char *folder, const char *name, const char *text, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/%s", folder, name);
    return file_replace(path, text, strlen(text), err);
}

static int write_folder(const struct predicted_list *list, const struct point_list *measured,
                        const json_t *rows, const char *folder, struct error *err)
{
    _cleanup_free_ char *json = json_to_text(rows, 2);
    _cleanup_free_ char *csv = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&csv, &length);
    if (out == NULL) {
        return fail(err, errno, "%s", folder);
    }
    int rc = predicted_write_csv(list, out, err);
    if (fclose(out) != 0 && rc == 0) {
        rc = fail(err, errno, "%s", folder);
    }
    rc = rc < 0 ? rc : file_make_dirs(folder, err);
    rc = rc < 0 ? rc : write_text(folder, "predict.json", json, err);
    rc = rc < 0 ? rc : write_text(folder, "predict.csv", csv, err);
    return rc < 0 ? rc : prediction_figures_write(list, measured, folder, err);
}

static int print_json(const json_t *rows, struct error *err)
{
    puts("[");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        _cleanup_free_ char *row = json_to_text(json_array_get(rows, i), 0);
        printf("%s%s\n", row, i + 1 < json_array_size(rows) ? "," : "");
    }
    puts("]");
    return ferror(stdout) == 0 ? 0 : fail(err, errno, "standard output");
}

static int show_predictions(const struct model *model, const struct predicted_list *list,
                            const struct point_list *measured, const struct predict_values *asked,
                            struct error *err)
{
    json_t *rows = predicted_to_json(list);
    prediction_check_json(measured, rows);
    int rc =
        asked->json ? print_json(rows, err) : predicted_print(list, stdout, isatty(1) == 1, err);
    if (rc == 0 && asked->baselines && !asked->json) {
        rc = predicted_print_baselines(list, stdout, isatty(1) == 1, err);
    }
    // The predictions stand, also if the runs of --against contain none of them.
    if (rc == 0 && asked->output != NULL) {
        rc = write_folder(list, measured, rows, asked->output, err);
    }
    if (rc == 0 && asked->against.count > 0) {
        rc = asked->json
                 ? prediction_check_found(rows, err)
                 : prediction_check_print(model, list, measured, stdout, isatty(1) == 1, err);
    }
    json_decref(rows);
    return rc;
}

// The points of all runs, moved into one list.
static struct point_list join_points(struct past_runs *past)
{
    struct point_list all = {NULL, 0};
    for (size_t i = 0; i < past->count; i++) {
        for (size_t k = 0; k < past->points[i].count; k++) {
            point_list_add(&all, &past->points[i].items[k]);
        }
        past->points[i].count = 0;
    }
    return all;
}

// Reads the runs of --against.
static int read_since(const struct predict_values *asked, struct past_runs *ret, struct error *err)
{
    return past_runs_read(asked->against.items, asked->against.count, ret, err);
}

static int predict_scenario(const struct predict_values *asked, const struct scenario *scenario,
                            const struct past_runs *past, struct error *err)
{
    _cleanup_past_runs_ struct past_runs since = PAST_RUNS_INIT;
    int rc = read_since(asked, &since, err);
    if (rc < 0 || (rc = past_runs_match(past, &since, err)) < 0) {
        return rc;
    }
    struct model *model = NULL;
    rc = model_fit(past->runs, past->count, SEED, &model, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_predicted_ struct predicted_list list = {NULL, 0};
    struct point_list measured = join_points(&since);
    predicted_make(model, scenario, asked->baselines, &list);
    rc = show_predictions(model, &list, &measured, asked, err);
    point_list_clear(&measured);
    model_free(model);
    return rc;
}

static int predict_from(const struct predict_values *asked, const struct scenario *scenario,
                        const struct text_list *folders, struct error *err)
{
    _cleanup_past_runs_ struct past_runs past = PAST_RUNS_INIT;
    int rc = past_runs_read(folders->items, folders->count, &past, err);
    return rc < 0 ? rc : predict_scenario(asked, scenario, &past, err);
}

static int measure_first(const struct predict_values *asked, const struct scenario *scenario,
                         struct error *err)
{
    _cleanup_free_ char *folder = asked->output == NULL ? NULL : text_copy(asked->output);
    int rc = folder == NULL ? measuring_folder_named("predict", &folder, err)
                            : measuring_check_output(folder, err);
    struct text_list folders = {NULL, 0};
    _cleanup_past_runs_ struct past_runs since = PAST_RUNS_INIT;
    rc = rc < 0 ? rc : read_since(asked, &since, err); // before anything is measured
    rc =
        rc < 0 ? rc : predict_measure(scenario, folder, (unsigned)asked->wait_quiet, &folders, err);
    rc = rc < 0 ? rc : predict_from(asked, scenario, &folders, err);
    if (rc == 0 && !asked->json) {
        printf("Runs: %s\n", folder);
    }
    for (size_t i = 0; i < folders.count; i++) {
        free((char *)folders.items[i]);
    }
    text_list_clear(&folders);
    return rc;
}

static int predict_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct predict_values *asked = values;
    const char *file = asked->measure != NULL ? asked->measure : asked->scenario;
    if (file == NULL || (asked->measure == NULL) != (operands->count > 0) ||
        (asked->measure != NULL && asked->scenario != NULL)) {
        return fail_input(err, "predict requires folders of runs and --for SCENARIO, or --measure "
                               "SCENARIO alone; see vrbench predict -h");
    }
    if (asked->wait_quiet > 0 && asked->measure == NULL) {
        return fail_input(err, "--wait-quiet requires --measure: nothing else is measured");
    }
    _cleanup_changes_ struct scenario_changes changes = {NULL, 0};
    _cleanup_scenario_ struct scenario *scenario = NULL;
    int rc = scenario_input_changes(&asked->change, &changes, err);
    rc = rc < 0 ? rc : scenario_input_read(file, NULL, &changes, ANY_CPUS, &scenario, err);
    if (rc < 0) {
        return rc;
    }
    if (scenario->topology_count == 1 && scenario->topologies[0] == TOPOLOGY_DIRECT) {
        return fail_input(err,
                          "scenario %s has topology direct only, in which no router is predicted",
                          scenario->name);
    }
    return asked->measure != NULL ? measure_first(asked, scenario, err)
                                  : predict_from(asked, scenario, operands, err);
}

const struct command command_predict = {
    .name = "predict",
    .operands = "RUN… --for SCENARIO",
    .summary = "Predict a scenario from runs of smaller ones",
    .details = "Fits a model of CPU costs on the points of runs, with one and two routers say,\n"
               "and predicts another scenario: received rate against offered load up to twice\n"
               "the knee, throughput without loss, highest rate, CPU of host and routers, and\n"
               "the bottleneck, each figure with an interval that contains it with 90 %. Prints\n"
               "\"don't know\" with the reason if the points do not support a prediction.",
    .examples = COMMAND_EXAMPLES(
        {"predict one two --for default --routers 4", "four routers, from runs of one and two"},
        {"predict out --for scenario-2", "what a set-up that was not measured would do"}),
    .options = predict_options,
    .values_size = sizeof(struct predict_values),
    .run = predict_run,
};
