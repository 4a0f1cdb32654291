// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/expected — whether the expectations of a scenario hold in the points of a run. Called by
 * run/ (run.json), cli/cmd_run.c (the terminal) and tests; docs/scenarios.md states the rule.
 */
#ifndef VRBENCH_REPORT_EXPECTED_H
#define VRBENCH_REPORT_EXPECTED_H

#include <jansson.h>
#include <stdio.h>

#include "report/ranks.h"
#include "result/result.h"
#include "scenario/scenario.h"

#define EXPECTED_ERROR 0.05 // of the intervals, given six repeats or more

enum expected_verdict { EXPECTED_UNDECIDED, EXPECTED_HOLDS, EXPECTED_FAILS };

// An expectation in one topology and for one length.
struct expected {
    const struct expectation *of;
    const struct point *first; // has the topology and the length
    struct span figure;        // in the expectation's unit; 0 and INFINITY if nothing is known
    size_t values;             // repeats
    enum expected_verdict verdict;
};

// Judges all expectations; the caller frees the array with free(). It refers to the points and to
// the scenario. An expectation that applies to no topology and length with points has no entry.
size_t expected_compute(const struct scenario *scenario, const struct point_list *points,
                        struct expected **ret);
// "bridged, 64-byte packets: throughput >= 300 kpps"; the caller frees it.
char *expected_title(const struct expected *expected);
const char *expected_word(enum expected_verdict verdict); // "holds", "does not hold", …
// Prints one line each.
void expected_print(const struct expected *list, size_t count, FILE *out);
json_t *expected_to_json(const struct expected *list, size_t count);

#endif
