// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/scenario_note — see standing.h: a scenario, and the CPUs it may use, in a record or a
// request. The reader parses its text again, but does not read the files that it names.
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "testbed/standing.h"

static json_t *note_text(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

static json_t *note_startup_files(const struct scenario_startup *startup)
{
    json_t *texts = json_array();
    for (size_t i = 0; i < startup->file_count; i++) {
        json_array_append_new(texts, note_text(startup->files[i].text));
    }
    return texts;
}

// Adds the contents of the files that the scenario names, by router.
static void note_files(const struct scenario *scenario, json_t *noted)
{
    json_t *configs = json_array();
    json_t *rulesets = json_array();
    json_t *files = json_array();
    for (size_t i = 0; i < scenario->router_count; i++) {
        json_array_append_new(configs, note_text(scenario->routers[i].config_text));
        json_array_append_new(rulesets, note_text(scenario->routers[i].startup.nft_text));
        json_array_append_new(files, note_startup_files(&scenario->routers[i].startup));
    }
    json_object_set_new(noted, "files", files);
    json_object_set_new(noted, "configs", configs);
    json_object_set_new(noted, "rulesets", rulesets);
}

json_t *scenario_note(const struct scenario *scenario)
{
    // Relative paths in the text start at the folder of the file.
    _cleanup_free_ char *path = scenario->file == NULL ? NULL : realpath(scenario->file, NULL);
    const char *file = path != NULL ? path : scenario->file == NULL ? "" : scenario->file;
    json_t *noted = json_object();
    json_object_set_new(noted, "file", json_string(file));
    json_object_set_new(noted, "text", json_string(scenario->text == NULL ? "" : scenario->text));
    note_files(scenario, noted);
    return noted;
}

int scenario_recall(const json_t *noted, unsigned cpus, struct scenario **ret, struct error *err)
{
    const char *text = json_string_value(json_object_get(noted, "text"));
    const char *file = json_string_value(json_object_get(noted, "file"));
    struct scenario_problems problems = {NULL, 0};
    struct scenario *scenario = NULL;
    int rc = text == NULL ? -1 : scenario_parse(text, strlen(text), cpus, &scenario, &problems);
    scenario_problems_clear(&problems);
    if (rc < 0) {
        return fail(err, 0, "the scenario can't be read again");
    }
    scenario->file = file == NULL || *file == '\0' ? NULL : text_copy(file);
    const json_t *configs = json_object_get(noted, "configs");
    const json_t *rulesets = json_object_get(noted, "rulesets");
    for (size_t i = 0; i < scenario->router_count; i++) {
        const char *config = json_string_value(json_array_get(configs, i));
        const json_t *files = json_array_get(json_object_get(noted, "files"), i);
        struct scenario_startup *startup = &scenario->routers[i].startup;
        for (size_t k = 0; k < startup->file_count; k++) {
            startup->files[k].text = text_copy(json_string_value(json_array_get(files, k)));
        }
        startup->nft_text = text_copy(json_string_value(json_array_get(rulesets, i)));
        if (scenario_recall_config(scenario, i, config) < 0) {
            scenario_free(scenario);
            return fail(err, 0, "the configuration of a router can't be read again");
        }
    }
    *ret = scenario;
    return 0;
}

json_t *cpus_note(const struct cpu_list *cpus)
{
    json_t *list = json_array();
    for (size_t i = 0; i < cpus->count; i++) {
        json_array_append_new(list, json_integer(cpus->cpus[i]));
    }
    return list;
}

void cpus_recall(const json_t *noted, struct cpu_list *ret)
{
    size_t i = 0;
    json_t *cpu = NULL;
    ret->count = 0;
    json_array_foreach(noted, i, cpu)
    {
        if (ret->count < CPU_MAX) {
            ret->cpus[ret->count++] = (unsigned)json_integer_value(cpu);
        }
    }
}
