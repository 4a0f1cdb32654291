// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * result/point_json — converts a point to JSON and back (format: docs/results.md).
 *
 * One table of keys a struct drives both directions, so writer and reader accept the same keys.
 * Called by the store (which also reads each point back before writing it), the fuzzer and the
 * tests. Keys outside the tables are ignored: a later version may add keys without a new schema
 * number.
 */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "result/point_check.h"
#include "result/point_keys.h"
#include "result/store.h"

static json_t *put_keys(const struct key *keys, const void *from);

// Whether the figure of a list entry is a number. An entry with NaN was not measured and is left
// out.
static bool is_measured(const struct key *keys, const char *from)
{
    for (; keys->name != NULL; keys++) {
        if (keys->kind == REAL && !isfinite(*(const double *)(const void *)(from + keys->at))) {
            return false;
        }
    }
    return true;
}

// json_real() and json_string() return NULL for NaN, infinity and text that is not UTF-8. Such a
// member is left out; reading the point back then reports it.
static json_t *put_member(const struct key *key, const void *from)
{
    const char *field = (const char *)from + key->at;
    const char *aux = (const char *)from + key->aux;
    json_t *array;
    uint64_t count;
    switch (key->kind) {
    case TEXT:
    case TEXT_MAYBE:
        return *(char *const *)field == NULL ? NULL : json_string(*(char *const *)field);
    case NUMBER:
        return json_integer(*(const unsigned *)field);
    case NUMBER_SET:
        return *(const unsigned *)field == 0 ? NULL : json_integer(*(const unsigned *)field);
    case COUNT_SET:
        count = *(const uint64_t *)field;
        return count == 0 || count > INT64_MAX ? NULL : json_integer((json_int_t)count);
    case COUNT_ELSE:
        if (*(const bool *)aux) {
            return NULL;
        }
        __attribute__((fallthrough));
    case COUNT:
        count = *(const uint64_t *)field;
        return count > INT64_MAX ? NULL : json_integer((json_int_t)count);
    case REAL:
    case REAL_MAYBE:
    case SIGNED_MAYBE:
        return json_real(*(const double *)field);
    case CPU_TOTAL:
        return point_meters_dut(from) ? json_real(*(const double *)field) : NULL;
    case REAL_FLAG:
        return *(const bool *)aux ? json_real(*(const double *)field) : NULL;
    case TRUTH:
        return json_boolean(*(const bool *)field);
    case TRUTH_SET:
        return *(const bool *)field ? json_true() : NULL;
    case SCHEMA:
        return json_integer(RESULT_SCHEMA);
    case LOSS_RATIO:
        count = *(const uint64_t *)field;
        return count == 0 ? NULL : json_real((double)*(const uint64_t *)aux / (double)count);
    case OBJECT_FLAG:
        return *(const bool *)aux ? put_keys(key->members, field) : NULL;
    case COUNTS:
        array = json_array();
        for (size_t i = 0; i < *(const size_t *)aux; i++) {
            count = (*(uint64_t *const *)field)[i];
            json_array_append_new(array,
                                  count > INT64_MAX ? NULL : json_integer((json_int_t)count));
        }
        return array;
    case TEXTS_MAYBE:
        if (*(const size_t *)aux == 0) {
            return NULL;
        }
        array = json_array();
        for (size_t i = 0; i < *(const size_t *)aux; i++) {
            json_array_append_new(array, json_string((*(char *const *const *)field)[i]));
        }
        return array;
    case LIST_MAYBE:
        if (*(const size_t *)aux == 0) {
            return NULL;
        }
        __attribute__((fallthrough));
    case LIST:
        array = json_array();
        for (size_t i = 0; i < *(const size_t *)aux; i++) {
            const char *item = *(const char *const *)field + i * key->size;
            if (is_measured(key->members, item)) {
                json_array_append_new(array, put_keys(key->members, item));
            }
        }
        return array;
    }
    return NULL;
}

static json_t *put_keys(const struct key *keys, const void *from)
{
    json_t *object = json_object();
    for (; keys->name != NULL; keys++) {
        json_t *member = put_member(keys, from);
        if (member != NULL) {
            json_object_set_new(object, keys->name, member);
        }
    }
    return object;
}

json_t *point_to_json(const struct point *point)
{
    return put_keys(point_keys, point);
}

