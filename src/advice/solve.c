// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/solve — the best packing and its bounds (packing.h). Called by plan.c.
 *
 * 1. Programs in which all hosts are one pool and items may be divided give, level by level, a
 * bound and a guide: the items that the program places, and in which mode.
 * 2. For each promising number of dedicated hosts a packing is made, with and without the guide,
 * and improved by moves; the best one stays.
 * 3. If the problem is small and the packing does not reach the bound, programs in which hosts and
 *    items are wholes find the optimum, unless their search tree grows too large.
 */
#include "advice/packing.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define LEVELS_BOUNDED 12     // levels for which a bound is computed; the others' is all they have
#define MODES_ALL      12     // hosts up to which each number of dedicated ones is tried
#define MODES_NEAR     2      // numbers of dedicated hosts to try around the program's, beyond that
#define STEPS_EACH     300000 // moves tried for each packing
#define STEPS_BEST     3000000 // moves tried for the best one
#define SMALL          72      // items times hosts up to which the optimum is searched for
#define NEAR           1e-6    // relative difference of a value from its bound

struct solving {
    const struct pack_problem *problem;
    enum pack_aim aim;
    bool whole_values; // all values are whole numbers, and so are sums
    double *bounds;    // of each level
    struct pack_answer guide;
    struct packing *best;
};

// The limit that follows from a program's: a whole number, if values are.
static double round_bound(const struct solving *s, double bound)
{
    return s->whole_values ? floor(bound + NEAR * fmax(1.0, fabs(bound))) : bound;
}

static double level_total(const struct pack_problem *problem, size_t level)
{
    double total = 0.0;
    for (size_t i = 0; i < problem->count; i++) {
        const struct pack_item *item = &problem->items[i];
        total += item->level == level && pack_item_least(item) <= problem->cpu ? item->value : 0.0;
    }
    return total;
}

// Bounds each level from `from` on, given `values` of the levels before it; with values NULL, given
// the bounds of those. Keeps the last solution as the guide.
static int bound_levels(struct solving *s, size_t from, const double *values, struct error *err)
{
    const struct pack_problem *problem = s->problem;
    for (size_t level = from; level < problem->levels; level++) {
        const double total = level_total(problem, level);
        if (level >= LEVELS_BOUNDED) {
            s->bounds[level] = total;
            continue;
        }
        const struct pack_program program = {.problem = problem,
                                             .at_least = values == NULL ? s->bounds : values,
                                             .fixed = level,
                                             .aim = s->aim};
        struct pack_answer answer = {.solved = false};
        int rc = pack_program_solve(&program, &answer, err);
        if (rc < 0) {
            return rc;
        }
        s->bounds[level] = fmin(total, round_bound(s, answer.bound));
        if (answer.solved) {
            pack_answer_clear(&s->guide);
            s->guide = answer;
        } else {
            pack_answer_clear(&answer);
        }
    }
    return 0;
}

// ---- packings

// The fullest host of a mode into which an item fits.
static size_t best_fit_of_mode(const struct packing *packing, size_t item, enum pack_mode mode)
{
    size_t best = PACK_NOWHERE;
    for (size_t h = 0; h < packing->problem->hosts; h++) {
        if (packing->hosts[h].mode == mode && packing_fits(packing, item, h) &&
            (best == PACK_NOWHERE || packing->hosts[h].cpu > packing->hosts[best].cpu)) {
            best = h;
        }
    }
    return best;
}

struct sized {
    size_t item, level;
    double cpu, usable;
};

static int compare_sized(const void *a, const void *b)
{
    const struct sized *one = a;
    const struct sized *two = b;
    if (one->level != two->level) {
        return one->level < two->level ? -1 : 1;
    }
    if (one->usable < two->usable || one->usable > two->usable) {
        return one->usable < two->usable ? -1 : 1;
    }
    if (one->cpu < two->cpu || one->cpu > two->cpu) {
        return one->cpu > two->cpu ? -1 : 1;
    }
    return one->item < two->item ? -1 : 1;
}

// The items by level, the strictest first, so that they share hosts, and of these the largest. The
// caller frees the array.
static struct sized *items_by_size(const struct pack_problem *problem)
{
    struct sized *sized = memory_new_array(struct sized, problem->count);
    for (size_t i = 0; i < problem->count; i++) {
        const struct pack_item *item = &problem->items[i];
        sized[i] = (struct sized){i, item->level, pack_item_least(item),
                                  fmin(item->usable[PACK_BRIDGED], item->usable[PACK_DEDICATED])};
    }
    qsort(sized, problem->count, sizeof *sized, compare_sized);
    return sized;
}

