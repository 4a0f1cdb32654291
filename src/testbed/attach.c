// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/attach — writes a testbed's state to its record, and makes an object from it in another
 * process. The plan is recomputed from the scenario's text; the record has only the differences.
 * Called after every change, and by standing.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/json_get.h"
#include "base/text.h"
#include "linux/process.h"
#include "testbed/allocation.h"
#include "testbed/cables.h"
#include "testbed/parts.h"
#include "testbed/routers.h"
#include "testbed/standing.h"
#include "testbed/tasks.h"

// ---- to the record

static json_t *note_interfaces(const struct plan *plan)
{
    json_t *list = json_array();
    for (size_t i = 0; i < plan->interface_count; i++) {
        const struct plan_interface *interface = &plan->interfaces[i];
        char mac[13];
        for (size_t at = 0; at < 6; at++) {
            snprintf(mac + 2 * at, 3, "%02x", interface->mac[at]);
        }
        json_array_append_new(list,
                              json_pack("{s:s, s:i, s:s, s:s}", "name", interface->name, "index",
                                        interface->index, "mac", mac, "pci", interface->pci));
    }
    return list;
}

static json_t *note_routers(const struct testbed *testbed)
{
    json_t *list = json_array();
    for (size_t i = 0; i < testbed->plan->scenario->router_count; i++) {
        const struct testbed_router *router = &testbed->routers[i];
        json_t *noted = json_pack(
            "{s:s, s:i, s:s, s:I, s:I, s:I, s:i, s:I}", "name",
            testbed->plan->scenario->routers[i].name, "id", (int)router->id, "state",
            router_state_name(router->state), "memory_bytes", (json_int_t)router->memory_bytes,
            "start_ns", (json_int_t)router->start_ns, "since_ns", (json_int_t)router->since_ns,
            "restarts", (int)router->restarts, "outage_ns", (json_int_t)router->outage_ns);
        json_object_set_new(noted, "convergence_ns",
                            json_integer((json_int_t)router->convergence_ns));
        if (router->router != NULL) {
            json_object_set_new(noted, "platform", testbed->platform->ops->note(router->router));
        }
        json_array_append_new(list, noted);
    }
    return list;
}

static json_t *note_host(const struct testbed *testbed)
{
    json_t *links = json_array();
    struct task_list tasks = {testbed->host_tasks, testbed->host_task_count};
    for (size_t i = 0; i < testbed->host_task_count; i++) {
        json_array_append_new(links, json_integer(testbed->host_task_links[i]));
    }
    return json_pack("{s:o, s:o, s:I, s:I}", "tasks", task_list_to_json(&tasks), "links", links,
                     "gone_ns", (json_int_t)testbed->host_gone_ns, "memory_bytes",
                     (json_int_t)testbed->host_memory_bytes);
}

int testbed_note(struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    json_t *content = testbed->record->content;
    struct task_list all = {0};
    testbed_gather_tasks(testbed, &all);
    json_object_set_new(content, "threads", task_list_to_json(&all));
    task_list_clear(&all);
    struct task_list tester = {testbed->tester_tasks, testbed->tester_task_count};
    json_object_set_new(content, "tester",
                        json_pack("{s:o, s:[i, I]}", "tasks", task_list_to_json(&tester), "relay",
                                  (int)testbed->relay.pid, (json_int_t)testbed->relay.started));
    json_object_set_new(content, "host", note_host(testbed));
    json_object_set_new(content, "routers", note_routers(testbed));
    json_object_set_new(content, "interfaces", note_interfaces(plan));
    json_object_set_new(content, "cables", cables_note(plan));
    json_object_set_new(content, "usable", cpus_note(&plan->usable));
    json_object_set_new(content, "mtu", json_integer(plan->mtu));
    json_object_set_new(content, "next_id", json_integer(testbed->next_id));
    json_object_set_new(content, "next_index", json_integer(testbed->next_index));
    json_object_set_new(content, "kept", json_boolean(testbed->kept));
    json_object_set_new(
        content, "maker",
        json_pack("[i, I]", (int)testbed->maker.pid, (json_int_t)testbed->maker.started));
    if (!testbed->kept) { // a run
        pid_t leader = getsid(0);
        json_object_set_new(content, "session",
                            json_pack("[i, I, i]", (int)leader,
                                      (json_int_t)process_start_time(leader), cpu_session_nice(0)));
    }
    json_t *scenario = scenario_note(plan->scenario);
    json_object_update(content, scenario);
    json_decref(scenario);
    return record_write(testbed->record, err);
}

