// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/scenario — see scenario.h: names, conversions, rates, freeing. Called by most rooms.
#include "scenario/scenario.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "scenario/engines.h"
#include "scenario/parts.h"

#define ETHERNET_FRAMED 18U // header 14, FCS 4

const char *const topology_names[] = {"direct", "bridged", "dedicated", NULL};
const char *const length_layer_names[] = {"ip", "payload", "frame", NULL};

const char *const method_names[] = {"precise", "study", "monitored", NULL};
const char *const directions_names[] = {"one", "both", NULL};
const char *const on_crash_names[] = {"restart", "destroy", NULL};
const char *const flows_by_names[] = {"ports", "addresses", NULL};
const char *const pacing_names[] = {"normal", "strict", NULL};
const char *const routing_daemon_names[] = {"none", "frr", "bird", NULL};

#define ENGINE_TRAITS(engine, ...) {.name = #engine, __VA_ARGS__},
#define ENGINE_NAME(engine, ...)   #engine,
static const struct engine_traits engines[] = {{.name = ENGINE_AUTO, ENGINE_AUTO_TRAITS},
                                               ENGINES(ENGINE_TRAITS)};
const char *const engine_names[] = {ENGINE_AUTO, ENGINES(ENGINE_NAME) NULL};

const struct engine_traits *scenario_engine(const char *name)
{
    for (size_t i = 0; i < sizeof engines / sizeof engines[0]; i++) {
        if (text_equal(engines[i].name, name)) {
            return &engines[i];
        }
    }
    return NULL;
}

const char *scenario_reserved(const char *name)
{
    static const struct {
        const char *name, *use;
    } reserved[] = {
        {"host", "the host"},
        {"tester", "the tester"},
        {"source", "the tester's source"},
        {"sink", "the tester's sink"},
        {"cables", "the middle of impaired cables"},
        {"Domain-0", "the host in the output of xen-stats"},
    };
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++) {
        if (text_equal(reserved[i].name, name)) {
            return reserved[i].use;
        }
    }
    return NULL;
}

const char *topology_name(enum topology topology)
{
    return topology_names[topology];
}

int topology_from_name(const char *name, enum topology *ret)
{
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        if (text_equal(topology_names[topology], name)) {
            *ret = topology;
            return 0;
        }
    }
    return -EINVAL;
}

const char *routing_daemon_name(enum routing_daemon daemon)
{
    return routing_daemon_names[daemon];
}

unsigned scenario_tag_bytes(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->network_count; i++) {
        if (scenario->networks[i].vlan != 0) {
            return SCENARIO_TAG_BYTES;
        }
    }
    return 0;
}

size_t scenario_stream_count(const struct scenario *scenario)
{
    size_t count = scenario->network_count;
    for (size_t i = 0; i < scenario->network_count; i++) {
        count += scenario->networks[i].directions == DIRECTIONS_BOTH;
    }
    return count;
}

struct ip_interface scenario_from(const struct scenario_network *network)
{
    return network->behind_source.prefix == 0 ? network->source : network->behind_source;
}

struct ip_interface scenario_to(const struct scenario_network *network)
{
    return network->behind_sink.prefix == 0 ? network->sink : network->behind_sink;
}

bool scenario_passes(const struct scenario_network *network, size_t router)
{
    for (size_t i = 0; i < network->router_count; i++) {
        if (network->routers[i] == router) {
            return true;
        }
    }
    return false;
}

size_t scenario_link(const struct scenario *scenario, size_t router, size_t other,
                     unsigned *ret_end)
{
    for (size_t i = 0; i < scenario->link_count; i++) {
        const size_t *routers = scenario->links[i].routers;
        unsigned end = routers[0] == router ? 0 : 1;
        if (routers[end] == router && routers[1 - end] == other) {
            if (ret_end != NULL) {
                *ret_end = end;
            }
            return i;
        }
    }
    return SIZE_MAX;
}

