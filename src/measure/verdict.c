// SPDX-License-Identifier: GPL-3.0-or-later
// measure/verdict — see verdict.h. Called by trial.c for each attempt.
#include "measure/verdict.h"

#include <math.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "linux/quota.h"
#include "measure/meter_domain.h"

// A larger difference from the request is a failure of the tester: in parts of the request, and for
// vrbench's own engines, which count exactly, at least what is due in PACED_NS. Strict pacing
// permits STRICT_WITHIN, and one packet.
#define OFFERED_WITHIN 0.005
#define PACED_WITHIN   0.0001
#define STRICT_WITHIN  0.00001
#define PACED_NS       (100U * NS_PER_US)
#define STEAL_LIMIT                                                                                \
    10.0 // percent of a CPU over a trial; the figures of that CPU are invalid above it
#define FOREIGN_LIMIT     15.0 // the same for time used by other programs (ticks: +-5 in 0.4 s)
#define THROTTLED_MOST_NS NS_PER_MS // for which a CPU quota may stop this program
#define SPARE_BELOW       0.85      // of its CPUs in use: the tester had CPU time to spare
#define CAP_WITHIN        1.0       // percent of a CPU above its cap that a party may use
#define CAP_GRAIN_S       0.005     // and CPU time in seconds: the start of a period, a late tick
#define QUOTA_WITHIN      2.0       // the same if the platform holds caps by quotas
#define STALL_NS          (3U * NS_PER_MS)  // four full rings at 3 us a packet
#define STEAL_TICK_NS     (10U * NS_PER_MS) // resolution of steal in /proc/stat
#define LEFT_OUT_MOST     0.5               // of the time of sending that stalls may touch

// The middle of an impaired cable belongs to the tester: what it did not take is no impairment.
static void judge_cables(const struct evidence *evidence, struct point *point)
{
    if (evidence->tester.cables > 0) {
        point_invalidate(point,
                         POINT_TESTER_LIMIT ": its impaired cables did not take %llu packets",
                         (unsigned long long)evidence->tester.cables);
    }
}

// By how many packets of `due` the tester may miss a load.
static double tester_room(const struct evidence *evidence, double asked, double due)
{
    if (evidence->slack > 0) {
        return evidence->slack + OFFERED_WITHIN * due;
    }
    return evidence->scenario->traffic.pacing == PACING_STRICT
               ? STRICT_WITHIN * due
               : fmax(PACED_WITHIN * due, asked * PACED_NS / (double)NS_PER_S);
}

void verdict_judge_tester(const struct evidence *evidence, struct point *point)
{
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        double asked = network->has_requested ? network->requested_pps : point->requested_pps;
        // Compared in packets, because an engine may miss a few and a whole number may differ by
        // one.
        double due = asked * (double)network->tx / network->offered_pps;
        double off = fabs((double)network->tx - due);
        bool exact = evidence->slack == 0;
        bool strict = exact && evidence->scenario->traffic.pacing == PACING_STRICT;
        double room = fmax(1.0, tester_room(evidence, asked, due));
        bool unsent = exact ? network->unsent > 0 : (double)network->unsent > room;
        bool untimely =
            asked > 0.0 && network->tx > 0 && off > room && (strict || !evidence->late_end);
        if (unsent || untimely) {
            char offered[48];
            char wanted[48];
            text_group_digits(network->offered_pps, strict ? 3 : 0, offered);
            text_group_digits(asked, strict ? 3 : 0, wanted);
            point_invalidate(point, POINT_TESTER_LIMIT ": it sent %s %s of %s pps",
                             network_label(network), offered, wanted);
        }
        if (evidence->counts[i].stale > 0) {
            point_invalidate(point, "%llu packets of %s arrived too late to be counted exactly",
                             (unsigned long long)evidence->counts[i].stale, network_label(network));
        }
    }
    judge_cables(evidence, point);
    unsigned long long dropped = evidence->tester.sink_ring + evidence->tester.sink_socket;
    if (dropped > 0 && point_undisturbed(point).lost > 0) {
        point_invalidate(point, POINT_TESTER_LIMIT ": its sink dropped %llu packets", dropped);
    }
}

// Whether a host's or router's CPU time may have been what limits the rate.
static bool dut_may_limit(const struct evidence *evidence, const struct plan *plan,
                          const struct point *point)
{
    bool busy = evidence->capped || plan->shared_cpus;
    for (size_t i = 0; i < point->cpu_count; i++) {
        bool tester = text_equal(point->cpu[i].name, "tester");
        busy = busy || (!tester && point->cpu[i].percent >= SPARE_BELOW * 100.0);
    }
    return plan->topology != TOPOLOGY_DIRECT && busy;
}

