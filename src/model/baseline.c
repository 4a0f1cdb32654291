// SPDX-License-Identifier: GPL-3.0-or-later
// model/baseline — see baseline.h.
#include "model/baseline.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "model/fit.h"
#include "version.h"

#if HAVE_GSL
#include <gsl/gsl_multifit.h>
#endif

#define FEATURES 4 // of the regression: 1, networks, length, cap

static const struct {
    const char *key, *name;
} names[BASELINE_COUNT] = {
    [BASELINE_SOLO] = {"solo", "solo / N"},
    [BASELINE_SHARE] = {"share", "solo x CPU share"},
    [BASELINE_CONSTANT] = {"constant", "constant ns a packet"},
    [BASELINE_REGRESSION] = {"regression", "linear regression"},
    [BASELINE_NEAREST] = {"nearest", "nearest neighbour"},
    [BASELINE_USL] = {"usl", "scalability curve"},
};

const char *baseline_key(enum baseline baseline)
{
    return names[baseline].key;
}

const char *baseline_name(enum baseline baseline)
{
    return names[baseline].name;
}

// One of the two figures of a sweep.
static double fact_rate(const struct sweep_fact *fact, bool throughput)
{
    return throughput ? fact->throughput_pps : fact->max_pps;
}

static double distance(const struct sweep_fact *fact, double length, double flows, double cap)
{
    double by_length = log2(fact->ip_length / length);
    double by_flows = log2((double)fact->flows / flows);
    double by_cap = (fact->cap - cap) / 50.0;
    return by_length * by_length + by_flows * by_flows + by_cap * by_cap;
}

static bool fact_is_near(const struct sweep_fact *fact, size_t flows, double length)
{
    return (flows == 0 || fact->flows == flows) && (length == 0 || fact->ip_length == length);
}

// The mean of a figure over repeats of uncapped sweeps with that many flows, at the measured length
// that is nearest; NaN if there is none. ret_ns (may be NULL) gets CPU time per packet.
static double mean_of_sweeps(const struct fitted *fitted, size_t flows, double length,
                             bool throughput, double ret_ns[2])
{
    double nearest = 0.0;
    for (size_t i = 0; i < fitted->fact_count; i++) {
        const struct sweep_fact *fact = &fitted->facts[i];
        double off = fabs(log(fact->ip_length / length));
        if (fact_is_near(fact, flows, 0) && fact->cap >= 100.0 &&
            (nearest == 0.0 || off < fabs(log(nearest / length)))) {
            nearest = fact->ip_length;
        }
    }
    double sum = 0.0;
    double ns[2] = {0.0, 0.0};
    size_t count = 0;
    for (size_t i = 0; i < fitted->fact_count; i++) {
        const struct sweep_fact *fact = &fitted->facts[i];
        if (nearest > 0.0 && fact_is_near(fact, flows, nearest) && fact->cap >= 100.0 &&
            isfinite(fact_rate(fact, throughput))) {
            sum += fact_rate(fact, throughput);
            ns[0] += fact->host_ns;
            ns[1] += fact->router_ns;
            count++;
        }
    }
    for (size_t i = 0; ret_ns != NULL && i < 2; i++) {
        ret_ns[i] = ns[i] / (double)count;
    }
    return sum / (double)count; // 0 / 0 = NaN
}

// The router of a flow: its first stage that is not the host.
static const struct model_party *router_of(const struct model_setup *setup,
                                           const struct model_flow *flow)
{
    for (size_t i = 0; i < flow->stage_count; i++) {
        if (flow->stages[i] != MODEL_HOST) {
            return &setup->parties[flow->stages[i]];
        }
    }
    return &setup->parties[MODEL_HOST];
}

// Part of the CPU that belongs to a flow's router: by its weight among the routers.
static double share_of(const struct model_setup *setup, const struct model_flow *flow)
{
    double sum = 0.0;
    for (size_t i = 1; i < setup->party_count; i++) {
        sum += setup->parties[i].weight;
    }
    return sum > 0 ? router_of(setup, flow)->weight / sum : 1.0;
}

