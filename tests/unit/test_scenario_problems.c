// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of scenario/ — invalid files give all of their problems, and files of any size are read or
 * refused.
 *
 * Every tests/bad-scenarios/NAME.yaml is read as on a machine with two CPUs, and its problems are
 * compared with NAME.expected, "line:column: text" a line. UPDATE_GOLDEN=1 in the environment
 * rewrites those files; read the difference before committing it.
 *
 * Runs beside others: it computes only.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/scenario.h"
#include "scenario/schema.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "bad_files.h"
#include "scenario_text.h"

#define BAD_DIR   "tests/bad-scenarios"
#define BAD_LEAST 35 // the directory was found, and is not a remnant

static void test_bad_scenarios(void **state)
{
    (void)state;
    check_bad_files(BAD_DIR, BAD_LEAST, problems_of);
}

// Every line of the message is a problem with its place, by position, and the exit status is 2.
static void test_all_problems_in_one_message(void **state)
{
    (void)state;
    static const char path[] = BAD_DIR "/many-errors.yaml";
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_free_ char *golden = NULL;
    struct scenario *scenario = NULL;
    assert_int_equal(scenario_read(path, CPUS, &scenario, &err), -EINVAL);
    assert_null(scenario);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_int_equal(file_read(BAD_DIR "/many-errors.expected", 1 << 20, &golden, NULL, NULL), 0);
    char *rest = golden;
    char *said = err.text;
    int lines = 0;
    while (*rest != '\0') {
        char *line = strsep(&rest, "\n");
        char *found = strsep(&said, "\n");
        _cleanup_free_ char *whole = text_format("%s:%s", path, line);
        assert_string_equal(found, whole);
        lines++;
    }
    assert_null(said);
    assert_true(lines >= 15);
}

static void check_unreadable(const char *path, int expected, const char *part)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    struct scenario *scenario = NULL;
    assert_int_equal(scenario_read(path, CPUS, &scenario, &err), expected);
    assert_null(scenario);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_true(text_starts(err.text, path));
    assert_non_null(strstr(err.text, part));
    assert_int_equal(scenario_read(path, CPUS, &scenario, NULL), expected);
}

static void test_unreadable_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/vrbench-test-XXXXXX";
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chmod(dir, 0755), 0);
    _cleanup_free_ char *absent = text_format("%s/absent.yaml", dir);
    _cleanup_free_ char *secret = text_format("%s/secret.yaml", dir);
    _cleanup_free_ char *large = text_format("%s/large.yaml", dir);
    _cleanup_free_ char *empty = text_format("%s/empty.yaml", dir);

    check_unreadable(dir, -EISDIR, "Is a directory");
    check_unreadable(absent, -ENOENT, "No such file");
    _cleanup_free_ char *below = text_format("%s/x", absent);
    check_unreadable(below, -ENOENT, "No such file");

    assert_int_equal(file_replace(empty, "", 0, NULL), 0);
    check_unreadable(empty, -EINVAL, "empty");

    // 10 MB, of which nothing is kept on the disk. It would be a scenario but for its length.
    assert_int_equal(file_replace(large, MINIMAL, strlen(MINIMAL), NULL), 0);
    assert_int_equal(truncate(large, 10000000), 0);
    check_unreadable(large, -EFBIG, "larger than 1048576 bytes");

    assert_int_equal(file_replace(secret, MINIMAL, strlen(MINIMAL), NULL), 0);
    assert_int_equal(chmod(secret, 0), 0);
    uid_t user = geteuid();
    if (user == 0) {
        assert_int_equal(seteuid(65534), 0); // root may read anything
    }
    check_unreadable(secret, -EACCES, "Permission denied");
    assert_int_equal(seteuid(user), 0);

    unlink(secret);
    unlink(large);
    unlink(empty);
    assert_int_equal(rmdir(dir), 0);
}

static void test_size_limit_of_text(void **state)
{
    (void)state;
    size_t length = YAML_FILE_MAX + 1;
    _cleanup_free_ char *text = memory_new_array(char, length + 1);
    memset(text, '#', length);
    _cleanup_free_ char *problems = problems_of(text, length);
    assert_non_null(strstr(problems, "larger than 1048576 bytes"));
    // Up to the limit a file is read, comments and all.
    memset(text, '\n', length);
    memcpy(text, MINIMAL, sizeof MINIMAL - 1); // the rest is empty lines
    assert_null(problems_of(text, YAML_FILE_MAX));
}

static void test_every_cut_is_refused_or_read(void **state)
{
    (void)state;
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    assert_int_equal(file_read("scenarios/scenario-2.yaml", 1 << 20, &text, &length, NULL), 0);
    for (size_t cut = 0; cut < length; cut++) {
        _cleanup_free_ char *part = memory_new_array(char, cut + 1); // so that ASan sees an overrun
        memcpy(part, text, cut);
        free(problems_of(part, cut));
    }
}

// The most networks that there is room for, all with default addresses.
static void test_most_networks(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    fputs("name: x\ntraffic: { lengths: [64], rates: { auto: 3 } }\nrouters: { r1: }\nnetworks:\n",
          stream);
    for (int i = 0; i < SCENARIO_NETWORKS; i++) {
        fprintf(stream, "  N%d: { router: r1 }\n", i);
    }
    fflush(stream);
    {
        _cleanup_scenario_ struct scenario *s = parse_good(text);
        assert_int_equal(s->network_count, SCENARIO_NETWORKS);
        assert_int_equal(ip_v4_number(&s->networks[255].source.address), 0xc6123fc2);
        assert_int_equal(ip_v4_number(&s->networks[1023].source.address), 0xc612ffc2);
        assert_int_equal(ip_v4_number(&s->networks[1023].sink.address), 0xc613ffc2);
        assert_int_equal(s->networks[1023].sink.prefix, 26);
    }
    fputs("  one_more: { router: r1 }\n", stream);
    fclose(stream);
    _cleanup_free_ char *problems = problems_of(text, size);
    assert_string_equal(problems, "1029:3: networks: more than 1024\n");
    free(text);
}

// A file of `count` numbers in one list, each on a line of its own, from line 5 on.
static char *format_list(const char *key, int count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    fprintf(stream,
            "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n"
            "traffic: { lengths: [64], rates: { %s: [\n",
            key);
    for (int i = 1; i <= count; i++) {
        fprintf(stream, " %d,\n", i);
    }
    fputs(" ] } }\n", stream);
    fclose(stream);
    return text;
}

static void test_most_rates(void **state)
{
    (void)state;
    _cleanup_free_ char *most = format_list("pps", SCHEMA_RATES_MAX);
    _cleanup_free_ char *more = format_list("pps", SCHEMA_RATES_MAX + 1);
    _cleanup_free_ char *many = format_list("pps", YAML_NODES_MAX);
    _cleanup_scenario_ struct scenario *s = parse_good(most);
    assert_int_equal(s->traffic.rates.pps_count, SCHEMA_RATES_MAX);
    _cleanup_free_ char *problems = problems_of(more, strlen(more));
    assert_string_equal(problems, "10005:2: pps: more than 10000\n");
    _cleanup_free_ char *refused = problems_of(many, strlen(many));
    assert_non_null(strstr(refused, "more than 32768 keys and values in one file"));
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_scenarios),
        cmocka_unit_test(test_all_problems_in_one_message),
        cmocka_unit_test(test_unreadable_files),
        cmocka_unit_test(test_size_limit_of_text),
        cmocka_unit_test(test_every_cut_is_refused_or_read),
        cmocka_unit_test(test_most_networks),
        cmocka_unit_test(test_most_rates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
