// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/send — sends a load on one network of a borrowed testbed. Each interval is a trial of its
 * own, so that every packet of it is accounted for. Called by cli/.
 */
#ifndef VRBENCH_RUN_SEND_H
#define VRBENCH_RUN_SEND_H

#include "owner/loan.h"
#include "result/result.h"
#include "scenario/scenario.h"

struct send_spec {
    struct loan *loan;
    struct scenario *scenario; // of the loan; send_prepare() changes it
    size_t network;            // index in the scenario
    const char *engine;        // NULL = the scenario's
    unsigned length;           // of the IP packets; 0 = 64, or the shortest that the network takes
    struct profile_rate rate;  // not given = as fast as possible
    uint64_t interval_ns;
    unsigned intervals; // 0 = until a stop is requested
};

// Checks the values, completes them, and borrows the testbed for this load. Exit status 2 for bad
// values.
int send_prepare(struct send_spec *spec, struct error *err);
// Sends, and shows each interval. An interval in which a router died has no figures; its owner
// restarts the router, and sending continues. -EINTR once a stop is requested: the interval that
// has not ended does not count.
int send_run(const struct send_spec *spec,
             void (*show)(void *context, const struct point *point, unsigned number), void *context,
             struct error *err);

#endif
