// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/party — the parties of a standing testbed: host, routers and tester, their CPU time and
// their facts. See testbed.h.
#include "testbed/testbed.h"

#include <errno.h>
#include <stdlib.h>

#include "base/text.h"
#include "linux/cpu.h"
#include "linux/process.h"
#include "testbed/allocation.h"
#include "testbed/handover.h"
#include "testbed/parts.h"

static void add_party(struct testbed *testbed, struct testbed_party party)
{
    testbed->parties[testbed->party_count++] = party;
}

void testbed_list_parties(struct testbed *testbed)
{
    const struct scenario *scenario = testbed->plan->scenario;
    free(testbed->parties);
    testbed->parties = memory_new_array(struct testbed_party, scenario->router_count + 2);
    testbed->party_count = 0;
    if (testbed->plan->topology != TOPOLOGY_DIRECT) {
        add_party(testbed, (struct testbed_party){.kind = PARTY_HOST,
                                                  .name = "host",
                                                  .memory_bytes = testbed->host_memory_bytes});
        for (size_t i = 0; i < scenario->router_count; i++) {
            add_party(testbed,
                      (struct testbed_party){.kind = PARTY_ROUTER,
                                             .name = scenario->routers[i].name,
                                             .router = i,
                                             .memory_bytes = testbed->routers[i].memory_bytes,
                                             .start_ns = testbed->routers[i].start_ns});
        }
    }
    add_party(testbed, (struct testbed_party){.kind = PARTY_TESTER, .name = "tester"});
}

static int time_of_tasks(const char *name, const pid_t *tasks, size_t count, uint64_t more_ns,
                         struct cpu_part **ret, size_t *ret_count, struct error *err)
{
    struct cpu_part part = {.ns = 0};
    int rc = cpu_tasks_time(tasks, count, &part.ns, err);
    if (rc == 0) {
        part.ns += more_ns;
        snprintf(part.name, sizeof part.name, "%s", name);
        *ret = memory_new(1, sizeof part);
        **ret = part;
        *ret_count = 1;
    }
    return rc;
}

// Without its relay, delayed cables carry nothing.
static int check_relay(const struct testbed *testbed, struct error *err)
{
    const struct process_id *relay = &testbed->relay;
    return relay->pid == 0 || (process_start_time(relay->pid) == relay->started &&
                               !process_is_dead(relay->pid))
               ? 0
               : fail(err, 0,
                      "the relay of delayed packets (PID %d) has ended: the testbed must be made "
                      "again",
                      (int)relay->pid);
}

int testbed_usage(const struct testbed *testbed, size_t party, struct cpu_part **ret,
                  size_t *ret_count, struct error *err)
{
    const struct testbed_party *of = &testbed->parties[party];
    const struct machine *router = NULL;
    int rc = 0;
    switch (of->kind) {
    case PARTY_HOST:
        rc = time_of_tasks("napi", testbed->host_tasks, testbed->host_task_count,
                           testbed->host_gone_ns, ret, ret_count, err);
        break;
    case PARTY_TESTER:
        rc = check_relay(testbed, err);
        rc = rc < 0 ? rc
                    : time_of_tasks("napi", testbed->tester_tasks, testbed->tester_task_count, 0,
                                    ret, ret_count, err);
        break;
    case PARTY_ROUTER:
        router = testbed->routers[of->router].router;
        rc = router == NULL ? fail(err, ESRCH, "it is not there")
                            : testbed->platform->ops->usage(router, ret, ret_count, err);
        break;
    }
    if (rc < 0) {
        error_context(err, "CPU time of %s", of->name);
    }
    return rc;
}

int testbed_hypervisor_times(const struct testbed *testbed, struct hypervisor_times *ret,
                             struct error *err)
{
    if (!platform_can(testbed->platform, CAN_RATION_HOST)) {
        return 0;
    }
    int rc = testbed->platform->ops->times(testbed->platform, ret, err);
    return rc < 0 ? rc : 1;
}

bool testbed_rest_is_hosts(const struct testbed *testbed)
{
    return testbed->platform->ops->traits.kind == PLATFORM_MACHINES;
}

