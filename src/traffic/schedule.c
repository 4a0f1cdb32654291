// SPDX-License-Identifier: GPL-3.0-or-later
// traffic/schedule — see schedule.h.
#include "traffic/schedule.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

#define ROUNDING     1e-15 // relative error of an integral, and its least absolute error, packets
#define ROUNDING_MIN 1e-9

static double seconds_of(uint64_t ns)
{
    return (double)ns / (double)NS_PER_S;
}

void schedule_make(const struct schedule_point *points, size_t count, struct schedule *ret)
{
    struct schedule_knot *knots = memory_new_array(struct schedule_knot, count);
    double packets = 0.0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            packets += seconds_of(points[i].at_ns - points[i - 1].at_ns) *
                       (points[i].pps + points[i - 1].pps) / 2.0;
        }
        knots[i] = (struct schedule_knot){points[i].at_ns, points[i].pps, packets};
    }
    *ret = (struct schedule){.knots = knots, .count = count, .total = (uint64_t)(packets + 0.5)};
    ret->total = ret->total == 0 ? 1 : ret->total;
}

void schedule_make_constant(double pps, uint64_t duration_ns, struct schedule *ret)
{
    const struct schedule_point points[] = {{0, pps}, {duration_ns, pps}};
    schedule_make(points, 2, ret);
}

void schedule_clear(struct schedule *schedule)
{
    free(schedule->knots);
    *schedule = (struct schedule){.knots = NULL};
}

uint64_t schedule_end_ns(const struct schedule *schedule)
{
    return schedule->knots[schedule->count - 1].at_ns;
}

double schedule_mean_pps(const struct schedule *schedule)
{
    return schedule->knots[schedule->count - 1].packets / seconds_of(schedule_end_ns(schedule));
}

// The last knot at or before a time.
static size_t find_knot(const struct schedule *schedule, uint64_t ns)
{
    size_t low = 0;
    size_t high = schedule->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(schedule->knots[middle].at_ns <= ns ? &low : &high) = middle;
    }
    return low;
}

double schedule_pps(const struct schedule *schedule, uint64_t ns)
{
    size_t at = find_knot(schedule, ns);
    const struct schedule_knot *knot = &schedule->knots[at];
    if (at + 1 == schedule->count) {
        return 0.0;
    }
    double part = (double)(ns - knot->at_ns) / (double)(knot[1].at_ns - knot->at_ns);
    return knot->pps + part * (knot[1].pps - knot->pps);
}

// The integral of the rate up to a time. It is computed from the end of a piece at which the rate
// is lower, so that its rounded value never decreases with time.
static double packets_by(const struct schedule *schedule, uint64_t ns)
{
    size_t at = find_knot(schedule, ns);
    const struct schedule_knot *knot = &schedule->knots[at];
    if (at + 1 == schedule->count || ns == knot->at_ns) {
        return knot->packets;
    }
    double length = seconds_of(knot[1].at_ns - knot->at_ns);
    double slope = fabs(knot[1].pps - knot->pps) / length;
    if (knot[1].pps >= knot->pps) {
        double since = seconds_of(ns - knot->at_ns);
        return fmin(knot->packets + (knot->pps + slope * since / 2.0) * since, knot[1].packets);
    }
    double left = seconds_of(knot[1].at_ns - ns);
    return fmax(knot[1].packets - (knot[1].pps + slope * left / 2.0) * left, knot->packets);
}

uint64_t schedule_due_before(const struct schedule *schedule, uint64_t ns)
{
    if (ns >= schedule_end_ns(schedule)) {
        return schedule->total;
    }
    // A whole number of packets must not become one more by rounding.
    double packets = packets_by(schedule, ns);
    double due = ceil(packets - ROUNDING * packets - ROUNDING_MIN);
    return due < (double)schedule->total ? (uint64_t)fmax(due, 0.0) : schedule->total;
}

// A due time up to rounding.
static uint64_t guess_due(const struct schedule *schedule, double number)
{
    size_t low = 0;
    size_t high = schedule->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(schedule->knots[middle].packets <= number ? &low : &high) = middle;
    }
    const struct schedule_knot *knot = &schedule->knots[low];
    if (low + 1 == schedule->count) {
        return knot->at_ns;
    }
    double slope = (knot[1].pps - knot->pps) / seconds_of(knot[1].at_ns - knot->at_ns);
    double wanted = number - knot->packets;
    double root = sqrt(fmax(knot->pps * knot->pps + 2.0 * slope * wanted, 0.0));
    double since = wanted > 0.0 ? 2.0 * wanted / (knot->pps + root) : 0.0;
    uint64_t longest = knot[1].at_ns - knot->at_ns;
    double ns = since * (double)NS_PER_S;
    return knot->at_ns + (ns < (double)longest ? (uint64_t)ns : longest);
}

uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t number)
{
    const uint64_t end = schedule_end_ns(schedule);
    if (number >= schedule->total) {
        return end;
    }
    // No more than `number` packets are due before `low`; more are due before `high`.
    uint64_t low = guess_due(schedule, (double)number);
    uint64_t high = low;
    for (uint64_t step = 1; schedule_due_before(schedule, low) > number; step *= 2) {
        high = low;
        low = low > step ? low - step : 0;
    }
    for (uint64_t step = 1; schedule_due_before(schedule, high) <= number; step *= 2) {
        low = high;
        if (high >= end) {
            return end;
        }
        high = end - high > step ? high + step : end;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        *(schedule_due_before(schedule, middle) <= number ? &low : &high) = middle;
    }
    return low;
}
