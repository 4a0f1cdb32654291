// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/reasons — the commonest reasons why points are invalid. Called by cli/ after a run.
 */
#ifndef VRBENCH_REPORT_REASONS_H
#define VRBENCH_REPORT_REASONS_H

#include "result/result.h"

struct reason {
    char *text; // of the first point that has it; for several points, "…" stands for its numbers
    size_t count; // points that have it
};

// Groups the reasons of all invalid points; reasons that differ in numbers only are one. Returns
// the commonest first, at most `room`, and their number. The caller frees the texts.
size_t reasons_list(const struct point_list *points, struct reason *ret, size_t room);

#endif
