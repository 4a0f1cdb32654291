// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/demand — see demand.h. Called by plan.c.
 *
 * A router forwards the packets of one direction in one thread; the host bridges them in two, one
 * at each side of the router. No thread gets more than one CPU.
 */
#include "advice/demand.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

#define HOST_THREADS 2.0
#define MIB          1048576.0

enum topology demand_topology(enum pack_mode mode)
{
    return mode == PACK_BRIDGED ? TOPOLOGY_BRIDGED : TOPOLOGY_DEDICATED;
}

double demand_capacity(const struct contracts_host *host)
{
    return 100.0 * host->cpus * (1.0 - host->margin);
}

static struct advice_range percent_of(double pps, const struct advice_range *ns)
{
    const double factor = pps / 1e9 * 100.0;
    return (struct advice_range){
        .value = factor * ns->value, .low = factor * ns->low, .high = factor * ns->high};
}

static struct demand demand_of(const struct contract *contract, const struct advice_costs *costs,
                               enum topology topology)
{
    struct advice_cost cost;
    struct demand demand = {.known = false};
    if (!advice_cost_of_contract(costs, topology, contract, &cost)) {
        demand.why_not = text_format("its cost is not known: %s",
                                     cost.why_unknown == NULL ? "no run has it" : cost.why_unknown);
        return demand;
    }
    demand.usable = advice_usable_part(costs, topology, contract->loss);
    if (demand.usable <= 0.0) {
        demand.why_not =
            text_format("the runs lost more than %.3g %% at every load", 100.0 * contract->loss);
        return demand;
    }
    demand.known = true;
    demand.router_percent = percent_of(contract->pps, &cost.router_ns);
    demand.host_percent = percent_of(contract->pps, &cost.host_ns);
    demand.light_percent = contract->pps * cost.light_ns / 1e7;
    return demand;
}

struct demand *demands_of(const struct contracts *contracts, const struct advice_costs *costs)
{
    struct demand *demands = memory_new_array(struct demand, contracts->count * PACK_MODES);
    for (size_t i = 0; i < contracts->count; i++) {
        for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
            demands[i * PACK_MODES + mode] =
                demand_of(&contracts->items[i], costs, demand_topology(mode));
        }
    }
    return demands;
}

void demands_free(struct demand *demands, size_t contracts)
{
    for (size_t i = 0; demands != NULL && i < contracts * PACK_MODES; i++) {
        free(demands[i].why_not);
    }
    free(demands);
}

// Why a part of a contract's rate can't be on a host in a mode; NULL if it can. A new string.
static char *find_obstacle(const struct contracts_host *host, const struct demand *demand,
                           double part)
{
    const double thread = 100.0 * (1.0 - host->margin);
    const double router = part * demand->router_percent.high;
    const double bridging = part * demand->host_percent.high;
    if (!demand->known) {
        return text_copy(demand->why_not);
    }
    if (host->nics < NICS_OF_A_NETWORK) {
        return text_format("a host needs %u NICs and has %u", NICS_OF_A_NETWORK, host->nics);
    }
    if (router > thread) {
        return text_format("its router needs %.1f %% of a CPU, and a thread gets %.1f %%", router,
                           thread);
    }
    if (bridging / HOST_THREADS > thread) {
        return text_format("bridging needs %.1f %% of a CPU in %g threads, which get %.1f %% each",
                           bridging, HOST_THREADS, thread);
    }
    if (router + bridging > demand->usable * demand_capacity(host)) {
        return text_format("it needs %.1f %% of a CPU, and a host has %.1f %% for its loss",
                           router + bridging, demand->usable * demand_capacity(host));
    }
    return NULL;
}

struct pack_item demand_item(const struct contracts *contracts, const struct demand *demands,
                             size_t contract, double part)
{
    struct pack_item item = {.memory = (double)contracts->items[contract].memory_bytes / MIB};
    for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
        const struct demand *demand = &demands[contract * PACK_MODES + mode];
        _cleanup_free_ char *why_not = find_obstacle(&contracts->host, demand, part);
        item.allowed[mode] = why_not == NULL;
        item.cpu[mode] = part * (demand->router_percent.high + demand->host_percent.high);
        item.usable[mode] = item.allowed[mode] ? demand->usable : 1.0;
    }
    return item;
}

char *demand_obstacle(const struct contracts *contracts, const struct demand *demands,
                      size_t contract)
{
    const struct demand *both = &demands[contract * PACK_MODES];
    _cleanup_free_ char *bridged = find_obstacle(&contracts->host, &both[PACK_BRIDGED], 1.0);
    _cleanup_free_ char *dedicated = find_obstacle(&contracts->host, &both[PACK_DEDICATED], 1.0);
    if (bridged == NULL || dedicated == NULL) {
        return NULL;
    }
    return text_equal(bridged, dedicated)
               ? steal_pointer(&bridged)
               : text_format("bridged, %s; dedicated, %s", bridged, dedicated);
}
