// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * base/json_get — texts of a JSON object's members. Called by all rooms that read records, requests
 * and results. The texts belong to the object. `object` may be NULL.
 */
#ifndef VRBENCH_BASE_JSON_GET_H
#define VRBENCH_BASE_JSON_GET_H

#include <jansson.h>

// The text of a member; NULL if it is absent or no text.
static inline const char *json_get_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

// The same; an empty text if it is absent or no text.
static inline const char *json_get_word(const json_t *object, const char *key)
{
    const char *text = json_get_text(object, key);
    return text == NULL ? "" : text;
}

#endif
