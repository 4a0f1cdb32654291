// SPDX-License-Identifier: GPL-3.0-or-later
// study/sample — see sample.h.
#include "study/sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mean.h"
#include "base/text.h"

const struct study_run *study_run(const struct study_results *results, const char *name)
{
    for (size_t i = 0; i < results->run_count; i++) {
        if (text_equal(results->runs[i].name, name)) {
            return &results->runs[i];
        }
    }
    return NULL;
}

// ---- figures

static double sum_networks(const struct point *point, const char *who,
                           double (*of)(size_t i, const struct point *point))
{
    double sum = (double)NAN;
    for (size_t i = 0; i < point->network_count; i++) {
        if (who == NULL || text_equal(point->networks[i].name, who)) {
            sum = (isnan(sum) ? 0.0 : sum) + of(i, point);
        }
    }
    return sum;
}

static double offered_of(size_t i, const struct point *point)
{
    return point->networks[i].offered_pps;
}
static double tx_of(size_t i, const struct point *point)
{
    return (double)network_undisturbed(&point->networks[i]).tx;
}
static double lost_of(size_t i, const struct point *point)
{
    return (double)network_undisturbed(&point->networks[i]).lost;
}
// What was forwarded of the offered rate while nothing stalled.
static double forwarded_of(size_t i, const struct point *point)
{
    const struct network_result *network = &point->networks[i];
    return network_undisturbed(network).tx == network->tx
               ? network->forwarded_pps
               : network->offered_pps * (1.0 - lost_of(i, point) / tx_of(i, point));
}

double figure_offered(const struct point *point, const char *who)
{
    return sum_networks(point, who, offered_of);
}

double figure_forwarded(const struct point *point, const char *who)
{
    return sum_networks(point, who, forwarded_of);
}

double figure_loss(const struct point *point, const char *who)
{
    double tx = sum_networks(point, who, tx_of);
    return tx > 0.0 ? sum_networks(point, who, lost_of) / tx : (double)NAN;
}

double figure_percent(const struct point *point, const char *who)
{
    const struct cpu_result *cpu = point_cpu(point, who);
    return cpu == NULL ? (double)NAN : cpu->percent;
}

double figure_routers(const struct point *point, const char *who)
{
    (void)who;
    double sum = (double)NAN;
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        if (!text_equal(cpu->name, "host") && !text_equal(cpu->name, "tester")) {
            sum = (isnan(sum) ? 0.0 : sum) + cpu->percent;
        }
    }
    return sum;
}

double figure_total(const struct point *point, const char *who)
{
    (void)who;
    return point->cpu_total_percent;
}

// ---- samples

static bool same_load(double a, double b)
{
    return fabs(a - b) <= 0.5 + 1e-6 * b;
}

static bool is_of(const struct point *point, const char *topology, unsigned length)
{
    return point->length == length && text_equal(point->topology, topology);
}

enum gathering { VALID_ONLY, WITH_LIMITED, AND_ABOVE };

static struct sample gather(const struct study_results *results, const struct condition *condition,
                            study_figure *figure, const char *who, enum gathering how)
{
    const struct study_run *run = study_run(results, condition->run);
    struct sample sample = {.median = (double)NAN, .smallest = (double)NAN, .largest = (double)NAN};
    for (size_t i = 0; run != NULL && i < run->points.count; i++) {
        const struct point *point = &run->points.items[i];
        bool asked = same_load(point->requested_pps, condition->pps) ||
                     (how == AND_ABOVE && point->requested_pps > condition->pps);
        if (!is_of(point, condition->topology, condition->length) || !asked) {
            continue;
        }
        double value = figure(point, who);
        bool counts = point->valid || (how == WITH_LIMITED && point_tester_was_limit(point));
        if (counts && isfinite(value) && sample.valid < SAMPLE_MOST) {
            sample.values[sample.valid++] = value;
        } else {
            sample.invalid++;
            sample.tester_limited += point_tester_was_limit(point);
        }
    }
    if (sample.valid > 0) {
        values_sort(sample.values, sample.valid);
        size_t middle = sample.valid / 2;
        sample.median = sample.valid % 2 == 1
                            ? sample.values[middle]
                            : (sample.values[middle - 1] + sample.values[middle]) / 2;
        sample.smallest = sample.values[0];
        sample.largest = sample.values[sample.valid - 1];
    }
    return sample;
}

struct sample sample_of(const struct study_results *results, const struct condition *condition,
                        study_figure *figure, const char *who)
{
    return gather(results, condition, figure, who, VALID_ONLY);
}

struct sample sample_with_limited(const struct study_results *results,
                                  const struct condition *condition, study_figure *figure,
                                  const char *who)
{
    return gather(results, condition, figure, who, WITH_LIMITED);
}

struct sample sample_from(const struct study_results *results, const struct condition *condition,
                          study_figure *figure, const char *who)
{
    return gather(results, condition, figure, who, AND_ABOVE);
}

bool sample_is_enough(const struct sample *sample)
{
    return sample->valid >= SAMPLE_TRIALS;
}

static void make_spans(const struct sample *sample, double (*of)(double), struct span *ret)
{
    for (size_t i = 0; i < sample->valid; i++) {
        double value = of == NULL ? sample->values[i] : of(sample->values[i]);
        ret[i] = (struct span){value, value};
    }
}

struct span sample_bounds(const struct sample *sample)
{
    if (!sample_is_enough(sample)) {
        return (struct span){-(double)INFINITY, (double)INFINITY};
    }
    struct span spans[SAMPLE_MOST];
    make_spans(sample, NULL, spans);
    return ranks_of_median(spans, sample->valid, SAMPLE_ERROR);
}

static double at_least_tiny(double value)
{
    return fmax(value, 1e-9); // a quotient needs a divisor
}

struct span sample_ratio(const struct sample *a, const struct sample *b)
{
    struct span above[SAMPLE_MOST];
    struct span below[SAMPLE_MOST];
    struct span ratio = {0.0, (double)INFINITY};
    make_spans(a, at_least_tiny, above);
    make_spans(b, at_least_tiny, below);
    (void)ranks_of_samples(below, b->valid, above, a->valid, SAMPLE_ERROR, &ratio);
    return ratio;
}

// The ranks of a - b are those of exp(a) / exp(b).
struct span sample_difference(const struct sample *a, const struct sample *b)
{
    struct span above[SAMPLE_MOST];
    struct span below[SAMPLE_MOST];
    struct span ratio = {0.0, (double)INFINITY};
    make_spans(a, exp, above);
    make_spans(b, exp, below);
    (void)ranks_of_samples(below, b->valid, above, a->valid, SAMPLE_ERROR, &ratio);
    return (struct span){log(ratio.low), log(ratio.high)};
}

size_t study_loads(const struct study_results *results, const char *run_name, const char *topology,
                   unsigned length, double **ret_pps)
{
    const struct study_run *run = study_run(results, run_name);
    size_t points = run == NULL ? 0 : run->points.count;
    double *pps = memory_new_array(double, points + 1);
    size_t count = 0;
    for (size_t i = 0; i < points; i++) {
        const struct point *point = &run->points.items[i];
        bool known = !is_of(point, topology, length);
        for (size_t k = 0; !known && k < count; k++) {
            known = same_load(pps[k], point->requested_pps);
        }
        if (!known) {
            pps[count++] = point->requested_pps;
        }
    }
    values_sort(pps, count);
    *ret_pps = pps;
    return count;
}
