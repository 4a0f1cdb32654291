// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * model/baseline — six simpler ways to predict rates from the same points, which the model has to
 * beat. docs/prediction.md defines them. Called by report/prediction.c.
 */
#ifndef VRBENCH_MODEL_BASELINE_H
#define VRBENCH_MODEL_BASELINE_H

#include "model/model.h"

enum baseline {
    BASELINE_SOLO,       // rate of one router ÷ number of networks
    BASELINE_SHARE,      // rate of one router × its share of the CPU by weight and cap
    BASELINE_CONSTANT,   // constant CPU time per packet, with shares and caps
    BASELINE_REGRESSION, // linear regression on networks, length and cap
    BASELINE_NEAREST,    // the most similar sweep
    BASELINE_USL,        // Gunther's scalability curve through one and two routers
    BASELINE_COUNT
};

// Rates of each flow; NaN = the points do not give the figure.
struct baseline_rates {
    double *max_pps, *throughput_pps;
};

const char *baseline_key(enum baseline baseline);  // "solo", "share", …
const char *baseline_name(enum baseline baseline); // for people
void baseline_predict(const struct model *model, const struct model_setup *setup,
                      enum baseline baseline, struct baseline_rates *ret);
void baseline_clear(struct baseline_rates *rates);

#endif
