// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/build — inside of the testbed room: the standing testbed's state and its making.
#ifndef VRBENCH_TESTBED_BUILD_H
#define VRBENCH_TESTBED_BUILD_H

#include "linux/cgroup.h"
#include "testbed/record.h"
#include "testbed/testbed.h"

struct testbed_router {
    struct router *router;
    uint64_t memory_bytes;
};

struct testbed {
    struct plan *plan;
    struct record *record;
    const struct platform_ops *platform;
    struct netns *home;   // where the caller's interfaces are
    struct netns **netns; // by node of the plan; NULL for routers, which the platform owns
    struct testbed_router *routers; // by router of the scenario; empty in direct
    struct cgroup_tree *cgroups;    // NULL where nothing is weighted (direct)
    pid_t *host_tasks, *tester_tasks;
    size_t host_task_count, tester_task_count;
    uint64_t host_memory_bytes;
    struct testbed_party *parties;
    size_t party_count;
};

// Makes everything; on failure what was made so far is for testbed_down() to take away.
int testbed_build(struct testbed *testbed, struct error *err);
// Where the namespace of a node is pinned; the caller frees it.
char *testbed_pin(const struct record *record, const char *node);

// Gives back the interfaces that the record says were taken. With `home` NULL, its pin is used.
void testbed_return_nics(const struct record *record, struct error *err);

#endif
