// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/read — converts a file's text to a struct scenario, or to the list of its problems.
 *
 * Called by the commands that read a scenario, by tests and by the fuzzer. The text is parsed to a
 * tree (yaml), the tree to a draft (schema), the draft to a scenario (draft), which is then checked
 * (check).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/text.h"
#include "scenario/catalogue.h"
#include "scenario/change.h"
#include "scenario/check.h"
#include "scenario/draft.h"
#include "scenario/engines.h"
#include "scenario/expect.h"
#include "scenario/parts.h"
#include "scenario/problem.h"
#include "scenario/profile.h"
#include "scenario/schema.h"
#include "scenario/startup.h"
#include "scenario/yaml.h"

// Replaces the file's engine by `engine` (NULL = keep it), and fills in the defaults that depend on
// the engine.
static void settle_engine(struct scenario_traffic *traffic, const struct yaml_node *root,
                          const char *engine)
{
    if (engine != NULL) {
        free(traffic->engine);
        traffic->engine = text_copy(engine);
    }
    const struct engine_traits *traits = scenario_engine(traffic->engine);
    if (traits != NULL && yaml_path(root, "traffic.length_layer") == NULL) {
        traffic->length_layer = traits->length_layer;
    }
}

// The folder of the file, as a prefix for relative paths: "" or ending in "/".
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? text_copy("") : text_copy_bytes(path, (size_t)(slash - path) + 1);
}

// The kind of the router's own file on its platform; NULL = no such file.
static const struct router_file_kind *file_kind_of(const struct scenario *scenario, size_t router)
{
    const struct catalogue_platform *platform =
        scenario->platform == NULL ? NULL : catalogue_platform(scenario->platform);
    bool asked =
        scenario->routers[router].daemon == DAEMON_NONE && scenario->routers[router].config != NULL;
    return asked && platform != NULL ? platform->files : NULL;
}

// Parses the text of a router's own file; `path` is the path of the file.
static void read_file_of(struct scenario *scenario, size_t number,
                         const struct router_file_kind *kind, const char *path, size_t length,
                         struct scenario_problems *problems)
{
    struct scenario_router *router = &scenario->routers[number];
    struct scenario_problems found = {NULL, 0};
    if (kind->parse(router->config_text, length, &router->file, &found) == 0) {
        kind->locate(router->file, path);
        kind->settle(router->file, scenario, number);
        kind->check(router->file, scenario, number, &found);
    }
    problems_take(problems, &found, path);
}

// Reads a configuration file into the scenario.
static void read_config(struct scenario *scenario, size_t number, const char *folder,
                        struct yaml_node *node, struct scenario_problems *problems)
{
    struct scenario_router *router = &scenario->routers[number];
    _cleanup_free_ char *path =
        text_format("%s%s", *router->config == '/' ? "" : folder, router->config);
    size_t length = 0;
    router->config_text = yaml_read_named(node, path, SCENARIO_CONFIG_MAX, &length, problems);
    const struct router_file_kind *kind = file_kind_of(scenario, number);
    if (router->config_text != NULL && kind != NULL) {
        read_file_of(scenario, number, kind, path, length, problems);
    }
}

static void read_configs(struct scenario *scenario, const struct yaml_node *root, const char *path,
                         struct scenario_problems *problems)
{
    const struct yaml_node *routers = yaml_child(root, "routers");
    _cleanup_free_ char *folder = folder_of(path);
    for (size_t i = 0; i < scenario->router_count; i++) {
        struct yaml_node *node = yaml_child(routers->children[i], "config");
        bool read = scenario->routers[i].daemon != DAEMON_NONE || file_kind_of(scenario, i) != NULL;
        if (read && scenario->routers[i].config != NULL && node != NULL && !node->wrong) {
            read_config(scenario, i, folder, node, problems);
        }
    }
}

int scenario_recall_config(struct scenario *scenario, size_t router, const char *text)
{
    struct scenario_router *recalled = &scenario->routers[router];
    recalled->config_text = text_copy(text);
    const struct router_file_kind *kind = file_kind_of(scenario, router);
    if (text == NULL || kind == NULL) {
        return 0;
    }
    struct scenario_problems problems = {NULL, 0};
    int rc = kind->parse(text, strlen(text), &recalled->file, &problems);
    if (rc == 0) {
        _cleanup_free_ char *path = scenario_config_path(scenario, router);
        kind->locate(recalled->file, path);
        kind->settle(recalled->file, scenario, router);
    }
    scenario_problems_clear(&problems);
    return rc;
}

static void note_given(struct scenario *scenario, const struct yaml_node *root)
{
    const struct yaml_node *routers = yaml_child(root, "routers");
    for (size_t i = 0; i < scenario->router_count; i++) {
        const struct yaml_node *node = routers->children[i];
        struct scenario_router *router = &scenario->routers[i];
        router->given.weight = yaml_child(node, "weight") != NULL;
        router->given.cap = yaml_child(node, "cap") != NULL;
        router->given.memory = yaml_child(node, "memory") != NULL;
        router->given.on_crash = yaml_child(node, "on_crash") != NULL;
        router->given.on_poweroff = yaml_child(node, "on_poweroff") != NULL;
        router->given.on_reboot = yaml_child(node, "on_reboot") != NULL;
    }
}

