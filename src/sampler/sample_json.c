// SPDX-License-Identifier: GPL-3.0-or-later
// sampler/sample_json — see sample_json.h. Parties are arrays in the order of `enum field`, as
// their number makes names of keys a cost: a sample of 1,000 routers is taken once a second.
#include "sampler/sample_json.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum field {
    TESTBED_ID,
    TESTBED,
    TOPOLOGY,
    CPUS_TEXT,
    CPUS,
    KEPT,
    KIND,
    NAME,
    ID,
    PLATFORM,
    STATE,
    SINCE,
    RESTARTS,
    OUTAGE,
    CONVERGE,
    LINKS,
    HAS_ALLOCATION,
    WEIGHT,
    CAP,
    CAP_WAY,
    CPU,
    READ,
    MEMORY,
    HAS_BYTES,
    PARTS,
    NETWORKS,
};

static json_t *text_or_null(const char *text)
{
    return text == NULL ? json_null() : json_string_nocheck(text);
}

static json_t *count_json(uint64_t count)
{
    return json_integer((json_int_t)count);
}

static json_t *parts_to_json(const struct sample_party *party)
{
    json_t *list = json_array();
    for (size_t i = 0; i < party->part_count; i++) {
        json_array_append_new(list, json_string_nocheck(party->parts[i].name));
        json_array_append_new(list, count_json(party->parts[i].ns));
    }
    return list;
}

static json_t *networks_to_json(const struct sample_party *party)
{
    json_t *list = json_array();
    for (size_t i = 0; i < party->network_count; i++) {
        const struct link_counters *link = &party->networks[i].counters;
        const uint64_t counts[] = {(uint64_t)link->index, link->rx_packets, link->tx_packets,
                                   link->rx_bytes,        link->tx_bytes,   link->rx_dropped,
                                   link->tx_dropped,      link->rx_errors,  link->tx_errors};
        json_t *network = json_array();
        json_array_append_new(network, json_string_nocheck(party->networks[i].name));
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            json_array_append_new(network, count_json(counts[k]));
        }
        json_array_append_new(list, network);
    }
    return list;
}

static json_t *party_to_json(const struct sample_party *party)
{
    json_t *values[] = {
        [TESTBED_ID] = text_or_null(party->testbed_id),
        [TESTBED] = text_or_null(party->testbed),
        [TOPOLOGY] = text_or_null(party->topology),
        [CPUS_TEXT] = text_or_null(party->cpus_text),
        [CPUS] = count_json(party->cpus),
        [KEPT] = json_boolean(party->kept),
        [KIND] = count_json(party->kind),
        [NAME] = text_or_null(party->name),
        [ID] = count_json(party->id),
        [PLATFORM] = text_or_null(party->platform),
        [STATE] = count_json(party->state),
        [SINCE] = count_json(party->since_ns),
        [RESTARTS] = count_json(party->restarts),
        [OUTAGE] = count_json(party->outage_ns),
        [CONVERGE] = count_json(party->converge_ns),
        [LINKS] = text_or_null(party->links),
        [HAS_ALLOCATION] = json_boolean(party->has_allocation),
        [WEIGHT] = count_json(party->allocation.weight),
        [CAP] = count_json(party->allocation.cap),
        [CAP_WAY] = text_or_null(party->cap_way),
        [CPU] = count_json(party->cpu_ns),
        [READ] = count_json(party->read_ns),
        [MEMORY] = count_json(party->memory_bytes),
        [HAS_BYTES] = json_boolean(party->has_bytes),
        [PARTS] = parts_to_json(party),
        [NETWORKS] = networks_to_json(party),
    };
    json_t *list = json_array();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        json_array_append_new(list, values[i]);
    }
    return list;
}

json_t *sample_to_json(const struct sample *sample)
{
    json_t *parties = json_array();
    for (size_t i = 0; i < sample->count; i++) {
        json_array_append_new(parties, party_to_json(&sample->parties[i]));
    }
    json_t *json = json_object();
    json_object_set_new(json, "parties", parties);
    json_object_set_new(json, "began_ns", count_json(sample->began_ns));
    if (sample->left_out != NULL) {
        json_object_set_new(json, "left_out", json_string(sample->left_out));
    }
    return json;
}

// ---- back

static char *text_at(const json_t *list, size_t at)
{
    const char *text = json_string_value(json_array_get(list, at));
    return text == NULL ? NULL : text_copy(text);
}

