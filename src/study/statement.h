// SPDX-License-Identifier: GPL-3.0-or-later
// study/statement — a reproduction for people: its rules before, its verdicts after, at 80 columns.
// Called by cmd_reproduce.c.
#ifndef VRBENCH_STUDY_STATEMENT_H
#define VRBENCH_STUDY_STATEMENT_H

#include <stdbool.h>
#include <stdio.h>

#include "study/reproduce.h"

// The rules of the claims whose bits (1 << number) are set in `wanted`.
void statement_rules(unsigned wanted, FILE *out);
// Each of them: the claim, what the study saw, what this machine shows, verdict, why; and a table
// of the verdicts. Bold headings if `colour`.
int statement_verdicts(const struct reproduction *reproduction, unsigned wanted, bool colour,
                       FILE *out, struct error *err);
// What lies ahead.
void statement_estimate(const struct estimate *estimate, bool resumed, FILE *out);

// What is to be known before a run of the platform, where there is anything.
void statement_platform(const char *platform, const struct estimate *estimate, FILE *out);

#endif
