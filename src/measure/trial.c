// SPDX-License-Identifier: GPL-3.0-or-later
// measure/trial — see trial.h. Called by sweep.c and rates.c.
#include "measure/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "face/agent.h"
#include "linux/discard.h"
#include "measure/losses.h"
#include "measure/meter.h"
#include "measure/verdict.h"
#include "testbed/record.h"

struct bench {
    const struct scenario *scenario;
    struct testbed *testbed;
    const struct engine_ops *ops;
    struct engine *engine;
    int *discards; // sockets that take the sinks' traffic away where a filter can't; -1 = none
    size_t path_count;
    struct cpu_list usable; // what this thread could run on before it was bound
    int awake;              // keeps the CPUs from sleeping; -1 = they may
    struct agent *agent;    // NULL = CPU is not read over SNMP
};

// ---- opening and closing

static struct traffic_path path_of(const struct testbed *testbed, const struct plan_path *path)
{
    const struct plan *plan = testbed_plan(testbed);
    const struct plan_wire *first = &plan->wires[path->wires[0]];
    const struct plan_wire *last = &plan->wires[path->wires[path->wire_count - 1]];
    const struct plan_interface *source = &plan->interfaces[first->a];
    const struct plan_interface *sink = &plan->interfaces[last->b];
    // The next hop is the router's interface, which in bridged lies beyond the host's.
    size_t before = path->wire_count / 2;
    const struct plan_wire *into = before == 0 ? first : &plan->wires[path->wires[before - 1]];
    const struct plan_interface *next_hop = &plan->interfaces[into->b];
    const struct scenario_network *network = &plan->scenario->networks[path->network];
    struct traffic_path ends = {
        .source_ns = testbed_netns(testbed, source->node),
        .sink_ns = testbed_netns(testbed, sink->node),
        .source_index = source->index,
        .sink_index = sink->index,
        .address = {.source = scenario_from(network).address,
                    .destination = scenario_to(network).address,
                    .network = (uint16_t)path->network},
    };
    memcpy(ends.address.source_mac, source->mac, 6);
    memcpy(ends.address.next_hop_mac, next_hop->mac, 6);
    return ends;
}

static int open_discards(struct bench *bench, const struct traffic_path *paths, struct error *err)
{
    int rc = 0;
    uint16_t port = bench->ops->discard_port;
    for (size_t i = 0; port != 0 && rc >= 0 && i < bench->path_count; i++) {
        _cleanup_error_ struct error why = ERROR_INIT;
        rc = discard_at_ingress(paths[i].sink_ns, paths[i].sink_index, port, &why);
        if (rc < 0 && i == 0) {
            log_note("sink", "%s; a socket takes its place", why.text);
            rc = discard_socket(paths[i].sink_ns, port, err);
            bench->discards[i] = rc;
            break; // one socket serves the whole namespace
        }
    }
    return rc < 0 ? rc : 0;
}

static int open_engine(struct bench *bench, struct error *err)
{
    const struct plan *plan = testbed_plan(bench->testbed);
    struct traffic_path *paths = memory_new_array(struct traffic_path, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        paths[i] = path_of(bench->testbed, &plan->paths[i]);
    }
    struct traffic_setup setup = {.paths = paths,
                                  .path_count = plan->path_count,
                                  .source_cpus = plan->tester_cpus,
                                  .sink_cpus = plan->tester_cpus,
                                  .shared_cpu = plan->tester_cpus.count < 2};
    if (plan->tester_cpus.count > 1) {
        // Halves: sources on the lower CPUs, sinks on the upper.
        size_t half = plan->tester_cpus.count / 2;
        setup.source_cpus.count = half;
        setup.sink_cpus.count = plan->tester_cpus.count - half;
        memmove(setup.sink_cpus.cpus, plan->tester_cpus.cpus + half,
                setup.sink_cpus.count * sizeof setup.sink_cpus.cpus[0]);
    }
    int rc = open_discards(bench, paths, err);
    if (rc == 0) {
        rc = bench->ops->open(&setup, &bench->engine, err);
    }
    free(paths);
    return rc;
}

static int check_engine(const struct bench *bench, struct error *err)
{
    if (bench->ops == NULL) {
        return fail_input(err, "there is no traffic engine \"%s\"",
                          bench->scenario->traffic.engine);
    }
    return bench->ops->check == NULL ? 0 : bench->ops->check(err);
}

