// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/parts — inside of the testbed room: the state of a standing testbed, and what its files
// share.
#ifndef VRBENCH_TESTBED_PARTS_H
#define VRBENCH_TESTBED_PARTS_H

#include "linux/cgroup.h"
#include "linux/process.h"
#include "testbed/record.h"
#include "testbed/testbed.h"

struct allocator; // allocation.c's

struct testbed_router {
    struct machine *router; // NULL = not there
    enum router_state state;
    unsigned id;             // anew with each life
    uint64_t memory_bytes;   // 0 = not measured
    uint64_t ordered_ns;     // CLOCK_MONOTONIC of the order to make it, until it forwards; else 0
    uint64_t start_ns;       // from the order to make it until it forwarded; 0 = not measured
    uint64_t since_ns;       // CLOCK_REALTIME of the last change of state
    unsigned restarts;       // after crashes
    uint64_t outage_ns;      // of the last restart or reboot; 0 = there was none
    uint64_t convergence_ns; // from its daemon's start to its last route; 0 = it has no daemon
};

struct testbed {
    struct plan *plan;
    struct scenario *scenario; // owned if it was attached to; else NULL: the maker's
    struct record *record;
    bool kept;               // it stands: marked so in the record once it is complete
    bool outlive;            // its routers go on when the process that made them ends
    struct process_id maker; // the process that holds it
    unsigned next_id;        // of a router to be made
    int next_index;          // of an interface to be made
    char *macvtap_why;       // why a lent NIC is not handed over whole; NULL (handover.h)
    struct platform *platform;
    struct netns *home;   // where the caller's interfaces are
    struct netns **netns; // by node of the plan; NULL for routers, which the platform owns
    struct testbed_router *routers; // by router of the scenario; empty in direct
    struct cgroup_tree *cgroups;    // NULL where nothing is weighted (direct)
    struct allocator *allocator;    // likewise
    pid_t *host_tasks, *tester_tasks;
    int *host_task_links; // index of the interface that each of the host's threads serves
    size_t host_task_count, tester_task_count;
    uint64_t host_gone_ns; // CPU time of threads of the host that are no more
    uint64_t host_memory_bytes;
    struct testbed_party *parties;
    size_t party_count;
};

// Makes everything; on failure what was made so far is for testbed_down() to take away.
int testbed_build(struct testbed *testbed, struct error *err);
// Where the namespace of a node is pinned; the caller frees it.
char *testbed_pin(const struct record *record, const char *node);
int testbed_make_pin(const struct record *record, const char *node, char **ret, struct error *err);
const struct netns *testbed_host_netns(const struct testbed *testbed); // NULL in direct
// Gives the cable ends that lead to sinks their transmit queues: those of the host and all routers
// (-1), or of one router only.
int testbed_make_sink_queues(const struct testbed *testbed, ssize_t router, struct error *err);

// Fills testbed->parties anew.
void testbed_list_parties(struct testbed *testbed);

// Ends the processes that the testbed started in the namespaces of its nodes: first ones, with all
// that was started inside, and consoles with what they started. `node` NULL = of all nodes. Others
// that are in such a namespace, as a vrbench that reads counters, go on; with `node` NULL, the
// interfaces there are deleted then, as the namespace would stay.
int testbed_end_processes(const struct record *record, const char *node, struct error *err);
// Removes the testbed that a record describes to nothing, by the record alone: this process must be
// its owner. Frees the record. On failure what could not be undone stays in the record on disk.
int testbed_remove_by_record(struct record *record, struct error *err);
// Whether the record speaks of PCI devices that machines were to get: such a testbed's machines end
// before its interfaces are given back, else after that.
bool testbed_lends_devices(const struct record *record);
// Gives back the interfaces that the record says were taken. With `home` NULL, its pin is used.
void testbed_return_nics(const struct record *record, struct error *err);

#endif
