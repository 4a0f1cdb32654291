// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/cap_probe — which way of holding a cap bites on this kernel, found out by looking: a
 * kernel thread of threaded NAPI, in namespaces of the probe's own, is kept busy under a cap, and
 * its CPU time is set against it. No version is asked.
 */
#ifndef VRBENCH_RATION_CAP_PROBE_H
#define VRBENCH_RATION_CAP_PROBE_H

#include "linux/cgroup.h"
#include "ration/ration.h"

// What was seen of one way.
struct cap_trial {
    bool tried;
    bool bites;
    double percent; // most CPU used in a round, of one CPU, where CAP_PROBE_PERCENT was the cap
    char *why;      // it could not be tried; NULL otherwise
};
#define CAP_PROBE_PERCENT 5U

struct cap_probe {
    enum cap_way way;    // the first that bites
    double free_percent; // CPU used without a cap
    struct cap_trial quota, deadline;
};

// Takes about a second and leaves nothing. A way is refuted by a thread that goes on using more
// than the cap: a single overrun, which the next windows of a round make up for, is none. To bite,
// it must hold in all of several rounds in which the thread had more to do throughout, each
// followed by a window without a cap in which the thread runs freely: so a busy machine does not
// pass for a cap. `tree` may be NULL (no control groups): no way then. With `all`, tries the second
// way even if the first bites. Negative if nothing could be found out at all.
int cap_probe(const struct cgroup_tree *tree, bool all, struct cap_probe *ret, struct error *err);
void cap_probe_clear(struct cap_probe *probe);

// Removes the groups of probes that were killed.
void cap_probe_clean_up(const struct cgroup_tree *tree);

#endif
