// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/readings — samples for clients. Samplers read most parties at once; virtual machines are
 * surveyed by a job first. A reading waits at most SURVEY_WITHIN_NS for a testbed that is busy or
 * whose hypervisor hangs, and then contains the figures of the last survey.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "owner/owned.h"
#include "sampler/sample_json.h"

#define SURVEY_WITHIN_US (UINT64_C(1000) * 1000)
#define ADOPTED_WITHIN   10                // times SURVEY_WITHIN_US
#define SHARED_NS        (20U * NS_PER_MS) // readings within this time share one survey
#define ALLOCATION_NS    NS_PER_S          // between two looks of a controller at weights and caps

static int survey_job(struct owned *owned, struct job *job, struct error *err)
{
    (void)err;
    job->changed = JOB_CHANGED_NOTHING;
    job->has_survey = true;
    sampler_survey(owned->testbed, job->survey_depth, &job->survey);
    return 0;
}

static bool is_survey(const struct job *job)
{
    return job != NULL && job->run == survey_job;
}

// A controller reads often. It sets weights and caps itself, and uses the host's counters.
static enum survey_depth reading_depth(const struct reading *reading, const struct owned *owned,
                                       uint64_t now_ns)
{
    if (!json_is_true(json_object_get(reading->request, "rings"))) {
        return SURVEY_ALL;
    }
    return now_ns - owned->allocations_ns > ALLOCATION_NS ? SURVEY_ALLOCATION : SURVEY_CPU;
}

void reading_free(struct reading *reading)
{
    struct reading **at = &reading->owner->readings;
    while (*at != NULL && *at != reading) {
        at = &(*at)->next;
    }
    if (*at == reading) {
        *at = reading->next;
    }
    sd_event_source_disable_unref(reading->deadline);
    json_decref(reading->request);
    if (reading->client != NULL) {
        reading->client->reading = NULL;
    }
    free(reading);
}

static bool reading_is_of(const struct reading *reading, const struct owned *owned)
{
    const char *name = json_string_value(json_object_get(reading->request, "testbed"));
    return name == NULL || text_equal(owned->name, name) || text_equal(owned->id, name);
}

// Adds a party of a testbed to the answer, with what its controller reports of it.
struct reading_visit {
    struct sample_text *text;
    const struct owned *owned;
};

static void reading_add(void *context, const struct sample_party *party)
{
    const struct reading_visit *visit = context;
    struct sample_party controlled = *party;
    lease_describe(visit->owned, &controlled);
    sample_text_add(visit->text, &controlled);
}

static void reading_answer(struct reading *reading)
{
    struct owner *owner = reading->owner;
    uint64_t began_ns = clock_monotonic_ns();
    enum sampler_depth depth =
        json_is_true(json_object_get(reading->request, "rings"))      ? SAMPLER_RINGS
        : json_is_true(json_object_get(reading->request, "networks")) ? SAMPLER_NETWORKS
                                                                      : SAMPLER_CPU;
    bool found = false;
    const char *left_out = NULL;
    struct sample_text text;
    sample_text_begin(&text);
    for (size_t i = 0; i < owner->owned_count; i++) {
        struct owned *owned = owner->owned[i];
        if (!reading_is_of(reading, owned)) {
            continue;
        }
        found = true;
        if (left_out == NULL) {
            left_out = owned->adopting ? "it is not taken over yet: its platform does not answer"
                                       : owned->unusable;
        }
        struct reading_visit visit = {&text, owned};
        sampler_visit(owned->sampler, depth, reading_add, &visit);
    }
    sample_text_end(&text, began_ns, left_out, found);
    client_send_line(reading->client, text.bytes, text.length);
    free(text.bytes);
    reading_free(reading);
    owner_look_for_end(owner);
}

// Whether a testbed of the reading still waits for adoption or a survey. A survey that exceeds
// SURVEY_WITHIN_US is not waited for again.
static bool reading_waits(const struct reading *reading)
{
    uint64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; i < reading->owner->owned_count; i++) {
        const struct owned *owned = reading->owner->owned[i];
        bool surveying =
            is_survey(owned->running) && now_ns - owned->surveyed_ns < SURVEY_WITHIN_US * NS_PER_US;
        if (reading_is_of(reading, owned) && (surveying || owned->adopting)) {
            return true;
        }
    }
    return false;
}

void reading_look(struct owner *owner)
{
    struct reading *next = NULL;
    for (struct reading *reading = owner->readings; reading != NULL; reading = next) {
        next = reading->next;
        if (!reading_waits(reading)) {
            reading_answer(reading);
        }
    }
}

static bool reading_adopts(const struct reading *reading)
{
    for (size_t i = 0; i < reading->owner->owned_count; i++) {
        const struct owned *owned = reading->owner->owned[i];
        if (owned->adopting && reading_is_of(reading, owned)) {
            return true;
        }
    }
    return false;
}

static int reading_late(sd_event_source *source, uint64_t now_us, void *context)
{
    struct reading *reading = context;
    // A testbed that is being taken over has no earlier figures.
    if (reading_adopts(reading) && ++reading->looks < ADOPTED_WITHIN) {
        (void)sd_event_source_set_time(source, now_us + SURVEY_WITHIN_US);
        (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
        return 0;
    }
    reading_answer(reading);
    return 0;
}

static void survey_order(struct owned *owned, enum survey_depth depth, uint64_t now_ns)
{
    struct job *job = work_order(owned, "reading figures", survey_job, NULL, NULL);
    job->yields = true;
    job->survey_depth = depth;
    owned->surveyed_ns = now_ns;
    owned->surveyed = depth;
    owned->allocations_ns = depth >= SURVEY_ALLOCATION ? now_ns : owned->allocations_ns;
    work_start(owned);
}

static void reading_survey(const struct reading *reading)
{
    uint64_t now_ns = clock_monotonic_ns();
    for (size_t i = 0; i < reading->owner->owned_count; i++) {
        struct owned *owned = reading->owner->owned[i];
        const enum survey_depth depth = reading_depth(reading, owned, now_ns);
        const bool deeper = depth == SURVEY_ALL && owned->surveyed < SURVEY_ALL;
        if (reading_is_of(reading, owned) && owned->queue == NULL &&
            (owned->rests || (deeper && is_survey(owned->running))) &&
            sampler_needs_survey(owned->sampler) &&
            (deeper || now_ns - owned->surveyed_ns > SHARED_NS)) {
            survey_order(owned, depth, now_ns);
        }
    }
}

void reading_take(struct client *client, json_t *request)
{
    struct owner *owner = client->owner;
    struct reading *reading = memory_new(1, sizeof *reading);
    *reading = (struct reading){
        .owner = owner, .client = client, .request = json_incref(request), .next = owner->readings};
    owner->readings = reading;
    client->reading = reading;
    reading_survey(reading);
    if (!reading_waits(reading)) {
        reading_answer(reading);
    } else if (sd_event_add_time_relative(owner->loop, &reading->deadline, CLOCK_MONOTONIC,
                                          SURVEY_WITHIN_US, 1000, reading_late, reading) < 0) {
        reading_answer(reading);
    }
}
