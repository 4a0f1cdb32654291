// SPDX-License-Identifier: GPL-3.0-or-later
// tests of study/ — the intervals by which claims are judged, and the claims that compare SNMP with
// exact figures (test_claims.c has the others).
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "study/rules.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define TRIALS 4

// A border within the interval leaves a claim open; one at its end does not decide either.
static void test_decide(void **state)
{
    (void)state;
    assert_int_equal(decide_above((struct span){1.1, 1.2}, 1.0), CLAIM_CONFIRMED);
    assert_int_equal(decide_above((struct span){0.9, 1.2}, 1.0), CLAIM_UNDECIDED);
    assert_int_equal(decide_above((struct span){1.0, 1.2}, 1.0), CLAIM_UNDECIDED);
    assert_int_equal(decide_above((struct span){0.8, 1.0}, 1.0), CLAIM_UNDECIDED);
    assert_int_equal(decide_above((struct span){0.8, 0.9}, 1.0), CLAIM_REFUTED);
    assert_int_equal(decide_below((struct span){0.8, 0.9}, 1.0), CLAIM_CONFIRMED);
    assert_int_equal(decide_below((struct span){0.8, 1.1}, 1.0), CLAIM_UNDECIDED);
    assert_int_equal(decide_below((struct span){1.1, 1.2}, 1.0), CLAIM_REFUTED);
    assert_int_equal(decide_below((struct span){-(double)INFINITY, (double)INFINITY}, 0),
                     CLAIM_UNDECIDED);
}

static struct sample sample_made(const double *values, size_t count)
{
    struct sample sample = {.valid = count};
    for (size_t i = 0; i < count; i++) {
        sample.values[i] = values[i];
    }
    return sample;
}

// One wild repeat of six must not decide, and two trials must not either.
static void test_intervals(void **state)
{
    (void)state;
    const double low[] = {10.0, 10.1, 10.2, 10.3, 10.4, 30.0};
    const double high[] = {19.0, 20.1, 20.2, 20.3, 20.4, 21.0};
    struct sample a = sample_made(low, 6);
    struct sample b = sample_made(high, 6);
    struct span ratio = sample_ratio(&b, &a);
    assert_true(ratio.low > 1.8 && ratio.low < 2.0 && ratio.high > 2.0 && ratio.high < 2.1);
    struct span difference = sample_difference(&b, &a);
    assert_true(difference.low > 8.5 && difference.high < 10.5);
    struct span none = sample_difference(&a, &a);
    assert_true(none.low < 0 && none.high > 0);
    a = sample_made(low, 2);
    b = sample_made(high, 2);
    ratio = sample_ratio(&b, &a);
    difference = sample_difference(&b, &a);
    assert_true(ratio.low == 0 && isinf(ratio.high));
    assert_true(isinf(difference.low) && isinf(difference.high));
    const double nothing[] = {0, 0, 0, 0};
    a = sample_made(nothing, 4);
    b = sample_made(high, 6);
    ratio = sample_ratio(&a, &b); // 0 of something
    assert_true(ratio.low >= 0 && ratio.high < 1e-9);
    struct span bounds = sample_bounds(&a);
    assert_true(bounds.low == 0 && bounds.high == 0);
}

static uint64_t random_state;

static double draw_uniform(void)
{
    random_state = random_state * 6364136223846793005ULL + 1442695040888963407ULL;
    return ((double)(random_state >> 11) + 0.5) / 9007199254740992.0;
}

