// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_found — verdicts on the bounds that searches found. Called by compare.c and
// compare_verdict.c.
#ifndef VRBENCH_REPORT_COMPARE_FOUND_H
#define VRBENCH_REPORT_COMPARE_FOUND_H

#include "report/compare.h"

// Whether a side and the first one are folders of searches: then the loads of their points are the
// searches' choice, and their rates are compared by what the searches found.
bool compare_is_searched(const struct comparison *comparison, size_t side);
// Number of verdicts on repeated searches that have enough values to decide something.
size_t compare_count_found(struct comparison *comparison);
// Adds a verdict for each network or router and goal that both sides searched for. `error` is the
// probability with which the interval of repeated searches may miss.
void compare_find_found(struct comparison *comparison, double error);

#endif
