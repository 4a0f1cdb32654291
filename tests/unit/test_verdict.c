// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of measure/verdict — CPU time that other programs took, from made-up readings.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "measure/verdict.h"

#include <cmocka.h>

#define MS NS_PER_MS

static const struct testbed_party parties[] = {
    {.kind = PARTY_HOST, .name = "host"},
    {.kind = PARTY_ROUTER, .name = "r1"},
    {.kind = PARTY_TESTER, .name = "tester"},
};

// What the two CPUs and the three parties used, ms.
struct use {
    uint64_t cpus[2], parties[3];
};

// CPU 0 is the tester's, CPU 1 the device under test's, unless the plan shares both.
static double foreign_ms(const struct plan *plan, const struct use *use)
{
    struct cpu_part parts[2][3];
    struct meter_party used[2][3];
    struct cpu_times times[2][2];
    struct meter_reading readings[2];
    memset(parts, 0, sizeof parts);
    for (unsigned i = 0; i < 2; i++) {
        for (size_t k = 0; k < 3; k++) {
            parts[i][k].ns = 700 * k + (i == 0 ? 0 : use->parties[k] * MS);
            used[i][k] = (struct meter_party){&parts[i][k], 1};
        }
        for (size_t k = 0; k < 2; k++) {
            times[i][k] = (struct cpu_times){.busy_ns = 9000 + i * use->cpus[k] * MS};
        }
        readings[i] = (struct meter_reading){.at_ns = 400 * MS * i,
                                             .parties = used[i],
                                             .party_count = 3,
                                             .times = times[i],
                                             .cpus = {.cpus = {0, 1}, .count = 2}};
    }
    return verdict_foreign_ns(plan, parties, &readings[0], &readings[1]) / (double)MS;
}

static struct plan plan_for(enum topology topology, bool shared)
{
    struct plan plan = {.topology = topology, .shared_cpus = shared};
    plan.tester_cpus = (struct cpu_list){.cpus = {0, 1}, .count = shared ? 2 : 1};
    plan.dut_cpus = shared ? plan.tester_cpus : (struct cpu_list){.cpus = {1}, .count = 1};
    return plan;
}

#define near(got, wanted) assert_true(fabs((got) - (wanted)) < 0.01)

// 200 ms of sending in a window of 400 ms: host and router were busy during the sending, and
// another program as long afterwards. That is half the window, not nothing.
static void test_drain_time_hides_no_other_program(void **state)
{
    (void)state;
    struct plan plan = plan_for(TOPOLOGY_BRIDGED, false);
    struct use use = {.cpus = {100, 400}, .parties = {120, 80, 100}};
    near(foreign_ms(&plan, &use), 200.0);
}

static void test_no_foreign_time_on_quiet_machine(void **state)
{
    (void)state;
    struct plan plan = plan_for(TOPOLOGY_BRIDGED, false);
    struct use use = {.cpus = {100, 200}, .parties = {120, 80, 100}};
    near(foreign_ms(&plan, &use), 0.0);
    // /proc/stat counts in ticks: it may say less than the parties' exact counters.
    use.cpus[0] = use.cpus[1] = 90;
    near(foreign_ms(&plan, &use), 0.0);
}

static void test_foreign_time_on_the_testers_cpu(void **state)
{
    (void)state;
    struct plan plan = plan_for(TOPOLOGY_DEDICATED, false);
    struct use use = {.cpus = {300, 210}, .parties = {120, 80, 100}};
    near(foreign_ms(&plan, &use), 200.0);
    // In direct no party uses the other CPU.
    plan = plan_for(TOPOLOGY_DIRECT, false);
    struct use direct = {.cpus = {130, 0}, .parties = {0, 0, 100}};
    near(foreign_ms(&plan, &direct), 30.0);
}

static void test_foreign_time_on_shared_cpus(void **state)
{
    (void)state;
    struct plan plan = plan_for(TOPOLOGY_BRIDGED, true);
    struct use use = {.cpus = {200, 200}, .parties = {120, 80, 100}};
    near(foreign_ms(&plan, &use), 100.0);
}

