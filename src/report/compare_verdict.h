// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/compare_verdict — decides by intervals whether a side of a comparison is better or worse
 * than the first. docs/compare.md states the rule and its error probability. Called by compare.c
 * (the verdicts of a comparison), cli/cmd_compare.c (listing, JUnit) and compare_list.c (JSON).
 */
#ifndef VRBENCH_REPORT_COMPARE_VERDICT_H
#define VRBENCH_REPORT_COMPARE_VERDICT_H

#include <stdio.h>

#include "report/compare.h"

#define COMPARE_FOUND_ERROR 0.008 // of a ratio of the bounds of two sequential searches, 0.4 % each
#define COMPARE_MARGIN      0.01  // two builds of one testbed may differ by this much
#define COMPARE_SAME        0.05  // figures that certainly differ by less are the same

const char *compare_verdict_word(enum compare_word word); // "better", …
// By how much the verdict's figure is certainly worse than the first side's: 0.05 = 5 %; 0 if it
// may be as good.
double compare_worse_by(const struct compare_verdict *verdict);
// Writes the verdicts as JUnit XML, one test case each: a failure if the side is certainly worse by
// more than `threshold` (0.05 = 5 %), skipped if the intervals do not decide.
void compare_write_junit(const struct comparison *comparison, double threshold, FILE *out);

#endif
