// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/lease — see owned.h: which client controls a testbed's CPU allocation.
 *
 * A testbed has at most one controller, for as long as its connection lasts. A controller that says
 * good-bye leaves the last shares. If its connection ends without a word, or it is silent for
 * LEASE_SILENT_NS, the shares of its static plan are put in force, unless another controller takes
 * over within LEASE_GRACE_NS.
 */

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "owner/owned.h"
#include "owner/topology.h"
#include "testbed/standing.h"

#define LEASE_GRACE_US  (UINT64_C(1500) * 1000)
#define LEASE_SILENT_NS (5U * NS_PER_S)
#define LEASE_LOOK_US   (UINT64_C(1000) * 1000)
#define STATIC_PLAN_JOB "setting the shares of the static plan"

struct lease {
    struct owned *owned;
    struct client *client; // NULL = its controller has vanished
    int64_t pid;           // of the controller
    uint64_t heard_ns;     // CLOCK_MONOTONIC of its last message
    json_t *status;        // of the parties; NULL = none
    json_t *plan;          // shares of its static plan; NULL = none
    sd_event_source *timer;
};

// ---- setting shares

static int shares_set_one(struct owned *owned, const json_t *share, struct error *err)
{
    const char *name = json_string_value(json_object_get(share, "name"));
    const size_t party = name == NULL ? SIZE_MAX : testbed_party_called(owned->testbed, name);
    const json_int_t weight = json_integer_value(json_object_get(share, "weight"));
    const json_int_t cap = json_integer_value(json_object_get(share, "cap"));
    if (party == SIZE_MAX) {
        return fail_input(err, "testbed %s has no router \"%s\"", owned->name,
                          name == NULL ? "" : name);
    }
    if (weight < 1 || weight > SCENARIO_WEIGHT_MAX || cap < 0 || cap > INT32_MAX) {
        return fail_input(err, "invalid weight or cap of %s", name);
    }
    const struct allocation allocation = {.weight = (unsigned)weight, .cap = (unsigned)cap};
    struct party_info info;
    testbed_party_facts(owned->testbed, party, &info);
    const bool skip = info.state != ROUTER_RUNNING ||
                      (info.allocation_known && info.allocation.weight == allocation.weight &&
                       info.allocation.cap == allocation.cap);
    party_info_clear(&info);
    if (skip) {
        return 0;
    }
    return testbed_set_allocation(owned->testbed, party, &allocation, err);
}

// Sets all shares of the request, except those of routers that do not run.
static int shares_job(struct owned *owned, struct job *job, struct error *err)
{
    const json_t *shares = json_object_get(job->request, "shares");
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_array_size(shares); i++) {
        rc = shares_set_one(owned, json_array_get(shares, i), err);
    }
    // To a controller these two mean that it lost control, or that the owner has ended.
    return rc == -EPERM || rc == -EPIPE ? -EIO : rc;
}

int lease_take_shares(struct client *client, json_t *request, struct error *err)
{
    struct owned *owned = client->leased;
    if (owned == NULL) {
        return fail(err, EPERM, "this process no longer controls the testbed");
    }
    int rc = lend_refuse_shares(owned, err);
    if (rc < 0) {
        return rc;
    }
    const struct job *running = owned->running;
    if (running != NULL && !running->yields && !running->amid && running->pause < 0) {
        return fail(err, EBUSY, "testbed %s is busy: %s", owned->name, running->name);
    }
    work_order_amid(owned, "setting CPU shares", shares_job, client, request);
    work_start(owned);
    return 0;
}

// ---- the lease

void lease_free(struct owned *owned)
{
    struct lease *lease = owned->lease;
    if (lease == NULL) {
        return;
    }
    if (lease->client != NULL) {
        lease->client->leased = NULL;
    }
    sd_event_source_disable_unref(lease->timer);
    json_decref(lease->plan);
    json_decref(lease->status);
    free(lease);
    owned->lease = NULL;
}

// Puts the static plan in force and ends the lease.
static void lease_fall_back(struct lease *lease, const char *why)
{
    struct owned *owned = lease->owned;
    if (lease->plan == NULL || owned->ends) {
        log_warning("owner", "testbed %s: its controller (process %lld) %s; its last shares stay",
                    owned->name, (long long)lease->pid, why);
    } else {
        log_warning("owner",
                    "testbed %s: its controller (process %lld) %s; the shares of its static plan "
                    "are set",
                    owned->name, (long long)lease->pid, why);
        json_t *request = json_pack("{s:O}", "shares", lease->plan);
        if (lend_refuse_shares(owned, NULL) == 0) {
            work_order_amid(owned, STATIC_PLAN_JOB, shares_job, NULL, request);
        } else {
            work_order(owned, STATIC_PLAN_JOB, shares_job, NULL, request);
        }
        json_decref(request);
        work_start(owned);
    }
    lease_free(owned);
}

