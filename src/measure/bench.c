// SPDX-License-Identifier: GPL-3.0-or-later
// measure/bench — see bench.h.
#include "measure/bench.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/engines.h"
#include "testbed/record.h"
#include "traffic/form_make.h"

// The flows of a network; addresses are those of the sender's subnet.
static struct form_flows flows_of(const struct scenario *scenario,
                                  const struct scenario_network *network, bool reverse)
{
    const struct ip_interface source = reverse ? scenario_to(network) : scenario_from(network);
    const struct ip_interface *router = reverse ? &network->egress : &network->ingress;
    return form_flows_make(scenario->traffic.flows,
                           scenario->traffic.flows_by == FLOWS_BY_ADDRESSES, &source,
                           &router->address);
}

// The tester's ends of path `number` of the plan.
static struct traffic_path path_of(const struct plan *plan, size_t number)
{
    const struct plan_path *path = &plan->paths[number];
    const struct plan_interface *source = &plan->interfaces[plan_sender(plan, path)];
    const struct plan_interface *sink = &plan->interfaces[plan_receiver(plan, path)];
    const struct scenario_network *network = &plan->scenario->networks[path->network];
    const enum length_layer layer = plan->scenario->traffic.length_layer;
    // The next hop is the router's interface; in bridged it is behind the host's.
    size_t next_hop;
    size_t egress;
    plan_router_ends(plan, path, &next_hop, &egress);
    struct ip_address from = scenario_from(network).address;
    struct ip_address to = scenario_to(network).address;
    struct traffic_path ends = {
        .source_node = source->node,
        .sink_node = sink->node,
        .source_index = source->index,
        .sink_index = sink->index,
        .address = {.source = path->reverse ? to : from,
                    .destination = path->reverse ? from : to,
                    .network = (uint16_t)number,
                    .vlan = (uint16_t)network->vlan},
        .flows = flows_of(plan->scenario, network, path->reverse),
        .ip_length =
            network->length == 0 ? 0 : scenario_ip_length(network->length, layer, network->ip),
        .ip_extra = scenario_ip_length(0, layer, network->ip) - scenario_ip_length(0, layer, 4),
    };
    memcpy(ends.address.source_mac, source->mac, 6);
    memcpy(ends.address.next_hop_mac, plan->interfaces[next_hop].mac, 6);
    return ends;
}

// Whether packets may be on their way, for engine_wait_for(). Packets that a cap holds up are lost
// to the trial: the CPU time that they get after it is none of the trial's.
static bool is_forwarding(const void *context)
{
    const struct bench *bench = context;
    return !bench->rebooting && !bench->capped && bench->node.ops->is_forwarding(&bench->node);
}

static int open_halves(struct bench *bench, const struct traffic_setup *setup, struct error *err)
{
    int rc = node_open_engine(&bench->node, bench->traits->name, setup, &bench->engine, err);
    if (rc == 0) {
        engine_wait_for(bench->engine, is_forwarding, bench);
    }
    return rc;
}

static int open_engine(struct bench *bench, struct error *err)
{
    const struct plan *plan = testbed_plan(bench->testbed);
    _cleanup_free_ struct traffic_path *paths =
        memory_new_array(struct traffic_path, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        paths[i] = path_of(plan, i);
    }
    struct traffic_setup setup = {.paths = paths,
                                  .path_count = plan->path_count,
                                  .source_cpus = plan->tester_cpus,
                                  .sink_cpus = plan->tester_cpus,
                                  .shared_cpu = plan->tester_cpus.count < 2,
                                  .crowded_cpu =
                                      plan->shared_cpus && plan->topology != TOPOLOGY_DIRECT};
    if (plan->tester_cpus.count > 1) {
        // Halves: sources on the lower CPUs, sinks on the upper.
        size_t half = plan->tester_cpus.count / 2;
        setup.source_cpus.count = half;
        setup.sink_cpus.count = plan->tester_cpus.count - half;
        memmove(setup.sink_cpus.cpus, plan->tester_cpus.cpus + half,
                setup.sink_cpus.count * sizeof setup.sink_cpus.cpus[0]);
    }
    struct error why = ERROR_INIT;
    int rc = open_halves(bench, &setup, &why);
    if (rc == 0 || bench->engine_why == NULL || why.exit_status != EXIT_LACKING ||
        text_equal(bench->traits->name, "packet")) {
        error_move(err, &why);
        return rc;
    }
    // The interfaces of this testbed can't do what the machine can.
    free(bench->engine_why);
    bench->engine_why = text_copy(why.text);
    error_clear(&why);
    bench->traits = scenario_engine("packet");
    return open_halves(bench, &setup, err);
}

