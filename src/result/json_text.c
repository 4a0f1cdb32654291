// SPDX-License-Identifier: GPL-3.0-or-later
// result/json_text — see json_text.h. jansson parses and stores JSON, but prints every real with 17
// digits; this file prints its values instead.
#include "result/json_text.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

void real_to_text(double value, char ret[32])
{
    value = value == 0 ? 0 : value; // avoids "-0"
    if (value > -1e15 && value < 1e15 && value == (double)(int64_t)value) {
        snprintf(ret, 32, "%lld", (long long)value); // the same result as below, faster
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(ret, 32, "%.*g", digits, value);
        if (strtod(ret, NULL) == value) {
            return;
        }
    }
}

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        switch (*c) {
        case '"':
        case '\\':
            fprintf(out, "\\%c", *c);
            break;
        case '\n':
            fputs("\\n", out);
            break;
        case '\t':
            fputs("\\t", out);
            break;
        default:
            if (*c < 0x20 || *c == 0x7f) {
                fprintf(out, "\\u%04x", *c);
            } else {
                fputc(*c, out);
            }
        }
    }
    fputc('"', out);
}

static void new_line(FILE *out, unsigned indent, unsigned level)
{
    if (indent > 0) {
        fprintf(out, "\n%*s", (int)(indent * level), "");
    }
}

static void put(FILE *out, json_t *json, unsigned indent, unsigned level)
{
    char real[32];
    const char *key;
    json_t *member;
    size_t index;
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        fputc('{', out);
        index = 0;
        json_object_foreach(json, key, member)
        {
            if (index++ > 0) {
                fputc(',', out);
            }
            new_line(out, indent, level + 1);
            put_string(out, key);
            fputs(indent > 0 ? ": " : ":", out);
            put(out, member, indent, level + 1);
        }
        if (index > 0) {
            new_line(out, indent, level);
        }
        fputc('}', out);
        break;
    case JSON_ARRAY:
        fputc('[', out);
        json_array_foreach(json, index, member)
        {
            if (index > 0) {
                fputc(',', out);
            }
            new_line(out, indent, level + 1);
            put(out, member, indent, level + 1);
        }
        if (json_array_size(json) > 0) {
            new_line(out, indent, level);
        }
        fputc(']', out);
        break;
    case JSON_STRING:
        put_string(out, json_string_value(json));
        break;
    case JSON_INTEGER:
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
        break;
    case JSON_REAL:
        real_to_text(json_real_value(json), real);
        fputs(real, out);
        break;
    case JSON_TRUE:
        fputs("true", out);
        break;
    case JSON_FALSE:
        fputs("false", out);
        break;
    case JSON_NULL:
        fputs("null", out);
        break;
    }
}

char *json_to_text(const json_t *json, unsigned indent)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return text_copy("null");
    }
    put(out, (json_t *)json, indent,
        0); // jansson's iteration does not take const; the value is not changed
    fclose(out);
    return text;
}

void json_set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL) {
        json_object_set_new(object, key, json_string(text));
    }
}

void json_set_real(json_t *object, const char *key, double value)
{
    if (isfinite(value)) {
        json_object_set_new(object, key, json_real(value));
    }
}
