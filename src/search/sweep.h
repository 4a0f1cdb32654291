// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * search/sweep — all loads of a scenario: each topology (place) and length in turn. Loads of a row
 * that has none are found first; each topology starts with a stability check. After the loads of a
 * row, further ones may be measured where its losses begin (refine.h). Points that a resumed run
 * has measured are skipped. Called by run/.
 */
#ifndef VRBENCH_SEARCH_SWEEP_H
#define VRBENCH_SEARCH_SWEEP_H

#include "search/ladder.h"
#include "search/refine.h"

struct sweep_place {
    bool direct, machines; // as in struct saturation_spec
    bool unchecked;        // has no stability check
    double low_pps;        // load of the check; 0 = STABILITY_PPS
    uint64_t low_ns;       // its duration; 0 = STABILITY_NS
};

// The loads of one length in one place.
struct sweep_row {
    unsigned place, length;
    double *pps;  // allocated; freed by the caller who made the row
    size_t count; // 0 = unknown until the search has found them
};

// A point that an earlier part of a resumed run measured.
struct sweep_trial {
    unsigned place, length;
    struct refine_trial trial; // without `loss_ratio`
    struct network_outcome *networks;
    size_t network_count;
};

struct sweep_spec {
    const struct sweep_place *places;
    struct sweep_row *rows; // in the order of measurement; the rows of a place are adjacent
    size_t row_count;
    unsigned to_find; // number of loads to find for a row without loads
    unsigned repeats;
    uint64_t duration_ns;
    unsigned attempts;
    const struct load_id *done; // as in struct ladder_spec
    size_t done_count;
    struct shuffle shuffle; // of the points of each row
    struct refine_limits refine;
    const struct sweep_trial *known; // all points of `done`; only needed if loads are refined
    size_t known_count;
};

// Makes a search. Everything that the spec points to must outlive it.
struct search *sweep_new(const struct sweep_spec *spec);
// Whether the search ended because the machine loses packets in the direct topology at a low load.
bool sweep_is_unstable(const struct search *search);
// Number of points of all rows, those already done included. Rows that are not yet measured count
// with as many points of a refinement as they may have.
size_t sweep_points(const struct search *search);

#endif
