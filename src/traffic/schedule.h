// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * traffic/schedule — when each packet of a stream is due, for a load that changes in time.
 *
 * The rate is a piecewise linear function of time, and may jump. Packet n (from 0) is due at the
 * greatest time before which the rate's integral does not exceed n, so packet 0 of a stream with a
 * rate is due at time 0. The due times and the number of packets due before a time are exact
 * inverses of each other, whatever the rounding: an interval of time is an interval of sequence
 * numbers, and each packet belongs to exactly one of adjacent intervals. Pure functions; called by
 * the pacer and by measure/.
 */
#ifndef VRBENCH_TRAFFIC_SCHEDULE_H
#define VRBENCH_TRAFFIC_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The rate at a time. Two points at the same time are a jump.
struct schedule_point {
    uint64_t at_ns;
    double pps; // 0 or more
};

struct schedule_knot {
    uint64_t at_ns;
    double pps;
    double packets; // integral of the rate up to here
};

struct schedule {
    struct schedule_knot *knots;
    size_t count;
    uint64_t total; // packets of the whole schedule, at least 1
};

// Makes a schedule of at least two points in ascending order of time, the first at 0 and the last
// later. The total is the integral, rounded; free it with schedule_clear().
void schedule_make(const struct schedule_point *points, size_t count, struct schedule *ret);
// The same for a constant rate.
void schedule_make_constant(double pps, uint64_t duration_ns, struct schedule *ret);
void schedule_clear(struct schedule *schedule);

// The number of packets that are due before `ns`, from 0 to the total.
uint64_t schedule_due_before(const struct schedule *schedule, uint64_t ns);
// When packet `number` is due: the greatest time before which no more than `number` packets are
// due. At most the end of the schedule.
uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t number);
// The rate at a time; at a jump, the later one. 0 behind the end.
double schedule_pps(const struct schedule *schedule, uint64_t ns);
// The end of the schedule, and its mean rate.
uint64_t schedule_end_ns(const struct schedule *schedule);
double schedule_mean_pps(const struct schedule *schedule);

// A part of the schedule with a constant gap between packets.
struct schedule_piece {
    uint64_t first;  // number of its first packet
    uint64_t due_ns; // when that one is due
    double pps;
};

// Cuts a schedule into pieces, so that packets of a ramp are off by no more than a packet's time
// where `most` pieces allow that; `most` is at least the number of knots. Returns their number and
// a new array.
size_t schedule_cut(const struct schedule *schedule, size_t most, struct schedule_piece **ret);

#define _cleanup_schedule_ __attribute__((cleanup(schedule_clear)))

#endif
