// SPDX-License-Identifier: GPL-3.0-or-later
// report/whole — everything that is made of a folder's record. Called by `vrbench report`.
#ifndef VRBENCH_REPORT_WHOLE_H
#define VRBENCH_REPORT_WHOLE_H

#include <stddef.h>

#include "base/error.h"

// Makes points.csv, report.xlsx, figures and report.html of a run's folder, or of every run of a
// reproduction's and its own page. Each record is read once. Where gnuplot is missing everything
// else is made, and it fails as lacking. `ret_runs` and `ret_figures` get how many there were.
int report_write_whole(const char *folder, size_t *ret_runs, size_t *ret_figures,
                       struct error *err);

#endif