// Tasks that have ended meanwhile count as unused.
static void read_times(const struct testbed *testbed, size_t party, struct party_info *ret)
{
    struct hypervisor_times times;
    (void)testbed_usage(testbed, party, &ret->parts, &ret->part_count, NULL);
    for (size_t i = 0; i < ret->part_count; i++) {
        ret->cpu_ns += ret->parts[i].ns;
    }
    // For a host that is a domain all of its time is known, including netback's work.
    if (testbed->parties[party].kind == PARTY_HOST &&
        testbed_hypervisor_times(testbed, &times, NULL) == 1) {
        ret->cpu_ns = times.host_ns;
        hypervisor_times_clear(&times);
    }
}

void party_info_clear(struct party_info *info)
{
    free(info->parts);
    *info = (struct party_info){0};
}

void testbed_party_facts(const struct testbed *testbed, size_t party, struct party_info *ret)
{
    const struct testbed_party *of = &testbed->parties[party];
    const struct scenario *scenario = testbed->plan->scenario;
    *ret = (struct party_info){
        .name = of->name, .platform = scenario->platform, .memory_bytes = of->memory_bytes};
    if (of->kind == PARTY_ROUTER) {
        const struct testbed_router *router = &testbed->routers[of->router];
        ret->links = handover_links(testbed->plan, plan_router_node(testbed->plan, of->router),
                                    platform_can(testbed->platform, CAN_SHARE_NIC));
        ret->id = router->id;
        ret->state = router->state;
        ret->since_ns = router->since_ns;
        ret->restarts = router->restarts;
        ret->outage_ns = router->outage_ns;
        ret->convergence_ns = router->convergence_ns;
        if (testbed_router_has_died(testbed, of->router)) {
            ret->state = ROUTER_CRASHED;
        }
    }
    if (of->kind == PARTY_HOST) {
        ret->allocation = scenario->host.allocation;
    } else if (of->kind == PARTY_ROUTER) {
        ret->allocation = scenario->routers[of->router].allocation;
    }
    ret->allocation_known = true;
    testbed_last_allocation(testbed, party, &ret->allocation);
}

void testbed_party_info(const struct testbed *testbed, size_t party, struct party_info *ret)
{
    testbed_party_facts(testbed, party, ret);
    bool has_one = testbed->parties[party].kind != PARTY_TESTER && testbed->allocator != NULL;
    ret->allocation_known =
        !has_one || testbed_get_allocation(testbed, party, &ret->allocation, NULL) == 0;
    read_times(testbed, party, ret); // last: the caller takes the time afterwards
}

void testbed_party_times(const struct testbed *testbed, size_t party, struct party_info *ret)
{
    testbed_party_facts(testbed, party, ret);
    read_times(testbed, party, ret); // last: the caller takes the time afterwards
}

bool testbed_runs_machines(const struct testbed *testbed)
{
    return testbed->platform->ops->traits.kind == PLATFORM_MACHINES;
}

bool testbed_quick_tasks(const struct testbed *testbed, size_t party, const pid_t **ret_tasks,
                         size_t *ret_count, uint64_t *ret_gone_ns)
{
    const struct testbed_party *of = &testbed->parties[party];
    const struct machine_ops *ops = testbed->platform->ops;
    *ret_tasks = NULL;
    *ret_count = 0;
    *ret_gone_ns = 0;
    switch (of->kind) {
    case PARTY_HOST:
        *ret_tasks = testbed->host_tasks;
        *ret_count = testbed->host_task_count;
        *ret_gone_ns = testbed->host_gone_ns;
        return !platform_can(testbed->platform, CAN_RATION_HOST);
    case PARTY_TESTER:
        *ret_tasks = testbed->tester_tasks;
        *ret_count = testbed->tester_task_count;
        return true;
    case PARTY_ROUTER:
        break;
    }
    const struct machine *router = testbed->routers[of->router].router;
    if (router != NULL) {
        *ret_tasks = router->tasks;
        *ret_count = router->task_count;
    }
    return ops->traits.kind == PLATFORM_NAMESPACES &&
           testbed->plan->scenario->routers[of->router].daemon == DAEMON_NONE;
}

size_t testbed_parties(const struct testbed *testbed, const struct testbed_party **ret)
{
    *ret = testbed->parties;
    return testbed->party_count;
}
