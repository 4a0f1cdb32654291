// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/headline — what a run says of each network, at each topology and length: throughput,
 * partial drop rate and highest forwarding rate, as intervals that the valid points leave open.
 *
 * A figure that the points only bound from one side is shown as such, never as a maximum. Called by
 * cli/ after a run.
 */
#ifndef VRBENCH_REPORT_HEADLINE_H
#define VRBENCH_REPORT_HEADLINE_H

#include <jansson.h>

#include "report/ranks.h"
#include "report/steps.h"
#include "report/writer.h"
#include "result/bounds.h"
#include "result/result.h"

struct headline {
    const struct point *first; // scenario, platform, engine, topology, length of all points
    const char *network;
    bool fixed_load; // its load does not depend on the offered load: it has no bounds to be listed
    const char *unstable;          // what the stability check of the topology lost; NULL = nothing
    struct bounds throughput, pdr; // loss ratios 0 and HEADLINE_PDR
    bool adapts;        // by TCP, which has neither bounds nor a forwarding rate of its own
    double goodput_bps; // of TCP: highest; NaN if there is no valid point
    double max_pps;     // highest forwarding rate; NaN if there is no valid point
    bool saturated;     // a valid load exceeded the partial drop rate
    bool tester_limit;  // a higher load failed for the tester only
    double host_percent, router_percent; // at throughput.low; the network's router
    double ns_per_packet;                // CPU time of host and routers, there
    // Intervals over the repeats: of the rates' bounds, and of the medians above. `repeats` is 0
    // if there is none.
    struct median throughput_median, pdr_median, max_median;
    struct median host_median, router_median, ns_median;
    // About how many repeats narrow the intervals of the rates down to HEADLINE_WIDTH; 0 = unknown.
    size_t repeats_needed;
    size_t points, invalid;
};
#define HEADLINE_WIDTH 0.05 // of the median

// Computes the headlines in order of measuring, network by network. The points must outlive them;
// the caller frees the array with free().
size_t headlines_compute(const struct point_list *points, struct headline **ret);
// The same from sweeps of the points, which may be freed afterwards.
size_t headlines_of_sweeps(const struct sweep *sweeps, size_t sweep_count, struct headline **ret);

// A new array of one object a headline, as docs/results.md describes it.
json_t *headlines_to_json(const struct point_list *points);

extern const struct column headline_columns[];
extern const size_t headline_column_count;
// Marks in the rows for people that need an explanation.
struct headline_marks {
    bool at_least;  // ">=": a figure is bounded from below only
    bool irregular; // "*": a load below the bounds exceeded the goal
    bool repeated;  // there are several repeats: headline_intervals_list() has rows
};
// Writes the rows for people and finishes the writer, which was created with headline_columns.
int headlines_list(const struct point_list *points, struct writer *writer,
                   struct headline_marks *ret, struct error *err);

extern const struct column interval_columns[];
extern const size_t interval_column_count;
// Writes the intervals over repeats for people, and finishes the writer, which was created with
// interval_columns. ret_fewest gets the smallest number of repeats.
int headline_intervals_list(const struct point_list *points, struct writer *writer,
                            size_t *ret_fewest, struct error *err);

#endif
