// SPDX-License-Identifier: GPL-3.0-or-later
// search/refine — see refine.h.
#include "search/refine.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/mean.h"
#include "base/text.h"
#include "result/bounds.h"

#define LEAST_PPS   50.0  // no lower load is tried
#define REACH       3.0   // widths around a bound in which loads confirm it
#define CONFIRMING  3U    // loads there, including the bound itself
#define TRIES       6     // loads that may confirm a bound, for one that was not tried
#define SAME        0.004 // loads that differ by that part at most count as one
#define ROUND_BELOW 0.001 // loads are rounded to that part

static const double goals[] = {0.0, HEADLINE_PDR};

struct refine {
    struct search search;
    struct refine_spec spec;
    bool warm;
};

void refine_book_add(struct refine_book *book, const struct refine_trial *trial,
                     const struct network_outcome *networks, size_t network_count)
{
    if (book->count == 0) {
        book->network_count = network_count;
    }
    book->trials = memory_resize(book->trials, book->count + 1, sizeof *book->trials);
    struct refine_trial *own = &book->trials[book->count++];
    *own = *trial;
    own->counts = trial->counts && network_count > 0 && network_count == book->network_count;
    own->loss_ratio = memory_new_array(double, book->network_count);
    for (size_t n = 0; own->counts && n < network_count; n++) {
        own->counts = networks[n].tx > 0;
        own->loss_ratio[n] =
            own->counts ? (double)networks[n].lost / (double)networks[n].tx : (double)NAN;
    }
}

void refine_book_clear(struct refine_book *book)
{
    for (size_t i = 0; i < book->count; i++) {
        free(book->trials[i].loss_ratio);
    }
    free(book->trials);
    *book = (struct refine_book){0};
}

// ---- what the trials of one network say

// The loads of the trials that count, ascending, each with the median of its loss ratios.
struct curve {
    double *pps, *loss;
    size_t count;
};

static void curve_clear(struct curve *curve)
{
    free(curve->pps);
    free(curve->loss);
}
#define _cleanup_curve_ __attribute__((cleanup(curve_clear)))

// The middle of values, which it sorts; the upper one of two.
static double middle_of(double *values, size_t count)
{
    values_sort(values, count);
    return values[count / 2];
}

static struct curve curve_of(const struct refine_book *book, size_t network)
{
    struct curve curve = {memory_new_array(double, book->count),
                          memory_new_array(double, book->count), 0};
    for (size_t i = 0; i < book->count; i++) {
        if (book->trials[i].counts) {
            curve.pps[curve.count++] = book->trials[i].pps;
        }
    }
    if (curve.count == 0) {
        return curve;
    }
    values_sort(curve.pps, curve.count);
    size_t loads = 0;
    for (size_t i = 0; i < curve.count; i++) {
        if (loads == 0 || curve.pps[i] != curve.pps[loads - 1]) {
            curve.pps[loads++] = curve.pps[i];
        }
    }
    curve.count = loads;
    _cleanup_free_ double *ratios = memory_new_array(double, book->count);
    for (size_t k = 0; k < loads; k++) {
        size_t trials = 0;
        for (size_t i = 0; i < book->count; i++) {
            if (book->trials[i].counts && book->trials[i].pps == curve.pps[k]) {
                ratios[trials++] = book->trials[i].loss_ratio[network];
            }
        }
        curve.loss[k] = middle_of(ratios, trials);
    }
    return curve;
}

// ---- the next load

// A load that is worth a trial, and how much.
struct wish {
    double pps, weight;
};

static bool is_tried(const struct refine_book *book, double pps)
{
    for (size_t i = 0; i < book->count; i++) {
        if (fabs(book->trials[i].pps / pps - 1.0) < SAME) {
            return true;
        }
    }
    return false;
}

// Rounds a load up to a number with few digits, so that tables are easy to read.
static double round_load(double pps)
{
    double unit = pow(10.0, floor(log10(pps * ROUND_BELOW)) + 1.0);
    return unit > 1.0 ? ceil(pps / unit) * unit : ceil(pps);
}

// The first of several loads that was not tried; 0 = all were.
static double first_untried(const struct refine_book *book, const double *pps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double load = round_load(pps[i]);
        if (load >= LEAST_PPS && !is_tried(book, load)) {
            return load;
        }
    }
    return 0.0;
}

static size_t count_between(const struct curve *curve, double from_pps, double to_pps)
{
    size_t count = 0;
    for (size_t i = 0; i < curve->count; i++) {
        count += curve->pps[i] >= from_pps && curve->pps[i] <= to_pps;
    }
    return count;
}

// The middle of the widest gap between neighbouring loads from one bound to the other, or a load
// beside it.
static struct wish wish_between(const struct refine_book *book, const struct curve *curve,
                                const struct bounds *bounds)
{
    static const double parts[] = {0.5, 0.25, 0.75, 0.375, 0.625};
    double tries[sizeof parts / sizeof parts[0]];
    double from = bounds->low;
    double widest = 1.0;
    for (size_t i = 0; i + 1 < curve->count; i++) {
        double ratio = curve->pps[i + 1] / curve->pps[i];
        if (curve->pps[i] >= bounds->low && curve->pps[i + 1] <= bounds->high && ratio > widest) {
            from = curve->pps[i];
            widest = ratio;
        }
    }
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        tries[i] = from * pow(widest, parts[i]);
    }
    return (struct wish){first_untried(book, tries, sizeof tries / sizeof tries[0]),
                         1.0 - bounds->low / bounds->high};
}

