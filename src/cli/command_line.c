// SPDX-License-Identifier: GPL-3.0-or-later
// cli/command_line — see command_line.h.
#include "cli/command_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/options.h"

// Characters that are not special in any shell of POSIX.
#define PLAIN "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,@%+-"

// The value in single quotes, with each single quote in it between them as \'.
static char *quoted(const char *value)
{
    if (*value != '\0' && value[strspn(value, PLAIN)] == '\0') {
        return text_copy(value);
    }
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        abort();
    }
    fputc('\'', out);
    for (const char *at = value; *at != '\0'; at++) {
        fputs(*at == '\'' ? "'\\''" : (const char[]){*at, '\0'}, out);
    }
    fputc('\'', out);
    fclose(out);
    return text;
}

void command_line_add(char **line, const char *word, const char *value)
{
    _cleanup_free_ char *argument = value == NULL ? NULL : quoted(value);
    text_append(line, " ", "%s%s%s", word, value == NULL ? "" : " ", value == NULL ? "" : argument);
}

void command_line_add_file(char **line, const char *file)
{
    bool option = file[0] == '-' && file[1] != '\0';
    _cleanup_free_ char *path = option ? text_format("./%s", file) : text_copy(file);
    _cleanup_free_ char *argument = quoted(path);
    command_line_add(line, argument, NULL);
}

static void add_given(char **line, const struct option_row *row, const void *slot)
{
    _cleanup_free_ char *word = text_format("--%s", row->name);
    const char *text = NULL;
    _cleanup_free_ char *number = NULL;
    switch (row->type) {
    case OPTION_FLAG:
        if (*(const bool *)slot) {
            command_line_add(line, word, NULL);
        }
        return;
    case OPTION_COUNT:
        for (unsigned i = 0; i < *(const unsigned *)slot; i++) {
            command_line_add(line, word, NULL);
        }
        return;
    case OPTION_TEXT_LIST:
        for (size_t i = 0; i < ((const struct text_list *)slot)->count; i++) {
            command_line_add(line, word, ((const struct text_list *)slot)->items[i]);
        }
        return;
    case OPTION_TEXT:
        text = *(const char *const *)slot;
        break;
    case OPTION_INTEGER:
        if (*(const uint64_t *)slot > 0) {
            number = text_format("%llu", (unsigned long long)*(const uint64_t *)slot);
            text = number;
        }
        break;
    }
    if (text != NULL) {
        command_line_add(line, word, text);
    }
}

void command_line_add_kept(char **line, const struct option_row *rows, const void *values)
{
    for (const struct option_row *row = rows; row->name != NULL; row++) {
        if (row->kept) {
            add_given(line, row, (const char *)values + row->offset);
        }
    }
}
