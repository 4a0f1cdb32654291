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
#include "platform/platform.h"
#include "testbed/plan.h"

struct testbed;

// Whose CPU time a set of tasks is.
enum party_kind { PARTY_HOST, PARTY_ROUTER, PARTY_TESTER };
struct testbed_party {
    enum party_kind kind;
    const char *name;   // "host", the router's, "tester"
    size_t router;      // PARTY_ROUTER: index into the scenario's
    const pid_t *tasks; // kernel threads; the tester's own process comes on top
    size_t task_count;
    uint64_t memory_bytes; // kernel memory that it took to make; 0 = not measured
};

// Builds what the plan says and takes the plan over (on failure too). On failure nothing is left.
int testbed_up(struct plan *plan, struct testbed **ret, struct error *err);
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

const char *testbed_id(const struct testbed *testbed);
const struct plan *testbed_plan(const struct testbed *testbed);
// The namespace of a node of the plan, or NULL where it has none on this machine.
const struct netns *testbed_netns(const struct testbed *testbed, size_t node);
// Packet counters of a node of the plan.
int testbed_counters(const struct testbed *testbed, size_t node, struct namespace_counters *ret,
                     struct error *err);
// Host and routers in the scenario's order (none in direct), then the tester.
size_t testbed_parties(const struct testbed *testbed, const struct testbed_party **ret);

// Removes what dead runs left. ret_removed (may be NULL) counts the testbeds removed.
int testbed_clean_up_dead(unsigned *ret_removed, struct error *err);

#endif