void verdict_judge_adapting(const struct evidence *evidence, const struct plan *plan,
                            struct point *point)
{
    const struct cpu_result *tester = point_cpu(point, "tester");
    double room = 100.0 * (double)plan->tester_cpus.count;
    bool direct = plan->topology == TOPOLOGY_DIRECT;
    bool used_up = tester != NULL && tester->percent >= SPARE_BELOW * room;
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        double due = point->requested_pps * point->duration_s;
        bool is_short = (double)network->unsent > evidence->slack + OFFERED_WITHIN * due;
        bool limits =
            direct ? is_short
                   : (is_short || due <= 0.0) && used_up && !dut_may_limit(evidence, plan, point);
        if (limits) {
            char used[48];
            text_group_digits(tester == NULL ? 0.0 : tester->percent, 0, used);
            point_invalidate(point,
                             POINT_TESTER_LIMIT ": %s did not reach its rate, and nothing but the "
                                                "tester was busy (%s %% of a CPU)",
                             network_label(network), used);
        }
    }
    judge_cables(evidence, point);
    unsigned long long dropped = evidence->tester.sink_ring + evidence->tester.sink_socket;
    if (2 * dropped > point_lost(point)) {
        point_invalidate(point, POINT_TESTER_LIMIT ": its sink dropped %llu of %llu lost packets",
                         dropped, (unsigned long long)point_lost(point));
    }
}

// Loads and losses are valid, but another attempt can measure the delays.
static void judge_clock(const struct evidence *evidence, struct point *point,
                        struct verdict *verdict)
{
    for (size_t i = 0; i < point->network_count; i++) {
        if (evidence->counts[i].clock_moved) {
            verdict->disturbed = true;
            point_invalidate(point, "the machine's clock was set during the trial: delays are not "
                                    "measured");
            return;
        }
    }
}

// A quota of a control group stopped this program, and with it the tester's threads.
void verdict_judge_quota(uint64_t throttled_ns, struct point *point, struct verdict *verdict)
{
    if (throttled_ns <= THROTTLED_MOST_NS) {
        return;
    }
    verdict->disturbed = true;
    verdict->disturbance_ns += throttled_ns;
    point_invalidate(point,
                     "a CPU quota of this program's control group stopped it for %.0f ms (cpu.max "
                     "or cpu.cfs_quota_us)",
                     (double)throttled_ns / (double)NS_PER_MS);
}

// The hypervisor took so much time from a CPU in use that it distorts the figures.
void verdict_judge_steal(const struct plan *plan, uint64_t tester_ns, uint64_t dut_ns,
                         struct point *point, struct verdict *verdict)
{
    dut_ns = plan->topology == TOPOLOGY_DIRECT ? 0 : dut_ns;
    verdict->disturbance_ns += tester_ns > dut_ns ? tester_ns : dut_ns;
    // A tester that lost CPU time to others, or had CPU time to spare, has not reached its own
    // limit.
    const struct cpu_result *tester = point_cpu(point, "tester");
    double tester_room = 100.0 * (double)plan->tester_cpus.count;
    bool spare = tester != NULL && tester->percent < SPARE_BELOW * tester_room;
    verdict->disturbed = verdict->disturbed || (!point->valid && (tester_ns > 0 || spare));
    for (size_t i = 0; i < point->processor_count; i++) {
        if (point->processors[i].steal_percent > STEAL_LIMIT) {
            verdict->disturbed = true;
            point_invalidate(point, "the hypervisor took %.0f %% of CPU %u (%s)",
                             point->processors[i].steal_percent, point->processors[i].cpu,
                             point->processors[i].used_by);
        }
    }
    uint64_t lost = point_undisturbed(point).lost;
    double by_steal =
        point_offered_pps(point) * (double)(dut_ns + STEAL_TICK_NS) / (double)NS_PER_S;
    if (dut_ns > 0 && lost > 0 && (double)lost <= by_steal) {
        verdict->disturbed = true;
        point_invalidate(
            point,
            "the %llu lost packets may be caused by the hypervisor: it took the device "
            "under test's CPU for about %llu ms",
            (unsigned long long)lost, (unsigned long long)(dut_ns / NS_PER_MS));
    }
}

static void judge_steal(const struct evidence *evidence, struct point *point,
                        struct verdict *verdict)
{
    const struct testbed *testbed = evidence->testbed;
    uint64_t tester_ns = meter_stolen_ns(testbed, evidence->before, evidence->after, true);
    uint64_t dut_ns = meter_stolen_ns(testbed, evidence->before, evidence->after, false);
    verdict_judge_steal(testbed_plan(testbed), tester_ns, dut_ns, point, verdict);
}

