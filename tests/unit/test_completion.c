// SPDX-License-Identifier: GPL-3.0-or-later
// tests of cli/completion and of the table of commands — what completes each place of a command
// line; every command has a summary and examples whose options it has.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/completion.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define MOST 16

static void add_names(const char *kind, completion_add add, void *context)
{
    _cleanup_free_ char *first = text_format("%s1", kind);
    _cleanup_free_ char *second = text_format("x%s", kind);
    add(first, "", context);
    add(second, "", context);
}

static void add_word(const char *word, const char *what, void *context)
{
    (void)what;
    char *joined = context;
    strcat(strcat(joined, *joined == '\0' ? "" : " "), word);
}

// Splits a line at blanks; a blank at its end begins an empty word.
static size_t split(char *line, const char **ret)
{
    size_t count = 0;
    char *rest = line;
    char *word = NULL;
    while ((word = strsep(&rest, " ")) != NULL && count < MOST) {
        ret[count++] = word;
    }
    return count;
}

static void assert_completed(const char *line, const char *expected)
{
    char joined[4096] = "";
    const char *words[MOST];
    _cleanup_free_ char *copy = text_copy(line);
    size_t count = split(copy, words);
    completion_find(words, count, add_names, add_word, joined);
    if (strcmp(joined, expected) != 0) {
        fail_msg("\"%s\": \"%s\", not \"%s\"", line, joined, expected);
    }
}

static void test_commands(void **state)
{
    (void)state;
    assert_completed("do", "down doctor");
    assert_completed("ls", "ls");
    assert_completed("he", "help");
    assert_completed("--v", "--version");
    assert_completed("help rep", "report reproduce");
    assert_completed("nothing ", "");
}

static void test_options(void **state)
{
    (void)state;
    assert_completed("run --dr", "--dry-run");
    assert_completed("run --topology ", "direct bridged dedicated");
    assert_completed("run --topology b", "bridged");
    assert_completed("run --topology=de", "--topology=dedicated");
    assert_completed("run --quick --topology d", "direct dedicated");
    assert_completed("run --quick=", "");
    assert_completed("run --duration ", "");
    assert_completed("up -t d", "direct dedicated");
    assert_completed("top -s mem", "memory");
    assert_completed("list --testbed T", "TESTBED1");
}

static void test_operands(void **state)
{
    (void)state;
    assert_completed("run S", "SCENARIO1 :file");
    assert_completed("run a.yaml x", "xSCENARIO :file");
    assert_completed("down ", "TESTBED1 xTESTBED SCENARIO1 xSCENARIO :file");
    assert_completed("cpu R", "ROUTER1");
    assert_completed("cpu r1 ", "");
    assert_completed("cpu --cap 5 R", "ROUTER1");
    assert_completed("console R", "ROUTER1");
    assert_completed("console r1 -- ", ":file");
    assert_completed("image ", "build list");
    assert_completed("completion z", "zsh");
    assert_completed("report ", ":file");
    assert_completed("doctor ", "");
}

static void test_every_example_has_options_of_its_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        const struct command *command = command_table[i];
        assert_ptr_equal(command_find(command->name), command);
        assert_non_null(command->examples);
        assert_non_null(command->examples[0].line);
        for (const struct command_example *example = command->examples; example->line != NULL;
             example++) {
            _cleanup_free_ char *line = text_copy(example->line);
            _cleanup_error_ struct error err = ERROR_INIT;
            char *end = strstr(line, " >");
            if (end != NULL) {
                *end = '\0'; // the rest is for the shell
            }
            const char *words[MOST];
            size_t count = split(line, words);
            void *values = memory_new(1, command->values_size);
            struct text_list operands = {0};
            assert_string_equal(words[0], command->name);
            if (options_parse(command->options, (int)count, (char **)(void *)words, values,
                              &operands, &err) < 0) {
                fail_msg("vrbench %s: %s", example->line, err.text);
            }
            for (const struct option_row *row = command->options; row->name != NULL; row++) {
                if (row->type == OPTION_TEXT_LIST) {
                    text_list_clear((struct text_list *)(void *)((char *)values + row->offset));
                }
            }
            text_list_clear(&operands);
            free(values);
        }
    }
}

// Each closed list of words is what the command's help names.
static void test_words_are_named_by_the_help(void **state)
{
    (void)state;
    for (size_t i = 0; i < command_count; i++) {
        for (const struct option_row *row = command_table[i]->options; row->name != NULL; row++) {
            const char *words = row->words == NULL ? "" : row->words;
            for (const char *at = words; *at != '\0'; at += strspn(at, " ")) {
                _cleanup_free_ char *word = text_copy_bytes(at, strcspn(at, " "));
                if (strstr(row->help, word) == NULL) {
                    fail_msg("%s --%s: help without %s", command_table[i]->name, row->name, word);
                }
                at += strcspn(at, " ");
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_every_example_has_options_of_its_command),
        cmocka_unit_test(test_words_are_named_by_the_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
