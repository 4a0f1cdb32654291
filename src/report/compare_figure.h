// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/compare_figure — the figures of a comparison, as gnuplot scripts and data.
 *
 * A scenario has one data file and up to three figures: rates, CPU time per packet, and memory and
 * start-up time of a router. Each sweep has a place on the X axis, each side a colour and a marker.
 * Called by compare_out.c.
 */
#ifndef VRBENCH_REPORT_COMPARE_FIGURE_H
#define VRBENCH_REPORT_COMPARE_FIGURE_H

#include "report/compare.h"

// Writes them into an existing folder. `ret_names` returns the figures' names without suffix (the
// caller frees them: folders_free).
int compare_write_scripts(const struct comparison *comparison, const char *folder,
                          char ***ret_names, size_t *ret_count, struct error *err);

#endif
