// SPDX-License-Identifier: GPL-3.0-or-later
// tests of study/claims — every rule on points made up so that it must come out each way.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "study/claims.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define RUNS_MAX 16
#define TRIALS   4
#define MIB      1048576.0

static struct study_run runs[RUNS_MAX];
static struct study_results results;

static int set_up(void **state)
{
    (void)state;
    results = (struct study_results){.runs = runs, .memory_bytes = 4ULL << 30, .dut_cpus = 1};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < results.run_count; i++) {
        point_list_clear(&runs[i].points);
        runs[i] = (struct study_run){.name = NULL};
    }
    results.run_count = 0;
    return 0;
}

static struct study_run *run_named(const char *name)
{
    for (size_t i = 0; i < results.run_count; i++) {
        if (strcmp(runs[i].name, name) == 0) {
            return &runs[i];
        }
    }
    assert_true(results.run_count < RUNS_MAX);
    runs[results.run_count].name = name;
    return &runs[results.run_count++];
}

// One condition, measured TRIALS times. Figures vary by `noise`, the whole range, of themselves.
struct made {
    const char *run, *topology;
    unsigned length;
    double pps;
    unsigned networks; // 0 = 1
    double loss[2];    // of the networks
    double host, router[4];
    double memory; // bytes of each router, 0 = not measured
    double noise;
    const char *why_invalid;
    unsigned trials; // 0 = TRIALS
};

static void put(struct made made)
{
    struct study_run *run = run_named(made.run);
    unsigned networks = made.networks == 0 ? 1 : made.networks;
    unsigned trials = made.trials == 0 ? TRIALS : made.trials;
    bool direct = strcmp(made.topology, "direct") == 0;
    for (unsigned trial = 0; trial < trials; trial++) {
        double by = 1.0 + made.noise * ((double)trial / (trials > 1 ? trials - 1 : 1) - 0.5);
        struct point point = {.topology = text_copy(made.topology),
                              .length = made.length,
                              .repeat = trial,
                              .requested_pps = made.pps,
                              .valid = true};
        point.networks = memory_new_array(struct network_result, networks);
        point.cpu = memory_new_array(struct cpu_result, networks + 2);
        point.memory = memory_new_array(struct memory_result, networks + 1);
        for (unsigned i = 0; i < networks; i++) {
            uint64_t tx = 1000000;
            double loss = made.loss[i % 2] * by;
            point.networks[point.network_count++] =
                (struct network_result){.name = text_format("NET%u", i),
                                        .tx = tx,
                                        .rx = tx - (uint64_t)((double)tx * loss),
                                        .lost = (uint64_t)((double)tx * loss),
                                        .offered_pps = made.pps,
                                        .forwarded_pps = made.pps * (1.0 - loss)};
            if (!direct) {
                double percent = made.router[i % 4] * by;
                point.cpu[point.cpu_count++] =
                    (struct cpu_result){.name = text_format("r%ut3", i + 1), .percent = percent};
                point.cpu_total_percent += percent;
            }
            if (made.memory > 0) {
                point.memory[point.memory_count++] = (struct memory_result){
                    .name = text_format("r%ut3", i + 1), .bytes = (uint64_t)made.memory};
            }
        }
        if (!direct) {
            point.cpu[point.cpu_count++] =
                (struct cpu_result){.name = text_copy("host"), .percent = made.host * by};
            point.cpu_total_percent += made.host * by;
        }
        point.cpu[point.cpu_count++] =
            (struct cpu_result){.name = text_copy("tester"), .percent = 40};
        if (made.why_invalid != NULL) {
            point_invalidate(&point, "%s", made.why_invalid);
        }
        point_list_add(&run->points, &point);
    }
}