static int lease_look(sd_event_source *source, uint64_t now_us, void *context)
{
    struct lease *lease = context;
    if (lease->client == NULL) {
        lease_fall_back(lease, "has vanished");
        return 0;
    }
    // A request of its own that takes long is no silence.
    if (lease->client->job == NULL && clock_monotonic_ns() - lease->heard_ns > LEASE_SILENT_NS) {
        lease_fall_back(lease, "does not answer");
        return 0;
    }
    (void)sd_event_source_set_time(source, now_us + LEASE_LOOK_US);
    (void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
    return 0;
}

static void lease_set_timer(struct lease *lease, uint64_t after_us)
{
    lease->timer = sd_event_source_disable_unref(lease->timer);
    (void)sd_event_add_time_relative(lease->owned->owner->loop, &lease->timer, CLOCK_MONOTONIC,
                                     after_us, 1000, lease_look, lease);
}

void lease_heard(struct client *client)
{
    if (client->leased != NULL) {
        client->leased->lease->heard_ns = clock_monotonic_ns();
    }
}

void lease_lost(struct client *client)
{
    if (client->leased == NULL) {
        return;
    }
    struct lease *lease = client->leased->lease;
    client->leased = NULL;
    lease->client = NULL;
    lease_set_timer(lease, LEASE_GRACE_US);
}

// ---- requests

// Finds a testbed by name; without a name, the caller's only one.
static int lease_find(struct owner *owner, const json_t *request, struct owned **ret,
                      struct error *err)
{
    const char *name = json_string_value(json_object_get(request, "testbed"));
    const uint64_t uid = (uint64_t)json_integer_value(json_object_get(request, "uid"));
    struct owned *found = name == NULL ? NULL : owned_find(owner, name);
    size_t matches = found != NULL;
    for (size_t i = 0; name == NULL && i < owner->owned_count; i++) {
        if (owner->owned[i]->uid == uid && !owner->owned[i]->ends) {
            found = owner->owned[i];
            matches++;
        }
    }
    if (matches > 1) {
        return fail_input(err, "several testbeds stand; name one by --testbed");
    }
    if (found == NULL || found->ends) {
        return name == NULL
                   ? fail_input(err, "no testbed stands; vrbench up SCENARIO builds one")
                   : fail_input(err, "no testbed \"%s\"; vrbench list shows the testbeds", name);
    }
    if (!found->stands || found->testbed == NULL) {
        return fail(err, EBUSY, "testbed %s %s", found->name,
                    found->unusable != NULL ? "is not usable" : "is being built");
    }
    *ret = found;
    return 0;
}

int lease_take_control(struct client *client, json_t *request, struct error *err)
{
    struct owned *owned = NULL;
    int rc = lease_find(client->owner, request, &owned, err);
    if (rc < 0 || owned == NULL) {
        return rc;
    }
    const bool advise = json_is_true(json_object_get(request, "advise"));
    if (!advise && (rc = lend_refuse_shares(owned, err)) < 0) {
        return rc;
    }
    if (!advise && owned->lease != NULL && owned->lease->client != NULL &&
        owned->lease->client != client) {
        return fail(err, EBUSY,
                    "testbed %s is already controlled by process %lld; end that one first",
                    owned->name, (long long)owned->lease->pid);
    }
    if (!advise) {
        json_t *plan = owned->lease == NULL ? NULL : json_incref(owned->lease->plan);
        lease_free(owned);
        owned->lease = memory_new(1, sizeof *owned->lease);
        *owned->lease = (struct lease){
            .owned = owned,
            .client = client,
            .pid = json_integer_value(json_object_get(request, "pid")),
            .heard_ns = clock_monotonic_ns(),
            .plan = plan,
        };
        client->leased = owned;
        lease_set_timer(owned->lease, LEASE_LOOK_US);
    }
    // The plan of a testbed never changes, so this does not wait for a job.
    struct error none = ERROR_INIT;
    json_t *answer = wire_answer(0, &none);
    json_t *topology = topology_json(owned->testbed);
    json_object_update(answer, topology);
    json_decref(topology);
    json_object_set_new(answer, "testbed", json_string(owned->name));
    client_send(client, answer);
    return 0;
}

static void lease_answer(struct client *client)
{
    struct error none = ERROR_INIT;
    client_send(client, wire_answer(0, &none));
}

int lease_take_plan(struct client *client, json_t *request, struct error *err)
{
    if (client->leased == NULL) {
        return fail(err, EPERM, "this process no longer controls the testbed");
    }
    struct lease *lease = client->leased->lease;
    json_decref(lease->plan);
    lease->plan = json_incref(json_object_get(request, "shares"));
    lease_answer(client);
    return 0;
}

int lease_take_release(struct client *client, json_t *request, struct error *err)
{
    (void)request;
    (void)err;
    if (client->leased != NULL) {
        lease_free(client->leased);
    }
    lease_answer(client);
    return 0;
}

// ---- what samples contain of it

int lease_take_status(struct client *client, json_t *request, struct error *err)
{
    if (client->leased == NULL) {
        return fail(err, EPERM, "this process no longer controls the testbed");
    }
    struct lease *lease = client->leased->lease;
    json_decref(lease->status);
    lease->status = json_incref(json_object_get(request, "parties"));
    lease_answer(client);
    return 0;
}

static char *status_text(const json_t *party, const char *key)
{
    // Only read by the writer of samples.
    return (char *)json_string_value(json_object_get(party, key));
}

void lease_describe(const struct owned *owned, struct sample_party *party)
{
    if (owned->lease == NULL || owned->lease->client == NULL) {
        return;
    }
    const json_t *status = json_object_get(owned->lease->status, party->name);
    party->contract = status_text(status, "contract");
    party->broken_s = status_text(status, "broken_s");
    party->margin = status_text(status, "margin");
    party->last_action = status_text(status, "last_action");
}
