// SPDX-License-Identifier: GPL-3.0-or-later
// sampler/sample_json — see sample_json.h. A party is an array in the order of `enum field`,
// without keys, because a sample of 1,000 routers is taken once a second.
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
    CONTRACT,
    BROKEN,
    MARGIN,
    LAST_ACTION,
    CPU,
    READ,
    MEMORY,
    HAS_BYTES,
    PARTS,
    NETWORKS,
};

// ---- writing: text directly, because a tree of 50,000 values is costly to make and free

static void put_bytes(struct sample_text *text, const char *bytes, size_t length)
{
    if (text->length + length + 1 > text->room) {
        text->room = 2 * (text->length + length + 1);
        text->bytes = memory_resize(text->bytes, text->room, 1);
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
}

static void put_literal(struct sample_text *text, const char *literal)
{
    put_bytes(text, literal, strlen(literal));
}

// Writes the comma between two values of a list.
static void put_comma(struct sample_text *text)
{
    char last = text->bytes[text->length - 1];
    if (last != '[' && last != ':') {
        put_bytes(text, ",", 1);
    }
}

static void put_count(struct sample_text *text, uint64_t count)
{
    char digits[24];
    size_t at = sizeof digits;
    count = count > INT64_MAX ? INT64_MAX : count; // largest JSON integer
    do {
        digits[--at] = (char)('0' + count % 10);
        count /= 10;
    } while (count > 0);
    put_comma(text);
    put_bytes(text, digits + at, sizeof digits - at);
}

// Quotes, backslashes and control characters are written as \u00XX (RFC 8259, section 7).
static void put_text(struct sample_text *text, const char *value)
{
    put_comma(text);
    if (value == NULL) {
        put_literal(text, "null");
        return;
    }
    put_bytes(text, "\"", 1);
    for (const char *from = value; *from != '\0';) {
        size_t plain = 0;
        while ((unsigned char)from[plain] >= 0x20 && from[plain] != '"' && from[plain] != '\\') {
            plain++;
        }
        put_bytes(text, from, plain);
        from += plain;
        if (*from != '\0') {
            char escaped[8];
            snprintf(escaped, sizeof escaped, "\\u%04x", (unsigned)(unsigned char)*from++);
            put_literal(text, escaped);
        }
    }
    put_bytes(text, "\"", 1);
}

static void put_flag(struct sample_text *text, bool flag)
{
    put_comma(text);
    put_literal(text, flag ? "true" : "false");
}

static void list_begin(struct sample_text *text)
{
    put_comma(text);
    put_bytes(text, "[", 1);
}

static void list_end(struct sample_text *text)
{
    put_bytes(text, "]", 1);
}

static void put_networks(struct sample_text *text, const struct sample_party *party)
{
    list_begin(text);
    for (size_t i = 0; i < party->network_count; i++) {
        const struct link_counters *link = &party->networks[i].counters;
        const uint64_t counts[] = {(uint64_t)link->index, link->rx_packets, link->tx_packets,
                                   link->rx_bytes,        link->tx_bytes,   link->rx_dropped,
                                   link->tx_dropped,      link->rx_errors,  link->tx_errors,
                                   link->rx_missed};
        list_begin(text);
        put_text(text, party->networks[i].name);
        for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
            put_count(text, counts[k]);
        }
        list_end(text);
    }
    list_end(text);
}

// In the order of enum field.
void sample_text_add(void *context, const struct sample_party *party)
{
    struct sample_text *text = context;
    list_begin(text);
    put_text(text, party->testbed_id);
    put_text(text, party->testbed);
    put_text(text, party->topology);
    put_text(text, party->cpus_text);
    put_count(text, party->cpus);
    put_flag(text, party->kept);
    put_count(text, party->kind);
    put_text(text, party->name);
    put_count(text, party->id);
    put_text(text, party->platform);
    put_count(text, party->state);
    put_count(text, party->since_ns);
    put_count(text, party->restarts);
    put_count(text, party->outage_ns);
    put_count(text, party->converge_ns);
    put_text(text, party->links);
    put_flag(text, party->has_allocation);
    put_count(text, party->allocation.weight);
    put_count(text, party->allocation.cap);
    put_text(text, party->cap_way);
    put_text(text, party->contract);
    put_text(text, party->broken_s);
    put_text(text, party->margin);
    put_text(text, party->last_action);
    put_count(text, party->cpu_ns);
    put_count(text, party->read_ns);
    put_count(text, party->memory_bytes);
    put_flag(text, party->has_bytes);
    list_begin(text);
    for (size_t i = 0; i < party->part_count; i++) {
        put_text(text, party->parts[i].name);
        put_count(text, party->parts[i].ns);
    }
    list_end(text);
    put_networks(text, party);
    list_end(text);
}

void sample_text_begin(struct sample_text *text)
{
    *text = (struct sample_text){0};
    put_literal(text, "{\"failed\":0,\"sample\":{\"parties\":[");
}

void sample_text_end(struct sample_text *text, uint64_t began_ns, const char *left_out, bool found)
{
    put_literal(text, "],\"began_ns\":");
    put_count(text, began_ns);
    put_literal(text, ",\"left_out\":");
    put_text(text, left_out);
    put_literal(text, found ? "},\"found\":true}\n" : "},\"found\":false}\n");
}

// ---- parsing

static char *text_at(const json_t *list, size_t at)
{
    const char *text = json_string_value(json_array_get(list, at));
    return text == NULL ? NULL : text_copy(text);
}

// Limited to a JSON integer, so that it can be written again.
static uint64_t count_at(const json_t *list, size_t at)
{
    json_int_t count = json_integer_value(json_array_get(list, at));
    return count < 0 ? 0 : (uint64_t)count;
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
            .rx_missed = count_at(network, 10),
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
        .contract = text_at(list, CONTRACT),
        .broken_s = text_at(list, BROKEN),
        .margin = text_at(list, MARGIN),
        .last_action = text_at(list, LAST_ACTION),
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
        json_int_t began_ns = json_integer_value(json_object_get(json, "began_ns"));
        sample->began_ns = began_ns < 0 ? 0 : (uint64_t)began_ns;
    }
}