// Whether the guide places most of an item in a mode.
static bool is_guided(const struct pack_answer *guide, size_t item, enum pack_mode mode)
{
    return guide->solved && guide->parts[item * PACK_MODES + mode] > 0.5;
}

// Places the items of which the guide places more than half, the largest of each level first.
static void follow_guide(struct packing *packing, const struct pack_answer *guide)
{
    const struct pack_problem *problem = packing->problem;
    _cleanup_free_ struct sized *sized = items_by_size(problem);
    for (size_t n = 0; n < problem->count; n++) {
        const size_t item = sized[n].item;
        for (enum pack_mode mode = 0; mode < PACK_MODES; mode++) {
            if (packing->place[item] == PACK_NOWHERE && is_guided(guide, item, mode)) {
                const size_t host = best_fit_of_mode(packing, item, mode);
                if (host != PACK_NOWHERE) {
                    packing_put(packing, item, host);
                }
            }
        }
    }
}

static void place_rest(struct packing *packing)
{
    _cleanup_free_ size_t *order = packing_order(packing->problem);
    for (size_t n = 0; n < packing->problem->count; n++) {
        if (packing->place[order[n]] == PACK_NOWHERE) {
            const size_t host = packing_best_fit(packing, order[n], PACK_NOWHERE);
            if (host != PACK_NOWHERE) {
                packing_put(packing, order[n], host);
            }
        }
    }
}

// Keeps the better one of the best packing and `other`, of which it takes ownership.
static void keep_better(struct solving *s, struct packing *other)
{
    if (s->best == NULL || packing_compare(other, s->best, s->aim) > 0) {
        packing_free(s->best);
        s->best = other;
    } else {
        packing_free(other);
    }
}

static void try_dedicated(struct solving *s, size_t dedicated)
{
    for (int guided = s->guide.solved ? 1 : 0; guided >= 0; guided--) {
        size_t steps = STEPS_EACH;
        struct packing *packing = packing_new(s->problem);
        packing_set_modes(packing, dedicated);
        if (guided) {
            follow_guide(packing, &s->guide);
        }
        place_rest(packing);
        packing_improve(packing, &steps);
        packing_improve_aim(packing, s->aim, &steps);
        keep_better(s, packing);
    }
}

// Whether a number of dedicated hosts is promising.
static bool is_promising(const struct solving *s, size_t dedicated)
{
    const size_t hosts = s->problem->hosts;
    if (hosts <= MODES_ALL || dedicated == 0 || dedicated == hosts) {
        return true;
    }
    return s->guide.solved && dedicated + MODES_NEAR >= s->guide.dedicated_count &&
           dedicated <= s->guide.dedicated_count + MODES_NEAR;
}

static void search_packings(struct solving *s)
{
    const size_t most = s->problem->slots[PACK_DEDICATED] == 0 ? 0 : s->problem->hosts;
    for (size_t dedicated = 0; dedicated <= most; dedicated++) {
        if (is_promising(s, dedicated)) {
            try_dedicated(s, dedicated);
        }
    }
    size_t steps = STEPS_BEST;
    packing_improve(s->best, &steps);
    packing_improve_aim(s->best, s->aim, &steps);
}

// ---- the aims

// The host among the first `hosts` that gets an item: the emptiest one for headroom, else the
// fullest one; `guided`: only hosts of the item's mode in the guide.
static size_t choose_host(const struct solving *s, const struct packing *packing, size_t item,
                          size_t hosts, bool guided)
{
    const bool fullest = s->aim != PACK_AIM_HEADROOM;
    size_t to = PACK_NOWHERE;
    double best = fullest ? -INFINITY : INFINITY;
    for (size_t h = 0; h < hosts; h++) {
        const struct pack_host *host = &packing->hosts[h];
        const struct pack_item *added = &s->problem->items[item];
        const double least = fmin(host->usable, added->usable[host->mode]);
        const double after = host->cpu + added->cpu[host->mode] +
                             (fullest ? 0.0 : s->problem->whole * (1.0 - least));
        if ((fullest ? after > best : after < best) && packing_fits(packing, item, h) &&
            (!guided || is_guided(&s->guide, item, host->mode))) {
            to = h;
            best = after;
        }
    }
    return to;
}

