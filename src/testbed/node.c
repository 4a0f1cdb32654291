// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/node — see node.h. The place that is this computer.
#include "testbed/node.h"

#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/child.h"
#include "linux/process.h"
#include "testbed/parts.h"

#define CANDIDATES 16 // busiest programs among which those of others are looked for

static int local_read_counters(const struct node *node, struct path_counters *ret,
                               struct error *err)
{
    const struct plan *plan = testbed_plan(node->testbed);
    struct path_counters counters = {
        .nodes = memory_new_array(struct namespace_counters, plan->node_count),
        .node_count = plan->node_count};
    int rc = counters_softnet_dropped(&counters.softnet_dropped, err);
    for (size_t i = 0; rc == 0 && i < plan->node_count; i++) {
        rc = testbed_counters(node->testbed, i, &counters.nodes[i], err);
    }
    if (rc < 0) {
        path_counters_clear(&counters);
        return rc;
    }
    *ret = counters;
    return 0;
}

static void add_cpus(struct cpu_list *list, const struct cpu_list *more)
{
    for (size_t i = 0; i < more->count; i++) {
        if (!cpu_list_has(list, more->cpus[i])) {
            list->cpus[list->count++] = more->cpus[i];
        }
    }
}

static int local_read_meters(const struct node *node, struct meter_reading *ret, struct error *err)
{
    const struct testbed *testbed = node->testbed;
    const struct plan *plan = testbed_plan(testbed);
    const struct testbed_party *parties = NULL;
    struct meter_reading reading = {.party_count = testbed_parties(testbed, &parties)};
    reading.parties = memory_new_array(struct meter_party, reading.party_count);
    if (plan->topology != TOPOLOGY_DIRECT) {
        add_cpus(&reading.cpus, &plan->dut_cpus);
    }
    add_cpus(&reading.cpus, &plan->tester_cpus);
    reading.times = memory_new_array(struct cpu_times, reading.cpus.count);
    reading.at_ns = clock_monotonic_ns();
    int rc = cpu_times_read(&reading.cpus, reading.times, err);
    int hypervisor = rc < 0 ? rc : testbed_hypervisor_times(testbed, &reading.hypervisor, err);
    reading.has_hypervisor = hypervisor > 0;
    rc = hypervisor < 0 ? hypervisor : 0;
    for (size_t i = 0; rc == 0 && i < reading.party_count; i++) {
        struct meter_party *party = &reading.parties[i];
        rc = testbed_usage(testbed, i, &party->parts, &party->count, err);
        if (rc == 0 && parties[i].kind == PARTY_TESTER) {
            party->parts = memory_resize(party->parts, party->count + 1, sizeof *party->parts);
            party->parts[party->count++] =
                (struct cpu_part){.name = "process", .ns = cpu_own_time() + child_cpu_time()};
        }
    }
    if (rc < 0) {
        meter_clear(&reading);
        return rc;
    }
    *ret = reading;
    return 0;
}

static int local_read_allocation(const struct node *node, size_t party, struct allocation *ret,
                                 struct error *err)
{
    return testbed_get_allocation(node->testbed, party, ret, err);
}

static int local_set_allocation(const struct node *node, size_t party,
                                const struct allocation *allocation, struct error *err)
{
    return testbed_set_allocation(node->testbed, party, allocation, err);
}

static int local_reboot_router(const struct node *node, size_t router, uint64_t began_ns,
                               uint64_t *ret_outage_ns, struct error *err)
{
    return testbed_reboot_router(node->testbed, router, began_ns, ret_outage_ns, err);
}

static void local_begin_watch(const struct node *node, const struct cpu_list *cpus, bool capped)
{
    struct watch *watch = &node->testbed->watch;
    // The first watch starts to measure softirqs: short trials need not load a program each.
    if (!watch->tried_softirqs) {
        (void)softirq_meter_start(cpus, &watch->softirqs, NULL);
    }
    *watch = (struct watch){.began_ns = clock_monotonic_ns(),
                            .cpus = *cpus,
                            .softirqs = watch->softirqs,
                            .tried_softirqs = true};
    interference_take(cpus, &watch->interference);
    if (watch->softirqs != NULL) {
        softirq_meter_reset(watch->softirqs);
    }
    if (!testbed_runs_machines(node->testbed)) {
        (void)usage_take(&watch->before, NULL);
    }
    const bool by_timer = capped || testbed_moves_shares(node->testbed);
    int rc = heartbeat_start(cpus, by_timer ? HEARTBEAT_BY_TIMER : HEARTBEAT_BY_THREAD,
                             &watch->heartbeat, NULL);
    if (rc < 0 && by_timer && !capped) {
        (void)heartbeat_start(cpus, HEARTBEAT_BY_THREAD, &watch->heartbeat, NULL);
    }
}

// Whether a task does the work of a party of the testbed.
static bool testbed_has_task(const struct testbed *testbed, pid_t task)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    for (size_t i = 0; i < count; i++) {
        const pid_t *tasks = NULL;
        size_t task_count = 0;
        uint64_t gone_ns = 0;
        (void)testbed_quick_tasks(testbed, i, &tasks, &task_count, &gone_ns);
        for (size_t k = 0; k < task_count; k++) {
            if (tasks[k] == task) {
                return true;
            }
        }
    }
    return false;
}

