// SPDX-License-Identifier: GPL-3.0-or-later
// measure/ledger — the places of lost packets during their computation. Called by losses.c and
// node_losses.c.
#ifndef VRBENCH_MEASURE_LEDGER_H
#define VRBENCH_MEASURE_LEDGER_H

#include "measure/crossings.h"
#include "measure/tester_losses.h"
#include "result/result.h"
#include "testbed/plan.h"
#include "testbed/reading.h"

// State of the computation.
struct ledger {
    const struct plan *plan;
    const struct path_counters *before, *after;
    // For each node, of IPv4 and IPv6: counts of the IP layer that are not attributed to a path
    // yet.
    struct ip_counters *ip_left, *ip6_left;
    uint64_t *filters_left; // for each interface: the same for drops of its ingress and egress
                            // filters, which clsact counts together
    uint64_t *sockets_left; // for each node: the same for drops of full UDP sockets
    uint64_t *whole_left;   // for each node: the same for reassembled packets that no program read
    uint64_t *whole_due; // for each node: the part of whole_left that the remaining paths require
    uint64_t softnet_left;
    struct tester_losses tester; // of all paths
    struct crossings crossings;
    bool *seen;     // for each gate: the crossing whose lowest gate it is is accounted for
    bool *wired;    // for each gate: the wire that begins there is accounted for
    size_t *sinks;  // for each interface that sends to a sink or an impaired cable: the tester's
                    // interface there; else NO_GATE
    size_t *groups; // for each path: its group
    size_t *paths;  // the paths of the present group
    size_t path_count;
    bool four, six;          // whether the group has packets of IPv4, IPv6
    bool watching;           // for losses_seen(): no engine's counts, drop counters are exact
    uint64_t *stranded_left; // if watching, for each node: packets that its IP layer received, and
                             // neither delivered, forwarded nor counted as dropped
    bool noisy; // other packets than the engine's pass the group: answers, routing protocols
    struct drop_result *drops; // of the present group
    size_t drop_count;
    uint64_t placed;
};

static inline uint64_t counter_growth(uint64_t before, uint64_t after)
{
    return after > before ? after - before : 0;
}

// While packets pass, the difference of two packet counters is uncertain, counters of drops are
// not: for these, more may be lost than the difference says.
#define LEDGER_NAMED_MOST (1ULL << 60)

static inline uint64_t most_named(const struct ledger *ledger, uint64_t lost)
{
    return ledger->watching ? lost + LEDGER_NAMED_MOST : lost;
}

// What remains of most_named() by the difference alone.
static inline uint64_t not_named(const struct ledger *ledger, uint64_t left)
{
    return ledger->watching ? counter_growth(LEDGER_NAMED_MOST, left) : left;
}

// Difference of an interface's counters over the trial.
struct link_counters ledger_link(const struct ledger *ledger, size_t number);
// Adds to the present group's losses at a place.
void ledger_place(struct ledger *ledger, uint64_t count, const char *where);
// The same for packets that no counter of drops names, but the difference of two other counters.
void ledger_place_difference(struct ledger *ledger, uint64_t count, const char *where);
// ledger_place() at "node:interface suffix".
void ledger_place_at(struct ledger *ledger, uint64_t count, size_t interface, const char *suffix);
// "node:interface suffix", which the caller frees.
char *ledger_name(const struct ledger *ledger, size_t interface, const char *suffix);
// Takes at most `wanted` from `*left`.
uint64_t ledger_take(uint64_t *left, uint64_t wanted);
// Scales the frames placed so far down to at most `packets`, proportionally (largest remainders): a
// packet whose fragments were lost in several places is shared among them.
void ledger_share_out(struct ledger *ledger, uint64_t packets);
// Makes the places of the present group sum to its losses, and moves them to the point. More than
// was lost may have been placed if duplicates were dropped; the excess is taken off the latest
// places. If watching, all places stay.
void ledger_settle(struct ledger *ledger, uint64_t lost, struct point *point);

#endif
