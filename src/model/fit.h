// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model/fit — a fitted model: for each platform, engine, work of the routers and topology the
 * costs, fitted by GSL's nonlinear least squares, and the same of resampled observations. Internal
 * to model/.
 */
#ifndef VRBENCH_MODEL_FIT_H
#define VRBENCH_MODEL_FIT_H

#include "model/observe.h"

#define FIT_RESAMPLES 40

#define FIT_LEAST_VALID 4U // valid points beyond the knee that determine what happens there

struct value_list {
    double *items;
    size_t count;
};

// Measured figures of a sweep, for the baselines. Rates are those of a mean flow.
struct sweep_fact {
    size_t flows;
    double ip_length, cap;          // `cap` of the first router in percent; 100 = none
    double max_pps, throughput_pps; // NaN = unknown
    double host_ns, router_ns;      // CPU time per packet received, at the throughput
};

// What the observations of one kind support.
struct fitted {
    char *platform, *engine, *work;
    enum topology topology;
    struct costs costs;
    struct costs resampled[FIT_RESAMPLES];
    double shortest, longest; // IP lengths
    unsigned cpus_min, cpus_max;
    size_t most_flows, observations;
    size_t uncapped; // observations in which no party reached a cap
    double busiest;  // highest use of CPUs, 0 to 1
    size_t beyond;   // valid points beyond the knee
    double overload; // load over the knee, up to which observations determine `upstream`
    // Logarithms of measured over predicted rates: of loads near or beyond the knee.
    struct value_list rate_errors;
    struct value_list usage_errors; // percentage points: measured less predicted
    struct value_list onsets;       // measured throughput over the knee, of each sweep
    struct sweep_fact *facts;       // of each sweep
    size_t fact_count;
};

struct model {
    struct fitted *items;
    size_t count;
};

// Whether vrbench was built with GSL; if not, nothing is fitted. Called before all others.
bool fit_is_built(void);
// Fits the costs of observations of one kind.
void fit_kind(struct observation *const *seen, size_t count, uint64_t seed, struct fitted *ret);
// The costs of one sample of observations, starting from `start`.
struct costs fit_costs(struct observation *const *seen, size_t count, const struct costs *start);
double list_quantile(const struct value_list *list, double part); // sorts; NaN if empty
void list_add(struct value_list *list, double value);

#endif
