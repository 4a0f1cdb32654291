// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/losses — where each lost packet was lost.
 *
 * Two sources of truth are combined. Counters that name a loss (a full ring, a queue, a reason of
 * the IP layer) are believed first. Between them stands conservation: what an interface received
 * and its node did not try to send on was lost inside that node, whether or not anything counted
 * it. So every loss has at least a place on the path; only what contradicts that is "unexplained".
 */
#ifndef VRBENCH_MEASURE_LOSSES_H
#define VRBENCH_MEASURE_LOSSES_H

#include "linux/counters.h"
#include "result/result.h"
#include "testbed/plan.h"
#include "traffic/engine.h"

// All packet counters of a testbed at one moment.
struct path_counters {
    struct namespace_counters *nodes; // by node of the plan
    size_t node_count;
    uint64_t softnet_dropped;
};
void path_counters_clear(struct path_counters *counters);
#define _cleanup_path_counters_ __attribute__((cleanup(path_counters_clear)))

// Lost at the tester's own end: part of the losses, and a reason not to trust the point.
struct tester_losses {
    uint64_t sink_ring;   // the sink interface's receive ring was full
    uint64_t sink_socket; // the sink's socket had no room
};

// Fills in point->drops so that they sum to the lost packets of all networks. `counts` are those
// of the plan's paths; point->networks are filled in, in the same order.
void losses_account(const struct plan *plan, const struct path_counters *before,
                    const struct path_counters *after, const struct traffic_count *counts,
                    struct point *point, struct tester_losses *ret_tester);

#endif
