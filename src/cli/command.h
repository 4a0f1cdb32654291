// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/command — a subcommand is one file cmd_*.c and one row of the table in commands.c.
 */
#ifndef VRBENCH_CLI_COMMAND_H
#define VRBENCH_CLI_COMMAND_H

#include <stddef.h>

#include "base/error.h"
#include "cli/options.h"

// A command line for the end of the help, and what it is for.
struct command_example {
    const char *line; // without "vrbench "
    const char *what;
};
#define COMMAND_EXAMPLES(...)                                                                      \
    (const struct command_example[])                                                               \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

struct command {
    const char *name;
    const char *alias;    // another name, or NULL
    const char *operands; // "SCENARIO…", or ""; completion knows the words DIR, FILE, NETWORK,
                          // ROUTER, RUN, SCENARIO, TESTBED and alternatives such as build|list
    const char *summary;  // one line
    const char *details;  // text of the command's own help, or NULL
    const struct command_example *examples; // up to a row of NULL
    const struct option_row *options;
    size_t values_size; // of the struct that the options write into
    // Runs the command with options parsed into `values`. Returns 0, negative with err, or the
    // positive exit status of a command that worked but found a problem.
    int (*run)(void *values, const struct text_list *operands, struct error *err);
};

extern const struct command command_run;
extern const struct command command_init;
extern const struct command command_search;
extern const struct command command_report;
extern const struct command command_ab;
extern const struct command command_predict;
extern const struct command command_compare;
extern const struct command command_advise;
extern const struct command command_control;
extern const struct command command_reproduce;
extern const struct command command_up;
extern const struct command command_down;
extern const struct command command_list;
extern const struct command command_create;
extern const struct command command_destroy;
extern const struct command command_reboot;
extern const struct command command_console;
extern const struct command command_cpu;
extern const struct command command_send;
extern const struct command command_capture;
extern const struct command command_top;
extern const struct command command_image;
extern const struct command command_xen_stats;
extern const struct command command_doctor;
extern const struct command command_cleanup;
extern const struct command command_exec;
extern const struct command command_inspect;
extern const struct command command_completion;
extern const struct command command_owner;

// All commands of vrbench-full.
extern const struct command *const command_table[];
extern const size_t command_count;
// The command of that name or alias, or NULL.
const struct command *command_find(const char *word);

#endif
