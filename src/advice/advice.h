// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/advice — a plan that keeps contracts: which routers on which hosts, bridged or dedicated,
 * with which weights and caps, and which contracts are refused.
 *
 * docs/advice.md has the rules. This room is pure: no testbed, no clock, no files; equal arguments
 * give equal plans. Called by cli/ and report/.
 */
#ifndef VRBENCH_ADVICE_ADVICE_H
#define VRBENCH_ADVICE_ADVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "result/result.h"
#include "scenario/contracts.h"

struct advice_range {
    double value, low, high; // low <= value <= high
};

// ---- costs

// What a packet of a length costs when host and router always have work.
struct advice_cost {
    unsigned length;                        // bytes of the IP packet
    struct advice_range host_ns, router_ns; // CPU time per packet
    double light_ns; // the router's, at a light load: it sleeps and wakes more often
    double loss;     // ratio that is lost at loads that do not saturate
};

struct advice_costs {
    // By topology; those of direct have no rows. In ascending order of the length.
    struct advice_cost *rows[TOPOLOGY_COUNT];
    size_t counts[TOPOLOGY_COUNT];
};
void advice_costs_clear(struct advice_costs *costs);
#define _cleanup_costs_ __attribute__((cleanup(advice_costs_clear)))

// Takes the costs from the valid points of runs. Fails with exit status 2 if they have none.
int advice_costs_of(const struct point_list *points, struct advice_costs *ret, struct error *err);
// The costs of a packet of a length, between the lengths of two rows if no row has it. False if the
// rows do not reach that length.
bool advice_cost_at(const struct advice_costs *costs, enum topology topology, unsigned length,
                    struct advice_cost *ret);
// The mean costs of a contract's packets. False if the cost of any of its lengths is unknown.
bool advice_cost_of_contract(const struct advice_costs *costs, enum topology topology,
                             const struct contract *contract, struct advice_cost *ret);

// ---- the plan

struct advice_contract {
    const struct contract *contract;
    bool kept;
    double part; // of its rate that the plan carries: 1 if it is kept, 0 if it is refused
    char *why;   // reason of a refusal; NULL if it is kept
    size_t host; // index in hosts, unless it is refused
    enum topology topology;                           // of its host
    double pps;                                       // rate that the plan carries
    struct advice_range router_percent, host_percent; // CPU that the rate needs
    struct advice_range loss;                         // expected loss ratio
    unsigned weight, cap;                             // of its router; cap 0 = none
};

struct advice_host {
    enum topology topology;
    size_t contracts;             // number of networks; 0 = the host is not used
    unsigned nics;                // that it uses
    struct advice_range percent;  // CPU that host and routers need
    struct advice_range headroom; // CPU left, percent of one CPU
    unsigned weight;              // of the host itself
};

// How much of what a priority asks for the plan reaches, in the unit of the goal: contracts, or
// price.
struct advice_level {
    unsigned priority;
    double value, asked;
    double bound; // no plan that does as well for higher priorities exceeds this
};

struct advice {
    const struct contracts *contracts;
    enum contract_goal goal;
    struct advice_contract *items; // in the order of the file
    struct advice_host *hosts;     // all hosts; unused ones come last
    struct advice_level *levels;   // the highest priority first
    size_t level_count;
    // Indicators (docs/indexes.md).
    size_t kept, hosts_used;
    double revenue;
    double cpu_percent;      // of all hosts
    double headroom_percent; // of the host with the least
    double fairness;         // Jain's index of the parts
    // The figure that may be worse than in an optimal plan, and the limit that no plan passes: that
    // of the first priority that is short of its bound, else that of the goal.
    const struct advice_level *short_of; // that priority; NULL = none
    double figure, bound;
    double gap; // ratio of their difference; 0 = the plan is optimal
};

// Makes a plan. `caps`: routers get caps where there is room for them.
int advice_make(const struct contracts *contracts, const struct advice_costs *costs,
                enum contract_goal goal, bool caps, struct advice **ret, struct error *err);
void advice_free(struct advice *advice);
#define _cleanup_advice_ __attribute__((cleanup(advice_free_slot)))
static inline void advice_free_slot(struct advice **slot)
{
    advice_free(*slot);
}

// Writes the scenario of a host that has routers, as YAML.
void advice_write_scenario(const struct advice *advice, size_t host, FILE *out);
// Whether the scenario has the mean length for some networks in place of their mix, because a
// scenario has one mix only.
bool advice_simplifies_mixes(const struct advice *advice, size_t host);

#endif
