// SPDX-License-Identifier: GPL-3.0-or-later
// cli/invoke — runs one command: parses its options, prints its help, and prints its error, which
// no other code does. Called by the main functions.
#ifndef VRBENCH_CLI_INVOKE_H
#define VRBENCH_CLI_INVOKE_H

#include <stdbool.h>

#include "cli/command.h"

bool invoke_asks_for_help(const char *word); // "-h", "--help"
void invoke_print_help(const struct command *command);
// Returns the exit status. argv[0] is the command's name.
int invoke_command(const struct command *command, int argc, char **argv);

#endif
