// SPDX-License-Identifier: GPL-3.0-or-later
// measure/trial — see trial.h.
#include "measure/trial.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "face/xen_stats.h"
#include "linux/quota.h"
#include "measure/disturbance.h"
#include "measure/forms.h"
#include "measure/losses.h"
#include "measure/meter.h"
#include "measure/reset.h"
#include "measure/study_cpu.h"
#include "measure/verdict.h"
#include "ration/share.h"
#include "testbed/turn.h"
#include "traffic/flow.h"

#define SETTLE_STEP_NS  (20U * NS_PER_MS)
#define SETTLE_MAX_NS   (2U * NS_PER_S)
#define SHARE_PERIOD_NS ((uint64_t)(SHARE_PERIOD_S * (double)NS_PER_S))

// Reads weights and caps of all parties, which may have been set since the scenario was read; all 0
// = none is known.
static struct allocation *read_shares(const struct bench *bench)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(bench->testbed, &parties);
    struct allocation *shares = memory_new_array(struct allocation, count);
    for (size_t i = 0; i < count; i++) {
        struct allocation allocation;
        if (parties[i].kind != PARTY_TESTER &&
            bench->node.ops->read_allocation(&bench->node, i, &allocation, NULL) == 0) {
            shares[i] = allocation;
        }
    }
    return shares;
}

static bool any_cap(const struct bench *bench, const struct allocation *shares)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(bench->testbed, &parties);
    for (size_t i = 0; i < count; i++) {
        if (shares[i].cap > 0) {
            return true;
        }
    }
    return false;
}

// Fills in weights and caps, which may change during a trial.
static void note_shares(const struct bench *bench, const struct allocation *before,
                        struct point *point)
{
    const bool move = testbed_moves_shares(bench->testbed);
    _cleanup_free_ struct allocation *after = move ? read_shares(bench) : NULL;
    for (size_t i = 0; i < point->cpu_count; i++) {
        struct cpu_result *cpu = &point->cpu[i];
        cpu->cap = before[i].cap;
        if (move) {
            cpu->weight = before[i].weight;
        }
        if (move && (after[i].weight != before[i].weight || after[i].cap != before[i].cap)) {
            cpu->weight_end = after[i].weight;
            cpu->cap_end = after[i].cap;
        }
    }
}

// Whether a party was given a cap during the trial.
static bool ends_capped(const struct point *point)
{
    for (size_t i = 0; i < point->cpu_count; i++) {
        if (point->cpu[i].weight_end > 0 && point->cpu[i].cap_end > 0) {
            return true;
        }
    }
    return false;
}

// Makes a point with the parameters of the trial and no figures yet.
static struct point point_of(const struct bench *bench, const struct load *load)
{
    const struct scenario *scenario = bench->scenario;
    const struct length_mix *mix = scenario_mix(&scenario->traffic, load->length);
    const bool several = scenario->traffic.flows > 1;
    return (struct point){
        .scenario = text_copy(scenario->name),
        .topology = text_copy(topology_name(testbed_plan(bench->testbed)->topology)),
        .platform = text_copy(scenario->platform),
        .engine = text_copy(bench->traits->name),
        .length = load->length,
        .length_layer = text_copy(length_layer_name(scenario->traffic.length_layer)),
        .mix = mix == NULL ? NULL : text_copy(mix->name),
        .has_mean_length = mix != NULL,
        .mean_length = mix == NULL ? 0.0 : scenario_mean_length(&scenario->traffic, load->length),
        .flows = several ? scenario->traffic.flows : 0,
        .flows_by = several ? text_copy(flows_by_name(scenario->traffic.flows_by)) : NULL,
        .repeat = load->repeat,
        .step = load->step,
        .requested_pps = load->pps,
        .attempts = 1,
        .valid = true,
    };
}

static struct tcp_result tcp_result_of(const struct traffic_tcp *tcp)
{
    return (struct tcp_result){
        .measured = tcp->measured,
        .goodput_bps = tcp->goodput_bps,
        .retransmits = tcp->retransmits,
        .rtt_ns = {tcp->has_rtt, tcp->rtt_min, tcp->rtt_mean, tcp->rtt_max},
        .congestion = tcp->congestion[0] == '\0' ? NULL : text_copy(tcp->congestion),
    };
}

