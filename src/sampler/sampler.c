// SPDX-License-Identifier: GPL-3.0-or-later
// sampler/sampler — see sampler.h.
#include "sampler/sampler.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/stop.h"
#include "base/text.h"
#include "linux/cpu.h"
#include "linux/link_stats.h"
#include "sampler/rings.h"

// An interface counted for a party: its index in the namespace and its name.
struct sampled_link {
    int index;
    char name[16];
    size_t ring; // where packets that its receive ring did not take are counted; or RING_NONE
    int ring_index;
};

struct sampled_party {
    struct sample_party facts; // facts from the testbed; for surveyed parties also the last figures
    bool quick;
    bool asked;  // its counters are a guest's, and the host's ports count the same packets
    int *meters; // of its threads (linux/cpu)
    size_t meter_count;
    uint64_t gone_ns; // CPU time of threads that have ended
    int links;        // socket of linux/link_stats; -1 = none
    struct sampled_link *interfaces;
    size_t interface_count;
};

struct sampler {
    struct sampled_party *parties;
    size_t count;
    struct link_stats *stats; // buffer shared by all readings
    size_t stats_room;
    struct named_counters *networks; // buffer shared by all readings
    size_t network_room;
    struct rings rings;
};

struct sampler *sampler_new(void)
{
    return memory_new(1, sizeof(struct sampler));
}

static void party_close_meters(struct sampled_party *party)
{
    for (size_t i = 0; i < party->meter_count; i++) {
        close(party->meters[i]);
    }
    free(party->meters);
    party->meters = NULL;
    party->meter_count = 0;
}

static void party_close(struct sampled_party *party)
{
    party_close_meters(party);
    if (party->links >= 0) {
        close(party->links);
    }
    party->links = -1;
    free(party->interfaces);
    party->interfaces = NULL;
    party->interface_count = 0;
    sample_party_clear(&party->facts);
}

void sampler_free(struct sampler *sampler)
{
    if (sampler == NULL) {
        return;
    }
    for (size_t i = 0; i < sampler->count; i++) {
        party_close(&sampler->parties[i]);
    }
    rings_close(&sampler->rings);
    free(sampler->parties);
    free(sampler->stats);
    free(sampler->networks);
    free(sampler);
}

// ---- facts from the testbed

