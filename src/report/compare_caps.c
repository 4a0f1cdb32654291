// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_caps — how well caps were held, of all compared sweeps. Called by compare.c.
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/compare.h"

static void add_caps(struct comparison *comparison, size_t side, const struct sweep *sweep)
{
    _cleanup_free_ struct cap_use *list = NULL;
    size_t count = caps_compute(sweep, &list);
    comparison->caps =
        memory_resize(comparison->caps, comparison->cap_count + count, sizeof *comparison->caps);
    for (size_t i = 0; i < count; i++) {
        comparison->caps[comparison->cap_count++] =
            (struct compare_cap){.side = side, .sweep = sweep, .use = list[i]};
    }
}

void compare_find_caps(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        for (size_t k = 0; k < comparison->side_count; k++) {
            if (comparison->rows[i].cells[k].sweep != NULL) {
                add_caps(comparison, k, comparison->rows[i].cells[k].sweep);
            }
        }
    }
}
