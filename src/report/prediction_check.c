// SPDX-License-Identifier: GPL-3.0-or-later
// report/prediction_check — see prediction_check.h.
#include "report/prediction_check.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/mean.h"
#include "base/text.h"
#include "report/headline.h"
#include "report/writer.h"

// What was measured of a network: bounds of its figures. An end that is not known is 0 or INFINITY;
// NaN = not measured.
struct measured {
    struct span throughput, max;
};

static struct measured measured_of(const struct headline *headline)
{
    const double none = (double)NAN;
    struct measured found = {{none, none}, {none, none}};
    if (headline->fixed_load) {
        return found; // it carries its own load, at whatever load of the others
    }
    const struct bounds *bounds = &headline->throughput;
    if (isfinite(bounds->high)) {
        found.throughput = (struct span){isnan(bounds->low) ? 0.0 : bounds->low, bounds->high};
        if (headline->throughput_median.repeats > 1) {
            found.throughput.low = fmin(found.throughput.low, headline->throughput_median.span.low);
            found.throughput.high =
                fmax(found.throughput.high, headline->throughput_median.span.high);
        }
    }
    if (headline->saturated && isfinite(headline->max_pps)) {
        found.max = (struct span){headline->max_pps, headline->max_pps};
        if (headline->max_median.repeats > 1) {
            found.max.low = fmin(found.max.low, headline->max_median.span.low);
            found.max.high = fmax(found.max.high, headline->max_median.span.high);
        }
    }
    return found;
}

static const struct headline *find_headline(const struct headline *headlines, size_t count,
                                            const char *topology, unsigned length,
                                            const char *network, size_t network_count)
{
    for (size_t i = 0; i < count; i++) {
        if (headlines[i].first->length == length &&
            text_equal(headlines[i].first->topology, topology) &&
            text_equal(headlines[i].network, network) &&
            headlines[i].first->network_count == network_count) {
            return &headlines[i];
        }
    }
    return NULL;
}

static json_t *span_to_object(const struct span *span)
{
    json_t *object = json_object();
    if (span->low > 0) {
        json_object_set_new(object, "low", json_real(span->low));
    }
    if (isfinite(span->high)) {
        json_object_set_new(object, "high", json_real(span->high));
    }
    return object;
}

// Networks of the prediction of which the row is one.
static size_t count_alike(const json_t *rows, const json_t *row)
{
    size_t count = 0;
    size_t at;
    const json_t *other;
    json_array_foreach(rows, at, other)
    {
        count += json_equal(json_object_get(other, "topology"), json_object_get(row, "topology")) &&
                 json_equal(json_object_get(other, "length"), json_object_get(row, "length"));
    }
    return count;
}

void prediction_check_json(const struct point_list *points, json_t *rows)
{
    _cleanup_free_ struct headline *headlines = NULL;
    size_t count = headlines_compute(points, &headlines);
    size_t at;
    json_t *row;
    json_array_foreach(rows, at, row)
    {
        const struct headline *headline = find_headline(
            headlines, count, json_string_value(json_object_get(row, "topology")),
            (unsigned)json_integer_value(json_object_get(row, "length")),
            json_string_value(json_object_get(row, "network")), count_alike(rows, row));
        if (headline != NULL && json_is_true(json_object_get(row, "known"))) {
            struct measured found = measured_of(headline);
            json_t *measured = json_object();
            if (!isnan(found.throughput.high)) {
                json_object_set_new(measured, "throughput_pps", span_to_object(&found.throughput));
            }
            if (!isnan(found.max.high)) {
                json_object_set_new(measured, "max_pps", span_to_object(&found.max));
            }
            json_object_set_new(row, "measured", measured);
        }
    }
}

static int fail_without_match(struct error *err)
{
    return fail_input(err, "nothing to compare: no topology, length and network that is predicted "
                           "was measured in a set-up with as many networks");
}

int prediction_check_found(const json_t *rows, struct error *err)
{
    size_t at;
    const json_t *row;
    json_array_foreach(rows, at, row)
    {
        if (json_object_get(row, "measured") != NULL) {
            return 0;
        }
    }
    return fail_without_match(err);
}

// ---- errors

// Values that are collected for a median and a mean.
struct errors {
    double *items;
    size_t count, held; // `held`: the interval contained the figure
};

static void errors_add(struct errors *errors, double value)
{
    errors->items = memory_resize(errors->items, errors->count + 1, sizeof *errors->items);
    errors->items[errors->count++] = value;
}

// Distance in percent of a predicted figure from the interval of the measured one.
static double distance_percent(double predicted, const struct span *measured)
{
    if (predicted < measured->low) {
        return 100.0 * (1.0 - predicted / measured->low);
    }
    return predicted > measured->high ? 100.0 * (predicted / measured->high - 1.0) : 0.0;
}