// Places all items that the best packing places on the first `hosts` hosts, the largest first; NULL
// if they were not all placed.
static struct packing *spread_items(const struct solving *s, const struct sized *sized,
                                    size_t hosts, size_t dedicated)
{
    const struct pack_problem *problem = s->problem;
    _cleanup_packing_ struct packing *packing = packing_new(problem);
    packing_set_modes(packing, dedicated);
    for (size_t n = 0; n < problem->count; n++) {
        const size_t item = sized[n].item;
        if (s->best->place[item] == PACK_NOWHERE) {
            continue;
        }
        size_t to = choose_host(s, packing, item, hosts, true);
        to = to == PACK_NOWHERE ? choose_host(s, packing, item, hosts, false) : to;
        if (to == PACK_NOWHERE) {
            return NULL;
        }
        packing_put(packing, item, to);
    }
    return steal_pointer(&packing);
}

// Spreads the items of the best packing over as few hosts as possible, or over all, with each
// promising number of dedicated ones.
static void search_spreads(struct solving *s, double least_hosts)
{
    const struct pack_problem *problem = s->problem;
    const size_t most = problem->slots[PACK_DEDICATED] == 0 ? 0 : problem->hosts;
    const size_t used = (size_t)packing_aim(s->best, PACK_AIM_HOSTS);
    const bool fewest = s->aim == PACK_AIM_HOSTS;
    _cleanup_free_ struct sized *sized = items_by_size(problem);
    for (size_t n = 0; n < problem->count; n++) {
        sized[n].level = 0; // the largest item first, whatever its level
    }
    qsort(sized, problem->count, sizeof *sized, compare_sized);
    for (size_t dedicated = 0; dedicated <= most; dedicated++) {
        if (!is_promising(s, dedicated)) {
            continue;
        }
        for (size_t n = fewest ? (size_t)fmax(1.0, least_hosts) : problem->hosts;
             n <= (fewest ? used : problem->hosts); n++) {
            struct packing *spread = spread_items(s, sized, n, dedicated < n ? dedicated : n);
            if (spread != NULL) {
                size_t steps = STEPS_EACH;
                packing_improve_aim(spread, s->aim, &steps);
                keep_better(s, spread);
                break;
            }
        }
    }
}

// ---- the optimum of a small problem

static void take_whole(struct solving *s, const struct pack_answer *answer)
{
    struct packing *packing = packing_new(s->problem);
    for (size_t h = 0; h < s->problem->hosts; h++) {
        packing->hosts[h].mode = answer->dedicated[h] ? PACK_DEDICATED : PACK_BRIDGED;
    }
    for (size_t i = 0; i < s->problem->count; i++) {
        if (answer->place[i] != PACK_NOWHERE && packing_fits(packing, i, answer->place[i])) {
            packing_put(packing, i, answer->place[i]);
        }
    }
    keep_better(s, packing);
}

static int solve_whole(struct solving *s, const double *values, size_t fixed, double *ret_bound,
                       struct error *err)
{
    const struct pack_program program = {
        .problem = s->problem, .whole = true, .at_least = values, .fixed = fixed, .aim = s->aim};
    struct pack_answer answer = {.solved = false};
    int rc = pack_program_solve(&program, &answer, err);
    if (rc < 0) {
        return rc;
    }
    if (answer.solved) {
        take_whole(s, &answer);
    }
    *ret_bound = answer.bound;
    pack_answer_clear(&answer);
    return 0;
}

static void values_of(const struct packing *packing, double *ret)
{
    for (size_t level = 0; level < packing->problem->levels; level++) {
        ret[level] = packing_value(packing, level);
    }
}

// Where the best packing does not reach the bound of a level: searches for the optimum of a small
// problem, and bounds later levels again, since their bounds were those for the higher value.
static int settle_levels(struct solving *s, bool small, double *values, struct error *err)
{
    for (size_t level = 0; level < s->problem->levels; level++) {
        values_of(s->best, values);
        if (values[level] >= s->bounds[level] - NEAR * fmax(1.0, values[level])) {
            continue;
        }
        if (small) {
            double bound = 0.0;
            int rc = solve_whole(s, values, level, &bound, err);
            if (rc < 0) {
                return rc;
            }
            s->bounds[level] = fmin(s->bounds[level], round_bound(s, bound));
            values_of(s->best, values);
        }
        int rc = bound_levels(s, level + 1, values, err);
        if (rc < 0 || !small) {
            return rc;
        }
    }
    return 0;
}

