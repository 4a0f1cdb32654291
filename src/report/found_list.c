// SPDX-License-Identifier: GPL-3.0-or-later
// report/found_list — see found_list.h.
#include "report/found_list.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/words.h"
#include "report/writer.h"
#include "result/json_text.h"

// Indices of the columns.
enum {
    TOPOLOGY,
    LENGTH,
    NETWORK,
    GOAL,
    BOUNDS,
    CONDITIONAL,
    RESULT,
    TRIALS,
    TRIAL_S,
    COLUMN_COUNT
};

static const struct column columns[COLUMN_COUNT] = {
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [LENGTH] = COLUMN_LENGTH("length"),
    [NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [GOAL] = {"goal", "Goal", COLUMN_TEXT, 0},
    [BOUNDS] = {"bounds", "Bounds pps", COLUMN_TEXT, 0},
    [CONDITIONAL] = {"conditional_pps", "Forwarded pps", COLUMN_REAL, 0},
    [RESULT] = {"result", "Result", COLUMN_TEXT, 0},
    [TRIALS] = {"trials", "Trials", COLUMN_INTEGER, 0},
    [TRIAL_S] = {"trial_s", "Trial s", COLUMN_REAL, 1},
};

static char *found_bounds(const struct found *found)
{
    char lower[48];
    char upper[48];
    text_group_digits(found->lower_pps, 0, lower);
    text_group_digits(found->upper_pps, 0, upper);
    if (isnan(found->lower_pps) && isnan(found->upper_pps)) {
        return text_copy("unknown");
    }
    if (isnan(found->lower_pps)) {
        return text_format("<%s", upper);
    }
    if (isnan(found->upper_pps)) {
        return found->beyond ? text_format(">=%s (%s)", lower, found->end)
                             : text_format(">=%s", lower);
    }
    return text_format("%s-%s", lower, upper);
}

// Marks bounds of a topology that was not stable. Frees the text.
static char *mark_bounds(const struct found *found, char *bounds)
{
    char *text = text_format("%s%s", bounds, found->unstable == NULL ? "" : WORDS_UNSTABLE);
    free(bounds);
    return text;
}

// "regular", or why not, unless the bounds name the limit.
static char *rate_result(const struct found *found)
{
    return found->regular || found->beyond ? text_copy(found->regular ? "regular" : "irregular")
                                           : text_format("irregular: %s", found->end);
}

static int write_rate_row(struct writer *writer, const struct found *found, struct error *err)
{
    _cleanup_free_ char *bounds = mark_bounds(found, found_bounds(found));
    _cleanup_free_ char *result = rate_result(found);
    const struct value row[COLUMN_COUNT] = {
        [TOPOLOGY] = VALUE_TEXT(found->topology),
        [LENGTH] = VALUE_INTEGER(found->length),
        [NETWORK] = VALUE_TEXT(found->network),
        [GOAL] = VALUE_TEXT(found->goal),
        [BOUNDS] = VALUE_TEXT(bounds),
        [CONDITIONAL] = VALUE_REAL(found->conditional_pps),
        [RESULT] = VALUE_TEXT(result),
        [TRIALS] = VALUE_INTEGER(found->trials),
        [TRIAL_S] = VALUE_REAL(found->trial_s),
    };
    return writer_row(writer, row, err);
}

// ---- caps

enum {
    CAP_TOPOLOGY,
    CAP_LENGTH,
    CAP_ROUTER,
    CAP_AT,
    CAP_GOAL,
    CAP_BOUNDS,
    CAP_RESULT,
    CAP_TRIALS,
    CAP_TRIAL_S,
    CAP_COLUMN_COUNT
};

static const struct column cap_columns[CAP_COLUMN_COUNT] = {
    [CAP_TOPOLOGY] = COLUMN_TOPOLOGY,
    [CAP_LENGTH] = COLUMN_LENGTH("length"),
    [CAP_ROUTER] = {"router", "Router", COLUMN_TEXT, 0},
    [CAP_AT] = {"at_pps", "At pps", COLUMN_REAL, 0},
    [CAP_GOAL] = {"goal", "Goal", COLUMN_TEXT, 0},
    [CAP_BOUNDS] = {"cap", "Cap %", COLUMN_TEXT, 0},
    [CAP_RESULT] = {"result", "Result", COLUMN_TEXT, 0},
    [CAP_TRIALS] = {"trials", "Trials", COLUMN_INTEGER, 0},
    [CAP_TRIAL_S] = {"trial_s", "Trial s", COLUMN_REAL, 1},
};

static char *cap_bounds(const struct found *found)
{
    if (found->enough_cap == 0) {
        return found->short_cap == 0 ? text_copy("unknown") : text_format("> %u", found->short_cap);
    }
    return found->short_cap == 0 ? text_format("<= %u", found->enough_cap)
                                 : text_format("%u to %u", found->short_cap, found->enough_cap);
}

static int write_cap_row(struct writer *writer, const struct found *found, struct error *err)
{
    _cleanup_free_ char *bounds = mark_bounds(found, cap_bounds(found));
    _cleanup_free_ char *result =
        found->regular ? text_copy("regular") : text_format("irregular: %s", found->end);
    const struct value row[CAP_COLUMN_COUNT] = {
        [CAP_TOPOLOGY] = VALUE_TEXT(found->topology),
        [CAP_LENGTH] = VALUE_INTEGER(found->length),
        [CAP_ROUTER] = VALUE_TEXT(found->router),
        [CAP_AT] = VALUE_REAL(found->at_pps),
        [CAP_GOAL] = VALUE_TEXT(found->goal),
        [CAP_BOUNDS] = VALUE_TEXT(bounds),
        [CAP_RESULT] = VALUE_TEXT(result),
        [CAP_TRIALS] = VALUE_INTEGER(found->trials),
        [CAP_TRIAL_S] = VALUE_REAL(found->trial_s),
    };
    return writer_row(writer, row, err);
}

// ---- bursts

enum {
    BURST_TOPOLOGY,
    BURST_LENGTH,
    BURST_NETWORK,
    BURST_AT,
    BURST_GOAL,
    BURST_BOUNDS,
    BURST_IMPLIED,
    BURST_BUFFER,
    BURST_RESULT,
    BURST_COLUMN_COUNT
};

static const struct column burst_columns[BURST_COLUMN_COUNT] = {
    [BURST_TOPOLOGY] = COLUMN_TOPOLOGY,
    [BURST_LENGTH] = COLUMN_LENGTH("length"),
    [BURST_NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [BURST_AT] = {"at_pps", "At pps", COLUMN_REAL, 0},
    [BURST_GOAL] = {"goal", "Goal", COLUMN_TEXT, 0},
    [BURST_BOUNDS] = {"burst", "Burst frames", COLUMN_TEXT, 0},
    [BURST_IMPLIED] = {"implied", "Implied us", COLUMN_REAL, 0},
    [BURST_BUFFER] = {"buffer", "Buffer us", COLUMN_REAL, 0},
    [BURST_RESULT] = {"result", "Result", COLUMN_TEXT, 0},
};

static char *burst_bounds(const struct found *found)
{
    char carried[48];
    char lost[48];
    text_group_digits(found->carried_frames, 0, carried);
    text_group_digits(found->lost_frames, 0, lost);
    if (isnan(found->carried_frames)) {
        return isnan(found->lost_frames) ? text_copy("unknown") : text_format("<%s", lost);
    }
    return isnan(found->lost_frames) ? text_format(">=%s", carried)
                                     : text_format("%s-%s", carried, lost);
}

static int write_burst_row(struct writer *writer, const struct found *found, struct error *err)
{
    _cleanup_free_ char *bounds = mark_bounds(found, burst_bounds(found));
    _cleanup_free_ char *result =
        found->regular ? text_copy("regular") : text_format("irregular: %s", found->end);
    const struct value row[BURST_COLUMN_COUNT] = {
        [BURST_TOPOLOGY] = VALUE_TEXT(found->topology),
        [BURST_LENGTH] = VALUE_INTEGER(found->length),
        [BURST_NETWORK] = VALUE_TEXT(found->network),
        [BURST_AT] = VALUE_REAL(found->at_pps),
        [BURST_GOAL] = VALUE_TEXT(found->goal),
        [BURST_BOUNDS] = VALUE_TEXT(bounds),
        [BURST_IMPLIED] = VALUE_REAL(found->implied_s[0] * 1e6),
        [BURST_BUFFER] = VALUE_REAL(found->buffer_s[0] * 1e6),
        [BURST_RESULT] = VALUE_TEXT(result),
    };
    return writer_row(writer, row, err);
}

// ---- series: what they have in common

static char *series_end(const struct found *found)
{
    return found->regular ? text_copy("regular") : text_format("irregular: %s", found->end);
}

// ---- latency

enum {
    LATENCY_TOPOLOGY,
    LATENCY_LENGTH,
    LATENCY_NETWORK,
    LATENCY_LOAD,
    LATENCY_AT,
    LATENCY_MEAN,
    LATENCY_P50,
    LATENCY_P99,
    LATENCY_P999,
    LATENCY_RESULT,
    LATENCY_COLUMN_COUNT
};

static const struct column latency_columns[LATENCY_COLUMN_COUNT] = {
    [LATENCY_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [LATENCY_LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [LATENCY_NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [LATENCY_LOAD] = {"load", "Load %", COLUMN_REAL, 0},
    [LATENCY_AT] = {"at_pps", "pps", COLUMN_REAL, 0},
    [LATENCY_MEAN] = {"mean", "Delay us", COLUMN_TEXT, 0},
    [LATENCY_P50] = {"p50", "p50", COLUMN_REAL, 1},
    [LATENCY_P99] = {"p99", "p99", COLUMN_REAL, 1},
    [LATENCY_P999] = {"p999", "p99.9", COLUMN_REAL, 1},
    [LATENCY_RESULT] = {"result", "Result", COLUMN_TEXT, 0},
};

static char *latency_mean(const struct found *found)
{
    const struct mean *mean = &found->delay.mean;
    return !found->delay.measured
               ? text_copy("-")
               : text_format("%.1f +- %.1f", mean->value / 1e3, (mean->high - mean->value) / 1e3);
}

static int write_latency_row(struct writer *writer, const struct found *found, struct error *err)
{
    const struct found_delay *delay = &found->delay;
    const double absent = (double)NAN;
    _cleanup_free_ char *mean = latency_mean(found);
    _cleanup_free_ char *result = series_end(found);
    const struct value row[LATENCY_COLUMN_COUNT] = {
        [LATENCY_TOPOLOGY] = VALUE_TEXT(found->topology),
        [LATENCY_LENGTH] = VALUE_INTEGER(found->length),
        [LATENCY_NETWORK] = VALUE_TEXT(found->network),
        [LATENCY_LOAD] = VALUE_REAL(found->load_percent),
        [LATENCY_AT] = VALUE_REAL(found->at_pps),
        [LATENCY_MEAN] = VALUE_TEXT(mean),
        [LATENCY_P50] = VALUE_REAL(delay->measured ? delay->p50 / 1e3 : absent),
        [LATENCY_P99] = VALUE_REAL(delay->measured ? delay->p99 / 1e3 : absent),
        [LATENCY_P999] = VALUE_REAL(delay->measured ? delay->p999 / 1e3 : absent),
        [LATENCY_RESULT] = VALUE_TEXT(result),
    };
    return writer_row(writer, row, err);
}

// ---- the frame loss curve

enum {
    LOSS_TOPOLOGY,
    LOSS_LENGTH,
    LOSS_NETWORK,
    LOSS_LOAD,
    LOSS_AT,
    LOSS_TX,
    LOSS_LOST,
    LOSS_RATIO,
    LOSS_RESULT,
    LOSS_COLUMN_COUNT
};

static const struct column loss_columns[LOSS_COLUMN_COUNT] = {
    [LOSS_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [LOSS_LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [LOSS_NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [LOSS_LOAD] = {"load", "Load %", COLUMN_REAL, 0},
    [LOSS_AT] = {"at_pps", "pps", COLUMN_REAL, 0},
    [LOSS_TX] = {"tx", "Sent", COLUMN_INTEGER, 0},
    [LOSS_LOST] = {"lost", "Lost", COLUMN_INTEGER, 0},
    [LOSS_RATIO] = {"frame_loss", "Loss %", COLUMN_REAL, 4},
    [LOSS_RESULT] = {"result", "Result", COLUMN_TEXT, 0},
};

static int write_loss_row(struct writer *writer, const struct found *found, struct error *err)
{
    _cleanup_free_ char *result = series_end(found);
    double ratio = found->tx == 0 ? (double)NAN : (double)found->lost / (double)found->tx;
    const struct value row[LOSS_COLUMN_COUNT] = {
        [LOSS_TOPOLOGY] = VALUE_TEXT(found->topology),
        [LOSS_LENGTH] = VALUE_INTEGER(found->length),
        [LOSS_NETWORK] = VALUE_TEXT(found->network),
        [LOSS_LOAD] = VALUE_REAL(found->load_percent),
        [LOSS_AT] = VALUE_REAL(found->at_pps),
        [LOSS_TX] = VALUE_INTEGER(found->tx),
        [LOSS_LOST] = VALUE_INTEGER(found->lost),
        [LOSS_RATIO] = VALUE_REAL(100.0 * ratio),
        [LOSS_RESULT] = VALUE_TEXT(result),
    };
    return writer_row(writer, row, err);
}

// ---- system recovery

enum {
    RECOVERY_TOPOLOGY,
    RECOVERY_LENGTH,
    RECOVERY_NETWORK,
    RECOVERY_AT,
    RECOVERY_AFTER,
    RECOVERY_TIME,
    RECOVERY_LONGEST,
    RECOVERY_LOST,
    RECOVERY_RESULT,
    RECOVERY_COLUMN_COUNT
};

static const struct column recovery_columns[RECOVERY_COLUMN_COUNT] = {
    [RECOVERY_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [RECOVERY_LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [RECOVERY_NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [RECOVERY_AT] = {"at_pps", "pps", COLUMN_REAL, 0},
    [RECOVERY_AFTER] = {"after_pps", "then pps", COLUMN_REAL, 0},
    [RECOVERY_TIME] = {"recovery", "Recovery ms", COLUMN_TEXT, 0},
    [RECOVERY_LONGEST] = {"longest", "Longest", COLUMN_REAL, 1},
    [RECOVERY_LOST] = {"lost_after", "Lost", COLUMN_INTEGER, 0},
    [RECOVERY_RESULT] = {"result", "Result", COLUMN_TEXT, 0},
};

static int write_recovery_row(struct writer *writer, const struct found *found, struct error *err)
{
    const struct found_time *time = &found->time;
    _cleanup_free_ char *result = series_end(found);
    _cleanup_free_ char *span =
        time->measured ? text_format("%.1f to %.1f", time->low_ns / 1e6, time->high_ns / 1e6)
                       : text_copy("-");
    const struct value row[RECOVERY_COLUMN_COUNT] = {
        [RECOVERY_TOPOLOGY] = VALUE_TEXT(found->topology),
        [RECOVERY_LENGTH] = VALUE_INTEGER(found->length),
        [RECOVERY_NETWORK] = VALUE_TEXT(found->network),
        [RECOVERY_AT] = VALUE_REAL(found->at_pps),
        [RECOVERY_AFTER] = VALUE_REAL(found->after_pps),
        [RECOVERY_TIME] = VALUE_TEXT(span),
        [RECOVERY_LONGEST] = VALUE_REAL(time->measured ? time->longest_ns / 1e6 : (double)NAN),
        [RECOVERY_LOST] = time->measured ? VALUE_INTEGER(found->lost_after) : VALUE_ABSENT,
        [RECOVERY_RESULT] = VALUE_TEXT(result),
    };
    return writer_row(writer, row, err);
}

// ---- reset

enum {
    RESET_TOPOLOGY,
    RESET_LENGTH,
    RESET_ROUTER,
    RESET_NETWORK,
    RESET_AT,
    RESET_TIME,
    RESET_LONGEST,
    RESET_BY_LOSS,
    RESET_RESULT,
    RESET_COLUMN_COUNT
};

static const struct column reset_columns[RESET_COLUMN_COUNT] = {
    [RESET_TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [RESET_LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [RESET_ROUTER] = {"router", "Router", COLUMN_TEXT, 0},
    [RESET_NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [RESET_AT] = {"at_pps", "pps", COLUMN_REAL, 0},
    [RESET_TIME] = {"outage", "Outage ms", COLUMN_TEXT, 0},
    [RESET_LONGEST] = {"longest", "Longest", COLUMN_REAL, 0},
    [RESET_BY_LOSS] = {"by_loss", "By loss", COLUMN_REAL, 1},
    [RESET_RESULT] = {"result", "Result", COLUMN_TEXT, 0},
};

static int write_reset_row(struct writer *writer, const struct found *found, struct error *err)
{
    const struct found_time *time = &found->time;
    _cleanup_free_ char *result = series_end(found);
    _cleanup_free_ char *span =
        time->measured ? text_format("%.0f to %.0f", time->low_ns / 1e6, time->high_ns / 1e6)
                       : text_copy("-");
    double by_loss = time->measured
                         ? (double)found->lost / (double)found->trials / found->at_pps * 1e3
                         : (double)NAN;
    const struct value row[RESET_COLUMN_COUNT] = {
        [RESET_TOPOLOGY] = VALUE_TEXT(found->topology),
        [RESET_LENGTH] = VALUE_INTEGER(found->length),
        [RESET_ROUTER] = VALUE_TEXT(found->router),
        [RESET_NETWORK] = VALUE_TEXT(found->network),
        [RESET_AT] = VALUE_REAL(found->at_pps),
        [RESET_TIME] = VALUE_TEXT(span),
        [RESET_LONGEST] = VALUE_REAL(time->measured ? time->longest_ns / 1e6 : (double)NAN),
        [RESET_BY_LOSS] = VALUE_REAL(by_loss),
        [RESET_RESULT] = VALUE_TEXT(result),
    };
    return writer_row(writer, row, err);
}

// ---- service density

enum {
    DENSITY_TOPOLOGY,
    DENSITY_LENGTH,
    DENSITY_GOAL,
    DENSITY_ROUTERS,
    DENSITY_EACH,
    DENSITY_TOTAL,
    DENSITY_SHARE,
    DENSITY_HOST,
    DENSITY_DUT,
    DENSITY_RESULT,
    DENSITY_COLUMN_COUNT
};

static const struct column density_columns[DENSITY_COLUMN_COUNT] = {
    [DENSITY_TOPOLOGY] = COLUMN_TOPOLOGY,
    [DENSITY_LENGTH] = COLUMN_LENGTH("length"),
    [DENSITY_GOAL] = {"goal", "Goal", COLUMN_TEXT, 0},
    [DENSITY_ROUTERS] = {"routers", "Routers", COLUMN_INTEGER, 0},
    [DENSITY_EACH] = {"each_pps", "Each pps", COLUMN_TEXT, 0},
    [DENSITY_TOTAL] = {"total_pps", "All pps", COLUMN_TEXT, 0},
    [DENSITY_SHARE] = {"share", "% of one alone", COLUMN_TEXT, 0},
    [DENSITY_HOST] = {"host_percent", "Host CPU %", COLUMN_REAL, 1},
    [DENSITY_DUT] = {"dut_percent", "with routers", COLUMN_REAL, 1},
    [DENSITY_RESULT] = {"result", "Result", COLUMN_TEXT, 0},
};

static int write_density_row(struct writer *writer, const struct found *found, struct error *err)
{
    _cleanup_free_ char *each = mark_bounds(found, found_bounds(found));
    _cleanup_free_ char *all =
        words_bounds(found->networks * found->lower_pps, found->networks * found->upper_pps);
    double low = 100 * found->share_low;
    double high = 100 * found->share_high;
    _cleanup_free_ char *share = isnan(low) || isnan(high) ? NULL : words_bounds(low, high);
    _cleanup_free_ char *result = rate_result(found);
    const struct value row[DENSITY_COLUMN_COUNT] = {
        [DENSITY_TOPOLOGY] = VALUE_TEXT(found->topology),
        [DENSITY_LENGTH] = VALUE_INTEGER(found->length),
        [DENSITY_GOAL] = VALUE_TEXT(found->goal),
        [DENSITY_ROUTERS] = VALUE_INTEGER(found->routers),
        [DENSITY_EACH] = VALUE_TEXT(each),
        [DENSITY_TOTAL] = VALUE_TEXT(all),
        [DENSITY_SHARE] = VALUE_TEXT(share),
        [DENSITY_HOST] = VALUE_REAL(found->host_percent),
        [DENSITY_DUT] = VALUE_REAL(found->dut_percent),
        [DENSITY_RESULT] = VALUE_TEXT(result),
    };
    return writer_row(writer, row, err);
}

// ---- all kinds

static const struct {
    const struct column *columns;
    size_t column_count;
    int (*write_row)(struct writer *writer, const struct found *found, struct error *err);
} tables[] = {
    [FOUND_RATE] = {columns, COLUMN_COUNT, write_rate_row},
    [FOUND_CAP] = {cap_columns, CAP_COLUMN_COUNT, write_cap_row},
    [FOUND_BURST] = {burst_columns, BURST_COLUMN_COUNT, write_burst_row},
    [FOUND_LATENCY] = {latency_columns, LATENCY_COLUMN_COUNT, write_latency_row},
    [FOUND_LOSS] = {loss_columns, LOSS_COLUMN_COUNT, write_loss_row},
    [FOUND_RESET] = {reset_columns, RESET_COLUMN_COUNT, write_reset_row},
    [FOUND_RECOVERY] = {recovery_columns, RECOVERY_COLUMN_COUNT, write_recovery_row},
    [FOUND_DENSITY] = {density_columns, DENSITY_COLUMN_COUNT, write_density_row},
};
#define TABLE_COUNT (sizeof tables / sizeof tables[0])

static int write_rows_of(const struct found_list *list, enum found_kind of, FILE *out, bool colour,
                         struct error *err)
{
    struct writer *writer =
        writer_table(out, tables[of].columns, tables[of].column_count, 0, colour);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        if (list->items[i].of == of) {
            rc = tables[of].write_row(writer, &list->items[i], err);
        }
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}

static bool has_rows_of(const struct found_list *list, enum found_kind of)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].of == of) {
            return true;
        }
    }
    return false;
}

// Names the topologies whose bounds are marked.
static void write_unstable(const struct found_list *list, FILE *out)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct found *found = &list->items[i];
        bool same = i > 0 && text_equal(list->items[i - 1].topology, found->topology);
        if (found->unstable != NULL && !same) {
            fprintf(out, WORDS_UNSTABLE ": %s: this machine %s\n", found->topology,
                    found->unstable);
        }
    }
}

int found_write_table(const struct found_list *list, FILE *out, bool colour, struct error *err)
{
    int rc = 0;
    for (size_t of = 0; rc == 0 && of < TABLE_COUNT; of++) {
        if (has_rows_of(list, (enum found_kind)of)) {
            rc = write_rows_of(list, (enum found_kind)of, out, colour, err);
        }
    }
    write_unstable(list, out);
    return rc;
}

int found_write_json(const struct found_list *list, FILE *out, struct error *err)
{
    json_t *rows = found_to_json(list);
    _cleanup_free_ char *text = json_to_text(rows, 1);
    json_decref(rows);
    return fprintf(out, "%s\n", text) < 0 ? fail(err, 0, "writing the results failed") : 0;
}
