// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/standing — testbeds that are left standing: built with a link for management, looked into
 * by node and router name, and the ends of their routers. Called by owner/, which holds such
 * testbeds, and by cli/ for a console.
 */
#ifndef VRBENCH_TESTBED_STANDING_H
#define VRBENCH_TESTBED_STANDING_H

#include <jansson.h>

#include "testbed/testbed.h"

// Beside what is measured, host and source of a standing testbed have an interface `mgmt0` each,
// joined, with these addresses: a way to read the host's agent from where the load comes from.
#define STANDING_HOST   "169.254.1.1"
#define STANDING_SOURCE "169.254.1.2"

// Builds a testbed that outlives this process, for one topology of a scenario. The scenario becomes
// the testbed's, or is freed on failure. Only once all of it stands does its record say that it is
// kept: what dies before is a dead run's. `kept` has what else the record is to keep for its owner.
int testbed_stand(struct scenario *scenario, enum topology topology, const struct cpu_list *usable,
                  json_t *kept, struct testbed **ret, struct error *err);
// Notes that this process holds the testbed, after attaching to it.
int testbed_hold(struct testbed *testbed, struct error *err);
// Takes a testbed down and frees it. From the beginning on its record is a dead run's, so that
// whatever interrupts this is cleaned up. On failure too, the object is freed.
int testbed_unstand(struct testbed *testbed, struct error *err);
// The same by the record alone, for a testbed that no process holds. -EBUSY if one does, -ENOENT if
// it is gone.
int testbed_remove_standing(const char *id, struct error *err);

// A scenario with all that its text names but does not hold, as JSON, and back. `cpus` is the
// number of CPUs that may be used.
json_t *scenario_note(const struct scenario *scenario);
int scenario_recall(const json_t *noted, unsigned cpus, struct scenario **ret, struct error *err);

// A list of CPUs as JSON, and back; of what is no list, none.
json_t *cpus_note(const struct cpu_list *cpus);
void cpus_recall(const json_t *noted, struct cpu_list *ret);

// ---- names

bool testbed_has_node(const struct testbed *testbed, const char *name);
// Index in the scenario, or SIZE_MAX.
size_t testbed_router_called(const struct testbed *testbed, const char *name);
// Index of testbed_parties() of the host or a router, or SIZE_MAX.
size_t testbed_party_called(const struct testbed *testbed, const char *name);
size_t testbed_router_count(const struct testbed *testbed); // 0 in direct
const char *testbed_router_name(const struct testbed *testbed, size_t router);

// A shell or command in a node: a router, "host", "source" or "sink".
int testbed_console(const struct testbed *testbed, const char *node, char *const *argv,
                    int *ret_status, struct error *err);

// ---- ends of routers

// A descriptor that becomes readable when a router ends, valid as long as it lives, and the id of
// this life. -ENOENT if the router is not there, -ESRCH if it has died.
int testbed_watch_router(const struct testbed *testbed, size_t router, unsigned *ret_life);

// How a router has ended, and what its scenario wants then.
struct router_fate {
    unsigned life;
    enum router_state state; // what it is if it is not restarted
    bool restart;
};
void testbed_router_fate(const struct testbed *testbed, size_t router, struct router_fate *ret);
// Index of the router whose reboot was begun by a process that died before its end; SIZE_MAX =
// none. To be called while no reboot is at work.
size_t testbed_unfinished_reboot(const struct testbed *testbed);
// Makes that router's next life, whatever of the reboot was done already.
int testbed_finish_reboot(struct testbed *testbed, struct error *err);
// Restarts a router that has died. `noticed_ns` is CLOCK_MONOTONIC.
int testbed_restart_router(struct testbed *testbed, size_t router, uint64_t noticed_ns,
                           struct error *err);

#endif
