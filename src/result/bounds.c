// SPDX-License-Identifier: GPL-3.0-or-later
// result/bounds — see bounds.h.
#include "result/bounds.h"

#include <math.h>

#define LIKELIHOOD 1.92 // see bounds.h

// The loads that a place contradicts: those below index `split` that exceed the goal, and those
// from it on that keep it.
static size_t count_wrong(const double *loss_ratio, size_t count, double goal, size_t split)
{
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        wrong += (loss_ratio[i] <= goal) != (i < split);
    }
    return wrong;
}

// The index of the first of the places that the fewest loads contradict.
static size_t find_split(const double *loss_ratio, size_t count, double goal, size_t *ret_wrong)
{
    size_t wrong = count_wrong(loss_ratio, count, goal, 0);
    size_t split = 0;
    *ret_wrong = wrong;
    for (size_t i = 0; i < count; i++) {
        wrong = loss_ratio[i] <= goal ? wrong - 1 : wrong + 1;
        if (wrong < *ret_wrong) {
            *ret_wrong = wrong;
            split = i + 1;
        }
    }
    return split;
}

// The highest load below index `first` that keeps the goal, and the lowest from `last` on that
// exceeds it.
static struct bounds bounds_at(const double *offered_pps, const double *loss_ratio, size_t count,
                               double goal, size_t first, size_t last)
{
    struct bounds bounds = {.low = (double)NAN, .high = (double)NAN};
    for (size_t i = 0; i < count; i++) {
        bool kept = loss_ratio[i] <= goal;
        if (i < first && kept) {
            bounds.low = offered_pps[i];
        }
        if (i >= last && !kept && isnan(bounds.high)) {
            bounds.high = offered_pps[i];
        }
    }
    return bounds;
}

struct bounds bounds_find(const double *offered_pps, const double *loss_ratio, size_t count,
                          double goal)
{
    size_t wrong = 0;
    size_t split = find_split(loss_ratio, count, goal, &wrong);
    struct bounds bounds = bounds_at(offered_pps, loss_ratio, count, goal, split, split);
    bounds.regular = wrong == 0;
    return bounds;
}

struct bounds bounds_enclose(const double *offered_pps, const double *loss_ratio, size_t count,
                             double goal)
{
    size_t fewest = 0;
    const size_t best = find_split(loss_ratio, count, goal, &fewest);
    size_t first = best;
    size_t last = best;
    double part = (double)(fewest + 1) / (double)(count + 2);
    size_t more = fewest == 0   ? 0
                  : part >= 0.5 ? count
                                : (size_t)(LIKELIHOOD / log((1.0 - part) / part));
    for (size_t split = 0; fewest > 0 && split <= count; split++) {
        if (count_wrong(loss_ratio, count, goal, split) <= fewest + more) {
            first = split < first ? split : first;
            last = split > last ? split : last;
        }
    }
    struct bounds bounds = bounds_at(offered_pps, loss_ratio, count, goal, best, best);
    const struct bounds wide = bounds_at(offered_pps, loss_ratio, count, goal, first, last);
    bounds.low = isnan(wide.low) ? bounds.low : wide.low;
    bounds.high = isnan(wide.high) ? bounds.high : wide.high;
    bounds.regular = fewest == 0;
    return bounds;
}
