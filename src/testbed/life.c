// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/life — the standing testbed from the request to its end, see testbed.h. build.c makes it.
#include "testbed/testbed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "base/thread.h"
#include "linux/process.h"
#include "machine/catalogue.h"
#include "testbed/allocation.h"
#include "testbed/cables.h"
#include "testbed/handover.h"
#include "testbed/names.h"
#include "testbed/parts.h"
#include "testbed/tasks.h"

// Interfaces made after the plan's have indexes from here on.
#define FIRST_LATER_INDEX 200000

int testbed_up(struct plan *plan, bool keep, struct testbed **ret, struct error *err)
{
    struct testbed *testbed = memory_new(1, sizeof *testbed);
    testbed->plan = plan;
    testbed->outlive = keep;
    testbed->maker.pid = getpid();
    testbed->maker.started = process_start_time(getpid());
    testbed->next_id = 1;
    testbed->next_index = FIRST_LATER_INDEX;
    testbed->netns = memory_new_array(struct netns *, plan->node_count);
    testbed->routers = memory_new_array(struct testbed_router, plan->scenario->router_count);
    int rc = platform_open(plan->scenario->platform, &testbed->platform, err);
    if (rc == 0) {
        rc = record_create(&testbed->record, err);
    }
    if (rc == 0) {
        rc = testbed_build(testbed, err);
    }
    if (rc < 0) {
        (void)testbed_down(&testbed, 1, NULL, NULL);
        error_context(err, "building the testbed");
        return rc;
    }
    testbed_list_parties(testbed);
    *ret = testbed;
    return 0;
}

static int keep_first(int rc, int latest, struct error *err, struct error *why)
{
    if (rc == 0 && latest < 0) {
        error_move(err, why);
        return latest;
    }
    error_clear(why);
    return rc;
}

// Ends the remaining routers with their surroundings.
static int end_routers(struct testbed *testbed, struct error *err)
{
    int rc = 0;
    struct error why = ERROR_INIT;
    for (size_t i = 0; testbed->platform != NULL && i < testbed->plan->scenario->router_count;
         i++) {
        if (testbed->routers[i].router != NULL) {
            struct machine *router = steal_pointer(&testbed->routers[i].router);
            int ended = testbed->platform->ops->end(router, NULL, &why);
            rc = keep_first(rc, ended, err, &why);
        }
    }
    return rc;
}

// Removes machines of the testbed without an object: their maker died before it could record them.
// Routers in namespaces end with their processes.
static int clean_up_machines(struct testbed *testbed, struct error *err)
{
    struct platform *platform = testbed->platform;
    return platform == NULL || platform->ops->traits.kind != PLATFORM_MACHINES
               ? 0
               : platform->ops->clean_up(platform, testbed->record->id, testbed->record->directory,
                                         testbed->home, err);
}

// What the kernel still removes. The namespaces of the bridges are released last: the kernel
// deletes the bridges of a batch of namespaces first and, for each bridge, waits for all RCU
// callbacks (br_multicast_dev_del(): rcu_barrier(), 3 or 4 ticks of the clock) before it ends the
// interfaces with threads. So the threads of all testbeds end with the other namespaces, in one
// batch without a bridge.
struct testbed_leftovers {
    struct task_list tasks;
    struct netns **hosts;
    size_t host_count;
};

// Longest time without the end of a thread until the namespaces of bridges are released, too: a
// process of another program may keep a router's namespace, whose interfaces then end with their
// peers on the bridges.
#define HOSTS_HELD_NS (200U * NS_PER_MS)

// Most of the time of a release is spent waiting for the kernel: for the end of processes, and for
// grace periods of RCU.
#define RELEASED_AT_ONCE 8U

// Every thread of such a testbed belongs to an end of a pair with an end outside of the host.
static bool threads_end_without_host(const struct testbed *testbed)
{
    return testbed->plan->bridge_count > 0 && testbed->plan->port == PORT_VETH &&
           json_array_size(json_object_get(testbed->record->content, "nics")) == 0;
}

static void keep_host(struct testbed *testbed, struct testbed_leftovers *leftovers)
{
    for (size_t i = 0; i < testbed->plan->node_count; i++) {
        if (testbed->plan->nodes[i].kind == NODE_HOST && testbed->netns[i] != NULL) {
            size_t count = leftovers->host_count + 1;
            leftovers->hosts = memory_resize(leftovers->hosts, count, sizeof(struct netns *));
            leftovers->hosts[count - 1] = steal_pointer(&testbed->netns[i]);
            leftovers->host_count = count;
        }
    }
}

