// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_data — the data of report.html, as JSON for its scripts (web/). Called by page.c
// only.
#ifndef VRBENCH_REPORT_PAGE_DATA_H
#define VRBENCH_REPORT_PAGE_DATA_H

#include <jansson.h>

#include "base/error.h"
#include "result/result.h"

// The data of a run's page: {vrbench, written, runs: [one run with all its points and files]}.
int page_data_run(const char *folder, const struct point_list *points, json_t **ret,
                  struct error *err);
// The data of a reproduction's page: {…, reproduction: reproduce.json, runs: [runs without
// points]}.
int page_data_reproduction(const char *folder, json_t *reproduction, json_t **ret,
                           struct error *err);

// The data of a comparison's page: {…, comparison, figures: [{name, svg: base64}]}.
json_t *page_data_comparison(const char *folder, const json_t *comparison, char *const *figures,
                             size_t count);

#endif
