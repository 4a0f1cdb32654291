// SPDX-License-Identifier: GPL-3.0-or-later
// search/rule_binary — see rules.h.
#include "search/rules.h"

static enum load_class class_at(const struct book *book, const struct search_goal *goal, double pps)
{
    const struct book_load *load = book_find(book, pps);
    return load == NULL ? LOAD_UNDECIDED : goal_classify(goal, load->trials, load->count, NULL);
}

bool binary_pick(const struct book *book, const struct search_goal *goal,
                 const struct load_range *range, struct pick *ret)
{
    double lower = range->min_pps;
    double upper = range->max_pps;
    ret->duration_ns = goal->final_ns;
    ret->pps = upper;
    enum load_class at_end = class_at(book, goal, upper);
    if (at_end != LOAD_UPPER_BOUND) {
        return at_end == LOAD_UNDECIDED;
    }
    ret->pps = lower;
    at_end = class_at(book, goal, lower);
    if (at_end != LOAD_LOWER_BOUND) {
        return at_end == LOAD_UNDECIDED;
    }
    while (!goal_is_narrow(goal, lower, upper)) {
        ret->pps = (lower + upper) / 2.0;
        switch (class_at(book, goal, ret->pps)) {
        case LOAD_LOWER_BOUND:
            lower = ret->pps;
            break;
        case LOAD_UPPER_BOUND:
            upper = ret->pps;
            break;
        case LOAD_UNDECIDED:
            return true;
        }
    }
    return false;
}
