// SPDX-License-Identifier: GPL-3.0-or-later
// cli/main — the program `vrbench-full`, which contains all commands (see front.c).
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/nearest.h"
#include "base/output.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/invoke.h"
#include "commit.h"
#include "machine/catalogue.h"
#include "version.h"

static void print_help(FILE *out)
{
    fprintf(out,
            "vrbench %s: measures what virtual routers forward, what they lose and\n"
            "where, and the CPU time that this costs.%s\n\nUsage: vrbench COMMAND [OPTION…]\n\n",
            VRBENCH_VERSION, VRBENCH_WITHOUT);
    for (size_t i = 0; i < command_count; i++) {
        _cleanup_free_ char *head =
            text_format("%s %s", command_table[i]->name, command_table[i]->operands);
        options_help_line(out, head, 22, command_table[i]->summary);
    }
    fprintf(out, "\nvrbench help COMMAND shows a command's options and examples. Exit status: 0\n"
                 "done, 1 failed while running, 2 bad usage or input, 3 this machine lacks a\n"
                 "requirement, 4 the machine disturbed the measurement too much, 130\n"
                 "interrupted.\n");
}

static int fail_command(const char *word)
{
    struct nearest nearest = {.word = word};
    for (size_t i = 0; i < command_count; i++) {
        nearest_consider(&nearest, command_table[i]->name);
        if (command_table[i]->alias != NULL) {
            nearest_consider(&nearest, command_table[i]->alias);
        }
    }
    _cleanup_free_ char *question = nearest_question(&nearest);
    fprintf(stderr, "vrbench: unknown command \"%s\"%s\n", word,
            *question == '\0' ? "; vrbench -h lists the commands" : question);
    return EXIT_INPUT;
}

// The exit status after a text on standard output.
static int end_text(void)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        perror("vrbench: standard output");
        return EXIT_FAILED;
    }
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    output_reserve();
    catalogue_use(&machine_catalogue);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_INPUT;
    }
    if (strcmp(argv[1], "help") == 0 && argc > 2) {
        const struct command *about = command_find(argv[2]);
        if (about == NULL) {
            return fail_command(argv[2]);
        }
        invoke_print_help(about);
        return end_text();
    }
    if (invoke_asks_for_help(argv[1]) || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return end_text();
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        printf("vrbench %s, commit %s%s\n", VRBENCH_VERSION, VRBENCH_COMMIT, VRBENCH_WITHOUT);
        return end_text();
    }
    const struct command *command = command_find(argv[1]);
    if (command == NULL) {
        return fail_command(argv[1]);
    }
    return invoke_command(command, argc - 1, argv + 1);
}
