// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * Fuzzer of the frame parser. The input is taken twice: as a frame off the wire, and as a recipe
 * of a frame to build, to cut short and to damage, so that what only right checksums let in is
 * reached as well.
 *
 * Seeds are in corpus/frame/; tests/unit/test_frame.c writes and checks them.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "traffic/frame.h"

#define ENSURE(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct frame_stamp untouched = {77, 77, 77, 77};

static bool stamps_equal(const struct frame_stamp *a, const struct frame_stamp *b)
{
    return a->network == b->network && a->run == b->run && a->sequence == b->sequence &&
           a->time_ns == b->time_ns;
}

static void ensure_off_the_wire(const uint8_t *data, size_t size)
{
    struct frame_stamp stamp = untouched;
    if (frame_parse(data, size, &stamp) != FRAME_GOOD) {
        ENSURE(stamps_equal(&stamp, &untouched));
        return;
    }
    size_t tag = data[12] == 0x81 && data[13] == 0 ? FRAME_VLAN : 0;
    ENSURE(stamp.seen.vlan == (tag == 0 ? 0U : (data[14] & 0xfU) << 8 | data[15]));
    const uint8_t *ip = data + FRAME_ETHERNET + tag;
    bool six = ip[-2] == 0x86 && ip[-1] == 0xdd;
    unsigned version = six ? 6 : 4;
    size_t ip_length = six ? 40U + ((size_t)ip[4] << 8 | ip[5]) : (size_t)ip[2] << 8 | ip[3];
    ENSURE(ip_length >= FRAME_IP_MIN(version) && FRAME_ETHERNET + tag + ip_length <= size);
    ENSURE(six ? ip[0] >> 4 == 6 && ip[6] == 17
               : ip[-2] == 8 && ip[-1] == 0 && ip[0] == 0x45 && ip[9] == 17);
    if (ip_length > FRAME_IP_MAX) {
        return;
    }
    // Such a stamp put into such a frame is the same, bit for bit.
    static struct frame_template made;
    size_t at = tag + FRAME_STAMP_AT(version);
    struct frame_address address = {.source = {.version = (uint8_t)version},
                                    .destination = {.version = (uint8_t)version},
                                    .network = stamp.network,
                                    .vlan = tag == 0 ? 0 : 1};
    frame_template_init(&made, &address, (unsigned)ip_length);
    ENSURE(made.stamp_at == at);
    frame_stamp(&made, made.bytes, &stamp);
    ENSURE(memcmp(made.bytes + at, data + at, FRAME_STAMP_LENGTH) == 0);
}

struct recipe {
    struct frame_address address;
    struct frame_stamp stamp;
    uint16_t length, kept, padding, flip;
};

// Whether no checksum covers a bit: of a tag, except its type, and IPv6's traffic class, flow label
// and hop limit.
static bool is_uncovered(unsigned version, size_t tag, size_t bit)
{
    size_t at = bit / 8;
    if (tag > 0 && (at == 14 || at == 15)) {
        return true;
    }
    at -= tag;
    return version == 6 && ((at == 14 && bit % 8 < 4) || (at > 14 && at < 18) || at == 21);
}

static void ensure_as_built(const uint8_t *data, size_t size)
{
    struct recipe recipe = {0};
    memcpy(&recipe, data, size < sizeof recipe ? size : sizeof recipe);
    unsigned version = recipe.address.source.version % 2 == 0 ? 4 : 6;
    recipe.address.source.version = recipe.address.destination.version = (uint8_t)version;
    recipe.address.vlan &= FRAME_VLAN_ID;
    size_t tag = recipe.address.vlan == 0 ? 0 : FRAME_VLAN;
    static struct frame_template made;
    unsigned least = FRAME_IP_MIN(version);
    unsigned ip_length = least + recipe.length % (FRAME_IP_MAX - least + 1);
    frame_template_init(&made, &recipe.address, ip_length);
    size_t whole = made.length;
    size_t padding = recipe.padding % 64;
    uint8_t *frame = calloc(1, whole + padding);
    ENSURE(frame != NULL && whole == FRAME_ETHERNET + tag + ip_length);
    memcpy(frame, made.bytes, whole);
    frame_stamp(&made, frame, &recipe.stamp);
    struct frame_stamp found = untouched;
    ENSURE(frame_parse(frame, whole + padding, &found) == FRAME_GOOD);
    ENSURE(stamps_equal(&found, &recipe.stamp));

    size_t bit = 96 + recipe.flip % (8 * whole - 96); // beyond the MAC addresses
    if (is_uncovered(version, tag, bit)) {
        bit = 96;
    }
    frame[bit / 8] ^= (uint8_t)(1U << bit % 8);
    found = untouched;
    ENSURE(frame_parse(frame, whole + padding, &found) != FRAME_GOOD);
    ENSURE(stamps_equal(&found, &untouched));
    frame[bit / 8] ^= (uint8_t)(1U << bit % 8);

    size_t kept = recipe.kept % whole;
    uint8_t *cut = malloc(kept);
    ENSURE(cut != NULL || kept == 0);
    if (kept > 0) {
        memcpy(cut, frame, kept);
    }
    ENSURE(frame_parse(cut, kept, &found) != FRAME_GOOD);
    free(cut);
    free(frame);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ensure_off_the_wire(data, size);
    ensure_as_built(data, size);
    return 0;
}