static int get_real(const char *name, const json_t *json, double *ret, struct error *err)
{
    double value = json_number_value(json);
    if (!json_is_number(json) || value < 0) {
        return fail_input(err, "%s: must be a number not below 0", name);
    }
    *ret = value;
    return 0;
}

static int get_signed(const char *name, const json_t *json, double *ret, struct error *err)
{
    if (!json_is_number(json)) {
        return fail_input(err, "%s: must be a number", name);
    }
    *ret = json_number_value(json);
    return 0;
}

static int get_count(const char *name, const json_t *json, uint64_t max, uint64_t *ret,
                     struct error *err)
{
    json_int_t value = json_integer_value(json);
    if (!json_is_integer(json) || value < 0 || (uint64_t)value > max) {
        return fail_input(err, "%s: must be a whole number from 0 to %llu", name,
                          (unsigned long long)max);
    }
    *ret = (uint64_t)value;
    return 0;
}

static int get_text(const char *name, const json_t *json, char **ret, struct error *err)
{
    if (!json_is_string(json) || json_string_length(json) == 0) {
        return fail_input(err, "%s: must be a non-empty text", name);
    }
    *ret = text_copy(json_string_value(json));
    return 0;
}

static int get_keys(const struct key *keys, const json_t *json, void *to, struct error *err);

static int get_list(const struct key *key, const json_t *json, void *field, size_t *count,
                    struct error *err)
{
    if (!json_is_array(json)) {
        return fail_input(err, "%s: must be a list", key->name);
    }
    size_t wanted = json_array_size(json);
    char *items = memory_new(wanted, key->size);
    // Owned by the point from here on, so that a failure frees it.
    *(char **)field = items;
    *count = wanted;
    for (size_t i = 0; i < wanted; i++) {
        int rc = get_keys(key->members, json_array_get(json, i), items + i * key->size, err);
        if (rc < 0) {
            error_context(err, "%s[%zu]", key->name, i);
            return rc;
        }
    }
    return 0;
}

static int get_counts(const struct key *key, const json_t *json, uint64_t **field, size_t *count,
                      struct error *err)
{
    if (!json_is_array(json) || json_array_size(json) == 0) {
        return fail_input(err, "%s: must be a list of numbers", key->name);
    }
    size_t wanted = json_array_size(json);
    int rc = 0;
    *field = memory_new_array(uint64_t, wanted);
    *count = wanted;
    for (size_t i = 0; rc == 0 && i < wanted; i++) {
        rc = get_count(key->name, json_array_get(json, i), INT64_MAX, &(*field)[i], err);
    }
    return rc;
}

static int get_texts(const struct key *key, const json_t *json, char ***field, size_t *count,
                     struct error *err)
{
    if (!json_is_array(json) || json_array_size(json) == 0) {
        return fail_input(err, "%s: must be a list of texts", key->name);
    }
    size_t wanted = json_array_size(json);
    int rc = 0;
    *field = memory_new_array(char *, wanted);
    *count = wanted;
    for (size_t i = 0; rc == 0 && i < wanted; i++) {
        rc = get_text(key->name, json_array_get(json, i), &(*field)[i], err);
    }
    return rc;
}

// The loss ratio is not stored, because tx and lost are; the value read must agree with them.
static int check_loss_ratio(const struct key *key, const json_t *json, const char *counts,
                            struct error *err)
{
    uint64_t tx = *(const uint64_t *)(const void *)(counts + key->at);
    uint64_t lost = *(const uint64_t *)(const void *)(counts + key->aux);
    uint64_t rx = *(const uint64_t *)(const void *)(counts + key->size);
    double ratio = 0;
    int rc = get_real(key->name, json, &ratio, err);
    if (rc < 0) {
        return rc;
    }
    if (tx == 0) {
        return fail_input(err, "%s: present, but no packet was sent", key->name);
    }
    if (rx > tx || lost != tx - rx) {
        return 0; // point_check() finds a better reason to refuse it
    }
    if (fabs(ratio - (double)lost / (double)tx) > 1e-9) {
        return fail_input(err, "%s: must be lost / tx", key->name);
    }
    return 0;
}

