// SPDX-License-Identifier: GPL-3.0-or-later
// search/ladder — see ladder.h.
#include "search/ladder.h"

#include <stdlib.h>

#include "base/random.h"
#include "base/text.h"

struct ladder {
    struct search search;
    struct ladder_spec spec;
    size_t at;     // index in `order`
    size_t *order; // points as step * repeats + repeat
    bool warm;
};

int load_id_compare(const void *one, const void *other)
{
    const struct load_id *a = one;
    const struct load_id *b = other;
    return a->place != b->place     ? (a->place < b->place ? -1 : 1)
           : a->length != b->length ? (a->length < b->length ? -1 : 1)
           : a->step != b->step     ? (a->step < b->step ? -1 : 1)
                                    : (a->repeat > b->repeat) - (a->repeat < b->repeat);
}

static bool point_is_done(const struct ladder_spec *spec, size_t at)
{
    const struct load_id id = {spec->place, spec->length, (unsigned)(at / spec->repeats),
                               (unsigned)(at % spec->repeats)};
    return spec->done_count > 0 &&
           bsearch(&id, spec->done, spec->done_count, sizeof id, load_id_compare) != NULL;
}

bool ladder_is_done(const struct ladder_spec *spec)
{
    size_t at = 0;
    while (at < spec->count * spec->repeats && point_is_done(spec, at)) {
        at++;
    }
    return at == spec->count * spec->repeats;
}

// Shuffles the points of one repeat (Fisher and Yates).
static void shuffle_repeat(const struct ladder_spec *spec, unsigned repeat, size_t *points)
{
    uint64_t state = spec->shuffle.seed;
    const unsigned parts[] = {spec->place, spec->length, repeat};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        state = random_next(&state) ^ parts[i];
    }
    for (size_t left = spec->count; left > 1; left--) {
        size_t drawn = (size_t)(random_next(&state) % left);
        size_t moved = points[drawn];
        points[drawn] = points[left - 1];
        points[left - 1] = moved;
    }
}

static size_t *make_order(const struct ladder_spec *spec)
{
    size_t *order = memory_new_array(size_t, spec->count * spec->repeats);
    for (size_t i = 0; i < spec->count * spec->repeats; i++) {
        size_t step = i % spec->count;
        order[i] = spec->shuffle.shuffled ? step * spec->repeats + i / spec->count : i;
    }
    for (unsigned repeat = 0; spec->shuffle.shuffled && repeat < spec->repeats; repeat++) {
        shuffle_repeat(spec, repeat, &order[repeat * spec->count]);
    }
    return order;
}

static bool ladder_next(struct search *search, struct load *ret)
{
    struct ladder *ladder = (struct ladder *)search;
    const struct ladder_spec *spec = &ladder->spec;
    while (ladder->at < spec->count * spec->repeats &&
           point_is_done(spec, ladder->order[ladder->at])) {
        ladder->at++;
    }
    if (ladder->at >= spec->count * spec->repeats) {
        return false;
    }
    *ret = (struct load){.place = spec->place, .length = spec->length};
    if (!ladder->warm) {
        ret->use = LOAD_WARM_UP;
        ret->pps = spec->pps[spec->count / 2];
        ret->duration_ns = SEARCH_WARM_UP_NS;
        ret->attempts = 1;
        return true;
    }
    ret->use = LOAD_POINT;
    ret->step = (unsigned)(ladder->order[ladder->at] / spec->repeats);
    ret->repeat = (unsigned)(ladder->order[ladder->at] % spec->repeats);
    ret->pps = spec->pps[ret->step];
    ret->duration_ns = spec->duration_ns;
    ret->attempts = spec->attempts;
    return true;
}

static void ladder_tell(struct search *search, const struct load *load,
                        const struct outcome *outcome)
{
    struct ladder *ladder = (struct ladder *)search;
    bool point = load->use == LOAD_POINT;
    ladder->at += point;
    ladder->warm = !point || outcome->kind != OUTCOME_DEATH;
}

static void ladder_free(struct search *search)
{
    struct ladder *ladder = (struct ladder *)search;
    free(ladder->order);
    free(ladder);
}

static const struct search_ops ladder_ops = {ladder_next, ladder_tell, ladder_free};

struct search *ladder_new(const struct ladder_spec *spec)
{
    struct ladder *ladder = memory_new(1, sizeof *ladder);
    *ladder =
        (struct ladder){.search = {.ops = &ladder_ops}, .spec = *spec, .order = make_order(spec)};
    return &ladder->search;
}

size_t ladder_thin(double *pps, size_t count, size_t most)
{
    if (count <= most || most < 2) {
        return count;
    }
    for (size_t i = 0; i < most; i++) {
        pps[i] = pps[i * (count - 1) / (most - 1)];
    }
    return most;
}