char *scenario_path(const struct scenario *scenario, const char *named)
{
    const char *slash = scenario->file == NULL ? NULL : strrchr(scenario->file, '/');
    return *named == '/' || slash == NULL
               ? text_copy(named)
               : text_format("%.*s/%s", (int)(slash - scenario->file), scenario->file, named);
}

char *scenario_config_path(const struct scenario *scenario, size_t router)
{
    const char *config = scenario->routers[router].config;
    return config == NULL ? NULL : scenario_path(scenario, config);
}

bool scenario_is_routed(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->router_count; i++) {
        if (scenario->routers[i].daemon != DAEMON_NONE) {
            return true;
        }
    }
    return false;
}

const char *method_name(enum method method)
{
    return method_names[method];
}

const char *length_layer_name(enum length_layer layer)
{
    return length_layer_names[layer];
}

const char *flows_by_name(enum flows_by by)
{
    return flows_by_names[by];
}

// The hosts of a subnet without the subnet's own address, the last (IPv4: broadcast) and the
// router's.
static unsigned usable_addresses(const struct ip_interface *sender)
{
    unsigned bits = (unsigned)ip_size(sender->address.version) * 8 - sender->prefix;
    return sender->prefix == 0 ? 0 : (unsigned)((1ULL << (bits < 32 ? bits : 32)) - 3ULL);
}

unsigned scenario_flow_addresses(const struct scenario_network *network)
{
    const struct ip_interface from = scenario_from(network);
    const struct ip_interface to = scenario_to(network);
    unsigned forward = usable_addresses(&from);
    unsigned backward = usable_addresses(&to);
    return network->directions == DIRECTIONS_BOTH && backward < forward ? backward : forward;
}

bool scenario_lends(const struct scenario *scenario)
{
    bool lends = false;
    for (size_t i = 0; i < scenario->network_count; i++) {
        // source and ingress are given together, and so are egress and sink.
        lends |= scenario->networks[i].source_nic != NULL || scenario->networks[i].sink_nic != NULL;
    }
    return lends;
}

bool scenario_is_capped(const struct scenario *scenario)
{
    bool capped = scenario->host.allocation.cap > 0;
    for (size_t i = 0; i < scenario->router_count; i++) {
        capped = capped || scenario->routers[i].allocation.cap > 0;
    }
    return capped;
}

unsigned scenario_headers(unsigned ip)
{
    return ip == 6 ? SCENARIO_HEADERS_6 : SCENARIO_HEADERS_4;
}

unsigned scenario_network_length(const struct scenario_network *network, unsigned length)
{
    return network->length > 0 ? network->length : length;
}

const struct length_mix *scenario_mix(const struct scenario_traffic *traffic, unsigned length)
{
    for (size_t i = 0; i < traffic->length_count; i++) {
        if (traffic->lengths[i] == length && traffic->mixes[i].part_count > 0) {
            return &traffic->mixes[i];
        }
    }
    return NULL;
}

double scenario_network_mean(const struct scenario *scenario,
                             const struct scenario_network *network, unsigned length)
{
    return network->length > 0 ? network->length : scenario_mean_length(&scenario->traffic, length);
}

unsigned scenario_longest_ip(const struct scenario *scenario, unsigned length)
{
    unsigned longest = 0;
    const struct length_mix *mix = scenario_mix(&scenario->traffic, length);
    for (unsigned i = 0; mix != NULL && i < mix->part_count; i++) {
        length = mix->parts[i].length > length ? mix->parts[i].length : length;
    }
    for (size_t i = 0; i < scenario->network_count; i++) {
        const struct scenario_network *network = &scenario->networks[i];
        unsigned ip_length = scenario_ip_length(scenario_network_length(network, length),
                                                scenario->traffic.length_layer, network->ip);
        longest = ip_length > longest ? ip_length : longest;
    }
    return longest;
}