// A party must not use more than its cap, up to the kernel's granularity at either end of a trial.
// If a cap was set during the trial, the time of each is unknown.
void verdict_judge_caps(bool by_quota, struct point *point, struct verdict *verdict)
{
    // A quota is renewed as a whole in each period, also at either end of a trial.
    double within = by_quota ? QUOTA_WITHIN : CAP_WITHIN;
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        double grain =
            by_quota ? QUOTA_LONG_PERIOD_US / 1e6 * (double)cpu->cap : 100.0 * CAP_GRAIN_S;
        double most = (double)cpu->cap + within + grain / point->duration_s;
        if (cpu->cap > 0 && !cpu_cap_has_moved(cpu) && cpu->percent > most) {
            verdict->disturbed = true;
            verdict->disturbance_ns +=
                (uint64_t)((cpu->percent - (double)cpu->cap) * 1e7 * point->duration_s);
            point_invalidate(point, "the cap of %u %% of %s was not held: it used %.1f %%",
                             cpu->cap, cpu->name, cpu->percent);
        }
    }
}

// Stalls that leave too little for the undisturbed figures.
static void judge_left_out(const struct evidence *evidence, struct point *point,
                           struct verdict *verdict)
{
    struct heartbeat_stall worst = {0};
    uint64_t stalled_ns = disturbance_stalled_ns(evidence->disturbance, &worst);
    if (point->left_out_ratio <= LEFT_OUT_MOST) {
        return;
    }
    verdict->disturbed = true;
    verdict->disturbance_ns += stalled_ns;
    point_invalidate(point,
                     "stalls of this machine touched %.0f %% of the time of sending; in the "
                     "longest, CPU %u was away for %.1f ms",
                     100.0 * point->left_out_ratio, worst.cpu,
                     (double)worst.late_ns / (double)NS_PER_MS);
}

// Without undisturbed figures: losses no larger than what was offered while CPUs of the measurement
// were away.
static void judge_heartbeat(const struct evidence *evidence, struct point *point,
                            struct verdict *verdict)
{
    struct heartbeat_stall worst = {0};
    uint64_t stalled_ns = disturbance_stalled_ns(evidence->disturbance, &worst);
    uint64_t lost = point_lost(point);
    if (lost == 0 ||
        (double)lost > point_offered_pps(point) * (double)stalled_ns / (double)NS_PER_S) {
        return;
    }
    verdict->disturbed = true;
    verdict->disturbance_ns += stalled_ns;
    point_invalidate(point,
                     "CPU %u was away from this machine for %.1f ms, which may have caused the "
                     "%llu losses",
                     worst.cpu, (double)worst.late_ns / (double)NS_PER_MS,
                     (unsigned long long)lost);
}

// Losses while the device under test had CPU time to spare, with packets delayed for longer than
// full rings explain: its CPU was stopped without the kernel's knowledge. (A cap stops it too, as
// the user wished.)
static void judge_stalls(const struct evidence *evidence, struct point *point,
                         struct verdict *verdict)
{
    const struct plan *plan = testbed_plan(evidence->testbed);
    double room = 100.0 * (double)plan->dut_cpus.count;
    uint64_t lost = point_undisturbed(point).lost;
    uint64_t longest = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        // Impaired cables delay packets as the user wished.
        uint64_t delay = point->networks[i].delay_ns.max;
        uint64_t wished = plan_path_delay_ns(plan, &plan->paths[i]);
        delay -= wished < delay ? wished : delay;
        longest = delay > longest ? delay : longest;
    }
    if (plan->topology == TOPOLOGY_DIRECT || plan->shared_cpus || lost == 0 || evidence->capped ||
        point->cpu_total_percent > SPARE_BELOW * room || longest < STALL_NS) {
        return;
    }
    verdict->disturbed = true;
    verdict->disturbance_ns += longest;
    point_invalidate(point,
                     "packets were delayed for %.1f ms with CPU to spare: the machine stalled, "
                     "which may have caused some of the %llu losses",
                     (double)longest / (double)NS_PER_MS, (unsigned long long)lost);
}

double verdict_foreign_ns(const struct plan *plan, const struct testbed_party *parties,
                          const struct meter_reading *before, const struct meter_reading *after)
{
    bool direct = plan->topology == TOPOLOGY_DIRECT;
    bool shared = plan->shared_cpus && !direct;
    double left = 0.0; // CPUs of the device under test, or those that it shares with the tester
    double left_of_tester = 0.0;
    for (size_t i = 0; i < before->cpus.count; i++) {
        double busy = meter_growth(before->times[i].busy_ns, after->times[i].busy_ns);
        bool testers = !shared && cpu_list_has(&plan->tester_cpus, before->cpus.cpus[i]);
        *(testers ? &left_of_tester : &left) += busy;
    }
    for (size_t i = 0; i < after->party_count; i++) {
        double used = meter_party_growth(&before->parties[i], &after->parties[i]);
        bool testers = !shared && parties[i].kind == PARTY_TESTER;
        *(testers ? &left_of_tester : &left) -= used;
    }
    return fmax(0.0, direct ? left_of_tester : fmax(left, left_of_tester));
}

