// SPDX-License-Identifier: GPL-3.0-or-later
// search/saturation — see saturation.h.
#include "search/saturation.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

#define LAST_PPS    2.0e7
#define START_BELOW 0.75 // first load, as a fraction of the expected limit
#define BISECTIONS  3

// Undisturbed refusals, and trials in all, until a load counts as too high: a hiccup of the machine
// must not end the search. Trials stay disturbed if the tester is the limit but has CPU time to
// spare.
struct patience {
    unsigned refusals, trials;
};
static const struct patience patience_to_bracket = {4, 8}, patience_to_bisect = {2, 6};

// The start of a search and the length of its trials, which must let a slow machine pass packets at
// all.
struct pace {
    double first_pps, least_pps;
    uint64_t trial_ns;
};
static const struct pace kernel_pace = {32000.0, 250.0, 120U * NS_PER_MS};
static const struct pace machine_pace = {1000.0, 50.0, 400U * NS_PER_MS};

struct saturation {
    struct search search;
    struct saturation_spec spec;
    struct pace pace;
    double beyond;
    double pps; // the present load
    double carried, refused;
    bool bracketed;
    unsigned bisections;
    struct patience spent; // trials of the present load
};

static bool saturation_next(struct search *search, struct load *ret)
{
    struct saturation *saturation = (struct saturation *)search;
    if (saturation->bisections == BISECTIONS) {
        return false;
    }
    *ret = (struct load){.use = LOAD_PROBE,
                         .place = saturation->spec.place,
                         .length = saturation->spec.length,
                         .pps = saturation->pps,
                         .duration_ns = saturation->pace.trial_ns,
                         .attempts = 1}; // `patience` repeats trials
    return true;
}

// Continues from the present load, given whether it is carried.
static void saturation_step(struct saturation *saturation, bool carried)
{
    double pps = saturation->pps;
    saturation->spent = (struct patience){0, 0};
    saturation->carried = carried ? pps : saturation->carried;
    saturation->refused = carried ? saturation->refused : pps;
    if (saturation->bracketed) {
        saturation->bisections++;
    } else {
        saturation->pps = carried ? pps * 2.0 : pps / 2.0;
        bool between = carried ? saturation->refused < LAST_PPS : saturation->carried > 0.0;
        saturation->bracketed =
            between || saturation->pps < saturation->pace.least_pps || saturation->pps >= LAST_PPS;
    }
    if (saturation->bracketed) {
        saturation->pps = (saturation->carried + saturation->refused) / 2.0;
    }
    if (saturation->bisections == BISECTIONS) {
        log_detail("rates", "%u bytes: up to %.0f pps carried, sweeping to %.0f",
                   saturation->spec.length, saturation->carried,
                   saturation->carried * saturation->beyond);
    }
}

static void saturation_tell(struct search *search, const struct load *load,
                            const struct outcome *outcome)
{
    struct saturation *saturation = (struct saturation *)search;
    (void)load;
    if (outcome_is_carried(outcome)) {
        saturation_step(saturation, true);
        return;
    }
    const struct patience *most =
        saturation->bracketed ? &patience_to_bisect : &patience_to_bracket;
    saturation->spent.trials++;
    saturation->spent.refusals += outcome->kind == OUTCOME_GOOD;
    if (saturation->spent.refusals >= most->refusals || saturation->spent.trials >= most->trials) {
        saturation_step(saturation, false);
    }
}

static void saturation_free(struct search *search)
{
    free(search);
}

static const struct search_ops saturation_ops = {saturation_next, saturation_tell, saturation_free};

struct search *saturation_new(const struct saturation_spec *spec)
{
    struct saturation *saturation = memory_new(1, sizeof *saturation);
    double beyond = spec->direct ? SATURATION_BEYOND_DIRECT : SATURATION_BEYOND;
    struct pace pace = spec->machines && !spec->direct ? machine_pace : kernel_pace;
    *saturation = (struct saturation){
        .search = {.ops = &saturation_ops},
        .spec = *spec,
        .pace = pace,
        .beyond = beyond,
        .pps = spec->likely > 0.0 ? fmax(pace.least_pps, spec->likely / beyond * START_BELOW)
                                  : pace.first_pps,
        .refused = LAST_PPS,
    };
    return &saturation->search;
}

double *saturation_loads(const struct search *search, size_t count)
{
    const struct saturation *saturation = (const struct saturation *)search;
    double top = fmax(saturation->carried, saturation->pace.least_pps) * saturation->beyond;
    double *pps = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        pps[i] = ceil(top * (double)(i + 1) / (double)count);
    }
    return pps;
}
