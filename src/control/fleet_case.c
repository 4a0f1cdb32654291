// SPDX-License-Identifier: GPL-3.0-or-later
// control/fleet_case — random cases for the simulator of many hosts, and what their routers need.
// See fleet.h.
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "control/fleet.h"

#define THREAD   95.0 // percent: most that the contract of one router may need
#define FLOODING 0.1  // part of the routers whose load exceeds their contract

double fleet_percent(double pps, double cost_ns)
{
    return pps * cost_ns * 1e-7;
}

double fleet_need(const struct fleet_router *router, double at_s)
{
    const double pps = fmin(sim_load_at(&router->load, at_s), router->contract.pps);
    return fleet_percent(pps, router->cost_ns);
}

static void router_random(uint64_t *state, double seconds, struct fleet_router *ret)
{
    *ret = (struct fleet_router){.cost_ns = sim_between(state, 1000.0, 8000.0)};
    const double usual = sim_between(state, 2.0, 10.0);
    (void)sim_load_random(state, usual / fleet_percent(1.0, ret->cost_ns), seconds, &ret->load);
    const double covered =
        sim_between(state, 0.0, 1.0) < FLOODING ? ret->load.pps[0] : sim_load_highest(&ret->load);
    ret->contract = (struct control_contract){
        .pps = covered * sim_between(state, 1.02, 1.2), .loss = 0.005, .price = 1.0};
}

static void router_scale(struct fleet_router *router, double factor)
{
    const double need = fleet_percent(router->contract.pps, router->cost_ns);
    const double scale = fmin(factor, THREAD / need);
    for (size_t k = 0; k < router->load.knots; k++) {
        router->load.pps[k] *= scale;
    }
    router->contract.pps *= scale;
}

// Fills hosts equally by the loads of the beginning: the largest need first, each to the host that
// has the least.
static void place_equally(struct fleet_case *of)
{
    double *sums = memory_new_array(double, of->hosts);
    bool *placed = memory_new_array(bool, of->count);
    for (size_t n = 0; n < of->count; n++) {
        size_t largest = SIZE_MAX;
        double need = -1.0;
        size_t host = 0;
        for (size_t i = 0; i < of->count; i++) {
            const double own = fleet_need(&of->routers[i], 0.0);
            if (!placed[i] && own > need) {
                largest = i;
                need = own;
            }
        }
        for (size_t h = 1; h < of->hosts; h++) {
            host = sums[h] < sums[host] ? h : host;
        }
        placed[largest] = true;
        sums[host] += need;
        of->routers[largest].place = host;
    }
    free(placed);
    free(sums);
}

void fleet_case_random(uint64_t seed, size_t hosts, size_t routers, double seconds, double filled,
                       struct fleet_case *ret)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
    struct fleet_case made = {.seconds = seconds,
                              .hosts = hosts,
                              .cpu = 200.0,
                              .count = routers,
                              .routers = memory_new_array(struct fleet_router, routers)};
    double highest = 0.0;
    for (size_t i = 0; i < routers; i++) {
        router_random(&state, seconds, &made.routers[i]);
    }
    const unsigned looks = (unsigned)ceil(seconds / FLEET_LOOK_S);
    for (unsigned look = 0; look < looks; look++) {
        double sum = 0.0;
        for (size_t i = 0; i < routers; i++) {
            sum += fleet_need(&made.routers[i], look * FLEET_LOOK_S);
        }
        highest = fmax(highest, sum);
    }
    for (size_t i = 0; i < routers; i++) {
        router_scale(&made.routers[i], filled * made.cpu * (double)hosts / highest);
    }
    place_equally(&made);
    *ret = made;
}

void fleet_case_clear(struct fleet_case *of)
{
    free(of->routers);
    *of = (struct fleet_case){.count = 0};
}
