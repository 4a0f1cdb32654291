// SPDX-License-Identifier: GPL-3.0-or-later
// model/predict — the predictions of a fitted model for a set-up, and what it does not know.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/fit.h"
#include "model/model.h"

#define BEYOND_LENGTH 0.25 // part by which a length may exceed the measured ones
#define BEYOND_FLOWS  8U   // times as many flows as were measured
#define LEAST_BUSY    0.6  // part of the CPUs that some point must have used
#define BEYOND_LOAD   1.15 // times the overload that was measured
#define SCARCE        0.3  // by which rates may differ if no valid point is beyond the knee
#define EACH_DOUBLING                                                                              \
    0.12 // by which rates may be lower, of the number of networks that was measured

// ---- what is known

// Returns the fit for a set-up, or NULL with the reason in `ret_why`, which the caller frees.
static const struct fitted *find_fit(const struct model *model, const struct model_setup *setup,
                                     char **ret_why)
{
    const struct fitted *found = NULL;
    const struct fitted *near = NULL; // has the platform, but not the rest
    bool platform = false;
    bool topology = false;
    for (size_t i = 0; i < model->count; i++) {
        const struct fitted *fitted = &model->items[i];
        if (!text_equal(fitted->platform, setup->platform)) {
            continue;
        }
        platform = true;
        if (fitted->topology != setup->topology) {
            continue;
        }
        topology = true;
        near = fitted;
        bool engine =
            text_equal(setup->engine, "auto") || text_equal(setup->engine, fitted->engine);
        if (!engine || !text_equal(setup->work, fitted->work)) {
            continue;
        }
        if (found != NULL) {
            *ret_why = text_format("engine auto: the runs measured with %s and %s, whose loads "
                                   "cost different CPU time",
                                   found->engine, fitted->engine);
            return NULL;
        }
        found = fitted;
    }
    if (found != NULL) {
        return found;
    }
    if (!platform) {
        *ret_why =
            text_format("no run on platform %s: CPU costs of %s do not transfer", setup->platform,
                        model->count > 0 ? model->items[0].platform : "others");
    } else if (!topology) {
        *ret_why = text_format("no point of topology %s", topology_name(setup->topology));
    } else if (!text_equal(setup->work, near->work)) {
        *ret_why = text_copy(text_starts(setup->work, MODEL_IMAGE)
                                 ? "no run whose routers have the same image and configuration"
                                 : "no run whose routers do the same work besides forwarding");
    } else {
        *ret_why = text_format("no point of engine %s in topology %s", setup->engine,
                               topology_name(setup->topology));
    }
    return NULL;
}

// Returns why the observations do not support a set-up, or NULL; the caller frees it.
static char *find_excess(const struct fitted *fitted, const struct model_setup *setup)
{
    for (size_t i = 0; i < setup->flow_count; i++) {
        double length = setup->flows[i].ip_length;
        if (length > fitted->longest * (1.0 + BEYOND_LENGTH) ||
            length < fitted->shortest * (1.0 - BEYOND_LENGTH)) {
            return fitted->shortest < fitted->longest
                       ? text_format("IP packets of %.0f bytes: the points have %.0f to %.0f",
                                     length, fitted->shortest, fitted->longest)
                       : text_format("IP packets of %.0f bytes: the points have %.0f only", length,
                                     fitted->longest);
        }
    }
    if (setup->cpus < fitted->cpus_min || setup->cpus > fitted->cpus_max) {
        return fitted->cpus_min < fitted->cpus_max
                   ? text_format("%u CPUs: the points have %u to %u", setup->cpus, fitted->cpus_min,
                                 fitted->cpus_max)
                   : text_format("%u CPUs: the points have %u", setup->cpus, fitted->cpus_max);
    }
    if (setup->flow_count > BEYOND_FLOWS * fitted->most_flows) {
        return text_format("%zu networks: the points have at most %zu", setup->flow_count,
                           fitted->most_flows);
    }
    if (fitted->uncapped == 0) {
        return text_copy("a cap was reached in each point, so that the costs of packets are not "
                         "known");
    }
    if (fitted->busiest < LEAST_BUSY) {
        return text_format("no point used more than %.0f %% of the CPUs, so that the limit is not "
                           "in sight",
                           100.0 * fitted->busiest);
    }
    return NULL;
}

// Returns the fit if the set-up is known; else NULL and the reason.
static const struct fitted *find_support(const struct model *model, const struct model_setup *setup,
                                         char **ret_why)
{
    if (setup->topology == TOPOLOGY_DIRECT) {
        *ret_why = text_copy("topology direct has no router: the tester is its limit");
        return NULL;
    }
    if (setup->beyond != NULL || setup->flow_count == 0) {
        *ret_why = text_copy(setup->beyond == NULL ? "it has no network" : setup->beyond);
        return NULL;
    }
    const struct fitted *fitted = find_fit(model, setup, ret_why);
    char *excess = fitted == NULL ? NULL : find_excess(fitted, setup);
    if (excess != NULL) {
        *ret_why = excess;
        return NULL;
    }
    return fitted;
}

