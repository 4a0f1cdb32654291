// SPDX-License-Identifier: GPL-3.0-or-later
// Unit tests of linux/share: a made-up kernel gives each thread its share, period by period, loads
// come and go, and the division must follow without ever giving more than there is.
#include "ration/share.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define STEP_S 0.005

// A thread's load (of one CPU), and what is left of its period.
struct worker {
    double load;
    double left_s;
    double total_s; // used so far
};

static double sum(const struct share *shares, size_t count)
{
    double whole = 0.0;
    for (size_t i = 0; i < count; i++) {
        whole += shares[i].share;
    }
    return whole;
}

// Continues for `seconds`; the kernel checks at every step and grants at every fourth.
static void go_on(struct share *shares, struct worker *workers, size_t count, double total,
                  double seconds)
{
    const int steps = (int)lround(seconds / STEP_S);
    for (int step = 0; step < steps; step++) {
        for (size_t i = 0; i < count; i++) {
            struct worker *worker = &workers[i];
            if (step % 4 == 0) {
                worker->left_s = fmin(worker->left_s, 0.0) + shares[i].share * SHARE_PERIOD_S;
            }
            double used = worker->left_s > 0.0 ? worker->load * STEP_S : 0.0;
            worker->left_s -= used;
            worker->total_s += used;
            shares[i].used_s = used;
            shares[i].waiting = worker->load > 0.0 && used <= 0.0;
        }
        share_divide(shares, count, total, STEP_S);
        assert_true(sum(shares, count) <= total + 1e-9);
        for (size_t i = 0; i < count; i++) {
            assert_true(shares[i].share > 0.0 && shares[i].share <= 1.0);
        }
    }
}

// What all used together of `seconds` that go on from here.
static double used_in(struct share *shares, struct worker *workers, size_t count, double total,
                      double seconds)
{
    double before = 0.0;
    double after = 0.0;
    for (size_t i = 0; i < count; i++) {
        before += workers[i].total_s;
    }
    go_on(shares, workers, count, total, seconds);
    for (size_t i = 0; i < count; i++) {
        after += workers[i].total_s;
    }
    return (after - before) / seconds;
}

static void test_begin(void **state)
{
    (void)state;
    struct share shares[4];
    assert_true(fabs(share_begin(shares, 4, 0.5) - 0.5) < 1e-9);
    assert_true(fabs(shares[3].share - 0.125) < 1e-9);
    assert_true(share_begin(shares, 2, 3.0) <= 2.0); // never more than a CPU each
    share_scale(shares, 2, 0.5);
    assert_true(fabs(sum(shares, 2) - 0.5) < 1e-9);
}

static void test_one_direction(void **state)
{
    (void)state;
    for (double total = 0.1; total < 0.85; total += 0.1) {
        struct share shares[2];
        struct worker workers[2] = {{.load = 1.0}, {.load = 0.0}};
        share_begin(shares, 2, total);
        go_on(shares, workers, 2, total, 0.5);
        assert_true(shares[0].share > 0.98 * total);
        assert_true(fabs(used_in(shares, workers, 2, total, 2.0) - total) < 0.01);
    }
}

static void test_both_directions(void **state)
{
    (void)state;
    for (double total = 0.1; total < 0.85; total += 0.1) {
        struct share shares[4];
        struct worker workers[4] = {{.load = 1.0}, {.load = 0.0}, {.load = 0.0}, {.load = 1.0}};
        share_begin(shares, 4, total);
        go_on(shares, workers, 4, total, 1.0);
        assert_true(fabs(shares[0].share - shares[3].share) < 0.1 * total);
        assert_true(fabs(used_in(shares, workers, 4, total, 2.0) - total) < 0.015);
    }
}

// One that needs less than its part leaves the rest to the other.
static void test_unequal(void **state)
{
    (void)state;
    struct share shares[2];
    struct worker workers[2] = {{.load = 1.0}, {.load = 0.1}};
    share_begin(shares, 2, 0.5);
    go_on(shares, workers, 2, 0.5, 1.0);
    assert_true(used_in(shares, workers, 2, 0.5, 2.0) > 0.48);
    double before = workers[1].total_s;
    go_on(shares, workers, 2, 0.5, 2.0);
    assert_true((workers[1].total_s - before) / 2.0 > 0.095);
}

static void test_turning(void **state)
{
    (void)state;
    struct share shares[2];
    struct worker workers[2] = {{.load = 1.0}, {.load = 0.0}};
    share_begin(shares, 2, 0.5);
    go_on(shares, workers, 2, 0.5, 1.0);
    for (int turn = 0; turn < 4; turn++) {
        workers[0].load = 1.0 - workers[0].load;
        workers[1].load = 1.0 - workers[1].load;
        size_t busy = workers[0].load > 0.5 ? 0 : 1;
        go_on(shares, workers, 2, 0.5, 0.5);
        assert_true(shares[busy].share > 0.9 * 0.5);
    }
}