int bench_open(const struct scenario *scenario, enum topology topology, struct bench **ret,
               struct error *err)
{
    struct bench *bench = memory_new(1, sizeof *bench);
    struct plan *plan = NULL;
    int rc = cpu_list_usable(&bench->usable, err);
    if (rc == 0) {
        rc = plan_make(scenario, topology, &bench->usable, &plan, err);
    }
    if (rc < 0 || plan == NULL) {
        free(bench);
        return rc;
    }
    bench->scenario = scenario;
    bench->awake = cpu_hold_awake(NULL);
    bench->ops = engine_by_name(scenario->traffic.engine);
    bench->path_count = plan->path_count;
    bench->discards = memory_new_array(int, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        bench->discards[i] = -1;
    }
    rc = check_engine(bench, err);
    if (rc < 0) {
        plan_free(plan);
    } else {
        rc = testbed_up(plan, false, &bench->testbed, err);
    }
    if (rc == 0) {
        // This thread reads counters and writes results: the tester's work.
        rc = cpu_bind(0, &testbed_plan(bench->testbed)->tester_cpus, err);
    }
    if (rc == 0) {
        rc = open_engine(bench, err);
    }
    if (rc < 0) {
        (void)bench_close(bench, NULL);
        return rc;
    }
    *ret = bench;
    return 0;
}

int bench_close(struct bench *bench, struct error *err)
{
    if (bench == NULL) {
        return 0;
    }
    agent_close(bench->agent);
    if (bench->ops != NULL && bench->engine != NULL) {
        bench->ops->close(bench->engine);
    }
    for (size_t i = 0; i < bench->path_count; i++) {
        if (bench->discards[i] >= 0) {
            close(bench->discards[i]);
        }
    }
    int rc = bench->testbed == NULL ? 0 : testbed_down(&bench->testbed, 1, NULL, err);
    (void)cpu_bind(0, &bench->usable, NULL);
    if (bench->awake >= 0) {
        close(bench->awake);
    }
    free(bench->discards);
    free(bench);
    return rc;
}

int bench_read_by_snmp(struct bench *bench, uint64_t duration_ns, struct error *err)
{
    if (testbed_plan(bench->testbed)->topology == TOPOLOGY_DIRECT) {
        return 0; // neither host nor routers
    }
    return agent_open(testbed_id(bench->testbed), duration_ns / 3, &bench->agent, err);
}

const struct testbed *bench_testbed(const struct bench *bench)
{
    return bench->testbed;
}

// ---- one attempt

static int read_path_counters(const struct testbed *testbed, struct path_counters *ret,
                              struct error *err)
{
    const struct plan *plan = testbed_plan(testbed);
    struct path_counters counters = {
        .nodes = memory_new_array(struct namespace_counters, plan->node_count),
        .node_count = plan->node_count,
    };
    int rc = counters_softnet_dropped(&counters.softnet_dropped, err);
    for (size_t i = 0; rc == 0 && i < plan->node_count; i++) {
        rc = testbed_counters(testbed, i, &counters.nodes[i], err);
    }
    if (rc < 0) {
        path_counters_clear(&counters);
        return rc;
    }
    *ret = counters;
    return 0;
}

