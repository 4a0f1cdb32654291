// SPDX-License-Identifier: GPL-3.0-or-later
// report/headline — see headline.h.
#include "report/headline.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/repeats.h"
#include "report/words.h"
#include "result/json_text.h"

enum {
    SCENARIO,
    PLATFORM,
    ENGINE,
    TOPOLOGY,
    LENGTH,
    LENGTH_LAYER,
    NETWORK,
    THROUGHPUT,
    PDR,
    MAX,
    HOST,
    ROUTER,
    NS_PER_PACKET,
    VALID,
    COLUMN_COUNT
};

const struct column headline_columns[] = {
    [SCENARIO] = COLUMN_SCENARIO,
    [PLATFORM] = COLUMN_PLATFORM,
    [ENGINE] = COLUMN_ENGINE,
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [LENGTH] = COLUMN_LENGTH("length"),
    [LENGTH_LAYER] = COLUMN_LENGTH_LAYER,
    [NETWORK] = {"network", "Network", COLUMN_CONTEXT, 0},
    [THROUGHPUT] = {"throughput_pps", "Throughput pps", COLUMN_TEXT, 0},
    [PDR] = {"pdr_pps", "Drop 0.5 % pps", COLUMN_TEXT, 0},
    [MAX] = {"max_pps", "Max pps", COLUMN_TEXT, 0},
    [HOST] = {"host_percent", "Host CPU %", COLUMN_REAL, 1},
    [ROUTER] = {"router_percent", "Router CPU %", COLUMN_REAL, 1},
    [NS_PER_PACKET] = {"ns_per_packet", "ns per packet", COLUMN_REAL, 0},
    [VALID] = {"valid", "Valid", COLUMN_TEXT, 0},
};
const size_t headline_column_count = COLUMN_COUNT;

// Figures of the load up to which nothing was lost; of TCP, of that with the highest goodput.
static void note_costs(const struct sweep *sweep, struct headline *headline, size_t network)
{
    headline->host_percent = headline->router_percent = headline->ns_per_packet = (double)NAN;
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        bool top = headline->adapts && step->network_goodput[network] == headline->goodput_bps;
        if (step->network_offered[network] != headline->throughput.low && !top) {
            continue;
        }
        headline->host_median = step_median(step, POINT_HOST, NULL);
        headline->ns_median = step_median(step, POINT_NS, NULL);
        headline->host_percent = headline->host_median.value;
        headline->ns_per_packet = headline->ns_median.value;
        headline->router_median = step_median(step, POINT_PATH, headline->network);
        headline->router_percent = headline->router_median.value;
    }
}

// The interval of a rate over the repeats. Raises `needed` to the repeats that narrow the interval
// of its lower bounds.
static struct median rate_interval(const struct sweep *sweep, enum repeat_rate rate, size_t network,
                                   size_t *needed)
{
    struct span_list list = repeats_rate(sweep, rate, network);
    struct median median = {.repeats = list.count};
    _cleanup_free_ double *low = memory_new_array(double, list.count);
    for (size_t i = 0; i < list.count; i++) {
        low[i] = list.items[i].low;
    }
    if (list.count > 0) {
        size_t own = ranks_median_needed(low, list.count, RANKS_MEDIAN_ERROR, HEADLINE_WIDTH);
        median.value = ranks_median(low, list.count);
        median.span = ranks_of_median(list.items, list.count, RANKS_MEDIAN_ERROR);
        *needed = own > *needed ? own : *needed;
    }
    free(list.items);
    return median;
}

static void note_intervals(const struct sweep *sweep, struct headline *headline, size_t network)
{
    size_t *needed = &headline->repeats_needed;
    if (headline->adapts) {
        return;
    }
    headline->throughput_median = rate_interval(sweep, REPEAT_THROUGHPUT, network, needed);
    headline->pdr_median = rate_interval(sweep, REPEAT_PDR, network, needed);
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        if (step->network_forwarded[network] == headline->max_pps) {
            headline->max_median =
                step_median(step, POINT_NETWORK_FORWARDED, sweep->networks[network]);
        }
    }
    if (!headline->saturated) {
        headline->max_median.span.high = (double)INFINITY;
    }
}

