// SPDX-License-Identifier: GPL-3.0-or-later
// tests of cli/options — every type and way of writing an option, and what wrong ones get.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/options.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define MOST 12

struct values {
    bool quick;
    unsigned verbose;
    const char *output;
    struct text_list topologies;
    uint64_t number;
};

static const struct option_row rows[] = {
    {.name = "quick",
     .letter = 'q',
     .type = OPTION_FLAG,
     .offset = offsetof(struct values, quick),
     .help = "hurry"},
    {.name = "verbose",
     .letter = 'v',
     .type = OPTION_COUNT,
     .offset = offsetof(struct values, verbose),
     .help = "say more"},
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct values, output),
     .argument = "DIR",
     .help = "where to"},
    {.name = "topology",
     .type = OPTION_TEXT_LIST,
     .offset = offsetof(struct values, topologies),
     .argument = "T",
     .help = "only these"},
    {.name = "number",
     .letter = 'n',
     .type = OPTION_INTEGER,
     .offset = offsetof(struct values, number),
     .argument = "N",
     .help = "how often",
     .min = 2,
     .max = 9},
    {.name = "colour",
     .type = OPTION_TEXT,
     .offset = offsetof(struct values, output),
     .argument = "C",
     .help = "paint",
     .words = "red green"},
    {.name = "quick-and-long",
     .type = OPTION_FLAG,
     .offset = offsetof(struct values, quick),
     .help = "longer"},
    OPTIONS_END,
};

struct parsed {
    struct values values;
    struct text_list operands;
    struct error err;
    int rc;
};

// Parses the blank-separated words of a line; a word "''" stands for an empty one.
static struct parsed parse(const char *line, char room[256])
{
    struct parsed parsed = {.err = ERROR_INIT};
    char *argv[MOST + 1] = {0};
    int argc = 0;
    snprintf(room, 256, "vrbench %s", line);
    for (char *word = strtok(room, " "); word != NULL; word = strtok(NULL, " ")) {
        assert_true(argc < MOST);
        argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
    }
    parsed.rc = options_parse(rows, argc, argv, &parsed.values, &parsed.operands, &parsed.err);
    return parsed;
}

static void clear(struct parsed *parsed)
{
    text_list_clear(&parsed->values.topologies);
    text_list_clear(&parsed->operands);
    error_clear(&parsed->err);
}

static struct parsed parse_good(const char *line, char room[256])
{
    struct parsed parsed = parse(line, room);
    if (parsed.rc != 0 || parsed.err.text != NULL) {
        fail_msg("\"%s\": %d %s", line, parsed.rc, parsed.err.text);
    }
    return parsed;
}

static void assert_list(const struct text_list *list, const char *expected)
{
    char joined[256] = "";
    for (size_t i = 0; i < list->count; i++) {
        strcat(strcat(joined, i == 0 ? "" : " "), list->items[i]);
    }
    assert_string_equal(joined, expected);
}

static void test_nothing(void **state)
{
    (void)state;
    char room[256];
    struct parsed parsed = parse_good("", room);
    assert_false(parsed.values.quick);
    assert_int_equal(parsed.values.verbose, 0);
    assert_null(parsed.values.output);
    assert_int_equal(parsed.values.topologies.count, 0);
    assert_int_equal(parsed.values.number, 0);
    assert_int_equal(parsed.operands.count, 0);
    clear(&parsed);
}

static void test_long_names(void **state)
{
    (void)state;
    char room[256];
    struct parsed parsed = parse_good("--quick --verbose --output there --topology a --verbose "
                                      "--topology b --number 7",
                                      room);
    assert_true(parsed.values.quick);
    assert_int_equal(parsed.values.verbose, 2);
    assert_string_equal(parsed.values.output, "there");
    assert_list(&parsed.values.topologies, "a b");
    assert_int_equal(parsed.values.number, 7);
    assert_int_equal(parsed.operands.count, 0);
    clear(&parsed);

    parsed = parse_good("--output=a=b --topology=x --topology= --number=2 --quick-and-long", room);
    assert_string_equal(parsed.values.output, "a=b");
    assert_int_equal(parsed.values.topologies.count, 2);
    assert_list(&parsed.values.topologies, "x ");
    assert_int_equal(parsed.values.number, 2);
    assert_true(parsed.values.quick);
    clear(&parsed);
}

static void test_letters(void **state)
{
    (void)state;
    char room[256];
    struct parsed parsed = parse_good("-q -v -o there -n 9", room);
    assert_true(parsed.values.quick);
    assert_int_equal(parsed.values.verbose, 1);
    assert_string_equal(parsed.values.output, "there");
    assert_int_equal(parsed.values.number, 9);
    clear(&parsed);

    parsed = parse_good("-vqvv -vothere x -n3", room);
    assert_true(parsed.values.quick);
    assert_int_equal(parsed.values.verbose, 4);
    assert_string_equal(parsed.values.output, "there");
    assert_int_equal(parsed.values.number, 3);
    assert_list(&parsed.operands, "x");
    clear(&parsed);

    parsed = parse_good("-vo there", room);
    assert_int_equal(parsed.values.verbose, 1);
    assert_string_equal(parsed.values.output, "there");
    clear(&parsed);
}

