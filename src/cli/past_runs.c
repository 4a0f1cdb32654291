// SPDX-License-Identifier: GPL-3.0-or-later
// cli/past_runs — see past_runs.h.
#include "cli/past_runs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
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

static int recall_scenario(const char *folder, struct scenario **ret, struct error *err)
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
        .count = count,
    };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if ((rc = recall_scenario(folders[i], &past.scenarios[i], err)) == 0) {
            rc = store_read_points(folders[i], &past.points[i], err);
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

void past_runs_clear(struct past_runs *past)
{
    for (size_t i = 0; i < past->count; i++) {
        point_list_clear(&past->points[i]);
        scenario_free(past->scenarios[i]);
    }
    free(past->runs);
    free(past->points);
    free(past->scenarios);
    *past = (struct past_runs){NULL, NULL, NULL, 0};
}
