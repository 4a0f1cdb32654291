// SPDX-License-Identifier: GPL-3.0-or-later
// sampler/sample — see sample.h. Called by `vrbench xen-stats`.
#include "sampler/sample.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "testbed/standing.h"

static size_t node_of(const struct plan *plan, const struct testbed_party *party)
{
    for (size_t i = 0; i < plan->node_count; i++) {
        const struct plan_node *node = &plan->nodes[i];
        bool kind = node->kind == (party->kind == PARTY_HOST ? NODE_HOST : NODE_ROUTER);
        if (kind && text_equal(node->name, party->name)) {
            return i;
        }
    }
    return SIZE_MAX;
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

static void read_bytes(const struct testbed *testbed, const struct testbed_party *party,
                       struct sample_party *ret)
{
    const struct plan *plan = testbed_plan(testbed);
    size_t node = node_of(plan, party);
    struct namespace_counters counters = {0};
    if (node == SIZE_MAX || testbed_counters(testbed, node, &counters, NULL) < 0) {
        return;
    }
    ret->has_bytes = true;
    for (size_t i = 0; i < plan->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[i];
        if (party->kind == PARTY_HOST && plan_is_platforms(plan, wire)) {
            continue;
        }
        const size_t ends[] = {wire->a, wire->b};
        for (size_t e = 0; e < 2; e++) {
            const struct plan_interface *end = &plan->interfaces[ends[e]];
            const struct link_counters *link =
                end->node == node ? counters_link(&counters, end->index) : NULL;
            if (link != NULL) {
                add_network(ret, end->name, link);
            }
        }
    }
    counters_clear(&counters);
}

static void read_party(const struct testbed *testbed, size_t number,
                       const struct testbed_party *party, struct sample *sample)
{
    struct party_info info;
    testbed_party_info(testbed, number, &info);
    sample->parties =
        memory_resize(sample->parties, sample->count + 1, sizeof(struct sample_party));
    struct sample_party *read = &sample->parties[sample->count++];
    *read = (struct sample_party){
        .testbed_id = text_copy(testbed_id(testbed)),
        .testbed = text_copy(testbed_name(testbed)),
        .kind = party->kind,
        .name = text_copy(info.name),
        .id = info.id,
        .platform = text_copy(info.platform),
        .state = info.state,
        .cpu_ns = info.cpu_ns,
        .parts = info.parts,
        .part_count = info.part_count,
        .read_ns = clock_monotonic_ns(),
        .memory_bytes = info.memory_bytes,
        .cpus = (unsigned)testbed_plan(testbed)->dut_cpus.count,
    };
    read_bytes(testbed, party, read);
}

int sample_take(const char *testbed, struct sample *ret, struct error *err)
{
    struct sample sample = {.began_ns = clock_monotonic_ns()};
    struct standing standing = {0};
    bool found = testbed == NULL;
    int rc = standing_list(&standing, err);
    for (size_t i = 0; rc == 0 && i < standing.count; i++) {
        const struct testbed *one = standing.items[i];
        const struct testbed_party *parties = NULL;
        if (testbed != NULL && !text_equal(testbed_name(one), testbed) &&
            !text_equal(testbed_id(one), testbed)) {
            continue;
        }
        found = true;
        size_t count = testbed_parties(one, &parties);
        for (size_t p = 0; p < count; p++) {
            if (parties[p].kind != PARTY_TESTER) {
                read_party(one, p, &parties[p], &sample);
            }
        }
    }
    standing_clear(&standing);
    if (rc == 0 && !found) {
        rc = fail_input(err, "no testbed \"%s\" stands: vrbench list shows those there are",
                        testbed);
    }
    if (rc < 0) {
        sample_clear(&sample);
        return rc;
    }
    *ret = sample;
    return 0;
}

void sample_clear(struct sample *sample)
{
    for (size_t i = 0; i < sample->count; i++) {
        for (size_t n = 0; n < sample->parties[i].network_count; n++) {
            free(sample->parties[i].networks[n].name);
        }
        free(sample->parties[i].networks);
        free(sample->parties[i].parts);
        free(sample->parties[i].testbed_id);
        free(sample->parties[i].testbed);
        free(sample->parties[i].name);
        free(sample->parties[i].platform);
    }
    free(sample->parties);
    *sample = (struct sample){0};
}

const struct sample_party *sample_find(const struct sample *sample,
                                       const struct sample_party *party)
{
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_party *other = &sample->parties[i];
        if (other->id == party->id && other->kind == party->kind &&
            text_equal(other->testbed_id, party->testbed_id) &&
            text_equal(other->name, party->name)) {
            return other;
        }
    }
    return NULL;
}

// Percent of a CPU; `before_ns` was used when `then` was read, 0 if there is no such reading.
static double percent_since(const struct sample *before, const struct sample_party *then,
                            uint64_t before_ns, const struct sample_party *party, uint64_t now_ns)
{
    uint64_t since_ns = then == NULL ? before->began_ns : then->read_ns;
    // A router that has died takes its threads, and with them what is known of their time, along.
    if (now_ns <= before_ns || party->read_ns <= since_ns) {
        return 0.0;
    }
    return 100.0 * (double)(now_ns - before_ns) / (double)(party->read_ns - since_ns);
}

double sample_percent(const struct sample *before, const struct sample_party *party)
{
    const struct sample_party *then = sample_find(before, party);
    return percent_since(before, then, then == NULL ? 0 : then->cpu_ns, party, party->cpu_ns);
}

double sample_part_percent(const struct sample *before, const struct sample_party *party,
                           size_t part)
{
    const struct sample_party *then = sample_find(before, party);
    bool was = then != NULL && part < then->part_count;
    return percent_since(before, then, was ? then->parts[part].ns : 0, party,
                         party->parts[part].ns);
}
