// SPDX-License-Identifier: GPL-3.0-or-later
// result/found — what a search found: one row for each topology, length, network and goal. run/
// fills it, report/ lists it; run.json holds it as "search".
#ifndef VRBENCH_RESULT_FOUND_H
#define VRBENCH_RESULT_FOUND_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum found_kind { FOUND_RATE, FOUND_CAP, FOUND_BURST };
#define FOUND_KINDS "rate, cap or burst"
// 0 and the kind of that name, or -EINVAL.
int found_kind_from_name(const char *name, enum found_kind *ret);

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
    const char *end;                  // why the search ended: "regular", "tester limit", …
    bool beyond;    // no upper bound because a limit was reached: the lower bound is a ">="
    bool disturbed; // the machine disturbed the search until it gave up
    double trial_s; // of all trials of this topology and length, which the goals share
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
