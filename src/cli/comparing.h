// SPDX-License-Identifier: GPL-3.0-or-later
// cli/comparing — output of a comparison, common to the commands that end with one: `vrbench
// compare` and `vrbench ab`.
#ifndef VRBENCH_CLI_COMPARING_H
#define VRBENCH_CLI_COMPARING_H

#include <stdbool.h>

#include "report/compare.h"

int comparing_print_tables(const struct comparison *comparison, bool markdown, struct error *err);
int comparing_print_json(const struct comparison *comparison, struct error *err);
// Thresholds are parts of 1: 0.05 = 5 %.
int comparing_write_junit(const struct comparison *comparison, double threshold, const char *file,
                          struct error *err);
// Fails if a figure is certainly worse by more than the threshold; names the worst.
int comparing_hold_threshold(const struct comparison *comparison, double threshold,
                             struct error *err);

#endif
