// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/completion — the words that may stand at the end of a command line, from the table of
 * commands. The scripts for shells (completion/) call it through `vrbench completion`.
 */
#ifndef VRBENCH_CLI_COMPLETION_H
#define VRBENCH_CLI_COMPLETION_H

#include <stddef.h>

// Takes a candidate and what it is for ("" = nothing to add).
typedef void (*completion_add)(const char *word, const char *what, void *context);
// Adds the names of one kind that exist now: "ROUTER", "TESTBED", "NETWORK", "SCENARIO".
typedef void (*completion_names)(const char *kind, completion_add add, void *context);

// A candidate for "a file's name".
#define COMPLETION_FILE ":file"

// Adds candidates for the last of `words`, which is being typed and may be empty. The words begin
// with the command's name.
void completion_find(const char *const *words, size_t count, completion_names names,
                     completion_add add, void *context);

#endif