// The text of a scenario: the file's, or that of its changed tree.
static char *text_of(const struct scenario_source *source, const struct yaml_node *root,
                     const char *text, size_t length)
{
    return source->changes == NULL || source->changes->count == 0 ? text_copy_bytes(text, length)
                                                                  : yaml_write(root);
}

// Without a path, files that the scenario names are not read.
static int parse_for(const struct scenario_source *source, const char *text, size_t length,
                     unsigned cpus_online, struct scenario **ret,
                     struct scenario_problems *ret_problems)
{
    const char *path = source->path;
    const char *engine = source->engine;
    struct scenario_problems problems = {NULL, 0};
    _cleanup_yaml_ struct yaml_node *root = NULL;
    if (yaml_read(text, length, &root, &problems) == 0) {
        change_apply(source->changes, root, &problems);
        struct draft draft = {.topologies = NULL};
        schema_read(schema_scenario, root, &draft, &problems);
        bool named = engine != NULL || yaml_path(root, "traffic.engine") != NULL;
        bool study = draft.scenario.method == METHOD_STUDY;
        settle_engine(&draft.scenario.traffic, root, study && !named ? "iperf" : engine);
        draft_settle(&draft, yaml_child(root, "topologies") != NULL);
        note_given(&draft.scenario, root);
        _cleanup_free_ char *folder = path == NULL ? NULL : folder_of(path);
        profile_read(&draft.scenario.traffic, root, folder, &problems);
        expect_read(&draft.scenario, root, &problems);
        scenario_check(&draft, root, cpus_online, &problems);
        if (path != NULL) {
            read_configs(&draft.scenario, root, path, &problems);
            startup_read(&draft.scenario, root, folder, &problems);
        }
        if (problems.count == 0) {
            struct scenario *scenario = memory_new(1, sizeof *scenario);
            *scenario = draft.scenario;
            draft.scenario = (struct scenario){.name = NULL};
            scenario->text = text_of(source, root, text, length);
            *ret = scenario;
        }
        draft_clear(&draft);
    }
    change_locate(source->changes, &problems);
    problems_sort(&problems);
    *ret_problems = problems;
    return problems.count == 0 ? 0 : -EINVAL;
}

int scenario_parse(const char *text, size_t length, unsigned cpus_online, struct scenario **ret,
                   struct scenario_problems *ret_problems)
{
    const struct scenario_source source = {.text = text};
    return parse_for(&source, text, length, cpus_online, ret, ret_problems);
}

// Logs the settings of routers' own files that have no effect.
static void log_notes(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->router_count; i++) {
        const struct router_file *file = scenario->routers[i].file;
        const struct scenario_problems *notes = file == NULL ? NULL : file->kind->notes(file);
        _cleanup_free_ char *path = scenario_config_path(scenario, i);
        for (size_t k = 0; notes != NULL && k < notes->count; k++) {
            const struct scenario_problem *note = &notes->items[k];
            log_warning("config", "%s:%u:%u: %s", path, note->line, note->column, note->text);
        }
    }
}

int scenario_read(const char *path, unsigned cpus_online, struct scenario **ret, struct error *err)
{
    return scenario_read_for(path, NULL, cpus_online, ret, err);
}

int scenario_read_for(const char *path, const char *engine, unsigned cpus_online,
                      struct scenario **ret, struct error *err)
{
    const struct scenario_source source = {.path = path, .engine = engine};
    return scenario_read_source(&source, cpus_online, ret, err);
}

static int fail_engine(const char *engine, struct error *err)
{
    struct nearest nearest = {.word = engine};
    for (const char *const *name = engine_names; *name != NULL; name++) {
        nearest_consider(&nearest, *name);
    }
    _cleanup_free_ char *question = nearest_question(&nearest);
    return fail_input(err, "no traffic engine is called \"%s\"; expected one of" ENGINES_WORDS "%s",
                      engine, question);
}

int scenario_read_source(const struct scenario_source *source, unsigned cpus_online,
                         struct scenario **ret, struct error *err)
{
    if (source->engine != NULL && scenario_engine(source->engine) == NULL) {
        return fail_engine(source->engine, err);
    }
    _cleanup_free_ char *text = source->text == NULL ? NULL : text_copy(source->text);
    size_t length = text == NULL ? 0 : strlen(text);
    int rc = text != NULL ? 0 : yaml_read_file(source->path, &text, &length, err);
    if (rc < 0) {
        return rc;
    }
    struct scenario_problems problems = {NULL, 0};
    rc = parse_for(source, text, length, cpus_online, ret, &problems);
    if (rc == 0) {
        (*ret)->file = source->path == NULL ? NULL : text_copy(source->path);
        log_notes(*ret);
    }
    return problems_fail(&problems, source->title == NULL ? source->path : source->title, err);
}