static const char *choose_engine(struct bench *bench)
{
    const struct scenario_traffic *traffic = &bench->scenario->traffic;
    unsigned longest = 0;
    if (!text_equal(traffic->engine, ENGINE_AUTO)) {
        return traffic->engine;
    }
    for (size_t i = 0; i < traffic->length_count; i++) {
        unsigned length = scenario_longest_ip(bench->scenario, traffic->lengths[i]);
        longest = length > longest ? length : longest;
    }
    return engine_choose(longest + scenario_tag_bytes(bench->scenario), &bench->engine_why);
}

static int build_testbed(struct bench *bench, enum topology topology, struct error *err)
{
    struct plan *plan = NULL;
    int rc = plan_make(bench->scenario, topology, &bench->usable, &plan, err);
    return rc < 0 ? rc : testbed_up(plan, false, &bench->testbed, err);
}

// Fills a zeroed bench, which has a testbed if that stands. After a failure the caller closes it.
static int set_up_bench(struct bench *bench, enum topology topology, struct error *err)
{
    const char *engine = choose_engine(bench);
    int rc = engine_check(engine, err);
    if (rc < 0) {
        return rc;
    }
    bench->traits = scenario_engine(engine);
    if (!bench->testbed_lent && (rc = build_testbed(bench, topology, err)) < 0) {
        return rc;
    }
    bench->path_count = testbed_plan(bench->testbed)->path_count;
    bench->node = testbed_node(bench->testbed);
    // This thread reads counters and writes results, which is the tester's work.
    rc = cpu_bind(0, &testbed_plan(bench->testbed)->tester_cpus, err);
    return rc < 0 ? rc : open_engine(bench, err);
}

// `testbed`: NULL = it is built.
static int open_bench(const struct scenario *scenario, enum topology topology,
                      struct testbed *testbed, struct bench **ret, struct error *err)
{
    struct cpu_list usable;
    int rc = cpu_list_usable(&usable, err);
    if (rc < 0) {
        return rc;
    }
    struct bench *bench = memory_new(1, sizeof *bench);
    *bench = (struct bench){.scenario = scenario,
                            .testbed = testbed,
                            .testbed_lent = testbed != NULL,
                            .usable = usable,
                            .awake = cpu_hold_awake(NULL)};
    rc = set_up_bench(bench, topology, err);
    if (rc < 0) {
        (void)bench_close(bench, NULL);
        return rc;
    }
    *ret = bench;
    return 0;
}

int bench_open(const struct scenario *scenario, enum topology topology, struct bench **ret,
               struct error *err)
{
    return open_bench(scenario, topology, NULL, ret, err);
}

int bench_open_on(const struct scenario *scenario, struct testbed *testbed, struct bench **ret,
                  struct error *err)
{
    return open_bench(scenario, testbed_plan(testbed)->topology, testbed, ret, err);
}

int bench_close(struct bench *bench, struct error *err)
{
    if (bench == NULL) {
        return 0;
    }
    if (!bench->agent_lent) {
        agent_close(bench->agent);
    }
    engine_close(bench->engine);
    int rc = bench->testbed == NULL || bench->testbed_lent
                 ? 0
                 : testbed_down(&bench->testbed, 1, NULL, err);
    (void)cpu_bind(0, &bench->usable, NULL);
    cleanup_close(&bench->awake);
    free(bench->engine_why);
    free(bench);
    return rc;
}

int bench_read_by_snmp(struct bench *bench, uint64_t duration_ns, struct error *err)
{
    if (testbed_plan(bench->testbed)->topology == TOPOLOGY_DIRECT) {
        return 0; // direct has neither host nor routers
    }
    _cleanup_free_ char *folder = text_format(RECORD_ROOT "/%s", testbed_id(bench->testbed));
    const struct agent_spec spec = {
        .testbed_id = testbed_id(bench->testbed), .folder = folder, .over_ns = duration_ns / 3};
    return agent_open(&spec, &bench->agent, err);
}

int bench_monitor(struct bench *bench, uint64_t duration_ns, struct agent *agent, struct error *err)
{
    const struct plan *plan = testbed_plan(bench->testbed);
    if (plan->topology == TOPOLOGY_DIRECT) {
        return 0;
    }
    bench->agent = agent;
    bench->agent_lent = agent != NULL;
    int rc = agent != NULL ? 0 : bench_read_by_snmp(bench, duration_ns, err);
    return rc < 0 ? rc : agent_watch(bench->agent, &plan->dut_cpus, err);
}
