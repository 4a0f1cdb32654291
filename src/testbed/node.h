// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/node — a place that holds nodes of a testbed, and what measuring needs from it.
 *
 * Requests and replies are plain values: a node of the plan is its number, an interface its index,
 * a party its number in testbed_parties(). The user of a place gets no pointer, namespace or task
 * of it. So a place can be another computer, which receives the requests over a stream. The only
 * implementation so far is this computer, by direct calls (node.c); it holds all nodes. Called by
 * measure/.
 */
#ifndef VRBENCH_TESTBED_NODE_H
#define VRBENCH_TESTBED_NODE_H

#include "testbed/reading.h"
#include "testbed/testbed.h"
#include "traffic/engine.h"

struct node {
    const struct node_ops *ops;
    struct testbed *testbed; // as this place knows it
};

struct node_ops {
    // Reads the packet counters of the nodes.
    int (*read_counters)(const struct node *node, struct path_counters *ret, struct error *err);
    // Reads the CPU time of the parties and the CPUs. Fails if a task has ended: its router died.
    int (*read_meters)(const struct node *node, struct meter_reading *ret, struct error *err);
    // Read back, and set, weight and cap of the host or a router, see testbed_set_allocation().
    int (*read_allocation)(const struct node *node, size_t party, struct allocation *ret,
                           struct error *err);
    int (*set_allocation)(const struct node *node, size_t party,
                          const struct allocation *allocation, struct error *err);
    // Reboots a router while the others continue, see testbed_reboot_router().
    int (*reboot_router)(const struct node *node, size_t router, uint64_t began_ns,
                         uint64_t *ret_outage_ns, struct error *err);
    // Watches the place's computer until end_watch(), for programs that neither do the work of a
    // party of the testbed nor descend from this process, and for times in which these CPUs are
    // away. If a party is `capped`, the heartbeat beats by timers: a task of SCHED_DEADLINE, which
    // holds a cap, precedes its threads. It does so too if caps may be set meanwhile
    // (testbed_moves_shares()), unless this computer has no such timers. Programs are not watched
    // beside virtual machines, which are programs themselves.
    void (*begin_watch)(const struct node *node, const struct cpu_list *cpus, bool capped);
    void (*end_watch)(const struct node *node, struct disturbance *ret);
    // Whether a thread that carries packets of a party runs or waits for a CPU: then packets may be
    // on their way.
    bool (*is_forwarding)(const struct node *node);
    // Opens a half of an engine on the paths of `setup`, whose nodes on that side the place has.
    int (*open_half)(const struct node *node, const char *engine, enum engine_side side,
                     const struct traffic_setup *setup, struct engine_half *ret, struct error *err);
};

// The place of all nodes of a testbed.
struct node testbed_node(struct testbed *testbed);

// Opens both halves of an engine, and joins them.
int node_open_engine(const struct node *node, const char *engine, const struct traffic_setup *setup,
                     struct engine **ret, struct error *err);

#endif