// ---- figures of one set of costs

struct outcome {
    double *throughput, *max; // of each flow
    double *received;         // of each flow and load
    double *percent;          // of each party and the total at the throughput
    double *percent_at;       // of each party and the total, and each load
    size_t lossy_flow, lossy_stage;
};

static void outcome_clear(struct outcome *outcome)
{
    free(outcome->throughput);
    free(outcome->max);
    free(outcome->received);
    free(outcome->percent);
    free(outcome->percent_at);
}

static void note_percent(const struct solution *solution, size_t parties, double *ret,
                         size_t spacing)
{
    double sum = 0.0;
    for (size_t i = 0; i < parties; i++) {
        ret[i * spacing] = solution->percent[i];
        sum += solution->percent[i];
    }
    ret[parties * spacing] = sum;
}

static void make_outcome(const struct costs *costs, const struct model_setup *setup,
                         const double *loads, struct outcome *ret)
{
    size_t flows = setup->flow_count;
    size_t parties = setup->party_count;
    *ret = (struct outcome){
        .throughput = memory_new_array(double, flows),
        .max = memory_new_array(double, flows),
        .received = memory_new_array(double, flows *MODEL_LOADS),
        .percent = memory_new_array(double, parties + 1),
        .percent_at = memory_new_array(double, (parties + 1) * MODEL_LOADS),
    };
    double knee = solve_knee(costs, setup);
    // Besides the curve: the throughput, the knee, and overloads in which a cap may pass more.
    const double others[] = {knee * fmin(costs->onset, 1.0), knee, 4.0 * knee, 8.0 * knee,
                             16.0 * knee};
    for (size_t k = 0; k < MODEL_LOADS + sizeof others / sizeof others[0]; k++) {
        double load = k < MODEL_LOADS ? loads[k] : others[k - MODEL_LOADS];
        _cleanup_solution_ struct solution solution;
        solve_load(costs, setup, load, &solution);
        for (size_t i = 0; i < flows; i++) {
            ret->max[i] = fmax(ret->max[i], solution.received[i]);
            if (k < MODEL_LOADS) {
                ret->received[i * MODEL_LOADS + k] = solution.received[i];
            }
        }
        if (k < MODEL_LOADS) {
            note_percent(&solution, parties, ret->percent_at + k, MODEL_LOADS);
            ret->lossy_flow = solution.lossy_flow;
            ret->lossy_stage = solution.lossy_stage;
        } else if (k == MODEL_LOADS) {
            note_percent(&solution, parties, ret->percent, 1);
        }
    }
    for (size_t i = 0; i < flows; i++) {
        ret->throughput[i] = fmin(flow_offered(&setup->flows[i], knee * costs->onset), ret->max[i]);
    }
}

// What is received if earlier stages take none of the contended CPU time first, and all of it: the
// ends of an interval where no point determines their part.
struct extremes {
    double from_load; // packets/s
    struct outcome fair, livelock;
};

static void make_extremes(const struct fitted *fitted, const struct model_setup *setup,
                          const double *loads, double knee, struct extremes *ret)
{
    struct costs costs = fitted->costs;
    ret->from_load =
        fitted->beyond < FIT_LEAST_VALID ? knee : knee * fmax(fitted->overload, 1.0) * BEYOND_LOAD;
    costs.upstream = 0.0;
    make_outcome(&costs, setup, loads, &ret->fair);
    costs.upstream = 1.0;
    make_outcome(&costs, setup, loads, &ret->livelock);
}

static void extremes_clear(struct extremes *extremes)
{
    outcome_clear(&extremes->fair);
    outcome_clear(&extremes->livelock);
}

// ---- intervals

// A value of each resampled fit, and quantiles of the errors that the fit left on the points.
static struct model_figure make_figure(double value, const double *values, double low_error,
                                       double high_error, bool relative)
{
    _cleanup_free_ double *copy = memory_new_array(double, FIT_RESAMPLES);
    memcpy(copy, values, FIT_RESAMPLES * sizeof *copy);
    struct value_list list = {copy, FIT_RESAMPLES};
    double low = fmin(value, list_quantile(&list, MODEL_ERROR / 2.0));
    double high = fmax(value, list_quantile(&list, 1.0 - MODEL_ERROR / 2.0));
    // Both are independent: distances add by squares.
    if (relative) {
        double below = hypot(value > 0 ? 1.0 - low / value : 0.0, 1.0 - exp(low_error));
        double above = hypot(value > 0 ? high / value - 1.0 : 0.0, exp(high_error) - 1.0);
        return (struct model_figure){value, value * fmax(1.0 - below, 0.0), value * (1.0 + above)};
    }
    return (struct model_figure){value, fmax(value - hypot(value - low, low_error), 0.0),
                                 value + hypot(high - value, high_error)};
}

