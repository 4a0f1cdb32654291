// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/send_list — what `vrbench send` prints: a line for each interval and a total, at most 79
 * columns wide, or as JSON. Called by cli/.
 */
#ifndef VRBENCH_REPORT_SEND_LIST_H
#define VRBENCH_REPORT_SEND_LIST_H

#include <jansson.h>

#include "result/result.h"

// Sums over all intervals so far.
struct send_total {
    double seconds; // of sending
    uint64_t sent, unsent, received, lost;
    struct drop_result *drops; // as a point's
    size_t drop_count;
    unsigned intervals, invalid;
    char *why; // why the latest of the invalid ones is
};

void send_total_add(struct send_total *total, const struct point *point);
void send_total_clear(struct send_total *total);

// Lines of a table, each with its newline; the caller frees them. `number` counts intervals from 1,
// each `interval_s` long. Lines about losses and packets that were not sent follow that of their
// interval.
char *send_head_text(void);
char *send_line_text(const struct point *point, unsigned number, double interval_s);
char *send_total_text(const struct send_total *total);

// The point (as in points.jsonl) with its number, and the total: objects with the keys "interval"
// and "total". The caller calls json_decref().
json_t *send_line_json(const struct point *point, unsigned number);
json_t *send_total_json(const struct send_total *total);

#endif
