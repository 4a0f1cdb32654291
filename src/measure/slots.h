// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/slots — which slots of the time of sending a stall of this machine touched.
 *
 * A trial's packets are counted by slots of sending time. A slot is left out by its cause, a stall
 * that a heartbeat noted, never by its losses: those of the other slots are undisturbed figures.
 * Pure functions; called by forms.c and trial.c.
 */
#ifndef VRBENCH_MEASURE_SLOTS_H
#define VRBENCH_MEASURE_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "linux/heartbeat.h"
#include "result/result.h"

#define SLOT_LEAST_NS      2000000ULL   // the width of a slot, unless there would be too many
#define SLOT_DROP_NS       100000000ULL // so long after a drop of the load, slots are narrow
#define SLOT_DROP_WIDTH_NS 100000ULL    // their width
#define SLOTS_MOST         6000U        // of one trial

// Width of the slots of a trial of that duration.
uint64_t slot_width_ns(uint64_t duration_ns);

// What must pass before a stall has no effect any more.
struct slot_queues {
    uint64_t before_ns; // packets sent so long before a stall may still be on their way
    uint64_t full_ns;   // the queues of the path hold the packets of so much time of sending
    double utilisation; // of the device under test's CPUs, 0 to 1
    // The kernel may charge a stall to a task that a cap holds, which then waits until the cap has
    // granted it that time: so many times the stall, and a period of the cap. 0 = no cap.
    double debt;
    uint64_t period_ns;
    uint64_t start_ns; // CLOCK_MONOTONIC when the first packet was due
};

// Sets left_out[i] for each slot from bounds_ns[i] to bounds_ns[i + 1], relative to start_ns, that
// a stall or its backlog touches. The report's stalls are of one or more CPUs, in the order of time
// for each.
void slots_leave_out(const struct heartbeat_report *report, const struct slot_queues *queues,
                     const uint64_t *bounds_ns, size_t slot_count, bool *left_out);

// The part of the time that is left out, 0 to 1.
double slots_left_out_ratio(const uint64_t *bounds_ns, size_t slot_count, const bool *left_out);

// How long packets were lost after a drop of the load: until the last slot with losses. Losses of
// slots that a stall touched are left out, and make the result uncertain if they are later than
// all others. `left_out` may be NULL.
struct recovery_result slots_recovery(const uint64_t *bounds_ns, size_t slot_count,
                                      const uint64_t *lost, const bool *left_out, uint64_t drop_ns);

// The longest time of which no packet was received: from the first to the last slot of it, and
// longer by at most the parts of its two neighbours that lost packets. Slots without packets belong
// to what is around them.
struct outage_result slots_outage(const uint64_t *bounds_ns, size_t slot_count, const uint64_t *tx,
                                  const uint64_t *rx);

// The part of the packets 0 to `sent` - 1 that is in a slot of sequence numbers; the last slot also
// has all packets beyond it.
uint64_t slot_sent(const uint64_t *bounds, size_t slot_count, size_t slot, uint64_t sent);

#endif