// Whether a key may be absent, given the values of earlier keys.
static bool may_be_absent(const struct key *key, const void *to)
{
    switch (key->kind) {
    case TEXT_MAYBE:
    case NUMBER_SET:
    case COUNT_SET:
    case TRUTH_SET:
    case REAL_MAYBE:
    case SIGNED_MAYBE:
    case REAL_FLAG:
    case CPU_TOTAL:
    case OBJECT_FLAG:
    case LIST_MAYBE:
    case TEXTS_MAYBE:
        return true;
    case COUNT_ELSE:
        return *(const bool *)((const char *)to + key->aux);
    case LOSS_RATIO:
        return *(const uint64_t *)(const void *)((const char *)to + key->at) == 0;
    default:
        return false;
    }
}

static int get_member(const struct key *key, const json_t *json, void *to, struct error *err)
{
    char *field = (char *)to + key->at;
    char *aux = (char *)to + key->aux;
    uint64_t count = 0;
    int rc;
    switch (key->kind) {
    case TEXT:
    case TEXT_MAYBE:
        return get_text(key->name, json, (char **)field, err);
    case NUMBER:
    case NUMBER_SET:
        rc = get_count(key->name, json, UINT_MAX, &count, err);
        if (rc == 0) {
            *(unsigned *)field = (unsigned)count;
        }
        return rc;
    case COUNT_ELSE:
        if (*(const bool *)aux) {
            return fail_input(err, "%s: present together with tcp", key->name);
        }
        __attribute__((fallthrough));
    case COUNT:
    case COUNT_SET:
        return get_count(key->name, json, INT64_MAX, (uint64_t *)field, err);
    case REAL_FLAG:
        *(bool *)aux = true;
        return get_real(key->name, json, (double *)field, err);
    case SIGNED_MAYBE:
        return get_signed(key->name, json, (double *)field, err);
    case REAL:
    case REAL_MAYBE:
    case CPU_TOTAL:
        return get_real(key->name, json, (double *)field, err);
    case TRUTH:
    case TRUTH_SET:
        if (!json_is_boolean(json)) {
            return fail_input(err, "%s: must be true or false", key->name);
        }
        *(bool *)field = json_is_true(json);
        return 0;
    case SCHEMA:
        if (!json_is_integer(json) || json_integer_value(json) != RESULT_SCHEMA) {
            return fail_input(err, "%s: this program supports schema %d only", key->name,
                              RESULT_SCHEMA);
        }
        return 0;
    case LOSS_RATIO:
        return check_loss_ratio(key, json, to, err);
    case OBJECT_FLAG:
        rc = get_keys(key->members, json, field, err);
        if (rc < 0) {
            error_context(err, "%s", key->name);
        }
        *(bool *)aux = true;
        return rc;
    case LIST:
    case LIST_MAYBE:
        return get_list(key, json, field, (size_t *)(void *)aux, err);
    case COUNTS:
        return get_counts(key, json, (uint64_t **)(void *)field, (size_t *)(void *)aux, err);
    case TEXTS_MAYBE:
        return get_texts(key, json, (char ***)(void *)field, (size_t *)(void *)aux, err);
    }
    return 0;
}

static int get_keys(const struct key *keys, const json_t *json, void *to, struct error *err)
{
    if (!json_is_object(json)) {
        return fail_input(err, "must be an object");
    }
    for (; keys->name != NULL; keys++) {
        const json_t *member = json_object_get(json, keys->name);
        int rc = 0;
        if (member != NULL) {
            rc = get_member(keys, member, to, err);
        } else if (!may_be_absent(keys, to)) {
            rc = fail_input(err, "%s: missing", keys->name);
        } else if (keys->kind == REAL_MAYBE || keys->kind == SIGNED_MAYBE ||
                   keys->kind == CPU_TOTAL) {
            *(double *)(void *)((char *)to + keys->at) = (double)NAN;
        }
        if (rc < 0) {
            return rc;
        }
    }
    return 0;
}

int point_from_json(const json_t *json, struct point *ret, struct error *err)
{
    struct point point = {.scenario = NULL};
    int rc = get_keys(point_keys, json, &point, err);
    if (rc == 0) {
        point_make_labels(&point);
        rc = point_check(&point, err);
    }
    if (rc < 0) {
        point_clear(&point);
        return rc;
    }
    *ret = point;
    return 0;
}
