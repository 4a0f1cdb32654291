// SPDX-License-Identifier: GPL-3.0-or-later
// report/answer — see answer.h.
#include "report/answer.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/headline.h"
#include "report/repeats.h"
#include "report/words.h"
#include "result/json_text.h"

// ---- CPU time per packet at equal loads

static double forwarded_of(const struct point *point)
{
    double sum = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        sum += point->networks[i].forwarded_pps;
    }
    return sum;
}

// A percent of a CPU are 1e7 ns a second.
static double ns_of(const struct point *point, double percent)
{
    double forwarded = forwarded_of(point);
    return forwarded > 0 ? percent * 1e7 / forwarded : (double)NAN;
}

// Beyond saturation, CPU time is spent on packets that are lost.
static bool is_carried(const struct point *point)
{
    struct undisturbed_result counts = point_undisturbed(point);
    return counts.tx > 0 && (double)counts.lost <= HEADLINE_PDR * (double)counts.tx;
}

// CPU time per packet at a load, between the measured loads on either side; `points` are one
// repeat's, by load. NaN beyond them.
static double ns_at(const struct point *const *points, size_t count, double pps)
{
    const struct point *below = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct point *point = points[i];
        if (!is_carried(point)) {
            continue;
        }
        double here = ns_of(point, point->cpu_total_percent);
        double load = point->requested_pps;
        if (steps_same_load(load, pps)) {
            return here;
        }
        if (load > pps) {
            if (below == NULL) {
                return (double)NAN;
            }
            double part = (pps - below->requested_pps) / (load - below->requested_pps);
            return (1 - part) * ns_of(below, below->cpu_total_percent) + part * here;
        }
        below = point;
    }
    return (double)NAN;
}

struct pairs {
    double *ratios, *bridged, *dedicated, *host;
    size_t count;
};

static void add_pairs(const struct point *const *bridged, size_t bridged_count,
                      const struct point *const *dedicated, size_t dedicated_count,
                      struct pairs *pairs)
{
    for (size_t i = 0; i < bridged_count; i++) {
        const struct cpu_result *host = point_cpu(bridged[i], "host");
        double here = ns_of(bridged[i], bridged[i]->cpu_total_percent);
        double there = ns_at(dedicated, dedicated_count, bridged[i]->requested_pps);
        if (is_carried(bridged[i]) && host != NULL && here > 0 && there > 0) {
            pairs->bridged[pairs->count] = here;
            pairs->dedicated[pairs->count] = there;
            pairs->host[pairs->count] = ns_of(bridged[i], host->percent);
            pairs->ratios[pairs->count++] = here / there;
        }
    }
}

static void take_cost(const struct sweep *bridged, const struct sweep *dedicated,
                      struct answer *answer)
{
    size_t most = bridged->points;
    _cleanup_free_ double *room = memory_new_array(double, 4 * most);
    struct pairs pairs = {room, room + most, room + 2 * most, room + 3 * most, 0};
    unsigned repeats = repeats_count(bridged);
    for (unsigned i = 0; i < repeats; i++) {
        _cleanup_free_ const struct point **one = NULL;
        _cleanup_free_ const struct point **other = NULL;
        size_t one_count = repeat_points(bridged, i, &one);
        size_t other_count = repeat_points(dedicated, i, &other);
        add_pairs(one, one_count, other, other_count, &pairs);
    }
    answer->pairs = pairs.count;
    answer->cost_known = ranks_of_pairs(pairs.ratios, pairs.count, ANSWER_ERROR, &answer->cost);
    answer->bridged_ns = ranks_median(pairs.bridged, pairs.count);
    answer->dedicated_ns = ranks_median(pairs.dedicated, pairs.count);
    answer->host_ns = ranks_median(pairs.host, pairs.count);
}

// ---- throughput

