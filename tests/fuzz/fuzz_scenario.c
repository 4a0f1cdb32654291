// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fuzzer of the scenario reader: any text gives a scenario or problems.
 *
 * Seeds are in corpus/scenario/, words in scenario.dict.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/change.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#define CPUS 4

#define ENSURE(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ensure_head(const struct scenario *s)
{
    ENSURE(text_is_safe_name(s->name, SCENARIO_NAME_MAX));
    ENSURE(s->platform != NULL && s->platform[0] != '\0');
    ENSURE(scenario_engine(s->traffic.engine) != NULL);
    ENSURE(s->topology_count >= 1 && s->topology_count <= TOPOLOGY_COUNT);
    for (size_t i = 1; i < s->topology_count; i++) {
        ENSURE(s->topologies[i - 1] < s->topologies[i]);
    }
    ENSURE(s->host.cpus >= 1 && s->host.cpus <= CPUS);
}

static void ensure_routers(const struct scenario *s)
{
    ENSURE(s->router_count >= 1 && s->router_count <= SCENARIO_ROUTERS);
    for (size_t i = 0; i < s->router_count; i++) {
        const struct allocation *allocation = &s->routers[i].allocation;
        ENSURE(text_is_safe_name(s->routers[i].name, SCENARIO_ROUTER_MAX));
        ENSURE(allocation->weight >= 1 && allocation->weight <= SCENARIO_WEIGHT_MAX);
        ENSURE(allocation->cap <= 100 * s->host.cpus);
        ENSURE(scenario_reserved(s->routers[i].name) == NULL);
    }
}

static void ensure_networks(const struct scenario *s)
{
    ENSURE(s->network_count >= 1 && s->network_count <= SCENARIO_NETWORKS);
    for (size_t i = 0; i < s->network_count; i++) {
        const struct scenario_network *network = &s->networks[i];
        ENSURE(text_is_safe_name(network->name, SCENARIO_ROUTER_MAX));
        ENSURE(network->router < s->router_count);
        ENSURE(network->router_count >= 1 && network->router_count <= SCENARIO_HOPS);
        ENSURE(network->routers[0] == network->router);
        const bool six = network->ip == 6;
        ENSURE(six || network->ip == 4);
        ENSURE(network->source.prefix >= (six ? 16 : 8));
        ENSURE(network->source.prefix <= (six ? 126 : 30));
        ENSURE(network->source.address.version == network->ip);
        ENSURE(network->ingress.address.version == network->ip);
        ENSURE(network->egress.address.version == network->ip);
        ENSURE(network->sink.address.version == network->ip);
        ENSURE(network->source.prefix == network->ingress.prefix);
        ENSURE(!ip_equal(&network->source.address, &network->ingress.address));
        ENSURE(network->egress.prefix == network->sink.prefix);
        ENSURE(!ip_equal(&network->egress.address, &network->sink.address));
        ENSURE((network->source_nic == NULL) == (network->ingress_nic == NULL));
        ENSURE((network->egress_nic == NULL) == (network->sink_nic == NULL));
    }
}

// Consecutive routers have a link with addresses of the network's version, which are in no subnet
// of a network.
static void ensure_links(const struct scenario *s)
{
    ENSURE(s->link_count <= SCENARIO_LINKS);
    for (size_t i = 0; i < s->network_count; i++) {
        const struct scenario_network *network = &s->networks[i];
        for (size_t k = 0; k < network->router_count; k++) {
            ENSURE(network->routers[k] < s->router_count);
            if (k == 0) {
                continue;
            }
            unsigned end = 2;
            size_t at = scenario_link(s, network->routers[k - 1], network->routers[k], &end);
            ENSURE(at < s->link_count && end < 2);
            const struct ip_interface *ends =
                network->ip == 6 ? s->links[at].ip6 : s->links[at].ip4;
            ENSURE(ends[0].prefix == (network->ip == 6 ? 64 : 30));
            ENSURE(ends[0].address.version == network->ip);
            ENSURE(ip_agree(&ends[0].address, &ends[1].address, ends[0].prefix));
            ENSURE(!ip_equal(&ends[0].address, &ends[1].address));
            for (size_t n = 0; n < s->network_count; n++) {
                const struct ip_interface *own = &s->networks[n].source;
                unsigned bits = own->prefix < ends[0].prefix ? own->prefix : ends[0].prefix;
                ENSURE(!ip_agree(&own->address, &ends[0].address, bits));
            }
        }
    }
}

