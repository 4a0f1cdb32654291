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

// ---- pieces

// A ramp of change d (packets/s) in time t (s), cut into n parts of constant rate, is off by
// d * t / (8 * n^2) packets in the middle of a part.
static size_t parts_of_ramp(const struct schedule_knot *knot, size_t most)
{
    double change = fabs(knot[1].pps - knot->pps) * seconds_of(knot[1].at_ns - knot->at_ns);
    double parts = ceil(sqrt(change / 8.0));
    return parts < 1.0 ? 1 : parts < (double)most ? (size_t)parts : most;
}

// The piece of the packets `first` to `beyond` - 1.
static struct schedule_piece piece_of(const struct schedule *schedule, uint64_t first,
                                      uint64_t beyond, bool ramp)
{
    uint64_t due = schedule_due_ns(schedule, first);
    struct schedule_piece piece = {first, due, schedule_pps(schedule, due)};
    uint64_t last = ramp && beyond - first > 1 ? schedule_due_ns(schedule, beyond - 1) : due;
    if (last > due) {
        piece.pps = (double)(beyond - 1 - first) / seconds_of(last - due);
    }
    return piece;
}

size_t schedule_cut(const struct schedule *schedule, size_t most, struct schedule_piece **ret)
{
    size_t ramps = 0;
    for (size_t i = 0; i + 1 < schedule->count; i++) {
        ramps += schedule->knots[i].pps != schedule->knots[i + 1].pps;
    }
    size_t parts_most = ramps == 0 ? 1 : 1 + (most - schedule->count) / ramps;
    struct schedule_piece *pieces = memory_new_array(struct schedule_piece, most);
    size_t count = 0;
    for (size_t i = 0; i + 1 < schedule->count; i++) {
        const struct schedule_knot *knot = &schedule->knots[i];
        uint64_t length = knot[1].at_ns - knot->at_ns;
        size_t parts = parts_of_ramp(knot, parts_most);
        uint64_t first = schedule_due_before(schedule, knot->at_ns);
        for (size_t part = 1; length > 0 && part <= parts && count < most; part++) {
            uint64_t to = knot->at_ns + (uint64_t)((double)length * (double)part / (double)parts);
            uint64_t beyond = schedule_due_before(schedule, part == parts ? knot[1].at_ns : to);
            if (beyond > first) {
                pieces[count++] = piece_of(schedule, first, beyond, knot[1].pps != knot->pps);
            }
            first = beyond;
        }
    }
    *ret = pieces;
    return count;
}
