// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/spreadsheet — report.xlsx: "Valors" in the study's layout, all points, the summary, and
 * native charts of received against transmitted packets with CPU on the right. Called by cli/.
 */
#ifndef VRBENCH_REPORT_SPREADSHEET_H
#define VRBENCH_REPORT_SPREADSHEET_H

#include "result/result.h"

// Replaces report.xlsx in a run's folder atomically.
int report_write_xlsx(const char *folder, const struct point_list *points, struct error *err);

#endif
