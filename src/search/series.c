// SPDX-License-Identifier: GPL-3.0-or-later
// search/series — see series.h.
#include "search/series.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

#define WARM_UP_NS     (150U * NS_PER_MS)
#define DISTURBED_MOST 3U    // trials of a load in a row, until a disturbed one counts
#define CARRIED        0.995 // part of a load that must have been sent to show that nothing is lost

struct series {
    struct search search;
    struct series_spec spec;
    bool warm;
    size_t step;        // the present load
    unsigned trial;     // its trials that count so far
    unsigned disturbed; // its trials in a row that do not
    bool lossy;         // a trial of this load lost packets
    unsigned lossless;  // loads in a row, before this one
    size_t trials;
    double trial_s;
    struct series_told told;
};

static bool series_has_ended(const struct series *series)
{
    const struct series_spec *spec = &series->spec;
    return series->step >= spec->count ||
           (spec->lossless > 0 && series->lossless >= spec->lossless);
}

static bool series_next(struct search *search, struct load *ret)
{
    struct series *series = (struct series *)search;
    const struct series_spec *spec = &series->spec;
    if (series_has_ended(series)) {
        return false;
    }
    *ret = (struct load){.place = spec->place,
                         .length = spec->length,
                         .pps = spec->pps[series->step],
                         .attempts = 1,
                         .constant = true};
    if (!series->warm) {
        ret->use = LOAD_WARM_UP;
        ret->duration_ns = WARM_UP_NS;
        return true;
    }
    ret->use = spec->points ? LOAD_POINT : LOAD_PROBE;
    ret->duration_ns = spec->duration_ns;
    ret->drop_ns = spec->drop_ns;
    ret->drop_pps = spec->drop_pps;
    ret->reset = spec->reset;
    ret->step = spec->first_step + (unsigned)series->step;
    ret->repeat = series->trial;
    return true;
}

static void begin_load(struct series *series)
{
    series->lossless = series->lossy ? 0 : series->lossless + 1;
    series->lossy = false;
    series->trial = 0;
    series->step++;
}

static bool outcome_was_sent(const struct outcome *outcome)
{
    return outcome->tx > 0 &&
           (double)outcome->tx >= CARRIED * (double)(outcome->tx + outcome->unsent);
}

// Whether a trial counts, whatever the trials before it.
static bool trial_is_good(const struct series *series, const struct outcome *outcome)
{
    if (outcome->kind != OUTCOME_DISTURBED || !series->spec.losses_only) {
        return outcome->kind == OUTCOME_GOOD;
    }
    return outcome_was_sent(outcome) && (outcome->lost == 0 || outcome->losses_stand);
}

static void series_tell(struct search *search, const struct load *load,
                        const struct outcome *outcome)
{
    struct series *series = (struct series *)search;
    bool measured = outcome->kind <= OUTCOME_DISTURBED;
    series->told = (struct series_told){.step = (unsigned)series->step, .trial = series->trial};
    if (load->use == LOAD_WARM_UP) {
        series->warm = outcome->kind != OUTCOME_DEATH;
        return;
    }
    series->trial_s += (double)load->duration_ns / (double)NS_PER_S;
    if (outcome->kind == OUTCOME_DEATH) {
        series->warm = false; // the fresh router is warmed up too
        return;
    }
    bool good = trial_is_good(series, outcome);
    series->disturbed += !good;
    if (!good && (!measured || series->disturbed < DISTURBED_MOST)) {
        // A trial without figures never counts.
        if (series->disturbed >= 2 * DISTURBED_MOST) {
            series->step = series->spec.count;
        }
        return;
    }
    series->told.counts = true;
    series->told.disturbed = !good;
    series->disturbed = 0;
    series->trials++;
    series->lossy = series->lossy || outcome->lost > 0 || !outcome_was_sent(outcome);
    if (++series->trial >= series->spec.trials) {
        begin_load(series);
    }
}

static void series_free(struct search *search)
{
    free(search);
}

static const struct search_ops series_ops = {series_next, series_tell, series_free};

struct search *series_new(const struct series_spec *spec)
{
    struct series *series = memory_new(1, sizeof *series);
    *series = (struct series){.search = {.ops = &series_ops}, .spec = *spec};
    return &series->search;
}

struct series_told series_told(const struct search *search)
{
    return ((const struct series *)search)->told;
}

size_t series_trials(const struct search *search)
{
    return ((const struct series *)search)->trials;
}

double series_trial_s(const struct search *search)
{
    return ((const struct series *)search)->trial_s;
}

bool series_is_done(const struct search *search)
{
    const struct series *series = (const struct series *)search;
    return series_has_ended(series) && series->disturbed == 0;
}