// A figure with noise of 3 %; one trial of ten is slower by up to a third.
static double draw_figure(double truth)
{
    double normal = sqrt(-2 * log(draw_uniform())) * cos(2 * M_PI * draw_uniform());
    double slower = draw_uniform() < 0.1 ? 1.0 + draw_uniform() / 3 : 1.0;
    return truth * exp(0.03 * normal) * slower;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static struct sample draw_sample(double truth, size_t trials)
{
    struct sample sample = {.valid = trials};
    for (size_t i = 0; i < trials; i++) {
        sample.values[i] = draw_figure(truth);
    }
    qsort(sample.values, trials, sizeof sample.values[0], by_value);
    return sample;
}

// A figure just at its border stays open in at least 90 % of all reproductions, however many trials
// they have; one that is 30 % away gets the same verdict in all but a few.
static void test_verdicts_repeat(void **state)
{
    (void)state;
    static const size_t trials[] = {3, 4, 5, 11, 17};
    const unsigned reproductions = 1000;
    random_state = 1;
    for (size_t t = 0; t < sizeof trials / sizeof trials[0]; t++) {
        unsigned at[3] = {0};
        unsigned beyond[3] = {0};
        for (unsigned i = 0; i < reproductions; i++) {
            struct sample a = draw_sample(1.1, trials[t]);
            struct sample b = draw_sample(1.0, trials[t]);
            struct sample c = draw_sample(1.1 * 1.3, trials[t]);
            at[decide_above(sample_ratio(&a, &b), 1.1)]++;
            beyond[decide_above(sample_ratio(&c, &b), 1.1)]++;
        }
        // 5 % each in the long run, with an allowance of four standard deviations
        assert_true(at[CLAIM_CONFIRMED] < 80 && at[CLAIM_REFUTED] < 80);
        assert_true(beyond[CLAIM_REFUTED] == 0);
        assert_true(trials[t] < 5 || beyond[CLAIM_UNDECIDED] < 50);
    }
}

// The counts of a trial's undisturbed part are those that are compared.
static void test_undisturbed(void **state)
{
    (void)state;
    struct network_result network = {.name = "NET0",
                                     .tx = 1000,
                                     .rx = 900,
                                     .lost = 100,
                                     .offered_pps = 5000,
                                     .forwarded_pps = 4500};
    struct point point = {.networks = &network, .network_count = 1};
    assert_true(fabs(figure_loss(&point, NULL) - 0.1) < 1e-9);
    assert_true(fabs(figure_forwarded(&point, "NET0") - 4500) < 1e-9);
    network.undisturbed = (struct undisturbed_result){true, 800, 796, 4};
    assert_true(fabs(figure_loss(&point, NULL) - 0.005) < 1e-9);
    assert_true(fabs(figure_forwarded(&point, NULL) - 5000 * 0.995) < 1e-9);
}

// ---- claims 9 and 10

static struct study_run run = {.name = "monitoring"};
static const struct study_results results = {.runs = &run, .run_count = 1, .dut_cpus = 1};

static int tear_down(void **state)
{
    (void)state;
    point_list_clear(&run.points);
    run.lacking = NULL;
    return 0;
}

// What monitoring says in the trials of one load, where host and router use `dut` % of their CPU
// and all parties `all` %.
struct made {
    double pps, dut, all;
    double load, raw, text_off; // said; NaN = no value
    double answer_s;
    const char *why_invalid;
};

static void put(struct made made)
{
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        double by = 1.0 + 0.01 * trial;
        struct point point = {.topology = text_copy("bridged"),
                              .length = 64,
                              .repeat = trial,
                              .requested_pps = made.pps,
                              .cpu_total_percent = made.dut * by,
                              .valid = true,
                              .monitoring = {.measured = true,
                                             .load_percent = made.load * by,
                                             .raw_percent = made.raw * by,
                                             .text_percent = made.dut,
                                             .text_off = made.text_off * by,
                                             .dut_percent = made.dut * by,
                                             .all_percent = made.all * by,
                                             .answer_s = made.answer_s * by,
                                             .late_s = 0.1}};
        if (made.why_invalid != NULL) {
            point_invalidate(&point, "%s", made.why_invalid);
        }
        point_list_add(&run.points, &point);
    }
}

static const struct made calm = {
    .pps = 1000, .dut = 50, .all = 90, .load = 20, .raw = 130, .text_off = 0.5, .answer_s = 0.0004};
