// SPDX-License-Identifier: GPL-3.0-or-later
// cli/resumed — see resumed.h.
#include "cli/resumed.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_get.h"
#include "base/text.h"
#include "cli/measuring.h"
#include "linux/cpu.h"
#include "result/redact.h"
#include "result/store.h"

// Reduces the topologies to those of the run.
static int keep_topologies(struct scenario *scenario, const json_t *topologies, struct error *err)
{
    size_t count = json_array_size(topologies);
    _cleanup_free_ const char **names = memory_new_array(const char *, count);
    struct text_list list = {names, 0};
    size_t i = 0;
    json_t *name = NULL;
    json_array_foreach(topologies, i, name)
    {
        if (json_is_string(name)) {
            names[list.count++] = json_string_value(name);
        }
    }
    return measuring_narrow(scenario, &list, err);
}

static int read_of(const json_t *run, const char *folder, const char *engine,
                   const struct scenario_changes *changes, unsigned cpus, struct resumed *ret,
                   struct error *err)
{
    const json_t *noted = json_object_get(run, "scenario");
    const char *own_engine = json_get_text(json_object_get(run, "guard"), "engine");
    const struct scenario_source source = {.path = json_get_text(noted, "file"),
                                           .text = json_get_text(noted, "text"),
                                           .engine = engine != NULL ? engine : own_engine,
                                           .changes = changes};
    struct scenario *scenario = NULL;
    if (source.path == NULL || source.text == NULL) {
        return fail_input(err, "%s cannot be resumed: its run.json contains no scenario", folder);
    }
    if (strstr(source.text, REDACTED) != NULL) {
        return fail_input(err,
                          "%s: run.json lacks a secret of the scenario (\"" REDACTED
                          "\"): name its file, too (%s)",
                          folder, source.path);
    }
    int rc = scenario_read_source(&source, cpus, &scenario, err);
    rc = rc < 0 ? rc : keep_topologies(scenario, json_object_get(noted, "topologies"), err);
    if (rc < 0) {
        scenario_free(scenario);
        return rc;
    }
    *ret = (struct resumed){.scenario = scenario,
                            .quick = json_is_true(json_object_get(run, "quick")),
                            .study_timing = json_is_true(json_object_get(run, "study_timing"))};
    return 0;
}

int resumed_read(const char *folder, const char *engine, const struct change_values *change,
                 struct resumed *ret, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    _cleanup_changes_ struct scenario_changes changes = {NULL, 0};
    struct cpu_list usable;
    json_t *run = NULL;
    int rc = cpu_list_usable(&usable, err);
    rc = rc < 0 ? rc : scenario_input_changes(change, &changes, err);
    if (rc < 0) {
        return rc;
    }
    if (store_read_run(folder, &run, &why) < 0) {
        return fail_input(err, "there is no run to be resumed: %s", why.text);
    }
    rc = read_of(run, folder, engine, &changes, (unsigned)usable.count, ret, err);
    json_decref(run);
    return rc;
}
