// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_found — verdicts on the bounds that searches found, of sides that are folders of
// `vrbench search`. docs/compare.md states the rule. Called by compare_verdict.c.
#include "report/compare_found.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/repeats.h"
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

static bool is_alike(const struct bound_row *row, const struct bound_row *like)
{
    return row->of == like->of && text_equal(row->subject, like->subject) &&
           text_equal(row->goal, like->goal) &&
           (like->at_pps <= 0 || steps_same_load(row->at_pps, like->at_pps));
}

// Whether both bounds are what their search was to find: else they decide nothing.
static bool is_sound(const struct bound_row *row)
{
    return row->regular && !row->unstable;
}

// What all searches of a side found about one network or router, at one goal.
struct bound_set {
    struct bound_row first;
    size_t searches;
    struct span *sound; // bounds of the searches that decide something
    size_t count;
};

static void bound_set_clear(struct bound_set *set)
{
    free(set->sound);
}
#define _cleanup_bound_set_ __attribute__((cleanup(bound_set_clear)))

static void collect(const struct compare_side *side, const struct compare_row *row,
                    const struct bound_row *like, struct bound_set *ret)
{
    struct bound_set set = {.sound = memory_new_array(struct span, json_array_size(rows_of(side)))};
    size_t i;
    const json_t *json;
    json_array_foreach(rows_of(side), i, json)
    {
        struct bound_row found;
        if (!is_at(json, row) || !read_row(json, &found) || !is_alike(&found, like)) {
            continue;
        }
        set.first = set.searches++ == 0 ? found : set.first;
        if (is_sound(&found)) {
            set.sound[set.count++] = found.bounds;
        }
    }
    *ret = set;
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

static bool are_repeated(const struct bound_set *first, const struct bound_set *other)
{
    return first->searches > 1 || other->searches > 1;
}

static size_t values_of(const struct bound_set *first, const struct bound_set *other)
{
    return first->count < other->count ? first->count : other->count;
}

// Verdict on one search of each side: the ratio is as reliable as the searches' rule.
static void judge_single(const struct bound_set *first, const struct bound_set *other,
                         struct compare_verdict *verdict)
{
    const struct span *a = &first->first.bounds;
    const struct span *b = &other->first.bounds;
    verdict->first = *a;
    verdict->other = *b;
    verdict->values = 1;
    verdict->ratio = (struct span){isfinite(a->high) ? b->low / a->high : 0,
                                   a->low > 0 ? b->high / a->low : (double)INFINITY};
    bool sound = is_sound(&first->first) && is_sound(&other->first);
    verdict->word = sound ? compare_word_of(verdict) : WORD_UNDECIDED;
}

// Verdict on several searches of a side: each one is a value that is known up to its bounds.
static void judge_repeated(const struct bound_set *first, const struct bound_set *other,
                           double error, struct compare_verdict *verdict)
{
    verdict->first = repeats_middle(first->sound, first->count);
    verdict->other = repeats_middle(other->sound, other->count);
    verdict->values = values_of(first, other);
    bool found = ranks_of_samples(first->sound, first->count, other->sound, other->count, error,
                                  &verdict->ratio);
    verdict->needed = found ? 0 : ranks_samples_needed(error);
    verdict->word = found ? compare_word_of(verdict) : WORD_UNDECIDED;
}

static struct compare_verdict verdict_of(const struct bound_set *first,
                                         const struct bound_set *other, double error)
{
    static const char *const keys[] = {
        [FOUND_RATE] = "search_pps", [FOUND_CAP] = "cap_percent", [FOUND_BURST] = "burst_frames"};
    struct compare_verdict verdict = {
        .figure = JUDGED_FOUND,
        .key = keys[first->first.of],
        .subject = first->first.subject,
        .goal = first->first.goal,
        .name = name_of(&first->first),
        .lower_is_better = first->first.of == FOUND_CAP,
    };
    if (are_repeated(first, other)) {
        judge_repeated(first, other, error, &verdict);
    } else {
        judge_single(first, other, &verdict);
    }
    return verdict;
}

static void add_verdict(struct comparison *comparison, const struct compare_verdict *verdict)
{
    comparison->verdicts = memory_resize(comparison->verdicts, comparison->verdict_count + 1,
                                         sizeof *comparison->verdicts);
    comparison->verdicts[comparison->verdict_count++] = *verdict;
}

// Adds a remark on what the sets lack. False if nothing can be compared.
static bool say_lacks(struct comparison *comparison, size_t at, size_t side,
                      const struct bound_set *first, const struct bound_set *other)
{
    const struct compare_row *row = &comparison->rows[at];
    _cleanup_free_ char *title =
        compare_title(row->scenario, row->topology, row->length, row->length_layer);
    _cleanup_free_ char *name = name_of(&first->first);
    const char *label = comparison->sides[side].label;
    if (other->searches == 0) {
        compare_say(&comparison->not_compared, "%s, %s: not searched for in %s", title, name,
                    label);
        return false;
    }
    size_t irregular = first->searches - first->count + other->searches - other->count;
    if (irregular > 0 && are_repeated(first, other)) {
        compare_say(&comparison->warnings,
                    "%s, %s: %zu of %zu results are irregular, or of a topology that loses packets "
                    "at a low load: they do not count",
                    title, name, irregular, first->searches + other->searches);
    } else if (irregular > 0) {
        compare_say(&comparison->warnings,
                    "%s, %s: the result of %s is irregular, or of a topology that loses packets at "
                    "a low load",
                    title, name, first->count > 0 ? label : comparison->sides[0].label);
    }
    return true;
}

// What compare_each() does with the sets of both sides.
struct bound_pass {
    bool add;     // adds verdicts; else counts
    double error; // of each verdict on repeated searches
    size_t able;  // verdicts on repeated searches that can decide
};

static void compare_sets(struct comparison *comparison, size_t at, size_t side,
                         const struct bound_row *like, struct bound_pass *pass)
{
    const struct compare_row *row = &comparison->rows[at];
    _cleanup_bound_set_ struct bound_set first = {.sound = NULL};
    _cleanup_bound_set_ struct bound_set other = {.sound = NULL};
    collect(&comparison->sides[0], row, like, &first);
    collect(&comparison->sides[side], row, like, &other);
    pass->able += are_repeated(&first, &other) &&
                  values_of(&first, &other) >= ranks_samples_needed(COMPARE_ERROR);
    if (pass->add && say_lacks(comparison, at, side, &first, &other)) {
        struct compare_verdict verdict = verdict_of(&first, &other, pass->error);
        verdict.row = at;
        verdict.side = side;
        add_verdict(comparison, &verdict);
    }
}

bool compare_is_searched(const struct comparison *comparison, size_t side)
{
    return json_array_size(rows_of(&comparison->sides[0])) > 0 &&
           json_array_size(rows_of(&comparison->sides[side])) > 0;
}

// Whether an earlier row of the first side is about the same.
static bool is_repeat(const struct comparison *comparison, const struct compare_row *row,
                      size_t before, const struct bound_row *like)
{
    for (size_t i = 0; i < before; i++) {
        const json_t *json = json_array_get(rows_of(&comparison->sides[0]), i);
        struct bound_row found;
        if (is_at(json, row) && read_row(json, &found) && is_alike(&found, like)) {
            return true;
        }
    }
    return false;
}

static void compare_each(struct comparison *comparison, struct bound_pass *pass)
{
    for (size_t at = 0; at < comparison->row_count; at++) {
        for (size_t side = 1; side < comparison->side_count; side++) {
            const struct compare_row *row = &comparison->rows[at];
            size_t i;
            const json_t *json;
            if (row->cells[side].why_not != NULL || !compare_is_searched(comparison, side)) {
                continue;
            }
            json_array_foreach(rows_of(&comparison->sides[0]), i, json)
            {
                struct bound_row first;
                if (is_at(json, row) && read_row(json, &first) &&
                    !is_repeat(comparison, row, i, &first)) {
                    compare_sets(comparison, at, side, &first, pass);
                }
            }
        }
    }
}

size_t compare_count_found(struct comparison *comparison)
{
    struct bound_pass pass = {.add = false};
    compare_each(comparison, &pass);
    return pass.able;
}

void compare_find_found(struct comparison *comparison, double error)
{
    struct bound_pass pass = {.add = true, .error = error};
    compare_each(comparison, &pass);
}
