// SPDX-License-Identifier: GPL-3.0-or-later
// study/reproduction_file — see reproduction_file.h.
#include "study/reproduction_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "result/json_text.h"
#include "version.h"

#define REPRODUCE_SCHEMA 1
#define REPRODUCE_MAX    ((size_t)16 << 20)

char *reproduction_path(const struct reproduction *reproduction, const char *name,
                        const char *suffix)
{
    return text_format("%s/%s%s", reproduction->request->folder, name, suffix);
}

// Reads the earlier reproduce.json; NULL if there is none.
static json_t *read_before(const struct reproduction *reproduction, struct error *err)
{
    _cleanup_free_ char *path = reproduction_path(reproduction, "reproduce", ".json");
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    if (file_read(path, REPRODUCE_MAX, &text, &length, err) < 0) {
        return NULL;
    }
    json_error_t where;
    json_t *json = json_loadb(text, length, 0, &where);
    if (json == NULL) {
        (void)fail_input(err, "%s:%d:%d: %s", path, where.line, where.column, where.text);
    }
    return json;
}

bool reproduction_has(const char *folder, const char *name)
{
    _cleanup_free_ char *path = text_format("%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

int reproduction_take_up(struct reproduction *reproduction, struct error *err)
{
    const struct reproduce_request *request = reproduction->request;
    if (!reproduction_has(request->folder, "reproduce.json")) {
        if (reproduction_has(request->folder, "run.json")) {
            return fail_input(err, "%s contains a run of a single scenario", request->folder);
        }
        clock_format_utc(clock_realtime_ns(), reproduction->started);
        return 0;
    }
    if (!request->resume) {
        return fail_input(err,
                          "%s already contains a reproduction; continue it with --resume, or name "
                          "another folder",
                          request->folder);
    }
    json_t *before = read_before(reproduction, err);
    if (before == NULL) {
        return -EINVAL;
    }
    const char *timing = json_string_value(json_object_get(before, "timing"));
    const char *platform = json_string_value(json_object_get(before, "platform"));
    const char *started = json_string_value(json_object_get(before, "started"));
    int rc = 0;
    if (!text_equal(timing, request->timing->name) || !text_equal(platform, request->platform)) {
        rc =
            fail_input(err,
                       "%s contains a reproduction with %s timing on %s; it cannot be resumed with "
                       "%s timing on %s",
                       request->folder, timing == NULL ? "unknown" : timing,
                       platform == NULL ? "an unknown platform" : platform, request->timing->name,
                       request->platform);
    }
    size_t i;
    const json_t *claim;
    json_array_foreach(json_object_get(before, "claims"), i, claim)
    {
        json_int_t number = json_integer_value(json_object_get(claim, "number"));
        if (number >= 1 && number <= (json_int_t)CLAIM_COUNT) {
            reproduction->listed |= 1U << (unsigned)number;
        }
    }
    snprintf(reproduction->started, sizeof reproduction->started, "%s",
             started == NULL ? "" : started);
    json_decref(before);
    return rc;
}

static json_t *describe_runs(const struct reproduction *reproduction)
{
    json_t *list = json_array();
    for (size_t i = 0; i < programme_count; i++) {
        const struct run_state *state = &reproduction->states[i];
        const struct study_run *run = &reproduction->runs[i];
        if (!state->wanted && run->points.count == 0) {
            continue;
        }
        const char *name = programme_name(state->row);
        json_t *entry = json_pack("{s:s, s:s, s:s}", "name", name, "folder", name, "what",
                                  state->what != NULL ? state->what : programme_what(state->row));
        json_set_text(entry, "lacking", state->lacking);
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *describe_claim(const struct claim *claim, const struct claim_result *result)
{
    json_t *values = json_array();
    for (size_t i = 0; i < result->value_count; i++) {
        const struct claim_value *value = &result->values[i];
        json_array_append_new(values, json_pack("{s:s, s:f, s:s}", "name", value->name, "value",
                                                value->value, "unit", value->unit));
    }
    json_t *names = json_array();
    for (size_t i = 0; claim->runs[i] != NULL; i++) {
        json_array_append_new(names, json_string(claim->runs[i]));
    }
    return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s, s:s, s:o}", "number",
                     (int)claim->number, "title", claim->title, "claim", claim->text, "in_study",
                     claim->in_study, "here", result->here, "study_saw", claim->study_saw, "rule",
                     claim->rule, "measured", result->measured, "values", values, "verdict",
                     claim_verdict_name(result->verdict), "why", result->why, "meaning",
                     result->meaning, "runs", names);
}

int reproduction_write(struct reproduction *reproduction, const char *status, struct error *err)
{
    json_t *claim_list = json_array();
    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        claim_result_clear(&reproduction->claims[i]);
        claim_judge(&claims[i], &reproduction->results, &reproduction->claims[i]);
        if ((reproduction->listed & 1U << claims[i].number) != 0) {
            json_array_append_new(claim_list, describe_claim(&claims[i], &reproduction->claims[i]));
        }
    }
    const struct timing *timing = reproduction->request->timing;
    json_decref(reproduction->json);
    reproduction->json = json_pack(
        "{s:i, s:s, s:s, s:b, s:s, s:s, s:s, s:o, s:o}", "schema", REPRODUCE_SCHEMA, "vrbench",
        VRBENCH_VERSION, "started", reproduction->started, "quick", timing->quick, "timing",
        timing->name, "platform", reproduction->request->platform, "status", status, "runs",
        describe_runs(reproduction), "claims", claim_list);
    json_object_set_new(reproduction->json, "study", json_string(study_description));
    if (reproduction->results.emulated) {
        json_object_set_new(reproduction->json, "emulated", json_true());
    }
    if (strcmp(status, "running") != 0) {
        char now[32];
        clock_format_utc(clock_realtime_ns(), now);
        json_object_set_new(reproduction->json, "ended", json_string(now));
    }
    _cleanup_free_ char *text = json_dumps(reproduction->json, JSON_INDENT(1));
    _cleanup_free_ char *path = reproduction_path(reproduction, "reproduce", ".json");
    if (text == NULL) {
        return fail(err, 0, "writing %s: it is not valid JSON", path);
    }
    return file_replace(path, text, strlen(text), err);
}
