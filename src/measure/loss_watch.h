// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/loss_watch — notices losses in a testbed while traffic passes, by the counters of all
 * its nodes, and names their places as a trial does (losses.h).
 *
 * The counters are read one after the other, so two of them differ by the packets that pass
 * meanwhile. A loss that a counter of drops names (a full ring, a queue, a discard of the IP layer,
 * an impairment) is exact nevertheless, and reported by the next reading. A loss that only follows
 * from the difference of two packet counters ("r1:eth1 link", "r1:eth0 to eth1", "host:br0") is
 * reported only between *still* readings: those before which no packet counter of the testbed's
 * paths has moved for LOSS_STILL_NS and the greatest delay of its impaired cables.
 *
 * So these losses are not seen:
 * - by difference, before the first and after the last still reading, such as under traffic that
 *   never pauses: counters of drops and sequence numbers alone show a loss there;
 * - by difference, as many as the packets that the node itself sent between two still readings, and
 *   inside a router those of other protocols than IP, or before or behind its IP forwarding;
 * - while a counter restarts, as when a router or an interface does: the next reading is the first
 *   one then.
 * A packet that waits in a router for longer than LOSS_STILL_NS without any other passing is
 * reported as lost. Called by `vrbench capture --around-loss`.
 */
#ifndef VRBENCH_MEASURE_LOSS_WATCH_H
#define VRBENCH_MEASURE_LOSS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "testbed/node.h"

#define LOSS_STILL_NS 300000000ULL

struct loss_seen {
    const char *where;       // as drop_result.where
    uint64_t count;          // packets
    bool by_difference;      // of two packet counters, between still readings
    uint64_t from_ns, to_ns; // within this time the first was lost, CLOCK_REALTIME
};

// A reading of all counters. Both times are CLOCK_REALTIME.
struct loss_reading {
    struct path_counters counters;
    uint64_t began_ns, ended_ns;
};

struct loss_watch;

// Without a reading. The plan must outlive the watch.
struct loss_watch *loss_watch_new(const struct plan *plan);
void loss_watch_free(struct loss_watch *watch); // NULL is fine
// Compares a reading with the ones before, and reports each place where packets were lost since.
// Takes the reading's counters, and leaves it empty.
void loss_watch_take(struct loss_watch *watch, struct loss_reading *reading,
                     void (*lost)(void *context, const struct loss_seen *seen), void *context);
// Reads the counters of the testbed, whose plan the watch has, and takes the reading.
int loss_watch_look(struct loss_watch *watch, struct testbed *testbed,
                    void (*lost)(void *context, const struct loss_seen *seen), void *context,
                    struct error *err);
// Whether there has been a still reading since the counters began.
bool loss_watch_is_still(const struct loss_watch *watch);
// An interface that an earlier reading had and the latest one has not, as "NODE:INTERFACE"; NULL =
// none. The caller frees it.
char *loss_watch_lacks(const struct loss_watch *watch);

#endif