// Nor does it take long: soon after a turn the party has most of what it may have.
static void test_turning_soon(void **state)
{
    (void)state;
    struct share shares[2];
    struct worker workers[2] = {{.load = 1.0}, {.load = 0.0}};
    share_begin(shares, 2, 0.4);
    go_on(shares, workers, 2, 0.4, 1.0);
    for (int turn = 0; turn < 6; turn++) {
        workers[0].load = 1.0 - workers[0].load;
        workers[1].load = 1.0 - workers[1].load;
        assert_true(used_in(shares, workers, 2, 0.4, 0.2) > 0.8 * 0.4);
        assert_true(shares[workers[0].load > 0.5 ? 0 : 1].share > 0.95 * 0.4);
    }
}

// What is missed while more is wanted is caught up on, within limits; what was not wanted is not.
static void test_catch_up(void **state)
{
    (void)state;
    double missed = 0.0;
    double total = 0.5;
    double used = 0.0;
    for (int step = 0; step < 400; step++) { // 1 % of what is given is never used
        double now = 0.99 * total * STEP_S;
        total = share_catch_up(&missed, true, 0.5, now, STEP_S);
        used += step < 200 ? 0.0 : now;
        assert_true(total <= 0.5 * (1.0 + SHARE_CATCH_UP) + 1e-9);
    }
    assert_true(fabs(used / (200 * STEP_S) - 0.5) < 0.005);
    for (int step = 0; step < 400; step++) {
        total = share_catch_up(&missed, false, 0.5, 0.0, STEP_S);
    }
    assert_true(total <= 0.5 + 1e-9 && missed <= 0.0);
    total = share_catch_up(&missed, true, 0.5, 0.02, STEP_S); // ahead: it saves
    assert_true(total < 0.5 && total >= 0.5 * (1.0 - SHARE_CATCH_UP) - 1e-9);
}

// A load that pauses finds the division as it left it.
static void test_pause(void **state)
{
    (void)state;
    struct share shares[2];
    struct worker workers[2] = {{.load = 1.0}, {.load = 0.0}};
    share_begin(shares, 2, 0.5);
    go_on(shares, workers, 2, 0.5, 1.0);
    double before = shares[0].share;
    workers[0].load = 0.0;
    go_on(shares, workers, 2, 0.5, 5.0);
    assert_true(fabs(shares[0].share - before) < 0.02);
}

// One that runs for a tick on a floor's share is given a real one at once.
static void test_urgent(void **state)
{
    (void)state;
    struct share shares[2] = {{.share = 0.4975}, {.share = 0.0025}};
    shares[0].used_s = 0.0025;
    shares[1].used_s = 0.004;
    share_divide(shares, 2, 0.5, STEP_S);
    assert_true(shares[1].share * SHARE_PERIOD_S > 0.004);
    assert_true(sum(shares, 2) <= 0.5 + 1e-9);
}

static void test_several_cpus(void **state)
{
    (void)state;
    struct share shares[3];
    struct worker workers[3] = {{.load = 1.0}, {.load = 1.0}, {.load = 0.0}};
    share_begin(shares, 3, 1.5);
    go_on(shares, workers, 3, 1.5, 1.0);
    assert_true(fabs(used_in(shares, workers, 3, 1.5, 2.0) - 1.5) < 0.02);
}

static void test_fill(void **state)
{
    (void)state;
    const double wants[3] = {0.1, 1.0, 1.0};
    const double weights[3] = {1.0, 1.0, 2.0};
    double got[3];
    share_fill(1.0, wants, weights, 3, got);
    assert_true(fabs(got[0] - 0.1) < 1e-9);
    assert_true(fabs(got[1] - 0.3) < 1e-9);
    assert_true(fabs(got[2] - 0.6) < 1e-9);
    share_fill(5.0, wants, weights, 3, got);
    assert_true(fabs(got[0] + got[1] + got[2] - 2.1) < 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_begin),    cmocka_unit_test(test_one_direction),
        cmocka_unit_test(test_unequal),  cmocka_unit_test(test_both_directions),
        cmocka_unit_test(test_turning),  cmocka_unit_test(test_pause),
        cmocka_unit_test(test_urgent),   cmocka_unit_test(test_several_cpus),
        cmocka_unit_test(test_fill),     cmocka_unit_test(test_turning_soon),
        cmocka_unit_test(test_catch_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
