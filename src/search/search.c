// SPDX-License-Identifier: GPL-3.0-or-later
// search/search — see search.h.
#include "search/search.h"

#include <stddef.h>

#define LOSS_AT_MOST 0.01 // largest fraction lost or unsent in a load that counts as carried

bool search_next(struct search *search, struct load *ret)
{
    if (!search->trying) {
        search->trying = search->ops->next(search, &search->load);
        search->attempts = 0;
    }
    *ret = search->load;
    return search->trying;
}

static bool outcome_is_better(const struct outcome *one, const struct outcome *other)
{
    return one->kind != other->kind ? one->kind < other->kind
                                    : one->disturbance_ns < other->disturbance_ns;
}

struct advice search_tell(struct search *search, const struct load *load,
                          const struct outcome *outcome)
{
    // After a death the same router no longer exists, so the load is not repeated.
    bool death = outcome->kind == OUTCOME_DEATH;
    bool best = search->attempts == 0 || death || outcome_is_better(outcome, &search->best);
    search->attempts++;
    search->best = best ? *outcome : search->best;
    search->trying = outcome->kind != OUTCOME_GOOD && !death && search->attempts < load->attempts;
    if (!search->trying) {
        search->ops->tell(search, load, &search->best);
    }
    return (struct advice){best, search->trying, search->attempts};
}

void search_free(struct search *search)
{
    if (search != NULL) {
        search->ops->free(search);
    }
}

bool outcome_is_carried(const struct outcome *outcome)
{
    double most = LOSS_AT_MOST * (double)outcome->tx;
    return outcome->kind <= OUTCOME_DISTURBED && (double)outcome->lost <= most &&
           (double)outcome->unsent <= most;
}

bool outcome_is_lossless(const struct outcome *outcome)
{
    return outcome->kind <= OUTCOME_DISTURBED && outcome->lost == 0;
}