// Names the routers of a path, if there are several.
static void fill_routers(const struct scenario *scenario, const struct scenario_network *network,
                         struct network_result *ret)
{
    if (network->router_count < 2) {
        return;
    }
    ret->routers = memory_new_array(char *, network->router_count);
    ret->router_count = network->router_count;
    for (size_t i = 0; i < network->router_count; i++) {
        ret->routers[i] = text_copy(scenario->routers[network->routers[i]].name);
    }
}

// From the first class that has packets to the last. Absent if an engine does not count them.
static struct delay_classes delay_classes_of(const struct traffic_count *count)
{
    struct delay_classes ret = {.measured = false};
    uint64_t sum = 0;
    ret.below_ns = memory_new_array(uint64_t, FLOW_CLASSES);
    ret.packets = memory_new_array(uint64_t, FLOW_CLASSES);
    for (unsigned i = 0; i < FLOW_CLASSES && sum < count->rx; i++) {
        sum += count->delay_classes[i];
        if (sum > 0) {
            ret.below_ns[ret.count] = flow_class_below(i);
            ret.packets[ret.count++] = count->delay_classes[i];
        }
    }
    ret.measured = count->delay_measured && sum == count->rx && sum > 0;
    ret.packets_count = ret.count;
    return ret;
}

static void fill_networks(const struct bench *bench, const struct traffic_count *counts,
                          struct point *point)
{
    const struct scenario *scenario = bench->scenario;
    const struct plan *plan = testbed_plan(bench->testbed);
    point->network_count = plan->path_count;
    point->networks = memory_new_array(struct network_result, plan->path_count);
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct scenario_network *network = &scenario->networks[plan->paths[i].network];
        const struct traffic_count *count = &counts[i];
        double seconds = (double)count->sending_ns / (double)NS_PER_S;
        point->duration_s = seconds > point->duration_s ? seconds : point->duration_s;
        point->networks[i] = (struct network_result){
            .name = text_copy(network->name),
            .direction = network->directions == DIRECTIONS_ONE
                             ? NULL
                             : text_copy(plan->paths[i].reverse ? "reverse" : "forward"),
            .router = plan->topology == TOPOLOGY_DIRECT
                          ? NULL
                          : text_copy(scenario->routers[network->router].name),
            .length = network->length,
            .fixed_load = network->rate.given,
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
                         .max = count->delay_max,
                         .p999 = count->delay_p999,
                         .mean = count->delay_mean},
            .delay_classes = delay_classes_of(count),
            .jitter_measured = count->jitter_measured,
            .jitter_ns = count->jitter_ns,
            .tcp = tcp_result_of(&count->tcp),
            .gap_ns = {.measured = count->gap_measured,
                       .p50 = count->gap_p50,
                       .p99 = count->gap_p99,
                       .p999 = count->gap_p999,
                       .max = count->gap_max},
        };
        if (plan->topology != TOPOLOGY_DIRECT) {
            fill_routers(scenario, network, &point->networks[i]);
        }
    }
    point_make_labels(point);
}

static uint32_t draw_run_number(void)
{
    static uint32_t last;
    uint64_t now = clock_realtime_ns() ^ (uint64_t)getpid() << 40;
    uint32_t drawn = (uint32_t)((now * 0x9e3779b97f4a7c15ULL) >> 32);
    last = drawn == last ? drawn + 1 : drawn;
    return last;
}

// Number of IP fragments of a packet (RFC 791 section 3.2, RFC 8200 section 4.5): all but the last
// have a multiple of 8 bytes.
static unsigned fragments_of(unsigned ip_length, unsigned ip, unsigned mtu)
{
    const unsigned header = ip == 6 ? 40 : 20;
    const unsigned fragment_header = ip == 6 ? 8 : 0;
    unsigned room = (mtu - header - fragment_header) / 8 * 8;
    return ip_length <= mtu ? 1 : (ip_length - header + room - 1) / room;
}

// The next longer duration that the engine's options can express.
static uint64_t duration_for(const struct bench *bench, uint64_t asked_ns)
{
    uint64_t step = bench->traits->duration_step_ns;
    return (asked_ns + step - 1) / step * step;
}

// CPU as it was read over SNMP during a trial.
struct snmp_reading {
    bool wanted;
    struct xen_stats stats;
    struct agent_ordinary ordinary;
    struct error unread; // why there are no stats
};

static void snmp_reading_clear(struct snmp_reading *reading)
{
    xen_stats_clear(&reading->stats);
    error_clear(&reading->unread);
}

