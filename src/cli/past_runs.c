// SPDX-License-Identifier: GPL-3.0-or-later
// cli/past_runs — see past_runs.h.
#include "cli/past_runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "result/store.h"

#define ANY_CPUS 4096U // a scenario of another machine may use more CPUs than this one has

// Gives the scenario the contents of the files that it names, as the run recorded them.
static void recall_files(const json_t *described, struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->router_count; i++) {
        struct scenario_router *router = &scenario->routers[i];
        const char *rules = json_string_value(json_object_get(
            json_object_get(json_object_get(described, "rulesets"), router->name), "text"));
        const char *config = json_string_value(json_object_get(
            json_object_get(json_object_get(described, "configs"), router->name), "text"));
        if (rules != NULL && router->startup.nft_text == NULL) {
            router->startup.nft_text = text_copy(rules);
        }
        const json_t *files = json_object_get(json_object_get(described, "files"), router->name);
        for (size_t k = 0; k < router->startup.file_count; k++) {
            struct scenario_file *file = &router->startup.files[k];
            if (file->text == NULL) {
                file->text = text_copy(
                    json_string_value(json_object_get(json_object_get(files, file->path), "text")));
            }
        }
        if (config != NULL && router->config_text == NULL) {
            (void)scenario_recall_config(scenario, i, config);
        }
    }
}

// Where a run was measured: what the costs of its packets depend on besides the scenario. NULL =
// its run.json does not contain that.
struct past_place {
    char *folder;
    char *cpu;       // model
    char *kernel;    // release: "6.1.0-25-amd64"
    char *emulation; // of virtual machines; costs of another platform are never joined with these
    char *platform;
};

static void place_clear(struct past_place *place)
{
    free(place->folder);
    free(place->cpu);
    free(place->kernel);
    free(place->emulation);
    free(place->platform);
}

static void recall_place(const json_t *run, const char *folder, struct past_place *ret)
{
    const json_t *machine = json_object_get(run, "machine");
    const char *cpu = json_string_value(json_object_get(machine, "cpu_model"));
    const char *kernel = json_string_value(json_object_get(machine, "kernel"));
    const json_t *platform = json_object_get(run, "platform");
    const char *name = json_string_value(json_object_get(platform, "name"));
    const json_t *emulated = json_object_get(platform, "emulated");
    *ret = (struct past_place){.folder = text_copy(folder)};
    if (cpu != NULL && kernel != NULL) {
        ret->cpu = text_copy(cpu);
        ret->kernel = text_copy(kernel);
    }
    if (name != NULL && json_is_boolean(emulated)) {
        ret->platform = text_copy(name);
        ret->emulation = text_copy(json_is_true(emulated) ? "emulated CPUs" : "virtualised CPUs");
    }
}

static int refuse_place(const struct past_place *one, const struct past_place *other,
                        const char *here, const char *there, struct error *err)
{
    return fail_input(err,
                      "%s was measured on %s, and %s on %s: CPU costs of one do not transfer to "
                      "the other; give runs of one of them",
                      one->folder, here, other->folder, there);
}

// Length of the first two numbers of a kernel's release, "6.1" of "6.1.0-25-amd64": with the next
// ones only corrections differ.
static size_t series_length(const char *release)
{
    size_t length = strspn(release, "0123456789");
    if (release[length] == '.') {
        length += 1 + strspn(release + length + 1, "0123456789");
    }
    return length;
}

static bool is_same_series(const char *one, const char *other)
{
    const size_t length = series_length(one);
    return length == series_length(other) && strncmp(one, other, length) == 0;
}

// Points of two machines would be fitted as if they were of one. Warns once of kernels of one
// series, as `warned` keeps.
static int compare_places(const struct past_place *one, const struct past_place *other,
                          bool *warned, struct error *err)
{
    const bool known = one->cpu != NULL && other->cpu != NULL;
    if (known &&
        (!text_equal(one->cpu, other->cpu) || !is_same_series(one->kernel, other->kernel))) {
        _cleanup_free_ char *here = text_format("%s, Linux %s", one->cpu, one->kernel);
        _cleanup_free_ char *there = text_format("%s, Linux %s", other->cpu, other->kernel);
        return refuse_place(one, other, here, there, err);
    }
    if (known && !text_equal(one->kernel, other->kernel) && !*warned) {
        *warned = true;
        log_warning("model",
                    "%s was measured on Linux %s, and %s on Linux %s: CPU costs may differ between "
                    "these",
                    one->folder, one->kernel, other->folder, other->kernel);
    }
    if (one->platform != NULL && text_equal(one->platform, other->platform) &&
        !text_equal(one->emulation, other->emulation)) {
        return refuse_place(one, other, one->emulation, other->emulation, err);
    }
    return 0;
}

static int recall_scenario(const char *folder, struct scenario **ret, struct past_place *ret_place,
                           struct error *err)
{
    json_t *run = NULL;
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = store_read_run(folder, &run, &why);
    if (rc == -ENOENT || rc == -ENOTDIR) {
        return fail_input(err, "%s contains no run (no run.json)", folder);
    }
    if (rc < 0) {
        error_move(err, &why);
        return rc;
    }
    const json_t *described = json_object_get(run, "scenario");
    const char *text = json_string_value(json_object_get(described, "text"));
    struct scenario_problems problems = {NULL, 0};
    if (text == NULL) {
        rc = fail_input(err, "%s/run.json contains no text of a scenario", folder);
    } else if (scenario_parse(text, strlen(text), ANY_CPUS, ret, &problems) < 0) {
        rc = fail_input(err, "%s/run.json: scenario, line %u: %s", folder, problems.items[0].line,
                        problems.items[0].text);
    } else {
        recall_files(described, *ret);
        recall_place(run, folder, ret_place);
    }
    scenario_problems_clear(&problems);
    json_decref(run);
    return rc;
}

int past_runs_read(const char *const *folders, size_t count, struct past_runs *ret,
                   struct error *err)
{
    struct past_runs past = {
        .runs = memory_new_array(struct model_run, count),
        .points = memory_new_array(struct point_list, count),
        .scenarios = memory_new_array(struct scenario *, count),
        .places = memory_new_array(struct past_place, count),
        .count = count,
    };
    bool warned = false;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if ((rc = recall_scenario(folders[i], &past.scenarios[i], &past.places[i], err)) == 0) {
            rc = store_read_points(folders[i], &past.points[i], err);
        }
        for (size_t k = 0; rc == 0 && k < i; k++) {
            rc = compare_places(&past.places[k], &past.places[i], &warned, err);
        }
        past.runs[i] = (struct model_run){&past.points[i], past.scenarios[i]};
    }
    if (rc < 0) {
        past_runs_clear(&past);
        return rc;
    }
    *ret = past;
    return 0;
}

int past_runs_match(const struct past_runs *one, const struct past_runs *other, struct error *err)
{
    bool warned = false;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < other->count; i++) {
        for (size_t k = 0; rc == 0 && k < one->count; k++) {
            rc = compare_places(&one->places[k], &other->places[i], &warned, err);
        }
    }
    return rc;
}

void past_runs_clear(struct past_runs *past)
{
    for (size_t i = 0; i < past->count; i++) {
        point_list_clear(&past->points[i]);
        scenario_free(past->scenarios[i]);
        place_clear(&past->places[i]);
    }
    free(past->runs);
    free(past->points);
    free(past->scenarios);
    free(past->places);
    *past = PAST_RUNS_INIT;
}
