// SPDX-License-Identifier: GPL-3.0-or-later
// report/summary — see summary.h.
#include "report/summary.h"

#include <math.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"

// Indices of the columns.
enum {
    SCENARIO,
    PLATFORM,
    ENGINE,
    TOPOLOGY,
    LENGTH,
    LENGTH_LAYER,
    THROUGHPUT_FROM,
    THROUGHPUT_TO,
    PDR_FROM,
    PDR_TO,
    NO_LOSS,
    MAX,
    MAX_IS,
    LOSS_AT_TOP,
    HOST,
    ROUTERS,
    NS_PER_PACKET,
    POINTS,
    INVALID,
    INVALID_ABOVE,
    PEOPLE_COUNT,
    REPEATS = PEOPLE_COUNT,
    CONFIDENCE,
    NO_LOSS_LOW,
    NO_LOSS_HIGH,
    MAX_LOW,
    MAX_HIGH,
    LOSS_LOW,
    LOSS_HIGH,
    HOST_LOW,
    HOST_HIGH,
    ROUTERS_LOW,
    ROUTERS_HIGH,
    NS_LOW,
    NS_HIGH,
    COLUMN_COUNT
};

const struct column summary_columns[] = {
    [SCENARIO] = COLUMN_SCENARIO,
    [PLATFORM] = COLUMN_PLATFORM,
    [ENGINE] = COLUMN_ENGINE,
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [LENGTH] = COLUMN_LENGTH("length_bytes"),
    [LENGTH_LAYER] = COLUMN_LENGTH_LAYER,
    [THROUGHPUT_FROM] = {"throughput_pps_from", "Throughput pps from", COLUMN_REAL, 0},
    [THROUGHPUT_TO] = {"throughput_pps_to", "Throughput pps to", COLUMN_REAL, 0},
    [PDR_FROM] = {"pdr_pps_from", "Drop 0.5 % pps from", COLUMN_REAL, 0},
    [PDR_TO] = {"pdr_pps_to", "Drop 0.5 % pps to", COLUMN_REAL, 0},
    [NO_LOSS] = {"no_loss_pps", "No loss pps", COLUMN_REAL, 0},
    [MAX] = {"max_pps", "Max pps", COLUMN_REAL, 0},
    [MAX_IS] = {"max_is", "Max is", COLUMN_TEXT, 0},
    [LOSS_AT_TOP] = {"loss_at_top_percent", "Loss at top %", COLUMN_REAL, 2},
    [HOST] = {"host_cpu_percent", "Host CPU %", COLUMN_REAL, 1},
    [ROUTERS] = {"router_cpu_percent", "Router CPU %", COLUMN_REAL, 1},
    [NS_PER_PACKET] = {"ns_per_packet", "ns per packet", COLUMN_REAL, 0},
    [POINTS] = {"points", "Points", COLUMN_INTEGER, 0},
    [INVALID] = {"invalid_points", "Invalid", COLUMN_INTEGER, 0},
    [INVALID_ABOVE] = {"invalid_loads_above", "Invalid loads above", COLUMN_INTEGER, 0},
    [REPEATS] = {"repeats", "Repeats", COLUMN_INTEGER, 0},
    [CONFIDENCE] = {"confidence_percent", "Confidence of intervals %", COLUMN_REAL, 1},
    [NO_LOSS_LOW] = {"no_loss_pps_low", "No loss pps from", COLUMN_REAL, 0},
    [NO_LOSS_HIGH] = {"no_loss_pps_high", "No loss pps to", COLUMN_REAL, 0},
    [MAX_LOW] = {"max_pps_low", "Max pps from", COLUMN_REAL, 0},
    [MAX_HIGH] = {"max_pps_high", "Max pps to", COLUMN_REAL, 0},
    [LOSS_LOW] = {"loss_at_top_percent_low", "Loss at top % from", COLUMN_REAL, 2},
    [LOSS_HIGH] = {"loss_at_top_percent_high", "Loss at top % to", COLUMN_REAL, 2},
    [HOST_LOW] = {"host_cpu_percent_low", "Host CPU % from", COLUMN_REAL, 1},
    [HOST_HIGH] = {"host_cpu_percent_high", "Host CPU % to", COLUMN_REAL, 1},
    [ROUTERS_LOW] = {"router_cpu_percent_low", "Router CPU % from", COLUMN_REAL, 1},
    [ROUTERS_HIGH] = {"router_cpu_percent_high", "Router CPU % to", COLUMN_REAL, 1},
    [NS_LOW] = {"ns_per_packet_low", "ns per packet from", COLUMN_REAL, 0},
    [NS_HIGH] = {"ns_per_packet_high", "ns per packet to", COLUMN_REAL, 0},
};
const size_t summary_column_count = COLUMN_COUNT;
const size_t summary_people_columns = PEOPLE_COUNT;

