// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/page — report.html: one self-contained file, created from the sources in web/ and the data
 * of a run's folder. Called by cli/ after a run, by `report` and by `reproduce`.
 */
#ifndef VRBENCH_REPORT_PAGE_H
#define VRBENCH_REPORT_PAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "result/result.h"

// Whether vrbench was built with the page. If not, the functions below write nothing and succeed:
// whoever names a page that they write asks first.
bool page_is_built(void);

// Writes report.html into a run's folder atomically, and embeds its points.csv and report.xlsx if
// they exist. In a reproduction's folder (with a reproduce.json) writes the page of each run that
// has points, and the reproduction's page with the claims.
int report_write_page(const char *folder, struct error *err);
// Writes the page of one run from points in memory.
int report_write_run_page(const char *folder, const struct point_list *points, struct error *err);
// Writes a reproduction's page; does nothing in a folder without a reproduce.json.
int report_write_reproduction(const char *folder, struct error *err);

// Writes compare.html into the folder of a comparison, from the JSON of compare_to_json(), and
// embeds the named figures that exist in figures/ (NAME.svg).
int report_write_comparison(const char *folder, const json_t *comparison, char *const *figures,
                            size_t count, struct error *err);

#endif