// Losses that no queue explains are the device's own if no packet was held up, neither before it
// nor in it.
static void test_losses_stand_if_no_packet_was_late(void **state)
{
    (void)state;
    struct network_result network = {.tx = 1000,
                                     .lost = 100,
                                     .delay_ns = {.measured = true, .max = 2 * MS},
                                     .gap_ns = {.measured = true, .max = 6 * MS}};
    const struct point point = {.requested_pps = 250.0, .networks = &network, .network_count = 1};
    struct disturbance disturbance = {0};
    struct evidence evidence = {.disturbance = &disturbance, .tester = {.by_choice = 100}};
    assert_true(verdict_losses_are_own(&evidence, &point));
    evidence.tester.by_choice = 99; // a queue was full
    assert_false(verdict_losses_are_own(&evidence, &point));
    evidence.tester.by_choice = 100;
    network.gap_ns.max = 8 * MS; // of which 4 ms as requested
    assert_false(verdict_losses_are_own(&evidence, &point));
    network.gap_ns.max = 6 * MS;
    network.delay_ns.max = 4 * MS;
    assert_false(verdict_losses_are_own(&evidence, &point));
    network.delay_ns = (struct delay_summary){.measured = false};
    assert_false(verdict_losses_are_own(&evidence, &point));
    network.delay_ns = (struct delay_summary){.measured = true, .max = 2 * MS};
    struct heartbeat_stall stall = {.from_ns = 0, .to_ns = 4 * MS, .late_ns = 4 * MS};
    disturbance.stalls.stalls = &stall;
    disturbance.stalls.count = 1;
    assert_false(verdict_losses_are_own(&evidence, &point));
}

// A point of one network by TCP, with the CPU of the tester and of a router in percent.
// Whether a load of 10,000 packets/s for 10 s is valid, sent by this part faster.
static bool is_paced(enum pacing pacing, double part, bool late_end)
{
    struct scenario scenario = {.traffic = {.pacing = pacing}};
    struct traffic_count counts[1] = {{.stale = 0}};
    const struct evidence evidence = {
        .scenario = &scenario, .counts = counts, .late_end = late_end};
    struct network_result network = {
        .name = (char *)"NET0", .tx = 100000, .rx = 100000, .offered_pps = 10000 * (1 + part)};
    struct point point = {
        .valid = true, .requested_pps = 10000, .networks = &network, .network_count = 1};
    verdict_judge_tester(&evidence, &point);
    free(point.why_invalid);
    return point.valid;
}

static void test_pacing(void **state)
{
    (void)state;
    assert_true(is_paced(PACING_NORMAL, 0.9e-4, false));
    assert_false(is_paced(PACING_NORMAL, 1.1e-4, false));
    assert_true(is_paced(PACING_NORMAL, -0.9e-4, false));
    assert_false(is_paced(PACING_NORMAL, -1.1e-4, false));
    assert_true(is_paced(PACING_NORMAL, 1.1e-4, true)); // a stall touched the end
    assert_true(is_paced(PACING_STRICT, 0.9e-5, false));
    assert_false(is_paced(PACING_STRICT, 1.1e-5, false));
    assert_false(is_paced(PACING_STRICT, -1.1e-5, false));
    assert_false(is_paced(PACING_STRICT, 1.1e-5, true));
}

static bool is_tcp_valid(const struct evidence *evidence, enum topology topology, double pps,
                         uint64_t unsent, double tester, double router)
{
    const struct plan plan = {.topology = topology, .tester_cpus = {.count = 1}};
    struct network_result network = {.name = "NET0", .tx = 1000, .lost = 20, .unsent = unsent};
    struct cpu_result cpus[] = {{.name = "r1", .percent = router},
                                {.name = "tester", .percent = tester}};
    struct point point = {.requested_pps = pps,
                          .duration_s = 1.0,
                          .networks = &network,
                          .network_count = 1,
                          .cpu = cpus,
                          .cpu_count = 2,
                          .valid = true};
    verdict_judge_adapting(evidence, &plan, &point);
    assert_true(point.valid || strstr(point.why_invalid, POINT_TESTER_LIMIT) != NULL);
    free(point.why_invalid);
    return point.valid;
}

