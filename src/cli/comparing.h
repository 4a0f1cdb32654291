// SPDX-License-Identifier: GPL-3.0-or-later
// cli/comparing — output of a comparison, common to the commands that end with one: `vrbench
// compare` and `vrbench ab`.
#ifndef VRBENCH_CLI_COMPARING_H
#define VRBENCH_CLI_COMPARING_H

#include <stdbool.h>

#include "report/compare.h"

// Prints the comparison on standard output: as JSON, or as tables for a terminal or in Markdown.
int comparing_print(const struct comparison *comparison, bool json, bool markdown,
                    struct error *err);
// Thresholds are parts of 1: 0.05 = 5 %.
int comparing_write_junit(const struct comparison *comparison, double threshold, const char *file,
                          struct error *err);
// Fails if a figure is certainly worse by more than the threshold; names the worst.
int comparing_hold_threshold(const struct comparison *comparison, double threshold,
                             struct error *err);

#endif
