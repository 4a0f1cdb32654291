// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/page — report.html: one file that opens without a network, made of the sources in web/
 * and the data of a run's folder. Called by cli/ after a run, by `report` and by `reproduce`.
 */
#ifndef VRBENCH_REPORT_PAGE_H
#define VRBENCH_REPORT_PAGE_H

#include "base/error.h"

// Writes report.html into a run's folder, anew and never half. points.csv and report.xlsx that are
// there by then are embedded. In a reproduction's folder (one with a reproduce.json) it writes the
// page of each run that has points by now, and the reproduction's own with the claims.
int report_write_page(const char *folder, struct error *err);

#endif
