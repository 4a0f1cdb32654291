// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * scenario/mix — see mix.h. Called by draft.c and schema_types.c.
 *
 * imix is the "simple IMIX" that common testers offer: 7 Ethernet frames of 64 bytes, 4 of 570 and
 * 1 of 1518, with FCS. RFC 6985 (IMIX Genome) asks for a repeating sequence of sizes, in place of a
 * random one. Frames that have no room for the headers and the stamp are as short as possible
 * instead: 74 bytes with IPv4, 94 with IPv6.
 */
#include "scenario/mix.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"

#define IMIX           "imix"
#define ETHERNET_EXTRA 18U // bytes of header and FCS

static const struct length_part imix[] = {{64, 7}, {570, 4}, {1518, 1}};

bool mix_is_meant(const char *text)
{
    return text_equal(text, IMIX) || strpbrk(text, "x+") != NULL;
}

// Reads a part such as "7x64".
static bool parse_part(const char *text, unsigned min, unsigned max, struct length_part *ret)
{
    const char *times = strchr(text, 'x');
    _cleanup_free_ char *before =
        times == NULL ? NULL : text_copy_bytes(text, (size_t)(times - text));
    uint64_t weight = 0;
    uint64_t length = 0;
    if (times == NULL || parse_integer(before, 1, LENGTH_MIX_SLOTS, &weight, NULL) < 0 ||
        parse_integer(times + 1, min, max, &length, NULL) < 0) {
        return false;
    }
    *ret = (struct length_part){.length = (unsigned)length, .weight = (unsigned)weight};
    return true;
}

static int fail_limits(const char *text, struct error *err)
{
    return fail_input(err,
                      "expected a mix of at most %u lengths and %u characters, whose weights sum "
                      "to at most %u, not \"%.80s\"",
                      LENGTH_MIX_PARTS, LENGTH_MIX_NAME - 1, LENGTH_MIX_SLOTS, text);
}

int mix_parse(const char *text, unsigned min, unsigned max, struct length_mix *ret,
              struct error *err)
{
    struct length_mix mix = {.part_count = 0};
    if (strlen(text) >= sizeof mix.name) {
        return fail_limits(text, err);
    }
    memcpy(mix.name, text, strlen(text));
    _cleanup_free_ char *copy = text_copy(text);
    char *rest = text_equal(text, IMIX) ? NULL : copy;
    for (char *part = NULL; (part = strsep(&rest, "+")) != NULL;) {
        struct length_part *added = &mix.parts[mix.part_count];
        if (mix.part_count == LENGTH_MIX_PARTS) {
            return fail_limits(text, err);
        }
        if (!parse_part(part, min, max, added)) {
            return fail_input(err,
                              "expected a length from %u to %u, imix, or a mix of such lengths "
                              "with their weights such as 7x64+4x570+1x1500, not \"%.60s\"",
                              min, max, text);
        }
        mix.part_count++;
        mix.slot_count += added->weight;
        if (mix.slot_count > LENGTH_MIX_SLOTS) {
            return fail_limits(text, err);
        }
    }
    memcpy(ret, &mix, sizeof mix);
    return 0;
}

static void set_imix(struct length_mix *mix, enum length_layer layer, unsigned ip)
{
    // The conversion to the layer adds the same number for every length.
    const unsigned probe = 1000;
    const unsigned probe_ip = scenario_ip_length(probe, layer, ip);
    const unsigned least = scenario_headers(ip) + SCENARIO_STAMP_LENGTH;
    for (size_t i = 0; i < sizeof imix / sizeof imix[0]; i++) {
        unsigned ip_length = imix[i].length - ETHERNET_EXTRA;
        ip_length = ip_length < least ? least : ip_length;
        mix->parts[i] =
            (struct length_part){.length = ip_length + probe - probe_ip, .weight = imix[i].weight};
        mix->slot_count += imix[i].weight;
        mix->part_count++;
    }
}

// Spreads the parts evenly: each slot goes to the part that is furthest behind its share.
static void set_order(struct length_mix *mix)
{
    long behind[LENGTH_MIX_PARTS] = {0};
    for (unsigned slot = 0; slot < mix->slot_count; slot++) {
        unsigned first = 0;
        for (unsigned i = 0; i < mix->part_count; i++) {
            behind[i] += (long)mix->parts[i].weight;
            first = behind[i] > behind[first] ? i : first;
        }
        behind[first] -= (long)mix->slot_count;
        mix->slots[slot] = (uint8_t)first;
    }
}

void mix_settle(struct length_mix *mix, enum length_layer layer, unsigned ip)
{
    if (mix->part_count == 0) {
        set_imix(mix, layer, ip);
    }
    set_order(mix);
}

double mix_mean(const struct length_mix *mix)
{
    double bytes = 0.0;
    for (unsigned i = 0; i < mix->part_count; i++) {
        bytes += (double)mix->parts[i].length * mix->parts[i].weight;
    }
    return bytes / mix->slot_count;
}

double scenario_mean_length(const struct scenario_traffic *traffic, unsigned length)
{
    const struct length_mix *mix = scenario_mix(traffic, length);
    return mix == NULL ? length : mix_mean(mix);
}