static void expect(unsigned number, enum claim_verdict verdict, const char *why)
{
    const struct claim *claim = &claims[number - 1];
    assert_int_equal(claim->number, number);
    struct claim_result result;
    claim_judge(claim, &results, &result);
    assert_non_null(result.why);
    assert_non_null(result.measured);
    assert_non_null(result.meaning);
    if (result.verdict != verdict || strstr(result.why, why) == NULL) {
        fail_msg("claim %u: %s, not %s: %s Measured: %s", number,
                 claim_verdict_name(result.verdict), claim_verdict_name(verdict), result.why,
                 result.measured);
    }
    claim_result_clear(&result);
}

static void again(void)
{
    void *nothing = NULL;
    (void)tear_down(&nothing);
}

// ---- the samples

static void test_sample(void **state)
{
    (void)state;
    static const double percents[] = {10, 30, 20, 50, 40};
    for (size_t i = 0; i < 5; i++) {
        put((struct made){"a", "bridged", 64, 1000, .host = percents[i], .trials = 1});
    }
    put((struct made){"a", "bridged", 64, 1000, .host = 999, .why_invalid = "robbed", .trials = 1});
    put((struct made){"a", "bridged", 64, 1000, .host = 999,
                      .why_invalid = POINT_TESTER_LIMIT ": it offered 3", .trials = 1});
    put((struct made){"a", "bridged", 64, 1000, .host = 999,
                      .why_invalid = POINT_TESTER_LIMIT ": it offered 3; robbed", .trials = 1});
    put((struct made){"a", "bridged", 64, 1002, .host = 999, .trials = 1});
    put((struct made){"a", "bridged", 65, 1000, .host = 999, .trials = 1});
    put((struct made){"a", "dedicated", 64, 1000, .host = 999, .trials = 1});
    put((struct made){"b", "bridged", 64, 1000, .host = 999, .trials = 1});
    struct condition condition = {"a", "bridged", 64, 1000.2};
    struct sample sample = sample_of(&results, &condition, figure_percent, "host");
    assert_int_equal(sample.valid, 5);
    assert_int_equal(sample.invalid, 3);
    assert_int_equal(sample.tester_limited, 1);
    assert_true(fabs(sample.median - 30) < 1e-9);
    struct span bounds = sample_bounds(&sample); // of five, 1 of 16 intervals misses the median
    assert_true(bounds.low == 10 && bounds.high == 50);
    assert_true(sample.smallest == 10 && sample.largest == 50);
    struct sample absent = sample_of(&results, &condition, figure_percent, "nobody");
    assert_int_equal(absent.valid, 0);
    assert_true(isnan(absent.median));
    double *pps = NULL;
    assert_int_equal(study_loads(&results, "a", "bridged", 64, &pps), 2);
    assert_true(pps[0] == 1000 && pps[1] == 1002);
    free(pps);
}

// ---- 1

static void put_host_cost(double bridged_host, double dedicated_host, const char *why_invalid)
{
    static const unsigned lengths[] = {64, 256, 1500};
    for (size_t i = 0; i < 3; i++) {
        double pps = 64000.0 / lengths[i];
        put((struct made){"same-bit-rate", "bridged", lengths[i], pps, .host = bridged_host,
                          .router = {20}, .noise = 0.02});
        put((struct made){"same-bit-rate", "dedicated", lengths[i], pps, .host = dedicated_host,
                          .router = {20}, .noise = 0.02,
                          .why_invalid = i == 2 ? why_invalid : NULL});
    }
}

static void test_host_cost(void **state)
{
    (void)state;
    expect(1, CLAIM_UNDECIDED, "same-bit-rate was not run");
    put_host_cost(40, 0, NULL);
    expect(1, CLAIM_CONFIRMED, "1500 B");
    again();
    put_host_cost(40, 35, NULL); // dedicated costs the host nearly as much
    expect(1, CLAIM_REFUTED, "leaves 86.3 to 88.7 % of its CPU");
    again();
    put_host_cost(1, 0, NULL); // bridging costs nothing much
    expect(1, CLAIM_REFUTED, "is 5 to 5 % bridged");
    again();
    put_host_cost(40, 10, NULL);
    expect(1, CLAIM_UNDECIDED, "neither much nor little");
    again();
    put_host_cost(40, 0, "the hypervisor took 20 % of CPU 1");
    expect(1, CLAIM_UNDECIDED, "Only 0 of 4 trials");
    again();
    run_named("same-bit-rate")->lacking = "there is no bridge";
    expect(1, CLAIM_UNDECIDED, "could not be run: there is no bridge");
}

