// SPDX-License-Identifier: GPL-3.0-or-later
// report/control_list — see control_list.h.
#include "report/control_list.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/screen.h"
#include "base/text.h"
#include "result/json_text.h"

enum { ROUTER, CONTRACT, BROKEN, POINTS, BROKEN_S, MARGIN, ACTION, COLUMN_COUNT };

const struct column control_columns[] = {
    [ROUTER] = {"router", "Router", COLUMN_TEXT, 0},
    [CONTRACT] = {"contract", "Contract", COLUMN_TEXT, 0},
    [BROKEN] = {"broken_points", "Broken in", COLUMN_INTEGER, 0},
    [POINTS] = {"points", "Of points", COLUMN_INTEGER, 0},
    [BROKEN_S] = {"broken_s", "Broken s", COLUMN_REAL, 2},
    [MARGIN] = {"margin_percent", "Least margin %", COLUMN_REAL, 1},
    [ACTION] = {"last_action", "Last action", COLUMN_TEXT, 0},
};
const size_t control_column_count = COLUMN_COUNT;

static struct control_summary *summary_called(struct control_summary **list, size_t *count,
                                              const char *router)
{
    for (size_t i = 0; i < *count; i++) {
        if (text_equal((*list)[i].router, router)) {
            return &(*list)[i];
        }
    }
    *list = memory_resize(*list, *count + 1, sizeof **list);
    (*list)[*count] = (struct control_summary){
        .router = router, .broken_s = (double)NAN, .least_margin = (double)NAN};
    return &(*list)[(*count)++];
}

static void summary_add(struct control_summary *summary, const struct control_result *result)
{
    if (!text_equal(result->contract, "none")) {
        summary->points++;
        summary->broken += text_equal(result->contract, "broken");
        summary->broken_s = isnan(summary->broken_s) ? 0.0 : summary->broken_s;
        summary->broken_s += isnan(result->broken_s) ? 0.0 : result->broken_s;
    }
    summary->least_margin = fmin(summary->least_margin, result->margin_percent);
    summary->action = result->last_action != NULL ? result->last_action : summary->action;
}

size_t control_summaries(const struct point_list *points, struct control_summary **ret)
{
    struct control_summary *list = NULL;
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        for (size_t k = 0; k < point->control_count; k++) {
            summary_add(summary_called(&list, &count, point->control[k].router),
                        &point->control[k]);
        }
    }
    *ret = list;
    return count;
}

static const char *contract_of(const struct control_summary *summary)
{
    return summary->points == 0 ? "none" : summary->broken > 0 ? "broken" : "kept";
}

static struct value real_or_absent(double value)
{
    return isnan(value) ? VALUE_ABSENT : VALUE_REAL(value);
}

int control_list(const struct point_list *points, struct writer *writer, struct error *err)
{
    _cleanup_free_ struct control_summary *list = NULL;
    const size_t count = control_summaries(points, &list);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++) {
        const struct control_summary *summary = &list[i];
        const bool has = summary->points > 0;
        const struct value row[COLUMN_COUNT] = {
            [ROUTER] = VALUE_TEXT(summary->router),
            [CONTRACT] = VALUE_TEXT(contract_of(summary)),
            [BROKEN] = has ? VALUE_INTEGER(summary->broken) : VALUE_ABSENT,
            [POINTS] = has ? VALUE_INTEGER(summary->points) : VALUE_ABSENT,
            [BROKEN_S] = real_or_absent(summary->broken_s),
            [MARGIN] = real_or_absent(summary->least_margin),
            [ACTION] = VALUE_TEXT(summary->action),
        };
        rc = writer_row(writer, row, err);
    }
    return rc < 0 ? rc : writer_finish(writer, err);
}

int control_list_print(const struct point_list *points, FILE *out, struct error *err)
{
    _cleanup_free_ struct control_summary *list = NULL;
    const size_t count = control_summaries(points, &list);
    if (count == 0) {
        return 0;
    }
    fputs("\nContracts under vrbench control:\n\n", out);
    // Reasons are too long for the table.
    struct writer *writer =
        writer_table(out, control_columns, ACTION, 0, out == stdout && isatty(STDOUT_FILENO) == 1);
    const int rc = control_list(points, writer, err);
    writer_free(writer);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        if (list[i].action != NULL) {
            _cleanup_free_ char *text =
                text_format("%s, last action: %s", list[i].router, list[i].action);
            screen_wrap(out, text);
        }
    }
    return rc;
}

json_t *control_to_json(const struct point_list *points)
{
    _cleanup_free_ struct control_summary *list = NULL;
    const size_t count = control_summaries(points, &list);
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct control_summary *summary = &list[i];
        json_t *row = json_pack("{s:s, s:s, s:I, s:I}", "router", summary->router, "contract",
                                contract_of(summary), "broken_points", (json_int_t)summary->broken,
                                "points", (json_int_t)summary->points);
        json_set_real(row, "broken_s", summary->broken_s);
        json_set_real(row, "margin_percent", summary->least_margin);
        json_set_text(row, "last_action", summary->action);
        json_array_append_new(rows, row);
    }
    return rows;
}
