// SPDX-License-Identifier: GPL-3.0-or-later
// report/capture_count — see capture_count.h.
#include "report/capture_count.h"

#include <stdlib.h>
#include <string.h>

// Reads a line "N packet ENDING" or "N packets ENDING".
static bool read_line(const char *line, const char *ending, uint64_t *ret)
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
        (end[1 + length] != '\n' && end[1 + length] != '\0')) {
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
        found = read_line(line, "captured", &captured) || found;
        (void)read_line(line, "dropped by kernel", &dropped);
        const char *end = strchr(line, '\n');
        line = end == NULL ? NULL : end + 1;
    }
    if (found) {
        *ret_captured = captured;
        *ret_dropped = dropped;
    }
    return found;
}