// With too few repeats for an interval by ranks, the bounds of the repeats.
static void take_rate(const struct sweep *bridged, const struct sweep *dedicated,
                      struct answer *answer)
{
    struct span_list one = repeats_rate(bridged, REPEAT_THROUGHPUT, REPEAT_ALL_NETWORKS);
    struct span_list other = repeats_rate(dedicated, REPEAT_THROUGHPUT, REPEAT_ALL_NETWORKS);
    answer->repeats = one.count < other.count ? one.count : other.count;
    answer->rate = (struct span){0, (double)INFINITY};
    if (answer->repeats > 0 && !ranks_of_samples(other.items, other.count, one.items, one.count,
                                                 ANSWER_ERROR, &answer->rate)) {
        struct span b = ranks_of_median(one.items, one.count, ANSWER_ERROR);
        struct span d = ranks_of_median(other.items, other.count, ANSWER_ERROR);
        answer->rate = (struct span){b.low / d.high, d.low > 0 ? b.high / d.low : (double)INFINITY};
    }
    free(one.items);
    free(other.items);
}

static const struct sweep *dedicated_of(const struct sweep *sweeps, size_t count,
                                        const struct sweep *bridged)
{
    for (size_t i = 0; i < count; i++) {
        const struct point *point = sweeps[i].first;
        const struct point *like = bridged->first;
        if (text_equal(point->topology, "dedicated") && point->length == like->length &&
            text_equal(point->scenario, like->scenario) &&
            text_equal(point->platform, like->platform) &&
            text_equal(point->length_layer, like->length_layer) &&
            sweeps[i].network_count == bridged->network_count) {
            return &sweeps[i];
        }
    }
    return NULL;
}

size_t answers_of_sweeps(const struct sweep *sweeps, size_t sweep_count, struct answer **ret)
{
    struct answer *answers = memory_new_array(struct answer, sweep_count);
    size_t count = 0;
    for (size_t i = 0; i < sweep_count; i++) {
        const struct sweep *dedicated = dedicated_of(sweeps, sweep_count, &sweeps[i]);
        if (dedicated == NULL || sweeps[i].adapts || dedicated->adapts ||
            !text_equal(sweeps[i].first->topology, "bridged")) {
            continue;
        }
        struct answer *answer = &answers[count++];
        answer->first = sweeps[i].first;
        take_cost(&sweeps[i], dedicated, answer);
        take_rate(&sweeps[i], dedicated, answer);
    }
    *ret = answers;
    return count;
}

size_t answers_compute(const struct point_list *points, struct answer **ret)
{
    struct sweep *sweeps = NULL;
    size_t sweep_count = sweeps_compute(points, &sweeps);
    size_t count = answers_of_sweeps(sweeps, sweep_count, ret);
    sweeps_free(sweeps, sweep_count);
    return count;
}

// ---- words

static char *cost_text(const struct answer *answer)
{
    char bridged[48];
    char dedicated[48];
    char host[48];
    text_group_digits(answer->bridged_ns, 0, bridged);
    text_group_digits(answer->dedicated_ns, 0, dedicated);
    text_group_digits(answer->host_ns, 0, host);
    if (answer->pairs == 0) {
        return text_copy("no load was carried both bridged and dedicated, so the cost of bridging "
                         "is unknown");
    }
    if (!answer->cost_known) {
        return text_format("bridging takes %s ns of CPU a packet (%s ns of the host), dedicated "
                           "links %s ns; only %zu load%s carried both bridged and dedicated, and "
                           "an interval requires %zu",
                           bridged, host, dedicated, answer->pairs,
                           answer->pairs == 1 ? " was" : "s were",
                           ranks_pairs_needed(ANSWER_ERROR));
    }
    if (answer->cost.low <= 1 && answer->cost.high >= 1) {
        return text_format("the trials show no difference of CPU time a packet between bridged "
                           "(%s ns) and dedicated (%s ns): × %.2f-%.2f",
                           bridged, dedicated, answer->cost.low, answer->cost.high);
    }
    return text_format("bridging takes %s ns of CPU a packet (%s ns of the host), dedicated links "
                       "%s ns at the same load: × %.2f-%.2f",
                       bridged, host, dedicated, answer->cost.low, answer->cost.high);
}

