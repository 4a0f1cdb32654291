// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare — see compare.h: naming the sides and pairing their sweeps.
#include "report/compare.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/reproduction.h"
#include "report/words.h"

void compare_say(struct compare_texts *texts, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_format_args(format, args);
    va_end(args);
    texts->items = memory_resize(texts->items, texts->count + 1, sizeof *texts->items);
    texts->items[texts->count++] = text;
}

char *compare_title(const char *scenario, const char *topology, unsigned length,
                    const char *length_layer)
{
    return text_format("%s, %s, %u-%s", scenario, topology, length,
                       words_length_layer(length_layer));
}

// The last part of the folder's name if it is unique among the sides, else the whole name.
static void name_sides(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->side_count; i++) {
        const char *base = text_base_name(comparison->sides[i].folder);
        bool alone = base[0] != '\0' && !text_equal(base, ".") && !text_equal(base, "..");
        for (size_t k = 0; k < comparison->side_count && alone; k++) {
            alone = k == i || !text_equal(base, text_base_name(comparison->sides[k].folder));
        }
        comparison->sides[i].label = text_copy(alone ? base : comparison->sides[i].folder);
    }
}

static int check_twice(const struct comparison *comparison, struct error *err)
{
    for (size_t i = 0; i < comparison->side_count; i++) {
        _cleanup_free_ char *one = realpath(comparison->sides[i].folder, NULL);
        for (size_t k = 0; k < i && one != NULL; k++) {
            _cleanup_free_ char *other = realpath(comparison->sides[k].folder, NULL);
            if (text_equal(one, other)) {
                return fail_input(err, "%s is given twice", comparison->sides[i].folder);
            }
        }
    }
    return 0;
}

static char *without_slashes(const char *folder)
{
    size_t length = strlen(folder);
    while (length > 1 && folder[length - 1] == '/') {
        length--;
    }
    return text_copy_bytes(folder, length);
}

// ---- pairing

// The only scenario of a side, or NULL. If both sides have only one, they are compared regardless
// of its name.
static const char *lone_scenario(const struct compare_side *side)
{
    const char *name = side->points.items[0].scenario;
    for (size_t i = 1; i < side->points.count; i++) {
        if (!text_equal(side->points.items[i].scenario, name)) {
            return NULL;
        }
    }
    return name;
}

static bool all_lone(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->side_count; i++) {
        if (lone_scenario(&comparison->sides[i]) == NULL) {
            return false;
        }
    }
    return true;
}

static struct compare_row *find_row(struct comparison *comparison, const struct point *point,
                                    bool any_name)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        struct compare_row *row = &comparison->rows[i];
        if (row->length == point->length && text_equal(row->topology, point->topology) &&
            text_equal(row->length_layer, point->length_layer) &&
            (any_name || text_equal(row->scenario, point->scenario))) {
            return row;
        }
    }
    return NULL;
}

static struct compare_row *add_row(struct comparison *comparison, const struct point *point)
{
    comparison->rows =
        memory_resize(comparison->rows, comparison->row_count + 1, sizeof *comparison->rows);
    struct compare_row *row = &comparison->rows[comparison->row_count++];
    *row = (struct compare_row){
        .scenario = point->scenario,
        .topology = point->topology,
        .length_layer = point->length_layer,
        .length = point->length,
        .cells = memory_new_array(struct compare_cell, comparison->side_count),
    };
    for (size_t i = 0; i < comparison->side_count; i++) {
        for (size_t k = 0; k < COMPARE_FIGURES; k++) {
            row->cells[i].figures[k] = (double)NAN;
        }
    }
    return row;
}

static void pair_sweeps(struct comparison *comparison)
{
    bool any_name = all_lone(comparison);
    for (size_t i = 0; i < comparison->side_count; i++) {
        struct compare_side *side = &comparison->sides[i];
        for (size_t k = 0; k < side->sweep_count; k++) {
            const struct point *first = side->sweeps[k].first;
            struct compare_row *row = find_row(comparison, first, any_name);
            row = row == NULL ? add_row(comparison, first) : row;
            if (row->cells[i].sweep == NULL) {
                row->cells[i].sweep = &side->sweeps[k];
                continue;
            }
            _cleanup_free_ char *title =
                compare_title(first->scenario, first->topology, first->length, first->length_layer);
            compare_say(&comparison->not_compared,
                        "%s contains %s more than once; the one with platform %s and engine %s is "
                        "excluded",
                        side->label, title, first->platform, first->engine);
        }
    }
}

// ---- the whole

void compare_conclude(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->side_count; i++) {
        struct compare_side *side = &comparison->sides[i];
        side->sweep_count = sweeps_compute(&side->points, &side->sweeps);
    }
    pair_sweeps(comparison);
    compare_fill_rows(comparison);
    compare_find_caps(comparison);
    compare_find_verdicts(comparison);
    compare_find_warnings(comparison);
}

int compare_folders(const char *const *folders, size_t count, struct comparison **ret,
                    struct error *err)
{
    if (count < 2) {
        return fail_input(err, "compare requires at least two folders of results");
    }
    struct comparison *comparison = memory_new(1, sizeof *comparison);
    comparison->sides = memory_new_array(struct compare_side, count);
    comparison->side_count = count;
    for (size_t i = 0; i < count; i++) {
        comparison->sides[i].folder = without_slashes(folders[i]);
    }
    name_sides(comparison);
    int rc = check_twice(comparison, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        rc = compare_read_side(comparison, &comparison->sides[i], err);
    }
    if (rc < 0) {
        comparison_free(comparison);
        return rc;
    }
    compare_conclude(comparison);
    *ret = comparison;
    return 0;
}

void comparison_free(struct comparison *comparison)
{
    if (comparison == NULL) {
        return;
    }
    for (size_t i = 0; i < comparison->row_count; i++) {
        for (size_t k = 0; k < comparison->side_count; k++) {
            free(comparison->rows[i].cells[k].why_not);
        }
        free(comparison->rows[i].cells);
    }
    for (size_t i = 0; i < comparison->side_count; i++) {
        struct compare_side *side = &comparison->sides[i];
        sweeps_free(side->sweeps, side->sweep_count);
        point_list_clear(&side->points);
        platform_facts_clear(&side->facts);
        json_decref(side->run);
        free(side->folder);
        free(side->label);
    }
    folders_free(comparison->warnings.items, comparison->warnings.count);
    folders_free(comparison->not_compared.items, comparison->not_compared.count);
    free(comparison->caps);
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        free(comparison->verdicts[i].name);
    }
    free(comparison->verdicts);
    free(comparison->rows);
    free(comparison->sides);
    free(comparison);
}
