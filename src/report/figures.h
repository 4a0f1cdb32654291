// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/figures — the figures of a run, for print: figures/ in its folder.
 *
 * For each scenario, topology and length the graphs of figure_script.h, and for each scenario and
 * length all topologies in one. A figure is NAME.gp (gnuplot), NAME.svg and NAME.png; a topology
 * and length share one NAME.dat. Called by cli/.
 */
#ifndef VRBENCH_REPORT_FIGURES_H
#define VRBENCH_REPORT_FIGURES_H

#include <stddef.h>

#include "base/error.h"
#include "result/result.h"

// Makes the figures of a run's folder, or of every run of a reproduction's; files of the same name
// are replaced. Where gnuplot is missing, scripts and data are written and it fails as lacking.
// `ret_count` (may be NULL) gets the number of figures.
int report_write_figures(const char *folder, size_t *ret_count, struct error *err);

// The same for one run, of points that were read already; their number is added to `count`.
int figures_write_run(const char *folder, const struct point_list *points, size_t *count,
                      struct error *err);
// Scripts and data files alone, of given points; `ret_names` gets the names of the figures without
// suffix (an array and texts that the caller frees).
int figures_write_scripts(const char *figures_folder, const struct point_list *points,
                          char ***ret_names, size_t *ret_count, struct error *err);

#endif
