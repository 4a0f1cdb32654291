// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/points — the listing of all points: one row a point and network, nothing left out.
 *
 * Called by cli/ for a listing in any format and for points.csv; the spreadsheet's sheet "Points"
 * is the same listing. Columns are explained in docs/results.md.
 */
#ifndef VRBENCH_REPORT_POINTS_H
#define VRBENCH_REPORT_POINTS_H

#include "report/writer.h"
#include "result/result.h"

extern const struct column points_columns[];
extern const size_t points_column_count;

// Writes a row a point and network and finishes the writer, which was made with points_columns.
int points_list(const struct point_list *points, struct writer *writer, struct error *err);
// Writes the listing to points.csv in a run's folder, anew and never half.
int report_write_csv(const char *folder, const struct point_list *points, struct error *err);

#endif