// Leaves a testbed that still has an interface of the machine, which would end with its namespace.
// The record is a dead run's from now on: the next cleanup tries again.
static void keep_for_cleanup(struct testbed *testbed, struct testbed_leftovers *leftovers)
{
    task_list_clear(&leftovers->tasks);
    testbed_free(testbed);
}

// Releases everything; the kernel completes the removal later.
static int release(struct testbed *testbed, struct testbed_leftovers *leftovers, struct error *err)
{
    bool machines_first = testbed->record != NULL && testbed_lends_devices(testbed->record);
    int rc = 0;
    int unplaced = 0;
    struct error why = ERROR_INIT;
    testbed_gather_tasks(testbed, &leftovers->tasks);
    if (testbed->record != NULL && threads_end_without_host(testbed)) {
        keep_host(testbed, leftovers);
    }
    if (machines_first) {
        rc = end_routers(testbed, err);
    }
    if (testbed->record != NULL) {
        names_remove(testbed->record);
        int held = testbed_return_nics(testbed->record, &why);
        rc = keep_first(rc, why.text != NULL ? -EIO : 0, err, &why);
        if (held < 0) {
            keep_for_cleanup(testbed, leftovers);
            return rc;
        }
        unplaced = testbed_unplace(testbed, &why);
        rc = keep_first(rc, unplaced, err, &why);
        int removed = testbed_remove_groups(testbed->record, NULL, 0, &why);
        rc = keep_first(rc, removed, err, &why);
    }
    int routers_ended = end_routers(testbed, &why);
    rc = keep_first(rc, routers_ended, err, &why);
    if (testbed->record != NULL) {
        int cleaned = clean_up_machines(testbed, &why);
        rc = keep_first(rc, cleaned, err, &why);
        int ended = testbed_end_processes(testbed->record, NULL, &why);
        rc = keep_first(rc, ended, err, &why);
        struct record *record = steal_pointer(&testbed->record);
        if (unplaced < 0 || routers_ended < 0 || cleaned < 0) {
            record_forget(record); // it is a dead run's from now on, and the cleanup continues
        } else {
            int removed = record_remove(record, &why);
            rc = keep_first(rc, removed, err, &why);
        }
    }
    testbed_free(testbed);
    return rc;
}

void testbed_free(struct testbed *testbed)
{
    if (testbed == NULL) {
        return;
    }
    for (size_t i = 0; testbed->routers != NULL && i < testbed->plan->scenario->router_count; i++) {
        if (testbed->platform != NULL && testbed->routers[i].router != NULL) {
            testbed->platform->ops->release(testbed->routers[i].router);
        }
    }
    for (size_t i = 0; testbed->netns != NULL && i < testbed->plan->node_count; i++) {
        netns_close(testbed->netns[i]);
    }
    netns_close(testbed->home);
    testbed_forget_allocation(testbed);
    record_forget(testbed->record);
    cgroup_tree_close(testbed->cgroups);
    softirq_meter_free(testbed->watch.softirqs);
    free(testbed->macvtap_why);
    free(testbed->host_tasks);
    free(testbed->host_task_links);
    free(testbed->tester_tasks);
    free(testbed->parties);
    free(testbed->netns);
    free(testbed->routers);
    platform_close(testbed->platform);
    plan_free(testbed->plan);
    scenario_free(testbed->scenario);
    free(testbed);
}

// One testbed's part of testbed_down().
struct released {
    struct testbed_leftovers leftovers;
    int rc;
    struct error why;
};
struct releasing {
    struct testbed **testbeds;
    struct released *parts;
};

static void release_one(void *context, size_t i)
{
    struct releasing *releasing = context;
    struct released *part = &releasing->parts[i];
    part->rc = release(releasing->testbeds[i], &part->leftovers, &part->why);
}

static void leftovers_join(struct testbed_leftovers *all, struct testbed_leftovers *part)
{
    task_list_add(&all->tasks, part->tasks.pids, part->tasks.count);
    task_list_clear(&part->tasks);
    all->hosts =
        memory_resize(all->hosts, all->host_count + part->host_count, sizeof(struct netns *));
    for (size_t i = 0; i < part->host_count; i++) {
        all->hosts[all->host_count++] = part->hosts[i];
    }
    free(part->hosts);
}

