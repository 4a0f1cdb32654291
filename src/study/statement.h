// SPDX-License-Identifier: GPL-3.0-or-later
// study/statement — a reproduction as text: its rules before, its verdicts after, in 80 columns.
// Called by cmd_reproduce.c.
#ifndef VRBENCH_STUDY_STATEMENT_H
#define VRBENCH_STUDY_STATEMENT_H

#include <stdbool.h>
#include <stdio.h>

#include "study/reproduce.h"

// Prints the rules of the claims whose bits (1 << number) are set in `wanted`.
void statement_rules(unsigned wanted, FILE *out);
// Prints each of them: the claim, the study's result, this machine's result, verdict, reason; and a
// table of the verdicts. Bold headings if `colour`.
int statement_verdicts(const struct reproduction *reproduction, unsigned wanted, bool colour,
                       FILE *out, struct error *err);
// Prints the estimated duration.
void statement_estimate(const struct estimate *estimate, bool resumed, FILE *out);

// Prints notes on the platform, if there are any, before a run.
void statement_platform(const char *platform, const struct estimate *estimate, FILE *out);

#endif
