// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/testbed — see testbed.h: the standing testbed and its end. Making it is build.c's.
#include "testbed/testbed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "testbed/build.h"
#include "testbed/tasks.h"
#include "testbed/weights.h"

static void add_party(struct testbed *testbed, struct testbed_party party)
{
    testbed->parties[testbed->party_count++] = party;
}

static void list_parties(struct testbed *testbed)
{
    const struct scenario *scenario = testbed->plan->scenario;
    testbed->parties = memory_new_array(struct testbed_party, scenario->router_count + 2);
    if (testbed->plan->topology != TOPOLOGY_DIRECT) {
        add_party(testbed, (struct testbed_party){.kind = PARTY_HOST,
                                                  .name = "host",
                                                  .tasks = testbed->host_tasks,
                                                  .task_count = testbed->host_task_count,
                                                  .memory_bytes = testbed->host_memory_bytes});
        for (size_t i = 0; i < scenario->router_count; i++) {
            struct testbed_party party = {.kind = PARTY_ROUTER,
                                          .name = scenario->routers[i].name,
                                          .router = i,
                                          .memory_bytes = testbed->routers[i].memory_bytes};
            testbed->platform->tasks(testbed->routers[i].router, &party.tasks, &party.task_count);
            add_party(testbed, party);
        }
    }
    add_party(testbed, (struct testbed_party){.kind = PARTY_TESTER,
                                              .name = "tester",
                                              .tasks = testbed->tester_tasks,
                                              .task_count = testbed->tester_task_count});
}

int testbed_up(struct plan *plan, struct testbed **ret, struct error *err)
{
    struct testbed *testbed = memory_new(1, sizeof *testbed);
    testbed->plan = plan;
    testbed->netns = memory_new_array(struct netns *, plan->node_count);
    testbed->routers = memory_new_array(struct testbed_router, plan->scenario->router_count);
    testbed->platform = platform_by_name(plan->scenario->platform);
    int rc = testbed->platform == NULL
                 ? fail_input(err, "there is no platform \"%s\"", plan->scenario->platform)
                 : record_create(&testbed->record, err);
    if (rc == 0) {
        rc = testbed_build(testbed, err);
    }
    if (rc < 0 || testbed->platform == NULL) {
        (void)testbed_down(&testbed, 1, NULL, NULL);
        error_context(err, "building the testbed");
        return rc;
    }
    list_parties(testbed);
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

// Lets go of everything; the kernel then does the rest in its own time.
static int release(struct testbed *testbed, struct task_list *tasks, struct error *err)
{
    int rc = 0;
    struct error why = ERROR_INIT;
    testbed_gather_tasks(testbed, tasks);
    if (testbed->record != NULL) {
        testbed_return_nics(testbed->record, &why);
        rc = keep_first(rc, why.text != NULL ? -EIO : 0, err, &why);
        int removed = testbed_remove_groups(testbed->record, &why);
        rc = keep_first(rc, removed, err, &why);
    }
    for (size_t i = 0; testbed->platform != NULL && i < testbed->plan->scenario->router_count;
         i++) {
        if (testbed->routers[i].router != NULL) {
            testbed->platform->release(testbed->routers[i].router);
        }
    }
    for (size_t i = 0; i < testbed->plan->node_count; i++) {
        netns_close(testbed->netns[i]);
    }
    netns_close(testbed->home);
    if (testbed->record != NULL) {
        int removed = record_remove(testbed->record, &why);
        rc = keep_first(rc, removed, err, &why);
    }
    cgroup_tree_close(testbed->cgroups);
    free(testbed->host_tasks);
    free(testbed->tester_tasks);
    free(testbed->parties);
    free(testbed->netns);
    free(testbed->routers);
    plan_free(testbed->plan);
    free(testbed);
    return rc;
}

struct testbed_leftovers {
    struct task_list tasks;
};

int testbed_down(struct testbed **testbeds, size_t count, struct testbed_leftovers **ret_leftovers,
                 struct error *err)
{
    struct testbed_leftovers *leftovers = memory_new(1, sizeof *leftovers);
    int rc = 0;
    struct error why = ERROR_INIT;
    for (size_t i = 0; i < count; i++) {
        int released = release(testbeds[i], &leftovers->tasks, &why);
        rc = keep_first(rc, released, err, &why);
        testbeds[i] = NULL;
    }
    if (ret_leftovers != NULL) {
        *ret_leftovers = leftovers;
        return rc;
    }
    int gone = testbed_await_leftovers(leftovers, &why);
    return keep_first(rc, gone, err, &why);
}

int testbed_await_leftovers(struct testbed_leftovers *leftovers, struct error *err)
{
    int rc = task_list_await_gone(&leftovers->tasks, err);
    task_list_clear(&leftovers->tasks);
    free(leftovers);
    return rc;
}

const char *testbed_id(const struct testbed *testbed)
{
    return testbed->record->id;
}

const struct plan *testbed_plan(const struct testbed *testbed)
{
    return testbed->plan;
}

// Position of a router's node among the scenario's routers.
static size_t router_of(const struct plan *plan, size_t node)
{
    size_t number = 0;
    for (size_t i = 0; i < node; i++) {
        number += plan->nodes[i].kind == NODE_ROUTER;
    }
    return number;
}

const struct netns *testbed_netns(const struct testbed *testbed, size_t node)
{
    if (testbed->plan->nodes[node].kind != NODE_ROUTER) {
        return testbed->netns[node];
    }
    return testbed->platform->netns(testbed->routers[router_of(testbed->plan, node)].router);
}

int testbed_counters(const struct testbed *testbed, size_t node, struct namespace_counters *ret,
                     struct error *err)
{
    int rc = 0;
    if (testbed->plan->nodes[node].kind == NODE_ROUTER) {
        rc = testbed->platform->counters(testbed->routers[router_of(testbed->plan, node)].router,
                                         ret, err);
    } else {
        rc = counters_read(testbed->netns[node], ret, err);
    }
    if (rc < 0) {
        error_context(err, "counters of %s", testbed->plan->nodes[node].name);
    }
    return rc;
}

size_t testbed_parties(const struct testbed *testbed, const struct testbed_party **ret)
{
    *ret = testbed->parties;
    return testbed->party_count;
}