static uint64_t count_at(const json_t *list, size_t at)
{
    return (uint64_t)json_integer_value(json_array_get(list, at));
}

static bool flag_at(const json_t *list, size_t at)
{
    return json_is_true(json_array_get(list, at));
}

static void parts_from_json(const json_t *list, struct sample_party *ret)
{
    size_t count = json_array_size(list) / 2;
    ret->parts = memory_new_array(struct cpu_part, count + 1);
    ret->part_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *name = json_string_value(json_array_get(list, 2 * i));
        snprintf(ret->parts[i].name, sizeof ret->parts[i].name, "%s", name == NULL ? "" : name);
        ret->parts[i].ns = count_at(list, 2 * i + 1);
    }
}

static void networks_from_json(const json_t *list, struct sample_party *ret)
{
    size_t count = json_array_size(list);
    ret->networks = memory_new_array(struct named_counters, count + 1);
    ret->network_count = count;
    for (size_t i = 0; i < count; i++) {
        const json_t *network = json_array_get(list, i);
        char *name = text_at(network, 0);
        ret->networks[i].name = name == NULL ? text_copy("") : name;
        ret->networks[i].counters = (struct link_counters){
            .index = (int)count_at(network, 1),
            .rx_packets = count_at(network, 2),
            .tx_packets = count_at(network, 3),
            .rx_bytes = count_at(network, 4),
            .tx_bytes = count_at(network, 5),
            .rx_dropped = count_at(network, 6),
            .tx_dropped = count_at(network, 7),
            .rx_errors = count_at(network, 8),
            .tx_errors = count_at(network, 9),
        };
        ret->rx_bytes += ret->networks[i].counters.rx_bytes;
        ret->tx_bytes += ret->networks[i].counters.tx_bytes;
    }
}

static char *text_present(const json_t *list, size_t at)
{
    char *text = text_at(list, at);
    return text == NULL ? text_copy("") : text;
}

static void party_from_json(const json_t *list, struct sample_party *ret)
{
    uint64_t kind = count_at(list, KIND);
    uint64_t state = count_at(list, STATE);
    *ret = (struct sample_party){
        .testbed_id = text_present(list, TESTBED_ID),
        .testbed = text_present(list, TESTBED),
        .topology = text_present(list, TOPOLOGY),
        .cpus_text = text_present(list, CPUS_TEXT),
        .cpus = (unsigned)count_at(list, CPUS),
        .kept = flag_at(list, KEPT),
        .kind = kind == PARTY_HOST ? PARTY_HOST : PARTY_ROUTER,
        .name = text_present(list, NAME),
        .id = (unsigned)count_at(list, ID),
        .platform = text_present(list, PLATFORM),
        .state = state == ROUTER_RUNNING     ? ROUTER_RUNNING
                 : state == ROUTER_DESTROYED ? ROUTER_DESTROYED
                                             : ROUTER_CRASHED,
        .since_ns = count_at(list, SINCE),
        .restarts = (unsigned)count_at(list, RESTARTS),
        .outage_ns = count_at(list, OUTAGE),
        .converge_ns = count_at(list, CONVERGE),
        .links = text_at(list, LINKS),
        .has_allocation = flag_at(list, HAS_ALLOCATION),
        .allocation = {.weight = (unsigned)count_at(list, WEIGHT),
                       .cap = (unsigned)count_at(list, CAP)},
        .cap_way = text_at(list, CAP_WAY),
        .cpu_ns = count_at(list, CPU),
        .read_ns = count_at(list, READ),
        .memory_bytes = count_at(list, MEMORY),
        .has_bytes = flag_at(list, HAS_BYTES),
    };
    parts_from_json(json_array_get(list, PARTS), ret);
    networks_from_json(json_array_get(list, NETWORKS), ret);
}

void sample_from_json(const json_t *json, struct sample *sample)
{
    const json_t *parties = json_object_get(json, "parties");
    for (size_t i = 0; i < json_array_size(parties); i++) {
        party_from_json(json_array_get(parties, i), sample_add(sample));
    }
    const char *left_out = json_string_value(json_object_get(json, "left_out"));
    if (left_out != NULL && sample->left_out == NULL) {
        sample->left_out = text_copy(left_out);
    }
    if (sample->began_ns == 0) {
        sample->began_ns = (uint64_t)json_integer_value(json_object_get(json, "began_ns"));
    }
}
