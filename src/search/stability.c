// SPDX-License-Identifier: GPL-3.0-or-later
// search/stability — see stability.h.
#include "search/stability.h"

#include <stdlib.h>

#include "base/text.h"

#define TRIALS_DIRECT 5U
#define TRIALS_ROUTER 3U

struct stability {
    struct search search;
    struct stability_spec spec;
    unsigned trials;
    bool given;
};

static bool stability_next(struct search *search, struct load *ret)
{
    const struct stability *stability = (const struct stability *)search;
    const struct stability_spec *spec = &stability->spec;
    *ret = (struct load){.use = LOAD_CHECK,
                         .place = spec->place,
                         .length = spec->length,
                         .pps = spec->pps > 0.0 ? spec->pps : STABILITY_PPS,
                         .duration_ns = spec->duration_ns > 0 ? spec->duration_ns : STABILITY_NS,
                         .attempts = 1};
    return !stability->given && stability->trials < (spec->direct ? TRIALS_DIRECT : TRIALS_ROUTER);
}

static void stability_tell(struct search *search, const struct load *load,
                           const struct outcome *outcome)
{
    struct stability *stability = (struct stability *)search;
    (void)load;
    stability->trials++;
    stability->given = outcome_is_lossless(outcome);
}

static void stability_free(struct search *search)
{
    free(search);
}

static const struct search_ops stability_ops = {stability_next, stability_tell, stability_free};

struct search *stability_new(const struct stability_spec *spec)
{
    struct stability *stability = memory_new(1, sizeof *stability);
    *stability = (struct stability){.search = {.ops = &stability_ops}, .spec = *spec};
    return &stability->search;
}

bool stability_is_given(const struct search *search)
{
    return ((const struct stability *)search)->given;
}
