// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/rule_rfc9971 — the choice of loads for goals of RFC 9971. See rules.h.
 *
 * The RFC leaves the choice open. This one, like the library of its authors, gives each goal two
 * preceding targets: the same goal with shorter trials, a smaller duration sum and a larger width.
 * All goals reach a target before any goal starts the next. The bounds of a target are the first
 * candidates of the next; beyond them the step doubles; between two bounds the interval is halved.
 * Lower loads are measured first (RFC 9971 §5.3.4), so that few bounds are invalidated later.
 */
#include <math.h>

#include "search/rules.h"

#define PRECEDING 2 // targets before the goal itself
#define EXPANSION 2.0

static uint64_t between(uint64_t first, uint64_t last, unsigned level)
{
    double ratio = (double)last / (double)first;
    return level == PRECEDING
               ? last
               : (uint64_t)((double)first * pow(ratio, (double)level / (double)PRECEDING));
}

static struct search_goal target_of(const struct search_goal *goal, unsigned level)
{
    struct search_goal target = *goal;
    target.final_ns = between(goal->initial_ns, goal->final_ns, level);
    target.sum_ns = between(goal->initial_ns, goal->sum_ns, level);
    target.width = goal->width * (double)(1U << (PRECEDING - level));
    return target;
}

static bool is_end(const struct book_load *bound, double pps)
{
    return bound != NULL && fabs(bound->pps - pps) <= pps * 1e-9;
}

bool bounds_are_final(const struct book *book, const struct search_goal *goal,
                      const struct load_range *range)
{
    struct book_bounds bounds = book_bounds(book, goal);
    if (bounds.upper == NULL) {
        return bounds.lower != NULL && bounds.lower->pps >= range->max_pps * (1.0 - 1e-9);
    }
    return bounds.lower == NULL ? is_end(bounds.upper, range->min_pps)
                                : goal_is_narrow(goal, bounds.lower->pps, bounds.upper->pps);
}

// The distance between the two classified loads that are next to the open side, as a step.
static double step_from(double near, double far, double width)
{
    double step = far > 0.0 ? fabs(near - far) * EXPANSION : 0.0;
    return fmax(step, width * near);
}

// The largest load below `pps`, or smallest above it, of a class or measured at all (UNDECIDED).
static double next_load(const struct book *book, const struct search_goal *target, double pps,
                        bool above, enum load_class class)
{
    double found = 0.0;
    for (size_t i = 0; i < book->count; i++) {
        const struct book_load *load = &book->loads[i];
        bool beyond = above ? load->pps > pps * (1.0 + 1e-9) : load->pps < pps * (1.0 - 1e-9);
        if (beyond && goal_classify(target, load->trials, load->count, NULL) == class &&
            (!above || found == 0.0)) {
            found = load->pps;
        }
    }
    return found;
}

// No load is classified: starts at the bounds of the preceding target, or at Max Load.
static double first_load(const struct book_bounds *before, const struct load_range *range)
{
    return before->lower != NULL   ? before->lower->pps
           : before->upper != NULL ? before->upper->pps
                                   : range->max_pps;
}

// Above the lower bound, or above nothing.
static double load_above(const struct book *book, const struct search_goal *target,
                         const struct book_bounds *bounds, const struct book_bounds *before,
                         const struct load_range *range)
{
    double lower = bounds->lower->pps;
    double below = next_load(book, target, lower, false, LOAD_LOWER_BOUND);
    double pps = fmin(lower + step_from(lower, below, target->width), range->max_pps);
    double started = next_load(book, target, lower, true, LOAD_UNDECIDED);
    if (before->upper != NULL && before->upper->pps > lower * (1.0 + 1e-9)) {
        pps = fmin(before->upper->pps, range->max_pps);
    }
    return started > 0.0 && started < pps ? started : pps;
}

// The load that would be forwarded at the smallest upper bound, where its trials agree.
static double forwarded_at(const struct book_load *load)
{
    double loss = 0.0;
    for (size_t i = 0; i < load->count; i++) {
        loss = fmax(loss, load->trials[i].loss_ratio);
    }
    return load->pps * (1.0 - loss);
}

static double load_below(const struct book *book, const struct search_goal *target,
                         const struct book_bounds *bounds, const struct book_bounds *before,
                         const struct load_range *range)
{
    double upper = bounds->upper->pps;
    double above = next_load(book, target, upper, true, LOAD_UPPER_BOUND);
    double pps = upper - step_from(upper, above, target->width);
    double forwarded = forwarded_at(bounds->upper);
    if (before->lower != NULL && before->lower->pps < upper * (1.0 - 1e-9)) {
        pps = before->lower->pps;
    } else if (forwarded < upper * (1.0 - target->width) && forwarded > pps) {
        pps = forwarded;
    } else if (pps < upper / EXPANSION) {
        pps = fmax(forwarded, upper / EXPANSION) < upper * (1.0 - target->width / 2.0)
                  ? fmax(forwarded, upper / EXPANSION)
                  : upper / EXPANSION;
    }
    double started = next_load(book, target, upper, false, LOAD_UNDECIDED);
    return fmax(fmax(started, pps), range->min_pps);
}

static double load_between(const struct book *book, const struct search_goal *target,
                           const struct book_bounds *bounds, const struct book_bounds *before)
{
    double lower = bounds->lower->pps;
    double upper = bounds->upper->pps;
    double started = next_load(book, target, lower, true, LOAD_UNDECIDED);
    if (started > 0.0 && started < upper) {
        return started;
    }
    if (before->upper != NULL && before->upper->pps > lower * (1.0 + 1e-9) &&
        before->upper->pps < upper * (1.0 - 1e-9)) {
        return before->upper->pps;
    }
    // Halves of an even number of widths, so that no part is narrower than needed.
    double parts = ceil(log(lower / upper) / log(1.0 - target->width) * (1.0 - 1e-6));
    return upper * pow(lower / upper, floor(parts / 2.0) / parts);
}

static double candidate_load(const struct book *book, const struct search_goal *target,
                             const struct book_bounds *before, const struct load_range *range)
{
    struct book_bounds bounds = book_bounds(book, target);
    if (bounds.lower == NULL && bounds.upper == NULL) {
        return first_load(before, range);
    }
    if (bounds.upper == NULL) {
        return load_above(book, target, &bounds, before, range);
    }
    return bounds.lower == NULL ? load_below(book, target, &bounds, before, range)
                                : load_between(book, target, &bounds, before);
}

bool rfc9971_pick(const struct book *book, const struct search_goal *goals, size_t goal_count,
                  const struct load_range *range, struct pick *ret, size_t *ret_goal)
{
    for (unsigned level = 0; level <= PRECEDING; level++) {
        for (size_t i = 0; i < goal_count; i++) {
            struct search_goal target = target_of(&goals[i], level);
            if (goals[i].rule != RULE_RFC9971 || bounds_are_final(book, &target, range)) {
                continue;
            }
            struct book_bounds before = {NULL, NULL};
            if (level > 0) {
                struct search_goal last = target_of(&goals[i], level - 1);
                before = book_bounds(book, &last);
            }
            ret->pps = candidate_load(book, &target, &before, range);
            ret->duration_ns = target.final_ns;
            *ret_goal = i;
            return true;
        }
    }
    return false;
}
