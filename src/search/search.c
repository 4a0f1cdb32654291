// SPDX-License-Identifier: GPL-3.0-or-later
// search/search — see search.h.
#include "search/search.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

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

// Copies the best outcome of a load, with its networks: the caller's are gone at the next trial.
static void keep_best(struct search *search, const struct outcome *outcome)
{
    search->best = *outcome;
    if (outcome->networks != NULL && outcome->network_count > 0) {
        search->networks =
            memory_resize(search->networks, outcome->network_count, sizeof *search->networks);
        memcpy(search->networks, outcome->networks,
               outcome->network_count * sizeof *search->networks);
        search->best.networks = search->networks;
    }
}

struct advice search_tell(struct search *search, const struct load *load,
                          const struct outcome *outcome)
{
    // After a death the same router no longer exists, so the load is not repeated.
    bool death = outcome->kind == OUTCOME_DEATH;
    bool best = search->attempts == 0 || death || outcome_is_better(outcome, &search->best);
    search->attempts++;
    if (best) {
        keep_best(search, outcome);
    }
    search->trying = outcome->kind != OUTCOME_GOOD && !death && search->attempts < load->attempts;
    if (!search->trying) {
        search->ops->tell(search, load, &search->best);
    }
    return (struct advice){best, search->trying, search->attempts};
}

void search_free(struct search *search)
{
    if (search != NULL) {
        free(search->networks);
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
