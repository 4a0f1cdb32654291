// SPDX-License-Identifier: GPL-3.0-or-later
// study/draws — see draws.h.
#include "study/draws.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "study/verdict.h"

void set_loads(struct blueprint *blueprint, double carried, const double *factors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        blueprint->pps[i] = ceil(carried * factors[i]);
    }
    blueprint->pps_count = count;
}

struct blueprint one_length(const struct drawing *drawing, enum topology topology, unsigned length,
                            unsigned routers)
{
    struct blueprint blueprint = {.lengths = {length},
                                  .length_count = 1,
                                  .routers = routers,
                                  .duration = drawing->timing->trial,
                                  .repeats = drawing->timing->repeats};
    blueprint.topologies[topology] = true;
    return blueprint;
}

// ---- runs that are compared at the same loads

static const struct scenario *scenario_of(const struct drawing *drawing, const char *control)
{
    const struct study_run *run =
        drawing->results == NULL ? NULL : study_run(drawing->results, control);
    const struct scenario *scenario = run == NULL ? NULL : run->scenario;
    return scenario != NULL && scenario->traffic.length_count == 1 &&
                   scenario->traffic.rates.pps_count > 0 &&
                   scenario->traffic.rates.pps_count <= BLUEPRINT_LOADS
               ? scenario
               : NULL;
}

bool control_has_loads(const struct drawing *drawing, const char *control)
{
    const struct scenario *scenario = scenario_of(drawing, control);
    return scenario != NULL && scenario->traffic.rates.pps_count > 1;
}

static bool has_same_loads(const struct blueprint *a, const struct blueprint *b)
{
    bool same = a->lengths[0] == b->lengths[0] && a->pps_count == b->pps_count;
    for (size_t i = 0; same && i < a->pps_count; i++) {
        same = a->pps[i] == b->pps[i];
    }
    for (size_t i = 0; same && i < TOPOLOGY_COUNT; i++) {
        same = a->topologies[i] == b->topologies[i];
    }
    return same;
}

int draw_like(const struct drawing *drawing, const char *control,
              int (*draw)(const struct drawing *drawing, struct blueprint *ret),
              struct blueprint *ret)
{
    const struct scenario *scenario = scenario_of(drawing, control);
    if (scenario == NULL) {
        return draw(drawing, ret);
    }
    struct drawing without_error = *drawing;
    without_error.err = NULL;
    struct blueprint drawn = {.routers = 0};
    bool same = draw(&without_error, &drawn) == 0;
    struct blueprint like = drawn;
    memset(like.topologies, 0, sizeof like.topologies);
    for (size_t i = 0; i < scenario->topology_count; i++) {
        like.topologies[scenario->topologies[i]] = true;
    }
    like.lengths[0] = scenario->traffic.lengths[0];
    like.length_count = 1;
    like.pps_count = scenario->traffic.rates.pps_count;
    memcpy(like.pps, scenario->traffic.rates.pps, like.pps_count * sizeof like.pps[0]);
    if (!same || !has_same_loads(&like, &drawn)) {
        free(like.note);
        like.note = text_format("at the loads of %s, which was measured before", control);
    }
    *ret = like;
    return 0;
}

// ---- claims 9 and 10: monitoring

int draw_monitoring(const struct drawing *drawing, struct blueprint *ret)
{
    double carried = 0.0;
    int rc = carried_at(drawing, 1, "bridged", 64, &carried);
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, 64, 1);
    SET_LOADS(ret, carried, WATCH_BELOW, WATCH_ABOVE);
    ret->monitored = true;
    ret->duration = drawing->timing->watch;
    ret->repeats = drawing->timing->watches;
    ret->note = text_format("at %g and %g times what is carried", WATCH_BELOW, WATCH_ABOVE);
    return rc;
}

#define OVERLOAD_TRIALS 8U // of 7, the interval by ranks goes from the smallest to the largest

void repeat_overload(struct blueprint *blueprint)
{
    if (blueprint->repeats < OVERLOAD_TRIALS) {
        blueprint->repeats = OVERLOAD_TRIALS;
    }
}

// ---- claim 11: prediction

int draw_four_routers(const struct drawing *drawing, struct blueprint *ret)
{
    double carried = 0.0;
    int rc = carried_at(drawing, 2, "bridged", 64, &carried);
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, 64, 4);
    if (drawing->timing->quick) {
        SET_LOADS(ret, carried / 2.0, 0.6, 1.1);
    } else {
        SET_LOADS(ret, carried / 2.0, 0.6, 0.9, 1.1, 1.3);
    }
    repeat_overload(ret);
    ret->note = text_format("each network gets 0.6 to %.1f times half of what each of two networks "
                            "carries",
                            ret->pps[ret->pps_count - 1] / fmax(carried / 2.0, 1.0));
    return rc;
}

// ---- claim 12: control

#define FLOOD_SHARE   4U
#define CONTROL_TRIAL "500 ms" // several readings of the controller

int draw_slow_router(const struct drawing *drawing, struct blueprint *ret)
{
    *ret = one_length(drawing, TOPOLOGY_DEDICATED, 64, 1);
    ret->automatic = drawing->timing->loads > 0 ? drawing->timing->loads : timing_default.loads;
    ret->duration = drawing->timing->loads > 0 ? drawing->timing->sweep : timing_default.sweep;
    ret->repeats = 1;
    ret->slow = true;
    ret->note = text_copy("each packet is compared with 500 rules, so that the tester is not the "
                          "limit");
    return 0;
}

// What a router with rules forwards with a whole CPU, by the CPU time of its packets in the densest
// trial; 0 = unknown. That time is good enough to choose loads, even of a disturbed trial.
static double slow_router_carries(const struct drawing *drawing)
{
    const struct study_run *run = study_run(drawing->results, "slow-router");
    double highest = 0.0;
    for (size_t i = 0; run != NULL && i < run->points.count; i++) {
        const struct point *point = &run->points.items[i];
        const double percent = figure_routers(point, NULL);
        if (percent > 0.0) {
            highest = fmax(highest, figure_forwarded(point, NULL) / percent * 100.0);
        }
    }
    return highest;
}

int draw_shares(const struct drawing *drawing, struct blueprint *ret)
{
    const double carried = drawing->results == NULL ? 1e5 : slow_router_carries(drawing);
    *ret = one_length(drawing, TOPOLOGY_DEDICATED, 64, 2);
    SET_LOADS(ret, carried, CONTRACT_LOAD);
    ret->duration = CONTROL_TRIAL;
    ret->slow = true;
    ret->last_share = FLOOD_SHARE;
    ret->note = text_format("%.2f times what one such router carries, and %u times as much for the "
                            "other",
                            CONTRACT_LOAD, FLOOD_SHARE);
    return carried > 0.0 ? 0
                         : fail_lacking(drawing->err, "slow-router has no point, so there is "
                                                      "nothing to scale by");
}

int draw_shares_moved(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_like(drawing, "shares-static", draw_shares, ret);
}
