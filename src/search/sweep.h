// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/sweep — all loads of a scenario: each topology (place) and length in turn. A row whose
 * loads are not given has them found first; a machine that is measured directly is checked first.
 * What a resumed run has measured already is skipped. Called by run/.
 */
#ifndef VRBENCH_SEARCH_SWEEP_H
#define VRBENCH_SEARCH_SWEEP_H

#include "search/ladder.h"

struct sweep_place {
    bool direct, machines; // as in struct saturation_spec
};

// The loads of one length in one place.
struct sweep_row {
    unsigned place, length;
    double *pps;  // malloc()ed; whoever made the row frees it
    size_t count; // 0 = not given; filled in once they are found
};

struct sweep_spec {
    const struct sweep_place *places;
    struct sweep_row *rows; // in order of measuring, those of a place together
    size_t row_count;
    unsigned to_find; // loads of a row that has none given
    unsigned repeats;
    uint64_t duration_ns;
    unsigned attempts;
    const struct load_id *done; // as in struct ladder_spec
    size_t done_count;
};

// All that the spec points to outlives the search.
struct search *sweep_new(const struct sweep_spec *spec);
// Whether it ended because the machine loses packets in a direct path at a low load.
bool sweep_is_unstable(const struct search *search);
// Points that the rows amount to, those that are done included.
size_t sweep_points(const struct sweep_spec *spec);

#endif
