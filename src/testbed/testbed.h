// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/testbed — builds a plan on this machine, and removes it completely.
 *
 * Everything is made in the testbed's own network namespaces; lent interfaces are given back in
 * their former state. A record on disk (record.h) lets any later vrbench clean up after a crash.
 * Called by measure/ and cli/.
 */
#ifndef VRBENCH_TESTBED_TESTBED_H
#define VRBENCH_TESTBED_TESTBED_H

#include <jansson.h>

#include "linux/counters.h"
#include "linux/netns.h"
#include "machine/machine.h"
#include "testbed/plan.h"

struct testbed;

enum router_state {
    ROUTER_RUNNING,
    ROUTER_CRASHED,   // died and is not to be restarted, or the restart failed
    ROUTER_DESTROYED, // taken down on request
};
const char *router_state_name(enum router_state state); // "running", "crashed", "destroyed"

// The party that CPU time is charged to.
enum party_kind { PARTY_HOST, PARTY_ROUTER, PARTY_TESTER };
struct testbed_party {
    enum party_kind kind;
    const char *name;      // "host", the router's name, "tester"
    size_t router;         // PARTY_ROUTER: index in the scenario
    uint64_t memory_bytes; // memory that it took to make, or uses; 0 = not measured
    uint64_t
        start_ns; // PARTY_ROUTER: from the request to make it until it forwarded; 0 = not measured
};

// Builds a plan and takes ownership of it, also on failure. After a failure nothing is left. With
// `keep`, routers survive the process that made them.
int testbed_up(struct plan *plan, bool keep, struct testbed **ret, struct error *err);
// Takes testbeds down and frees them: afterwards their names, pins and processes no longer exist,
// and lent interfaces are back. Returns the first failure, but continues with the others.
//
// The kernel dismantles the unreachable namespaces later. `ret_leftovers`, if not NULL, gets what
// remains, for testbed_await_leftovers(), which frees it and returns when no thread of the testbeds
// is left; if NULL, the function waits. The kernel frees unreachable bridges even later (for each
// it waits for all RCU callbacks), unseen.
struct testbed_leftovers;
int testbed_down(struct testbed **testbeds, size_t count, struct testbed_leftovers **ret_leftovers,
                 struct error *err);
int testbed_await_leftovers(struct testbed_leftovers *leftovers, struct error *err);

// Checks that the routing daemons of a scenario are installed (exit status 3) and accept their
// configurations (exit status 2). Does nothing for a scenario without daemons.
int testbed_check_daemons(const struct scenario *scenario, struct error *err);

// Checks that the platform of a scenario can make its routers: the settings must be valid (exit
// status 2) and, unless `named_only`, everything required must be installed (exit status 3).
// Changes nothing.
int testbed_check_platform(const struct scenario *scenario, bool named_only, struct error *err);

// Checks that the interfaces that a scenario lends (links) exist (exit status 3) and may be taken
// (exit status 2). One that this machine's default route or the caller's SSH session uses may be
// taken only with `even_default_route`.
int testbed_check_links(const struct scenario *scenario, bool even_default_route,
                        struct error *err);

// True for a router that was made and has died.
bool testbed_router_has_died(const struct testbed *testbed, size_t router);

// ---- one router of a standing testbed, while the others continue to forward: `router` is its
// index in the scenario. Changes are written to the record.

// Makes a router that does not exist. After a failure it still does not.
int testbed_create_router(struct testbed *testbed, size_t router, struct error *err);
// Ends a router; its links stay with the host. `state` is its new state.
int testbed_destroy_router(struct testbed *testbed, size_t router, enum router_state state,
                           struct error *err);
// Ends and makes a router, also one that has died. ret_outage_ns gets the time from `began_ns`
// (CLOCK_MONOTONIC of the request, or when the death was noticed) until the new router forwards.
// After a failure its state is crashed.
int testbed_reboot_router(struct testbed *testbed, size_t router, uint64_t began_ns,
                          uint64_t *ret_outage_ns, struct error *err);

const char *testbed_id(const struct testbed *testbed);
const char *testbed_name(const struct testbed *testbed); // name of its scenario
bool testbed_is_kept(
    const struct testbed *testbed); // it stands by itself; otherwise a run measures on it

// Writes the testbed's state to its record, from which testbed_attach() recreates the object.
int testbed_note(struct testbed *testbed, struct error *err);
// Makes the object of a testbed that another process made, from its record, and takes ownership of
// the record on success. A router in an unusable state counts as crashed. -ENOENT if the testbed is
// not up.
struct record;
int testbed_attach(struct record *record, struct testbed **ret, struct error *err);
// Frees the object and all resources of this process; the testbed itself stays.
void testbed_free(struct testbed *testbed);