// ---- 2

static void put_lengths(const char *topology, double at_64, double at_256, double at_1500,
                        double noise)
{
    put((struct made){"same-bit-rate", topology, 64, 1500, .router = {at_64}, .noise = noise});
    put((struct made){"same-bit-rate", topology, 256, 375, .router = {at_256}, .noise = noise});
    put((struct made){"same-bit-rate", topology, 1500, 64, .router = {at_1500}, .noise = noise});
}

static void test_length(void **state)
{
    (void)state;
    put_lengths("bridged", 40, 15, 5, 0.02);
    put_lengths("dedicated", 20, 8, 3, 0.02);
    expect(2, CLAIM_CONFIRMED, "dedicated");
    again();
    put_lengths("bridged", 40, 15, 5, 0.02);
    put_lengths("dedicated", 20, 8, 9, 0.02); // not monotone
    expect(2, CLAIM_REFUTED, "In dedicated, a shorter length takes less");
    again();
    put_lengths("bridged", 40, 15, 5, 0.02);
    put_lengths("dedicated", 10, 8, 6, 0.6);
    expect(2, CLAIM_UNDECIDED, "too few or too far apart");
    again();
    put_lengths("bridged", 40, 15, 5, 0.02);
    expect(2, CLAIM_UNDECIDED, "Only 0 of 0 trials of same-bit-rate (dedicated");
}

// ---- 3

static void put_crowds(double two, double four_host, double noise, double loss)
{
    static const char *const names[] = {"routers-1", "routers-2", "routers-4"};
    const double hosts[] = {10, 21, four_host};
    for (size_t i = 0; i < 3; i++) {
        unsigned networks = 1U << i;
        put((struct made){names[i], "bridged", 64, 50000, networks, .host = hosts[i],
                          .router = {5, 5, 5, 5}, .noise = noise, .loss = {loss, loss}});
        put((struct made){names[i], "dedicated", 64, 50000, networks,
                          .router = {i == 1 ? two / 2 : 10, two / 2, 10, 10}, .noise = noise});
    }
}

static void test_number(void **state)
{
    (void)state;
    put_crowds(20.5, 50, 0.02, 0); // 4^1.16
    expect(3, CLAIM_CONFIRMED, "grows faster than linearly");
    again();
    put_crowds(20.5, 34, 0.02, 0); // 4^0.88
    expect(3, CLAIM_REFUTED, "does not grow faster");
    again();
    put_crowds(13, 50, 0.02, 0);
    expect(3, CLAIM_REFUTED, "Dedicated, the ratio is not two");
    again();
    put_crowds(20.5, 44, 0.2, 0);
    expect(3, CLAIM_UNDECIDED, "the interval contains the border");
    again();
    put_crowds(20.5, 50, 0.02, 0.05);
    expect(3, CLAIM_UNDECIDED, "loses 5.0 %");
}

// ---- 4

static void put_load(double pps, double forwarded, double noise)
{
    put((struct made){"overload", "bridged", 64, pps, .loss = {1 - forwarded / pps}, .host = 60,
                      .router = {30}, .noise = noise});
}

