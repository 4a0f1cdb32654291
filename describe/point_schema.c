// SPDX-License-Identifier: GPL-3.0-or-later
// describe/point_schema — see describe.h. Describes a line of points.jsonl from the keys of a
// point.
#include "describe.h"
#include "result/point_keys.h"
#include "result/store.h"

static json_t *keys_schema(const struct key *keys);

static bool key_is_always_there(const struct key *key)
{
    switch (key->kind) {
    case TEXT:
    case NUMBER:
    case COUNT:
    case REAL:
    case TRUTH:
    case SCHEMA:
    case LIST:
    case COUNTS:
        return true;
    default:
        return false;
    }
}

static json_t *key_schema(const struct key *key)
{
    switch (key->kind) {
    case TEXT:
    case TEXT_MAYBE:
        return json_pack("{s:s, s:i}", "type", "string", "minLength", 1);
    case NUMBER:
    case NUMBER_SET:
    case COUNT:
    case COUNT_SET:
    case COUNT_ELSE:
        return json_pack("{s:s, s:i}", "type", "integer", "minimum", 0);
    case REAL:
    case REAL_MAYBE:
    case REAL_FLAG:
    case CPU_TOTAL:
        return json_pack("{s:s, s:i}", "type", "number", "minimum", 0);
    case SIGNED_MAYBE:
        return json_pack("{s:s}", "type", "number");
    case TRUTH:
        return json_pack("{s:s}", "type", "boolean");
    case TRUTH_SET:
        return json_pack("{s:b}", "const", 1);
    case SCHEMA:
        return json_pack("{s:i}", "const", RESULT_SCHEMA);
    case LOSS_RATIO:
        return json_pack("{s:s, s:i, s:i}", "type", "number", "minimum", 0, "maximum", 1);
    case OBJECT_FLAG:
        return keys_schema(key->members);
    case LIST:
        return json_pack("{s:s, s:o}", "type", "array", "items", keys_schema(key->members));
    case LIST_MAYBE:
        return json_pack("{s:s, s:i, s:o}", "type", "array", "minItems", 1, "items",
                         keys_schema(key->members));
    case COUNTS:
        return json_pack("{s:s, s:i, s:{s:s, s:i}}", "type", "array", "minItems", 1, "items",
                         "type", "integer", "minimum", 0);
    case TEXTS_MAYBE:
        return json_pack("{s:s, s:i, s:{s:s}}", "type", "array", "minItems", 1, "items", "type",
                         "string");
    }
    return json_object();
}

static json_t *keys_schema(const struct key *keys)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    for (; keys->name != NULL; keys++) {
        json_object_set_new(properties, keys->name, key_schema(keys));
        if (key_is_always_there(keys)) {
            json_array_append_new(required, json_string(keys->name));
        }
    }
    return json_pack("{s:s, s:o, s:o}", "type", "object", "required", required, "properties",
                     properties);
}

json_t *describe_point_schema(const char *id, const char *title)
{
    json_t *schema = describe_schema_head(id, title);
    json_t *body = keys_schema(point_keys);
    json_object_update(schema, body);
    json_decref(body);
    return schema;
}

json_t *describe_send_schema(const char *id, const char *title)
{
    json_t *line = keys_schema(point_keys);
    json_object_set_new(json_object_get(line, "properties"), "interval",
                        json_pack("{s:s, s:i}", "type", "integer", "minimum", 1));
    json_array_append_new(json_object_get(line, "required"), json_string("interval"));

    static const char *const counts[] = {"tx", "unsent", "rx", "lost", "intervals", "invalid"};
    json_t *required = json_array();
    json_t *properties = json_object();
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        json_object_set_new(properties, counts[i],
                            json_pack("{s:s, s:i}", "type", "integer", "minimum", 0));
        json_array_append_new(required, json_string(counts[i]));
    }
    json_object_set_new(properties, "duration_s",
                        json_pack("{s:s, s:i}", "type", "number", "minimum", 0));
    json_array_append_new(required, json_string("duration_s"));
    json_object_set_new(properties, "drops",
                        json_pack("{s:s, s:{s:s, s:[s, s], s:{s:{s:s}, s:{s:s, s:i}}}}", "type",
                                  "array", "items", "type", "object", "required", "where", "count",
                                  "properties", "where", "type", "string", "count", "type",
                                  "integer", "minimum", 1));
    json_array_append_new(required, json_string("drops"));
    json_t *total = json_pack("{s:s, s:[s], s:{s:{s:s, s:o, s:o}}}", "type", "object", "required",
                              "total", "properties", "total", "type", "object", "required",
                              required, "properties", properties);
    json_t *schema = describe_schema_head(id, title);
    json_object_set_new(schema, "anyOf", json_pack("[o, o]", line, total));
    return schema;
}