static const struct made full = {
    .pps = 3000, .dut = 99, .all = 190, .load = 40, .raw = 200, .text_off = 9, .answer_s = 0.004};

static void expect(unsigned number, enum claim_verdict verdict, const char *why, const char *here)
{
    struct claim_result result;
    claim_judge(&claims[number - 1], &results, &result);
    if (result.verdict != verdict || strstr(result.why, why) == NULL ||
        strstr(result.here, here) == NULL) {
        fail_msg("claim %u: %s, not %s: %s Measured: %s Here: %s", number,
                 claim_verdict_name(result.verdict), claim_verdict_name(verdict), result.why,
                 result.measured, result.here);
    }
    claim_result_clear(&result);
}

static void test_variables(void **state)
{
    struct made made = calm;
    expect(9, CLAIM_UNDECIDED, "monitoring was not run", "not measured here");
    run.lacking = "snmpd is not installed: apt-get install snmpd";
    expect(9, CLAIM_UNDECIDED, "apt-get install snmpd", "not measured here");
    (void)tear_down(state);
    put(made);
    expect(9, CLAIM_UNDECIDED, "Only 1 of 2 loads", "not measured here");
    put(full);
    expect(9, CLAIM_CONFIRMED, "xen-stats is accurate", "off by 30 and 41 points, xen-stats 0.5");
    (void)tear_down(state);
    made.raw = 91; // one ordinary variable that is right refutes it
    put(made);
    put(full);
    expect(9, CLAIM_REFUTED, "ssCpuRaw is accurate", "off by 30 and 1 points");
    (void)tear_down(state);
    made = calm;
    made.text_off = 7;
    put(made);
    put(full);
    expect(9, CLAIM_REFUTED, "xen-stats is not accurate", "xen-stats 7");
    (void)tear_down(state);
    made = calm;
    made.load = 45; // 5.0 to 5.15 points below
    put(made);
    put(full);
    expect(9, CLAIM_UNDECIDED, "hrProcessorLoad is off by about the border", "");
    (void)tear_down(state);
    made.load = (double)NAN; // the agent is younger than a minute
    put(made);
    put(full);
    expect(9, CLAIM_UNDECIDED, "hrProcessorLoad had no value", "off by ? and 41 points");
    (void)tear_down(state);
    made = calm;
    made.why_invalid = "the machine stalled";
    put(made);
    put(full);
    expect(9, CLAIM_UNDECIDED, "hrProcessorLoad had no value in a valid trial", "not measured");
}

static void test_starvation(void **state)
{
    struct made made = full;
    put(calm);
    put(made);
    expect(10, CLAIM_CONFIRMED, "slows down its answers. Its figures are wrong.",
           "answers 10.0 times as slow, off by 9.1 points");
    (void)tear_down(state);
    made.text_off = 1;
    put(calm);
    put(made);
    expect(10, CLAIM_REFUTED, "Its figures stay right", "off by 1.0 points");
    (void)tear_down(state);
    made = full;
    made.answer_s = 0.0005;
    put(calm);
    put(made);
    expect(10, CLAIM_REFUTED, "does not slow down", "1.2 times");
    (void)tear_down(state);
    made = full;
    made.answer_s = 0.0008; // 1.94 to 2.06 times as long
    put(calm);
    put(made);
    expect(10, CLAIM_UNDECIDED, "may slow down", "2.0 times");
    (void)tear_down(state);
    made = full;
    made.dut = 60;
    put(calm);
    put(made);
    expect(10, CLAIM_UNDECIDED, "they are not saturated", "");
    (void)tear_down(state);
    made = full;
    made.answer_s = 5; // no answer at all
    made.text_off = (double)NAN;
    put(calm);
    put(made);
    expect(10, CLAIM_CONFIRMED, "Only 0 of 4 readings", "few figures");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decide),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_verdicts_repeat),
        cmocka_unit_test(test_undisturbed),
        cmocka_unit_test_teardown(test_variables, tear_down),
        cmocka_unit_test_teardown(test_starvation, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
