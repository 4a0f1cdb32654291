// SPDX-License-Identifier: GPL-3.0-or-later
// report/found_list — see found_list.h.
#include "report/found_list.h"

#include <math.h>

#include "base/cleanup.h"
#include "base/text.h"
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
    [TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [NETWORK] = {"network", "Network", COLUMN_TEXT, 0},
    [GOAL] = {"goal", "Goal", COLUMN_TEXT, 0},
    [BOUNDS] = {"bounds", "Bounds pps", COLUMN_TEXT, 0},
    [CONDITIONAL] = {"conditional_pps", "Forwarded pps", COLUMN_REAL, 0},
    [RESULT] = {"result", "Result", COLUMN_TEXT, 0},
    [TRIALS] = {"trials", "Trials", COLUMN_INTEGER, 0},
    [TRIAL_S] = {"trial_s", "Trial s", COLUMN_REAL, 1},
};

char *found_bounds(const struct found *found)
{
    char lower[48];
    char upper[48];
    text_group_digits(found->lower_pps, 0, lower);
    text_group_digits(found->upper_pps, 0, upper);
    if (isnan(found->lower_pps) && isnan(found->upper_pps)) {
        return text_copy("unknown");
    }
    if (isnan(found->lower_pps)) {
        return text_format("< %s", upper);
    }
    if (isnan(found->upper_pps)) {
        return found->beyond ? text_format(">= %s (%s)", lower, found->end)
                             : text_format(">= %s", lower);
    }
    return text_format("%s to %s", lower, upper);
}

int found_write_table(const struct found_list *list, FILE *out, bool colour, struct error *err)
{
    struct writer *writer = writer_table(out, columns, COLUMN_COUNT, 0, colour);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct found *found = &list->items[i];
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
        rc = writer_row(writer, row, err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}

int found_write_json(const struct found_list *list, FILE *out, struct error *err)
{
    json_t *rows = found_to_json(list);
    _cleanup_free_ char *text = json_to_text(rows, 1);
    json_decref(rows);
    return fprintf(out, "%s\n", text) < 0 ? fail(err, 0, "writing the results failed") : 0;
}
