// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/fleet — a simulator of many hosts: on each, routers share CPUs under a controller with
 * policy contract, and placement.h moves routers between hosts. Tests show by it what moves are
 * worth. Pure and deterministic: equal cases give equal outcomes.
 *
 * A move takes `prepare_s`, in which the router still forwards at the host that it leaves, and then
 * `outage_s`, in which it forwards nowhere and all its packets are lost. What the host does for a
 * router is part of the router's cost.
 */
#ifndef VRBENCH_CONTROL_FLEET_H
#define VRBENCH_CONTROL_FLEET_H

#include "control/placement.h"
#include "control/simulator.h"

struct fleet_router {
    struct sim_load load;
    double cost_ns; // of a packet
    struct control_contract contract;
    size_t place; // host at the beginning
};

struct fleet_case {
    double seconds;
    size_t hosts;
    double cpu; // of each host, percent of one CPU
    size_t count;
    struct fleet_router *routers;
};

#define FLEET_LOOK_S 0.25 // between the loads that decide about a whole interval

// Percent of a CPU for a load; and what a router needs at a time for the load that its contract
// covers.
double fleet_percent(double pps, double cost_ns);
double fleet_need(const struct fleet_router *router, double at_s);

// Places all routers again for the needs of the coming interval. Returns false, and changes
// nothing, if no placement gives each router what it needs. `places` has the present places.
typedef bool fleet_replace(const struct fleet_case *of, const double *needs, size_t *places);

// Who moves routers: at most one of `limits` and `replace` is set; neither = nobody.
struct fleet_job {
    const struct placement_limits *limits;
    double prepare_s, outage_s;
    fleet_replace *replace; // clairvoyant: knows all loads, and its moves cost nothing
    double interval_s;      // of `replace`
    // Reports each move; NULL = nobody wants to know.
    void (*say)(void *context, double at_s, const char *reason);
    void *context;
};

struct fleet_outcome {
    double violated_s;          // of all contracts together
    double outage_violated_s;   // of these, while the router moved
    double unavoidable_s;       // of all contracts together, if all hosts were one
    unsigned moves, late_moves; // all, and those of the second half
    unsigned fullest_minute;    // most moves in any 60 s
    unsigned returns;           // moves back to the host that the router left last
    double closest_s;           // shortest time between two moves of one router; INFINITY = none
    unsigned blocked, nowhere;  // looks at which a host stayed short (struct placement_blocked)
    unsigned misplaced;         // looks at which a router was not on exactly one host
    unsigned replaced, failed;  // calls of `replace`, and those that found no way
    unsigned actions;           // of all controllers
    double offered, forwarded, lost, queued; // packets
};

// Random routers whose loads within the contracts need at most `filled` of all CPUs at any moment,
// on hosts that were filled equally by the loads of the beginning. The rates together need more CPU
// than there is.
void fleet_case_random(uint64_t seed, size_t hosts, size_t routers, double seconds, double filled,
                       struct fleet_case *ret);
void fleet_case_clear(struct fleet_case *of);
void fleet_run(const struct fleet_case *of, const struct fleet_job *job, struct fleet_outcome *ret);

#endif
