// SPDX-License-Identifier: GPL-3.0-or-later
// report/prediction_figure — a figure for each predicted topology and length: the curve of each
// network with the band of its interval and, where it was measured since, the points. Called by
// cli/cmd_predict.c.
#ifndef VRBENCH_REPORT_PREDICTION_FIGURE_H
#define VRBENCH_REPORT_PREDICTION_FIGURE_H

#include "report/prediction.h"

// Writes NAME.dat and NAME.gp into a folder that exists, and draws NAME.svg, .png and .pdf. Without
// gnuplot fails with exit status 3 once scripts and data are written.
int prediction_figures_write(const struct predicted_list *list, const struct point_list *points,
                             const char *folder, struct error *err);

#endif
