// SPDX-License-Identifier: GPL-3.0-or-later
// run/guard — see guard.h. Called by run.c before a folder is touched, and again once it is locked.
#include "run/guard.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "image/image.h"
#include "machine/catalogue.h"
#include "owner/loan.h"
#include "result/platform_facts.h"

static void add_text(json_t *guard, const char *key, const char *text)
{
    json_object_set_new(guard, key, json_string(text));
}

static void add_hash(json_t *guard, const char *key, const char *bytes, size_t length)
{
    _cleanup_free_ char *text =
        text_format("%zu bytes, %016llx", length, (unsigned long long)text_hash(bytes, length));
    add_text(guard, key, text);
}

// Adds the present content of a small file. The platform reports an unreadable file.
static void add_contents(json_t *guard, const char *key, const char *path)
{
    _cleanup_free_ char *bytes = NULL;
    size_t length = 0;
    struct stat st;
    bool regular = stat(path, &st) == 0 && S_ISREG(st.st_mode);
    if (regular && file_read(path, SCENARIO_CONFIG_MAX, &bytes, &length, NULL) == 0) {
        add_hash(guard, key, bytes, length);
    } else {
        add_text(guard, key, "not readable");
    }
}

// Adds a file that is too large to be read at each start.
static void add_image(json_t *guard, const char *key, const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0) {
        add_text(guard, key, "missing");
        return;
    }
    _cleanup_free_ char *text = text_format("%lld bytes of %lld.%09ld", (long long)st.st_size,
                                            (long long)st.st_mtim.tv_sec, (long)st.st_mtim.tv_nsec);
    add_text(guard, key, text);
}

static void add_boot_files(json_t *guard, const char *router, const struct router_file *file)
{
    char what[ROUTER_FILE_WHAT];
    const char *path = NULL;
    for (size_t i = 0; (path = file->kind->boots(file, i, what)) != NULL; i++) {
        _cleanup_free_ char *key = text_format("%s of router %s", what, router);
        add_image(guard, key, path);
    }
}

static void add_router(json_t *guard, const struct scenario *scenario, size_t number)
{
    const struct scenario_router *router = &scenario->routers[number];
    _cleanup_free_ char *config = text_format("config of router %s", router->name);
    _cleanup_free_ char *ruleset = text_format("ruleset of router %s", router->name);
    _cleanup_free_ char *image = text_format("image of router %s", router->name);
    _cleanup_free_ char *user_data = text_format("user data of router %s", router->name);
    _cleanup_free_ char *serial = text_format("serial script of router %s", router->name);
    if (router->config_text != NULL) {
        add_hash(guard, config, router->config_text, strlen(router->config_text));
    }
    if (router->startup.nft_text != NULL) {
        add_hash(guard, ruleset, router->startup.nft_text, strlen(router->startup.nft_text));
    }
    for (size_t i = 0; i < router->startup.file_count; i++) {
        const struct scenario_file *file = &router->startup.files[i];
        _cleanup_free_ char *key = text_format("file %s of router %s", file->path, router->name);
        if (file->text != NULL) {
            add_hash(guard, key, file->text, strlen(file->text));
        }
    }
    if (router->image != NULL) {
        _cleanup_free_ char *path = scenario_path(scenario, router->image);
        add_image(guard, image, path);
    }
    if (router->setup.cloud_init != NULL && !text_equal(router->setup.cloud_init, "true")) {
        _cleanup_free_ char *path = scenario_path(scenario, router->setup.cloud_init);
        add_contents(guard, user_data, path);
    }
    if (router->setup.serial != NULL) {
        _cleanup_free_ char *path = scenario_path(scenario, router->setup.serial);
        add_contents(guard, serial, path);
    }
    if (router->file != NULL) {
        add_boot_files(guard, router->name, router->file);
    }
}

