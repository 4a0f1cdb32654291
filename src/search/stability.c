// SPDX-License-Identifier: GPL-3.0-or-later
// search/stability — see stability.h.
#include "search/stability.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

#define TRIAL_NS (300U * NS_PER_MS)
#define TRIALS   5

struct stability {
    struct search search;
    unsigned place, length, trials;
    bool given;
};

static bool stability_next(struct search *search, struct load *ret)
{
    const struct stability *stability = (const struct stability *)search;
    *ret = (struct load){.use = LOAD_CHECK,
                         .place = stability->place,
                         .length = stability->length,
                         .pps = STABILITY_PPS,
                         .duration_ns = TRIAL_NS,
                         .attempts = 1};
    return !stability->given && stability->trials < TRIALS;
}

static void stability_tell(struct search *search, const struct load *load,
                           const struct outcome *outcome)
{
    struct stability *stability = (struct stability *)search;
    (void)load;
    stability->trials++;
    stability->given = outcome->kind <= OUTCOME_DISTURBED && outcome->lost == 0;
}

static void stability_free(struct search *search)
{
    free(search);
}

static const struct search_ops stability_ops = {stability_next, stability_tell, stability_free};

struct search *stability_new(unsigned place, unsigned length)
{
    struct stability *stability = memory_new(1, sizeof *stability);
    *stability =
        (struct stability){.search = {.ops = &stability_ops}, .place = place, .length = length};
    return &stability->search;
}

bool stability_is_given(const struct search *search)
{
    return ((const struct stability *)search)->given;
}
