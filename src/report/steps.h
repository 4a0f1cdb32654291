// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/steps — points put in order for those who draw conclusions or curves from them.
 *
 * Points of one scenario, platform, engine, topology and length make a sweep; its steps are the
 * offered loads, rising, each with the medians of its valid repeats. Called by the summary, the
 * charts, the figures and the page. A figure that no valid point has is NaN.
 */
#ifndef VRBENCH_REPORT_STEPS_H
#define VRBENCH_REPORT_STEPS_H

#include <stddef.h>

#include "result/result.h"

struct load_step {
    const struct point *first; // of its points
    unsigned step;
    double requested_pps;              // a network
    double offered_pps, forwarded_pps; // sums over the networks
    double loss_ratio;                 // of all networks together
    double host_percent, routers_percent, tester_percent, total_percent;
    double ns_per_packet; // CPU time of host and routers over packets received
    double host_ns;       // the host's alone
    double *network_offered, *network_forwarded;   // packets/s of each network
    double *network_loss;                          // frame loss ratio of each network
    double *network_delay_p50, *network_delay_p99; // ns
    double *router_percent, *router_ns;            // of each router; ns a packet through it
    double *place_loss; // of all offered packets the part lost at each place: means, not medians,
                        // over the repeats, so that they sum to the mean loss ratio
};

struct sweep {
    const struct point *first; // names what all of them have in common
    size_t points, invalid;    // invalid ones are among the points
    const char **networks;
    size_t network_count;
    const char **routers; // in the order of their CPU figures
    size_t router_count;
    const char **places; // where any packet was lost
    size_t place_count;
    struct load_step *steps;
    size_t step_count;               // without those of which no point is valid
    struct load_step *invalid_steps; // one an invalid point, with its own figures, by offered load
    size_t invalid_step_count;
    size_t thinned_from; // number of steps before sweeps_thin(); 0 = all are there
};

// Sweeps in order of measuring. They refer to the points, which must outlive them.
size_t sweeps_compute(const struct point_list *points, struct sweep **ret);
// Leaves out steps of sweeps that have more than `most` of them, evenly, for what is drawn: the
// first, the last and the one with the highest forwarding rate stay. The same for invalid steps.
void sweeps_thin(struct sweep *sweeps, size_t count, size_t most);
// Steps of a sweep that a figure draws: more would hide each other.
#define SWEEP_DRAWN_MOST 300
void sweeps_free(struct sweep *sweeps, size_t count);

#endif
