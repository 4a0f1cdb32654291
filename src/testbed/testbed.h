// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/testbed — a plan built on this machine, and taken down again to nothing.
 *
 * Everything is made in network namespaces of the testbed's own; what is lent (existing
 * interfaces) is given back as it was found. A record on disk (record.h) lets any later vrbench
 * clean up after a crash. Called by measure/ and cli/.
 */
#ifndef VRBENCH_TESTBED_TESTBED_H
#define VRBENCH_TESTBED_TESTBED_H

#include "linux/counters.h"
#include "linux/netns.h"
#include "machine/machine.h"
#include "testbed/plan.h"

struct testbed;

enum router_state {
    ROUTER_RUNNING,
    ROUTER_CRASHED,   // died and is not to be restarted, or couldn't be
    ROUTER_DESTROYED, // taken down on request
};
const char *router_state_name(enum router_state state); // "running", "crashed", "destroyed"

// Whose CPU time it is.
enum party_kind { PARTY_HOST, PARTY_ROUTER, PARTY_TESTER };
struct testbed_party {
    enum party_kind kind;
    const char *name;      // "host", the router's, "tester"
    size_t router;         // PARTY_ROUTER: index into the scenario's
    uint64_t memory_bytes; // that it took to make, or holds; 0 = not measured
    uint64_t start_ns; // PARTY_ROUTER: from the order to make it until it forwarded; 0 = likewise
};

// Builds what the plan says and takes the plan over (on failure too). On failure nothing is left.
// With `keep`, routers go on when the process that made them ends.
int testbed_up(struct plan *plan, bool keep, struct testbed **ret, struct error *err);
// Takes testbeds down and frees them: afterwards nothing of them has a name, a pin or a user any
// more, and what was lent is back. Returns the first failure, but goes on with the others.
//
// The kernel takes the unreachable namespaces apart in its own time, which for many bridges is
// long (it waits for an RCU grace period for each). `ret_leftovers`, if not NULL, gets what is
// still to go, for testbed_await_leftovers(), which frees it; if NULL, it is waited for.
struct testbed_leftovers;
int testbed_down(struct testbed **testbeds, size_t count, struct testbed_leftovers **ret_leftovers,
                 struct error *err);
int testbed_await_leftovers(struct testbed_leftovers *leftovers, struct error *err);

// Whether the routing daemons of a scenario are on this machine (exit status 3) and take their
// configurations (exit status 2). Does nothing for a scenario without.
int testbed_check_daemons(const struct scenario *scenario, struct error *err);

// Whether the platform of a scenario can make its routers: what they name must be right (exit
// status 2) and, unless `named_only`, all that it takes must be here (exit status 3). Nothing is
// touched.
int testbed_check_platform(const struct scenario *scenario, bool named_only, struct error *err);

// Whether the interfaces that a scenario lends (links) are here (exit status 3) and may be taken
// (exit status 2): one that this machine's default route or the caller's SSH session needs may only
// with `even_default_route`.
int testbed_check_links(const struct scenario *scenario, bool even_default_route,
                        struct error *err);

// True of a router that is there, but no longer lives.
bool testbed_router_has_died(const struct testbed *testbed, size_t router);

// ---- one router of a standing testbed, while the others forward on: `router` is its index in the
// scenario. What becomes of it is written to the record.

// Makes a router that is not there. On failure it is not.
int testbed_create_router(struct testbed *testbed, size_t router, struct error *err);
// Ends a router; its links stay with the host. `state` is what is to be said of it.
int testbed_destroy_router(struct testbed *testbed, size_t router, enum router_state state,
                           struct error *err);
// Both in one go, also for a router that has died. ret_outage_ns is the time from `began_ns`
// (CLOCK_MONOTONIC: of the order, or when the death was noticed) until the new router forwards. On
// failure it has crashed.
int testbed_reboot_router(struct testbed *testbed, size_t router, uint64_t began_ns,
                          uint64_t *ret_outage_ns, struct error *err);

const char *testbed_id(const struct testbed *testbed);
const char *testbed_name(const struct testbed *testbed); // its scenario's
bool testbed_is_kept(const struct testbed *testbed);     // it stands; else a run measures on it

// Writes the testbed's state to its record, from which testbed_attach() makes the object again.
int testbed_note(struct testbed *testbed, struct error *err);
// The object of a testbed that another process made, from its record, which it takes over on
// success. A router that is in no state to be used counts as crashed. -ENOENT if the testbed is not
// up.
struct record;
int testbed_attach(struct record *record, struct testbed **ret, struct error *err);
// Frees the object and all that it holds in this process; the testbed itself stays.
void testbed_free(struct testbed *testbed);

