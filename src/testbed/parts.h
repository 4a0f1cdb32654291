// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/parts — internal to testbed/: the state of a standing testbed, shared by its files.
#ifndef VRBENCH_TESTBED_PARTS_H
#define VRBENCH_TESTBED_PARTS_H

#include "linux/cgroup.h"
#include "linux/heartbeat.h"
#include "linux/interference.h"
#include "linux/process.h"
#include "linux/softirq.h"
#include "linux/usage.h"
#include "testbed/record.h"
#include "testbed/testbed.h"

struct allocator; // defined in allocation.c

struct testbed_router {
    struct machine *router; // NULL = not made, or ended
    enum router_state state;
    unsigned id;             // new whenever the router is recreated
    uint64_t memory_bytes;   // 0 = not measured
    uint64_t ordered_ns;     // CLOCK_MONOTONIC of the request to make it, until it forwards; else 0
    uint64_t start_ns;       // from the request to make it until it forwarded; 0 = not measured
    uint64_t since_ns;       // CLOCK_REALTIME of the last change of state
    unsigned restarts;       // after crashes
    uint64_t outage_ns;      // of the last restart or reboot; 0 = none so far
    uint64_t convergence_ns; // from its daemon's start to its last route; 0 = no daemon
};

// Of the computer of a testbed, see node.h.
struct watch {
    struct heartbeat *heartbeat;  // NULL = none runs
    struct usage_snapshot before; // empty = programs are not watched
    struct cpu_list cpus;
    struct interference interference; // at the begin
    uint64_t began_ns;
    struct softirq_meter *softirqs; // runs until the testbed is freed; NULL = none
    bool tried_softirqs;
};

struct testbed {
    struct plan *plan;
    struct scenario *scenario; // owned after attaching; NULL = the maker's
    struct record *record;
    bool kept;               // it stands: marked in the record once it is complete
    bool outlive;            // its routers survive the process that made them
    struct process_id maker; // the process that holds it
    unsigned next_id;        // of the next router
    int next_index;          // of the next interface
    char *macvtap_why;       // why a lent NIC is not assigned; NULL (handover.h)
    struct platform *platform;
    struct netns *home;   // namespace of the caller's interfaces
    struct netns **netns; // for each node of the plan; NULL for routers, which the platform owns
    struct testbed_router *routers; // for each router of the scenario; empty in direct
    struct cgroup_tree *cgroups;    // NULL if nothing has a weight (direct)
    struct allocator *allocator;    // NULL if nothing has a weight
    pid_t *host_tasks, *tester_tasks;
    struct process_id relay; // of delayed packets, one of the tester's tasks; pid 0 = none
    int *host_task_links;    // for each thread of the host the index of its interface
    size_t host_task_count, tester_task_count;
    uint64_t host_gone_ns; // CPU time of ended threads of the host
    uint64_t host_memory_bytes;
    struct testbed_party *parties;
    size_t party_count;
    bool shares_move; // weights and caps may be set while it is measured
    struct watch watch;
};

// Makes everything. After a failure the caller removes the parts with testbed_down().
int testbed_build(struct testbed *testbed, struct error *err);
// The path of a node's pinned namespace; the caller frees it.
char *testbed_pin(const struct record *record, const char *node);
int testbed_make_pin(const struct record *record, const char *node, char **ret, struct error *err);
const struct netns *testbed_host_netns(const struct testbed *testbed); // NULL in direct
// Adds transmit queues to the cable ends that lead to sinks: of the host and all routers (-1), or
// of one router only.
int testbed_make_sink_queues(const struct testbed *testbed, ssize_t router, struct error *err);

// CPU time of a party so far by part, in a new array; of kernel threads only: the tester's own
// process is not included. `party` as in testbed_parties(). Fails if a router has died or a thread
// has ended.
int testbed_usage(const struct testbed *testbed, size_t party, struct cpu_part **ret,
                  size_t *ret_count, struct error *err);
// CPU time as counted by a hypervisor, if the host is one of its domains: returns 1 if so, else 0.
int testbed_hypervisor_times(const struct testbed *testbed, struct hypervisor_times *ret,
                             struct error *err);

// Rebuilds testbed->parties.
void testbed_list_parties(struct testbed *testbed);

// Ends the processes that the testbed started in the namespaces of its nodes: first processes with
// all processes inside, and consoles with their descendants. `node` NULL = of all nodes. Other
// processes in such a namespace, such as a vrbench that reads counters, continue; with `node` NULL
// the interfaces there are deleted, because the namespace would remain.
int testbed_end_processes(const struct record *record, const char *node, struct error *err);
// Removes the testbed of a record completely, by the record alone, which this process must own.
// Frees the record. After a failure the record on disk has what could not be removed.
int testbed_remove_by_record(struct record *record, struct error *err);
// Whether the record has PCI devices to be assigned: the machines of such a testbed end before its
// interfaces are given back, otherwise afterwards.
bool testbed_lends_devices(const struct record *record);
// Gives back the interfaces taken according to the record, and removes their entries from it, in
// memory and on disk, so that no later cleanup resets them. Negative if one is still in a namespace
// of the testbed, where it would end with the namespace: the testbed must not be removed then. 0 if
// one has vanished or is at home without its settings; `err` has the reason.
int testbed_return_nics(struct record *record, struct error *err);

#endif
