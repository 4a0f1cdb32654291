// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/options — command-line options as typed table rows that write into a plain struct.
 *
 * Values go through the same parse_* functions as scenario keys. Help is printed from the table.
 */
#ifndef VRBENCH_CLI_OPTIONS_H
#define VRBENCH_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

enum option_type {
    OPTION_FLAG,      // bool
    OPTION_COUNT,     // unsigned, the number of its occurrences
    OPTION_TEXT,      // const char *
    OPTION_TEXT_LIST, // struct text_list, of a repeatable option
    OPTION_INTEGER,   // uint64_t from min to max
};

struct text_list {
    const char **items;
    size_t count;
};

struct option_row {
    const char *name; // without the two dashes
    char letter;      // '\0' = none
    enum option_type type;
    size_t offset;        // into the struct of the command
    const char *argument; // name of its value in the help, NULL for flags
    const char *help;
    uint64_t min, max;
    const char *words; // of OPTION_TEXT and OPTION_TEXT_LIST: the values that it takes, separated
                       // by blanks; NULL = any
    bool kept;         // the command that continues an interrupted one repeats it
};
#define OPTIONS_END                                                                                \
    {                                                                                              \
        .name = NULL                                                                               \
    }

// Parses argv[1…] into `values` and collects operands in `ret_operands`. "--" ends the options.
// Errors carry exit status 2. Rows end with OPTIONS_END.
int options_parse(const struct option_row *rows, int argc, char **argv, void *values,
                  struct text_list *ret_operands, struct error *err);
// Whether the option has a value.
bool option_takes_value(const struct option_row *row);
void options_help(const struct option_row *rows, FILE *out);
// Prints `head` padded to `columns` terminal columns, then `help`, within the width of the
// terminal. A longer head has a line of its own.
void options_help_line(FILE *out, const char *head, size_t columns, const char *help);
#define OPTIONS_HELP_COLUMNS 28
void text_list_add(struct text_list *list, const char *text);
void text_list_clear(struct text_list *list);

#endif
