// SPDX-License-Identifier: GPL-3.0-or-later
// base/clock — points in time and waiting, in nanoseconds.
#ifndef VRBENCH_BASE_CLOCK_H
#define VRBENCH_BASE_CLOCK_H

#include <stdint.h>

#define NS_PER_S  1000000000ULL
#define NS_PER_MS 1000000ULL
#define NS_PER_US 1000ULL

// CLOCK_MONOTONIC, ns: for durations and pacing.
uint64_t clock_monotonic_ns(void);
// CLOCK_REALTIME, ns since 1970: for times shown to people. It may jump at any moment.
uint64_t clock_realtime_ns(void);
// Sleeps until CLOCK_MONOTONIC reads at least `deadline_ns`. Returns early, with -EINTR, on a
// signal; otherwise 0.
int clock_sleep_until(uint64_t deadline_ns);
// Sleeps for `ns`. Signals do not shorten the sleep.
void clock_sleep(uint64_t ns);
// Writes a CLOCK_REALTIME time as "2026-11-22T08:11:39Z" to `ret_text`, a buffer of 32 bytes.
void clock_format_utc(uint64_t realtime_ns, char ret_text[32]);

#endif
