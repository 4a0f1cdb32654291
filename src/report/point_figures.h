// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/point_figures — the figures of a single point by kind, of which steps have medians and
 * intervals. Called by steps.c.
 */
#ifndef VRBENCH_REPORT_POINT_FIGURES_H
#define VRBENCH_REPORT_POINT_FIGURES_H

#include "result/result.h"

enum point_figure {
    POINT_REQUESTED, // packets/s per network
    POINT_OFFERED,   // packets/s, sums over the networks
    POINT_FORWARDED,
    POINT_LOSS,    // undisturbed frame loss ratio of all networks together
    POINT_HOST,    // percent of one CPU
    POINT_ROUTERS, // all routers together
    POINT_TESTER,
    POINT_TOTAL,   // host and routers
    POINT_NS,      // CPU time of host and routers over packets received
    POINT_HOST_NS, // the host's alone
    // Of a network, by its label.
    POINT_NETWORK_OFFERED, // packets/s
    POINT_NETWORK_FORWARDED,
    POINT_NETWORK_LOSS, // undisturbed
    POINT_NETWORK_P50,  // delays in ns
    POINT_NETWORK_P99,
    POINT_NETWORK_P999,
    POINT_NETWORK_GOODPUT, // of TCP: bit/s, segments, ns
    POINT_NETWORK_RETRANSMITS,
    POINT_NETWORK_RTT,
    POINT_NETWORK_RTT_MAX,
    POINT_PATH,    // CPU of the routers of its path together, percent of one CPU
    POINT_PATH_NS, // the same per packet through each of them
    // Of a router.
    POINT_ROUTER,    // percent of one CPU
    POINT_ROUTER_NS, // per packet through it
    // Of a place of losses.
    POINT_PLACE_LOSS, // ratio of the offered packets
};

// The figure of a point, of the named network, router or place; NaN if the point does not have it.
double point_figure(const struct point *point, enum point_figure figure, const char *name);

#endif