// The present facts of the host (ID 0) or of a router. The testbed owns the texts.
struct party_info {
    const char *name, *platform;
    unsigned id;
    enum router_state state;
    uint64_t memory_bytes;  // 0 = not measured
    uint64_t cpu_ns;        // since it was made
    struct cpu_part *parts; // parts of cpu_ns, as in testbed_usage()
    size_t part_count;
    uint64_t since_ns;       // CLOCK_REALTIME of its last change of state; 0 = unknown
    unsigned restarts;       // after crashes
    uint64_t outage_ns;      // of the last restart or reboot; 0 = none so far
    uint64_t convergence_ns; // from its daemon's start to its last route; 0 = no daemon
    const char *links;       // of a machine in dedicated: "pci", "macvtap" (handover.h); else NULL
    struct allocation allocation;
    bool allocation_known; // false if the platform does not report it: testbed_get_allocation() has
                           // the reason
};
// `party` is an index in testbed_parties(). The caller clears what the function fills in.
void testbed_party_info(const struct testbed *testbed, size_t party, struct party_info *ret);
void party_info_clear(struct party_info *info);
// The same with the allocation as it was last set.
void testbed_party_times(const struct testbed *testbed, size_t party, struct party_info *ret);
// The same without facts that require a request to the kernel or a hypervisor: no CPU time, and the
// allocation as it was last set.
void testbed_party_facts(const struct testbed *testbed, size_t party, struct party_info *ret);
// Whether the CPU time of a party is that of kernel threads only; if so returns these threads, and
// the CPU time of ended ones. The testbed owns the array, which is valid until a router is made or
// ends.
bool testbed_quick_tasks(const struct testbed *testbed, size_t party, const pid_t **ret_tasks,
                         size_t *ret_count, uint64_t *ret_gone_ns);

// Whether its routers are virtual machines, which are processes of this computer or domains beside
// it.
bool testbed_runs_machines(const struct testbed *testbed);

const struct plan *testbed_plan(const struct testbed *testbed);
// In what way each impaired direction of a cable is impaired: {"cable", "way": "tc" or "relay"}.
// The caller owns the array.
json_t *testbed_cables(const struct testbed *testbed);
// The namespace of a node of the plan, or NULL if it has none on this machine.
const struct netns *testbed_netns(const struct testbed *testbed, size_t node);
// Reads the packet counters of a node of the plan.
int testbed_counters(const struct testbed *testbed, size_t node, struct namespace_counters *ret,
                     struct error *err);
// Host and routers in the scenario's order (none in direct), then the tester.
size_t testbed_parties(const struct testbed *testbed, const struct testbed_party **ret);

// Whether CPU time of the device under test's CPUs that no metered party accounts for is charged to
// the host.
bool testbed_rest_is_hosts(const struct testbed *testbed);

// Sets the CPU allocation of host or router while the testbed stands; `party` as in
// testbed_parties(). A weight is 1–65535, a cap 0 (none) to 100 percent for each CPU of the device
// under test; other values are refused with exit status 2. Exit status 3 if no mechanism holds a
// cap here.
int testbed_set_allocation(struct testbed *testbed, size_t party,
                           const struct allocation *allocation, struct error *err);
// Reads the allocation back from the kernel.
int testbed_get_allocation(const struct testbed *testbed, size_t party, struct allocation *ret,
                           struct error *err);
// Whether another process, the owner, may set allocations while this one measures (testbed/loan.h).
bool testbed_moves_shares(const struct testbed *testbed);
// How caps are held in this testbed: "quota", "deadline", "credit2", …, or "none" if there is no
// cap; NULL in direct.
const char *testbed_cap_way(const struct testbed *testbed);
// A thread of this process redivides caps held by SCHED_DEADLINE among a party's threads as their
// load changes. It starts with the testbed and with the first cap, and stops when the testbed is
// taken down. Without it a cap still holds, but a router may not get all of it. These two functions
// are for handing a standing testbed over to another process.
int testbed_start_dividing(struct testbed *testbed, struct error *err);
void testbed_stop_dividing(struct testbed *testbed);

// The facts of the platform for results; the caller clears them.
int testbed_platform_facts(const struct testbed *testbed, struct platform_facts *ret,
                           struct error *err);

// What a cleanup removed, and what it could not remove. Cleared with cleaning_clear().
struct cleaning {
    unsigned removed; // number of testbeds
    struct cleaning_left {
        char *id, *why;
    } * left;
    size_t left_count;
};
void cleaning_clear(struct cleaning *cleaning);
// Removes what dead runs left; with `all`, also standing testbeds. A testbed that cannot be removed
// does not stop the others. What belongs to a measuring process stays.
int testbed_clean_up(bool all, struct cleaning *ret, struct error *err);
// The same for what dead runs left, before new testbeds are built: logs a warning for what stays.
int testbed_clean_up_dead(struct error *err);

#endif
