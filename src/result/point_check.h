// SPDX-License-Identifier: GPL-3.0-or-later
// result/point_check — whether the figures of a point agree with each other, as docs/results.md
// says.
#ifndef VRBENCH_RESULT_POINT_CHECK_H
#define VRBENCH_RESULT_POINT_CHECK_H

#include <stdbool.h>

#include "base/error.h"
#include "result/result.h"

// Checks names, sums and reasons of a complete point. The error names the key that is wrong.
int point_check(const struct point *point, struct error *err);

// Whether a part of the device under test was metered; in direct topologies only the tester is.
bool point_meters_dut(const struct point *point);

#endif
