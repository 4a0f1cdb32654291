// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/forms — the loads of a trial whose networks have different loads, or loads that change in
 * time, and the results of its intervals. Called by trial.c.
 */
#ifndef VRBENCH_MEASURE_FORMS_H
#define VRBENCH_MEASURE_FORMS_H

#include "result/result.h"
#include "search/search.h"
#include "testbed/plan.h"
#include "traffic/engine.h"

struct forms {
    size_t path_count;
    struct traffic_load *loads; // for each path; NULL = they have the same constant load
    struct schedule *schedules; // for each path; NULL = constant
    size_t interval_count;      // 0 = the load does not change
    uint64_t *bounds_ns;        // their boundaries: interval_count + 1 times
    uint64_t *bounds;           // for each path the boundaries as sequence numbers
};

// Makes the loads of a trial that lasts for `duration_ns`, to which the scenario's profile is
// scaled. Only the points of a run have the profile: other trials have a constant load.
void forms_make(const struct plan *plan, const struct load *load, uint64_t duration_ns,
                struct forms *ret);
void forms_clear(struct forms *forms);
#define _cleanup_forms_ __attribute__((cleanup(forms_clear)))

// Fills the request with the loads, and allocates counts[path].within.
void forms_request(const struct forms *forms, struct traffic_request *request,
                   struct traffic_count *counts);
// Frees counts[path].within.
void forms_release(const struct forms *forms, struct traffic_count *counts);
// Adds the requested loads of the networks and the results of the intervals to a point whose
// networks are filled.
void forms_fill(const struct forms *forms, const struct plan *plan,
                const struct traffic_count *counts, struct point *point);

#endif
