// SPDX-License-Identifier: GPL-3.0-or-later
// model/fitting — fitting each kind of observation, and what the fit says of one packet (model.h).
#include "model/model.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "model/fit.h"

static bool same_kind(const struct observation *a, const struct observation *b)
{
    return a->setup.topology == b->setup.topology &&
           text_equal(a->setup.platform, b->setup.platform) &&
           text_equal(a->setup.engine, b->setup.engine) && text_equal(a->setup.work, b->setup.work);
}

static void add_kind(struct model *model, struct observation *const *seen, size_t count,
                     uint64_t seed)
{
    model->items = memory_resize(model->items, model->count + 1, sizeof *model->items);
    struct fitted *fitted = &model->items[model->count++];
    *fitted = (struct fitted){
        .platform = text_copy(seen[0]->setup.platform),
        .engine = text_copy(seen[0]->setup.engine),
        .work = text_copy(seen[0]->setup.work),
    };
    fit_kind(seen, count, seed, fitted);
}

int model_fit(const struct model_run *runs, size_t count, uint64_t seed, struct model **ret,
              struct error *err)
{
    _cleanup_observations_ struct observation_list list = {NULL, 0};
    if (!fit_is_built()) {
        return fail_lacking(err,
                            "fitting a model requires GSL, which this vrbench was built without; "
                            "install libgsl-dev and build it again");
    }
    for (size_t i = 0; i < count; i++) {
        observations_add(&runs[i], &list);
    }
    if (list.count == 0) {
        size_t points = 0;
        size_t invalid = 0;
        for (size_t i = 0; i < count; i++) {
            points += runs[i].points->count;
            invalid += point_list_invalid(runs[i].points);
        }
        return fail_input(err,
                          "none of %zu points is usable, %zu are invalid: the model is fitted on "
                          "valid points of topology bridged or dedicated with a constant load, "
                          "method precise, and a tester with CPUs of its own",
                          points, invalid);
    }
    struct model *model = memory_new(1, sizeof *model);
    _cleanup_free_ bool *done = memory_new_array(bool, list.count);
    _cleanup_free_ struct observation **kind = memory_new_array(struct observation *, list.count);
    for (size_t i = 0; i < list.count; i++) {
        size_t members = 0;
        for (size_t k = i; !done[i] && k < list.count; k++) {
            if (same_kind(&list.items[i], &list.items[k])) {
                kind[members++] = &list.items[k];
                done[k] = k != i;
            }
        }
        done[i] = true;
        if (members > 0) {
            add_kind(model, kind, members, seed);
        }
    }
    *ret = model;
    return 0;
}

void model_free(struct model *model)
{
    for (size_t i = 0; model != NULL && i < model->count; i++) {
        struct fitted *fitted = &model->items[i];
        free(fitted->platform);
        free(fitted->engine);
        free(fitted->work);
        free(fitted->rate_errors.items);
        free(fitted->usage_errors.items);
        free(fitted->onsets.items);
        free(fitted->facts);
    }
    if (model != NULL) {
        free(model->items);
    }
    free(model);
}

bool model_cost(const struct model *model, const char *platform, enum topology topology, bool host,
                double ip_length, struct model_figure *ret)
{
    if (host && topology != TOPOLOGY_BRIDGED) {
        return false;
    }
    for (size_t i = 0; i < model->count; i++) {
        const struct fitted *fitted = &model->items[i];
        if (fitted->topology != topology || !text_equal(fitted->platform, platform) ||
            fitted->work[0] != '\0' || fitted->uncapped == 0) {
            continue;
        }
        double values[FIT_RESAMPLES];
        for (size_t k = 0; k < FIT_RESAMPLES; k++) {
            const struct costs *costs = &fitted->resampled[k];
            values[k] = cost_of_pass(host ? &costs->host : &costs->router, ip_length);
        }
        struct value_list list = {values, FIT_RESAMPLES};
        const struct costs *best = &fitted->costs;
        double value = cost_of_pass(host ? &best->host : &best->router, ip_length);
        *ret = (struct model_figure){value, fmin(value, list_quantile(&list, MODEL_ERROR / 2.0)),
                                     fmax(value, list_quantile(&list, 1.0 - MODEL_ERROR / 2.0))};
        return true;
    }
    return false;
}
