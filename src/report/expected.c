// SPDX-License-Identifier: GPL-3.0-or-later
// report/expected — see expected.h.
#include "report/expected.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/repeats.h"
#include "report/steps.h"
#include "report/words.h"
#include "result/json_text.h"

static const struct span unknown = {0, (double)INFINITY};

// ---- figures of one repeat

// Percent of the busiest router; NaN if there is none.
static double percent_of_routers(const struct point *point)
{
    double most = (double)NAN;
    for (size_t i = 0; i < point->cpu_count; i++) {
        const char *name = point->cpu[i].name;
        if (!text_equal(name, "host") && !text_equal(name, "tester")) {
            most = fmax(most, point->cpu[i].percent);
        }
    }
    return most;
}

static double loss_of(const struct point *point)
{
    struct undisturbed_result counts = point_undisturbed(point);
    return (double)counts.lost / (double)counts.tx;
}

static double figure_of(const struct point *point, enum expect_figure figure)
{
    const struct cpu_result *host = point_cpu(point, "host");
    switch (figure) {
    case EXPECT_LOSS:
        return 100 * loss_of(point);
    case EXPECT_HOST_CPU:
        return host == NULL ? (double)NAN : host->percent;
    case EXPECT_ROUTER_CPU:
        return percent_of_routers(point);
    default:
        return (double)NAN;
    }
}

// The figure at a load between two measured ones is between theirs; `points` are sorted by load.
static struct span figure_at(const struct point *const *points, size_t count, double pps,
                             enum expect_figure figure)
{
    struct span span = unknown;
    for (size_t i = 0; i < count; i++) {
        double here = figure_of(points[i], figure);
        double load = points[i]->requested_pps;
        if (isnan(here)) {
            continue;
        }
        if (steps_same_load(load, pps)) {
            return (struct span){here, here};
        }
        if (load < pps) {
            span.low = fmax(span.low, here);
        } else {
            span.high = fmin(span.high, here);
        }
    }
    // A loss that does not grow with the load bounds nothing.
    return span.low <= span.high ? span : (struct span){span.high, span.low};
}

// The figure of the worst load.
static struct span figure_worst(const struct point *const *points, size_t count, bool at_least,
                                enum expect_figure figure)
{
    double worst = (double)NAN;
    for (size_t i = 0; i < count; i++) {
        double here = figure_of(points[i], figure);
        worst = at_least ? fmin(worst, here) : fmax(worst, here); // both ignore NaN
    }
    return isnan(worst) ? unknown : (struct span){worst, worst};
}

// ---- over the repeats

static struct span judge_load(const struct expectation *expectation, const struct sweep *sweep,
                              size_t *ret_values)
{
    unsigned repeats = repeats_count(sweep);
    _cleanup_free_ struct span *values = memory_new_array(struct span, repeats);
    size_t found = 0;
    for (unsigned i = 0; i < repeats; i++) {
        _cleanup_free_ const struct point **own = NULL;
        size_t count = repeat_points(sweep, i, &own);
        struct span span =
            expectation->at_pps > 0
                ? figure_at(own, count, expectation->at_pps, expectation->figure)
                : figure_worst(own, count, expectation->at_least, expectation->figure);
        if (span.low > 0 || isfinite(span.high)) {
            values[found++] = span;
        }
    }
    *ret_values = found;
    return found == 0 ? unknown : ranks_of_median(values, found, EXPECTED_ERROR);
}

// The network with the lowest rate decides.
static struct span judge_rate(const struct expectation *expectation, const struct sweep *sweep,
                              size_t *ret_values)
{
    enum repeat_rate rate = expectation->figure == EXPECT_THROUGHPUT ? REPEAT_THROUGHPUT
                            : expectation->figure == EXPECT_PDR      ? REPEAT_PDR
                                                                     : REPEAT_MAX;
    struct span least = {(double)INFINITY, (double)INFINITY};
    *ret_values = SIZE_MAX;
    for (size_t i = 0; i < sweep->network_count; i++) {
        struct span_list list = repeats_rate(sweep, rate, i);
        struct span one =
            list.count == 0 ? unknown : ranks_of_median(list.items, list.count, EXPECTED_ERROR);
        *ret_values = list.count < *ret_values ? list.count : *ret_values;
        least.low = fmin(least.low, one.low);
        least.high = fmin(least.high, one.high);
        free(list.items);
    }
    *ret_values = sweep->network_count == 0 ? 0 : *ret_values;
    return *ret_values == 0 ? unknown : least;
}