static struct headline headline_of(const struct sweep *sweep, size_t network)
{
    struct headline headline = {.first = sweep->first,
                                .network = sweep->networks[network],
                                .adapts = sweep->adapts,
                                .goodput_bps = (double)NAN,
                                .unstable = sweep->unstable,
                                .max_pps = (double)NAN,
                                .points = sweep->points,
                                .invalid = sweep->invalid};
    _cleanup_free_ double *offered = memory_new_array(double, sweep->step_count);
    _cleanup_free_ double *loss = memory_new_array(double, sweep->step_count);
    size_t count = 0;
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        if (!isfinite(step->network_offered[network]) || !isfinite(step->network_loss[network])) {
            continue;
        }
        offered[count] = step->network_offered[network];
        loss[count++] = step->network_loss[network];
        headline.goodput_bps = fmax(headline.goodput_bps, step->network_goodput[network]);
        headline.max_pps = fmax(headline.max_pps, step->network_forwarded[network]);
        headline.saturated = headline.saturated || step->network_loss[network] > HEADLINE_PDR;
    }
    headline.tester_limit = sweep_rate_limit(sweep, false) == RATE_TESTER;
    count = sweep->adapts ? 0 : count;
    headline.throughput = bounds_enclose(offered, loss, count, 0.0);
    headline.pdr = bounds_enclose(offered, loss, count, HEADLINE_PDR);
    headline.max_pps = sweep->adapts ? (double)NAN : headline.max_pps;
    headline.saturated = headline.saturated && !sweep->adapts;
    note_costs(sweep, &headline, network);
    note_intervals(sweep, &headline, network);
    return headline;
}

// Whether a network's load does not depend on the offered load, so that it has no bounds.
static bool has_fixed_load(const struct sweep *sweep, size_t network)
{
    const struct network_result *one = point_network(sweep->first, sweep->networks[network]);
    return one != NULL && one->fixed_load;
}

size_t headlines_of_sweeps(const struct sweep *sweeps, size_t sweep_count, struct headline **ret)
{
    struct headline *headlines = NULL;
    size_t count = 0;
    for (size_t i = 0; i < sweep_count; i++) {
        size_t networks = sweeps[i].network_count;
        headlines = memory_resize(headlines, count + networks + 1, sizeof *headlines);
        for (size_t k = 0; k < networks; k++) {
            headlines[count] = headline_of(&sweeps[i], k);
            headlines[count++].fixed_load = has_fixed_load(&sweeps[i], k);
        }
    }
    *ret = headlines;
    return count;
}

size_t headlines_compute(const struct point_list *points, struct headline **ret)
{
    struct sweep *sweeps = NULL;
    size_t sweep_count = sweeps_compute(points, &sweeps);
    size_t count = headlines_of_sweeps(sweeps, sweep_count, ret);
    sweeps_free(sweeps, sweep_count);
    return count;
}

// ---- JSON

static json_t *bounds_to_json(const struct bounds *bounds)
{
    json_t *object = json_object();
    json_set_real(object, "low", bounds->low);
    json_set_real(object, "high", bounds->high);
    json_object_set_new(object, "regular", json_boolean(bounds->regular));
    return object;
}

// An end that is not known is absent. A single repeat has no interval.
static void add_interval(json_t *intervals, const char *key, const struct median *median)
{
    if (median->repeats < 2) {
        return;
    }
    json_t *interval = json_object();
    json_set_real(interval, "low", median->span.low > 0 ? median->span.low : (double)NAN);
    json_set_real(interval, "high", median->span.high);
    json_object_set_new(interval, "repeats", json_integer((json_int_t)median->repeats));
    json_set_real(interval, "confidence",
                  ranks_median_confidence(median->repeats, RANKS_MEDIAN_ERROR));
    json_object_set_new(intervals, key, interval);
}

static void add_intervals(json_t *row, const struct headline *headline)
{
    json_t *intervals = json_object();
    add_interval(intervals, "throughput_pps", &headline->throughput_median);
    add_interval(intervals, "pdr_pps", &headline->pdr_median);
    add_interval(intervals, "max_pps", &headline->max_median);
    add_interval(intervals, "host_percent", &headline->host_median);
    add_interval(intervals, "router_percent", &headline->router_median);
    add_interval(intervals, "ns_per_packet", &headline->ns_median);
    if (json_object_size(intervals) == 0) {
        json_decref(intervals);
        return;
    }
    json_object_set_new(row, "intervals", intervals);
    if (headline->repeats_needed > 0) {
        json_object_set_new(row, "repeats_needed",
                            json_integer((json_int_t)headline->repeats_needed));
    }
}