static void test_overload(void **state)
{
    (void)state;
    put_load(100000, 100000, 0);
    put_load(150000, 120000, 0.02);
    put_load(200000, 80000, 0.02);
    expect(4, CLAIM_CONFIRMED, "above 5 %");
    put((struct made){"overload", "bridged", 64, 300000, .loss = {0.1},
                      .why_invalid = POINT_TESTER_LIMIT ": it offered 250000"});
    expect(4, CLAIM_CONFIRMED, "above 5 %"); // what is invalid does not count
    again();
    put_load(100000, 100000, 0);
    put_load(150000, 120000, 0.02);
    put_load(230000, 119500, 0.02);
    expect(4, CLAIM_REFUTED, "stays at its maximum");
    again();
    put_load(100000, 100000, 0);
    put_load(150000, 120000, 0.5);
    put_load(240000, 110000, 0.5);
    expect(4, CLAIM_UNDECIDED, "contains 5 %");
    again();
    put_load(100000, 100000, 0);
    put_load(150000, 149000, 0);
    put((struct made){"overload", "bridged", 64, 300000, .loss = {0.5},
                      .why_invalid = POINT_TESTER_LIMIT ": it offered 250000"});
    expect(4, CLAIM_UNDECIDED, "as the tester was the limit");
    again();
    put_load(100000, 100000, 0);
    put_load(110000, 99800, 0.001); // lossy, but nothing was tried far beyond
    expect(4, CLAIM_UNDECIDED, "1.3 times the load of the maximum");
    again();
    put_load(100000, 100000, 0);
    put_load(110000, 108000, 0.02);
    put_load(200000, 85000, 0.3); // each of them is too rough by itself
    put_load(220000, 90000, 0.3);
    put_load(240000, 80000, 0.3);
    expect(4, CLAIM_CONFIRMED, "above 5 %");
}

// ---- 5

// The cap is 20 %; the loads need 12 % and 36 % of it.
static void put_cap(const char *run, const char *control, const char *topology, unsigned networks,
                    bool host, double loss, double loss_of_other)
{
    for (size_t i = 0; i < 2; i++) {
        double pps = i == 0 ? 10000 : 30000;
        double need = i == 0 ? 12 : 36;
        struct made made = {control, topology, 256, pps, networks, .noise = 0.02};
        made.host = host ? need : 0;
        made.router[0] = made.router[1] = host ? 5 : need;
        put(made);
        made.run = run;
        made.loss[0] = i == 0 ? 0 : loss;
        made.loss[1] = i == 0 ? 0 : loss_of_other;
        put(made);
    }
    run_named(run)->cap = 20;
}

static void put_caps(double host_loss, double second_loss, double spared_loss)
{
    put_cap("host-capped", "bridged-control", "bridged", 1, true, host_loss, 0);
    put_cap("router-capped", "dedicated-control", "dedicated", 1, false, 0.4, 0);
    put_cap("host-capped-2", "two-bridged-control", "bridged", 2, true, 0.4, second_loss);
    put_cap("router-capped-2", "two-dedicated-control", "dedicated", 2, false, 0.4, spared_loss);
}

static void test_caps(void **state)
{
    (void)state;
    put_caps(0.4, 0.4, 0);
    expect(5, CLAIM_CONFIRMED, "With one router of two capped, packets are lost where");
    again();
    put_caps(0, 0.4, 0);
    expect(5, CLAIM_REFUTED, "With the host capped, packets are not lost");
    again();
    put_caps(0.4, 0, 0);
    expect(5, CLAIM_REFUTED, "With the host of two networks capped");
    again();
    put_caps(0.4, 0.4, 0.3);
    expect(5, CLAIM_REFUTED, "With one router of two capped, packets are not lost where");
    again();
    put_caps(0.035, 0.4, 0);
    expect(5, CLAIM_CONFIRMED, "");
    again();
    put_caps(0.0301, 0.4, 0); // between repeats of 0.0298 and 0.0304
    expect(5, CLAIM_UNDECIDED, "contains its border");
    again();
    put_caps(0.025, 0.4, 0);
    expect(5, CLAIM_REFUTED, "With the host capped");
    again();
    put_caps(0.4, 0.4, 0);
    run_named("host-capped")->cap = 60; // more than it needs
    expect(5, CLAIM_UNDECIDED, "requires more than the cap");
    again();
    put_caps(0.4, 0.4, 0);
    struct study_run *capped = run_named("host-capped-2");
    point_list_clear(&capped->points);
    capped->lacking = "caps are refused";
    expect(5, CLAIM_UNDECIDED, "host-capped-2 could not be run: caps are refused");
}

