// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_points — what report.html holds of single points. Called by page_data.c.
#ifndef VRBENCH_REPORT_PAGE_POINTS_H
#define VRBENCH_REPORT_PAGE_POINTS_H

#include <jansson.h>

#include "result/result.h"

// The points as in the record. Of more than fit into about `room` bytes evenly spread ones.
json_t *page_points(const struct point_list *points, size_t room);
// How many points are invalid for which reason, the most frequent first: [{"reason", "count"}].
// Reasons that differ in numbers only are one: "…" stands for the numbers, which those in names
// (r1t3) are not.
json_t *page_reasons(const struct point_list *points);
// How trials were: {"shortest_s", "longest_s", "repeats"}; NULL without a point.
json_t *page_trials(const struct point_list *points);

#endif
