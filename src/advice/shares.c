// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/shares — see shares.h. Called by plan.c.
 *
 * Weights are in proportion to the CPU that each party needs: whatever one of them asks for beyond
 * that, the others get theirs. Caps divide what a host has left in the same proportion, so that all
 * routers can use their caps at once. A cap below what the router needs at a light load, where a
 * packet costs the most, would lose packets; such a router has none.
 */
#include "advice/shares.h"

#include <math.h>

#define WEIGHT_OF_PERCENT 10.0 // weight for each percent of a CPU
#define CAP_MARGIN        1.0  // points by which the use of a cap may differ from it

static unsigned weight_of(double percent)
{
    const double weight = round(percent * WEIGHT_OF_PERCENT);
    return weight < 1.0                           ? 1U
           : weight > (double)SCENARIO_WEIGHT_MAX ? SCENARIO_WEIGHT_MAX
                                                  : (unsigned)weight;
}

// The cap of a router, if the host's CPU is `stretch` times what its routers need; 0 = none.
static unsigned cap_of(const struct advice_contract *item, const struct demand *demand,
                       double stretch, double cpu)
{
    const double cap = floor(item->router_percent.high * stretch);
    const double needs =
        fmax(item->router_percent.high, item->part * demand->light_percent) + CAP_MARGIN;
    return cap < ceil(needs) || cap >= cpu ? 0U : (unsigned)cap;
}

void shares_set(struct advice *advice, const struct demand *demands, bool caps)
{
    const struct contracts *contracts = advice->contracts;
    const double cpu = 100.0 * contracts->host.cpus;
    for (size_t h = 0; h < contracts->host.count; h++) {
        struct advice_host *host = &advice->hosts[h];
        double bridging = 0.0;
        double routing = 0.0;
        for (size_t i = 0; i < contracts->count; i++) {
            const struct advice_contract *item = &advice->items[i];
            if (item->part > 0.0 && item->host == h) {
                bridging += item->host_percent.high;
                routing += item->router_percent.high;
            }
        }
        host->weight = weight_of(bridging);
        for (size_t i = 0; i < contracts->count; i++) {
            struct advice_contract *item = &advice->items[i];
            if (item->part <= 0.0 || item->host != h) {
                continue;
            }
            const enum pack_mode mode =
                host->topology == TOPOLOGY_DEDICATED ? PACK_DEDICATED : PACK_BRIDGED;
            item->weight = weight_of(item->router_percent.high);
            item->cap = caps ? cap_of(item, &demands[i * PACK_MODES + mode],
                                      (cpu - bridging) / routing, cpu)
                             : 0U;
        }
    }
}
