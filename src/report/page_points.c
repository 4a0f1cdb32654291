// SPDX-License-Identifier: GPL-3.0-or-later
// report/page_points — see page_points.h.
#include "report/page_points.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "result/json_text.h"
#include "result/store.h"

#define SAMPLE       64U // points from which the average size is estimated
#define REASONS_MOST 200U

// A point as in the record, without what the page has of its sweep (page_delays.h).
static json_t *describe_point(const struct point *point)
{
    json_t *json = point_to_json(point);
    size_t index;
    json_t *network;
    json_array_foreach(json_object_get(json, "networks"), index, network)
    {
        json_object_del(network, "delay_classes");
    }
    return json;
}

// Bytes of an average point.
static size_t point_length(const struct point_list *points)
{
    size_t sampled = points->count < SAMPLE ? points->count : SAMPLE;
    size_t sum = 0;
    for (size_t i = 0; i < sampled; i++) {
        json_t *json = describe_point(&points->items[i * points->count / sampled]);
        _cleanup_free_ char *text = json_to_text(json, 0);
        sum += strlen(text) + 1;
        json_decref(json);
    }
    return sampled == 0 ? 1 : sum / sampled + 1;
}

json_t *page_points(const struct point_list *points, size_t room)
{
    json_t *list = json_array();
    size_t most = room / point_length(points);
    size_t shown = points->count < most ? points->count : most;
    for (size_t i = 0; i < shown; i++) {
        const struct point *point = &points->items[i * points->count / shown];
        json_array_append_new(list, describe_point(point));
    }
    return list;
}

static bool is_of_name(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || byte == '-' || byte == '.';
}

// Length of the number at `at`, unless its digits belong to a name; 0 = no number.
static size_t number_at(const char *text, size_t at)
{
    if (!isdigit((unsigned char)text[at]) || (at > 0 && is_of_name(text[at - 1]))) {
        return 0;
    }
    size_t length = strspn(text + at, "0123456789.,");
    while (text[at + length - 1] == '.' || text[at + length - 1] == ',') {
        length--; // the dot that ends the sentence
    }
    char next = text[at + length];
    return isalpha((unsigned char)next) || next == '_' || next == '-' ? 0 : length;
}

static char *mask_numbers(const char *text, size_t length)
{
    _cleanup_free_ char *whole = text_copy_bytes(text, length);
    char *masked = memory_new_array(char, 3 * length + 1); // "…" is three bytes
    size_t put = 0;
    for (size_t at = 0; at < length;) {
        size_t number = number_at(whole, at);
        if (number > 0) {
            memcpy(masked + put, "…", 3);
            put += 3;
            at += number;
        } else {
            masked[put++] = whole[at++];
        }
    }
    masked[put] = '\0';
    return masked;
}

struct reason {
    char *text;
    size_t count, last; // number of points; the last of them, counted from 1
};

struct reason_list {
    struct reason *items;
    size_t count;
};

// Counts a reason, once per point.
static void count_reason(struct reason_list *list, char *text, size_t point)
{
    size_t at = 0;
    while (at < list->count && !text_equal(list->items[at].text, text)) {
        at++;
    }
    if (at == list->count && at < REASONS_MOST) {
        list->items = memory_resize(list->items, at + 1, sizeof *list->items);
        list->items[list->count++] = (struct reason){text_copy(text), 0, 0};
    } else if (at == list->count) {
        at--;
        free(list->items[at].text);
        list->items[at].text = text_copy("other reasons (points.csv has them)");
    }
    list->items[at].count += list->items[at].last == point ? 0 : 1;
    list->items[at].last = point;
    free(text);
}

// Splits the reasons of a point, which are joined by "; ".
static void count_reasons(struct reason_list *list, const char *why, size_t point)
{
    while (why != NULL) {
        const char *end = strstr(why, "; ");
        size_t length = end == NULL ? strlen(why) : (size_t)(end - why);
        count_reason(list, mask_numbers(why, length), point);
        why = end == NULL ? NULL : end + 2;
    }
}

static int compare_reasons(const void *a, const void *b)
{
    const struct reason *x = a;
    const struct reason *y = b;
    if (x->count != y->count) {
        return x->count > y->count ? -1 : 1;
    }
    return strcmp(x->text, y->text);
}

json_t *page_reasons(const struct point_list *points)
{
    struct reason_list reasons = {NULL, 0};
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (!point->valid) {
            count_reasons(&reasons, point->why_invalid, i + 1);
        }
    }
    if (reasons.count > 0) {
        qsort(reasons.items, reasons.count, sizeof *reasons.items, compare_reasons);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < reasons.count; i++) {
        json_array_append_new(list, json_pack("{s:s, s:I}", "reason", reasons.items[i].text,
                                              "count", (json_int_t)reasons.items[i].count));
        free(reasons.items[i].text);
    }
    free(reasons.items);
    return list;
}

static bool has_text(const json_t *list, const char *text)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (text_equal(json_string_value(json_array_get(list, i)), text)) {
            return true;
        }
    }
    return false;
}

json_t *page_unstable(const struct point_list *points)
{
    json_t *list = json_array();
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (point->unstable != NULL) {
            _cleanup_free_ char *text =
                text_format("%s: this machine %s", point->topology, point->unstable);
            if (!has_text(list, text)) {
                json_array_append_new(list, json_string(text));
            }
        }
    }
    return list;
}

json_t *page_trials(const struct point_list *points)
{
    double shortest = (double)NAN;
    double longest = (double)NAN;
    unsigned repeats = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        shortest = fmin(shortest, point->duration_s);
        longest = fmax(longest, point->duration_s);
        repeats = point->repeat + 1 > repeats ? point->repeat + 1 : repeats;
    }
    return points->count == 0 ? NULL
                              : json_pack("{s:f, s:f, s:I}", "shortest_s", shortest, "longest_s",
                                          longest, "repeats", (json_int_t)repeats);
}
