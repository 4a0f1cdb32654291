// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of scenario/contracts — what a contracts file gives, and that an invalid one gives all of
 * its problems.
 *
 * Every tests/bad-contracts/NAME.yaml is read, and its problems are compared with NAME.expected,
 * "line:column: text" a line. UPDATE_GOLDEN=1 in the environment rewrites those files.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/contracts.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "bad_files.h"

#define BAD_DIR   "tests/bad-contracts"
#define BAD_LEAST 6

static struct contracts *parse_good(const char *text)
{
    struct scenario_problems problems;
    struct contracts *contracts = NULL;
    if (contracts_parse(text, strlen(text), &contracts, &problems) < 0) {
        fail_msg("%u:%u: %s", problems.items[0].line, problems.items[0].column,
                 problems.items[0].text);
    }
    scenario_problems_clear(&problems);
    return contracts;
}

static bool is_near(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(1.0, fabs(b));
}

static void test_defaults(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts =
        parse_good("name: x\ncontracts: { a: { rate: 1000, length: 64 } }\n");
    assert_string_equal(contracts->name, "x");
    assert_string_equal(contracts->platform, "netns");
    assert_int_equal(contracts->goal, GOAL_CONTRACTS);
    assert_int_equal(contracts->host.cpus, 1);
    assert_int_equal(contracts->host.nics, 2);
    assert_int_equal(contracts->host.count, 1);
    assert_true(contracts->host.memory_bytes == 0);
    assert_true(is_near(contracts->host.margin, 0.02));
    assert_int_equal(contracts->count, 1);
    assert_true(is_near(contracts->items[0].loss, 0.005));
    assert_true(is_near(contracts->items[0].price, 1.0));
    assert_int_equal(contracts->items[0].priority, 0);
}

static void test_every_key(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts = parse_good(
        "name: isp\nplatform: netns\ngoal: revenue\n"
        "host: { cpus: 4, nics: 8, count: 3, memory: 2 GiB, margin: 0.05 }\n"
        "contracts:\n"
        "  a: { rate: 8 Mbit/s, length: 1000, loss: 0.1 %, price: 12.5, priority: 3, memory: 64 "
        "MiB }\n"
        "  b: { rate: 500, length: imix }\n"
        "  c: { rate: 4800 kbit/s, length: 1x200+1x1000, loss: 0.02 }\n");
    assert_int_equal(contracts->goal, GOAL_REVENUE);
    assert_int_equal(contracts->host.cpus, 4);
    assert_int_equal(contracts->host.nics, 8);
    assert_int_equal(contracts->host.count, 3);
    assert_true(contracts->host.memory_bytes == 2ULL << 30);
    assert_true(is_near(contracts->host.margin, 0.05));
    const struct contract *a = &contracts->items[0];
    assert_string_equal(a->name, "a");
    assert_true(is_near(a->pps, 1000.0));
    assert_int_equal(a->length, 1000);
    assert_true(is_near(a->loss, 0.001) && is_near(a->price, 12.5));
    assert_int_equal(a->priority, 3);
    assert_true(a->memory_bytes == 64ULL << 20);
    assert_int_equal(contracts->items[1].mix.part_count, 3);
    assert_true(is_near(contracts->items[1].pps, 500.0));
    // 600 bytes on average
    assert_int_equal(contracts->items[2].length, 600);
    assert_true(is_near(contracts->items[2].pps, 1000.0));
}

static void test_goal_names(void **state)
{
    (void)state;
    for (enum contract_goal goal = 0; goal < GOAL_COUNT; goal++) {
        enum contract_goal found = GOAL_COUNT;
        assert_int_equal(contract_goal_from_name(contract_goal_name(goal), &found), 0);
        assert_int_equal(found, goal);
    }
    assert_int_equal(contract_goal_from_name("fame", &(enum contract_goal){0}), -EINVAL);
}

static char *problems_of(const char *text, size_t length)
{
    struct scenario_problems problems;
    struct contracts *contracts = NULL;
    assert_int_equal(contracts_parse(text, length, &contracts, &problems), -EINVAL);
    assert_null(contracts);
    return join_problems(&problems);
}

static void test_bad_contracts(void **state)
{
    (void)state;
    check_bad_files(BAD_DIR, BAD_LEAST, problems_of);
}

// The message of a file has a line for each problem, and exit status 2.
static void test_located(void **state)
{
    (void)state;
    struct contracts *contracts = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_int_equal(contracts_read(BAD_DIR "/values.yaml", &contracts, &err), -EINVAL);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_true(err.located);
    assert_true(text_starts(err.text, BAD_DIR "/values.yaml:5:17: rate: "));
    assert_non_null(strstr(err.text, "\n" BAD_DIR "/values.yaml:9:3: "));
    error_clear(&err);
    assert_true(contracts_read(BAD_DIR "/nowhere.yaml", &contracts, &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
}

static void test_example(void **state)
{
    (void)state;
    _cleanup_contracts_ struct contracts *contracts = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    if (contracts_read("scenarios/contracts.yaml", &contracts, &err) < 0) {
        fail_msg("%s", err.text);
    }
    assert_true(contracts->count > 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),   cmocka_unit_test(test_every_key),
        cmocka_unit_test(test_goal_names), cmocka_unit_test(test_bad_contracts),
        cmocka_unit_test(test_located),    cmocka_unit_test(test_example),
    };
    catalogue_use(&machine_catalogue);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