// What TCP does not send for want of room on the path is a result; what the tester holds back is
// none.
static void test_adapting_tester(void **state)
{
    (void)state;
    struct evidence evidence = {.slack = 5, .adapts = true};
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 0, 100, 50));
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 500, 50, 99)); // the router's
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 500, 50, 50)); // a queue's
    assert_false(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 500, 99, 50));
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 10, 99, 50));  // 0.5 % and five
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 500, 99, 90)); // either's
    assert_false(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 0, 0, 99, 50));     // max
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 0, 0, 50, 50));
    assert_false(is_tcp_valid(&evidence, TOPOLOGY_DIRECT, 1000, 500, 50, 0));
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DIRECT, 0, 0, 100, 0));
    evidence.capped = true; // a router may have reached its cap
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 500, 99, 50));
    evidence.tester.sink_ring = 10; // of 20
    assert_true(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 0, 50, 50));
    evidence.tester.sink_ring = 11;
    assert_false(is_tcp_valid(&evidence, TOPOLOGY_DEDICATED, 1000, 0, 50, 50));
}

// The verdict looks at the undisturbed counts, or at all if nothing was left.
static void test_undisturbed_counts_are_judged(void **state)
{
    (void)state;
    struct network_result networks[] = {
        {.tx = 1000, .rx = 900, .lost = 100, .undisturbed = {true, 800, 799, 1}},
        {.tx = 500, .rx = 490, .lost = 10, .undisturbed = {true, 400, 400, 0}},
    };
    struct point point = {.networks = networks, .network_count = 2, .has_left_out = true};
    struct undisturbed_result counts = point_undisturbed(&point);
    assert_true(counts.tx == 1200 && counts.rx == 1199 && counts.lost == 1);
    networks[0].undisturbed = (struct undisturbed_result){.measured = true};
    counts = network_undisturbed(&networks[0]);
    assert_true(counts.tx == 1000 && counts.lost == 100);
    networks[1].undisturbed.measured = false;
    counts = network_undisturbed(&networks[1]);
    assert_true(counts.tx == 500 && counts.lost == 10);
}

// Whether a point stays valid whose router has that cap, used that much, and, unless `weight_end`
// is 0, had another weight or cap at the end.
static bool is_cap_held(double used, unsigned weight_end, unsigned cap_end)
{
    struct cpu_result cpus[] = {
        {.name = "r1",
         .cap = 20,
         .weight = 256,
         .weight_end = weight_end,
         .cap_end = cap_end,
         .percent = used},
        {.name = "tester", .percent = 100},
    };
    struct point point = {.duration_s = 1.0, .cpu = cpus, .cpu_count = 2, .valid = true};
    struct verdict verdict = {0};
    verdict_judge_caps(false, &point, &verdict);
    assert_int_equal(verdict.disturbed, !point.valid);
    assert_true(point.valid || strstr(point.why_invalid, "the cap of 20 % of r1") != NULL);
    free(point.why_invalid);
    return point.valid;
}

// A cap that was raised or removed during the trial was not held for all of it.
static void test_caps_that_move_are_not_judged(void **state)
{
    (void)state;
    assert_true(is_cap_held(20.5, 0, 0));
    assert_false(is_cap_held(30.0, 0, 0));
    assert_true(is_cap_held(30.0, 256, 40));
    assert_true(is_cap_held(30.0, 256, 0));   // removed
    assert_false(is_cap_held(30.0, 512, 20)); // only its weight moved
}

