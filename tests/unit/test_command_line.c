// SPDX-License-Identifier: GPL-3.0-or-later
// Commands for the user to copy: a real shell reads back each value as it was.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command_line.h"
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

static void test_changes(void **state)
{
    (void)state;
    const char *set[] = {"routers.r1.cap=30", "name=a b"};
    const struct change_values change = {
        .length = "64", .duration = "2 s", .routers = 3, .set = {.items = set, .count = 2}};
    _cleanup_free_ char *line = text_copy("printf '%s\\n'");
    command_line_add_changes(&line, &change);
    expect_arguments(line, "--length\n64\n--duration\n2 s\n--routers\n3\n--set\n"
                           "routers.r1.cap=30\n--set\nname=a b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_plain_is_not_quoted),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
