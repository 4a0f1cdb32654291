// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_init — `vrbench init`: writes a commented scenario as a start for the user's own.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/command_line.h"
#include "cli/scenario_input.h"

#define INIT_FILE "scenario.yaml"
#define BEGIN     "\n#\n" // behind the line of the licence, which is not the user's
#define NAME_LINE "\nname: " SCENARIO_DEFAULT "\n"

struct init_values {
    bool force;
};

static const struct option_row init_options[] = {
    {.name = "force",
     .letter = 'f',
     .type = OPTION_FLAG,
     .offset = offsetof(struct init_values, force),
     .help = "replace FILE if it exists"},
    OPTIONS_END,
};

// The scenario's text, with the file's name as its name if that is possible.
static char *text_for(const char *file)
{
    _cleanup_free_ char *text = scenario_input_default();
    _cleanup_free_ char *stem = text_copy(text_base_name(file));
    char *dot = strrchr(stem, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
    const char *begin = strstr(text, BEGIN);
    begin = begin == NULL ? text : begin + strlen(BEGIN);
    const char *line = strstr(begin, NAME_LINE);
    if (line == NULL || !text_is_safe_name(stem, SCENARIO_NAME_MAX)) {
        return text_copy(begin);
    }
    return text_format("%.*s\nname: %s\n%s", (int)(line - begin), begin, stem,
                       line + strlen(NAME_LINE));
}

static int init_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct init_values *asked = values;
    if (operands->count > 1) {
        return fail_input(err, "init takes one file");
    }
    const char *file = operands->count == 0 ? INIT_FILE : operands->items[0];
    _cleanup_free_ char *text = text_for(file);
    if (text_equal(file, "-")) {
        fputs(text, stdout);
        return 0;
    }
    if (!asked->force && access(file, F_OK) == 0) {
        return fail_input(err, "%s exists; --force replaces it", file);
    }
    int rc = file_output(file, text, strlen(text), err);
    if (rc == 0) {
        _cleanup_free_ char *command = text_copy("sudo vrbench run");
        command_line_add_file(&command, file);
        printf("%s: written; %s measures it\n", file, command);
    }
    return rc;
}

const struct command command_init = {
    .name = "init",
    .operands = "[FILE]",
    .summary = "Write a commented scenario",
    .details = "Writes the scenario that vrbench run measures without a file to FILE\n"
               "(" INIT_FILE "), as a start for your own; - is standard output.",
    .examples = COMMAND_EXAMPLES({"init my.yaml", "then edit my.yaml, and: vrbench run my.yaml"}),
    .options = init_options,
    .values_size = sizeof(struct init_values),
    .run = init_run,
};
