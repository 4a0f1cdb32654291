// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/main — the program: finds the command's row, parses its options, runs it, and prints what
 * went wrong: the only place that does.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/output.h"
#include "base/stop.h"
#include "base/text.h"
#include "cli/command.h"
#include "machine/catalogue.h"
#include "version.h"

// One row a command, in the order of the help.
// clang-format off
static const struct command *const commands[] = {
    &command_run,
    &command_report,
    &command_compare,
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
            "vrbench %s: what virtual routers forward, what they lose and where, and what it\n"
            "costs in CPU.%s\n\nUsage: vrbench COMMAND [OPTION…]\n\n",
            VRBENCH_VERSION, VRBENCH_WITHOUT);
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        _cleanup_free_ char *head = text_format("%s %s", commands[i]->name, commands[i]->operands);
        options_help_line(out, head, 22, commands[i]->summary);
    }
    fprintf(out, "\nvrbench COMMAND -h tells more. Exit status: 0 done, 1 failed while running,\n"
                 "2 bad usage or input, 3 this machine lacks something needed, 130 interrupted.\n");
}

static void print_command_help(const struct command *command)
{
    printf("Usage: vrbench %s [OPTION…] %s\n\n%s.\n\n", command->name, command->operands,
           command->summary);
    if (command->details != NULL) {
        printf("%s\n\n", command->details);
    }
    options_help(command->options, stdout);
    options_help_line(stdout, "-h, --help", OPTIONS_HELP_COLUMNS, "print this");
}

static bool asks_for_help(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

static int run_command(const struct command *command, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (asks_for_help(argv[i])) {
            print_command_help(command);
            return 0;
        }
    }
    void *values = memory_new(1, command->values_size);
    struct text_list operands = {0};
    int rc = options_parse(command->options, argc, argv, values, &operands, err);
    if (rc == 0) {
        rc = command->run(values, &operands, err);
    }
    for (const struct option_row *row = command->options; row->name != NULL; row++) {
        if (row->type == OPTION_TEXT_LIST) {
            text_list_clear((struct text_list *)(void *)((char *)values + row->offset));
        }
    }
    text_list_clear(&operands);
    free(values);
    return rc;
}

// Every namespace and socket is a file: a large testbed has more than the usual soft limit.
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int main(int argc, char **argv)
{
    catalogue_use(&machine_catalogue);
    if (argc < 2) {
        print_help(stderr);
        return EXIT_INPUT;
    }
    if (asks_for_help(argv[1]) || strcmp(argv[1], "help") == 0) {
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
        fprintf(stderr, "vrbench: there is no command \"%s\"; vrbench -h lists them\n", argv[1]);
        return EXIT_INPUT;
    }
    stop_install();
    output_install();
    raise_file_limit();
    _cleanup_error_ struct error err = ERROR_INIT;
    int rc = run_command(command, argc - 1, argv + 1, &err);
    if (rc < 0) {
        const char *text = err.text == NULL ? "failed" : err.text;
        fprintf(stderr, "%s%s\n", err.located ? "" : "vrbench: ", text);
        (void)fflush(stdout);
        return err.exit_status != 0 ? err.exit_status : EXIT_FAILED;
    }
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        if (stop_requested()) {
            return EXIT_INTERRUPTED;
        }
        perror("vrbench: standard output");
        return EXIT_FAILED;
    }
    return rc;
}