static void errors_compare(struct errors *errors, double predicted, const struct span *measured,
                           const struct model_figure *figure)
{
    if (isnan(measured->high) || !isfinite(predicted)) {
        return;
    }
    errors_add(errors, distance_percent(predicted, measured));
    if (figure != NULL) {
        errors->held += figure->low <= measured->high && measured->low <= figure->high;
    }
}

struct check {
    struct errors max[BASELINE_COUNT + 1], throughput[BASELINE_COUNT + 1]; // the model is first
    struct errors usage, loss;                                             // percentage points
    size_t compared;
};

static void check_clear(struct check *check)
{
    for (size_t i = 0; i <= BASELINE_COUNT; i++) {
        free(check->max[i].items);
        free(check->throughput[i].items);
    }
    free(check->usage.items);
    free(check->loss.items);
}
#define _cleanup_check_ __attribute__((cleanup(check_clear)))

// The highest predicted rate of a flow, at the loads that were measured.
static double highest_at_measured(const struct model *model, const struct predicted *one,
                                  const struct sweep *sweep, size_t flow)
{
    const struct model_setup *setup = &one->setup;
    _cleanup_free_ double *received = memory_new_array(double, setup->flow_count);
    _cleanup_free_ double *percent = memory_new_array(double, setup->party_count);
    double most = 0.0;
    for (size_t i = 0; i < sweep->step_count; i++) {
        if (model_predict_load(model, setup, sweep->steps[i].requested_pps, received, percent)) {
            most = fmax(most, received[flow]);
        }
    }
    return most;
}

static void check_flow(const struct predicted *one, size_t flow, const struct headline *headline,
                       double max_pps, struct check *check)
{
    const struct model_curve *curve = &one->prediction.curves[flow];
    const struct measured found = measured_of(headline);
    double part = curve->max_pps.value > 0 ? max_pps / curve->max_pps.value : 1.0;
    const struct model_figure max = {max_pps, part * curve->max_pps.low,
                                     part * curve->max_pps.high};
    errors_compare(&check->max[0], max_pps, &found.max, &max);
    errors_compare(&check->throughput[0], curve->throughput_pps.value, &found.throughput,
                   &curve->throughput_pps);
    for (size_t i = 0; i < BASELINE_COUNT; i++) {
        const struct baseline_rates *rates = &one->baselines[i];
        if (rates->max_pps != NULL) {
            errors_compare(&check->max[i + 1], rates->max_pps[flow], &found.max, NULL);
            errors_compare(&check->throughput[i + 1], rates->throughput_pps[flow],
                           &found.throughput, NULL);
        }
    }
    check->compared++;
}

// CPU and losses at each measured load up to twice the knee.
static void check_step(const struct model *model, const struct predicted *one,
                       const struct sweep *sweep, const struct load_step *step, struct check *check)
{
    const struct model_setup *setup = &one->setup;
    const struct model_curve *curve = &one->prediction.curves[0];
    _cleanup_free_ double *received = memory_new_array(double, setup->flow_count);
    _cleanup_free_ double *percent = memory_new_array(double, setup->party_count);
    if (step->network_offered[0] > curve->offered_pps[MODEL_LOADS - 1] ||
        !model_predict_load(model, setup, step->requested_pps, received, percent)) {
        return;
    }
    for (size_t i = 0; i < setup->party_count; i++) {
        double measured = (double)NAN;
        if (i == MODEL_HOST) {
            measured = setup->topology == TOPOLOGY_BRIDGED ? step->host_percent : measured;
        }
        for (size_t k = 0; i != MODEL_HOST && k < sweep->router_count; k++) {
            if (text_equal(sweep->routers[k], setup->parties[i].name)) {
                measured = step->router_percent[k];
            }
        }
        if (isfinite(measured)) {
            errors_add(&check->usage, fabs(percent[i] - measured));
        }
    }
    double offered = 0.0;
    double got = 0.0;
    for (size_t i = 0; i < setup->flow_count; i++) {
        const struct model_flow *flow = &setup->flows[i];
        offered += flow->fixed_pps > 0 ? flow->fixed_pps : flow->share * step->requested_pps;
        got += received[i];
    }
    if (isfinite(step->loss_ratio) && offered > 0) {
        errors_add(&check->loss, 100.0 * fabs(1.0 - got / offered - step->loss_ratio));
    }
}