// A tester with all of its CPU in use, which a quota stopped, is disturbed, whether the hypervisor
// took time or not.
static void test_steal_keeps_what_a_quota_did(void **state)
{
    (void)state;
    const struct plan plan = plan_for(TOPOLOGY_DEDICATED, false);
    struct cpu_result cpus[] = {{.name = "tester", .percent = 100}};
    for (uint64_t stolen_ms = 0; stolen_ms <= 10; stolen_ms += 10) {
        struct point point = {.duration_s = 1.0, .cpu = cpus, .cpu_count = 1, .valid = true};
        struct verdict verdict = {0};
        verdict_judge_quota(80 * MS, &point, &verdict);
        verdict_judge_steal(&plan, 0, stolen_ms * MS, &point, &verdict);
        assert_true(verdict.disturbed && !point.valid);
        assert_int_equal(verdict.disturbance_ns, (80 + stolen_ms) * MS);
        free(point.why_invalid);
    }
}

// A tester that used all of its CPU and fell short is at its limit, unless its CPU was taken away.
static void test_steal_of_the_tester(void **state)
{
    (void)state;
    const struct plan plan = plan_for(TOPOLOGY_DEDICATED, false);
    struct cpu_result cpus[] = {{.name = "tester", .percent = 100}};
    struct point point = {.duration_s = 1.0, .cpu = cpus, .cpu_count = 1};
    struct verdict verdict = {0};
    verdict_judge_steal(&plan, 0, 10 * MS, &point, &verdict);
    assert_false(verdict.disturbed);
    verdict_judge_steal(&plan, 10 * MS, 0, &point, &verdict);
    assert_true(verdict.disturbed);
    verdict = (struct verdict){0};
    cpus[0].percent = 80;
    verdict_judge_steal(&plan, 0, 0, &point, &verdict);
    assert_true(verdict.disturbed && verdict.disturbance_ns == 0);
}

static void softirqs_are(const struct plan *plan, const struct point *point, const char *wanted)
{
    char *words = verdict_softirqs(plan, point);
    if (wanted == NULL) {
        assert_null(words);
    } else {
        assert_non_null(words);
        assert_string_equal(words, wanted);
    }
    free(words);
}

// Softirqs are named where they cannot be the test traffic's own.
static void test_softirqs_of_others(void **state)
{
    (void)state;
    char tester[] = "tester", dut[] = "dut", shared[] = "shared", receiving[] = "NET_RX";
    struct processor_result cpus[] = {
        {.cpu = 0, .used_by = tester, .softirq_percent = 60, .softirqs_most_of = receiving},
        {.cpu = 1, .used_by = dut, .softirq_percent = 12, .softirqs_most_of = receiving},
        {.cpu = 2, .used_by = dut, .softirq_percent = 31, .softirqs_most_of = receiving},
    };
    const struct point point = {.processors = cpus, .processor_count = 3};
    struct plan_interface interfaces[] = {{.node = 0}, {.node = 1}};
    struct plan plan = plan_for(TOPOLOGY_DEDICATED, false);
    plan.port = PORT_VETH;
    plan.interfaces = interfaces;
    plan.interface_count = 2;
    softirqs_are(&plan, &point, ", and CPU 2 spent 31 % of the trial in softirqs (NET_RX)");
    interfaces[1].nic = "eth0";
    softirqs_are(&plan, &point, NULL);
    interfaces[1].nic = NULL;
    plan.port = PORT_TAP;
    softirqs_are(&plan, &point, NULL);
    plan.port = PORT_VETH;
    cpus[2].used_by = shared;
    cpus[1].softirq_percent = 5; // little
    softirqs_are(&plan, &point, NULL);
    cpus[1].softirq_percent = (double)NAN; // not measured
    softirqs_are(&plan, &point, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pacing),
        cmocka_unit_test(test_adapting_tester),
        cmocka_unit_test(test_undisturbed_counts_are_judged),
        cmocka_unit_test(test_drain_time_hides_no_other_program),
        cmocka_unit_test(test_no_foreign_time_on_quiet_machine),
        cmocka_unit_test(test_foreign_time_on_the_testers_cpu),
        cmocka_unit_test(test_foreign_time_on_shared_cpus),
        cmocka_unit_test(test_losses_stand_if_no_packet_was_late),
        cmocka_unit_test(test_caps_that_move_are_not_judged),
        cmocka_unit_test(test_steal_keeps_what_a_quota_did),
        cmocka_unit_test(test_steal_of_the_tester),
        cmocka_unit_test(test_softirqs_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