// Runs the engine; meanwhile CPU is read over SNMP if that is wanted. If the reading fails, the run
// continues.
static int run_engine(const struct bench *bench, const struct traffic_request *traffic,
                      struct traffic_count *counts, struct snmp_reading *reading, struct error *err)
{
    if (!reading->wanted) {
        return engine_run(bench->engine, traffic, counts, err);
    }
    int rc = agent_begin(bench->agent, clock_monotonic_ns() + traffic->duration_ns / 3, err);
    if (rc < 0) {
        return rc;
    }
    rc = engine_run(bench->engine, traffic, counts, err);
    (void)agent_end(bench->agent, rc < 0, &reading->stats, &reading->ordinary, &reading->unread);
    return rc;
}

// Whether both readings have the same packets of all paths at the tester's interfaces.
static bool are_packets_equal(const struct plan *plan, const struct path_counters *a,
                              const struct path_counters *b)
{
    _cleanup_free_ struct traffic_count *between =
        memory_new_array(struct traffic_count, plan->path_count);
    bool equal = true;
    losses_count_packets(plan, a, b, between);
    for (size_t i = 0; i < plan->path_count; i++) {
        equal = equal && between[i].tx == 0 && between[i].rx == 0;
    }
    return equal;
}

// Reads the counters of packets once a trial has ended. The kernel sends the last packets of a
// connection after the programs have ended: then, once the packets have arrived. Impaired cables
// may hold the last ones for as long as they delay them.
static int read_final_counters(const struct bench *bench, struct path_counters *ret,
                               struct error *err)
{
    const struct node *node = &bench->node;
    uint64_t delay_ns = plan_delay_ns(testbed_plan(bench->testbed));
    uint64_t deadline = clock_monotonic_ns() + SETTLE_MAX_NS + 2 * delay_ns;
    int rc = node->ops->read_counters(node, ret, err);
    bool settled = (bench->traits->can & ENGINE_ADAPTS) == 0;
    while (rc == 0 && !settled && clock_monotonic_ns() < deadline) {
        struct path_counters later = {0};
        if ((rc = stop_sleep(SETTLE_STEP_NS + delay_ns, err)) == 0 &&
            (rc = node->ops->read_counters(node, &later, err)) == 0) {
            settled = are_packets_equal(testbed_plan(bench->testbed), ret, &later);
            path_counters_clear(ret);
            *ret = later;
        }
    }
    return rc;
}

// Stores what the host's monitoring said beside the exact figures, before the tester's waiting is
// left out.
static void note_monitoring(const struct snmp_reading *reading, struct point *point)
{
    struct monitoring_result *said = &point->monitoring;
    *said = (struct monitoring_result){.measured = true,
                                       .load_percent = reading->ordinary.load_percent,
                                       .raw_percent = reading->ordinary.raw_percent,
                                       .text_percent = (double)NAN,
                                       .text_off = (double)NAN,
                                       .answer_s = reading->ordinary.answer_s,
                                       .late_s = reading->ordinary.late_s};
    double text = 0.0;
    double off = 0.0;
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        said->all_percent += cpu->percent;
        if (text_equal(cpu->name, "tester")) {
            continue;
        }
        const char *name = text_equal(cpu->name, "host") ? XEN_STATS_HOST : cpu->name;
        const struct xen_domain *domain = xen_stats_find(&reading->stats, name);
        double percent = domain == NULL ? (double)NAN : domain->cpu_percent;
        said->dut_percent += cpu->percent;
        text += percent;
        off = fabs(percent - cpu->percent) <= off ? off : fabs(percent - cpu->percent);
    }
    said->text_percent = text;
    said->text_off = isnan(text) ? text : off;
}

// Describes the engine's packets for the accounting of losses.
static void describe_packets(const struct bench *bench, unsigned length,
                             struct traffic_count *counts)
{
    const struct plan *plan = testbed_plan(bench->testbed);
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct scenario_network *network = &plan->scenario->networks[plan->paths[i].network];
        unsigned ip_length = scenario_ip_length(scenario_network_length(network, length),
                                                bench->scenario->traffic.length_layer, network->ip);
        counts[i].fragments = fragments_of(ip_length, network->ip, plan->mtu);
        counts[i].chatter = plan->topology != TOPOLOGY_DIRECT && network->behind_sink.prefix;
    }
}