#if HAVE_GSL
static double predict_regression(const struct fitted *fitted, const double *asked, bool throughput)
{
    gsl_matrix *rows = gsl_matrix_calloc(fitted->fact_count + FEATURES, FEATURES);
    gsl_vector *rates = gsl_vector_calloc(fitted->fact_count + FEATURES);
    size_t count = 0;
    for (size_t i = 0; i < fitted->fact_count; i++) {
        const struct sweep_fact *fact = &fitted->facts[i];
        if (isfinite(fact_rate(fact, throughput))) {
            const double features[FEATURES] = {1.0, (double)fact->flows, fact->ip_length,
                                               fact->cap};
            for (size_t k = 0; k < FEATURES; k++) {
                gsl_matrix_set(rows, count, k, features[k]);
            }
            gsl_vector_set(rates, count++, fact_rate(fact, throughput));
        }
    }
    // The rows of zeros let there be at least as many rows as features; a feature that does not
    // vary then gets the coefficients of the least norm.
    double rate = (double)NAN;
    if (count > 0) {
        gsl_multifit_linear_workspace *space =
            gsl_multifit_linear_alloc(fitted->fact_count + FEATURES, FEATURES);
        gsl_vector *c = gsl_vector_alloc(FEATURES);
        gsl_matrix *covariance = gsl_matrix_alloc(FEATURES, FEATURES);
        double squares;
        if (gsl_multifit_linear(rows, rates, c, covariance, &squares, space) == 0) {
            rate = 0.0;
            for (size_t k = 0; k < FEATURES; k++) {
                rate += gsl_vector_get(c, k) * asked[k];
            }
        }
        gsl_vector_free(c);
        gsl_matrix_free(covariance);
        gsl_multifit_linear_free(space);
    }
    gsl_matrix_free(rows);
    gsl_vector_free(rates);
    return isnan(rate) ? rate : fmax(rate, 0.0);
}
#else
static double predict_regression(const struct fitted *fitted, const double *asked, bool throughput)
{
    (void)fitted;
    (void)asked;
    (void)throughput;
    return (double)NAN; // no model is fitted without GSL
}
#endif

static double predict_nearest(const struct fitted *fitted, const double *asked, bool throughput)
{
    double rate = (double)NAN;
    double least = (double)INFINITY;
    for (size_t i = 0; i < fitted->fact_count; i++) {
        const struct sweep_fact *fact = &fitted->facts[i];
        double off = distance(fact, asked[2], asked[1], asked[3]);
        if (isfinite(fact_rate(fact, throughput)) && off < least) {
            least = off;
            rate = fact_rate(fact, throughput);
        }
    }
    return rate;
}

static double predict_flow(const struct fitted *fitted, const struct model_setup *setup,
                           const struct model_flow *flow, enum baseline baseline, bool throughput)
{
    const struct model_party *router = router_of(setup, flow);
    double flows = (double)setup->flow_count;
    double cap = router->cap > 0 ? router->cap : 100.0;
    const double asked[FEATURES] = {1.0, flows, flow->ip_length, cap};
    double ns[2];
    double solo = mean_of_sweeps(fitted, 1, flow->ip_length, throughput, ns);
    double pair;
    switch (baseline) {
    case BASELINE_SOLO:
        return solo / flows;
    case BASELINE_SHARE:
        return solo * fmin(share_of(setup, flow), cap / 100.0);
    case BASELINE_CONSTANT:
        return fmin(setup->cpus * 1e9 / (ns[0] + ns[1]) * share_of(setup, flow),
                    cap / 100.0 * 1e9 / ns[1]);
    case BASELINE_REGRESSION:
        return predict_regression(fitted, asked, throughput);
    case BASELINE_NEAREST:
        return predict_nearest(fitted, asked, throughput);
    case BASELINE_USL:
        pair = mean_of_sweeps(fitted, 2, flow->ip_length, throughput, NULL);
        // X(N) = N·X(1) / (1 + σ (N - 1)); `pair` is X(2) / 2.
        // Two that carry more than twice as much as one, by noise, would have no limit.
        return isnan(pair) ? pair : solo / (1.0 + fmax(solo / pair - 1.0, 0.0) * (flows - 1.0));
    case BASELINE_COUNT:
        break;
    }
    return (double)NAN;
}

// The points of a set-up's kind; NULL if there are none, or, for engine auto, of several engines.
static const struct fitted *find_fitted(const struct model *model, const struct model_setup *setup)
{
    const struct fitted *found = NULL;
    for (size_t i = 0; i < model->count; i++) {
        const struct fitted *fitted = &model->items[i];
        bool engine =
            text_equal(setup->engine, "auto") || text_equal(setup->engine, fitted->engine);
        if (engine && fitted->topology == setup->topology &&
            text_equal(fitted->platform, setup->platform) &&
            text_equal(fitted->work, setup->work)) {
            if (found != NULL) {
                return NULL;
            }
            found = fitted;
        }
    }
    return found;
}

void baseline_predict(const struct model *model, const struct model_setup *setup,
                      enum baseline baseline, struct baseline_rates *ret)
{
    ret->max_pps = memory_new_array(double, setup->flow_count);
    ret->throughput_pps = memory_new_array(double, setup->flow_count);
    const struct fitted *fitted = find_fitted(model, setup);
    for (size_t i = 0; i < setup->flow_count; i++) {
        const struct model_flow *flow = &setup->flows[i];
        ret->max_pps[i] =
            fitted == NULL ? (double)NAN : predict_flow(fitted, setup, flow, baseline, false);
        ret->throughput_pps[i] =
            fitted == NULL ? (double)NAN : predict_flow(fitted, setup, flow, baseline, true);
    }
}

void baseline_clear(struct baseline_rates *rates)
{
    free(rates->max_pps);
    free(rates->throughput_pps);
    *rates = (struct baseline_rates){NULL, NULL};
}