// ---- from the record

static json_int_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

// Parses twelve hexadecimal digits, as written by note_interfaces().
static void recall_mac(const char *text, uint8_t ret[6])
{
    unsigned long long number = strtoull(text, NULL, 16);
    for (size_t i = 0; i < 6; i++) {
        ret[i] = (uint8_t)(number >> (40 - 8 * i));
    }
}

static int recall_plan(struct testbed *testbed, struct error *err)
{
    const json_t *content = testbed->record->content;
    enum topology topology = TOPOLOGY_DIRECT;
    struct cpu_list usable;
    cpus_recall(json_object_get(content, "usable"), &usable);
    int rc = scenario_recall(content, (unsigned)usable.count, &testbed->scenario, err);
    if (rc < 0 || topology_from_name(json_get_word(content, "topology"), &topology) < 0) {
        return fail(err, 0, "the record of testbed %s can't be read", testbed->record->id);
    }
    rc = plan_make(testbed->scenario, topology, &usable, &testbed->plan, err);
    const json_t *interfaces = json_object_get(content, "interfaces");
    if (rc == 0 && json_array_size(interfaces) != testbed->plan->interface_count) {
        rc = fail(err, 0, "the record of testbed %s doesn't fit its scenario", testbed->record->id);
    }
    for (size_t i = 0; rc == 0 && i < testbed->plan->interface_count; i++) {
        const json_t *noted = json_array_get(interfaces, i);
        struct plan_interface *interface = &testbed->plan->interfaces[i];
        interface->index = (int)number(noted, "index");
        snprintf(interface->name, sizeof interface->name, "%s", json_get_word(noted, "name"));
        recall_mac(json_get_word(noted, "mac"), interface->mac);
        snprintf(interface->pci, sizeof interface->pci, "%s", json_get_word(noted, "pci"));
    }
    if (rc == 0) {
        testbed->plan->mtu = (unsigned)number(content, "mtu");
        cables_recall(json_object_get(content, "cables"), testbed->plan);
    }
    return rc;
}

static void recall_host(struct testbed *testbed)
{
    const json_t *host = json_object_get(testbed->record->content, "host");
    const json_t *links = json_object_get(host, "links");
    const json_t *tasks = json_object_get(host, "tasks");
    size_t count = json_array_size(tasks);
    testbed->host_tasks = memory_new_array(pid_t, count);
    testbed->host_task_links = memory_new_array(int, count);
    testbed->host_task_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *task = json_array_get(json_array_get(tasks, i), 0);
        testbed->host_tasks[i] = (pid_t)json_integer_value(task);
        testbed->host_task_links[i] = (int)json_integer_value(json_array_get(links, i));
    }
    testbed->host_gone_ns = (uint64_t)number(host, "gone_ns");
    testbed->host_memory_bytes = (uint64_t)number(host, "memory_bytes");
    const json_t *noted = json_object_get(testbed->record->content, "tester");
    const json_t *relay = json_object_get(noted, "relay");
    struct task_list tester = {0};
    task_list_from_json(json_object_get(noted, "tasks"), &tester);
    testbed->relay =
        (struct process_id){.pid = (pid_t)json_integer_value(json_array_get(relay, 0)),
                            .started = (uint64_t)json_integer_value(json_array_get(relay, 1))};
    testbed->tester_tasks = tester.pids;
    testbed->tester_task_count = tester.count;
}

static enum router_state state_from_name(const char *name)
{
    for (enum router_state state = ROUTER_RUNNING; state <= ROUTER_DESTROYED; state++) {
        if (text_equal(router_state_name(state), name)) {
            return state;
        }
    }
    return ROUTER_CRASHED;
}