// A source that waits for the next packet's time without sleeping is not busy meanwhile.
static void leave_waiting_out(const struct bench *bench, const struct traffic_count *counts,
                              struct point *point)
{
    double waited = 0.0;
    for (size_t i = 0; i < bench->path_count; i++) {
        waited += (double)counts[i].waited_ns / (double)NS_PER_S;
    }
    for (size_t i = 0; i < point->cpu_count; i++) {
        struct cpu_result *cpu = &point->cpu[i];
        if (text_equal(cpu->name, "tester") && point->duration_s > 0.0) {
            double busy = fmax(0.0, cpu->percent - 100.0 * waited / point->duration_s);
            cpu->ns_per_packet *= cpu->percent > 0.0 ? busy / cpu->percent : 1.0;
            cpu->percent = busy;
        }
    }
}

static struct traffic_request request_for(const struct bench *bench, const struct load *load)
{
    return (struct traffic_request){
        .run = draw_run_number(),
        .ip_length = scenario_ip_length(load->length, bench->scenario->traffic.length_layer, 4),
        .pps = load->pps,
        .duration_ns = duration_for(bench, load->duration_ns),
        .delay_ns = plan_delay_ns(testbed_plan(bench->testbed)),
    };
}

#define RESET_AFTER_NS NS_PER_S // or a quarter of the trial

// A trial in which a router is rebooted. No CPU time and no places of losses are measured, since
// the router's interfaces and threads are replaced.
static int measure_reset(struct bench *bench, const struct load *load, struct point *ret,
                         struct outcome *ret_outcome, struct error *err)
{
    const struct plan *plan = testbed_plan(bench->testbed);
    struct traffic_request traffic = request_for(bench, load);
    _cleanup_close_ int turn = turn_take(err);
    if (turn < 0) {
        return turn;
    }
    _cleanup_free_ struct traffic_count *counts =
        memory_new_array(struct traffic_count, plan->path_count);
    _cleanup_forms_ struct forms forms = {0};
    forms_make(plan, load, traffic.duration_ns, (bench->traits->can & ENGINE_FORMS) != 0, &forms);
    forms_request(&forms, &traffic, counts);
    uint64_t quarter_ns = traffic.duration_ns / 4;
    int rc = reset_run(bench, &traffic, load->reset - 1,
                       quarter_ns < RESET_AFTER_NS ? quarter_ns : RESET_AFTER_NS, counts, err);
    if (rc < 0) {
        return rc;
    }
    if (!forms_agree(&forms, counts)) {
        return fail(err, EBADMSG, "the sink's counts by slots of time and as a whole differ");
    }
    struct point point = point_of(bench, load);
    fill_networks(bench, counts, &point);
    forms_fill(&forms, plan, counts, &point);
    forms_fill_outages(&forms, counts, &point);
    *ret_outcome = (struct outcome){.kind = OUTCOME_GOOD,
                                    .tx = point_tx(&point),
                                    .lost = point_lost(&point),
                                    .sending_ns = (uint64_t)(point.duration_s * (double)NS_PER_S)};
    for (size_t i = 0; i < plan->path_count; i++) {
        ret_outcome->unsent += counts[i].unsent;
    }
    *ret = point;
    return 0;
}

