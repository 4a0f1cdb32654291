// SPDX-License-Identifier: GPL-3.0-or-later
// cli/invoke — see invoke.h.
#include "cli/invoke.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/output.h"
#include "base/stop.h"
#include "base/text.h"

#define FILES_ENOUGH 65536U

void invoke_print_help(const struct command *command)
{
    const char *space = command->operands[0] == '\0' ? "" : " ";
    printf("Usage: vrbench %s [OPTION…]%s%s\n", command->name, space, command->operands);
    if (command->alias != NULL) {
        printf("       vrbench %s is the same\n", command->alias);
    }
    printf("\n%s.\n\n", command->summary);
    if (command->details != NULL) {
        printf("%s\n\n", command->details);
    }
    options_help(command->options, stdout);
    options_help_line(stdout, "-h, --help", OPTIONS_HELP_COLUMNS, "print this help");
    for (const struct command_example *example = command->examples;
         example != NULL && example->line != NULL; example++) {
        printf("%s  vrbench %s\n      %s\n", example == command->examples ? "\nExamples:\n" : "",
               example->line, example->what);
    }
}

bool invoke_asks_for_help(const char *word)
{
    return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

static int run_command(const struct command *command, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (invoke_asks_for_help(argv[i])) {
            invoke_print_help(command);
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

// A testbed of many routers opens some 25 files a router. Root may pass the hard limit, too.
static void raise_file_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0) {
        return;
    }
    struct rlimit enough = {.rlim_cur = FILES_ENOUGH, .rlim_max = FILES_ENOUGH};
    if (files.rlim_max >= FILES_ENOUGH || setrlimit(RLIMIT_NOFILE, &enough) < 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}

int invoke_command(const struct command *command, int argc, char **argv)
{
    stop_install();
    output_install();
    raise_file_limit();
    _cleanup_error_ struct error err = ERROR_INIT;
    int rc = run_command(command, argc, argv, &err);
    if (rc < 0) {
        if (err.text == NULL) {
            (void)fail(&err, -rc, "internal error: %s failed without a message; please report it",
                       command->name);
        }
        fprintf(stderr, "%s%s\n", err.located ? "" : "vrbench: ", err.text);
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
