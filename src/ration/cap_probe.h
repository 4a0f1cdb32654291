// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/cap_probe — finds by experiment which way of holding a cap works on this kernel: a kernel
 * thread of threaded NAPI, in the probe's own namespaces, is kept busy under a cap, and its CPU
 * time is compared with the cap. The kernel's version is not used.
 */
#ifndef VRBENCH_RATION_CAP_PROBE_H
#define VRBENCH_RATION_CAP_PROBE_H

#include "linux/cgroup.h"
#include "ration/ration.h"

// The result for one way.
struct cap_trial {
    bool tried;
    bool bites;
    double
        percent; // largest CPU use of a round in percent of one CPU; the cap was CAP_PROBE_PERCENT
    char *why;   // why it could not be tried; NULL = it was
};
#define CAP_PROBE_PERCENT 5U

struct cap_probe {
    enum cap_way way;    // the first way that works
    double free_percent; // CPU use without a cap
    struct cap_trial quota, deadline;
};

// Takes about a second and leaves nothing behind. A way is refuted if the thread keeps using more
// than the cap; a single overrun that the next windows of a round compensate does not count. A way
// works if it holds the cap in all of several rounds in which the thread had more to do throughout,
// each followed by a window without a cap in which the thread runs freely; so other load is not
// mistaken for a cap. `tree` may be NULL (no control groups): the result is then no way. With
// `all`, the second way is tried even if the first works. Negative if nothing could be determined.
int cap_probe(const struct cgroup_tree *tree, bool all, struct cap_probe *ret, struct error *err);
void cap_probe_clear(struct cap_probe *probe);

// Removes the control groups of probes that were killed.
void cap_probe_clean_up(const struct cgroup_tree *tree);

#endif
