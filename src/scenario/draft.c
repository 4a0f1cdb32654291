// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/draft — see draft.h. Called by read.c between the schema's walk and the checks.
#include "scenario/draft.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/mix.h"
#include "scenario/parts.h"
#include "scenario/path.h"

// The subnets of a scenario's networks divide a /16: /24 each for up to 256 networks, /26 each for
// more.
static struct ip_interface address_within(uint32_t half, size_t index, size_t count, unsigned host)
{
    unsigned prefix = count <= 256 ? 24 : 26;
    return (struct ip_interface){.address = ip_v4(half | (uint32_t)index << (32 - prefix) | host),
                                 .prefix = prefix};
}

// Host `host` of the /64 number `subnet` (16 bits) of an IPv6 /48.
static struct ip_interface address_within6(const uint8_t site[6], size_t subnet, unsigned host)
{
    struct ip_interface made = {.address = {.version = 6}, .prefix = 64};
    memcpy(made.address.bytes, site, 6);
    made.address.bytes[6] = (uint8_t)(subnet >> 8);
    made.address.bytes[7] = (uint8_t)subnet;
    made.address.bytes[15] = (uint8_t)host;
    return made;
}

// The ranges for benchmarks: one half for the sources, the other for the sinks. 198.18.0.0/15 (RFC
// 2544) and 2001:2::/48 (RFC 5180).
#define SOURCES_HALF (198U << 24 | 18U << 16)
#define SINKS_HALF   (198U << 24 | 19U << 16)
#define SINKS_HALF_6 0x8000U
static const uint8_t benchmarks[6] = {0x20, 0x01, 0x00, 0x02};

static void settle_addresses(struct scenario_network *network, size_t index, size_t count)
{
    if (network->source.prefix != 0 || network->ingress.prefix != 0 ||
        network->egress.prefix != 0 || network->sink.prefix != 0) {
        return;
    }
    if (network->ip == 6) {
        network->source = address_within6(benchmarks, index, 2);
        network->ingress = address_within6(benchmarks, index, 1);
        network->egress = address_within6(benchmarks, SINKS_HALF_6 + index, 1);
        network->sink = address_within6(benchmarks, SINKS_HALF_6 + index, 2);
        return;
    }
    network->source = address_within(SOURCES_HALF, index, count, 2);
    network->ingress = address_within(SOURCES_HALF, index, count, 1);
    network->egress = address_within(SINKS_HALF, index, count, 1);
    network->sink = address_within(SINKS_HALF, index, count, 2);
}

// Private addresses (RFC 1918) for the subnets behind the tester's ends of a routed network.
static void settle_behind(struct scenario_network *network, size_t index, size_t count)
{
    if (network->behind_source.prefix == 0 && network->behind_sink.prefix == 0) {
        network->behind_source = address_within(10U << 24 | 18U << 16, index, count, 2);
        network->behind_sink = address_within(10U << 24 | 19U << 16, index, count, 2);
    }
}

static void settle_networks(struct draft *draft)
{
    struct scenario *scenario = &draft->scenario;
    scenario->networks = memory_new_array(struct scenario_network, draft->network_count);
    scenario->network_count = draft->network_count;
    for (size_t i = 0; i < draft->network_count; i++) {
        struct scenario_network *network = &draft->networks[i].network;
        char *const *several = draft->networks[i].routers;
        path_settle(scenario, several != NULL ? several : &draft->networks[i].router,
                    several != NULL ? draft->networks[i].router_count : 1, network);
        if (network->ip == 0) {
            network->ip = network->source.prefix == 0 ? 4 : network->source.address.version;
        }
        settle_addresses(network, i, draft->network_count);
        if (network->ip == 4 && network->router != PATH_NO_ROUTER &&
            scenario->routers[network->router].daemon != DAEMON_NONE) {
            settle_behind(network, i, draft->network_count);
        }
        scenario->networks[i] = *network;
        *network = (struct scenario_network){.name = NULL};
    }
}

static bool has_nics(const struct scenario_network *network)
{
    return network->source_nic != NULL || network->ingress_nic != NULL ||
           network->egress_nic != NULL || network->sink_nic != NULL;
}