// "33-57 %", or "33 %" if both are the same.
static char *percents_text(double low, double high)
{
    _cleanup_free_ char *from = text_format("%.0f", 100 * low);
    _cleanup_free_ char *to = text_format("%.0f", 100 * high);
    return text_equal(from, to) ? text_format("%s %%", from) : text_format("%s-%s %%", from, to);
}

static char *rate_text(const struct answer *answer)
{
    const struct span *rate = &answer->rate;
    if (rate->low <= 0 && isinf(rate->high)) {
        return text_copy("How much of the throughput bridging takes is unknown");
    }
    if (rate->high < 1) {
        _cleanup_free_ char *part = percents_text(1 - rate->high, 1 - rate->low);
        return rate->low > 0 ? text_format("Bridging takes %s of the throughput", part)
                             : text_format("Bridging takes at least %.0f %% of the throughput",
                                           100 * (1 - rate->high));
    }
    if (rate->low > 1) {
        return text_format(
            "The throughput of bridged is higher than that of dedicated, by at least × "
            "%.2f",
            rate->low);
    }
    if (isinf(rate->high)) {
        return text_format("The trials show no difference of throughput: at least × %.2f",
                           rate->low);
    }
    return rate->low > 0
               ? text_format("The trials show no difference of throughput: × %.2f-%.2f", rate->low,
                             rate->high)
               : text_format("The trials show no difference of throughput: at most × %.2f",
                             rate->high);
}

char *answer_text(const struct answer *answer)
{
    _cleanup_free_ char *cost = cost_text(answer);
    _cleanup_free_ char *rate = rate_text(answer);
    return text_format("%u-%s: %s. %s.", answer->first->length,
                       words_length_layer(answer->first->length_layer), cost, rate);
}

// ---- JSON

// An end that is not known is absent.
static json_t *span_to_json(const struct span *span)
{
    json_t *object = json_object();
    json_set_real(object, "low", span->low > 0 ? span->low : (double)NAN);
    json_set_real(object, "high", span->high);
    return object;
}

static json_t *answer_to_json(const struct answer *answer)
{
    _cleanup_free_ char *text = answer_text(answer);
    json_t *object = json_pack("{s:s, s:I, s:o}", "text", text, "pairs", (json_int_t)answer->pairs,
                               "throughput_ratio", span_to_json(&answer->rate));
    json_set_real(object, "bridged_ns", answer->bridged_ns);
    json_set_real(object, "dedicated_ns", answer->dedicated_ns);
    json_set_real(object, "host_ns", answer->host_ns);
    if (answer->cost_known) {
        json_object_set_new(object, "cost_ratio", span_to_json(&answer->cost));
    }
    return object;
}

static bool row_is_of(const json_t *row, const struct point *point)
{
    const char *wanted[][2] = {
        {"scenario", point->scenario},
        {"platform", point->platform},
        {"engine", point->engine},
        {"topology", point->topology},
        {"length_layer", point->length_layer},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (!text_equal(json_string_value(json_object_get(row, wanted[i][0])), wanted[i][1])) {
            return false;
        }
    }
    return json_integer_value(json_object_get(row, "length")) == (json_int_t)point->length;
}

void answers_add_to_json(const struct point_list *points, json_t *rows)
{
    _cleanup_free_ struct answer *answers = NULL;
    size_t count = answers_compute(points, &answers);
    for (size_t i = 0; i < count; i++) {
        size_t at;
        json_t *row;
        json_array_foreach(rows, at, row)
        {
            if (row_is_of(row, answers[i].first)) {
                json_object_set_new(row, "bridging", answer_to_json(&answers[i]));
            }
        }
    }
}