struct errors {
    double rate_low, rate_high, usage_low, usage_high;
    double crowding; // part of rate_low
};

// The part by which rates of more networks than were measured may be lower than predicted.
static double find_crowding(const struct fitted *fitted, const struct model_setup *setup)
{
    double more = (double)setup->flow_count / (double)fitted->most_flows;
    return more > 1.0 ? fmin(EACH_DOUBLING * log2(more), 0.9) : 0.0;
}

// The part by which rates may differ since few points determine the limit.
static double find_scarcity(const struct fitted *fitted)
{
    double beyond = (double)fitted->beyond / FIT_LEAST_VALID;
    return SCARCE * fmax(1.0 - beyond, 0.0);
}

// Quantiles of the errors on the points, which include 0.
static struct errors find_errors(const struct fitted *fitted, const struct model_setup *setup)
{
    struct value_list rates = fitted->rate_errors;
    struct value_list usages = fitted->usage_errors;
    struct errors errors = {
        .rate_low = list_quantile(&rates, MODEL_ERROR / 2.0),
        .rate_high = list_quantile(&rates, 1.0 - MODEL_ERROR / 2.0),
        .usage_low = list_quantile(&usages, MODEL_ERROR / 2.0),
        .usage_high = list_quantile(&usages, 1.0 - MODEL_ERROR / 2.0),
        .crowding = log(1.0 - find_crowding(fitted, setup)),
    };
    errors.rate_low = isnan(errors.rate_low) ? -0.1 : fmin(errors.rate_low, 0.0);
    errors.rate_high = isnan(errors.rate_high) ? 0.1 : fmax(errors.rate_high, 0.0);
    double scarcity = find_scarcity(fitted);
    errors.rate_low = -hypot(hypot(errors.rate_low, errors.crowding), log(1.0 - scarcity));
    errors.rate_high = hypot(errors.rate_high, log(1.0 + scarcity));
    errors.usage_low = fmin(errors.usage_low, 0.0);
    errors.usage_high = fmax(errors.usage_high, 0.0);
    return errors;
}

static void fill_curve(const struct model_setup *setup, size_t flow, const struct outcome *all,
                       const struct extremes *extremes, const double *loads,
                       const struct errors *errors, struct model_curve *ret)
{
    const struct outcome *best = &all[FIT_RESAMPLES];
    double values[FIT_RESAMPLES];
    ret->network = text_copy(setup->flows[flow].name);
    for (size_t k = 0; k < MODEL_LOADS; k++) {
        size_t at = flow * MODEL_LOADS + k;
        double offered = flow_offered(&setup->flows[flow], loads[k]);
        for (size_t i = 0; i < FIT_RESAMPLES; i++) {
            values[i] = all[i].received[at];
        }
        bool near = best->percent_at[setup->party_count * MODEL_LOADS + k] > 0 &&
                    loads[k] >= loads[MODEL_LOADS - 1] * 0.4;
        struct model_figure figure =
            make_figure(best->received[at], values, near ? errors->rate_low : 0.0,
                        near ? errors->rate_high : 0.0, true);
        if (loads[k] > extremes->from_load) {
            // A livelock takes from most flows, but may leave more to one whose stages are early.
            const double fair = extremes->fair.received[at];
            const double livelock = extremes->livelock.received[at];
            figure.low = fmin(figure.low, fmin(fair, livelock));
            figure.high = fmax(figure.high, fmax(fair, livelock));
        }
        ret->offered_pps[k] = offered;
        ret->received_pps[k] = fmin(figure.value, offered);
        ret->low_pps[k] = fmin(figure.low, offered);
        ret->high_pps[k] = fmin(figure.high, offered);
    }
    for (size_t i = 0; i < FIT_RESAMPLES; i++) {
        values[i] = all[i].throughput[flow];
    }
    ret->throughput_pps = make_figure(best->throughput[flow], values, errors->crowding, 0.0, true);
    for (size_t i = 0; i < FIT_RESAMPLES; i++) {
        values[i] = all[i].max[flow];
    }
    ret->max_pps = make_figure(best->max[flow], values, errors->rate_low, errors->rate_high, true);
}