int testbed_down(struct testbed **testbeds, size_t count, struct testbed_leftovers **ret_leftovers,
                 struct error *err)
{
    struct testbed_leftovers *leftovers = memory_new(1, sizeof *leftovers);
    int rc = 0;
    struct error why = ERROR_INIT;
    struct releasing releasing = {.testbeds = testbeds,
                                  .parts = memory_new_array(struct released, count)};
    thread_each(count, RELEASED_AT_ONCE, release_one, &releasing);
    for (size_t i = 0; i < count; i++) {
        struct released *part = &releasing.parts[i];
        rc = keep_first(rc, part->rc, err, &part->why);
        leftovers_join(leftovers, &part->leftovers);
        testbeds[i] = NULL;
    }
    free(releasing.parts);
    if (ret_leftovers != NULL) {
        *ret_leftovers = leftovers;
        return rc;
    }
    int gone = testbed_await_leftovers(leftovers, &why);
    return keep_first(rc, gone, err, &why);
}

int testbed_await_leftovers(struct testbed_leftovers *leftovers, struct error *err)
{
    bool gone = task_list_await_progress(&leftovers->tasks, HOSTS_HELD_NS);
    for (size_t i = 0; i < leftovers->host_count; i++) {
        netns_close(leftovers->hosts[i]);
    }
    int rc = gone ? 0 : task_list_await_gone(&leftovers->tasks, err);
    task_list_clear(&leftovers->tasks);
    free(leftovers->hosts);
    free(leftovers);
    return rc;
}

const char *testbed_name(const struct testbed *testbed)
{
    // A borrower's plan has the scenario that it measures.
    return testbed->scenario != NULL ? testbed->scenario->name : testbed->plan->scenario->name;
}

bool testbed_is_kept(const struct testbed *testbed)
{
    return testbed->kept;
}

bool testbed_router_has_died(const struct testbed *testbed, size_t router)
{
    const struct machine *there = testbed->routers[router].router;
    int fd = there == NULL ? -1 : testbed->platform->ops->watch(there);
    return there != NULL && (fd < 0 || process_has_ended(fd));
}

const char *testbed_id(const struct testbed *testbed)
{
    return testbed->record->id;
}

const struct plan *testbed_plan(const struct testbed *testbed)
{
    return testbed->plan;
}

// The index in the scenario of a router's node.
static size_t router_of(const struct plan *plan, size_t node)
{
    size_t number = 0;
    for (size_t i = 0; i < node; i++) {
        number += plan->nodes[i].kind == NODE_ROUTER;
    }
    return number;
}

json_t *testbed_cables(const struct testbed *testbed)
{
    return cables_note(testbed->plan);
}

const struct netns *testbed_netns(const struct testbed *testbed, size_t node)
{
    if (testbed->plan->nodes[node].kind != NODE_ROUTER) {
        return testbed->netns[node];
    }
    const struct machine *router = testbed->routers[router_of(testbed->plan, node)].router;
    return router == NULL ? NULL : router->ns;
}

int testbed_platform_facts(const struct testbed *testbed, struct platform_facts *ret,
                           struct error *err)
{
    const struct scenario *scenario = testbed->plan->scenario;
    bool routers = testbed->plan->topology != TOPOLOGY_DIRECT && scenario->router_count > 0;
    platform_facts_of_name(scenario->platform, ret);
    int rc = testbed->platform->ops->facts(testbed->platform,
                                           routers ? testbed->routers[0].router : NULL, ret, err);
    if (rc < 0) {
        platform_facts_clear(ret);
        return rc;
    }
    const char *links = routers ? handover_links(testbed->plan, plan_router_node(testbed->plan, 0),
                                                 platform_can(testbed->platform, CAN_SHARE_NIC))
                                : NULL;
    const char *why = testbed->macvtap_why;
    ret->dedicated = links == NULL ? NULL : text_copy(links);
    ret->dedicated_why = links == NULL || why == NULL || *why == '\0' ? NULL : text_copy(why);
    return 0;
}

int testbed_counters(const struct testbed *testbed, size_t node, struct namespace_counters *ret,
                     struct error *err)
{
    int rc = 0;
    if (testbed->plan->nodes[node].kind == NODE_ROUTER) {
        const struct machine *router = testbed->routers[router_of(testbed->plan, node)].router;
        rc = router == NULL ? fail(err, ESRCH, "it is not there")
                            : testbed->platform->ops->counters(router, ret, err);
    } else {
        rc = counters_read(testbed->netns[node], ret, err);
    }
    if (rc < 0) {
        error_context(err, "counters of %s", testbed->plan->nodes[node].name);
    }
    return rc;
}
