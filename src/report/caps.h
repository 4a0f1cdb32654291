// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/caps — how well the caps of a sweep were held: for each capped party, the CPU that it used
 * in the points in which it required more than its cap. Called by compare_caps.c and
 * cli/run_summary.c; docs/compare.md states the rule.
 */
#ifndef VRBENCH_REPORT_CAPS_H
#define VRBENCH_REPORT_CAPS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/steps.h"

#define CAP_WITHIN 2.0 // percentage points; a cap is held if usage differs by no more

// A party of a sweep with a cap in percent of one CPU.
struct cap_use {
    const char *party; // a name of the points
    unsigned cap;
    size_t points, loaded; // points with that cap; those among them that required more CPU
    double used;           // median of the loaded points; NaN without one
    double off;            // greatest difference from the cap among the loaded points
};

// One entry per party and cap of the sweep, in order of measuring. Points that are invalid count
// only if the reason is a cap that was not held. The entries refer to the points; the caller frees
// the array.
size_t caps_compute(const struct sweep *sweep, struct cap_use **ret);
// Whether a point required more than the cap, and none used more or less by more than CAP_WITHIN.
bool cap_is_held(const struct cap_use *cap);
// "bridged, 64-byte packets: the cap of r1, 30 % of a CPU, was held: …"; the caller frees it.
char *cap_use_text(const struct sweep *sweep, const struct cap_use *cap);

#endif
