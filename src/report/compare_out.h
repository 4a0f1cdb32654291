// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_out — the folder of a comparison. Called by cli/cmd_compare.c.
#ifndef VRBENCH_REPORT_COMPARE_OUT_H
#define VRBENCH_REPORT_COMPARE_OUT_H

#include "report/compare.h"

// Exit status 2 if the folder contains a run or a reproduction.
int compare_check_folder(const char *folder, struct error *err);

// Writes compare.json, compare.csv, compare-caps.csv, figures/ and compare.html into a folder,
// which it creates if necessary; replaces files of the same name. Checks the folder as above.
// Without gnuplot, writes all but the drawn figures and fails with exit status 3.
int compare_write_folder(const struct comparison *comparison, const char *folder,
                         struct error *err);

#endif
