// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/fair — see fair.h. Called by plan.c.
 *
 * The part of a level is searched for by bisection: a part is possible if a packing of all items,
 * scaled by their parts, is found.
 */
#include "advice/fair.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

#define HALVINGS 12 // the part is exact to 1/4096
#define SMALLEST (1.0 / 4096.0)

struct sharing {
    const struct contracts *contracts;
    const struct pack_problem *problem;
    const struct demand *demands;
    const size_t *levels;
    double *parts; // of each contract; those of levels after the current one are 0
    bool *refused; // contracts that get no part
};

// Whether a contract can be carried if its part is small enough.
static bool is_possible(const struct sharing *s, size_t contract)
{
    const struct pack_item item = demand_item(s->contracts, s->demands, contract, SMALLEST);
    return item.allowed[PACK_BRIDGED] || item.allowed[PACK_DEDICATED];
}

// The problem of all contracts that have a part. The caller frees both arrays.
struct parts_problem {
    struct pack_problem problem;
    struct pack_item *items;
    size_t *from; // contract of each item
};

static struct parts_problem problem_of_parts(const struct sharing *s)
{
    const size_t count = s->contracts->count;
    struct parts_problem some = {.problem = *s->problem,
                                 .items = memory_new_array(struct pack_item, count),
                                 .from = memory_new_array(size_t, count)};
    some.problem.count = 0;
    some.problem.levels = 1;
    some.problem.items = some.items;
    for (size_t i = 0; i < count; i++) {
        if (s->parts[i] > 0.0) {
            struct pack_item *item = &some.items[some.problem.count];
            *item = demand_item(s->contracts, s->demands, i, s->parts[i]);
            item->value = 1.0;
            some.from[some.problem.count++] = i;
        }
    }
    return some;
}

// Packs all contracts that have a part; the result has the places of all contracts. NULL if that
// was not found.
static struct packing *pack_parts(const struct sharing *s)
{
    const struct parts_problem some = problem_of_parts(s);
    _cleanup_packing_ struct packing *packed = pack_all(&some.problem);
    struct packing *all = packed == NULL ? NULL : packing_new(s->problem);
    for (size_t h = 0; all != NULL && h < s->problem->hosts; h++) {
        all->hosts[h] = packed->hosts[h];
    }
    for (size_t k = 0; all != NULL && k < some.problem.count; k++) {
        all->place[some.from[k]] = packed->place[k];
    }
    free(some.items);
    free(some.from);
    return all;
}

// Whether no bound forbids the parts.
static bool may_hold_parts(const struct sharing *s)
{
    const struct parts_problem some = problem_of_parts(s);
    const bool may = pack_may_hold_all(&some.problem);
    free(some.items);
    free(some.from);
    return may;
}

// Whether a contract of a level is not refused.
static bool has_any(const struct sharing *s, size_t level)
{
    for (size_t i = 0; i < s->contracts->count; i++) {
        if (s->levels[i] == level && !s->refused[i]) {
            return true;
        }
    }
    return false;
}

static void set_part(const struct sharing *s, size_t level, double part)
{
    for (size_t i = 0; i < s->contracts->count; i++) {
        if (s->levels[i] == level) {
            s->parts[i] = s->refused[i] ? 0.0 : part;
        }
    }
}

// A part of a level's rates that no plan exceeds, given the parts of earlier levels.
static double bound_part(const struct sharing *s, size_t level)
{
    double low = 0.0;
    double high = 1.0;
    set_part(s, level, high);
    if (may_hold_parts(s)) {
        return high;
    }
    for (int n = 0; n < HALVINGS; n++) {
        const double part = (low + high) / 2.0;
        set_part(s, level, part);
        if (part >= SMALLEST && !may_hold_parts(s)) {
            high = part;
        } else {
            low = part;
        }
    }
    return high;
}

// Finds the part of a level and replaces the packing by one with that part.
static double search_part(const struct sharing *s, size_t level, double bound,
                          struct packing **packing)
{
    double low = 0.0;
    double high = bound;
    double part = high;
    for (int n = 0; n <= HALVINGS; n++) {
        set_part(s, level, part);
        struct packing *found = part >= SMALLEST ? pack_parts(s) : NULL;
        if (found != NULL) {
            packing_free(*packing);
            *packing = found;
            low = part;
        } else {
            high = part;
        }
        if (low >= high) {
            break;
        }
        part = (low + high) / 2.0;
    }
    set_part(s, level, low);
    return low;
}

// Refuses the contracts of a level for which there is no place at the smallest part.
static int refuse_contracts(const struct sharing *s, size_t level, struct error *err)
{
    for (size_t i = 0; i < s->contracts->count; i++) {
        s->refused[i] = s->refused[i] || !is_possible(s, i);
    }
    set_part(s, level, SMALLEST);
    _cleanup_packing_ struct packing *all = pack_parts(s);
    if (all != NULL) {
        return 0;
    }
    // Earlier levels come first, so that they keep their places.
    struct parts_problem some = problem_of_parts(s);
    some.problem.levels = 2;
    for (size_t k = 0; k < some.problem.count; k++) {
        some.items[k].level = s->levels[some.from[k]] == level ? 1 : 0;
    }
    struct pack_bound bound = {.levels = NULL};
    _cleanup_packing_ struct packing *most = NULL;
    int rc = pack_solve(&some.problem, PACK_AIM_CPU, &most, &bound, err);
    for (size_t k = 0; rc == 0 && k < some.problem.count; k++) {
        if (most->place[k] == PACK_NOWHERE && s->levels[some.from[k]] == level) {
            s->refused[some.from[k]] = true;
        }
    }
    free(bound.levels);
    free(some.items);
    free(some.from);
    return rc;
}

int fair_packing(const struct contracts *contracts, const struct pack_problem *problem,
                 const struct demand *demands, const size_t *levels, double *ret_parts,
                 struct advice_level *ret_levels, struct packing **ret, struct error *err)
{
    _cleanup_free_ bool *refused = memory_new_array(bool, contracts->count);
    const struct sharing s = {.contracts = contracts,
                              .problem = problem,
                              .demands = demands,
                              .levels = levels,
                              .parts = ret_parts,
                              .refused = refused};
    struct packing *packing = packing_new(problem);
    for (size_t i = 0; i < contracts->count; i++) {
        ret_parts[i] = 0.0;
    }
    for (size_t level = 0; level < problem->levels; level++) {
        int rc = refuse_contracts(&s, level, err);
        if (rc < 0) {
            packing_free(packing);
            return rc;
        }
        ret_levels[level].asked = 1.0;
        if (has_any(&s, level)) {
            ret_levels[level].bound = bound_part(&s, level);
            ret_levels[level].value = search_part(&s, level, ret_levels[level].bound, &packing);
        } else {
            ret_levels[level].bound = ret_levels[level].value = 0.0;
        }
    }
    *ret = packing;
    return 0;
}
