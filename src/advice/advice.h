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
#include "model/model.h"
#include "scenario/contracts.h"

struct advice_range {
    double value, low, high; // low <= value <= high
};

// ---- costs

// What a packet of a length costs when host and router always have work, and the whole CPU counts.
struct advice_cost {
    unsigned length; // bytes of the IP packet
    bool known;
    char *why_unknown;                      // NULL if known
    struct advice_range host_ns, router_ns; // CPU time per packet
    double light_ns; // the router's, at a light load: it sleeps and wakes more often
};

struct advice_costs {
    struct advice_cost *rows[TOPOLOGY_COUNT]; // by topology; those of direct have no rows
    size_t counts[TOPOLOGY_COUNT];
    size_t most_routers[TOPOLOGY_COUNT]; // of a host for which costs are known
    // Where losses begin: the measured loads, ascending, as parts of what host and routers could do
    // at these costs, with their loss ratios. None = a load of 1 loses nothing.
    struct advice_onset {
        double *loads, *losses;
        size_t count;
    } onsets[TOPOLOGY_COUNT];
};
void advice_costs_clear(struct advice_costs *costs);
#define _cleanup_costs_ __attribute__((cleanup(advice_costs_clear)))

// Takes the costs of all lengths of the contracts from a model, and the onset of losses from the
// runs on which it was fitted.
void advice_costs_of(const struct model *model, const struct model_run *runs, size_t count,
                     const struct contracts *contracts, struct advice_costs *ret);
// The part of a host's CPUs that can be used if at most `loss` may be lost; 0 = no load loses as
// little.
double advice_usable_part(const struct advice_costs *costs, enum topology topology, double loss);
// The mean costs of a contract's packets. If the cost of any of its lengths is unknown, returns
// false, and ret->why_unknown belongs to `costs`.
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
    double usable_percent;        // CPU up to which its strictest contract is kept
    struct advice_range headroom; // what is left of that
    unsigned weight;              // of the host itself
    double expected_percent;      // CPU that they use at the plan's rates; NaN = unknown
    // By how much all loads can grow until packets are lost: 1 = not at all.
    bool growth_known;
    struct advice_range growth;
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
    size_t count;
    struct advice_host *hosts;   // all hosts; unused ones come last
    double capacity_percent;     // of each host, that the plan uses at most
    struct advice_level *levels; // the highest priority first
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

// Makes a plan. `caps`: routers get caps where there is room for them. The plan of each host is
// predicted by `model`: if a contract would lose more than it may, the plan uses less of the hosts.
// NULL = nothing is predicted.
int advice_make(const struct contracts *contracts, const struct advice_costs *costs,
                const struct model *model, enum contract_goal goal, bool caps, struct advice **ret,
                struct error *err);
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