static void fill_networks(const struct bench *bench, const struct trial_request *request,
                          const struct traffic_count *counts, struct point *point)
{
    const struct scenario *scenario = bench->scenario;
    const struct plan *plan = testbed_plan(bench->testbed);
    point->scenario = text_copy(scenario->name);
    point->topology = text_copy(topology_name(plan->topology));
    point->platform = text_copy(scenario->platform);
    point->engine = text_copy(scenario->traffic.engine);
    point->length = request->length;
    point->length_layer = text_copy(length_layer_name(scenario->traffic.length_layer));
    point->repeat = request->repeat;
    point->step = request->step;
    point->requested_pps = request->pps;
    point->valid = true;
    point->network_count = plan->path_count;
    point->networks = memory_new_array(struct network_result, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct scenario_network *network = &scenario->networks[plan->paths[i].network];
        const struct traffic_count *count = &counts[i];
        double seconds = (double)count->sending_ns / (double)NS_PER_S;
        point->duration_s = seconds > point->duration_s ? seconds : point->duration_s;
        point->networks[i] = (struct network_result){
            .name = text_copy(network->name),
            .router = plan->topology == TOPOLOGY_DIRECT
                          ? NULL
                          : text_copy(scenario->routers[network->router].name),
            .tx = count->tx,
            .unsent = count->unsent,
            .rx = count->rx,
            .lost = count->tx - count->rx,
            .duplicated = count->duplicated,
            .reordered = count->reordered,
            .corrupt = count->corrupt,
            .offered_pps = (double)count->tx / seconds,
            .forwarded_pps = (double)count->rx / seconds,
            .delay_ns = {.measured = count->delay_measured,
                         .min = count->delay_min,
                         .p50 = count->delay_p50,
                         .p99 = count->delay_p99,
                         .max = count->delay_max},
            .jitter_measured = count->jitter_measured,
            .jitter_ns = count->jitter_ns,
        };
    }
}

// One measurement at a time on this machine: two runs would take CPU from each other. They share
// it trial by trial.
static int lock_machine(struct error *err)
{
    int fd = open(RECORD_ROOT, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fail(err, errno, RECORD_ROOT);
    }
    while (flock(fd, LOCK_EX) < 0) {
        if (errno != EINTR || stop_requested()) {
            close(fd);
            return fail_interrupted(err);
        }
    }
    return fd;
}

static uint32_t draw_run_number(void)
{
    static uint32_t last;
    uint64_t now = clock_realtime_ns() ^ (uint64_t)getpid() << 40;
    uint32_t drawn = (uint32_t)((now * 0x9e3779b97f4a7c15ULL) >> 32);
    last = drawn == last ? drawn + 1 : drawn;
    return last;
}

// IP fragments that a packet leaves in (RFC 791 §3.2): all but the last carry a multiple of 8
// bytes.
static unsigned fragments_of(unsigned ip_length, unsigned mtu)
{
    const unsigned header = 20;
    unsigned room = (mtu - header) / 8 * 8;
    return ip_length <= mtu ? 1 : (ip_length - header + room - 1) / room;
}

// A program's trials last what its options can say: the next longer time.
static uint64_t duration_for(const struct bench *bench, uint64_t asked_ns)
{
    const struct engine_traits *engine = scenario_engine(bench->scenario->traffic.engine);
    uint64_t step = engine == NULL ? 1 : engine->duration_step_ns;
    return (asked_ns + step - 1) / step * step;
}

// Runs the engine; meanwhile CPU is asked for over SNMP where that is wanted. What came of it is
// for by_study(): a failure to read spoils the point, not the run.
static int run_engine(const struct bench *bench, const struct trial_request *request,
                      const struct traffic_request *traffic, struct traffic_count *counts,
                      struct xen_stats *stats, struct error *why, struct error *err)
{
    bool asking = request->by_snmp && bench->agent != NULL;
    int rc = 0;
    if (asking) {
        rc = agent_begin(bench->agent, clock_monotonic_ns() + traffic->duration_ns / 3, err);
        asking = rc == 0;
    }
    if (rc == 0) {
        rc = bench->ops->run(bench->engine, traffic, counts, err);
    }
    if (asking) {
        (void)agent_end(bench->agent, rc < 0, stats, why);
    }
    return rc;
}

// Puts what was read over SNMP in the place of the precise CPU figures of host and routers.
static void by_study(const struct xen_stats *stats, const struct error *why, struct point *point)
{
    double total = 0.0;
    point->method = text_copy("study");
    for (size_t i = 0; i < point->cpu_count; i++) {
        struct cpu_result *cpu = &point->cpu[i];
        const char *name = text_equal(cpu->name, "host") ? XEN_STATS_HOST : cpu->name;
        const struct xen_domain *domain = xen_stats_find(stats, name);
        if (text_equal(cpu->name, "tester")) {
            continue;
        }
        cpu->has_ns_per_packet = false;
        if (domain == NULL) {
            point_invalidate(point, "CPU of %s is not known: %s", cpu->name,
                             why->text == NULL ? "it is not in what was read" : why->text);
            free(cpu->name);
            memmove(cpu, cpu + 1, (point->cpu_count - i - 1) * sizeof *cpu);
            point->cpu_count--;
            i--;
            continue;
        }
        log_note("study",
                 "CPU of %s: %.1f %% over SNMP, %.1f %% by its counters over the whole trial",
                 cpu->name, domain->cpu_percent, cpu->percent);
        cpu->percent = domain->cpu_percent;
        total += cpu->percent;
    }
    point->cpu_total_percent = total;
}

