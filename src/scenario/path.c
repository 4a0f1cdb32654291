// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/path — see path.h. Called by draft.c; check_paths.c checks the result.
#include "scenario/path.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

// ---- paths

static size_t find_router(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; name != NULL && i < scenario->router_count; i++) {
        if (text_equal(scenario->routers[i].name, name)) {
            return i;
        }
    }
    return PATH_NO_ROUTER;
}

void path_settle(const struct scenario *scenario, char *const *names, size_t count,
                 struct scenario_network *network)
{
    network->router_count = count;
    network->routers = memory_new_array(size_t, count);
    for (size_t i = 0; i < count; i++) {
        network->routers[i] = find_router(scenario, names[i]);
    }
    network->router = network->routers[0];
}

// ---- links

// Transit subnets are taken from the ranges for benchmarks, below the end of 198.18.0.0/15 (RFC
// 2544) and from 2001:2:0:4000::/64 (RFC 5180) on, which the default addresses of networks reach
// last.
#define TRANSIT_FIRST  (198U << 24 | 18U << 16)
#define TRANSIT_LAST   (198U << 24 | 19U << 16 | 0xfffcU)
#define TRANSIT_SIZE   4U // a /30
#define TRANSIT_6      0x4000U
#define TRANSIT_6_LAST 0xffffU

// The next subnet to try.
struct transit {
    uint32_t subnet;  // IPv4
    uint32_t subnet6; // the 16 bits that distinguish the /64s
};

static struct ip_interface transit_address(uint32_t subnet, unsigned end)
{
    return (struct ip_interface){.address = ip_v4(subnet + 1 + end), .prefix = 30};
}

static struct ip_interface transit_address6(uint32_t subnet, unsigned end)
{
    return (struct ip_interface){
        .address = {.version = 6,
                    .bytes = {0x20, 0x01, 0x00, 0x02, 0, 0, (uint8_t)(subnet >> 8),
                              (uint8_t)subnet, [15] = (uint8_t)(1 + end)}},
        .prefix = 64};
}

static bool subnets_overlap(const struct ip_interface *a, const struct ip_interface *b)
{
    return a->prefix != 0 && b->prefix != 0 &&
           ip_agree(&a->address, &b->address, a->prefix < b->prefix ? a->prefix : b->prefix);
}

// The subnet of a network that overlaps `wanted`; NULL = none.
static const struct ip_interface *overlapping_subnet(const struct scenario *scenario,
                                                     const struct ip_interface *wanted)
{
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        const struct ip_interface *const subnets[] = {
            &network->source, &network->ingress,       &network->egress,
            &network->sink,   &network->behind_source, &network->behind_sink};
        for (size_t k = 0; k < sizeof subnets / sizeof subnets[0]; k++) {
            if (subnets_overlap(subnets[k], wanted)) {
                return subnets[k];
            }
        }
    }
    return NULL;
}

// Leaves the addresses unset (prefix 0) if there is no room left.
static void take_transit4(const struct scenario *scenario, struct transit *transit,
                          struct scenario_link *link)
{
    while (transit->subnet >= TRANSIT_FIRST) {
        const struct ip_interface wanted = transit_address(transit->subnet, 0);
        const struct ip_interface *taken = overlapping_subnet(scenario, &wanted);
        if (taken == NULL) {
            link->ip4[0] = wanted;
            link->ip4[1] = transit_address(transit->subnet, 1);
            transit->subnet -= TRANSIT_SIZE;
            return;
        }
        // Continues below the larger of both subnets.
        const struct ip_interface *larger = taken->prefix < wanted.prefix ? taken : &wanted;
        const struct ip_address begin = ip_subnet(&larger->address, larger->prefix);
        uint32_t number = ip_v4_number(&begin);
        transit->subnet = number < TRANSIT_SIZE ? 0 : number - TRANSIT_SIZE;
    }
}

static void take_transit6(const struct scenario *scenario, struct transit *transit,
                          struct scenario_link *link)
{
    while (transit->subnet6 <= TRANSIT_6_LAST) {
        const struct ip_interface wanted = transit_address6(transit->subnet6, 0);
        const struct ip_interface *taken = overlapping_subnet(scenario, &wanted);
        if (taken == NULL) {
            link->ip6[0] = wanted;
            link->ip6[1] = transit_address6(transit->subnet6++, 1);
            return;
        }
        // Continues after the larger of both subnets.
        unsigned bits = taken->prefix < 64 ? 64 - taken->prefix : 0;
        uint32_t size = bits > 16 ? TRANSIT_6_LAST + 1 : 1U << bits;
        transit->subnet6 = (transit->subnet6 | (size - 1)) + 1;
    }
}

// Returns the link between two routers, a new one if there is none yet; NULL = there are too many.
static struct scenario_link *link_between(struct scenario *scenario, size_t router, size_t next)
{
    size_t at = scenario_link(scenario, router, next, NULL);
    if (at == SIZE_MAX && scenario->link_count < SCENARIO_LINKS) {
        at = scenario->link_count++;
        scenario->links =
            memory_resize(scenario->links, scenario->link_count, sizeof *scenario->links);
        scenario->links[at] = (struct scenario_link){.routers = {router, next}};
    }
    return at == SIZE_MAX ? NULL : &scenario->links[at];
}

bool path_joins_two(const struct scenario_network *network, size_t at)
{
    size_t router = network->routers[at];
    size_t next = network->routers[at + 1];
    return router != PATH_NO_ROUTER && next != PATH_NO_ROUTER && router != next;
}

void path_settle_links(struct scenario *scenario)
{
    struct transit transit = {.subnet = TRANSIT_LAST, .subnet6 = TRANSIT_6};
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        for (size_t k = 0; k + 1 < network->router_count; k++) {
            struct scenario_link *link =
                path_joins_two(network, k)
                    ? link_between(scenario, network->routers[k], network->routers[k + 1])
                    : NULL;
            if (link != NULL && network->ip == 6 && link->ip6[0].prefix == 0) {
                take_transit6(scenario, &transit, link);
            } else if (link != NULL && network->ip != 6 && link->ip4[0].prefix == 0) {
                take_transit4(scenario, &transit, link);
            }
        }
    }
}