// Machines without their own system boot the tiny guest.
static void add_tiny_guest(json_t *guard, const struct scenario *scenario)
{
    bool needed = false;
    for (size_t i = 0; i < scenario->router_count; i++) {
        needed =
            needed || (scenario->routers[i].image == NULL && scenario->routers[i].file == NULL);
    }
    struct platform_facts facts;
    platform_facts_of_name(scenario->platform, &facts);
    enum platform_kind kind = facts.kind;
    platform_facts_clear(&facts);
    _cleanup_image_ struct image tiny = {0};
    if (needed && kind == PLATFORM_MACHINES && image_find(NULL, &tiny, NULL) == 0) {
        add_image(guard, "kernel of the tiny guest", tiny.vmlinux);
        add_image(guard, "initramfs of the tiny guest", tiny.initrd);
    }
}

json_t *guard_make(const struct job *job)
{
    const struct scenario *scenario = job->scenario;
    json_t *guard = json_object();
    add_hash(guard, "text of the scenario", scenario->text, strlen(scenario->text));
    const char *profile = scenario->traffic.profile.text;
    if (profile != NULL) {
        add_hash(guard, "profile of the load", profile, strlen(profile));
    }
    if (job->loan != NULL) {
        add_text(guard, "testbed (--on)", testbed_name(loan_testbed(job->loan)));
        add_text(guard, "--controlled", loan_moves_shares(job->loan) ? "given" : "not set");
    }
    add_text(guard, "platform", scenario->platform);
    add_text(guard, "engine", scenario->traffic.engine);
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        bool measured = false;
        for (size_t i = 0; i < scenario->topology_count; i++) {
            measured = measured || scenario->topologies[i] == topology;
        }
        _cleanup_free_ char *key = text_format("topology %s", topology_name(topology));
        add_text(guard, key, measured ? "measured" : "left out");
    }
    add_text(guard, "--quick", job->quick ? "given" : "not set");
    add_text(guard, "--study-timing", job->study_timing ? "given" : "not set");
    _cleanup_free_ char *pause = text_format("%u s", job->pause_s);
    add_text(guard, "pause before a point", pause);
    for (size_t i = 0; i < job->goal_count; i++) { // a search: a run cannot continue it
        _cleanup_free_ char *key = text_format("goal %s", job->goals[i].name);
        add_text(guard, key, goal_rule_name(job->goals[i].rule));
    }
    for (size_t i = 0; i < scenario->router_count; i++) {
        add_router(guard, scenario, i);
    }
    add_tiny_guest(guard, scenario);
    return guard;
}

// The value of a key, in words.
static const char *value_of(const json_t *guard, const char *key)
{
    const char *text = json_string_value(json_object_get(guard, key));
    return text == NULL ? "nothing" : text;
}

static int fail_differs(const struct job *job, const char *key, const json_t *now,
                        const json_t *before, struct error *err)
{
    return fail_input(err,
                      "%s cannot be resumed: it contains a run of another scenario, or of this one "
                      "before a change: %s: %s now, %s then; name another folder",
                      job->folder, key, value_of(now, key), value_of(before, key));
}

int guard_check(const struct job *job, const json_t *before, struct error *err)
{
    json_t *now = guard_make(job);
    const char *key = NULL;
    json_t *value = NULL;
    int rc = 0;
    if (!json_is_object(before)) {
        rc = fail_input(err,
                        "%s cannot be resumed: its run.json does not identify the "
                        "measurement (no key \"guard\"): another version of vrbench wrote it; name "
                        "another folder",
                        job->folder);
    }
    json_object_foreach(now, key, value)
    {
        if (rc == 0 && !json_equal(value, json_object_get(before, key))) {
            rc = fail_differs(job, key, now, before, err);
        }
    }
    json_t *old = json_is_object(before) ? json_deep_copy(before) : json_object();
    json_object_foreach(old, key, value)
    {
        if (rc == 0 && json_object_get(now, key) == NULL) {
            rc = fail_differs(job, key, now, before, err);
        }
    }
    json_decref(old);
    json_decref(now);
    return rc;
}