static void settle_links(struct draft *draft)
{
    const struct scenario *scenario = &draft->scenario;
    for (size_t i = 0; i < draft->link_count; i++) {
        struct link_draft *link = &draft->links[i];
        for (size_t k = 0; link->network != NULL && k < scenario->network_count; k++) {
            struct scenario_network *network = &scenario->networks[k];
            if (!text_equal(network->name, link->network) || has_nics(network)) {
                continue;
            }
            network->source_nic = steal_pointer(&link->source);
            network->ingress_nic = steal_pointer(&link->ingress);
            network->egress_nic = steal_pointer(&link->egress);
            network->sink_nic = steal_pointer(&link->sink);
            break;
        }
    }
}

static void settle_topologies(struct draft *draft, bool given)
{
    struct scenario *scenario = &draft->scenario;
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        // Topologies that the platform or the links cannot provide are dropped unless the user set
        // them.
        const struct catalogue_platform *platform =
            scenario->platform == NULL ? NULL : catalogue_platform(scenario->platform);
        bool nics = platform != NULL && platform->needs_nics;
        if (!given && ((topology == TOPOLOGY_DIRECT && draft->link_count > 0) ||
                       (topology == TOPOLOGY_DEDICATED && nics &&
                        (draft->link_count == 0 || scenario->link_count > 0)))) {
            continue;
        }
        for (size_t i = 0; i < draft->topology_count; i++) {
            if (draft->topologies[i] == topology) {
                scenario->topologies[scenario->topology_count++] = topology;
                break;
            }
        }
    }
}

// The headers of IPv6 are longer. A length is that of all networks.
static unsigned longest_headers(const struct scenario *scenario)
{
    unsigned ip = 4;
    for (size_t i = 0; i < scenario->network_count; i++) {
        ip = scenario->networks[i].ip == 6 ? 6 : ip;
    }
    return ip;
}

static void settle_lengths(struct draft *draft)
{
    struct scenario_traffic *traffic = &draft->scenario.traffic;
    traffic->lengths = memory_new_array(unsigned, draft->length_count);
    traffic->mixes = memory_new_array(struct length_mix, draft->length_count);
    traffic->length_count = draft->length_count;
    for (size_t i = 0; i < draft->length_count; i++) {
        const struct length_draft *length = &draft->lengths[i];
        traffic->lengths[i] = length->length;
        if (length->mix.name[0] != '\0') {
            traffic->mixes[i] = length->mix;
            mix_settle(&traffic->mixes[i], traffic->length_layer,
                       longest_headers(&draft->scenario));
            traffic->lengths[i] = (unsigned)lround(mix_mean(&traffic->mixes[i]));
        }
    }
}

void draft_settle(struct draft *draft, bool topologies_given)
{
    struct rate_plan *rates = &draft->scenario.traffic.rates;
    settle_networks(draft);
    path_settle_links(&draft->scenario);
    settle_links(draft);
    settle_topologies(draft, topologies_given);
    settle_lengths(draft);
    if (rates->pps_count > 0) {
        rates->kind = RATES_PPS;
    } else if (rates->auto_points > 0) {
        rates->kind = RATES_AUTO;
    } else if (draft->scenario.traffic.profile.file != NULL ||
               draft->scenario.traffic.profile.phase_count > 0) {
        rates->kind = RATES_PROFILE;
    }
}

void draft_clear(struct draft *draft)
{
    for (size_t i = 0; i < draft->network_count; i++) {
        network_release(&draft->networks[i].network);
        for (size_t k = 0; k < draft->networks[i].router_count; k++) {
            free(draft->networks[i].routers[k]);
        }
        free(draft->networks[i].routers);
        free(draft->networks[i].router);
    }
    for (size_t i = 0; i < draft->link_count; i++) {
        struct link_draft *link = &draft->links[i];
        free(link->network);
        free(link->source);
        free(link->ingress);
        free(link->egress);
        free(link->sink);
    }
    free(draft->topologies);
    free(draft->lengths);
    free(draft->networks);
    free(draft->links);
    scenario_release(&draft->scenario);
    *draft = (struct draft){.topologies = NULL};
}
