// SPDX-License-Identifier: GPL-3.0-or-later
// cli/command_line — composes a command for the user to copy into a shell. Called by cmd_init.c,
// cmd_reproduce.c and cmd_run.c.
#ifndef VRBENCH_CLI_COMMAND_LINE_H
#define VRBENCH_CLI_COMMAND_LINE_H

struct option_row;

// Appends " WORD" and, if not NULL, " VALUE" to *line, which is reallocated. The value is quoted if
// a shell would not take it as it is.
void command_line_add(char **line, const char *word, const char *value);

// Appends the name of a file, quoted in the same way; "./" precedes one that would be an option.
void command_line_add_file(char **line, const char *file);

// Appends each option of the table that is marked as kept and was given. `values` is the struct
// that options_parse wrote.
void command_line_add_kept(char **line, const struct option_row *rows, const void *values);

#endif
