// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_point — any bytes as a line of points.jsonl. What is accepted must survive being written
// and read again unchanged, through the text as the store writes it.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "result/json_text.h"
#include "result/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL) {
        return 0;
    }
    struct point point;
    struct error err = ERROR_INIT;
    if (point_from_json(json, &point, &err) < 0) {
        if (err.text == NULL || err.text[0] == '\0') {
            abort(); // refused without a reason
        }
        error_clear(&err);
        json_decref(json);
        return 0;
    }
    json_t *written = point_to_json(&point);
    char *text = json_to_text(written, 0);
    json_t *read = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    struct point again;
    if (read == NULL || strchr(text, '\n') != NULL || point_from_json(read, &again, NULL) < 0) {
        abort();
    }
    json_t *rewritten = point_to_json(&again);
    char *retext = json_to_text(rewritten, 0);
    if (!json_equal(written, rewritten) || strcmp(text, retext) != 0) {
        abort();
    }
    free(retext);
    json_decref(rewritten);
    point_clear(&again);
    json_decref(read);
    free(text);
    json_decref(written);
    point_clear(&point);
    json_decref(json);
    return 0;
}
