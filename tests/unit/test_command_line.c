// SPDX-License-Identifier: GPL-3.0-or-later
// Commands for the user to copy: a real shell reads back each value as it was.
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
#include "cli/command_line.h"
#include "cli/options.h"
#include "cli/scenario_input.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

// What a shell makes of the values: each followed by a line feed.
static void expect_arguments(const char *line, const char *wanted)
{
    char got[512] = "";
    FILE *shell = popen(line, "r"); // NOLINT(cert-env33-c): the shell is what is asked
    assert_non_null(shell);
    got[fread(got, 1, sizeof got - 1, shell)] = '\0';
    assert_int_equal(pclose(shell), 0);
    assert_string_equal(got, wanted);
}

static void test_values(void **state)
{
    (void)state;
    static const char *const values[] = {
        "plain",
        "results/a-1.b",
        "64,256",
        "two words",
        "",
        "it's",
        "'",
        "a\"b`c`$HOME",
        "routers.*.cap",
        "~root",
        "back\\slash",
        "{a,b};c&d|e>f",
        "!!",
        "#no comment",
        "key=[1, 2]",
        "a\tb",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        _cleanup_free_ char *line = text_copy("printf '%s\\n'");
        _cleanup_free_ char *wanted = text_format("-o\n%s\n", values[i]);
        command_line_add(&line, "-o", values[i]);
        expect_arguments(line, wanted);
    }
}

static void test_plain_is_not_quoted(void **state)
{
    (void)state;
    _cleanup_free_ char *line = text_copy("vrbench run");
    command_line_add(&line, "--quick", NULL);
    command_line_add(&line, "--pps", "10k,1.5M");
    assert_string_equal(line, "vrbench run --quick --pps 10k,1.5M");
}

static void test_files(void **state)
{
    (void)state;
    _cleanup_free_ char *line = text_copy("printf '%s\\n'");
    const char *const files[] = {"a.yaml", "my file.yaml", "-f.yaml", "-"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        command_line_add_file(&line, files[i]);
    }
    expect_arguments(line, "a.yaml\nmy file.yaml\n./-f.yaml\n-\n");
}

// The options that are kept, as options_parse stored them.
static void test_kept(void **state)
{
    (void)state;
    struct values {
        bool quick, json;
        const char *engine;
        uint64_t attempts;
        unsigned verbosity;
        struct change_values change;
    };
    static const struct option_row rows[] = {
        {.name = "quick", .offset = offsetof(struct values, quick), .kept = true},
        {.name = "json", .offset = offsetof(struct values, json)},
        {.name = "engine",
         .type = OPTION_TEXT,
         .offset = offsetof(struct values, engine),
         .kept = true},
        {.name = "attempts",
         .type = OPTION_INTEGER,
         .offset = offsetof(struct values, attempts),
         .max = 1000,
         .kept = true},
        {.name = "verbose",
         .letter = 'v',
         .type = OPTION_COUNT,
         .offset = offsetof(struct values, verbosity),
         .kept = true},
        CHANGE_OPTIONS(values),
        OPTIONS_END,
    };
    char *given[] = {
        "run",        "--set", "routers.r1.cap=30", "--json", "--duration", "2 s", "-vv",
        "--attempts", "7",     "--length",          "64",     "--routers",  "3",   "--set",
        "name=a b",   NULL};
    const int count = (int)(sizeof given / sizeof given[0]) - 1;
    struct values values = {.quick = false};
    struct text_list operands = {NULL, 0};
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(options_parse(rows, count, given, &values, &operands, &err), 0);
    _cleanup_free_ char *line = text_copy("printf '%s\n'");
    command_line_add_kept(&line, rows, &values);
    expect_arguments(line, "--attempts\n7\n--verbose\n--verbose\n--length\n64\n--duration\n2 s\n"
                           "--routers\n3\n--set\nrouters.r1.cap=30\n--set\nname=a b\n");
    text_list_clear(&values.change.set);
    text_list_clear(&operands);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_plain_is_not_quoted),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
