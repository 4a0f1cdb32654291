// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/answer — the answer to the study's question, in words: per length, what bridging costs
 * against dedicated links, and what it takes of the throughput. Called by cli/cmd_run.c and
 * page_data.c; docs/results.md states the rule.
 */
#ifndef VRBENCH_REPORT_ANSWER_H
#define VRBENCH_REPORT_ANSWER_H

#include <jansson.h>

#include "report/ranks.h"
#include "report/steps.h"
#include "result/result.h"

#define ANSWER_ERROR 0.05 // of each interval

struct answer {
    const struct point *first; // of bridged: has the scenario and the length
    // CPU time per packet of host and routers, medians over pairs of trials at equal loads.
    size_t pairs;
    double bridged_ns, dedicated_ns;
    double host_ns;   // of the host, in bridged
    bool cost_known;  // enough pairs for an interval
    struct span cost; // ratio of bridged to dedicated
    size_t repeats;   // with a throughput, the fewer of both
    struct span rate; // ratio of the throughput, bridged to dedicated; 0 and INFINITY = unknown
};

// One answer per length that was measured bridged and dedicated; the caller frees the array with
// free(). It refers to the points.
size_t answers_compute(const struct point_list *points, struct answer **ret);
// The same from sweeps of the points, which may be freed afterwards.
size_t answers_of_sweeps(const struct sweep *sweeps, size_t sweep_count, struct answer **ret);
// One or two sentences; the caller frees them.
char *answer_text(const struct answer *answer);
// Adds the answers to the rows of headlines_to_json(): an object "bridging" to each bridged row.
void answers_add_to_json(const struct point_list *points, json_t *rows);

#endif
