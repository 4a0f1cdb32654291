// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * describe/page — see describe.h. Makes a man page from a text written by hand, in which lines
 * stand for what tables contain:
 *
 *     .\" COMMANDS          the commands, with one line each
 *     .\" OPTIONS           the section OPTIONS of the page's command
 *     .\" KEYS scenario     the keys of that file
 *
 * The page of a command refers to vrbench(1) for EXIT STATUS, ENVIRONMENT and FILES, unless its
 * text has them.
 *
 * The page of a command begins with its name and synopsis; without a text of its own, its
 * description is that of its help.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "describe.h"
#include "version.h"

static void print_head(const char *name, int section, FILE *out)
{
    _cleanup_free_ char *title = text_copy(name);
    for (char *at = title; *at != '\0'; at++) {
        *at = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
    }
    fprintf(out, ".\\\" SPDX-License-Identifier: GPL-3.0-or-later\n.TH %s %d %s \"vrbench %s\"\n",
            title, section, DESCRIBE_DATE, VRBENCH_VERSION);
}

static void print_commands(FILE *out)
{
    for (size_t i = 0; i < command_count; i++) {
        fprintf(out, ".TP\n.BR vrbench\\-");
        roff_text(command_table[i]->name, out);
        fputs(" (1)\n", out);
        roff_text(command_table[i]->summary, out);
        fputs(".\n", out);
    }
}

static void print_options(const struct command *command, FILE *out)
{
    fputs(".SH OPTIONS\n", out);
    for (const struct option_row *row = command->options; row->name != NULL; row++) {
        fputs(".TP\n", out);
        if (row->letter != '\0') {
            fprintf(out, "\\fB\\-%c\\fR, ", row->letter);
        }
        fputs("\\fB\\-\\-", out);
        roff_text(row->name, out);
        fputs("\\fR", out);
        if (row->argument != NULL) {
            fputs(" \\fI", out);
            roff_text(row->argument, out);
            fputs("\\fR", out);
        }
        fputs("\n", out);
        roff_text(row->help, out);
        fputs("\n", out);
    }
    fputs(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nprint a short help\n", out);
}

// The part of a page that the table of commands contains.
static void print_command_head(const struct command *command, FILE *out)
{
    _cleanup_free_ char *name = text_format("vrbench-%s", command->name);
    print_head(name, 1, out);
    fputs(".SH NAME\n", out);
    roff_text(name, out);
    fputs(" \\- ", out);
    _cleanup_free_ char *summary = text_copy(command->summary);
    summary[0] =
        (char)(summary[0] >= 'A' && summary[0] <= 'Z' ? summary[0] - 'A' + 'a' : summary[0]);
    roff_text(summary, out);
    fputs("\n.SH SYNOPSIS\n.B vrbench ", out);
    roff_text(command->name, out);
    fputs("\n[\\fIOPTION\\fR…]", out);
    if (command->operands[0] != '\0') {
        fputs(" \\fI", out);
        roff_text(command->operands, out);
        fputs("\\fR", out);
    }
    fputs("\n", out);
}

static void print_examples(const struct command *command, FILE *out)
{
    for (const struct command_example *example = command->examples;
         example != NULL && example->line != NULL; example++) {
        fputs(example == command->examples ? ".SH EXAMPLES\n.TP\n.B vrbench " : ".TP\n.B vrbench ",
              out);
        roff_text(example->line, out);
        fputs("\n", out);
        roff_text(example->what, out);
        fputs("\n", out);
    }
}

static bool print_marked(const char *mark, const struct command *command, FILE *out)
{
    if (text_equal(mark, "COMMANDS")) {
        print_commands(out);
    } else if (text_equal(mark, "OPTIONS") && command != NULL) {
        print_options(command, out);
    } else if (text_equal(mark, "KEYS scenario")) {
        describe_keys(schema_scenario, out);
    } else if (text_equal(mark, "KEYS contracts")) {
        describe_keys(schema_contracts, out);
    } else {
        return false;
    }
    return true;
}

// Sections that vrbench(1) has for all commands.
static const char *const shared_sections[] = {"EXIT STATUS", "ENVIRONMENT", "FILES"};
#define SHARED_COUNT (sizeof(shared_sections) / sizeof(shared_sections[0]))

// Which of them a page has.
struct sections {
    bool has[SHARED_COUNT];
};

static void note_section(const char *line, struct sections *sections)
{
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        sections->has[i] |=
            text_starts(line, ".SH ") && text_equal(line + strlen(".SH "), shared_sections[i]);
    }
}

static void print_absent_sections(const struct sections *sections, FILE *out)
{
    for (size_t i = 0; i < SHARED_COUNT; i++) {
        if (!sections->has[i]) {
            fprintf(out, ".SH %s\nAs of\n.BR vrbench (1).\n", shared_sections[i]);
        }
    }
}

int describe_page(const char *path, const char *name, int section, FILE *out)
{
    const struct command *command =
        text_starts(name, "vrbench-") ? command_find(name + strlen("vrbench-")) : NULL;
    if (command != NULL) {
        print_command_head(command, out);
    } else {
        print_head(name, section, out);
    }
    if (path == NULL && command == NULL) {
        fprintf(stderr, "describe: there is no command %s\n", name);
        return -ENOENT;
    }
    if (path == NULL) {
        fputs(".SH DESCRIPTION\n", out);
        roff_text(command->details != NULL ? command->details : command->summary, out);
        fputs("\n", out);
        print_options(command, out);
        print_examples(command, out);
        print_absent_sections(&(struct sections){0}, out);
        fputs(".SH SEE ALSO\n.BR vrbench (1)\n", out);
        return 0;
    }
    FILE *in = fopen(path, "re");
    if (in == NULL) {
        perror(path);
        return -errno;
    }
    char line[1024];
    struct sections sections = {0};
    int rc = 0;
    while (rc == 0 && fgets(line, sizeof line, in) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        note_section(line, &sections);
        if (command != NULL && text_equal(line, ".SH SEE ALSO")) {
            print_absent_sections(&sections, out);
        }
        const char *mark = text_starts(line, ".\\\" ") ? line + 4 : NULL;
        if (mark == NULL) {
            fprintf(out, "%s\n", line);
        } else if (!text_starts(mark, "SPDX-") && !print_marked(mark, command, out)) {
            fprintf(stderr, "describe: %s: unknown line %s\n", path, line);
            rc = -EINVAL;
        }
    }
    fclose(in);
    return rc;
}
