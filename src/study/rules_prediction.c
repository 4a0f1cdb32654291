// SPDX-License-Identifier: GPL-3.0-or-later
// study/rules_prediction — claim 11: runs of one and two routers predict four. The model
// (docs/prediction.md) sees no point of four routers. Called through the table of claims.c.
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/model.h"
#include "study/rules.h"

#define FOUR     "four-routers"
#define TOPOLOGY "bridged"
#define LENGTH   64U
#define SEED     1U // of the model's resampling: equal points give equal verdicts

static const char *const fitted[] = {"scenario-1", "overload", "scenario-2", "overload-2"};
#define FITTED (sizeof fitted / sizeof fitted[0])

// A figure of all networks together at one load.
struct foretold {
    double value, low, high;
};

static bool predict(const struct study_results *results, struct claim_result *result,
                    struct prediction *ret)
{
    struct model_run runs[FITTED];
    const struct study_run *four = study_run(results, FOUR);
    for (size_t i = 0; i < FITTED; i++) {
        const struct study_run *run = study_run(results, fitted[i]);
        if (!claim_has_run(results, result, fitted[i]) || run == NULL) {
            return false;
        }
        runs[i] = (struct model_run){&run->points, run->scenario};
        if (run->scenario == NULL) {
            claim_part(result, CLAIM_UNDECIDED, "The scenario of %s is unknown.", fitted[i]);
            return false;
        }
    }
    if (!claim_has_run(results, result, FOUR) || four == NULL || four->scenario == NULL) {
        return false;
    }
    struct model *model = NULL;
    _cleanup_error_ struct error why = ERROR_INIT;
    if (model_fit(runs, FITTED, SEED, &model, &why) < 0) {
        claim_part(result, CLAIM_UNDECIDED, "No model fits the runs: %s.", why.text);
        return false;
    }
    _cleanup_model_setup_ struct model_setup setup;
    model_setup_make(four->scenario, TOPOLOGY_BRIDGED, LENGTH, &setup);
    model_predict(model, &setup, ret);
    model_free(model);
    if (!ret->known) {
        claim_part(result, CLAIM_UNDECIDED, "The model does not know: %s.", ret->why_unknown);
        prediction_clear(ret);
        return false;
    }
    return true;
}

// Interpolates what all networks receive if each is offered `pps`; false beyond the curves.
static bool foretell(const struct prediction *prediction, double pps, struct foretold *ret)
{
    struct foretold sum = {0.0, 0.0, 0.0};
    for (size_t i = 0; i < prediction->curve_count; i++) {
        const struct model_curve *curve = &prediction->curves[i];
        size_t next = 0;
        while (next < MODEL_LOADS && curve->offered_pps[next] < pps) {
            next++;
        }
        if (next == MODEL_LOADS) {
            return false;
        }
        const size_t last = next == 0 ? 0 : next - 1;
        const double span = curve->offered_pps[next] - curve->offered_pps[last];
        const double part = span > 0.0 ? (pps - curve->offered_pps[last]) / span : 0.0;
        // Below the first load nothing is lost.
        const double scale = next == 0 ? pps / curve->offered_pps[0] : 1.0;
#define AT(of) (scale * (curve->of[last] + (curve->of[next] - curve->of[last]) * part))
        sum.value += AT(received_pps);
        sum.low += AT(low_pps);
        sum.high += AT(high_pps);
#undef AT
    }
    *ret = sum;
    return true;
}

static void judge_load(const struct study_results *results, struct claim_result *result,
                       const struct prediction *prediction, double pps)
{
    const struct condition condition = {FOUR, TOPOLOGY, LENGTH, pps};
    const struct sample sample = sample_of(results, &condition, figure_forwarded, NULL);
    const struct named_sample needed = {&sample, &condition};
    struct foretold said;
    char load[48], measured[48], expected[48];
    text_group_digits(pps, 0, load);
    if (!claim_has(results, result, &needed, 1)) {
        return;
    }
    if (!foretell(prediction, pps, &said)) {
        claim_part(result, CLAIM_UNDECIDED,
                   "%s packets/s are more than twice what is predicted to be carried.", load);
        return;
    }
    const struct span bounds = sample_bounds(&sample);
    const struct span border = {said.low / (1.0 + RUN_TO_RUN), said.high * (1.0 + RUN_TO_RUN)};
    text_group_digits(sample.median, 0, measured);
    text_group_digits(said.value, 0, expected);
    claim_measured(result,
                   "At %s packets/s a network, four routers forward %s packets/s; predicted were "
                   "%s (%+.1f %%), from %.2f to %.2f times that.",
                   load, measured, expected, (said.value / sample.median - 1.0) * 100,
                   said.low / said.value, said.high / said.value);
    claim_value(result, sample.median, "packets/s", "forwarded at %s a network", load);
    claim_value(result, said.value, "packets/s", "predicted at %s a network", load);
    if (said.high - said.low > WIDE_PREDICTION * said.value) {
        claim_part(result, CLAIM_UNDECIDED, "At %s packets/s the prediction is too uncertain.",
                   load);
        return;
    }
    enum claim_verdict verdict = CLAIM_UNDECIDED;
    if (bounds.low >= border.low && bounds.high <= border.high) {
        verdict = CLAIM_CONFIRMED;
    } else if (bounds.high < border.low || bounds.low > border.high) {
        verdict = CLAIM_REFUTED;
    }
    claim_part(result, verdict, "At %s packets/s a network the prediction %s.", load,
               verdict == CLAIM_CONFIRMED ? "holds"
               : verdict == CLAIM_REFUTED ? "is wrong"
                                          : "may hold or not: the trials vary across its border");
}

void judge_prediction(const struct study_results *results, struct claim_result *result)
{
    _cleanup_prediction_ struct prediction prediction = {.known = false};
    _cleanup_free_ double *loads = NULL;
    if (!predict(results, result, &prediction)) {
        return;
    }
    const size_t count = study_loads(results, FOUR, TOPOLOGY, LENGTH, &loads);
    double worst = (double)NAN;
    for (size_t i = 0; i < count; i++) {
        const struct condition condition = {FOUR, TOPOLOGY, LENGTH, loads[i]};
        const struct sample sample = sample_of(results, &condition, figure_forwarded, NULL);
        struct foretold said;
        judge_load(results, result, &prediction, loads[i]);
        if (sample.valid > 0 && foretell(&prediction, loads[i], &said)) {
            const double off = said.value / sample.median - 1.0;
            worst = fmax(fabs(off), worst);
        }
    }
    if (!isnan(worst)) {
        claim_here(result, "four from one and two: at most %.0f %% off", worst * 100);
    }
}
