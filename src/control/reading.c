// SPDX-License-Identifier: GPL-3.0-or-later
// control/reading — see reading.h. Called by loop.c.
#include "control/reading.h"

#include <stdlib.h>

#include "base/json_get.h"
#include "base/text.h"

#define CPU_PERCENT 100.0

struct map_counter {
    size_t party;
    char *interface;
    bool sent; // of a ring: the interface sends into it
};

struct map_flow {
    struct map_counter in, out;
    struct map_counter *rings;
    size_t ring_count;
};

struct control_map {
    struct map_flow *flows;
    size_t count;
};

// ---- the set-up

static size_t party_called(const struct control_setup *setup, const char *name)
{
    for (size_t i = 0; i < setup->party_count; i++) {
        if (text_equal(setup->parties[i].name, name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static const struct contract *contract_called(const struct contracts *contracts, const char *name)
{
    for (size_t i = 0; i < contracts->count; i++) {
        if (text_equal(contracts->items[i].name, name)) {
            return &contracts->items[i];
        }
    }
    return NULL;
}

static bool counter_make(const struct control_setup *setup, const json_t *json,
                         struct map_counter *ret)
{
    const char *interface = json_get_text(json, "interface");
    const size_t party = party_called(setup, json_get_text(json, "party"));
    *ret = (struct map_counter){.party = party,
                                .interface = text_copy(interface == NULL ? "" : interface),
                                .sent = json_is_true(json_object_get(json, "sent"))};
    return party != SIZE_MAX && interface != NULL;
}

static bool flow_make(const struct control_setup *setup, const json_t *json,
                      const struct contracts *contracts, struct map_flow *ret,
                      struct control_flow *flow)
{
    const json_t *routers = json_object_get(json, "routers");
    const json_t *rings = json_object_get(json, "rings");
    const char *name = json_get_text(json, "name");
    const struct contract *contract = contract_called(contracts, json_get_text(json, "network"));
    flow->name = text_copy(name == NULL ? "" : name);
    flow->host_passes = (unsigned)json_integer_value(json_object_get(json, "host_passes"));
    flow->has_contract = contract != NULL;
    if (contract != NULL) {
        flow->contract = (struct control_contract){.pps = contract->pps,
                                                   .loss = contract->loss,
                                                   .priority = contract->priority,
                                                   .price = contract->price};
    }
    bool sound = name != NULL && json_array_size(routers) <= SCENARIO_HOPS;
    for (size_t i = 0; sound && i < json_array_size(routers); i++) {
        flow->stages[flow->stage_count] =
            party_called(setup, json_string_value(json_array_get(routers, i)));
        sound = flow->stages[flow->stage_count++] != SIZE_MAX;
    }
    sound &= counter_make(setup, json_object_get(json, "in"), &ret->in);
    sound &= counter_make(setup, json_object_get(json, "out"), &ret->out);
    ret->rings = memory_new_array(struct map_counter, json_array_size(rings));
    for (size_t i = 0; i < json_array_size(rings); i++) {
        sound &= counter_make(setup, json_array_get(rings, i), &ret->rings[ret->ring_count++]);
    }
    return sound;
}

static void parties_make(const json_t *routers, struct control_setup *setup)
{
    setup->party_count = json_array_size(routers) + 1;
    setup->parties = memory_new_array(struct control_party, setup->party_count);
    setup->parties[CONTROL_HOST].name = text_copy("host");
    for (size_t i = 1; i < setup->party_count; i++) {
        const char *name = json_string_value(json_array_get(routers, i - 1));
        setup->parties[i].name = text_copy(name == NULL ? "" : name);
    }
}

int control_map_make(const json_t *topology, const struct contracts *contracts,
                     struct control_map **ret, struct control_setup *ret_setup, struct error *err)
{
    const json_t *networks = json_object_get(topology, "networks");
    const size_t count = json_array_size(networks);
    struct control_setup setup = {
        .cpu = CPU_PERCENT * (double)json_integer_value(json_object_get(topology, "cpus")),
        .margin = contracts->host.margin};
    struct control_map *map = memory_new(1, sizeof *map);
    bool sound = setup.cpu > 0.0;
    bool direct = text_equal(json_get_text(topology, "topology"), topology_name(TOPOLOGY_DIRECT));
    size_t with_contract = 0;
    parties_make(json_object_get(topology, "routers"), &setup);
    setup.flows = memory_new_array(struct control_flow, count);
    map->flows = memory_new_array(struct map_flow, count);
    for (size_t f = 0; f < count; f++) {
        map->count = setup.flow_count = f + 1;
        sound &= flow_make(&setup, json_array_get(networks, f), contracts, &map->flows[f],
                           &setup.flows[f]);
        with_contract += setup.flows[f].has_contract;
    }
    int rc = 0;
    if (!sound) {
        rc = fail(err, 0,
                  "the testbed owner's description of the testbed is incomplete: it may "
                  "run another version");
    } else if (with_contract == 0) {
        rc = fail_input(err,
                        direct ? "testbed %s has topology direct, without a router to control"
                               : "no network of testbed %s has a contract; a contract applies to "
                                 "the network of its name",
                        json_get_text(topology, "testbed"));
    }
    if (rc < 0) {
        control_setup_clear(&setup);
        control_map_free(map);
        return rc;
    }
    *ret = map;
    *ret_setup = setup;
    return 0;
}

void control_map_free(struct control_map *map)
{
    for (size_t f = 0; map != NULL && f < map->count; f++) {
        struct map_flow *flow = &map->flows[f];
        for (size_t i = 0; i < flow->ring_count; i++) {
            free(flow->rings[i].interface);
        }
        free(flow->rings);
        free(flow->in.interface);
        free(flow->out.interface);
    }
    if (map != NULL) {
        free(map->flows);
        free(map);
    }
}

char *control_map_missing(const json_t *topology, const struct contracts *contracts)
{
    const json_t *networks = json_object_get(topology, "networks");
    char *names = NULL;
    for (size_t i = 0; i < contracts->count; i++) {
        bool found = false;
        for (size_t f = 0; f < json_array_size(networks); f++) {
            found |= text_equal(json_get_text(json_array_get(networks, f), "network"),
                                contracts->items[i].name);
        }
        if (!found) {
            text_append(&names, ", ", "%s", contracts->items[i].name);
        }
    }
    return names;
}

// ---- readings

static const struct sample_party *sampled_party(const struct control_setup *setup,
                                                const struct sample *sample, size_t party)
{
    const enum party_kind kind = party == CONTROL_HOST ? PARTY_HOST : PARTY_ROUTER;
    for (size_t i = 0; i < sample->count; i++) {
        const struct sample_party *at = &sample->parties[(party + i) % sample->count];
        if (at->kind == kind && text_equal(at->name, setup->parties[party].name)) {
            return at;
        }
    }
    return NULL;
}

static const struct link_counters *sampled_link(const struct control_setup *setup,
                                                const struct sample *sample,
                                                const struct map_counter *at)
{
    const struct sample_party *party = sampled_party(setup, sample, at->party);
    for (size_t i = 0; party != NULL && i < party->network_count; i++) {
        if (text_equal(party->networks[i].name, at->interface)) {
            return &party->networks[i].counters;
        }
    }
    return NULL;
}

static void flow_read(const struct map_flow *flow, const struct control_setup *setup,
                      const struct sample *sample, struct control_flow_reading *ret)
{
    const struct link_counters *in = sampled_link(setup, sample, &flow->in);
    const struct link_counters *out = sampled_link(setup, sample, &flow->out);
    *ret = (struct control_flow_reading){.known = in != NULL && out != NULL};
    if (in == NULL || out == NULL) {
        return;
    }
    ret->entered = in->rx_packets;
    ret->offered = in->rx_packets + in->rx_missed;
    ret->forwarded = out->tx_packets;
    for (size_t i = 0; i < flow->ring_count; i++) {
        const struct link_counters *ring = sampled_link(setup, sample, &flow->rings[i]);
        if (ring != NULL) {
            ret->lost += flow->rings[i].sent ? ring->tx_dropped : ring->rx_missed;
        }
    }
}

void control_map_read(const struct control_map *map, const struct control_setup *setup,
                      const struct sample *sample, struct control_reading *ret)
{
    ret->at_ns = sample->began_ns;
    for (size_t i = 0; i < setup->party_count; i++) {
        const struct sample_party *party = sampled_party(setup, sample, i);
        ret->parties[i] = (struct control_party_reading){.alive = false};
        if (party != NULL) {
            ret->parties[i] =
                (struct control_party_reading){.alive = party->state == ROUTER_RUNNING,
                                               .life = party->id,
                                               .cpu_ns = party->cpu_ns,
                                               .weight = party->allocation.weight,
                                               .cap = party->allocation.cap};
        }
    }
    for (size_t f = 0; f < setup->flow_count; f++) {
        flow_read(&map->flows[f], setup, sample, &ret->flows[f]);
    }
}