static void fill_usage(const struct model_setup *setup, size_t party, const struct outcome *all,
                       const struct errors *errors, struct model_usage *ret)
{
    const struct outcome *best = &all[FIT_RESAMPLES];
    double values[FIT_RESAMPLES];
    bool total = party == setup->party_count;
    ret->name = text_copy(total ? "total" : setup->parties[party].name);
    for (size_t i = 0; i < FIT_RESAMPLES; i++) {
        values[i] = all[i].percent[party];
    }
    bool idle = best->percent[party] <= 0;
    ret->percent = make_figure(best->percent[party], values, idle ? 0.0 : errors->usage_low,
                               idle ? 0.0 : errors->usage_high, false);
    memcpy(ret->at, best->percent_at + party * MODEL_LOADS, sizeof ret->at);
}

static char *name_bottleneck(const struct fitted *fitted, const struct model_setup *setup,
                             const struct outcome *best)
{
    const struct model_flow *flow = &setup->flows[best->lossy_flow];
    const struct model_party *party = &setup->parties[flow->stages[best->lossy_stage]];
    if (party->cap > 0 &&
        best->percent_at[flow->stages[best->lossy_stage] * MODEL_LOADS + MODEL_LOADS - 1] >=
            0.99 * party->cap) {
        return text_format("cap of %s", party->name);
    }
    double total = best->percent_at[setup->party_count * MODEL_LOADS + MODEL_LOADS - 1];
    if (total < 95.0 * fitted->costs.usable * setup->cpus) {
        return text_format("one CPU for each thread of %s", party->name);
    }
    return text_format("CPU%s; losses at %s", setup->cpus > 1 ? "s" : "", party->name);
}

void model_predict(const struct model *model, const struct model_setup *setup,
                   struct prediction *ret)
{
    *ret = (struct prediction){.known = false};
    const struct fitted *fitted = find_support(model, setup, &ret->why_unknown);
    if (fitted == NULL) {
        return;
    }
    double knee = solve_knee(&fitted->costs, setup);
    if (knee <= 0 || knee > 1e9) {
        ret->why_unknown = text_copy(knee <= 0 ? "the networks with a rate of their own lose "
                                                 "packets at any load"
                                               : "its load does not grow");
        return;
    }
    double loads[MODEL_LOADS];
    for (size_t i = 0; i < MODEL_LOADS; i++) {
        loads[i] = 2.0 * knee * (double)(i + 1) / MODEL_LOADS;
    }
    struct outcome all[FIT_RESAMPLES + 1]; // the last is that of the costs themselves
    for (size_t i = 0; i <= FIT_RESAMPLES; i++) {
        make_outcome(i < FIT_RESAMPLES ? &fitted->resampled[i] : &fitted->costs, setup, loads,
                     &all[i]);
    }
    struct errors errors = find_errors(fitted, setup);
    struct extremes extremes;
    make_extremes(fitted, setup, loads, knee, &extremes);
    ret->known = true;
    ret->curve_count = setup->flow_count;
    ret->curves = memory_new_array(struct model_curve, ret->curve_count);
    for (size_t i = 0; i < ret->curve_count; i++) {
        fill_curve(setup, i, all, &extremes, loads, &errors, &ret->curves[i]);
    }
    ret->usage_count = setup->party_count + 1;
    ret->usages = memory_new_array(struct model_usage, ret->usage_count);
    for (size_t i = 0; i < ret->usage_count; i++) {
        fill_usage(setup, i, all, &errors, &ret->usages[i]);
    }
    ret->bottleneck = name_bottleneck(fitted, setup, &all[FIT_RESAMPLES]);
    extremes_clear(&extremes);
    for (size_t i = 0; i <= FIT_RESAMPLES; i++) {
        outcome_clear(&all[i]);
    }
}

bool model_predict_load(const struct model *model, const struct model_setup *setup, double load_pps,
                        double *ret_received, double *ret_percent)
{
    _cleanup_free_ char *why = NULL;
    const struct fitted *fitted = find_support(model, setup, &why);
    if (fitted == NULL) {
        return false;
    }
    _cleanup_solution_ struct solution solution;
    solve_load(&fitted->costs, setup, load_pps, &solution);
    memcpy(ret_received, solution.received, setup->flow_count * sizeof *ret_received);
    memcpy(ret_percent, solution.percent, setup->party_count * sizeof *ret_percent);
    return true;
}

void prediction_clear(struct prediction *prediction)
{
    for (size_t i = 0; i < prediction->curve_count; i++) {
        free(prediction->curves[i].network);
    }
    for (size_t i = 0; i < prediction->usage_count; i++) {
        free(prediction->usages[i].name);
    }
    free(prediction->curves);
    free(prediction->usages);
    free(prediction->bottleneck);
    free(prediction->why_unknown);
    *prediction = (struct prediction){.known = false};
}