static void test_operands(void **state)
{
    (void)state;
    char room[256];
    struct parsed parsed = parse_good("a -q b - --verbose -- --quick -x -- c", room);
    assert_list(&parsed.operands, "a b - --quick -x -- c");
    assert_true(parsed.values.quick);
    assert_int_equal(parsed.values.verbose, 1);
    clear(&parsed);

    parsed = parse_good("--", room);
    assert_int_equal(parsed.operands.count, 0);
    clear(&parsed);

    parsed = parse_good("'' --output ''", room);
    assert_int_equal(parsed.operands.count, 1);
    assert_string_equal(parsed.operands.items[0], "");
    assert_string_equal(parsed.values.output, "");
    clear(&parsed);
}

static void test_values_like_options(void **state)
{
    (void)state;
    char room[256];
    struct parsed parsed = parse_good("--output -- --topology --quick -o-q", room);
    assert_string_equal(parsed.values.output, "-q"); // the later one holds
    assert_list(&parsed.values.topologies, "--quick");
    assert_false(parsed.values.quick);
    assert_int_equal(parsed.operands.count, 0);
    clear(&parsed);
}

static void test_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *line, *text;
    } wrong[] = {
        {"--nothing", "unknown option --nothing; see --help"},
        {"--nothing=5", "unknown option --nothing; see --help"},
        {"--quic", "unknown option --quic; did you mean --quick?"},
        {"--qiuck", "unknown option --qiuck; did you mean --quick?"},
        {"--quickly", "unknown option --quickly; did you mean --quick?"},
        {"--Quick", "unknown option --Quick; did you mean --quick?"},
        {"--=5", "unknown option --; see --help"},
        {"---", "unknown option ---; see --help"},
        {"-x", "unknown option -x; see --help"},
        {"-qx", "unknown option -x; see --help"},
        {"-q-", "unknown option --; see --help"},
        {"-q=1", "unknown option -=; see --help"},
        {"--quick=true", "option --quick takes no value"},
        {"--quick=", "option --quick takes no value"},
        {"--verbose=2", "option --verbose takes no value"},
        {"--colour blue", "--colour: expected one of red, green, not \"blue\""},
        {"--colour gren",
         "--colour: expected one of red, green, not \"gren\"; did you mean \"green\"?"},
        {"--output", "option --output needs DIR"},
        {"--quick --topology", "option --topology needs T"},
        {"-o", "option -o needs DIR"},
        {"-vn", "option -n needs N"},
    };
    char room[256];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct parsed parsed = parse(wrong[i].line, room);
        assert_int_equal(parsed.rc, -EINVAL);
        assert_int_equal(parsed.err.exit_status, EXIT_INPUT);
        assert_string_equal(parsed.err.text, wrong[i].text);
        clear(&parsed);
    }
}

static void test_wrong_numbers(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "--number 1",  "--number=10", "-n 1x",        "-n-3", "--number=+3",  "-n 0x3",
        "--number ''", "--number=",   "--number 3.0", "-n=3", "--number five"};
    char room[256];
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct parsed parsed = parse(wrong[i], room);
        assert_int_equal(parsed.rc, -EINVAL);
        assert_int_equal(parsed.err.exit_status, EXIT_INPUT);
        assert_ptr_equal(strstr(parsed.err.text, "--number: "), parsed.err.text);
        assert_non_null(strstr(parsed.err.text, "a whole number from 2 to 9"));
        assert_int_equal(parsed.values.number, 0);
        clear(&parsed);
    }
}

// The first thing that is wrong ends it.
static void test_first_error_ends(void **state)
{
    (void)state;
    char room[256];
    struct parsed parsed = parse("-q --wrong -v a", room);
    assert_int_equal(parsed.rc, -EINVAL);
    assert_true(parsed.values.quick);
    assert_int_equal(parsed.values.verbose, 0);
    assert_int_equal(parsed.operands.count, 0);
    clear(&parsed);
}

static void test_help(void **state)
{
    (void)state;
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    options_help(rows, out);
    options_help_line(out, "run SCENARIO…", 14, "aligned");
    options_help_line(out, "run SCENARIO+", 14, "aligned");
    options_help_line(out, "run SCENARIO and more", 14, "on a line of its own");
    options_help_line(out, "run", 14,
                      "longer than what is left of a line of eighty columns, and wrapped");
    fclose(out);
    assert_string_equal(
        text, "  -q, --quick                  hurry\n"
              "  -v, --verbose                say more\n"
              "  -o, --output DIR             where to\n"
              "      --topology T             only these\n"
              "  -n, --number N               how often\n"
              "      --colour C               paint\n"
              "      --quick-and-long         longer\n"
              "  run SCENARIO…  aligned\n"
              "  run SCENARIO+  aligned\n"
              "  run SCENARIO and more\n"
              "                 on a line of its own\n"
              "  run            longer than what is left of a line of eighty columns, and\n"
              "                 wrapped\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_long_names),
        cmocka_unit_test(test_letters),
        cmocka_unit_test(test_operands),
        cmocka_unit_test(test_values_like_options),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_wrong_numbers),
        cmocka_unit_test(test_first_error_ends),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
