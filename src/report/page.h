// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/page — report.html: one file that opens without a network, made of the sources in web/
 * and the data of a run's folder. Called by cli/ after a run, by `report` and by `reproduce`.
 */
#ifndef VRBENCH_REPORT_PAGE_H
#define VRBENCH_REPORT_PAGE_H

#include <jansson.h>
#include <stddef.h>

#include "base/error.h"
#include "result/result.h"

// Writes report.html into a run's folder, whole and never half. points.csv and report.xlsx that are
// there by then are embedded. In a reproduction's folder (one with a reproduce.json) it writes the
// page of each run that has points by now, and the reproduction's own with the claims.
int report_write_page(const char *folder, struct error *err);
// The page of one run, of points that were read already.
int report_write_run_page(const char *folder, const struct point_list *points, struct error *err);
// A reproduction's own page; nothing in a folder without a reproduce.json.
int report_write_reproduction(const char *folder, struct error *err);

// Writes compare.html into the folder of a comparison: `comparison` as compare_to_json() made it,
// and those of the named figures that lie drawn in figures/ (NAME.svg), embedded.
int report_write_comparison(const char *folder, const json_t *comparison, char *const *figures,
                            size_t count, struct error *err);

#endif
