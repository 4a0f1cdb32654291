// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/requests — the table of requests. The event loop finds the router or testbed that a request
 * names, and queues a job of that testbed.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json_get.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "owner/build.h"
#include "owner/look.h"
#include "owner/owned.h"
#include "owner/paths.h"
#include "testbed/standing.h"

static uint64_t request_uid(const json_t *request)
{
    return (uint64_t)json_integer_value(json_object_get(request, "uid"));
}

// ---- the target of a request

struct target {
    struct owned *owned;
    const char *node; // its name: a router's, "host", "source", "sink"
    size_t router;    // index in the scenario; SIZE_MAX for other nodes
};

static bool target_is_in(const struct owned *owned, const char *of)
{
    return of == NULL || text_equal(owned->name, of) || text_equal(owned->id, of);
}

static bool target_matches(const struct owned *owned, const char *of, const char *node)
{
    return target_is_in(owned, of) && owned->stands && !owned->ends &&
           testbed_has_node(owned->testbed, node);
}

// Finds a node by "NODE" or "TESTBED/NODE". A bare name must be unique and belong to a testbed of
// the caller; nodes of other users' testbeds require the prefix.
static int target_find(struct owner *owner, const json_t *request, struct target *ret,
                       struct error *err)
{
    const char *called = json_get_text(request, "router");
    if (called == NULL) {
        return fail_input(err, "the request names no router");
    }
    const char *slash = strchr(called, '/');
    char *of = slash == NULL ? NULL : text_copy_bytes(called, (size_t)(slash - called));
    const char *node = slash == NULL ? called : slash + 1;
    char *names = text_copy("");
    size_t matches = 0;
    struct owned *found = NULL;
    const char *unusable = NULL;
    for (size_t i = 0; i < owner->owned_count; i++) {
        struct owned *owned = owner->owned[i];
        if (target_is_in(owned, of) && owned_unusable(owned) != NULL) {
            unusable = owned_unusable(owned);
        }
        if (target_matches(owned, of, node)) {
            text_append(&names, ", ", "%s/%s", of == NULL ? owned->name : owned->id, node);
            found = owned;
            matches++;
        }
    }
    int rc = 0;
    if (matches > 1) {
        rc = fail_input(err, "\"%s\" is ambiguous; name one of %s", called, names);
    } else if (matches == 0 && unusable != NULL) {
        rc = fail(err, 0, "looking for \"%s\": %s", called, unusable);
    } else if (matches == 0) {
        rc = fail_input(err,
                        owner->owned_count == 0
                            ? "no router or node \"%s\": no testbed exists; vrbench up SCENARIO "
                              "builds one"
                            : "no router or node \"%s\"; vrbench list shows the routers",
                        called);
    } else if (found != NULL && slash == NULL && found->uid != request_uid(request)) {
        rc = fail_input(err, "\"%s\" belongs to another user's testbed %s; to use it, name it %s",
                        called, found->name, names);
    }
    free(names);
    free(of);
    if (rc < 0 || found == NULL) {
        return rc;
    }
    *ret = (struct target){found, node, testbed_router_called(found->testbed, node)};
    return 0;
}

static int order_for_router(struct client *client, json_t *request, const char *name,
                            job_function run, struct error *err)
{
    struct target target = {0};
    int rc = target_find(client->owner, request, &target, err);
    if (rc == 0 && target.router == SIZE_MAX) {
        rc = fail_input(err, "%s is not a router", json_get_text(request, "router"));
    }
    if (rc < 0 || target.owned == NULL || (rc = lend_refuse(target.owned, err)) < 0) {
        return rc;
    }
    struct job *job = work_order(target.owned, name, run, client, request);
    job->router = target.router;
    work_start(target.owned);
    return 0;
}

// ---- one router

static void answer_router(const struct owned *owned, struct job *job)
{
    job->answer = json_object();
    json_object_set_new(job->answer, "router",
                        json_string(testbed_router_name(owned->testbed, job->router)));
}

static int create_job(struct owned *owned, struct job *job, struct error *err)
{
    answer_router(owned, job);
    return testbed_create_router(owned->testbed, job->router, err);
}

static int destroy_job(struct owned *owned, struct job *job, struct error *err)
{
    answer_router(owned, job);
    return testbed_destroy_router(owned->testbed, job->router, ROUTER_DESTROYED, err);
}

static int reboot_job(struct owned *owned, struct job *job, struct error *err)
{
    uint64_t outage_ns = 0;
    int rc = testbed_reboot_router(owned->testbed, job->router, job->ordered_ns, &outage_ns, err);
    answer_router(owned, job);
    json_object_set_new(job->answer, "outage_ns", json_integer((json_int_t)outage_ns));
    return rc;
}

static int take_create(struct client *client, json_t *request, struct error *err)
{
    return order_for_router(client, request, "creating a router", create_job, err);
}

static int take_destroy(struct client *client, json_t *request, struct error *err)
{
    return order_for_router(client, request, "destroying a router", destroy_job, err);
}

static int take_reboot(struct client *client, json_t *request, struct error *err)
{
    return order_for_router(client, request, "rebooting a router", reboot_job, err);
}

// ---- CPU allocation

