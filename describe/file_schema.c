// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * describe/file_schema — see describe.h. Describes a scenario or contracts file as JSON.
 *
 * A file that the program accepts matches the schema, if its numbers are written as plain YAML
 * scalars. The opposite is not true: rules between several keys are not part of it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "describe.h"
#include "scenario/scenario.h"

#define NUMBER    "[0-9.]+([eE][-+]?[0-9]+)?"
#define BIT_RATE  NUMBER " *[kMG]?bit/s"
#define DURATION  NUMBER " *(ns|us|µs|ms|s|min|h)"
#define SIZE      NUMBER " *([kMG]?B|[KMG]iB)"
#define SAFE_NAME "[A-Za-z0-9_][-A-Za-z0-9_.]*"

static json_t *text_like(const char *pattern)
{
    _cleanup_free_ char *whole = text_format("^ *%s *$", pattern);
    return json_pack("{s:s, s:s}", "type", "string", "pattern", whole);
}

// A number in the range of the row, which may also be written as a text that matches `pattern`.
static json_t *number_in_range(const struct schema_row *row, const char *type, const char *pattern)
{
    double limit = 0.0;
    json_t *number = json_pack("{s:s}", "type", type);
    const char *const ends[][2] = {{"minimum", row->min}, {"maximum", row->max}};
    for (size_t i = 0; i < 2; i++) {
        if (ends[i][1] != NULL && parse_number(ends[i][1], 0.0, 1e300, &limit, NULL) == 0) {
            json_object_set_new(number, ends[i][0],
                                limit < 1e15 && limit == (double)(json_int_t)limit
                                    ? json_integer((json_int_t)limit)
                                    : json_real(limit));
        }
    }
    return pattern == NULL ? number : json_pack("{s:[o, o]}", "anyOf", number, text_like(pattern));
}

static json_t *choice_schema(const struct schema_row *row)
{
    json_t *words = json_array();
    for (size_t i = 0; row->choices[i] != NULL; i++) {
        json_array_append_new(words, json_string(row->choices[i]));
    }
    return json_pack("{s:o}", "enum", words);
}

static json_t *scalar_schema(const struct schema_row *row)
{
    const struct schema_type *type = row->type;
    if (type == &type_choice || type == &type_choice_name) {
        return choice_schema(row);
    }
    if (type == &type_whole_number) {
        return number_in_range(row, "integer", NULL);
    }
    if (type == &type_number) {
        return number_in_range(row, "number", NUMBER);
    }
    if (type == &type_load) {
        return number_in_range(row, "number", "(max|" NUMBER ")");
    }
    if (type == &type_length) {
        return number_in_range(row, "integer", "(imix|[0-9]+x[0-9]+(\\+[0-9]+x[0-9]+)*)");
    }
    if (type == &type_rate) {
        return number_in_range(row, "number", "(" NUMBER "|" BIT_RATE ")");
    }
    if (type == &type_ratio) {
        return number_in_range(row, "number", NUMBER " *%?");
    }
    if (type == &type_duration) {
        return text_like(DURATION);
    }
    if (type == &type_bit_rate) {
        return text_like(BIT_RATE);
    }
    if (type == &type_size) {
        return text_like(SIZE);
    }
    if (type == &type_ip_version) {
        return json_pack("{s:[i, i]}", "enum", 4, 6);
    }
    if (type == &type_address) {
        return text_like("[0-9a-fA-F:.]+/[0-9]+");
    }
    if (type == &type_name) {
        return text_like(SAFE_NAME);
    }
    // Words and texts that YAML may read as numbers or truths: "net.ipv4.ip_forward: 1".
    return json_pack("{s:[s, s, s]}", "type", "string", "number", "boolean");
}

static json_t *rows_schema(const struct schema_row *rows);

// The default of a row, as a number if it is written as one.
static json_t *fallback_value(const struct schema_row *row)
{
    double number = 0.0;
    if (row->type == &type_whole_number &&
        parse_number(row->fallback, 0, 1e15, &number, NULL) == 0) {
        return json_integer((json_int_t)number);
    }
    if (row->kind != SCHEMA_LIST) {
        return json_string(row->fallback);
    }
    json_t *list = json_array();
    _cleanup_free_ char *copy = text_copy(row->fallback);
    char *rest = copy;
    for (char *word = NULL; (word = strsep(&rest, ",")) != NULL;) {
        word += strspn(word, " ");
        json_array_append_new(list, parse_number(word, 0, 1e15, &number, NULL) == 0
                                        ? json_integer((json_int_t)number)
                                        : json_string(word));
    }
    return list;
}

static json_t *row_schema(const struct schema_row *row)
{
    json_t *schema = NULL;
    switch (row->kind) {
    case SCHEMA_VALUE:
        schema = scalar_schema(row);
        break;
    case SCHEMA_LIST:
        schema = json_pack("{s:s, s:o, s:i}", "type", "array", "items", scalar_schema(row),
                           "minItems", 1);
        break;
    case SCHEMA_ROWS:
        schema = json_pack("{s:s, s:o, s:i}", "type", "array", "items", rows_schema(row->rows),
                           "minItems", 1);
        break;
    case SCHEMA_GROUP:
        schema = rows_schema(row->rows);
        break;
    case SCHEMA_PAIRS:
        schema = json_pack("{s:s, s:o, s:i}", "type", "object", "additionalProperties",
                           scalar_schema(row), "minProperties", 1);
        break;
    case SCHEMA_NAMED:
        schema = json_pack("{s:s, s:{s:o}, s:b, s:i}", "type", "object", "patternProperties",
                           "^" SAFE_NAME "$", rows_schema(row->rows), "additionalProperties", 0,
                           "minProperties", 1);
        break;
    }
    json_object_set_new(schema, "description", json_string(row->help));
    if (row->fallback != NULL) {
        json_object_set_new(schema, "default", fallback_value(row));
    }
    return schema;
}

// A mapping of the keys of `rows`. Without required keys it may be empty, as in "r1t3:".
static json_t *rows_schema(const struct schema_row *rows)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (; rows->key != NULL; rows++) {
        json_object_set_new(properties, rows->key, row_schema(rows));
        if (rows->required) {
            json_array_append_new(required, json_string(rows->key));
        }
    }
    json_t *schema = json_array_size(required) > 0
                         ? json_pack("{s:s, s:O}", "type", "object", "required", required)
                         : json_pack("{s:[s, s]}", "type", "object", "null");
    json_decref(required);
    json_object_set_new(schema, "properties", properties);
    json_object_set_new(schema, "additionalProperties", json_false());
    return schema;
}

json_t *describe_file_schema(const struct schema_row *rows, const char *id, const char *title)
{
    json_t *schema = describe_schema_head(id, title);
    json_t *body = rows_schema(rows);
    json_object_update(schema, body);
    json_decref(body);
    return schema;
}
