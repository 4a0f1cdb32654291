// SPDX-License-Identifier: GPL-3.0-or-later
// cli/command_line — see command_line.h.
#include "cli/command_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/scenario_input.h"

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

void command_line_add_changes(char **line, const struct change_values *change)
{
    const struct {
        const char *option, *value;
    } given[] = {{"--length", change->length},
                 {"--pps", change->pps},
                 {"--rate", change->rate},
                 {"--duration", change->duration},
                 {"--repeats", change->repeats}};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        if (given[i].value != NULL) {
            command_line_add(line, given[i].option, given[i].value);
        }
    }
    if (change->routers > 0) {
        _cleanup_free_ char *routers = text_format("%u", (unsigned)change->routers);
        command_line_add(line, "--routers", routers);
    }
    for (size_t i = 0; i < change->set.count; i++) {
        command_line_add(line, "--set", change->set.items[i]);
    }
}
