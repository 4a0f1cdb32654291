// SPDX-License-Identifier: GPL-3.0-or-later
// advice/packing — see packing.h. Bookkeeping of a packing, and its value.
#include "advice/packing.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define ROUNDING 1e-7 // of sums of CPU (percent), memory (MiB) and values

struct packing *packing_new(const struct pack_problem *problem)
{
    struct packing *packing = memory_new(1, sizeof *packing);
    packing->problem = problem;
    packing->place = memory_new_array(size_t, problem->count);
    packing->hosts = memory_new_array(struct pack_host, problem->hosts);
    for (size_t i = 0; i < problem->count; i++) {
        packing->place[i] = PACK_NOWHERE;
    }
    for (size_t h = 0; h < problem->hosts; h++) {
        packing->hosts[h].usable = 1.0;
    }
    return packing;
}

struct packing *packing_copy(const struct packing *packing)
{
    const struct pack_problem *problem = packing->problem;
    struct packing *copy = packing_new(problem);
    memcpy(copy->place, packing->place, problem->count * sizeof *copy->place);
    memcpy(copy->hosts, packing->hosts, problem->hosts * sizeof *copy->hosts);
    return copy;
}

void packing_free(struct packing *packing)
{
    if (packing != NULL) {
        free(packing->place);
        free(packing->hosts);
        free(packing);
    }
}

bool packing_fits(const struct packing *packing, size_t item, size_t host)
{
    const struct pack_problem *problem = packing->problem;
    const struct pack_item *added = &problem->items[item];
    const struct pack_host *at = &packing->hosts[host];
    return added->allowed[at->mode] &&
           at->cpu + added->cpu[at->mode] <=
               problem->cpu * fmin(at->usable, added->usable[at->mode]) + ROUNDING &&
           at->items < problem->slots[at->mode] &&
           (problem->memory <= 0.0 || at->memory + added->memory <= problem->memory + ROUNDING);
}

void packing_put(struct packing *packing, size_t item, size_t host)
{
    struct pack_host *at = &packing->hosts[host];
    at->items++;
    at->cpu += packing->problem->items[item].cpu[at->mode];
    at->memory += packing->problem->items[item].memory;
    const double usable = packing->problem->items[item].usable[at->mode];
    at->strictest = usable < at->usable ? 1 : at->strictest + (usable <= at->usable ? 1 : 0);
    at->usable = fmin(at->usable, usable);
    packing->place[item] = host;
}

// Finds the least usable part of the items on a host.
static void find_strictest(const struct packing *packing, size_t host)
{
    struct pack_host *at = &packing->hosts[host];
    at->usable = 1.0;
    at->strictest = 0;
    for (size_t i = 0; at->items > 0 && i < packing->problem->count; i++) {
        if (packing->place[i] == host) {
            const double usable = packing->problem->items[i].usable[at->mode];
            at->strictest =
                usable < at->usable ? 1 : at->strictest + (usable <= at->usable ? 1 : 0);
            at->usable = fmin(at->usable, usable);
        }
    }
}

void packing_take(struct packing *packing, size_t item)
{
    const size_t host = packing->place[item];
    struct pack_host *at = &packing->hosts[host];
    at->items--;
    at->cpu = at->items == 0 ? 0.0 : at->cpu - packing->problem->items[item].cpu[at->mode];
    at->memory = at->items == 0 ? 0.0 : at->memory - packing->problem->items[item].memory;
    packing->place[item] = PACK_NOWHERE;
    if (packing->problem->items[item].usable[at->mode] <= at->usable && --at->strictest == 0) {
        find_strictest(packing, host);
    }
}

size_t packing_best_fit(const struct packing *packing, size_t item, size_t except)
{
    size_t best = PACK_NOWHERE;
    for (size_t h = 0; h < packing->problem->hosts; h++) {
        if (h != except && packing_fits(packing, item, h) &&
            (best == PACK_NOWHERE || packing->hosts[h].cpu > packing->hosts[best].cpu)) {
            best = h;
        }
    }
    return best;
}

void packing_set_modes(struct packing *packing, size_t dedicated)
{
    for (size_t h = 0; h < packing->problem->hosts; h++) {
        packing->hosts[h].mode = h < dedicated ? PACK_DEDICATED : PACK_BRIDGED;
    }
}

double packing_value(const struct packing *packing, size_t level)
{
    double value = 0.0;
    for (size_t i = 0; i < packing->problem->count; i++) {
        const struct pack_item *item = &packing->problem->items[i];
        value += packing->place[i] != PACK_NOWHERE && item->level == level ? item->value : 0.0;
    }
    return value;
}

double packing_filled(const struct packing *packing, size_t host)
{
    const struct pack_host *at = &packing->hosts[host];
    return at->cpu + packing->problem->whole * (1.0 - at->usable);
}

double packing_aim(const struct packing *packing, enum pack_aim aim)
{
    double sum = 0.0;
    double most = 0.0;
    double used = 0.0;
    for (size_t h = 0; h < packing->problem->hosts; h++) {
        sum += packing->hosts[h].cpu;
        most = fmax(most, packing_filled(packing, h));
        used += packing->hosts[h].items > 0 ? 1.0 : 0.0;
    }
    return aim == PACK_AIM_CPU ? sum : aim == PACK_AIM_HOSTS ? used : most;
}

int packing_compare(const struct packing *a, const struct packing *b, enum pack_aim aim)
{
    for (size_t level = 0; level < a->problem->levels; level++) {
        const double one = packing_value(a, level);
        const double two = packing_value(b, level);
        if (fabs(one - two) > ROUNDING * fmax(1.0, fabs(one))) {
            return one > two ? 1 : -1;
        }
    }
    const double one = packing_aim(a, aim);
    const double two = packing_aim(b, aim);
    return fabs(one - two) <= ROUNDING ? 0 : one < two ? 1 : -1;
}

double pack_item_least(const struct pack_item *item)
{
    double least = INFINITY;
    for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
        least = item->allowed[mode] ? fmin(least, item->cpu[mode]) : least;
    }
    return least;
}

struct ranked {
    size_t item, level;
    double density;
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *one = a;
    const struct ranked *two = b;
    if (one->level != two->level) {
        return one->level < two->level ? -1 : 1;
    }
    if (one->density < two->density || one->density > two->density) {
        return one->density > two->density ? -1 : 1;
    }
    return one->item < two->item ? -1 : 1;
}

size_t *packing_order(const struct pack_problem *problem)
{
    _cleanup_free_ struct ranked *ranked = memory_new_array(struct ranked, problem->count);
    for (size_t i = 0; i < problem->count; i++) {
        const struct pack_item *item = &problem->items[i];
        ranked[i] = (struct ranked){i, item->level, item->value / pack_item_least(item)};
    }
    qsort(ranked, problem->count, sizeof *ranked, compare_ranked);
    size_t *order = memory_new_array(size_t, problem->count);
    for (size_t i = 0; i < problem->count; i++) {
        order[i] = ranked[i].item;
    }
    return order;
}