// ---- 6

static void put_priorities(double busy, double router_first, double loss, double r2, double r2_loss)
{
    put((struct made){"priority-control", "bridged", 256, 60000, .host = busy * 0.6,
                      .router = {busy * 0.4}, .loss = {0.1}, .noise = 0.02});
    put((struct made){"host-priority", "bridged", 256, 60000, .host = busy * 0.7,
                      .router = {busy * 0.3}, .loss = {0.3}, .noise = 0.02});
    put((struct made){"router-priority", "bridged", 256, 60000, .host = busy * (1 - router_first),
                      .router = {busy * router_first}, .loss = {loss}, .noise = 0.02});
    put((struct made){"two-bridged-control", "bridged", 256, 40000, 2, .host = busy * 0.6,
                      .router = {busy * 0.2, busy * 0.2}, .loss = {0.3, 0.3}, .noise = 0.02});
    put((struct made){"r2t3-priority", "bridged", 256, 40000, 2, .host = busy * 0.6,
                      .router = {busy * 0.4 * (1 - r2), busy * 0.4 * r2}, .loss = {0.4, r2_loss},
                      .noise = 0.02});
}

static void test_priority(void **state)
{
    (void)state;
    put_priorities(95, 0.45, 0.05, 0.7, 0.05);
    expect(6, CLAIM_CONFIRMED, "r2t3 first instead of as r1t3: CPU moves, and throughput with it");
    again();
    put_priorities(95, 0.45, 0.3, 0.7, 0.05);
    expect(6, CLAIM_REFUTED, "throughput does not follow");
    again();
    put_priorities(95, 0.45, 0.05, 0.5, 0.3);
    expect(6, CLAIM_REFUTED, "r2t3 first instead of as r1t3: CPU does not move");
    again();
    put_priorities(60, 0.45, 0.05, 0.7, 0.05);
    expect(6, CLAIM_UNDECIDED, "weights only act under contention");
}

// ---- 7

static void put_bounds(double bridged, double direct_offered, const char *limit)
{
    put((struct made){"tester-limit", "direct", 64, 100000, .networks = 1});
    put((struct made){"tester-limit", "direct", 64, direct_offered, .loss = {0.05},
                      .why_invalid = limit});
    put((struct made){"tester-limit", "bridged", 64, 140000, .loss = {1 - bridged / 140000}});
    put((struct made){"tester-limit", "dedicated", 64, 100000, .loss = {0.01}});
}

static void test_tester(void **state)
{
    (void)state;
    put_bounds(80000, 120000, POINT_TESTER_LIMIT ": it offered NET0 110000");
    expect(7, CLAIM_CONFIRMED, "At 64 B dedicated stays within");
    again();
    put_bounds(130000, 120000, POINT_TESTER_LIMIT ": it offered NET0 120000");
    expect(7, CLAIM_REFUTED, "bridged forwards more than direct even offered");
    again();
    put_bounds(110000, 120000, POINT_TESTER_LIMIT ": it offered NET0 120000");
    expect(7, CLAIM_UNDECIDED, "but not more than it offered");
    again();
    put_bounds(80000, 120000, "the hypervisor took 50 % of CPU 0");
    expect(7, CLAIM_UNDECIDED, "did not clearly reach its limit");
}

// ---- 8

