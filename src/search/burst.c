// SPDX-License-Identifier: GPL-3.0-or-later
// search/burst — see burst.h.
#include "search/burst.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

#define BURST_WIDTH  0.02  // of a goal
#define LEAST_FRAMES 16.0  // of a burst
#define FIRST_FRAMES 256.0 // of the burst from which the range is looked for
#define LONGEST_S    2.0   // of a burst
#define STRETCHED    1.1   // times the duration of a burst, from which it was sent too slowly
#define UNSENT       0.005 // part of a burst that the tester may fail to send
#define SLOW_AT_MOST 12U   // bursts in a row that were sent too slowly, without a disturbance

struct burst_search {
    struct search search;
    struct load_scale scale;
    struct burst_spec spec;
    struct search_goal *goals;
    struct search *inner;
    double throughput_pps; // smallest of the networks; 0 = unknown
    unsigned slow;         // bursts in a row
    bool limited;          // by the tester
};

static double frames_of_load(double load)
{
    return fmax(1.0, round(load));
}

// Of a burst of F frames the device forwards F·T/P while it arrives, and holds the rest.
static double expect_critical_burst(const struct load_scale *scale, double load, double loss,
                                    double loss_ratio)
{
    const struct burst_search *bursts =
        (const struct burst_search *)((const char *)scale - offsetof(struct burst_search, scale));
    double held = 1.0 - fmin(bursts->throughput_pps / bursts->spec.pps, 0.95);
    double carried = (held - loss) / (held - loss_ratio);
    return load * fmax(carried, LEAST_FRAMES / load);
}

static bool burst_next(struct search *search, struct load *ret)
{
    struct burst_search *bursts = (struct burst_search *)search;
    if (bursts->limited || !search_next(bursts->inner, ret)) {
        return false;
    }
    double frames = frames_of_load(ret->pps);
    ret->use = LOAD_PROBE; // too short for a point
    ret->pps = bursts->spec.pps;
    ret->duration_ns = (uint64_t)ceil(frames / bursts->spec.pps * (double)NS_PER_S);
    return true;
}

// A burst that was sent too slowly shows nothing if it was carried. If it lost packets, it would
// have lost as many at its full rate.
static void burst_tell(struct search *search, const struct load *load,
                       const struct outcome *outcome)
{
    struct burst_search *bursts = (struct burst_search *)search;
    struct outcome told = *outcome;
    double asked = (double)(outcome->tx + outcome->unsent);
    bool slow = (double)outcome->sending_ns > STRETCHED * (double)load->duration_ns;
    bool unsent = (double)outcome->unsent > UNSENT * asked;
    if ((slow || unsent) && (unsent || outcome->lost == 0)) {
        told.kind = outcome->kind > OUTCOME_DISTURBED ? outcome->kind : OUTCOME_VOID;
        bursts->slow += outcome->kind == OUTCOME_GOOD;
        bursts->limited = bursts->slow >= SLOW_AT_MOST;
        if (outcome->kind == OUTCOME_GOOD) {
            return; // the inner search does not count it as disturbed, and returns it again
        }
    } else if (outcome->kind == OUTCOME_GOOD) {
        bursts->slow = 0;
    }
    told.unsent = 0;
    struct load inner = bursts->inner->load;
    inner.duration_ns = load->duration_ns;
    (void)search_tell(bursts->inner, &inner, &told);
}

// ---- results

struct burst_result burst_search_result(const struct search *search, size_t network, size_t goal)
{
    const struct burst_search *bursts = (const struct burst_search *)search;
    struct throughput_result result = throughput_result(bursts->inner, network, goal);
    struct burst_result ret = {(double)NAN, (double)NAN, result.end};
    if (!isnan(result.lower_pps)) {
        ret.carried = frames_of_load(result.lower_pps);
    }
    if (!isnan(result.upper_pps)) {
        ret.lost = frames_of_load(result.upper_pps);
        ret.lost = ret.lost <= ret.carried ? ret.carried + 1.0 : ret.lost; // of short bursts
    }
    if (bursts->limited) {
        ret.end = THROUGHPUT_TESTER_LIMIT;
    }
    return ret;
}

const char *burst_end_text(enum throughput_end end)
{
    switch (end) {
    case THROUGHPUT_MAX_LOAD:
        return "longest burst carried";
    case THROUGHPUT_MIN_LOAD:
        return "shortest burst lost packets";
    default:
        return throughput_end_text(end);
    }
}

const struct search *burst_search_trials(const struct search *search)
{
    return ((const struct burst_search *)search)->inner;
}

double burst_buffer_s(double frames, double pps, double throughput_pps)
{
    return throughput_pps < pps ? frames / pps * (1.0 - throughput_pps / pps) : (double)NAN;
}

// ---- making

static void burst_free(struct search *search)
{
    struct burst_search *bursts = (struct burst_search *)search;
    search_free(bursts->inner);
    free(bursts->goals);
    free(bursts);
}

static const struct search_ops burst_ops = {burst_next, burst_tell, burst_free};

struct search *burst_search_new(const struct burst_spec *spec)
{
    struct burst_search *bursts = memory_new(1, sizeof *bursts);
    *bursts = (struct burst_search){
        .search = {.ops = &burst_ops},
        .scale = {.expect_critical = expect_critical_burst},
        .spec = *spec,
        .goals = memory_new_array(struct search_goal, spec->goal_count),
    };
    bursts->spec.throughput_pps = NULL; // the caller's
    for (size_t n = 0; spec->throughput_pps != NULL && n < spec->network_count; n++) {
        double pps = isnan(spec->throughput_pps[n]) ? 0.0 : spec->throughput_pps[n];
        bursts->throughput_pps = n == 0 ? pps : fmin(bursts->throughput_pps, pps);
    }
    for (size_t g = 0; g < spec->goal_count; g++) {
        bursts->goals[g] = spec->goals[g];
        bursts->goals[g].rule = RULE_SEQUENTIAL;
        bursts->goals[g].width = BURST_WIDTH;
    }
    double most = fmax(spec->pps * LONGEST_S, 2.0 * LEAST_FRAMES);
    const struct throughput_spec inner = {.place = spec->place,
                                          .length = spec->length,
                                          .goals = bursts->goals,
                                          .goal_count = spec->goal_count,
                                          .network_count = spec->network_count,
                                          .min_pps = LEAST_FRAMES,
                                          .max_pps = most,
                                          .first_pps = fmin(FIRST_FRAMES, most),
                                          .scale = &bursts->scale};
    bursts->inner = throughput_new(&inner);
    return &bursts->search;
}