static void check_all(const struct model *model, const struct predicted_list *list,
                      const struct point_list *points, struct check *check)
{
    struct sweep *sweeps;
    size_t sweep_count = sweeps_compute(points, &sweeps);
    _cleanup_free_ struct headline *headlines = NULL;
    size_t count = headlines_of_sweeps(sweeps, sweep_count, &headlines);
    for (size_t i = 0; i < list->count; i++) {
        const struct predicted *one = &list->items[i];
        const char *topology = topology_name(one->setup.topology);
        for (size_t k = 0; one->prediction.known && k < one->setup.flow_count; k++) {
            const struct headline *headline =
                find_headline(headlines, count, topology, one->setup.length,
                              one->setup.flows[k].name, one->setup.flow_count);
            for (size_t n = 0; headline != NULL && n < sweep_count; n++) {
                if (sweep_has(&sweeps[n], headline->first)) {
                    double max_pps = highest_at_measured(model, one, &sweeps[n], k);
                    check_flow(one, k, headline, max_pps, check);
                    break;
                }
            }
        }
        for (size_t k = 0; one->prediction.known && k < sweep_count; k++) {
            bool same = sweeps[k].first->length == one->setup.length &&
                        text_equal(sweeps[k].first->topology, topology) &&
                        sweeps[k].network_count == one->setup.flow_count;
            for (size_t n = 0; same && n < sweeps[k].step_count; n++) {
                check_step(model, one, &sweeps[k], &sweeps[k].steps[n], check);
            }
        }
    }
    sweeps_free(sweeps, sweep_count);
}

// ---- the table

enum { METHOD, MAX_MEDIAN, MAX_MEAN, MAX_FAR, THROUGHPUT_MEDIAN, THROUGHPUT_MEAN, COLUMN_COUNT };
static const struct column check_columns[] = {
    [METHOD] = {"method", "Error of", COLUMN_TEXT, 0},
    [MAX_MEDIAN] = {"max_median", "Max: median %", COLUMN_REAL, 1},
    [MAX_MEAN] = {"max_mean", "mean %", COLUMN_REAL, 1},
    [MAX_FAR] = {"max_far", "> 10 %", COLUMN_INTEGER, 0},
    [THROUGHPUT_MEDIAN] = {"throughput_median", "Throughput: median %", COLUMN_REAL, 1},
    [THROUGHPUT_MEAN] = {"throughput_mean", "mean %", COLUMN_REAL, 1},
};

static struct value median_value(struct errors *errors)
{
    return errors->count == 0 ? VALUE_ABSENT : VALUE_REAL(median_of(errors->items, errors->count));
}

static struct value mean_value(const struct errors *errors)
{
    return errors->count == 0 ? VALUE_ABSENT
                              : VALUE_REAL(mean_of(errors->items, errors->count).value);
}

static int print_errors(struct check *check, FILE *out, bool colour, struct error *err)
{
    struct writer *writer = writer_table(out, check_columns, COLUMN_COUNT, 0, colour);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i <= BASELINE_COUNT; i++) {
        size_t far = 0;
        for (size_t k = 0; k < check->max[i].count; k++) {
            far += check->max[i].items[k] > 10.0;
        }
        if (i > 0 && check->max[i].count + check->throughput[i].count == 0) {
            continue; // not asked for
        }
        struct value row[COLUMN_COUNT] = {
            [METHOD] = VALUE_TEXT(i == 0 ? "model" : baseline_name((enum baseline)(i - 1))),
            [MAX_MEDIAN] = median_value(&check->max[i]),
            [MAX_MEAN] = mean_value(&check->max[i]),
            [MAX_FAR] = VALUE_INTEGER(far),
            [THROUGHPUT_MEDIAN] = median_value(&check->throughput[i]),
            [THROUGHPUT_MEAN] = mean_value(&check->throughput[i]),
        };
        rc = writer_row(writer, row, err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}

int prediction_check_print(const struct model *model, const struct predicted_list *list,
                           const struct point_list *points, FILE *out, bool colour,
                           struct error *err)
{
    _cleanup_check_ struct check check = {.compared = 0};
    check_all(model, list, points, &check);
    if (check.compared == 0) {
        return fail_without_match(err);
    }
    fprintf(out, "\nMeasured: %zu of the networks above\n", check.compared);
    int rc = print_errors(&check, out, colour, err);
    if (rc == 0 && check.usage.count > 0) {
        fprintf(out, "CPU off by %.1f percentage points, loss by %.1f (medians over the loads)\n",
                median_of(check.usage.items, check.usage.count),
                check.loss.count > 0 ? median_of(check.loss.items, check.loss.count) : 0.0);
    }
    if (rc == 0 && check.max[0].count + check.throughput[0].count > 0) {
        fprintf(out, "Intervals that contain the measured figure: %zu of %zu\n",
                check.max[0].held + check.throughput[0].held,
                check.max[0].count + check.throughput[0].count);
    }
    return rc;
}
