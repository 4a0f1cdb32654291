// SPDX-License-Identifier: GPL-3.0-or-later
// report/csv_files — the CSV files of a run's folder. Called by run/run.c and whole.c.
#ifndef VRBENCH_REPORT_CSV_FILES_H
#define VRBENCH_REPORT_CSV_FILES_H

#include "result/result.h"

// Replaces points.csv and summary.csv in a run's folder, each atomically, medians.csv, which exists
// only if a load has several valid points, and control.csv, only if a controller ran meanwhile.
int report_write_csv(const char *folder, const struct point_list *points, struct error *err);

#endif
