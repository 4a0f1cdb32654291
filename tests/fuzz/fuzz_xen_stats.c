// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_xen_stats — any bytes as the text of the monitoring script. What is accepted is what would
// be written, but for the last newline.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "face/xen_stats.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 2);
    if (text == NULL) {
        return 0;
    }
    if (size > 0) {
        memcpy(text, data, size);
    }
    text[size] = '\0';
    struct xen_stats stats;
    struct error err = ERROR_INIT;
    if (xen_stats_parse(text, &stats, &err) < 0) {
        if (err.text == NULL || err.text[0] == '\0') {
            abort(); // refused without a reason
        }
        error_clear(&err);
        free(text);
        return 0;
    }
    size_t length = strlen(text);
    if (length > 0 && text[length - 1] != '\n') {
        text[length] = '\n';
        text[length + 1] = '\0';
    }
    char *written = xen_stats_text(&stats);
    if (strcmp(written, text) != 0) {
        abort();
    }
    free(written);
    xen_stats_clear(&stats);
    free(text);
    return 0;
}