static void put_memory(const char *topology, const double each[5])
{
    static const char *const names[] = {"memory-1", "memory-2", "memory-4", "memory-8",
                                        "memory-16"};
    for (size_t i = 0; i < 5; i++) {
        put((struct made){names[i], topology, 64, 1000, 1U << i, .router = {1, 1, 1, 1},
                          .memory = each[i]});
    }
}

static void test_memory(void **state)
{
    (void)state;
    static const double even[] = {1.1 * MIB, 1.0 * MIB, 1.02 * MIB, 1.0 * MIB, 1.0 * MIB};
    static const double growing[] = {1 * MIB, 4 * MIB, 16 * MIB, 100 * MIB, 300 * MIB};
    static const double jumping[] = {1 * MIB, 40 * MIB, 1 * MIB, 20 * MIB, 4 * MIB};
    static const double rough[] = {3 * MIB, 1 * MIB, 2 * MIB, 1 * MIB, 1.2 * MIB};
    static const double huge[] = {100 * MIB, 100 * MIB, 100 * MIB, 100 * MIB, 100 * MIB};
    static const double absent[] = {0, 1 * MIB, 1 * MIB, 1 * MIB, 1 * MIB};
    put_memory("bridged", even);
    put_memory("dedicated", even);
    expect(8, CLAIM_CONFIRMED, "In dedicated, growth is linear");
    results.memory_bytes = 0;
    expect(8, CLAIM_UNDECIDED, "machine's memory is unknown");
    results.memory_bytes = 4ULL << 30;
    again();
    put_memory("bridged", even);
    put_memory("dedicated", huge); // 16 of them: 1.6 of 4 GiB
    expect(8, CLAIM_REFUTED, "16 routers take 39 %");
    again();
    put_memory("bridged", even);
    put_memory("dedicated", jumping);
    expect(8, CLAIM_REFUTED, "growth is not linear");
    again();
    put_memory("bridged", even);
    put_memory("dedicated", rough);
    expect(8, CLAIM_UNDECIDED, "too uncertain");
    again();
    put_memory("bridged", even);
    put_memory("dedicated", absent);
    expect(8, CLAIM_UNDECIDED, "did not grow");
    again();
    put_memory("bridged", growing);
    put_memory("dedicated", growing);
    expect(8, CLAIM_REFUTED, "of the machine's memory");
}

// Under emulation a verdict that it alone could have brought about is not believed; others are.
static void test_emulated(void **state)
{
    (void)state;
    static const double even[] = {1.1 * MIB, 1.0 * MIB, 1.02 * MIB, 1.0 * MIB, 1.0 * MIB};
    results.emulated = true;
    put_host_cost(40, 0, NULL);
    expect(1, CLAIM_CONFIRMED, "1500 B");
    again();
    put_host_cost(1, 0, NULL);
    expect(1, CLAIM_UNDECIDED, "The rule gives refuted, but emulation may be the cause: ");
    results.emulated = false;
    expect(1, CLAIM_REFUTED, "is 5 to 5 % bridged");
    results.emulated = true;
    again();
    put_lengths("bridged", 40, 20, 10, 0.01);
    put_lengths("dedicated", 40, 20, 10, 0.01);
    expect(2, CLAIM_UNDECIDED, "The rule gives confirmed, but emulation may be the cause: ");
    again();
    put_caps(0, 0.4, 0);
    expect(5, CLAIM_UNDECIDED, "The rule gives refuted, but emulation may be the cause: ");
    again();
    put_memory("bridged", even);
    put_memory("dedicated", even);
    expect(8, CLAIM_CONFIRMED, "In dedicated, growth is linear");
    again();
    expect(1, CLAIM_UNDECIDED, "was not run");
}

// ---- the table

static void test_nothing_measured(void **state)
{
    (void)state;
    for (unsigned number = 1; number <= CLAIM_COUNT; number++) {
        expect(number, CLAIM_UNDECIDED, "was not run");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sample, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_host_cost, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_number, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_overload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_caps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_priority, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_tester, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_memory, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_emulated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_nothing_measured, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
