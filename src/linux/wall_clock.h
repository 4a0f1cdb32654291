// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * linux/wall_clock — converts kernel times of CLOCK_REALTIME (arrivals of packets) to
 * CLOCK_MONOTONIC, and detects when that is impossible: both clocks run at the same rate, and their
 * difference changes only when the time of day is set. Used by the traffic engines around a trial.
 */
#ifndef VRBENCH_LINUX_WALL_CLOCK_H
#define VRBENCH_LINUX_WALL_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct wall_clock {
    int fd;            // timerfd that reports settings of the clock; -1 = closed
    int64_t offset_ns; // CLOCK_REALTIME - CLOCK_MONOTONIC
    int64_t within_ns; // uncertainty of the offset: the time taken to read both clocks
};
#define WALL_CLOCK_INIT                                                                            \
    {                                                                                              \
        .fd = -1                                                                                   \
    }

// Starts to watch the clock. The caller calls wall_clock_end().
int wall_clock_begin(struct wall_clock *ret, struct error *err);
// Whether the clock was set since wall_clock_begin(), so that times cannot be converted.
bool wall_clock_moved(const struct wall_clock *clock);
uint64_t wall_clock_to_monotonic(const struct wall_clock *clock, uint64_t realtime_ns);
void wall_clock_end(struct wall_clock *clock);

#endif
