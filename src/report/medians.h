// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/medians — the medians of repeated loads with their intervals: one row per load and
 * network. Called by csv_files.c and the spreadsheet. docs/results.md explains the
 * columns.
 */
#ifndef VRBENCH_REPORT_MEDIANS_H
#define VRBENCH_REPORT_MEDIANS_H

#include "report/writer.h"
#include "result/result.h"

#define MEDIANS_WIDTH 0.05 // of a median: width of the intervals for which repeats are counted

extern const struct column medians_columns[];
extern const size_t medians_column_count;

// Number of rows; 0 if no load has several valid points.
size_t medians_rows(const struct point_list *points);
// Writes the rows, and finishes the writer, which was created with medians_columns.
int medians_list(const struct point_list *points, struct writer *writer, struct error *err);

#endif
