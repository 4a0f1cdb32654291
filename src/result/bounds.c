// SPDX-License-Identifier: GPL-3.0-or-later
// result/bounds — see bounds.h.
#include "result/bounds.h"

#include <math.h>

struct bounds bounds_find(const double *offered_pps, const double *loss_ratio, size_t count,
                          double goal)
{
    // Loads below index `split` are taken for those that keep the goal. The split contradicts the
    // loads below it that exceed the goal, and those above that keep it.
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        wrong += loss_ratio[i] <= goal;
    }
    size_t split = 0;
    size_t fewest = wrong;
    for (size_t i = 0; i < count; i++) {
        wrong = loss_ratio[i] <= goal ? wrong - 1 : wrong + 1;
        if (wrong < fewest) {
            fewest = wrong;
            split = i + 1;
        }
    }
    struct bounds bounds = {.low = (double)NAN, .high = (double)NAN, .regular = true};
    for (size_t i = 0; i < split; i++) {
        if (loss_ratio[i] <= goal) {
            bounds.low = offered_pps[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        bool kept = loss_ratio[i] <= goal;
        if (i >= split && !kept && isnan(bounds.high)) {
            bounds.high = offered_pps[i];
        }
        bounds.regular = bounds.regular && kept == (i < split);
    }
    return bounds;
}