static int measure_load(struct bench *bench, const struct load *load, struct point *ret,
                        struct outcome *ret_outcome, struct error *err)
{
    const struct plan *plan = testbed_plan(bench->testbed);
    struct traffic_request traffic = request_for(bench, load);
    _cleanup_close_ int turn = turn_take(err);
    if (turn < 0) {
        return turn;
    }
    _cleanup_path_counters_ struct path_counters packets_before = {0};
    _cleanup_path_counters_ struct path_counters packets_after = {0};
    _cleanup_meter_ struct meter_reading before = {0};
    _cleanup_meter_ struct meter_reading after = {0};
    _cleanup_free_ struct traffic_count *counts =
        memory_new_array(struct traffic_count, plan->path_count);
    _cleanup_forms_ struct forms forms = {0};
    forms_make(plan, load, traffic.duration_ns, (bench->traits->can & ENGINE_FORMS) != 0, &forms);
    forms_request(&forms, &traffic, counts);
    bool by_method = load->use == LOAD_POINT && bench->scenario->method == METHOD_STUDY;
    bool monitored = load->use == LOAD_POINT && bench->scenario->method == METHOD_MONITORED;
    __attribute__((cleanup(snmp_reading_clear))) struct snmp_reading reading = {
        .wanted = (by_method || monitored) && bench->agent != NULL, // direct has no CPU to read
        .unread = ERROR_INIT};
    _cleanup_disturbance_ struct disturbance disturbance = {0};
    int rc;
    const struct node *node = &bench->node;
    _cleanup_free_ struct allocation *shares = read_shares(bench);
    const bool capped_before = any_cap(bench, shares);
    bench->capped = capped_before;
    if ((rc = node->ops->read_counters(node, &packets_before, err)) < 0 ||
        (rc = node->ops->read_meters(node, &before, err)) < 0) {
        return rc;
    }
    node->ops->begin_watch(node, &before.cpus, capped_before);
    rc = run_engine(bench, &traffic, counts, &reading, err);
    node->ops->end_watch(node, &disturbance);
    if (rc < 0 || (rc = node->ops->read_meters(node, &after, err)) < 0 ||
        (rc = read_final_counters(bench, &packets_after, err)) < 0) {
        return rc;
    }
    if ((bench->traits->can & ENGINE_ADAPTS) != 0) {
        losses_count_packets(plan, &packets_before, &packets_after, counts);
    }
    if (!forms_agree(&forms, counts)) {
        return fail(err, EBADMSG, "the sink's counts by slots of time and as a whole differ");
    }
    struct point point = point_of(bench, load);
    struct tester_losses tester;
    describe_packets(bench, load->length, counts);
    fill_networks(bench, counts, &point);
    forms_fill(&forms, plan, counts, &point);
    uint64_t sending_ns = (uint64_t)(point.duration_s * (double)NS_PER_S);
    losses_account(plan, &packets_before, &packets_after, counts, &point, &tester);
    meter_account(bench->testbed, &before, &after, sending_ns, &point);
    note_shares(bench, shares, &point);
    if (monitored && reading.wanted) {
        note_monitoring(&reading, &point);
    }
    leave_waiting_out(bench, counts, &point);
    disturbance_account(&disturbance, &point);
    bool late_end = false;
    if (disturbance.has_stalls) {
        uint64_t cap_period_ns = testbed_rest_is_hosts(bench->testbed)
                                     ? QUOTA_LONG_PERIOD_US * NS_PER_US
                                     : SHARE_PERIOD_NS;
        late_end = forms_fill_undisturbed(&forms, plan, &disturbance.stalls, cap_period_ns, counts,
                                          &point);
    }
    forms_fill_recovery(&forms, counts, &point);
    const struct evidence evidence = {.scenario = bench->scenario,
                                      .testbed = bench->testbed,
                                      .capped = capped_before || ends_capped(&point),
                                      .counts = counts,
                                      .slack = bench->traits->slack,
                                      .adapts = (bench->traits->can & ENGINE_ADAPTS) != 0,
                                      .tester = tester,
                                      .disturbance = &disturbance,
                                      .late_end = late_end,
                                      .before = &before,
                                      .after = &after};
    struct verdict verdict = verdict_pass(&evidence, &point);
    if (by_method) {
        study_cpu_replace(&reading.stats, reading.unread.text, &point);
    }
    *ret_outcome = (struct outcome){.kind = verdict.disturbed ? OUTCOME_DISTURBED : OUTCOME_GOOD,
                                    .disturbance_ns = verdict.disturbance_ns,
                                    .losses_stand = verdict.losses_stand,
                                    .tx = point_undisturbed(&point).tx,
                                    .lost = point_undisturbed(&point).lost,
                                    .sending_ns = sending_ns};
    for (size_t i = 0; i < plan->path_count; i++) {
        ret_outcome->unsent += counts[i].unsent;
    }
    *ret = point;
    return 0;
}

bool trial_is_death(int rc)
{
    return rc == -ESRCH || rc == -ENODEV || rc == -ENETDOWN || rc == -ENXIO;
}

int trial_run(struct bench *bench, const struct load *load, struct point *ret,
              struct outcome *ret_outcome, struct error *err)
{
    _cleanup_error_ struct error why = ERROR_INIT;
    int rc = load->reset > 0 ? measure_reset(bench, load, ret, ret_outcome, &why)
                             : measure_load(bench, load, ret, ret_outcome, &why);
    if (rc < 0 && rc != -EBADMSG && !trial_is_death(rc)) {
        error_move(err, &why);
        return rc;
    }
    if (rc < 0) {
        *ret_outcome = (struct outcome){.kind = trial_is_death(rc) ? OUTCOME_DEATH : OUTCOME_VOID};
        *ret = point_of(bench, load);
        ret->duration_s = (double)load->duration_ns / (double)NS_PER_S;
        ret->cpu_total_percent = (double)NAN;
        point_invalidate(ret, "%s: %s",
                         trial_is_death(rc) ? "a router died"
                                            : "the tester's figures contradict each other",
                         why.text);
    }
    return 0;
}
