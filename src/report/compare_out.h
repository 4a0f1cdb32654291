// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_out — the folder of a comparison. Called by cli/cmd_compare.c.
#ifndef VRBENCH_REPORT_COMPARE_OUT_H
#define VRBENCH_REPORT_COMPARE_OUT_H

#include "report/compare.h"

// Writes compare.json, compare.csv, compare-caps.csv, figures/ and compare.html into a folder, made
// if need be; files of the same name are replaced. A folder that holds a run or a reproduction is
// refused (exit status 2). Where gnuplot is missing all but the drawn figures is written, and it
// fails as lacking.
int compare_write_folder(const struct comparison *comparison, const char *folder,
                         struct error *err);

#endif
