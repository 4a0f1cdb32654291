// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/losses — finds the place of each lost packet.
 *
 * Two sources are combined. First, counters that name a loss: a full ring, a queue, a reason of the
 * IP layer. Second, conservation: what an interface received and its node did not try to send on
 * was lost inside that node, counted or not. So every loss has at least a place on the path; only a
 * contradiction of both is "unexplained".
 */
#ifndef VRBENCH_MEASURE_LOSSES_H
#define VRBENCH_MEASURE_LOSSES_H

#include "measure/tester_losses.h"
#include "result/result.h"
#include "testbed/plan.h"
#include "testbed/reading.h"
#include "traffic/engine.h"

// Counts the packets of each path at the tester's interfaces, for an engine that doesn't count them
// itself (ENGINE_ADAPTS): tx and rx.
void losses_count_packets(const struct plan *plan, const struct path_counters *before,
                          const struct path_counters *after, struct traffic_count *counts);

// Fills in point->drops so that they sum to the lost packets of all networks. `counts` has the
// counts of the plan's paths; point->networks must be filled in, in the same order.
void losses_account(const struct plan *plan, const struct path_counters *before,
                    const struct path_counters *after, const struct traffic_count *counts,
                    struct point *point, struct tester_losses *ret_tester);

// Fills in point->networks, and point->drops with the losses between two readings by counters
// alone, of packets of any program. Places that counters of drops name have these counts, even if
// packets passed while the counters were read. Places by_difference are exact only if none did;
// inside a router they are at most what its IP layer neither delivered nor forwarded, so that
// packets to the router itself are no loss. Packets that a router sends of its own may hide as many
// losses by_difference.
void losses_seen(const struct plan *plan, const struct path_counters *before,
                 const struct path_counters *after, struct point *point);

#endif
