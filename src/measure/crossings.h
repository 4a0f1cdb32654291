// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/crossings — which interfaces count the same packets. Called by losses.c.
 *
 * Every interface of a path is a gate: packets enter its node by one and leave it by another. On a
 * link between routers, the packets of several networks pass the same gate, whose counters do not
 * distinguish them. A crossing is a set of gates of a node of which only the sums are comparable:
 * what entered by them left by them. A group is a set of paths that have gates in common, directly
 * or by other paths. A path that shares no gate is a group, and has a crossing with two gates at
 * each of its nodes.
 */
#ifndef VRBENCH_MEASURE_CROSSINGS_H
#define VRBENCH_MEASURE_CROSSINGS_H

#include "testbed/plan.h"

// The gate by which packets enter a node, or leave it, on an interface.
static inline size_t gate_in(size_t interface)
{
    return 2 * interface;
}
static inline size_t gate_out(size_t interface)
{
    return 2 * interface + 1;
}
static inline size_t gate_interface(size_t gate)
{
    return gate / 2;
}
static inline bool gate_is_out(size_t gate)
{
    return gate % 2 != 0;
}

#define NO_GATE SIZE_MAX

struct crossings {
    // For each gate: the lowest gate of its crossing, the next higher gate of its crossing (NO_GATE
    // = none), and the lowest gate of its group.
    size_t *crossing, *next, *group;
};

// `answers`: packets also pass every path in the other direction, which no path describes.
void crossings_make(const struct plan *plan, bool answers, struct crossings *ret);
void crossings_clear(struct crossings *crossings);
// The group of a path.
size_t crossings_group(const struct plan *plan, const struct crossings *crossings,
                       const struct plan_path *path);

#endif
