// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/standing — testbeds that stay: built with a link for management, accessed by names of
 * nodes and routers, and the ends of their routers. Called by owner/, which holds such testbeds,
 * and by cli/ for a console.
 */
#ifndef VRBENCH_TESTBED_STANDING_H
#define VRBENCH_TESTBED_STANDING_H

#include <jansson.h>

#include "testbed/testbed.h"

// Host and source of a standing testbed have an additional interface `mgmt0` each, joined, with
// these addresses: by it the host's agent can be read from the source of the load. No measured
// packet uses it.
#define STANDING_HOST   "169.254.1.1"
#define STANDING_SOURCE "169.254.1.2"

// Builds a testbed that outlives this process, for one topology of a scenario. Takes ownership of
// the scenario, also on failure. The record is marked as kept only once the testbed is complete: if
// the process dies before, the testbed counts as a dead run's. `kept` has further content of the
// record for its owner.
int testbed_stand(struct scenario *scenario, enum topology topology, const struct cpu_list *usable,
                  json_t *kept, struct testbed **ret, struct error *err);
// Writes to the record that this process holds the testbed, after attaching to it. Gives its nodes
// the names of namespaces that they lack.
int testbed_hold(struct testbed *testbed, struct error *err);
// Takes a testbed down and frees it, also on failure. Its record is a dead run's from the
// beginning, so that the cleanup completes an interrupted removal.
int testbed_unstand(struct testbed *testbed, struct error *err);
// The same by the record alone, for a testbed that no process holds. -EBUSY if one does, -ENOENT if
// it is gone.
int testbed_remove_standing(const char *id, struct error *err);

// Converts a scenario, with the content of the files that it names, to JSON and back. `cpus` is the
// number of CPUs that may be used.
json_t *scenario_note(const struct scenario *scenario);
int scenario_recall(const json_t *noted, unsigned cpus, struct scenario **ret, struct error *err);

// Converts a list of CPUs to JSON and back; anything else gives an empty list.
json_t *cpus_note(const struct cpu_list *cpus);
void cpus_recall(const json_t *noted, struct cpu_list *ret);

// ---- names

bool testbed_has_node(const struct testbed *testbed, const char *name);
// Index in the scenario, or SIZE_MAX.
size_t testbed_router_called(const struct testbed *testbed, const char *name);
// Index in testbed_parties() of the host or a router, or SIZE_MAX.
size_t testbed_party_called(const struct testbed *testbed, const char *name);
// Index in the scenario of a network, or SIZE_MAX.
size_t testbed_network_called(const struct testbed *testbed, const char *name);
size_t testbed_router_count(const struct testbed *testbed); // 0 in direct
const char *testbed_router_name(const struct testbed *testbed, size_t router);

// Runs a shell or command in a node: a router, "host", "source" or "sink".
int testbed_console(const struct testbed *testbed, const char *node, char *const *argv,
                    int *ret_status, struct error *err);

// ---- ends of routers

// Returns a descriptor that becomes readable when a router ends, valid as long as the router lives,
// and the router's present ID. -ENOENT if the router does not exist, -ESRCH if it has died.
int testbed_watch_router(const struct testbed *testbed, size_t router, unsigned *ret_life);

// How a router has ended, and what its scenario requests then.
struct router_fate {
    unsigned life;
    enum router_state state; // its state if it is not restarted
    bool restart;
};
void testbed_router_fate(const struct testbed *testbed, size_t router, struct router_fate *ret);
// Index of the router that a process began to make or reboot and died before the end; SIZE_MAX =
// none. Must not be called while a router is made.
size_t testbed_unfinished_router(const struct testbed *testbed);
// Makes that router, from whatever state.
int testbed_finish_router(struct testbed *testbed, struct error *err);
// Restarts a router that has died. `noticed_ns` is CLOCK_MONOTONIC.
int testbed_restart_router(struct testbed *testbed, size_t router, uint64_t noticed_ns,
                           struct error *err);

#endif