static void compare_interference(struct watch *watch, struct disturbance *ret)
{
    _cleanup_interference_ struct interference now = {0};
    interference_take(&watch->cpus, &now);
    ret->interrupt_count = watch->cpus.count;
    ret->interrupts = memory_new_array(struct interrupts_between, watch->cpus.count);
    for (size_t i = 0; i < watch->cpus.count; i++) {
        ret->interrupts[i] = interference_between(&watch->interference, &now, i);
    }
    ret->has_softirqs = watch->softirqs != NULL;
    ret->softirqs = memory_new_array(struct softirq_time, watch->cpus.count);
    for (size_t i = 0; ret->has_softirqs && i < watch->cpus.count; i++) {
        ret->softirqs[i] = softirq_meter_read(watch->softirqs, watch->cpus.cpus[i]);
    }
    // A group that the process left or entered in between has another sum.
    ret->throttled_ns = now.throttled_ns > watch->interference.throttled_ns
                            ? now.throttled_ns - watch->interference.throttled_ns
                            : 0;
    ret->major_faults = now.major_faults - watch->interference.major_faults;
    interference_clear(&watch->interference);
}

static void local_end_watch(const struct node *node, struct disturbance *ret)
{
    struct watch *watch = &node->testbed->watch;
    struct disturbance disturbance = {.window_ns = clock_monotonic_ns() - watch->began_ns};
    const bool beats = watch->heartbeat != NULL;
    heartbeat_end(watch->heartbeat, &disturbance.stalls);
    disturbance.has_stalls = beats && disturbance.stalls.silent == 0;
    compare_interference(watch, &disturbance);
    struct usage_culprit found[CANDIDATES];
    struct usage_snapshot after = {0};
    size_t count = 0;
    if (watch->before.count > 0 && usage_take(&after, NULL) == 0) {
        count = usage_top(&watch->before, &after, found, CANDIDATES);
    }
    for (size_t i = 0; i < count && disturbance.other_count < DISTURBANCE_CULPRITS; i++) {
        if (!testbed_has_task(node->testbed, found[i].pid) &&
            !process_descends_from(found[i].pid, getpid())) {
            disturbance.others[disturbance.other_count++] = found[i];
        }
    }
    usage_clear(&after);
    usage_clear(&watch->before);
    *ret = disturbance;
}

static bool are_runnable(const pid_t *tasks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (process_is_runnable(tasks[i])) {
            return true;
        }
    }
    return false;
}

static bool local_is_forwarding(const struct node *node)
{
    const struct testbed *testbed = node->testbed;
    if (are_runnable(testbed->host_tasks, testbed->host_task_count) ||
        are_runnable(testbed->tester_tasks, testbed->tester_task_count)) {
        return true;
    }
    for (size_t i = 0; i < testbed->party_count; i++) {
        const struct testbed_party *party = &testbed->parties[i];
        const struct machine *router =
            party->kind == PARTY_ROUTER ? testbed->routers[party->router].router : NULL;
        if (router != NULL && router->ops->is_forwarding(router)) {
            return true;
        }
    }
    return false;
}

static int local_open_half(const struct node *node, const char *engine, enum engine_side side,
                           const struct traffic_setup *setup, struct engine_half *ret,
                           struct error *err)
{
    _cleanup_free_ const struct netns **ns =
        memory_new_array(const struct netns *, setup->path_count);
    for (size_t i = 0; i < setup->path_count; i++) {
        const struct traffic_path *path = &setup->paths[i];
        ns[i] = testbed_netns(node->testbed,
                              side == ENGINE_SOURCE ? path->source_node : path->sink_node);
    }
    return engine_open_half(engine, side, setup, ns, ret, err);
}

static const struct node_ops local_ops = {
    .read_counters = local_read_counters,
    .read_meters = local_read_meters,
    .read_allocation = local_read_allocation,
    .set_allocation = local_set_allocation,
    .reboot_router = local_reboot_router,
    .begin_watch = local_begin_watch,
    .end_watch = local_end_watch,
    .is_forwarding = local_is_forwarding,
    .open_half = local_open_half,
};

struct node testbed_node(struct testbed *testbed)
{
    return (struct node){.ops = &local_ops, .testbed = testbed};
}

int node_open_engine(const struct node *node, const char *engine, const struct traffic_setup *setup,
                     struct engine **ret, struct error *err)
{
    struct engine_half source = {0};
    struct engine_half sink = {0};
    int rc = node->ops->open_half(node, engine, ENGINE_SOURCE, setup, &source, err);
    if (rc < 0) {
        return rc;
    }
    rc = node->ops->open_half(node, engine, ENGINE_SINK, setup, &sink, err);
    if (rc < 0) {
        engine_close_half(&source);
        return rc;
    }
    *ret = engine_join(engine, setup->path_count, &source, &sink);
    return 0;
}
