// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/points — the complete listing of points: one row per point and network.
 *
 * Called by cli/ for a listing in any format and for points.csv. The spreadsheet's sheet "Points"
 * contains the same listing. docs/results.md explains the columns.
 */
#ifndef VRBENCH_REPORT_POINTS_H
#define VRBENCH_REPORT_POINTS_H

#include "report/writer.h"
#include "result/result.h"

extern const struct column points_columns[];
extern const size_t points_column_count;

// Writes one row per point and network, and finishes the writer, which was created with
// points_columns.
int points_list(const struct point_list *points, struct writer *writer, struct error *err);

#endif