// The interval of a figure at a step; NaN without one, or of a single repeat.
static struct span span_of(const struct load_step *step, enum point_figure figure)
{
    struct median median = {0};
    if (step != NULL) {
        median = step_median(step, figure, NULL);
    }
    return median.repeats > 1 ? median.span : (struct span){(double)NAN, (double)NAN};
}

// Adds the intervals of the medians at the steps from which the figures are.
static void add_spans(const struct sweep *sweep, const struct load_step *at,
                      const struct load_step *highest, struct summary *summary)
{
    const struct load_step *top =
        sweep->step_count > 0 ? &sweep->steps[sweep->step_count - 1] : NULL;
    bool adapts = sweep->adapts;
    summary->no_loss_span = span_of(adapts ? NULL : at, POINT_FORWARDED);
    summary->max_span = span_of(adapts ? NULL : highest, POINT_FORWARDED);
    summary->loss_at_top_span = span_of(adapts ? NULL : top, POINT_LOSS);
    summary->host_span = span_of(at, POINT_HOST);
    summary->routers_span = span_of(at, POINT_ROUTERS);
    summary->ns_span = span_of(at, POINT_NS);
    const struct load_step *const used[] = {at, highest, top};
    for (size_t i = 0; i < sizeof used / sizeof used[0]; i++) {
        size_t repeats = used[i] == NULL ? 0 : used[i]->repeats;
        bool fewer = summary->repeats <= 1 || (repeats > 1 && repeats < summary->repeats);
        summary->repeats = repeats > 0 && fewer ? repeats : summary->repeats;
    }
}

// Between which sums of offered loads the losses begin, and whether a load lost more than
// HEADLINE_PDR.
static void note_bounds(const struct sweep *sweep, struct summary *summary)
{
    _cleanup_free_ double *offered = memory_new_array(double, sweep->step_count);
    _cleanup_free_ double *loss = memory_new_array(double, sweep->step_count);
    size_t count = 0;
    bool saturated = false;
    for (size_t i = 0; !sweep->adapts && i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        if (isfinite(step->offered_pps) && isfinite(step->loss_ratio)) {
            offered[count] = step->offered_pps;
            loss[count++] = step->loss_ratio;
            saturated = saturated || step->loss_ratio > HEADLINE_PDR;
        }
    }
    summary->throughput = bounds_enclose(offered, loss, count, 0.0);
    summary->pdr = bounds_enclose(offered, loss, count, HEADLINE_PDR);
    summary->limit = sweep_rate_limit(sweep, saturated);
    summary->invalid_above = sweep_invalid_above(sweep);
}

// The step at the lower bound of the loads that keep a loss ratio; NULL = none.
static const struct load_step *find_carried(const struct sweep *sweep, double loss_ratio)
{
    _cleanup_free_ double *offered = memory_new_array(double, sweep->step_count);
    _cleanup_free_ double *loss = memory_new_array(double, sweep->step_count);
    for (size_t i = 0; i < sweep->step_count; i++) {
        offered[i] = sweep->steps[i].requested_pps;
        loss[i] = isfinite(sweep->steps[i].loss_ratio) ? sweep->steps[i].loss_ratio : 1.0;
    }
    const struct bounds bounds = bounds_enclose(offered, loss, sweep->step_count, loss_ratio);
    const struct load_step *carried = NULL;
    for (size_t i = 0; i < sweep->step_count; i++) {
        bool keeps = loss[i] <= loss_ratio && offered[i] <= bounds.low;
        carried = keeps ? &sweep->steps[i] : carried;
    }
    return carried;
}

static struct summary summarise(const struct sweep *sweep, double loss_ratio)
{
    const struct load_step *loss_free = find_carried(sweep, loss_ratio);
    const struct load_step *highest = NULL;
    double max_pps = (double)NAN;
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        highest = isnan(max_pps) || step->forwarded_pps > max_pps ? step : highest;
        max_pps = fmax(max_pps, step->forwarded_pps); // fmax() ignores NaN
    }
    const struct load_step *best = sweep->adapts ? sweep_best_goodput(sweep) : NULL;
    const struct load_step *at = sweep->adapts ? best : loss_free;
    const struct load_step *top =
        sweep->step_count > 0 ? &sweep->steps[sweep->step_count - 1] : NULL;
    const double none = (double)NAN;
    struct summary summary = {
        .scenario = sweep->first->scenario,
        .platform = sweep->first->platform,
        .engine = sweep->first->engine,
        .topology = sweep->first->topology,
        .length_layer = sweep->first->length_layer,
        .length = sweep->first->length,
        .no_loss_pps = at != NULL && !sweep->adapts ? at->forwarded_pps : none,
        .max_pps = sweep->adapts ? none : max_pps,
        .adapts = sweep->adapts,
        .goodput_bps = best != NULL ? step_goodput(sweep, best) : none,
        .loss_at_top = top != NULL && !sweep->adapts ? top->loss_ratio : none,
        .host_percent = at != NULL ? at->host_percent : none,
        .routers_percent = at != NULL ? at->routers_percent : none,
        .ns_per_packet = at != NULL ? at->ns_per_packet : none,
        .points = sweep->points,
        .invalid = sweep->invalid,
    };
    note_bounds(sweep, &summary);
    add_spans(sweep, at, highest, &summary);
    return summary;
}