static json_t *headline_to_json(const struct headline *headline)
{
    const struct point *first = headline->first;
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:i, s:s, s:s}", "scenario", first->scenario,
                            "platform", first->platform, "engine", first->engine, "topology",
                            first->topology, "length", (int)first->length, "length_layer",
                            first->length_layer, "network", headline->network);
    json_set_text(row, "mix", first->mix);
    json_set_text(row, "unstable", headline->unstable);
    if (headline->adapts) {
        json_set_real(row, "goodput_bps", headline->goodput_bps);
    } else {
        json_object_set_new(row, "throughput_pps", bounds_to_json(&headline->throughput));
        json_object_set_new(row, "pdr_pps", bounds_to_json(&headline->pdr));
    }
    if (isfinite(headline->max_pps)) {
        json_object_set_new(
            row, "max_pps",
            json_pack("{s:f, s:b}", "value", headline->max_pps, "at_least", !headline->saturated));
    }
    if (!headline->adapts) {
        json_object_set_new(row, "saturated", json_boolean(headline->saturated));
    }
    json_object_set_new(row, "tester_limit", json_boolean(headline->tester_limit));
    json_set_real(row, "host_percent", headline->host_percent);
    json_set_real(row, "router_percent", headline->router_percent);
    json_set_real(row, "ns_per_packet", headline->ns_per_packet);
    add_intervals(row, headline);
    json_object_set_new(row, "points", json_integer((json_int_t)headline->points));
    json_object_set_new(row, "invalid", json_integer((json_int_t)headline->invalid));
    return row;
}

json_t *headlines_to_json(const struct point_list *points)
{
    _cleanup_free_ struct headline *headlines = NULL;
    size_t count = headlines_compute(points, &headlines);
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        if (!headlines[i].fixed_load) {
            json_array_append_new(rows, headline_to_json(&headlines[i]));
        }
    }
    return rows;
}

// ---- for people

// The bounds, with a mark if they are irregular, and one if even a low load lost packets; NULL if
// nothing is known.
static char *bounds_text(const struct headline *headline, const struct bounds *bounds)
{
    char *text = words_bounds(bounds->low, bounds->high);
    if (text == NULL || (bounds->regular && headline->unstable == NULL)) {
        return text;
    }
    char *marked = text_format("%s%s%s", text, bounds->regular ? "" : "*",
                               headline->unstable == NULL ? "" : WORDS_UNSTABLE);
    free(text);
    return marked;
}

static char *max_text(const struct headline *headline)
{
    double most = headline->saturated ? headline->max_pps : (double)NAN;
    return words_bounds(headline->max_pps, most);
}

