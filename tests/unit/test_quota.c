// SPDX-License-Identifier: GPL-3.0-or-later
// tests of model/quota: what a party with a quota serves is what a simulated one serves, packet by
// packet. Nothing is random.
//
// Runs beside others: it computes only.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/quota.h"

#define PERIODS 400U

struct machine {
    double rate, cost, wakeup; // packets/s, seconds
    struct quota quota;
};

// A thread that works until its runtime is used up, and then waits for the next period.
struct worker {
    double now, left; // seconds; runtime left in the period
    unsigned period;  // the present one
    double queue;     // packets
    double arrived, lost;
    double worked; // seconds
};

static void let_arrive(const struct machine *machine, struct worker *worker)
{
    while ((worker->arrived + 0.5) / machine->rate <= worker->now) {
        worker->arrived += 1.0;
        if (worker->queue < machine->quota.queue) {
            worker->queue += 1.0;
        } else {
            worker->lost += 1.0;
        }
    }
}

static void begin_period(const struct machine *machine, struct worker *worker)
{
    worker->period++;
    worker->now = fmax(worker->now, worker->period * machine->quota.period);
    worker->left = machine->quota.runtime;
}

// Uses CPU time, in as many periods as that takes.
static void work(const struct machine *machine, struct worker *worker, double seconds)
{
    while (seconds > 0.0) {
        double end = (worker->period + 1) * machine->quota.period;
        double part = fmin(seconds, fmin(worker->left, end - worker->now));
        worker->now += part;
        worker->left -= part;
        worker->worked += part;
        seconds -= part;
        if (worker->left < 1e-12 || worker->now >= end - 1e-12) {
            begin_period(machine, worker);
        }
        let_arrive(machine, worker);
    }
}

// Packets/s served in the second half of the time, and the part of the CPU used in all of it.
static double simulate(const struct machine *machine, double *ret_used)
{
    struct worker worker = {.left = machine->quota.runtime};
    double served = 0.0;
    double from = PERIODS / 2 * machine->quota.period;
    double first = 0.0;
    while (worker.period < PERIODS) {
        if (worker.queue < 1.0) {
            double next = (worker.arrived + 0.5) / machine->rate;
            while ((worker.period + 1) * machine->quota.period <= next) {
                begin_period(machine, &worker);
            }
            worker.now = fmax(worker.now, next);
            let_arrive(machine, &worker);
            work(machine, &worker, machine->wakeup);
        }
        work(machine, &worker, machine->cost);
        worker.queue -= 1.0;
        served += worker.now >= from ? 1.0 : 0.0;
        first = first == 0.0 && worker.now >= from ? worker.now : first;
    }
    *ret_used = worker.worked / worker.now;
    return served / (worker.now - first);
}

static void serves_as_simulated(void **state)
{
    (void)state;
    static const double rates[] = {900, 3100, 7300, 11900, 17300, 23900, 31000, 47000, 73000};
    static const double caps[] = {0.1, 0.3, 0.5, 0.8};
    static const double queues[] = {30, 200, 1000};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        for (size_t c = 0; c < sizeof caps / sizeof caps[0]; c++) {
            for (size_t q = 0; q < sizeof queues / sizeof queues[0]; q++) {
                struct machine machine = {
                    .rate = rates[r],
                    .cost = 20e-6,
                    .wakeup = 30e-6,
                    .quota = {.period = 0.01, .runtime = caps[c] * 0.01, .queue = queues[q]}};
                struct machine free = machine;
                free.quota.runtime = free.quota.period;
                double used = 0.0;
                (void)simulate(&free, &machine.quota.need);
                struct quota_stream stream = {rates[r], machine.cost, 0.0};
                quota_serve(&machine.quota, &stream, 1);
                double seen = simulate(&machine, &used);
                assert_true(used <= caps[c] * 1.01);
                if (fabs(stream.served - seen) > 0.03 * seen + 20.0) {
                    fail_msg("%g packets/s, cap %g, queue of %g: %g served, %g simulated", rates[r],
                             caps[c], queues[q], stream.served, seen);
                }
            }
        }
    }
}

// Streams share the runtime: each serves the same part of its packets if no queue is full.
static void streams_share_the_quota(void **state)
{
    (void)state;
    const struct quota quota = {.period = 0.01, .runtime = 0.003, .queue = 1000, .need = 1.0};
    struct quota_stream streams[] = {{10000, 20e-6, 0.0}, {30000, 20e-6, 0.0}};
    quota_serve(&quota, streams, 2);
    assert_true(fabs(streams[0].served - 3750) < 1.0);
    assert_true(fabs(streams[1].served - 11250) < 1.0);
    const struct quota ample = {.period = 0.01, .runtime = 0.009, .queue = 1, .need = 0.85};
    quota_serve(&ample, streams, 2);
    assert_true(fabs(streams[1].served - 30000) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_as_simulated),
        cmocka_unit_test(streams_share_the_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