static json_t *allocation_json(const struct owned *owned, size_t party,
                               const struct allocation *allocation)
{
    const struct testbed_party *parties = NULL;
    const char *way = testbed_cap_way(owned->testbed);
    char cpus[128];
    (void)testbed_parties(owned->testbed, &parties);
    cpu_list_text(&testbed_plan(owned->testbed)->dut_cpus, cpus, sizeof cpus);
    json_t *json = json_object();
    json_object_set_new(json, "testbed", json_string(owned->name));
    json_object_set_new(json, "name", json_string(parties[party].name));
    json_object_set_new(json, "cpus", json_string(cpus));
    json_object_set_new(json, "weight", json_integer(allocation->weight));
    json_object_set_new(json, "cap", json_integer(allocation->cap));
    json_object_set_new(json, "way", way == NULL ? json_null() : json_string(way));
    return json;
}

// Sets the requested values, and reads the allocation back from the kernel or hypervisor.
static int cpu_job(struct owned *owned, struct job *job, struct error *err)
{
    struct allocation allocation = {0};
    const json_t *weight = json_object_get(job->request, "weight");
    const json_t *cap = json_object_get(job->request, "cap");
    int rc = testbed_get_allocation(owned->testbed, job->party, &allocation, err);
    if (rc == 0 && (weight != NULL || cap != NULL)) {
        allocation.weight =
            weight == NULL ? allocation.weight : (unsigned)json_integer_value(weight);
        allocation.cap = cap == NULL ? allocation.cap : (unsigned)json_integer_value(cap);
        rc = testbed_set_allocation(owned->testbed, job->party, &allocation, err);
        if (rc == 0) {
            rc = testbed_get_allocation(owned->testbed, job->party, &allocation, err);
        }
    }
    job->changed = job->party;
    if (rc == 0) {
        job->answer = json_object();
        json_object_set_new(job->answer, "allocation",
                            allocation_json(owned, job->party, &allocation));
    }
    return rc;
}

static int take_cpu(struct client *client, json_t *request, struct error *err)
{
    struct target target = {0};
    const bool sets =
        json_object_get(request, "weight") != NULL || json_object_get(request, "cap") != NULL;
    int rc = target_find(client->owner, request, &target, err);
    if (rc < 0 || target.owned == NULL ||
        (sets && (rc = lend_refuse_shares(target.owned, err)) < 0)) {
        return rc;
    }
    size_t party = testbed_party_called(target.owned->testbed, target.node);
    if (party == SIZE_MAX) {
        return fail_input(err, "%s has no CPU allocation: it belongs to the tester",
                          json_get_text(request, "router"));
    }
    struct job *job =
        work_order_amid(target.owned, "setting a CPU allocation", cpu_job, client, request);
    job->party = party;
    work_start(target.owned);
    return 0;
}

// ---- whole testbeds

static int up_job(struct owned *owned, struct job *job, struct error *err)
{
    int rc = build_testbed(job->request, &owned->testbed, err);
    job->gone = rc < 0;
    return rc;
}

static int take_up(struct client *client, json_t *request, struct error *err)
{
    const char *name = json_get_text(request, "name");
    if (name == NULL) {
        return fail_input(err, "the request names no testbed");
    }
    struct owned *there = owned_find(client->owner, name);
    if (there != NULL) {
        return fail(err, 0, "testbed %s %s; vrbench down %s removes it", name,
                    there->stands || there->unusable != NULL || there->adopting ? "already exists"
                                                                                : "is being built",
                    name);
    }
    (void)look_share_socket(OWNER_SOCKET, NULL); // the group may be newer than this process
    struct owned *owned = owned_add(client->owner, NULL, name);
    owned->uid = request_uid(request);
    build_settings(request, &owned->settings);
    struct job *job = work_order(owned, "building a testbed", up_job, client, request);
    job->builds = true;
    work_start(owned);
    return 0;
}

static int down_job(struct owned *owned, struct job *job, struct error *err)
{
    job->gone = true;
    return owned->testbed == NULL ? testbed_remove_standing(owned->id, err)
                                  : testbed_unstand(steal_pointer(&owned->testbed), err);
}

static int take_down(struct client *client, json_t *request, struct error *err)
{
    const char *name = json_get_text(request, "name");
    struct owned *owned = name == NULL ? NULL : owned_find(client->owner, name);
    if (owned == NULL || owned->ends) {
        return fail_input(err, "no testbed \"%s\"; vrbench list shows the testbeds",
                          name == NULL ? "" : name);
    }
    int rc = lend_refuse(owned, err);
    if (rc < 0) {
        return rc;
    }
    owned->ends = true;
    struct job *job = work_order(owned, "taking a testbed down", down_job, client, request);
    job->releases = true;
    work_start(owned);
    return 0;
}

// ---- the table

static const struct request_row {
    const char *name;
    int (*take)(struct client *client, json_t *request, struct error *err);
} request_rows[] = {
    {"up", take_up},
    {"down", take_down},
    {"create", take_create},
    {"destroy", take_destroy},
    {"reboot", take_reboot},
    {"cpu", take_cpu},
    {"control", lease_take_control},
    {"plan", lease_take_plan},
    {"shares", lease_take_shares},
    {"release", lease_take_release},
    {"status", lease_take_status},
    {"lend", lend_take},
};

void request_take(struct client *client, json_t *request)
{
    const char *name = json_get_text(request, "do");
    client->owner->ordered = true;
    struct error err = ERROR_INIT;
    int rc = fail_input(&err, "unknown request \"%s\"", name == NULL ? "" : name);
    for (size_t i = 0; i < sizeof request_rows / sizeof request_rows[0]; i++) {
        if (text_equal(request_rows[i].name, name)) {
            error_clear(&err);
            rc = request_rows[i].take(client, request, &err);
            break;
        }
    }
    if (rc < 0) {
        client_send(client, wire_answer(rc, &err));
    }
    error_clear(&err);
}