// A load that confirms bounds which are close to each other, on the side with fewer loads.
static struct wish wish_confirming(const struct refine_book *book, const struct curve *curve,
                                   const struct bounds *bounds, double width)
{
    size_t below = count_between(curve, bounds->low * (1.0 - REACH * width), bounds->low);
    size_t above = count_between(curve, bounds->high, bounds->high * (1.0 + REACH * width));
    bool down = below <= above;
    if ((down ? below : above) >= CONFIRMING) {
        return (struct wish){0.0, 0.0};
    }
    double tries[TRIES];
    for (size_t i = 0; i < TRIES; i++) {
        double away = width * REACH * (double)(i + 1) / TRIES;
        tries[i] = down ? bounds->low * (1.0 - away) : bounds->high * (1.0 + away);
    }
    return (struct wish){first_untried(book, tries, TRIES), width / 2.0};
}

static struct wish wish_for(const struct refine_book *book, const struct curve *curve, double goal,
                            double width)
{
    if (curve->count == 0) {
        return (struct wish){0.0, 0.0};
    }
    const struct bounds bounds = bounds_enclose(curve->pps, curve->loss, curve->count, goal);
    if (isnan(bounds.high)) { // carried up to the highest load, which only the ladder can raise
        return (struct wish){0.0, 0.0};
    }
    if (isnan(bounds.low)) {
        const double half = curve->pps[0] / 2.0;
        return (struct wish){first_untried(book, &half, 1), 0.5};
    }
    return 1.0 - bounds.low / bounds.high > width ? wish_between(book, curve, &bounds)
                                                  : wish_confirming(book, curve, &bounds, width);
}

// A load of the refinement that lacks repeats, since the run was interrupted. False if none does.
static bool find_unfinished(const struct refine_spec *spec, struct load *load)
{
    const struct refine_book *book = spec->book;
    for (size_t i = 0; i < book->count; i++) {
        const struct refine_trial *trial = &book->trials[i];
        if (trial->step < spec->ladder_count) {
            continue;
        }
        for (unsigned repeat = 0; repeat < spec->repeats; repeat++) {
            bool made = false;
            for (size_t k = 0; k < book->count; k++) {
                made = made ||
                       (book->trials[k].step == trial->step && book->trials[k].repeat == repeat);
            }
            if (!made) {
                load->pps = trial->pps;
                load->step = trial->step;
                load->repeat = repeat;
                return true;
            }
        }
    }
    return false;
}

// The step of the next load; as many steps of the ladder as it has loads come first.
static unsigned next_step(const struct refine_spec *spec, unsigned *ret_loads)
{
    unsigned step = spec->ladder_count;
    *ret_loads = 0;
    for (size_t i = 0; i < spec->book->count; i++) {
        const struct refine_trial *trial = &spec->book->trials[i];
        *ret_loads += trial->step >= spec->ladder_count && trial->repeat == 0;
        step = trial->step >= step ? trial->step + 1 : step;
    }
    return step;
}

// Among the loads that the networks and goals want, the one with the greatest weight.
static bool find_wanted(const struct refine_spec *spec, struct load *load)
{
    unsigned loads = 0;
    load->step = next_step(spec, &loads);
    struct wish best = {0.0, 0.0};
    for (size_t n = 0; loads < spec->limits.most && n < spec->book->network_count; n++) {
        _cleanup_curve_ struct curve curve = curve_of(spec->book, n);
        for (size_t g = 0; g < sizeof goals / sizeof goals[0]; g++) {
            struct wish wish = wish_for(spec->book, &curve, goals[g], spec->limits.width);
            best = wish.pps > 0.0 && wish.weight > best.weight ? wish : best;
        }
    }
    load->pps = best.pps;
    return best.pps > 0.0;
}

static bool find_point(const struct refine_spec *spec, struct load *ret)
{
    *ret = (struct load){.use = LOAD_POINT,
                         .place = spec->place,
                         .length = spec->length,
                         .duration_ns = spec->duration_ns,
                         .attempts = spec->attempts};
    return find_unfinished(spec, ret) || find_wanted(spec, ret);
}

static bool refine_next(struct search *search, struct load *ret)
{
    const struct refine *refine = (const struct refine *)search;
    if (!find_point(&refine->spec, ret)) {
        return false;
    }
    if (!refine->warm) {
        ret->use = LOAD_WARM_UP;
        ret->duration_ns = SEARCH_WARM_UP_NS;
        ret->attempts = 1;
        ret->step = ret->repeat = 0;
    }
    return true;
}

static void refine_tell(struct search *search, const struct load *load,
                        const struct outcome *outcome)
{
    struct refine *refine = (struct refine *)search;
    refine->warm = load->use == LOAD_WARM_UP || outcome->kind != OUTCOME_DEATH;
}

static void refine_free(struct search *search)
{
    free(search);
}

static const struct search_ops refine_ops = {refine_next, refine_tell, refine_free};

struct search *refine_new(const struct refine_spec *spec)
{
    struct refine *refine = memory_new(1, sizeof *refine);
    *refine = (struct refine){.search = {.ops = &refine_ops}, .spec = *spec, .warm = spec->warm};
    return &refine->search;
}

bool refine_is_done(const struct refine_spec *spec)
{
    struct load load;
    return spec->limits.most == 0 || !find_point(spec, &load);
}