size_t summaries_of_sweeps(const struct sweep *sweeps, size_t count, double loss_ratio,
                           struct summary **ret)
{
    struct summary *summaries = memory_new_array(struct summary, count);
    for (size_t i = 0; i < count; i++) {
        summaries[i] = summarise(&sweeps[i], loss_ratio);
    }
    *ret = summaries;
    return count;
}

size_t summary_compute_within(const struct point_list *points, double loss_ratio,
                              struct summary **ret)
{
    struct sweep *sweeps;
    size_t count = sweeps_compute(points, &sweeps);
    (void)summaries_of_sweeps(sweeps, count, loss_ratio, ret);
    sweeps_free(sweeps, count);
    return count;
}

size_t summary_compute(const struct point_list *points, struct summary **ret)
{
    return summary_compute_within(points, 0, ret);
}

int summary_list(const struct point_list *points, struct writer *writer, struct error *err)
{
    _cleanup_free_ struct summary *summaries = NULL;
    size_t count = summary_compute(points, &summaries);
    for (size_t i = 0; i < count; i++) {
        const struct summary *summary = &summaries[i];
        struct value row[COLUMN_COUNT] = {
            [SCENARIO] = VALUE_TEXT(summary->scenario),
            [PLATFORM] = VALUE_TEXT(summary->platform),
            [ENGINE] = VALUE_TEXT(summary->engine),
            [TOPOLOGY] = VALUE_TEXT(summary->topology),
            [LENGTH] = VALUE_INTEGER(summary->length),
            [LENGTH_LAYER] = VALUE_TEXT(summary->length_layer),
            [THROUGHPUT_FROM] = VALUE_REAL(summary->throughput.low),
            [THROUGHPUT_TO] = VALUE_REAL(summary->throughput.high),
            [PDR_FROM] = VALUE_REAL(summary->pdr.low),
            [PDR_TO] = VALUE_REAL(summary->pdr.high),
            [NO_LOSS] = VALUE_REAL(summary->no_loss_pps),
            [MAX] = VALUE_REAL(summary->max_pps),
            [MAX_IS] = isfinite(summary->max_pps) ? VALUE_TEXT(rate_limit_text(summary->limit))
                                                  : VALUE_ABSENT,
            [LOSS_AT_TOP] = VALUE_REAL(summary->loss_at_top * 100),
            [HOST] = VALUE_REAL(summary->host_percent),
            [ROUTERS] = VALUE_REAL(summary->routers_percent),
            [NS_PER_PACKET] = VALUE_REAL(summary->ns_per_packet),
            [POINTS] = VALUE_INTEGER(summary->points),
            [INVALID] = VALUE_INTEGER(summary->invalid),
            [INVALID_ABOVE] = VALUE_INTEGER(summary->invalid_above),
            [REPEATS] = VALUE_INTEGER(summary->repeats),
            [CONFIDENCE] = summary->repeats > 1
                               ? VALUE_REAL(100 * ranks_median_confidence(summary->repeats,
                                                                          RANKS_MEDIAN_ERROR))
                               : VALUE_ABSENT,
            [NO_LOSS_LOW] = VALUE_REAL(summary->no_loss_span.low),
            [NO_LOSS_HIGH] = VALUE_REAL(summary->no_loss_span.high),
            [MAX_LOW] = VALUE_REAL(summary->max_span.low),
            [MAX_HIGH] = VALUE_REAL(summary->max_span.high),
            [LOSS_LOW] = VALUE_REAL(summary->loss_at_top_span.low * 100),
            [LOSS_HIGH] = VALUE_REAL(summary->loss_at_top_span.high * 100),
            [HOST_LOW] = VALUE_REAL(summary->host_span.low),
            [HOST_HIGH] = VALUE_REAL(summary->host_span.high),
            [ROUTERS_LOW] = VALUE_REAL(summary->routers_span.low),
            [ROUTERS_HIGH] = VALUE_REAL(summary->routers_span.high),
            [NS_LOW] = VALUE_REAL(summary->ns_span.low),
            [NS_HIGH] = VALUE_REAL(summary->ns_span.high),
        };
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    return writer_finish(writer, err);
}