int headlines_list(const struct point_list *points, struct writer *writer,
                   struct headline_marks *ret, struct error *err)
{
    _cleanup_free_ struct headline *headlines = NULL;
    size_t count = headlines_compute(points, &headlines);
    struct headline_marks marks = {0};
    for (size_t i = 0; i < count; i++) {
        const struct headline *headline = &headlines[i];
        if (headline->fixed_load) {
            continue;
        }
        const struct point *first = headline->first;
        _cleanup_free_ char *throughput = bounds_text(headline, &headline->throughput);
        _cleanup_free_ char *pdr = bounds_text(headline, &headline->pdr);
        _cleanup_free_ char *max = max_text(headline);
        _cleanup_free_ char *valid =
            text_format("%zu/%zu", headline->points - headline->invalid, headline->points);
        marks.at_least = marks.at_least || (max != NULL && !headline->saturated) ||
                         (isfinite(headline->throughput.low) && isnan(headline->throughput.high));
        marks.repeated = marks.repeated || headline->max_median.repeats > 1;
        marks.irregular =
            marks.irregular || !headline->throughput.regular || !headline->pdr.regular;
        const struct value row[COLUMN_COUNT] = {
            [SCENARIO] = VALUE_TEXT(first->scenario),
            [PLATFORM] = VALUE_TEXT(first->platform),
            [ENGINE] = VALUE_TEXT(first->engine),
            [TOPOLOGY] = VALUE_TEXT(first->topology),
            [LENGTH] = VALUE_INTEGER(first->length),
            [LENGTH_LAYER] = VALUE_TEXT(first->length_layer),
            [NETWORK] = VALUE_TEXT(headline->network),
            [THROUGHPUT] = VALUE_TEXT(throughput),
            [PDR] = VALUE_TEXT(pdr),
            [MAX] = VALUE_TEXT(max),
            [HOST] = VALUE_REAL(headline->host_percent),
            [ROUTER] = VALUE_REAL(headline->router_percent),
            [NS_PER_PACKET] = VALUE_REAL(headline->ns_per_packet),
            [VALID] = VALUE_TEXT(valid),
        };
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    *ret = marks;
    return writer_finish(writer, err);
}

// ---- intervals for people

enum {
    I_SCENARIO,
    I_PLATFORM,
    I_ENGINE,
    I_TOPOLOGY,
    I_LENGTH,
    I_LENGTH_LAYER,
    I_NETWORK,
    I_THROUGHPUT,
    I_PDR,
    I_MAX,
    I_NS_PER_PACKET,
    I_REPEATS,
    INTERVAL_COUNT
};

const struct column interval_columns[] = {
    [I_SCENARIO] = COLUMN_SCENARIO,
    [I_PLATFORM] = COLUMN_PLATFORM,
    [I_ENGINE] = COLUMN_ENGINE,
    [I_TOPOLOGY] = COLUMN_TOPOLOGY,
    [I_LENGTH] = COLUMN_LENGTH("length"),
    [I_LENGTH_LAYER] = COLUMN_LENGTH_LAYER,
    [I_NETWORK] = {"network", "Network", COLUMN_CONTEXT, 0},
    [I_THROUGHPUT] = {"throughput_pps", "Throughput pps", COLUMN_TEXT, 0},
    [I_PDR] = {"pdr_pps", "Drop 0.5 % pps", COLUMN_TEXT, 0},
    [I_MAX] = {"max_pps", "Max pps", COLUMN_TEXT, 0},
    [I_NS_PER_PACKET] = {"ns_per_packet", "ns per packet", COLUMN_TEXT, 0},
    [I_REPEATS] = {"repeats", "Repeats", COLUMN_TEXT, 0},
};
const size_t interval_column_count = INTERVAL_COUNT;

static char *interval_text(const struct median *median)
{
    return median->repeats < 2 ? NULL : words_bounds(median->span.low, median->span.high);
}

// "3/12": repeats, and about how many would be enough.
static char *repeats_text(const struct headline *headline)
{
    return headline->repeats_needed == 0
               ? text_format("%zu", headline->max_median.repeats)
               : text_format("%zu/%zu", headline->max_median.repeats, headline->repeats_needed);
}

int headline_intervals_list(const struct point_list *points, struct writer *writer,
                            size_t *ret_fewest, struct error *err)
{
    _cleanup_free_ struct headline *headlines = NULL;
    size_t count = headlines_compute(points, &headlines);
    size_t fewest = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        const struct headline *headline = &headlines[i];
        const struct point *first = headline->first;
        if (headline->fixed_load || headline->max_median.repeats < 2) {
            continue;
        }
        _cleanup_free_ char *throughput = interval_text(&headline->throughput_median);
        _cleanup_free_ char *pdr = interval_text(&headline->pdr_median);
        _cleanup_free_ char *max = interval_text(&headline->max_median);
        _cleanup_free_ char *ns = interval_text(&headline->ns_median);
        _cleanup_free_ char *repeats = repeats_text(headline);
        fewest = headline->max_median.repeats < fewest ? headline->max_median.repeats : fewest;
        const struct value row[INTERVAL_COUNT] = {
            [I_SCENARIO] = VALUE_TEXT(first->scenario),
            [I_PLATFORM] = VALUE_TEXT(first->platform),
            [I_ENGINE] = VALUE_TEXT(first->engine),
            [I_TOPOLOGY] = VALUE_TEXT(first->topology),
            [I_LENGTH] = VALUE_INTEGER(first->length),
            [I_LENGTH_LAYER] = VALUE_TEXT(first->length_layer),
            [I_NETWORK] = VALUE_TEXT(headline->network),
            [I_THROUGHPUT] = VALUE_TEXT(throughput),
            [I_PDR] = VALUE_TEXT(pdr),
            [I_MAX] = VALUE_TEXT(max),
            [I_NS_PER_PACKET] = VALUE_TEXT(ns),
            [I_REPEATS] = VALUE_TEXT(repeats),
        };
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    *ret_fewest = fewest;
    return writer_finish(writer, err);
}
