// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/figures — the printable figures of a run: figures/ in its folder.
 *
 * Each scenario, topology and length has the graphs of figure_script.h; each scenario and length
 * has one graph of all topologies. A figure consists of NAME.gp (gnuplot), NAME.svg, NAME.png and
 * NAME.pdf; index.html shows all; the figures of a topology and length share one NAME.dat. Called
 * by cli/.
 */
#ifndef VRBENCH_REPORT_FIGURES_H
#define VRBENCH_REPORT_FIGURES_H

#include <stddef.h>

#include "base/error.h"
#include "report/figure_style.h"
#include "result/result.h"

// Creates the figures of a run, or of every run of a reproduction; replaces files of the same name.
// Without gnuplot, writes scripts and data and fails with exit status 3. `ret_count` (may be NULL)
// returns the number of figures.
int report_write_figures(const char *folder, size_t *ret_count, struct error *err);

// Creates the figures of one run from points in memory; adds their number to `count`.
int figures_write_run(const char *folder, const struct point_list *points, enum figure_style style,
                      size_t *count, struct error *err);
// Writes only scripts and data files; `ret_names` returns the figures' names without suffix (the
// caller frees array and texts).
int figures_write_scripts(const char *figures_folder, const struct point_list *points,
                          enum figure_style style, char ***ret_names, size_t *ret_count,
                          struct error *err);

#endif
