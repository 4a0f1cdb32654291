// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/steps — points grouped into sweeps and steps, for summaries and curves.
 *
 * A sweep contains the points of one scenario, platform, engine, topology and length, and of as
 * many networks: options may change the number of a scenario's networks. Its steps are the offered
 * loads in rising order, each with the medians of its valid repeats. A figure that no valid point
 * has is NaN. Called by the summary, the charts, the figures and the page.
 */
#ifndef VRBENCH_REPORT_STEPS_H
#define VRBENCH_REPORT_STEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "report/point_figures.h"
#include "report/ranks.h"
#include "result/result.h"

#define STEPS_ERROR RANKS_MEDIAN_ERROR // of each interval of a step

struct load_step {
    const struct point *first; // of its points
    // Its points: the valid repeats of a load, or one invalid point.
    const struct point *const *points;
    size_t repeats;
    unsigned step;
    double requested_pps;              // per network
    double offered_pps, forwarded_pps; // sums over the networks
    double loss_ratio;                 // undisturbed, of all networks together
    double host_percent, routers_percent, tester_percent, total_percent;
    double ns_per_packet; // CPU time of host and routers over packets received
    double host_ns;       // the host's alone
    double *network_offered, *network_forwarded; // packets/s of each network
    double *network_loss;                        // undisturbed, of each network
    double *network_delay_p50, *network_delay_p99, *network_delay_p999; // ns
    double *network_goodput, *network_retransmits;                      // of TCP: bit/s, segments
    double *network_rtt, *network_rtt_max; // of TCP: mean and highest, ns
    double *router_percent, *router_ns;    // of each router; ns per packet through it
    double *place_loss; // ratio of the offered packets lost at each place: means over the repeats,
                        // not medians, so that they sum to the mean of all losses
};

struct sweep {
    const struct point *first;    // contains the names that all points share
    size_t points, invalid;       // `points` includes the invalid ones
    const char *unstable;         // of the first point that has it; NULL = none
    const struct point **members; // all its points
    const struct point **by_step; // the same: the valid ones by step, then the invalid ones
    bool adapts;                  // by TCP: losses and rates are no figures of the routers alone
    const char **networks;
    size_t network_count;
    const char **routers; // in the order of their CPU figures
    size_t router_count;
    const char **places; // where any packet was lost
    size_t place_count;
    struct load_step *steps;
    size_t step_count;               // without steps that have no valid point
    struct load_step *invalid_steps; // one per invalid point, with its figures, by offered load
    size_t invalid_step_count;
    size_t thinned_from; // number of steps before sweeps_thin(); 0 = not thinned
};

// The median of a figure over the repeats of a step, with its interval.
struct median step_median(const struct load_step *step, enum point_figure figure, const char *name);
// Why a sweep bounds its rates from below only.
enum rate_limit {
    RATE_SATURATED, // a valid load lost more than HEADLINE_PDR: the highest rate is one
    RATE_TESTER,    // a higher load failed, since the tester could not send it
    RATE_OPEN       // no valid load lost that much
};
enum rate_limit sweep_rate_limit(const struct sweep *sweep, bool saturated);
// "highest", "tester limit" or "not saturated".
const char *rate_limit_text(enum rate_limit limit);
// Requested loads above the highest valid one: all of their points are invalid.
size_t sweep_invalid_above(const struct sweep *sweep);
// The median of a figure over all points of a sweep, whose testbeds may have been built several
// times; `name` is passed to `of`. Invalid points count, so only for figures that a disturbed trial
// does not affect, such as memory. NaN if no point has it.
double sweep_median_over(const struct sweep *sweep,
                         double (*of)(const struct point *point, const char *name),
                         const char *name);
// Sum of the networks' goodput in bit/s; NaN if one has none. Sweeps of TCP only.
double step_goodput(const struct sweep *sweep, const struct load_step *step);
// The step with the highest; NULL if no step has one.
const struct load_step *sweep_best_goodput(const struct sweep *sweep);
// About how many repeats narrow that interval down to a width (ranks_median_needed).
size_t step_repeats_needed(const struct load_step *step, enum point_figure figure, const char *name,
                           double width);

// Whether two requested loads are equal, but for rounding: within 0.1 %.
bool steps_same_load(double one, double other);
// Whether a point belongs to a sweep.
bool sweep_has(const struct sweep *sweep, const struct point *point);
// Computes the sweeps in order of measuring. They refer to the points, which must outlive them.
size_t sweeps_compute(const struct point_list *points, struct sweep **ret);
// Reduces sweeps to at most `most` evenly spread steps for drawing; keeps the first, the last and
// the one with the highest forwarding rate. Reduces invalid steps in the same way.
void sweeps_thin(struct sweep *sweeps, size_t count, size_t most);
// Most steps of a sweep in a figure: more would overlap.
#define SWEEP_DRAWN_MOST 300
void sweeps_free(struct sweep *sweeps, size_t count);

#endif
