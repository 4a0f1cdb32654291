// SPDX-License-Identifier: GPL-3.0-or-later
// cli/main — the program `vrbench-full`, which contains all commands (see front.c).
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/invoke.h"
#include "machine/catalogue.h"
#include "version.h"

// One row a command, in the order of the help.
// clang-format off
static const struct command *const commands[] = {
    &command_run,
    &command_search,
    &command_report,
    &command_ab,
    &command_predict,
    &command_compare,
    &command_advise,
    &command_reproduce,
    &command_up,
    &command_down,
    &command_list,
    &command_create,
    &command_destroy,
    &command_reboot,
    &command_console,
    &command_cpu,
    &command_top,
    &command_image,
    &command_xen_stats,
    &command_doctor,
    &command_cleanup,
    &command_owner,
};
// clang-format on
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

static void print_help(FILE *out)
{
    fprintf(out,
            "vrbench %s: measures what virtual routers forward, what they lose and\n"
            "where, and the CPU time that this costs.%s\n\nUsage: vrbench COMMAND [OPTION…]\n\n",
            VRBENCH_VERSION, VRBENCH_WITHOUT);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        _cleanup_free_ char *head = text_format("%s %s", commands[i]->name, commands[i]->operands);
        options_help_line(out, head, 22, commands[i]->summary);
    }
    fprintf(out, "\nvrbench COMMAND -h shows a command's options. Exit status: 0 done, 1 failed\n"
                 "while running, 2 bad usage or input, 3 this machine lacks a requirement, 4 the\n"
                 "machine disturbed the measurement too much, 130 interrupted.\n");
}

int main(int argc, char **argv)
{
    catalogue_use(&machine_catalogue);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_INPUT;
    }
    if (invoke_asks_for_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("vrbench %s%s\n", VRBENCH_VERSION, VRBENCH_WITHOUT);
        return EXIT_DONE;
    }
    const struct command *command = NULL;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        if (strcmp(commands[i]->name, argv[1]) == 0) {
            command = commands[i];
        }
    }
    if (command == NULL) {
        fprintf(stderr, "vrbench: unknown command \"%s\"; vrbench -h lists the commands\n",
                argv[1]);
        return EXIT_INPUT;
    }
    return invoke_command(command, argc - 1, argv + 1);
}