unsigned scenario_ip_length(unsigned length, enum length_layer layer, unsigned ip)
{
    switch (layer) {
    case LENGTH_PAYLOAD:
        return length + scenario_headers(ip);
    case LENGTH_FRAME:
        return length < ETHERNET_FRAMED ? 0 : length - ETHERNET_FRAMED;
    case LENGTH_IP:
        break;
    }
    return length;
}

double scenario_pps(double bps, double length)
{
    return bps / (8.0 * length);
}

size_t scenario_rates(const struct scenario_traffic *traffic, unsigned length, double **ret_pps)
{
    const struct rate_plan *rates = &traffic->rates;
    const double mean = scenario_mean_length(traffic, length);
    size_t count = rates->kind == RATES_AUTO ? 0 : rates->pps_count;
    if (rates->kind == RATES_RANGE) {
        count = rates_in_range(rates);
    }
    if (rates->kind == RATES_PROFILE) {
        *ret_pps = memory_new_array(double, 1);
        **ret_pps = scenario_profile_mean(&traffic->profile, mean);
        return 1;
    }
    double *pps = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        pps[i] = rates->kind == RATES_PPS
                     ? rates->pps[i]
                     : scenario_pps(rates->from_bps + (double)i * rates->step_bps, mean);
    }
    *ret_pps = pps;
    return count;
}

size_t rates_in_range(const struct rate_plan *rates)
{
    // The epsilon keeps `to` in the range if to - from is a whole number of steps up to rounding.
    double steps = (rates->to_bps - rates->from_bps) / rates->step_bps;
    return (size_t)(steps + 1e-6) + 1;
}

void network_release(struct scenario_network *network)
{
    free(network->name);
    free(network->routers);
    free(network->source_nic);
    free(network->ingress_nic);
    free(network->egress_nic);
    free(network->sink_nic);
}

static void release_startup(struct scenario_startup *startup)
{
    for (size_t i = 0; i < startup->file_count; i++) {
        free(startup->files[i].path);
        free(startup->files[i].file);
        free(startup->files[i].text);
    }
    for (size_t i = 0; i < startup->sysctl_count; i++) {
        free(startup->sysctls[i].name);
        free(startup->sysctls[i].value);
    }
    for (size_t i = 0; i < startup->command_count; i++) {
        free(startup->commands[i]);
    }
    free(startup->files);
    free(startup->sysctls);
    free(startup->commands);
    free(startup->nft);
    free(startup->nft_text);
}

void scenario_release(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->router_count; i++) {
        free(scenario->routers[i].name);
        free(scenario->routers[i].config);
        free(scenario->routers[i].config_text);
        router_file_free(scenario->routers[i].file);
        release_startup(&scenario->routers[i].startup);
        free(scenario->routers[i].image);
        free(scenario->routers[i].setup.cloud_init);
        free(scenario->routers[i].setup.serial);
    }
    for (size_t i = 0; i < scenario->network_count; i++) {
        network_release(&scenario->networks[i]);
    }
    for (size_t i = 0; i < scenario->impairment_count; i++) {
        free(scenario->impairments[i].from);
        free(scenario->impairments[i].to);
        free(scenario->impairments[i].network);
    }
    free(scenario->impairments);
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        free(scenario->expectations[i].text);
    }
    free(scenario->expectations);
    free(scenario->routers);
    free(scenario->networks);
    free(scenario->links);
    free(scenario->name);
    free(scenario->file);
    free(scenario->text);
    free(scenario->platform);
    free(scenario->traffic.engine);
    free(scenario->traffic.lengths);
    free(scenario->traffic.mixes);
    free(scenario->traffic.rates.pps);
    free(scenario->traffic.profile.file);
    free(scenario->traffic.profile.text);
    free(scenario->traffic.profile.phases);
    free(scenario->traffic.profile.knots);
}

void scenario_free(struct scenario *scenario)
{
    if (scenario == NULL) {
        return;
    }
    scenario_release(scenario);
    free(scenario);
}