static int recall_routers(struct testbed *testbed, struct error *err)
{
    const json_t *routers = json_object_get(testbed->record->content, "routers");
    bool any_gone = false;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < testbed->scenario->router_count; i++) {
        const json_t *noted = json_array_get(routers, i);
        const json_t *described = json_object_get(noted, "platform");
        struct testbed_router *router = &testbed->routers[i];
        router->id = (unsigned)number(noted, "id");
        router->state = state_from_name(json_get_word(noted, "state"));
        router->memory_bytes = (uint64_t)number(noted, "memory_bytes");
        router->start_ns = (uint64_t)number(noted, "start_ns");
        router->since_ns = (uint64_t)number(noted, "since_ns");
        router->restarts = (unsigned)number(noted, "restarts");
        router->outage_ns = (uint64_t)number(noted, "outage_ns");
        router->convergence_ns = (uint64_t)number(noted, "convergence_ns");
        if (described == NULL) {
            continue;
        }
        struct router_order order;
        router_order_make(testbed, i, &order);
        rc = testbed->platform->ops->recall(testbed->platform, &order.spec, described,
                                            &router->router, err);
        router_order_clear(&order);
        if (rc == -ENOENT) { // the process that ended or restarted it died
            error_clear(err);
            router->state = ROUTER_CRASHED;
            any_gone = true;
            rc = 0;
        }
    }
    if (any_gone) {
        testbed_forget_dead_host_tasks(testbed);
    }
    return rc;
}

static int recall_nodes(struct testbed *testbed, struct error *err)
{
    const struct plan *plan = testbed->plan;
    _cleanup_free_ char *home = testbed_pin(testbed->record, "home");
    int rc = netns_open(home, &testbed->home, err);
    for (size_t i = 0; rc == 0 && i < plan->node_count; i++) {
        if (plan->nodes[i].kind != NODE_ROUTER) {
            _cleanup_free_ char *pin = testbed_pin(testbed->record, plan->nodes[i].name);
            rc = netns_open(pin, &testbed->netns[i], err);
        }
    }
    return rc;
}

int testbed_attach(struct record *record, struct testbed **ret, struct error *err)
{
    if (json_object_get(record->content, "routers") == NULL) {
        return fail(err, ENOENT, "testbed %s is not up yet", record->id);
    }
    if (record_is_elsewhere(record)) {
        return fail(err, 0, "testbed %s was made in another mount namespace", record->id);
    }
    struct testbed *testbed = memory_new(1, sizeof *testbed);
    const json_t *maker = json_object_get(record->content, "maker");
    testbed->record = record;
    testbed->kept = json_is_true(json_object_get(record->content, "kept"));
    testbed->outlive = testbed->kept;
    testbed->maker.pid = (pid_t)json_integer_value(json_array_get(maker, 0));
    testbed->maker.started = (uint64_t)json_integer_value(json_array_get(maker, 1));
    testbed->next_id = (unsigned)number(record->content, "next_id");
    testbed->next_index = (int)number(record->content, "next_index");
    testbed->macvtap_why = text_copy(json_get_word(record->content, "macvtap_why"));
    int rc = recall_plan(testbed, err);
    if (rc == 0) {
        testbed->netns = memory_new_array(struct netns *, testbed->plan->node_count);
        testbed->routers = memory_new_array(struct testbed_router, testbed->scenario->router_count);
        recall_host(testbed);
        rc = platform_open(testbed->scenario->platform, &testbed->platform, err);
    }
    if (rc == 0) {
        rc = recall_nodes(testbed, err);
    }
    if (rc == 0 && testbed->plan->topology != TOPOLOGY_DIRECT) {
        rc = recall_routers(testbed, err);
    }
    if (rc == 0) {
        rc = testbed_recall_groups(testbed, err);
    }
    if (rc < 0) {
        error_context(err, "testbed %s", record->id);
        testbed->record = NULL; // the caller keeps it
        testbed_free(testbed);
        return rc;
    }
    testbed_list_parties(testbed);
    *ret = testbed;
    return 0;
}
