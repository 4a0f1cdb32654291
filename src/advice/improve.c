// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/improve — local search on a packing (packing.h). Called by solve.c.
 *
 * Each move keeps the packing valid. A move for the value increases it, or keeps it and frees CPU,
 * so that the search ends; `steps` bounds the number of moves that are tried.
 */
#include "advice/packing.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

#define GAIN 1e-6 // smallest difference of CPU (percent) that counts

struct search {
    struct packing *packing;
    size_t *steps;
    size_t *order; // items, those of the first levels and of the highest value for their CPU first
};

// Counts a step; false if none is left.
static bool search_step(const struct search *search)
{
    if (*search->steps == 0) {
        return false;
    }
    --*search->steps;
    return true;
}

// Whether an item fits on a host in place of another that is there.
static bool fits_instead(struct packing *packing, size_t item, size_t other)
{
    const size_t host = packing->place[other];
    packing_take(packing, other);
    const bool fits = packing_fits(packing, item, host);
    packing_put(packing, other, host);
    return fits;
}

// Places an item on a host from which one other item moves to a third.
static bool place_by_move(const struct search *search, size_t item)
{
    struct packing *packing = search->packing;
    for (size_t j = 0; j < packing->problem->count; j++) {
        const size_t host = packing->place[j];
        if (host == PACK_NOWHERE) {
            continue;
        }
        if (!search_step(search)) {
            return false;
        }
        if (!fits_instead(packing, item, j)) {
            continue;
        }
        const size_t other = packing_best_fit(packing, j, host);
        if (other != PACK_NOWHERE) {
            packing_take(packing, j);
            packing_put(packing, j, other);
            packing_put(packing, item, host);
            return true;
        }
    }
    return false;
}

// Exchanges items j and k of two hosts if both fit; false, without a change, if they do not.
static bool exchange_items(struct packing *packing, size_t j, size_t k)
{
    const size_t a = packing->place[j];
    const size_t b = packing->place[k];
    packing_take(packing, j);
    packing_take(packing, k);
    if (packing_fits(packing, j, b) && packing_fits(packing, k, a)) {
        packing_put(packing, j, b);
        packing_put(packing, k, a);
        return true;
    }
    packing_put(packing, j, a);
    packing_put(packing, k, b);
    return false;
}

// The items of each host, as lists that end in PACK_NOWHERE.
struct host_lists {
    size_t *first; // of each host
    size_t *next;  // of each item
};

static struct host_lists host_lists_of(const struct packing *packing)
{
    const struct pack_problem *problem = packing->problem;
    struct host_lists lists = {memory_new_array(size_t, problem->hosts),
                               memory_new_array(size_t, problem->count)};
    for (size_t h = 0; h < problem->hosts; h++) {
        lists.first[h] = PACK_NOWHERE;
    }
    for (size_t i = problem->count; i > 0; i--) {
        const size_t host = packing->place[i - 1];
        if (host != PACK_NOWHERE) {
            lists.next[i - 1] = lists.first[host];
            lists.first[host] = i - 1;
        }
    }
    return lists;
}

static void host_lists_clear(struct host_lists *lists)
{
    free(lists->first);
    free(lists->next);
}

// The CPU that a host lacks for an item; infinite if the item may not be there.
static double lacking_cpu(const struct packing *packing, size_t item, size_t host)
{
    const struct pack_item *added = &packing->problem->items[item];
    const struct pack_host *at = &packing->hosts[host];
    return added->allowed[at->mode]
               ? at->cpu + added->cpu[at->mode] -
                     packing->problem->cpu * fmin(at->usable, added->usable[at->mode])
               : INFINITY;
}