// What is to be said of the host (id 0) or a router now. Texts are the testbed's.
struct party_info {
    const char *name, *platform;
    unsigned id;
    enum router_state state;
    uint64_t memory_bytes;  // 0 = not measured
    uint64_t cpu_ns;        // used since it was made
    struct cpu_part *parts; // of it, as testbed_usage() has them
    size_t part_count;
    uint64_t since_ns;       // CLOCK_REALTIME of its last change of state; 0 = not known
    unsigned restarts;       // after crashes
    uint64_t outage_ns;      // of the last restart or reboot; 0 = there was none
    uint64_t convergence_ns; // from its daemon's start to its last route; 0 = it has no daemon
    const char *links;       // of a machine in dedicated: "pci", "macvtap" (handover.h); else NULL
    struct allocation allocation;
    bool allocation_known; // false where what holds it doesn't tell: testbed_get_allocation() says
                           // why
};
// `party` as testbed_parties() counts them. Clear what it fills.
void testbed_party_info(const struct testbed *testbed, size_t party, struct party_info *ret);
void party_info_clear(struct party_info *info);
// The same without what the kernel or a hypervisor has to be asked for: no CPU time, and the
// allocation as it was last set.
void testbed_party_facts(const struct testbed *testbed, size_t party, struct party_info *ret);
// Whether the CPU time of a party is that of kernel threads alone; then these, and the CPU time of
// such threads that have ended. The array is the testbed's, valid until a router comes or goes.
bool testbed_quick_tasks(const struct testbed *testbed, size_t party, const pid_t **ret_tasks,
                         size_t *ret_count, uint64_t *ret_gone_ns);

const struct plan *testbed_plan(const struct testbed *testbed);
// The namespace of a node of the plan, or NULL where it has none on this machine.
const struct netns *testbed_netns(const struct testbed *testbed, size_t node);
// Packet counters of a node of the plan.
int testbed_counters(const struct testbed *testbed, size_t node, struct namespace_counters *ret,
                     struct error *err);
// Host and routers in the scenario's order (none in direct), then the tester.
size_t testbed_parties(const struct testbed *testbed, const struct testbed_party **ret);

// CPU time of a party so far by part, in a new array; its threads of the kernel only: the tester's
// own process comes on top. `party` as in testbed_parties(). A router that has died, or a thread
// that has gone, is an error.
int testbed_usage(const struct testbed *testbed, size_t party, struct cpu_part **ret,
                  size_t *ret_count, struct error *err);
// CPU time as a hypervisor has given it, where one runs the host beside the routers: 1 if so, 0 if
// not.
int testbed_hypervisor_times(const struct testbed *testbed, struct hypervisor_times *ret,
                             struct error *err);
// Whether what the device under test's CPUs were used for by nobody that is metered is the host's.
bool testbed_rest_is_hosts(const struct testbed *testbed);

// CPU allocation of host and routers while the testbed stands; `party` as in testbed_parties(). The
// range of a weight is 1–65535, of a cap 0 (none) to 100 percent for each CPU of the device under
// test; anything else is refused with exit status 2. Exit status 3 where nothing holds a cap here.
int testbed_set_allocation(struct testbed *testbed, size_t party,
                           const struct allocation *allocation, struct error *err);
// Read back from the kernel.
int testbed_get_allocation(const struct testbed *testbed, size_t party, struct allocation *ret,
                           struct error *err);
// How caps are held in this testbed: "quota", "deadline", "credit2", …, or "none" while there is
// none; NULL in direct.
const char *testbed_cap_way(const struct testbed *testbed);
// Caps held by SCHED_DEADLINE are divided among a party's threads anew, as their load goes, by a
// thread of this process: started with the testbed and with the first cap, stopped when it is taken
// down. Without it a cap holds on, but a router may not get all of it. Only for who hands a
// standing testbed over to another process.
int testbed_start_dividing(struct testbed *testbed, struct error *err);
void testbed_stop_dividing(struct testbed *testbed);

// What results are to say of the platform; cleared by the caller.
int testbed_platform_facts(const struct testbed *testbed, struct platform_facts *ret,
                           struct error *err);

// What a cleaning removed, and what it had to leave. Cleared with cleaning_clear().
struct cleaning {
    unsigned removed; // testbeds
    struct cleaning_left {
        char *id, *why;
    } * left;
    size_t left_count;
};
void cleaning_clear(struct cleaning *cleaning);
// Removes what dead runs left; with `all`, also testbeds that were left standing. One that can't be
// removed stops no other. Whatever belongs to a process that is measuring stays.
int testbed_clean_up(bool all, struct cleaning *ret, struct error *err);
// The same for what dead runs left, before new testbeds are built: warns of what stays.
int testbed_clean_up_dead(struct error *err);

#endif
