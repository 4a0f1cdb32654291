// SPDX-License-Identifier: GPL-3.0-or-later
// result/found — what a search found: one row for each topology, length, network and goal. run/
// fills it, report/ lists it; run.json holds it as "search".
#ifndef VRBENCH_RESULT_FOUND_H
#define VRBENCH_RESULT_FOUND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mean.h"

enum found_kind {
    FOUND_RATE,
    FOUND_CAP,
    FOUND_BURST,
    FOUND_LATENCY,
    FOUND_LOSS,
    FOUND_RECOVERY,
    FOUND_RESET,
    FOUND_DENSITY,
    FOUND_RFC2544, // all of them; no row
};
#define FOUND_KINDS "rate, cap, burst, density, latency, loss, recovery, reset or rfc2544"
// 0 and the kind of that name, or -EINVAL.
int found_kind_from_name(const char *name, enum found_kind *ret);
const char *found_kind_name(enum found_kind kind);

// One-way delays of the trials of a load in ns: the mean of their means, least and longest of all,
// medians of their quantiles.
struct found_delay {
    bool measured;
    struct mean mean;
    double min, p50, p99, p999, max;
};

// How long something took in the trials of a load: each took between the two times of its span.
struct found_time {
    bool measured;
    double low_ns, high_ns;         // means of both ends
    double shortest_ns, longest_ns; // the least low end, and the greatest high end
    double resolution_ns;           // the widest span
};

struct found {
    enum found_kind of;
    char *topology, *network, *goal; // of a cap: network is NULL
    const char *rule;                // "sequential", "rfc9971", "binary"
    unsigned length;
    double loss_ratio;
    double lower_pps, upper_pps, conditional_pps; // NaN = none
    bool regular;                                 // a Regular Goal Result of RFC 9971
    // FOUND_CAP: of that router at that load; percent of one CPU, of which the smaller cap is too
    // small; 0 = none.
    char *router;
    double at_pps;
    unsigned short_cap, enough_cap;
    // FOUND_BURST: of that network, at that rate within a burst; NaN = none. The time of the buffer
    // that the bursts imply, and the same less what is forwarded meanwhile (RFC 9004).
    double carried_frames, lost_frames, throughput_pps;
    double implied_s[2], buffer_s[2]; // by the carried and the lost burst
    char *unstable; // what the stability check of the topology lost, and why; NULL = nothing
    // Kinds that are measured at loads that depend on the throughput: at_pps as percent of it, or
    // of the highest load of the curve (FOUND_LOSS). NaN = unknown.
    double load_percent;
    struct found_delay delay;  // FOUND_LATENCY
    uint64_t tx, lost, unsent; // packets of all its trials
    double after_pps;          // FOUND_RECOVERY: the load after the drop
    uint64_t lost_after;       // and the packets lost from the drop on
    struct found_time time;    // FOUND_RECOVERY, FOUND_RESET
    bool over;                 // FOUND_RESET: packets were received again in all trials
    // FOUND_DENSITY: so many routers and networks were loaded at once, each network with the
    // load; `network` is the one that carries least. The bounds as parts of those of one router,
    // and CPU at the lower bound in percent of one CPU: of the host, and of host and routers.
    unsigned routers, networks;
    double share_low, share_high; // NaN = unknown
    double host_percent, dut_percent;
    const char *end; // why the search ended: "regular", "tester limit", …
    bool beyond;     // no upper bound because a limit was reached: the lower bound is a ">="
    bool disturbed;  // the machine disturbed the search until it gave up
    double trial_s;  // of all trials of this topology and length, which the goals share
    size_t trials;
};

struct found_list {
    struct found *items;
    size_t count;
};
void found_list_add(struct found_list *list, struct found *found); // moves *found into the list
void found_list_clear(struct found_list *list);

json_t *found_to_json(const struct found_list *list);

#endif