// Places an item on host `a`, one of whose items is exchanged for a smaller one of another host.
static bool place_by_exchange_on(const struct search *search, size_t item, size_t a,
                                 const struct host_lists *lists)
{
    struct packing *packing = search->packing;
    const struct pack_item *items = packing->problem->items;
    const enum pack_mode mode = packing->hosts[a].mode;
    const double lacking = lacking_cpu(packing, item, a);
    for (size_t j = lists->first[a]; j != PACK_NOWHERE; j = lists->next[j]) {
        for (size_t k = 0; k < packing->problem->count; k++) {
            if (!search_step(search)) {
                return false;
            }
            const size_t b = packing->place[k];
            if (b == PACK_NOWHERE || b == a || !items[k].allowed[mode] ||
                items[j].cpu[mode] - items[k].cpu[mode] < lacking ||
                !exchange_items(packing, j, k)) {
                continue;
            }
            if (packing_fits(packing, item, a)) {
                packing_put(packing, item, a);
                return true;
            }
            (void)exchange_items(packing, j, k);
        }
    }
    return false;
}

#define EXCHANGES 8 // hosts that lack the least, on which an exchange is tried

static bool place_by_exchange(const struct search *search, size_t item)
{
    const struct packing *packing = search->packing;
    struct host_lists lists = host_lists_of(packing);
    double above = -INFINITY;
    bool placed = false;
    for (size_t n = 0; !placed && n < EXCHANGES; n++) {
        size_t next = PACK_NOWHERE;
        for (size_t h = 0; h < packing->problem->hosts; h++) {
            const double lacking = lacking_cpu(packing, item, h);
            if (lacking > above && isfinite(lacking) &&
                (next == PACK_NOWHERE || lacking < lacking_cpu(packing, item, next))) {
                next = h;
            }
        }
        if (next == PACK_NOWHERE) {
            break;
        }
        above = lacking_cpu(packing, item, next);
        placed = place_by_exchange_on(search, item, next, &lists);
    }
    host_lists_clear(&lists);
    return placed;
}

// Whether a packing is better with item `in` in place of item `out` on the same host.
static bool is_better_item(const struct pack_item *in, const struct pack_item *out,
                           enum pack_mode mode)
{
    if (in->level != out->level) {
        return in->level < out->level && in->value > 0.0;
    }
    return in->value > out->value ||
           (in->value >= out->value && in->cpu[mode] < out->cpu[mode] - GAIN);
}

// Places an item in place of one that is worth less.
static bool place_by_refusal(const struct search *search, size_t item)
{
    struct packing *packing = search->packing;
    const struct pack_item *items = packing->problem->items;
    for (size_t n = packing->problem->count; n > 0; n--) {
        const size_t j = search->order[n - 1];
        const size_t host = packing->place[j];
        if (host == PACK_NOWHERE) {
            continue;
        }
        if (!search_step(search)) {
            return false;
        }
        if (is_better_item(&items[item], &items[j], packing->hosts[host].mode) &&
            fits_instead(packing, item, j)) {
            packing_take(packing, j);
            packing_put(packing, item, host);
            return true;
        }
    }
    return false;
}

// The value that a level loses by the refusal of an item of that or a later level.
static double refused_value(const struct pack_item *refused, size_t level)
{
    return refused->level == level ? refused->value : 0.0;
}

// Places an item in place of two of one host that together are worth less.
static bool place_by_refusal_of_two(const struct search *search, size_t item)
{
    struct packing *packing = search->packing;
    const struct pack_item *items = packing->problem->items;
    const size_t level = items[item].level;
    struct host_lists lists = host_lists_of(packing);
    bool placed = false;
    for (size_t j = 0; !placed && j < packing->problem->count; j++) {
        const size_t host = packing->place[j];
        if (host == PACK_NOWHERE || items[j].level < level) {
            continue;
        }
        for (size_t k = lists.next[j]; !placed && k != PACK_NOWHERE; k = lists.next[k]) {
            if (!search_step(search)) {
                break;
            }
            if (items[k].level < level ||
                refused_value(&items[j], level) + refused_value(&items[k], level) >=
                    items[item].value) {
                continue;
            }
            packing_take(packing, j);
            packing_take(packing, k);
            placed = packing_fits(packing, item, host);
            if (placed) {
                packing_put(packing, item, host);
            } else {
                packing_put(packing, j, host);
                packing_put(packing, k, host);
            }
        }
    }
    host_lists_clear(&lists);
    return placed;
}

