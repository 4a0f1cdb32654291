// SPDX-License-Identifier: GPL-3.0-or-later
// study/scale — see scale.h.
#include "study/scale.h"

#include <math.h>

#include "base/text.h"
#include "report/steps.h"
#include "scenario/scenario.h"
#include "search/saturation.h"
#include "study/verdict.h"

#define SATURATED_LOSS 0.03
// CPU use of host and routers in a sweep step that counts as saturated.
#define SATURATED_CPU  CONTENDED

static const char *scale_run(const struct drawing *drawing, unsigned routers)
{
    bool fixed = drawing->timing->loads == 0;
    if (routers == 1) {
        return fixed ? "scale-1" : "scenario-1";
    }
    return fixed ? "scale-2" : "scenario-2";
}

static void find_carried(const struct sweep *sweep, double *carried, bool *saturated,
                         unsigned dut_cpus)
{
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        // Loads are a quarter of the range apart: the highest one without loss says less.
        *carried = fmax(*carried, step->requested_pps * (1.0 - step->loss_ratio));
        if (step->loss_ratio >= SATURATED_LOSS &&
            step->total_percent >= SATURATED_CPU * 100.0 * dut_cpus) {
            *saturated = true;
        }
    }
}

// Used if no step is valid, as on a disturbed machine: the result of the search for the sweep's
// loads. It is good enough to choose loads, and used for nothing else.
static double found_by_search(const struct point_list *points, const char *topology,
                              unsigned length)
{
    bool direct = text_equal(topology, topology_name(TOPOLOGY_DIRECT));
    double top = 0.0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (point->length == length && text_equal(point->topology, topology)) {
            top = fmax(top, point->requested_pps);
        }
    }
    return top / (direct ? SATURATION_BEYOND_DIRECT : SATURATION_BEYOND);
}

struct capacity capacity_of(const struct drawing *drawing, unsigned routers, const char *topology,
                            unsigned length)
{
    struct capacity capacity = {0.0, false};
    if (drawing->results == NULL) {
        return (struct capacity){1e6, true};
    }
    const struct study_run *run = study_run(drawing->results, scale_run(drawing, routers));
    if (run == NULL) {
        return capacity;
    }
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(&run->points, &sweeps);
    for (size_t i = 0; i < count; i++) {
        if (sweeps[i].first->length == length && text_equal(sweeps[i].first->topology, topology)) {
            find_carried(&sweeps[i], &capacity.pps, &capacity.saturated,
                         drawing->results->dut_cpus);
        }
    }
    sweeps_free(sweeps, count);
    if (capacity.pps <= 0.0) {
        capacity.pps = found_by_search(&run->points, topology, length);
    }
    return capacity;
}

int carried_at(const struct drawing *drawing, unsigned routers, const char *topology,
               unsigned length, double *ret_pps)
{
    struct capacity capacity = capacity_of(drawing, routers, topology, length);
    if (capacity.pps <= 0.0) {
        return fail_lacking(drawing->err,
                            "%s found no load that %s carries at %u B, so there is nothing to "
                            "scale it by",
                            scale_run(drawing, routers), topology, length);
    }
    *ret_pps = capacity.pps;
    return 0;
}

bool is_saturable(const struct drawing *drawing, unsigned routers, const char *topology,
                  unsigned length)
{
    struct capacity capacity = capacity_of(drawing, routers, topology, length);
    struct capacity direct = capacity_of(drawing, routers, "direct", length);
    return capacity.saturated &&
           (drawing->results == NULL || direct.pps >= TESTER_HEADROOM * capacity.pps);
}

unsigned saturable_length(const struct drawing *drawing, unsigned routers, const char *topology,
                          unsigned from, bool *ret_saturable)
{
    static const unsigned lengths[] = {1500, 256, 64};
    for (size_t i = 0; i < 3; i++) {
        if (lengths[i] <= from && is_saturable(drawing, routers, topology, lengths[i])) {
            *ret_saturable = true;
            return lengths[i];
        }
    }
    *ret_saturable = false;
    return 64;
}
