// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/xm_fields — the comma-separated parts of a text that describes a device, see
 * xm_parts.h. Called by xm_devices.c and xm_disk.c.
 */
#include "machine/xen/xm_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void xm_fields_clear(struct xm_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->items[i].key);
        free(fields->items[i].value);
    }
    fields->count = 0;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

static char *copy_trimmed(const char *begin, const char *end)
{
    while (end > begin && is_blank(end[-1])) {
        end--;
    }
    return text_copy_bytes(begin, (size_t)(end - begin));
}

void xm_problem_at(const struct xm_reading *reading, const struct xm_value *text, size_t at,
                   const char *why)
{
    xm_problem(reading->problems, xm_place_within(text, at), "%s", why);
}

bool xm_fields_split(const struct xm_reading *reading, const struct xm_value *text,
                     const char *rest, struct xm_fields *ret)
{
    const char *at = text->text;
    for (bool more = true; more;) {
        at += strspn(at, " \t");
        const char *end = at + strcspn(at, ",");
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (ret->count == XM_FIELDS_MAX) {
            xm_problem_at(reading, text, (size_t)(at - text->text), "this text has too many parts");
            return false;
        }
        struct xm_field *field = &ret->items[ret->count++];
        *field = (struct xm_field){.at = (size_t)(at - text->text)};
        const char *value = at;
        if (equals != NULL) {
            field->key = copy_trimmed(at, equals);
            value = equals + 1 + strspn(equals + 1, " \t");
            if (text_equal(field->key, rest)) {
                end = value + strlen(value);
            }
        }
        field->value_at = (size_t)(value - text->text);
        field->value = value < end ? copy_trimmed(value, end) : text_copy("");
        more = *end == ',';
        at = end + (more ? 1 : 0);
    }
    return true;
}

bool xm_field_is_first(const struct xm_reading *reading, const struct xm_value *text,
                       const struct xm_fields *fields, size_t number)
{
    const struct xm_field *field = &fields->items[number];
    for (size_t i = 0; i < number; i++) {
        if (text_equal(fields->items[i].key, field->key)) {
            xm_problem(reading->problems, xm_place_within(text, field->at), "%s is given twice",
                       field->key);
            return false;
        }
    }
    return true;
}

bool xm_is_one_of(const char *word, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (text_equal(word, *list)) {
            return true;
        }
    }
    return false;
}

int xm_hex_digit(char byte)
{
    return isdigit((unsigned char)byte)    ? byte - '0'
           : isxdigit((unsigned char)byte) ? tolower((unsigned char)byte) - 'a' + 10
                                           : -1;
}
