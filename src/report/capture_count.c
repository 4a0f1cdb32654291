// SPDX-License-Identifier: GPL-3.0-or-later
// report/capture_count — see capture_count.h.
#include "report/capture_count.h"

#include <stdlib.h>
#include <string.h>

// Reads "N packet ENDING" or "N packets ENDING", up to the text's end or one of `ends`.
static bool read_part(const char *line, const char *ending, const char *ends, uint64_t *ret)
{
    char *end = NULL;
    if (*line < '0' || *line > '9') {
        return false;
    }
    unsigned long long number = strtoull(line, &end, 10);
    if (strncmp(end, " packet", 7) != 0) {
        return false;
    }
    end += end[7] == 's' ? 8 : 7;
    size_t length = strlen(ending);
    if (*end != ' ' || strncmp(end + 1, ending, length) != 0 ||
        (end[1 + length] != '\0' && strchr(ends, end[1 + length]) == NULL)) {
        return false;
    }
    *ret = number;
    return true;
}

bool capture_count(const char *text, uint64_t *ret_captured, uint64_t *ret_dropped)
{
    uint64_t captured = 0;
    uint64_t dropped = 0;
    bool found = false;
    for (const char *line = text; line != NULL && *line != '\0';) {
        found = read_part(line, "captured", "\n", &captured) || found;
        (void)read_part(line, "dropped by kernel", "\n", &dropped);
        const char *end = strchr(line, '\n');
        line = end == NULL ? NULL : end + 1;
    }
    if (found) {
        *ret_captured = captured;
        *ret_dropped = dropped;
    }
    return found;
}

const char *capture_dropped(const char *text, uint64_t *ret_dropped)
{
    const char *behind = NULL;
    for (const char *line = text; *line != '\0';) {
        const char *end = strchr(line, '\n');
        if (end == NULL) {
            break; // incomplete
        }
        const char *part = strstr(line, " captured, ");
        while (part != NULL && part < end) {
            uint64_t dropped = 0;
            part += part[0] == ',' ? 2 : 11;
            if (read_part(part, "dropped by kernel", ",\n", &dropped)) {
                *ret_dropped = dropped;
                behind = end + 1;
            }
            part = strstr(part, ", ");
        }
        line = end + 1;
    }
    return behind;
}