static int attempt_trial(struct bench *bench, const struct trial_request *request,
                         struct point *ret, struct verdict *ret_verdict, struct error *err)
{
    const struct plan *plan = testbed_plan(bench->testbed);
    struct traffic_request traffic = {
        .run = draw_run_number(),
        .ip_length = scenario_ip_length(request->length, bench->scenario->traffic.length_layer),
        .pps = request->pps,
        .duration_ns = duration_for(bench, request->duration_ns),
    };
    _cleanup_close_ int lock = lock_machine(err);
    if (lock < 0) {
        return lock;
    }
    struct path_counters counters[2] = {{0}, {0}};
    struct meter_reading meters[2] = {{0}, {0}};
    struct traffic_count *counts = memory_new_array(struct traffic_count, plan->path_count);
    _cleanup_xen_stats_ struct xen_stats stats = {0};
    _cleanup_error_ struct error unread = ERROR_INIT;
    int rc = read_path_counters(bench->testbed, &counters[0], err);
    if (rc == 0) {
        rc = meter_read(bench->testbed, &meters[0], err);
    }
    if (rc == 0) {
        rc = run_engine(bench, request, &traffic, counts, &stats, &unread, err);
    }
    if (rc == 0) {
        rc = meter_read(bench->testbed, &meters[1], err);
    }
    if (rc == 0) {
        rc = read_path_counters(bench->testbed, &counters[1], err);
    }
    if (rc == 0) {
        struct point point = {0};
        struct tester_losses tester;
        for (size_t i = 0; i < plan->path_count; i++) {
            counts[i].fragments = fragments_of(traffic.ip_length, plan->mtu);
            counts[i].company = bench->ops->company;
            counts[i].chatter = plan->topology != TOPOLOGY_DIRECT &&
                                plan->scenario->networks[plan->paths[i].network].behind_sink.prefix;
        }
        fill_networks(bench, request, counts, &point);
        uint64_t sending_ns = (uint64_t)(point.duration_s * (double)NS_PER_S);
        losses_account(plan, &counters[0], &counters[1], counts, &point, &tester);
        meter_account(bench->testbed, &meters[0], &meters[1], sending_ns, &point);
        const struct evidence evidence = {.scenario = bench->scenario,
                                          .testbed = bench->testbed,
                                          .counts = counts,
                                          .slack = bench->ops->slack,
                                          .tester = tester,
                                          .before = &meters[0],
                                          .after = &meters[1]};
        *ret_verdict = verdict_pass(&evidence, &point);
        if (request->by_snmp) {
            by_study(&stats, &unread, &point);
        }
        *ret = point;
    }
    free(counts);
    for (size_t i = 0; i < 2; i++) {
        path_counters_clear(&counters[i]);
        meter_clear(&meters[i]);
    }
    return rc;
}

int trial_run(struct bench *bench, const struct trial_request *request, unsigned attempts,
              struct point *ret, struct error *err)
{
    struct point best = {0};
    uint64_t least = UINT64_MAX;
    unsigned made = 0;
    bool kept = false;
    for (bool again = true; again && made < attempts;) {
        struct point point = {0};
        struct verdict verdict = {0};
        struct error why = ERROR_INIT;
        int rc = attempt_trial(bench, request, &point, &verdict, &why);
        made++;
        if (rc == -EBADMSG && (kept || made < attempts)) {
            log_note("trial", "%s", why.text);
            error_clear(&why);
            continue;
        }
        if (rc < 0) {
            point_clear(&best);
            error_move(err, &why);
            return rc;
        }
        again = verdict.disturbed;
        if (!again || !kept || verdict.disturbance_ns < least) {
            point_clear(&best);
            best = point;
            kept = true;
            least = verdict.disturbance_ns;
        } else {
            point_clear(&point);
        }
    }
    best.attempts = made;
    *ret = best;
    return 0;
}
