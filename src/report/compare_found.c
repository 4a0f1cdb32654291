// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_found — verdicts on the bounds that searches found, of sides that are folders of
// `vrbench search`. docs/compare.md states the rule. Called by compare_verdict.c.
#include "report/compare_found.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "result/found.h"
#include "result/json_text.h"

// What a row of a search found: of a network or router, at a goal.
struct bound_row {
    enum found_kind of;
    const char *subject, *goal;
    double at_pps; // 0 = the kind has none
    struct span bounds;
    bool regular, unstable;
};

static const json_t *rows_of(const struct compare_side *side)
{
    return json_object_get(side->run, "search");
}

static double number_or(const json_t *object, const char *key, double none)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : none;
}

static struct span span_of(const json_t *object, const char *low, const char *high)
{
    return (struct span){number_or(object, low, 0), number_or(object, high, (double)INFINITY)};
}

// False if the row has no bounds that can be compared.
static bool read_row(const json_t *json, struct bound_row *ret)
{
    const char *of = json_string_value(json_object_get(json, "of"));
    const char *network = json_string_value(json_object_get(json, "network"));
    struct bound_row row = {.goal = json_string_value(json_object_get(json, "goal")),
                            .subject = network,
                            .at_pps = number_or(json, "at_pps", 0),
                            .regular = json_is_true(json_object_get(json, "regular")),
                            .unstable = json_object_get(json, "unstable") != NULL};
    if (of == NULL || row.goal == NULL || found_kind_from_name(of, &row.of) < 0) {
        return false;
    }
    switch (row.of) {
    case FOUND_RATE:
        row.at_pps = 0;
        row.bounds = span_of(json, "relevant_lower_pps", "relevant_upper_pps");
        break;
    case FOUND_CAP:
        row.subject = json_string_value(json_object_get(json, "router"));
        row.bounds = span_of(json_object_get(json, "cap_percent"), "low", "high");
        break;
    case FOUND_BURST:
        row.bounds = span_of(json_object_get(json, "burst_frames"), "low", "high");
        break;
    default:
        return false;
    }
    *ret = row;
    return row.subject != NULL && (row.bounds.low > 0 || isfinite(row.bounds.high));
}

static bool is_at(const json_t *json, const struct compare_row *row)
{
    return text_equal(json_string_value(json_object_get(json, "topology")), row->topology) &&
           json_integer_value(json_object_get(json, "length")) == (json_int_t)row->length;
}

// The row of another search about the same; false if there is none.
static bool find_like(const struct compare_side *side, const struct compare_row *row,
                      const struct bound_row *like, struct bound_row *ret)
{
    size_t i;
    const json_t *json;
    json_array_foreach(rows_of(side), i, json)
    {
        struct bound_row found;
        if (is_at(json, row) && read_row(json, &found) && found.of == like->of &&
            text_equal(found.subject, like->subject) && text_equal(found.goal, like->goal) &&
            (like->at_pps <= 0 || compare_same_load(found.at_pps, like->at_pps))) {
            *ret = found;
            return true;
        }
    }
    return false;
}

// "NET0, goal 0.5%", "cap of r1t3, goal 0", …
static char *name_of(const struct bound_row *row)
{
    return text_format("%s%s, goal %s",
                       row->of == FOUND_CAP     ? "cap of "
                       : row->of == FOUND_BURST ? "burst of "
                                                : "",
                       row->subject, row->goal);
}

// Whether both bounds are what their search was to find: else they decide nothing.
static bool is_sound(const struct bound_row *row)
{
    return row->regular && !row->unstable;
}

static struct compare_verdict verdict_of(const struct bound_row *first,
                                         const struct bound_row *other)
{
    static const char *const keys[] = {
        [FOUND_RATE] = "search_pps", [FOUND_CAP] = "cap_percent", [FOUND_BURST] = "burst_frames"};
    const struct span *a = &first->bounds;
    const struct span *b = &other->bounds;
    struct compare_verdict verdict = {
        .figure = JUDGED_FOUND,
        .key = keys[first->of],
        .subject = first->subject,
        .goal = first->goal,
        .name = name_of(first),
        .lower_is_better = first->of == FOUND_CAP,
        .first = *a,
        .other = *b,
        .values = 1,
        .ratio = {isfinite(a->high) ? b->low / a->high : 0,
                  a->low > 0 ? b->high / a->low : (double)INFINITY},
    };
    verdict.word = is_sound(first) && is_sound(other) ? compare_word_of(&verdict) : WORD_UNDECIDED;
    return verdict;
}

static void add_verdict(struct comparison *comparison, const struct compare_verdict *verdict)
{
    comparison->verdicts = memory_resize(comparison->verdicts, comparison->verdict_count + 1,
                                         sizeof *comparison->verdicts);
    comparison->verdicts[comparison->verdict_count++] = *verdict;
}

static void compare_bounds(struct comparison *comparison, size_t at, size_t side,
                           const struct bound_row *first)
{
    const struct compare_row *row = &comparison->rows[at];
    _cleanup_free_ char *title =
        compare_title(row->scenario, row->topology, row->length, row->length_layer);
    _cleanup_free_ char *name = name_of(first);
    const char *label = comparison->sides[side].label;
    struct bound_row other;
    if (!find_like(&comparison->sides[side], row, first, &other)) {
        compare_say(&comparison->not_compared, "%s, %s: not searched for in %s", title, name,
                    label);
        return;
    }
    const char *irregular = is_sound(first) ? label : comparison->sides[0].label;
    if (!is_sound(first) || !is_sound(&other)) {
        compare_say(&comparison->warnings,
                    "%s, %s: the result of %s is irregular, or of a topology that loses packets at "
                    "a low load",
                    title, name, irregular);
    }
    struct compare_verdict verdict = verdict_of(first, &other);
    verdict.row = at;
    verdict.side = side;
    add_verdict(comparison, &verdict);
}

bool compare_is_searched(const struct comparison *comparison, size_t side)
{
    return json_array_size(rows_of(&comparison->sides[0])) > 0 &&
           json_array_size(rows_of(&comparison->sides[side])) > 0;
}

void compare_find_found(struct comparison *comparison)
{
    for (size_t at = 0; at < comparison->row_count; at++) {
        for (size_t side = 1; side < comparison->side_count; side++) {
            const struct compare_cell *cell = &comparison->rows[at].cells[side];
            size_t i;
            const json_t *json;
            if (cell->why_not != NULL || !compare_is_searched(comparison, side)) {
                continue;
            }
            json_array_foreach(rows_of(&comparison->sides[0]), i, json)
            {
                struct bound_row first;
                if (is_at(json, &comparison->rows[at]) && read_row(json, &first)) {
                    compare_bounds(comparison, at, side, &first);
                }
            }
        }
    }
}