static bool place_item(const struct search *search, size_t item)
{
    const size_t host = packing_best_fit(search->packing, item, PACK_NOWHERE);
    if (host != PACK_NOWHERE) {
        packing_put(search->packing, item, host);
        return true;
    }
    double spare = 0.0;
    for (size_t h = 0; h < search->packing->problem->hosts; h++) {
        spare += search->packing->problem->cpu - search->packing->hosts[h].cpu;
    }
    const bool room = spare >= pack_item_least(&search->packing->problem->items[item]);
    return (room && (place_by_move(search, item) || place_by_exchange(search, item))) ||
           place_by_refusal(search, item) || place_by_refusal_of_two(search, item);
}

void packing_improve(struct packing *packing, size_t *steps)
{
    const struct pack_problem *problem = packing->problem;
    _cleanup_free_ size_t *order = packing_order(problem);
    size_t left = *steps;
    const struct search search = {packing, &left, order};
    bool changed = true;
    while (changed && left > 0) {
        changed = false;
        for (size_t n = 0; n < problem->count; n++) {
            const size_t item = order[n];
            const double least = pack_item_least(&problem->items[item]);
            if (packing->place[item] == PACK_NOWHERE && isfinite(least) && least <= problem->cpu) {
                changed = place_item(&search, item) || changed;
            }
        }
    }
    *steps = left;
}

// ---- the aim

// Whether a change of the packing improved the aim; `before` is its figure before the change.
static bool is_improved(const struct packing *packing, enum pack_aim aim, double before)
{
    return packing_aim(packing, aim) < before - GAIN;
}

static bool move_for_aim(const struct search *search, enum pack_aim aim, size_t item)
{
    struct packing *packing = search->packing;
    const size_t from = packing->place[item];
    const double before = packing_aim(packing, aim);
    for (size_t to = 0; to < packing->problem->hosts; to++) {
        if (to == from || !packing_fits(packing, item, to)) {
            continue;
        }
        if (!search_step(search)) {
            return false;
        }
        packing_take(packing, item);
        packing_put(packing, item, to);
        if (is_improved(packing, aim, before)) {
            return true;
        }
        packing_take(packing, item);
        packing_put(packing, item, from);
    }
    return false;
}

static bool exchange_for_aim(const struct search *search, enum pack_aim aim, size_t item)
{
    struct packing *packing = search->packing;
    const double before = packing_aim(packing, aim);
    for (size_t k = 0; k < packing->problem->count; k++) {
        if (packing->place[k] == PACK_NOWHERE || packing->place[k] == packing->place[item]) {
            continue;
        }
        if (!search_step(search)) {
            return false;
        }
        if (exchange_items(packing, item, k)) {
            if (is_improved(packing, aim, before)) {
                return true;
            }
            (void)exchange_items(packing, item, k);
        }
    }
    return false;
}

// Whether a move of an item can improve the aim: for headroom, only from a fullest host.
static bool matters_for_aim(const struct packing *packing, enum pack_aim aim, size_t item)
{
    const size_t host = packing->place[item];
    return host != PACK_NOWHERE && aim != PACK_AIM_HOSTS &&
           (aim != PACK_AIM_HEADROOM ||
            packing_filled(packing, host) >= packing_aim(packing, aim) - GAIN);
}

void packing_improve_aim(struct packing *packing, enum pack_aim aim, size_t *steps)
{
    size_t left = *steps;
    const struct search search = {packing, &left, NULL};
    bool changed = true;
    while (changed && left > 0) {
        changed = false;
        for (size_t i = 0; i < packing->problem->count; i++) {
            if (matters_for_aim(packing, aim, i)) {
                changed =
                    move_for_aim(&search, aim, i) || exchange_for_aim(&search, aim, i) || changed;
            }
        }
    }
    *steps = left;
}
