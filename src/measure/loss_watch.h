// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/loss_watch — notices losses in a testbed while traffic passes, by the counters of all
 * its nodes, and names their places as a trial does (losses.h).
 *
 * Counters of a path that is in use differ by the packets between them. So a loss is reported when
 * LOSS_WATCH_READINGS successive readings contain it: packets that only were on the way reach their
 * counter in one of these. Packets that are on the way when the watch begins may hide as many
 * losses that no counter names. Called by `vrbench capture --around-loss`.
 */
#ifndef VRBENCH_MEASURE_LOSS_WATCH_H
#define VRBENCH_MEASURE_LOSS_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "testbed/node.h"

#define LOSS_WATCH_READINGS 5U

struct loss_seen {
    const char *where;       // as drop_result.where
    uint64_t count;          // packets
    uint64_t from_ns, to_ns; // the readings between which the first was lost, CLOCK_REALTIME
};

struct loss_watch;

// Takes the first reading. The testbed must outlive the watch.
int loss_watch_open(struct testbed *testbed, struct loss_watch **ret, struct error *err);
void loss_watch_close(struct loss_watch *watch); // NULL is fine
// Reads the counters, and reports each place where packets were lost since.
int loss_watch_look(struct loss_watch *watch,
                    void (*lost)(void *context, const struct loss_seen *seen), void *context,
                    struct error *err);

#endif
