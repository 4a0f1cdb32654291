// SPDX-License-Identifier: GPL-3.0-or-later
// report/gnuplot — runs scripts through gnuplot(1). Called by figures.c, compare_out.c and
// prediction_figure.c.
#ifndef VRBENCH_REPORT_GNUPLOT_H
#define VRBENCH_REPORT_GNUPLOT_H

#include <stddef.h>

#include "base/error.h"

// Runs NAME.gp for every name, in `folder`. Fails with gnuplot's message, or with exit status 3 if
// gnuplot is not installed.
int gnuplot_run(const char *folder, char *const *names, size_t count, struct error *err);

#endif
