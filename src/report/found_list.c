// SPDX-License-Identifier: GPL-3.0-or-later
// report/found_list — see found_list.h.
#include "report/found_list.h"

#include <math.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
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

static int write_rate_row(struct writer *writer, const struct found *found, struct error *err)
{
    _cleanup_free_ char *bounds = found_bounds(found);
    bool plain = found->regular || found->beyond; // the bounds name the limit
    _cleanup_free_ char *result = plain ? text_copy(found->regular ? "regular" : "irregular")
                                        : text_format("irregular: %s", found->end);
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
    _cleanup_free_ char *bounds = cap_bounds(found);
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
    _cleanup_free_ char *bounds = burst_bounds(found);
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

// ---- all kinds

static const struct {
    const struct column *columns;
    size_t column_count;
    int (*write_row)(struct writer *writer, const struct found *found, struct error *err);
} tables[] = {
    [FOUND_RATE] = {columns, COLUMN_COUNT, write_rate_row},
    [FOUND_CAP] = {cap_columns, CAP_COLUMN_COUNT, write_cap_row},
    [FOUND_BURST] = {burst_columns, BURST_COLUMN_COUNT, write_burst_row},
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

int found_write_table(const struct found_list *list, FILE *out, bool colour, struct error *err)
{
    int rc = 0;
    for (size_t of = 0; rc == 0 && of < TABLE_COUNT; of++) {
        if (has_rows_of(list, (enum found_kind)of)) {
            rc = write_rows_of(list, (enum found_kind)of, out, colour, err);
        }
    }
    return rc;
}

int found_write_json(const struct found_list *list, FILE *out, struct error *err)
{
    json_t *rows = found_to_json(list);
    _cleanup_free_ char *text = json_to_text(rows, 1);
    json_decref(rows);
    return fprintf(out, "%s\n", text) < 0 ? fail(err, 0, "writing the results failed") : 0;
}