static size_t party_node(const struct plan *plan, const struct testbed_party *party)
{
    enum node_kind kind = party->kind == PARTY_HOST ? NODE_HOST : NODE_ROUTER;
    for (size_t i = 0; i < plan->node_count; i++) {
        if (plan->nodes[i].kind == kind && text_equal(plan->nodes[i].name, party->name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

// Finds the interfaces counted for a party. The host's are the cable ends only, because the pairs
// to its routers would count every packet twice.
static void party_find_interfaces(struct sampled_party *party, const struct plan *plan, size_t node)
{
    free(party->interfaces);
    party->interfaces = NULL;
    party->interface_count = 0;
    for (size_t i = 0; i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if (party->facts.kind == PARTY_HOST && plan_is_platforms(plan, wire)) {
            continue;
        }
        const size_t ends[] = {wire->a, wire->b};
        for (size_t e = 0; e < 2; e++) {
            const struct plan_interface *end = &plan->interfaces[ends[e]];
            if (end->node != node) {
                continue;
            }
            party->interfaces = memory_resize(party->interfaces, party->interface_count + 1,
                                              sizeof *party->interfaces);
            struct sampled_link *link = &party->interfaces[party->interface_count++];
            link->index = end->index;
            link->ring = RING_NONE;
            snprintf(link->name, sizeof link->name, "%s", end->name);
        }
    }
}

// Finds where the receive rings of a party's interfaces are counted.
static void party_find_rings(struct rings *rings, enum rings_of wanted, struct sampled_party *party,
                             const struct testbed *testbed, size_t node)
{
    const struct plan *plan = testbed_plan(testbed);
    for (size_t i = 0; i < party->interface_count; i++) {
        struct sampled_link *link = &party->interfaces[i];
        for (size_t k = 0; k < plan->interface_count; k++) {
            if (plan->interfaces[k].node == node && plan->interfaces[k].index == link->index) {
                link->ring = rings_find(rings, testbed, k, wanted, &link->ring_index);
            }
        }
    }
}

static void party_open_meters(struct sampled_party *party, const struct testbed *testbed,
                              size_t number)
{
    const pid_t *tasks = NULL;
    size_t count = 0;
    party_close_meters(party);
    party->quick = testbed_quick_tasks(testbed, number, &tasks, &count, &party->gone_ns);
    party->meters = memory_new_array(int, count + 1);
    for (size_t i = 0; party->quick && i < count; i++) {
        int meter = cpu_meter_open(tasks[i], NULL);
        if (meter >= 0) {
            party->meters[party->meter_count++] = meter;
        }
    }
}

// Whether a machine's counters can be left to the host's ports.
static bool party_is_asked(const struct testbed *testbed, const struct testbed_party *of)
{
    return of->kind == PARTY_ROUTER && testbed_runs_machines(testbed) &&
           testbed_plan(testbed)->topology == TOPOLOGY_BRIDGED;
}

static void party_open_links(struct sampled_party *party, const struct testbed *testbed,
                             size_t node)
{
    const struct netns *ns = node == SIZE_MAX ? NULL : testbed_netns(testbed, node);
    if (party->links >= 0) {
        close(party->links);
        party->links = -1;
    }
    if (party->quick && ns != NULL) {
        (void)link_stats_open(ns, &party->links, NULL);
    }
}

// Fills in the facts of a party, without figures that change by themselves.
static void facts_of_party(const struct testbed *testbed, size_t number, struct sample_party *ret)
{
    const struct testbed_party *parties = NULL;
    const struct plan *plan = testbed_plan(testbed);
    struct party_info info;
    char cpus[128];
    (void)testbed_parties(testbed, &parties);
    testbed_party_facts(testbed, number, &info);
    cpu_list_text(&plan->dut_cpus, cpus, sizeof cpus);
    const char *way = testbed_cap_way(testbed);
    *ret = (struct sample_party){
        .testbed_id = text_copy(testbed_id(testbed)),
        .testbed = text_copy(testbed_name(testbed)),
        .topology = text_copy(topology_name(plan->topology)),
        .cpus_text = text_copy(cpus),
        .cpus = (unsigned)plan->dut_cpus.count,
        .kept = testbed_is_kept(testbed),
        .kind = parties[number].kind,
        .name = text_copy(info.name),
        .id = info.id,
        .platform = text_copy(info.platform),
        .state = info.state,
        .since_ns = info.since_ns,
        .restarts = info.restarts,
        .outage_ns = info.outage_ns,
        .converge_ns = info.convergence_ns,
        .links = info.links == NULL ? NULL : text_copy(info.links),
        .has_allocation = info.allocation_known,
        .allocation = info.allocation,
        .cap_way = way == NULL ? NULL : text_copy(way),
        .memory_bytes = info.memory_bytes,
    };
    party_info_clear(&info);
}

static void sampler_update_party(struct sampler *sampler, const struct testbed *testbed,
                                 const struct testbed_party *of, size_t number)
{
    struct sampled_party *party = &sampler->parties[number];
    struct sample_party old = party->facts;
    facts_of_party(testbed, number, &party->facts);
    bool same = old.name != NULL && old.kind == party->facts.kind && old.id == party->facts.id &&
                old.state == party->facts.state;
    // Figures of a surveyed party remain until the next survey.
    if (same && !party->quick) {
        party->facts.cpu_ns = old.cpu_ns;
        party->facts.parts = old.parts;
        party->facts.part_count = old.part_count;
        party->facts.read_ns = old.read_ns;
        party->facts.has_bytes = old.has_bytes;
        party->facts.tx_bytes = old.tx_bytes;
        party->facts.rx_bytes = old.rx_bytes;
        party->facts.networks = old.networks;
        party->facts.network_count = old.network_count;
        old.parts = NULL;
        old.networks = NULL;
        old.network_count = 0;
    }
    sample_party_clear(&old);
    // The host's threads change with the pairs of its routers.
    if (!same || of->kind == PARTY_HOST) {
        size_t node = party_node(testbed_plan(testbed), of);
        party->asked = party_is_asked(testbed, of);
        party_open_meters(party, testbed, number);
        if (!same) {
            party_open_links(party, testbed, node);
        }
        party_find_interfaces(party, testbed_plan(testbed), node);
        party_find_rings(&sampler->rings, party->quick ? RINGS_OF_ALL : RINGS_OF_HOST, party,
                         testbed, node);
    }
}

void sampler_update(struct sampler *sampler, const struct testbed *testbed, size_t party)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    while (count > 0 && parties[count - 1].kind == PARTY_TESTER) {
        count--;
    }
    if (sampler->count != count) {
        for (size_t i = count; i < sampler->count; i++) {
            party_close(&sampler->parties[i]);
        }
        sampler->parties = memory_resize(sampler->parties, count + 1, sizeof *sampler->parties);
        for (size_t i = sampler->count; i < count; i++) {
            sampler->parties[i] = (struct sampled_party){.links = -1};
        }
        sampler->count = count;
        party = SAMPLER_ALL;
    }
    for (size_t i = 0; i < count; i++) {
        if (party == SAMPLER_ALL || party == i) {
            sampler_update_party(sampler, testbed, &parties[i], i);
        }
    }
}

// ---- surveys

bool sampler_needs_survey(const struct sampler *sampler)
{
    for (size_t i = 0; i < sampler->count; i++) {
        if (!sampler->parties[i].quick && sampler->parties[i].facts.state == ROUTER_RUNNING) {
            return true;
        }
    }
    return false;
}

static void add_network(struct sample_party *party, const char *name,
                        const struct link_counters *link)
{
    party->networks =
        memory_resize(party->networks, party->network_count + 1, sizeof *party->networks);
    party->networks[party->network_count++] = (struct named_counters){text_copy(name), *link};
    party->tx_bytes += link->tx_bytes;
    party->rx_bytes += link->rx_bytes;
}

// Adds a surveyed party's counters, with what its rings at the tester did not take: both are of one
// time, as the parts of an offered load are.
static int survey_counters(const struct testbed *testbed, const struct testbed_party *of,
                           struct sample_party *ret)
{
    const struct plan *plan = testbed_plan(testbed);
    size_t node = party_node(plan, of);
    struct sampled_party interfaces = {.facts = {.kind = of->kind}};
    struct namespace_counters counters = {0};
    int rc = node == SIZE_MAX ? -ENOENT : testbed_counters(testbed, node, &counters, NULL);
    if (rc < 0) {
        return rc;
    }
    ret->has_bytes = true;
    party_find_interfaces(&interfaces, plan, node);
    struct rings rings = {.nodes = NULL};
    party_find_rings(&rings, RINGS_OF_TESTER, &interfaces, testbed, node);
    rings_read(&rings);
    for (size_t i = 0; i < interfaces.interface_count; i++) {
        const struct sampled_link *at = &interfaces.interfaces[i];
        const struct link_counters *read = counters_link(&counters, at->index);
        if (read != NULL) {
            struct link_counters link = *read;
            link.rx_missed += rings_missed(&rings, at->ring, at->ring_index);
            add_network(ret, at->name, &link);
        }
    }
    rings_close(&rings);
    free(interfaces.interfaces);
    counters_clear(&counters);
    return 0;
}

// Adds a party to a survey, unless its CPU time can't be read or a stop was requested meanwhile.
static void survey_party(const struct testbed *testbed, const struct testbed_party *of,
                         size_t number, enum survey_depth depth, struct sample *ret)
{
    struct party_info info;
    if (depth == SURVEY_CPU) {
        testbed_party_times(testbed, number, &info);
    } else {
        testbed_party_info(testbed, number, &info);
    }
    bool read = info.part_count > 0 || info.cpu_ns > 0 || info.state != ROUTER_RUNNING;
    if (!read || stop_requested()) {
        party_info_clear(&info);
        return;
    }
    struct sample_party party = {
        .name = text_copy(info.name),
        .kind = of->kind,
        .id = info.id,
        .state = info.state,
        .has_allocation = info.allocation_known,
        .allocation = info.allocation,
        .cpu_ns = info.cpu_ns,
        .parts = info.parts,
        .part_count = info.part_count,
        .read_ns = clock_monotonic_ns(),
        .memory_bytes = info.memory_bytes,
    };
    info.parts = NULL;
    party_info_clear(&info);
    const bool counts = depth == SURVEY_ALL || !party_is_asked(testbed, of);
    if (counts && survey_counters(testbed, of, &party) < 0 && stop_requested()) {
        sample_party_clear(&party);
        return;
    }
    *sample_add(ret) = party;
}

void sampler_survey(const struct testbed *testbed, enum survey_depth depth, struct sample *ret)
{
    const struct testbed_party *parties = NULL;
    size_t count = testbed_parties(testbed, &parties);
    *ret = (struct sample){.began_ns = clock_monotonic_ns()};
    for (size_t i = 0; i < count && !stop_requested(); i++) {
        const pid_t *tasks = NULL;
        size_t task_count = 0;
        uint64_t gone_ns = 0;
        if (parties[i].kind != PARTY_TESTER &&
            !testbed_quick_tasks(testbed, i, &tasks, &task_count, &gone_ns)) {
            survey_party(testbed, &parties[i], i, depth, ret);
        }
    }
}

static void take_counters(struct sample_party *facts, struct sample_party *copy)
{
    for (size_t i = 0; i < facts->network_count; i++) {
        free(facts->networks[i].name);
    }
    free(facts->networks);
    facts->networks = copy->networks;
    facts->network_count = copy->network_count;
    copy->networks = NULL;
    copy->network_count = 0;
    facts->has_bytes = copy->has_bytes;
    facts->tx_bytes = copy->tx_bytes;
    facts->rx_bytes = copy->rx_bytes;
}

static void take_surveyed(struct sampled_party *party, enum survey_depth depth,
                          const struct sample_party *read)
{
    struct sample_party *facts = &party->facts;
    struct sample_party copy;
    sample_party_copy(read, &copy);
    free(facts->parts);
    facts->parts = copy.parts;
    facts->part_count = copy.part_count;
    copy.parts = NULL;
    if (depth == SURVEY_ALL || !party->asked) {
        take_counters(facts, &copy);
    }
    facts->cpu_ns = read->cpu_ns;
    facts->read_ns = read->read_ns;
    facts->memory_bytes = read->memory_bytes;
    if (depth >= SURVEY_ALLOCATION) {
        facts->has_allocation = read->has_allocation;
        facts->allocation = read->allocation;
    }
    sample_party_clear(&copy);
}

void sampler_take_survey(struct sampler *sampler, enum survey_depth depth,
                         const struct sample *survey)
{
    for (size_t i = 0; i < survey->count; i++) {
        const struct sample_party *read = &survey->parties[i];
        for (size_t k = 0; k < sampler->count; k++) {
            const struct sample_party *facts = &sampler->parties[k].facts;
            if (facts->kind == read->kind && facts->id == read->id &&
                text_equal(facts->name, read->name)) {
                take_surveyed(&sampler->parties[k], depth, read);
            }
        }
    }
}

// ---- readings

static uint64_t party_cpu(const struct sampled_party *party)
{
    uint64_t sum_ns = party->gone_ns;
    for (size_t i = 0; i < party->meter_count; i++) {
        uint64_t ns = 0;
        if (cpu_meter_read(party->meters[i], &ns, NULL) == 0) {
            sum_ns += ns;
        }
    }
    return sum_ns;
}

static const struct link_stats *stats_of(const struct sampler *sampler, ssize_t count, int index)
{
    for (ssize_t i = 0; i < count; i++) {
        if (sampler->stats[i].index == index) {
            return &sampler->stats[i];
        }
    }
    return NULL;
}

static void networks_reserve(struct sampler *sampler, size_t count)
{
    if (sampler->network_room < count) {
        sampler->network_room = count;
        sampler->networks = memory_resize(sampler->networks, count, sizeof *sampler->networks);
    }
}

// Fills ret->networks with the sampler's buffer; the names belong to the party.
static void party_links(struct sampler *sampler, const struct sampled_party *party,
                        struct sample_party *ret)
{
    ssize_t count = party->links < 0 ? -1
                                     : link_stats_read(party->links, &sampler->stats,
                                                       &sampler->stats_room, NULL);
    networks_reserve(sampler, party->interface_count);
    ret->has_bytes = count >= 0;
    ret->networks = sampler->networks;
    for (size_t i = 0; i < party->interface_count; i++) {
        struct sampled_link *wanted = &party->interfaces[i];
        const struct link_stats *stats = stats_of(sampler, count, wanted->index);
        if (stats == NULL) {
            continue;
        }
        ret->networks[ret->network_count++] = (struct named_counters){
            .name = wanted->name,
            .counters = {.index = stats->index,
                         .rx_packets = stats->rx_packets,
                         .tx_packets = stats->tx_packets,
                         .rx_bytes = stats->rx_bytes,
                         .tx_bytes = stats->tx_bytes,
                         .rx_dropped = stats->rx_dropped,
                         .tx_dropped = stats->tx_dropped,
                         .rx_errors = stats->rx_errors,
                         .tx_errors = stats->tx_errors,
                         .rx_missed = stats->rx_missed + rings_missed(&sampler->rings, wanted->ring,
                                                                      wanted->ring_index)}};
        ret->rx_bytes += stats->rx_bytes;
        ret->tx_bytes += stats->tx_bytes;
    }
}

// Adds what rings of a surveyed party at the host did not take to its last figures, in the
// sampler's buffer. The counters with which these belong are the host's, which are present ones,
// too.
static void party_add_rings(struct sampler *sampler, const struct sampled_party *party,
                            struct sample_party *ret)
{
    const struct sample_party *facts = &party->facts;
    size_t count = facts->network_count;
    networks_reserve(sampler, facts->network_count + party->interface_count);
    for (size_t i = 0; i < facts->network_count; i++) {
        sampler->networks[i] = facts->networks[i];
    }
    for (size_t k = 0; k < party->interface_count; k++) {
        struct sampled_link *link = &party->interfaces[k];
        size_t at = 0;
        while (at < count && !text_equal(link->name, sampler->networks[at].name)) {
            at++;
        }
        if (at == count && party->asked) { // its guest has not been asked yet
            sampler->networks[count++] =
                (struct named_counters){.name = link->name, .counters = {.index = link->index}};
        }
        if (at < count) {
            sampler->networks[at].counters.rx_missed +=
                rings_missed(&sampler->rings, link->ring, link->ring_index);
        }
    }
    ret->networks = sampler->networks;
    ret->network_count = count;
}

void sampler_visit(struct sampler *sampler, enum sampler_depth depth,
                   void (*visit)(void *context, const struct sample_party *party), void *context)
{
    if (depth >= SAMPLER_RINGS) {
        rings_read(&sampler->rings);
    }
    for (size_t i = 0; i < sampler->count; i++) {
        const struct sampled_party *party = &sampler->parties[i];
        struct sample_party read = party->facts;
        struct cpu_part part = {.name = "napi"};
        if (party->quick && party->facts.state == ROUTER_RUNNING) {
            part.ns = party_cpu(party);
            read.cpu_ns = part.ns;
            read.parts = &part;
            read.part_count = 1;
            if (depth >= SAMPLER_NETWORKS) {
                party_links(sampler, party, &read);
            }
            read.read_ns = clock_monotonic_ns();
        } else if (depth >= SAMPLER_RINGS && party->facts.state == ROUTER_RUNNING) {
            party_add_rings(sampler, party, &read);
        }
        visit(context, &read);
    }
}
