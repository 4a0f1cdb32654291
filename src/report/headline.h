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

#include "report/steps.h"
#include "report/writer.h"
#include "result/result.h"

#define HEADLINE_PDR 0.005 // frame loss ratio of the partial drop rate

// An offered load in packets/s up to which the frame loss ratio does not exceed a goal: at least
// `low`, less than `high`. NaN = the points do not tell.
struct bounds {
    double low, high;
    bool regular; // no measured load below `low` exceeded the goal
};

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
    size_t points, invalid;
};

// The bounds for a goal from `count` loads in ascending order with their frame loss ratios. If a
// load exceeds the goal and a higher one does not, the bounds are those that contradict the fewest
// loads; of several such, the lowest.
struct bounds headline_bounds(const double *offered_pps, const double *loss_ratio, size_t count,
                              double goal);

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
};
// Writes the rows for people and finishes the writer, which was created with headline_columns.
int headlines_list(const struct point_list *points, struct writer *writer,
                   struct headline_marks *ret, struct error *err);

#endif
