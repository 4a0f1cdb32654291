// SPDX-License-Identifier: GPL-3.0-or-later
// report/advice_list — a plan for contracts as tables and as JSON (docs/advice.md). Called by cli/.
#ifndef VRBENCH_REPORT_ADVICE_LIST_H
#define VRBENCH_REPORT_ADVICE_LIST_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "advice/advice.h"

// Prints a plan for people.
int advice_print(const struct advice *advice, FILE *out, bool colour, struct error *err);
// A new object.
json_t *advice_to_json(const struct advice *advice);

#endif