// Whether the kernel forwards the test's packets in threads only: routers share this kernel, and no
// NIC is lent, whose packets arrive in softirqs.
static bool forwards_in_threads(const struct plan *plan)
{
    for (size_t i = 0; i < plan->interface_count; i++) {
        if (plan->interfaces[i].nic != NULL) {
            return false;
        }
    }
    return plan->port == PORT_VETH;
}

char *verdict_softirqs(const struct plan *plan, const struct point *point)
{
    const struct processor_result *most = NULL;
    for (size_t i = 0; forwards_in_threads(plan) && i < point->processor_count; i++) {
        const struct processor_result *one = &point->processors[i];
        const double least = most == NULL ? FOREIGN_LIMIT / 2.0 : most->softirq_percent;
        if (text_equal(one->used_by, "dut") && one->softirqs_most_of != NULL &&
            one->softirq_percent > least) {
            most = one;
        }
    }
    return most == NULL ? NULL
                        : text_format(", and CPU %u spent %.0f %% of the trial in softirqs (%s)",
                                      most->cpu, most->softirq_percent, most->softirqs_most_of);
}

// CPU time that neither host, routers nor tester account for is used by other programs. Both are
// from the same two readings, because a trial's window is longer than the time of sending, to which
// a point's percentages refer.
static void judge_others(const struct evidence *evidence, struct point *point,
                         struct verdict *verdict)
{
    const struct plan *plan = testbed_plan(evidence->testbed);
    const struct testbed_party *parties = NULL;
    (void)testbed_parties(evidence->testbed, &parties);
    double window_ns = meter_growth(evidence->before->at_ns, evidence->after->at_ns);
    double others_ns = verdict_foreign_ns(plan, parties, evidence->before, evidence->after);
    // If the host is a domain, no task is charged with netback's work: only the time of other
    // machines counts.
    uint64_t machines_ns = 0;
    if (meter_others_ns(evidence->testbed, evidence->before, evidence->after, &machines_ns)) {
        others_ns = (double)machines_ns;
    }
    double percent = window_ns > 0.0 ? 100.0 * others_ns / window_ns : 0.0;
    if (percent > FOREIGN_LIMIT) {
        verdict->disturbed = true;
        verdict->disturbance_ns += (uint64_t)others_ns;
        _cleanup_free_ char *softirqs = verdict_softirqs(plan, point);
        point_invalidate(point,
                         "background load: other programs used about %.0f %% of a measurement "
                         "CPU%s",
                         percent, softirqs == NULL ? "" : softirqs);
    }
}

// Background load distorts the CPU figures of a trial in any case. It causes losses only by holding
// packets up: until a queue is full, or so that they reach the device in a burst. The losses are
// the device's own if no queue lost packets, and none was sent or received late.
bool verdict_losses_are_own(const struct evidence *evidence, const struct point *point)
{
    struct heartbeat_stall worst = {0};
    if (evidence->tester.by_choice < point_lost(point) ||
        disturbance_stalled_ns(evidence->disturbance, &worst) > STALL_NS) {
        return false;
    }
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        double asked = network->has_requested ? network->requested_pps : point->requested_pps;
        double due_ns = asked > 0.0 ? (double)NS_PER_S / asked : 0.0;
        if (!network->delay_ns.measured || network->delay_ns.max > STALL_NS ||
            !network->gap_ns.measured || (double)network->gap_ns.max > due_ns + STALL_NS) {
            return false;
        }
    }
    return true;
}

struct verdict verdict_pass(const struct evidence *evidence, struct point *point)
{
    struct verdict verdict = {0};
    if (evidence->adapts) {
        verdict_judge_adapting(evidence, testbed_plan(evidence->testbed), point);
    } else {
        verdict_judge_tester(evidence, point);
    }
    verdict_judge_quota(evidence->disturbance->throttled_ns, point, &verdict);
    judge_steal(evidence, point, &verdict);
    judge_others(evidence, point, &verdict);
    verdict_judge_caps(testbed_rest_is_hosts(evidence->testbed), point, &verdict);
    if (point->has_left_out) {
        judge_left_out(evidence, point, &verdict);
    } else {
        judge_heartbeat(evidence, point, &verdict);
    }
    judge_stalls(evidence, point, &verdict);
    judge_clock(evidence, point, &verdict);
    verdict.losses_stand = verdict_losses_are_own(evidence, point);
    return verdict;
}