// Improves the aim of the best packing, whose values are `values`, and bounds it.
static int settle_aim(struct solving *s, const double *values, bool small, double *ret,
                      struct error *err)
{
    const size_t levels = s->problem->levels;
    const struct pack_program program = {
        .problem = s->problem, .at_least = values, .fixed = levels, .aim = s->aim};
    struct pack_answer answer = {.solved = false};
    int rc = pack_program_solve(&program, &answer, err);
    if (rc < 0) {
        return rc;
    }
    double least = s->aim == PACK_AIM_HOSTS ? ceil(answer.bound - NEAR) : answer.bound;
    pack_answer_clear(&s->guide);
    s->guide = answer;
    search_spreads(s, least);
    if (small && packing_aim(s->best, s->aim) > least + NEAR) {
        double bound = 0.0;
        if ((rc = solve_whole(s, values, levels, &bound, err)) < 0) {
            return rc;
        }
        least = fmax(least, s->aim == PACK_AIM_HOSTS ? ceil(bound - NEAR) : bound);
    }
    *ret = fmin(least, packing_aim(s->best, s->aim));
    return 0;
}

static int solve_problem(struct solving *s, double *values, struct pack_bound *ret_bound,
                         struct error *err)
{
    const struct pack_problem *problem = s->problem;
    const bool small = problem->count * problem->hosts <= SMALL;
    int rc = bound_levels(s, 0, NULL, err);
    if (rc < 0) {
        return rc;
    }
    search_packings(s);
    if ((rc = settle_levels(s, small, values, err)) < 0) {
        return rc;
    }
    values_of(s->best, values);
    return settle_aim(s, values, small, &ret_bound->aim, err);
}

int pack_solve(const struct pack_problem *problem, enum pack_aim aim, struct packing **ret,
               struct pack_bound *ret_bound, struct error *err)
{
    struct solving s = {.problem = problem, .aim = aim, .whole_values = true};
    struct pack_bound bound = {.levels = NULL};
    _cleanup_free_ double *values = memory_new_array(double, problem->levels);
    s.bounds = memory_new_array(double, problem->levels);
    for (size_t i = 0; i < problem->count; i++) {
        const double value = problem->items[i].value;
        s.whole_values = s.whole_values && value <= floor(value);
    }
    int rc = solve_problem(&s, values, &bound, err);
    pack_answer_clear(&s.guide);
    if (rc < 0) {
        packing_free(s.best);
        free(s.bounds);
        return rc;
    }
    bound.levels = s.bounds;
    *ret = s.best;
    *ret_bound = bound;
    return 0;
}

// ---- all items

#define STEPS_ALL 100000 // moves tried for each number of dedicated hosts
#define ALL_TRIED 8      // numbers of dedicated hosts to try among many hosts

// The same as pack_all() by a program in which hosts and items are wholes.
static struct packing *pack_all_whole(const struct pack_problem *problem)
{
    struct solving s = {.problem = problem, .aim = PACK_AIM_CPU, .whole_values = true};
    double bound = 0.0;
    if (solve_whole(&s, NULL, 0, &bound, NULL) < 0 || s.best == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < problem->count; i++) {
        if (s.best->place[i] == PACK_NOWHERE) {
            packing_free(s.best);
            return NULL;
        }
    }
    return s.best;
}

struct packing *pack_all(const struct pack_problem *problem)
{
    const size_t most = problem->slots[PACK_DEDICATED] == 0 ? 0 : problem->hosts;
    const size_t step = problem->hosts <= MODES_ALL ? 1 : problem->hosts / ALL_TRIED;
    for (size_t dedicated = 0; dedicated <= most; dedicated += step) {
        size_t steps = STEPS_ALL;
        _cleanup_packing_ struct packing *packing = packing_new(problem);
        _cleanup_free_ struct sized *sized = items_by_size(problem);
        packing_set_modes(packing, dedicated);
        size_t placed = 0;
        for (size_t n = 0; n < problem->count; n++) {
            const size_t host = packing_best_fit(packing, sized[n].item, PACK_NOWHERE);
            if (host != PACK_NOWHERE) {
                packing_put(packing, sized[n].item, host);
            }
        }
        packing_improve(packing, &steps);
        for (size_t i = 0; i < problem->count; i++) {
            placed += packing->place[i] != PACK_NOWHERE;
        }
        if (placed == problem->count) {
            return steal_pointer(&packing);
        }
    }
    return problem->count * problem->hosts <= SMALL ? pack_all_whole(problem) : NULL;
}

bool pack_may_hold_all(const struct pack_problem *problem)
{
    const struct pack_program program = {.problem = problem};
    struct pack_answer answer = {.solved = false};
    if (pack_program_solve(&program, &answer, NULL) < 0) {
        return true;
    }
    const double bound = answer.bound;
    pack_answer_clear(&answer);
    return bound >= (double)problem->count - NEAR * (double)problem->count;
}