// A rate between two loads is below the upper one.
static enum expected_verdict verdict_on(const struct expectation *expectation, struct span figure)
{
    double wanted = expectation->value;
    bool open = expect_is_rate(expectation->figure) && figure.low < figure.high;
    if (expectation->at_least) {
        bool below = figure.high < wanted || (open && figure.high <= wanted);
        return figure.low >= wanted ? EXPECTED_HOLDS : below ? EXPECTED_FAILS : EXPECTED_UNDECIDED;
    }
    return figure.high <= wanted ? EXPECTED_HOLDS
           : figure.low > wanted ? EXPECTED_FAILS
                                 : EXPECTED_UNDECIDED;
}

static bool applies_to(const struct expectation *expectation, const struct sweep *sweep,
                       bool direct_only)
{
    const char *topology = sweep->first->topology;
    bool named = expectation->has_topology
                     ? text_equal(topology, topology_name(expectation->topology))
                     : direct_only || !text_equal(topology, topology_name(TOPOLOGY_DIRECT));
    return named && (expectation->length == 0 || expectation->length == sweep->first->length);
}

size_t expected_compute(const struct scenario *scenario, const struct point_list *points,
                        struct expected **ret)
{
    struct sweep *sweeps = NULL;
    size_t sweep_count = sweeps_compute(points, &sweeps);
    bool direct_only = scenario->topology_count == 1;
    struct expected *list =
        memory_new_array(struct expected, sweep_count * scenario->expectation_count);
    size_t count = 0;
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        const struct expectation *expectation = &scenario->expectations[i];
        for (size_t k = 0; k < sweep_count; k++) {
            if (!applies_to(expectation, &sweeps[k], direct_only)) {
                continue;
            }
            struct expected *one = &list[count++];
            *one = (struct expected){.of = expectation, .first = sweeps[k].first};
            one->figure = expect_is_rate(expectation->figure)
                              ? judge_rate(expectation, &sweeps[k], &one->values)
                              : judge_load(expectation, &sweeps[k], &one->values);
            if (one->values > 0) {
                one->verdict = verdict_on(expectation, one->figure);
            }
        }
    }
    sweeps_free(sweeps, sweep_count);
    *ret = list;
    return count;
}

// ---- output

char *expected_title(const struct expected *expected)
{
    return text_format("%s, %u-%s: %s", expected->first->topology, expected->first->length,
                       words_length_layer(expected->first->length_layer), expected->of->text);
}

const char *expected_word(enum expected_verdict verdict)
{
    static const char *const words[] = {
        [EXPECTED_UNDECIDED] = "not decidable",
        [EXPECTED_HOLDS] = "holds",
        [EXPECTED_FAILS] = "does not hold",
    };
    return words[verdict];
}

// The figure in its unit: "300,000-320,000 packets/s", "0.02 %".
static char *figure_text(const struct expected *expected)
{
    struct span figure = expected->figure;
    if (expected->values == 0) {
        return text_copy("no valid point");
    }
    if (expect_is_rate(expected->of->figure)) {
        _cleanup_free_ char *bounds = words_bounds(figure.low, figure.high);
        return text_format("%s packets/s", bounds == NULL ? "unknown" : bounds);
    }
    return isinf(figure.high)          ? text_format(">=%.3g %%", figure.low)
           : figure.low == figure.high ? text_format("%.3g %%", figure.low)
                                       : text_format("%.3g-%.3g %%", figure.low, figure.high);
}

void expected_print(const struct expected *list, size_t count, FILE *out)
{
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *title = expected_title(&list[i]);
        _cleanup_free_ char *figure = figure_text(&list[i]);
        fprintf(out, "  %-13s  %s (%s)\n", expected_word(list[i].verdict), title, figure);
    }
}

json_t *expected_to_json(const struct expected *list, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct expected *one = &list[i];
        json_t *entry =
            json_pack("{s:s, s:s, s:i, s:s, s:i}", "expect", one->of->text, "topology",
                      one->first->topology, "length", (int)one->first->length, "verdict",
                      expected_word(one->verdict), "values", (int)one->values);
        if (one->values > 0) {
            json_set_real(entry, "low", one->figure.low);
            json_set_real(entry, "high", isinf(one->figure.high) ? (double)NAN : one->figure.high);
        }
        json_array_append_new(array, entry);
    }
    return array;
}
