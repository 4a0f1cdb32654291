// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/compare_figure — the figures of a comparison, as gnuplot's scripts and data.
 *
 * A scenario has one data file and up to three figures: rates, CPU time a packet, and what a router
 * takes to have (memory, start). Each sweep has a place on the X axis, each side a colour and a
 * marker. Called by compare_out.c.
 */
#ifndef VRBENCH_REPORT_COMPARE_FIGURE_H
#define VRBENCH_REPORT_COMPARE_FIGURE_H

#include "report/compare.h"

// Writes them into a folder that is there; `ret_names` gets the figures' names without suffix (an
// array and texts that the caller frees: folders_free).
int compare_write_scripts(const struct comparison *comparison, const char *folder,
                          char ***ret_names, size_t *ret_count, struct error *err);

#endif
