// SPDX-License-Identifier: GPL-3.0-or-later
// sampler/sample — see sample.h.
#include "sampler/sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct sample_party *sample_add(struct sample *sample)
{
    sample->parties =
        memory_resize(sample->parties, sample->count + 1, sizeof(struct sample_party));
    sample->parties[sample->count] = (struct sample_party){0};
    return &sample->parties[sample->count++];
}

static void networks_free(struct named_counters *networks, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(networks[i].name);
    }
    free(networks);
}

void sample_party_clear(struct sample_party *party)
{
    networks_free(party->networks, party->network_count);
    free(party->parts);
    free(party->testbed_id);
    free(party->testbed);
    free(party->topology);
    free(party->cpus_text);
    free(party->name);
    free(party->platform);
    free(party->links);
    free(party->cap_way);
    free(party->contract);
    free(party->broken_s);
    free(party->margin);
    free(party->last_action);
    *party = (struct sample_party){0};
}

static char *text_copy_or_null(const char *text)
{
    return text == NULL ? NULL : text_copy(text);
}

void sample_party_copy(const struct sample_party *party, struct sample_party *ret)
{
    *ret = *party;
    ret->testbed_id = text_copy_or_null(party->testbed_id);
    ret->testbed = text_copy_or_null(party->testbed);
    ret->topology = text_copy_or_null(party->topology);
    ret->cpus_text = text_copy_or_null(party->cpus_text);
    ret->name = text_copy_or_null(party->name);
    ret->platform = text_copy_or_null(party->platform);
    ret->links = text_copy_or_null(party->links);
    ret->cap_way = text_copy_or_null(party->cap_way);
    ret->contract = text_copy_or_null(party->contract);
    ret->broken_s = text_copy_or_null(party->broken_s);
    ret->margin = text_copy_or_null(party->margin);
    ret->last_action = text_copy_or_null(party->last_action);
    ret->parts = memory_new_array(struct cpu_part, party->part_count + 1);
    if (party->part_count > 0) {
        memcpy(ret->parts, party->parts, party->part_count * sizeof *party->parts);
    }
    ret->networks = memory_new_array(struct named_counters, party->network_count + 1);
    for (size_t i = 0; i < party->network_count; i++) {
        ret->networks[i] = party->networks[i];
        ret->networks[i].name = text_copy(party->networks[i].name);
    }
}

void sample_clear(struct sample *sample)
{
    for (size_t i = 0; i < sample->count; i++) {
        sample_party_clear(&sample->parties[i]);
    }
    free(sample->parties);
    free(sample->left_out);
    *sample = (struct sample){0};
}

static bool sample_is_same(const struct sample_party *one, const struct sample_party *other)
{
    return one->id == other->id && one->kind == other->kind &&
           text_equal(one->testbed_id, other->testbed_id) && text_equal(one->name, other->name);
}

const struct sample_party *sample_find(const struct sample *sample,
                                       const struct sample_party *party)
{
    for (size_t i = 0; i < sample->count; i++) {
        if (sample_is_same(&sample->parties[i], party)) {
            return &sample->parties[i];
        }
    }
    return NULL;
}

bool sample_is_controlled(const struct sample *sample)
{
    for (size_t i = 0; i < sample->count; i++) {
        if (sample->parties[i].contract != NULL) {
            return true;
        }
    }
    return false;
}

// Percent of a CPU; `before_ns` was the CPU time at `then`, 0 if there is no such reading.
static double percent_since(const struct sample *before, const struct sample_party *then,
                            uint64_t before_ns, const struct sample_party *party, uint64_t now_ns)
{
    uint64_t since_ns = then == NULL ? before->began_ns : then->read_ns;
    // A dead router's threads are gone, and their CPU time with them.
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
