// SPDX-License-Identifier: GPL-3.0-or-later
// report/whole — writes all files that derive from a folder's record. Called by `vrbench report`.
#ifndef VRBENCH_REPORT_WHOLE_H
#define VRBENCH_REPORT_WHOLE_H

#include <stddef.h>

#include "base/error.h"
#include "report/figure_style.h"

// Writes points.csv, report.xlsx, figures and report.html of a run, or of every run of a
// reproduction and the reproduction's page. Reads each record once. Without gnuplot, writes all but
// the drawn figures and fails with exit status 3. `ret_runs` and `ret_figures` return the numbers
// of runs and figures.
int report_write_whole(const char *folder, enum figure_style style, size_t *ret_runs,
                       size_t *ret_figures, struct error *err);

#endif
