// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_points — the points in report.html. Called by page_data.c.
#ifndef VRBENCH_REPORT_PAGE_POINTS_H
#define VRBENCH_REPORT_PAGE_POINTS_H

#include <jansson.h>

#include "result/result.h"

// The points as in the record, but for their classes of delays; an evenly spread selection if they
// exceed about `room` bytes.
json_t *page_points(const struct point_list *points, size_t room);
// Number of invalid points by reason, the most frequent first: [{"reason", "count"}]. Reasons that
// differ only in numbers are merged, with "…" for the numbers. Digits of names (r1t3) are not
// numbers.
json_t *page_reasons(const struct point_list *points);
// What the stability check of a topology lost, for each that was not stable: ["bridged: …"].
json_t *page_unstable(const struct point_list *points);
// Durations and repeats of the trials: {"shortest_s", "longest_s", "repeats"}; NULL without points.
json_t *page_trials(const struct point_list *points);

#endif