static void ensure_traffic(const struct scenario *s)
{
    ENSURE(s->traffic.duration_ns >= 10000000 && s->traffic.repeats >= 1);
    ENSURE(s->traffic.length_count >= 1);
    ENSURE(s->traffic.flows >= 1 && s->traffic.flows <= SCENARIO_FLOWS_MAX);
    const unsigned payload_min = scenario_engine(s->traffic.engine)->payload_min;
    for (size_t i = 0; i < s->traffic.length_count; i++) {
        unsigned length = s->traffic.lengths[i];
        _cleanup_free_ double *pps = NULL;
        size_t count = scenario_rates(&s->traffic, length, &pps);
        for (size_t k = 0; k < s->network_count; k++) {
            unsigned ip = s->networks[k].ip;
            unsigned ip_length = scenario_ip_length(length, s->traffic.length_layer, ip);
            ENSURE(ip_length >= scenario_headers(ip) + payload_min);
            ENSURE(ip_length <= SCENARIO_LENGTH_MAX);
        }
        const struct length_mix *mix = scenario_mix(&s->traffic, length);
        ENSURE(fabs(scenario_mean_length(&s->traffic, length) - length) <= 0.5);
        for (unsigned k = 0; mix != NULL && k < mix->slot_count; k++) {
            ENSURE(mix->slots[k] < mix->part_count && mix->slot_count <= LENGTH_MIX_SLOTS);
            ENSURE(scenario_longest_ip(s, length) <= SCENARIO_LENGTH_MAX);
        }
        ENSURE((count == 0) == (s->traffic.rates.kind == RATES_AUTO));
        if (s->traffic.rates.kind == RATES_PROFILE && s->traffic.profile.knot_count == 0) {
            continue; // its file is not read
        }
        for (size_t k = 0; k < count; k++) {
            ENSURE(pps[k] > 0.0 && pps[k] < 1e12);
        }
    }
}

static void ensure_expectations(const struct scenario *s)
{
    for (size_t i = 0; i < s->expectation_count; i++) {
        const struct expectation *expectation = &s->expectations[i];
        ENSURE(expectation->text != NULL && expectation->text[0] != '\0');
        ENSURE(expectation->value >= 0.0 && expectation->at_pps >= 0.0);
        ENSURE(!expect_is_rate(expectation->figure) || expectation->at_pps <= 0.0);
        ENSURE(expectation->topology < TOPOLOGY_COUNT);
    }
}

// The text of a changed scenario is a scenario that can be read, and written the same.
static void ensure_rewritten(const struct scenario *s)
{
    struct scenario_change change = {(char *)"", (char *)"name", s->name, 0};
    const struct scenario_changes changes = {&change, 1};
    struct scenario_source source = {.title = "", .text = s->text, .changes = &changes};
    _cleanup_scenario_ struct scenario *changed = NULL;
    _cleanup_scenario_ struct scenario *again = NULL;
    if (strlen(s->text) < YAML_FILE_MAX / 4 &&
        scenario_read_source(&source, CPUS, &changed, NULL) == 0) {
        source.text = changed->text;
        ENSURE(scenario_read_source(&source, CPUS, &again, NULL) == 0);
        ENSURE(strcmp(changed->text, again->text) == 0);
        ENSURE(again->router_count == s->router_count);
        ENSURE(again->network_count == s->network_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario_problems problems;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    catalogue_use(&machine_catalogue);
    int rc = scenario_parse((const char *)data, size, CPUS, &scenario, &problems);
    ENSURE((rc == 0) == (scenario != NULL) && (rc == 0) == (problems.count == 0));
    for (size_t i = 0; i < problems.count; i++) {
        const struct scenario_problem *problem = &problems.items[i];
        ENSURE(problem->text != NULL && problem->text[0] != '\0');
        ENSURE(strpbrk(problem->text, "\n\r\x1b") == NULL);
        ENSURE((problem->line == 0) == (problem->column == 0));
        ENSURE(i == 0 || problem->line >= problems.items[i - 1].line);
    }
    if (scenario != NULL) {
        ensure_head(scenario);
        ensure_routers(scenario);
        ensure_networks(scenario);
        ensure_links(scenario);
        ensure_traffic(scenario);
        ensure_expectations(scenario);
        ensure_rewritten(scenario);
    }
    scenario_problems_clear(&problems);
    return 0;
}
