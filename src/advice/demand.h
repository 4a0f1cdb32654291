// SPDX-License-Identifier: GPL-3.0-or-later
// advice/demand — what each contract needs of a host. advice/ only.
#ifndef VRBENCH_ADVICE_DEMAND_H
#define VRBENCH_ADVICE_DEMAND_H

#include "advice/advice.h"
#include "advice/packing.h"

#define NICS_OF_A_NETWORK 2U // one towards the source, one towards the sink

// What a contract's whole rate needs in one mode.
struct demand {
    bool known; // its costs are known
    struct advice_range router_percent, host_percent;
    double usable;        // part of a host's CPUs that can be used if its loss is to be kept
    double light_percent; // of the router, at the cost of a light load
    char *why_not;        // reason if not known
};

enum topology demand_topology(enum pack_mode mode);
// CPU of a host that a plan may use, in percent of one CPU.
double demand_capacity(const struct contracts_host *host);
// Computes the demands of all contracts: [contract * PACK_MODES + mode]. The caller frees them with
// demands_free().
struct demand *demands_of(const struct contracts *contracts, const struct advice_costs *costs);
void demands_free(struct demand *demands, size_t contracts);
// The item of a contract of which a part of the rate is carried. Value and level are left 0.
struct pack_item demand_item(const struct contracts *contracts, const struct demand *demands,
                             size_t contract, double part);
// Why a contract can't be on any host, whatever else is there; NULL if it can. A new string.
char *demand_obstacle(const struct contracts *contracts, const struct demand *demands,
                      size_t contract);

#endif
