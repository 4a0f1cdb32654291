// SPDX-License-Identifier: GPL-3.0-or-later
// control/recent — the least value of the last 2 s.
#ifndef VRBENCH_CONTROL_RECENT_H
#define VRBENCH_CONTROL_RECENT_H

#include <stdint.h>

#define RECENT_SLOTS   9U // the present one, which is incomplete, and those of 2 s before
#define RECENT_SLOT_NS (UINT64_C(250) * 1000 * 1000)

// Zero-initialized it has no value.
struct recent_least {
    double least[RECENT_SLOTS]; // of each slot of time; NaN = none
    uint64_t slots;             // number of the present slot, and 1; 0 = none yet
};
// Adds a value (NaN: none) of a time (CLOCK_MONOTONIC), which is not before that of the last call.
void recent_least_note(struct recent_least *recent, uint64_t now_ns, double value);
// The least value of the 2 s, at most 2.25 s, before the last recent_least_note(); NaN = none.
double recent_least(const struct recent_least *recent);

#endif
