// SPDX-License-Identifier: GPL-3.0-or-later
// tests of scenario/change and scenario/yaml_write — options change a scenario as its file would,
// their problems name the option, and the text of a changed scenario reads as that scenario.
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/change.h"
#include "scenario/scenario.h"
#include "scenario/yaml.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "scenario_text.h"

#define ONE(option, path, value)                                                                   \
    (struct scenario_changes)                                                                      \
    {                                                                                              \
        &(struct scenario_change){(char *)(option), (char *)(path), (char *)(value), 0}, 1         \
    }

static struct scenario *read_changed(const char *text, const struct scenario_changes *changes,
                                     struct error *err)
{
    const struct scenario_source source = {
        .path = "FILE", .title = "FILE", .text = text, .changes = changes};
    struct scenario *scenario = NULL;
    (void)scenario_read_source(&source, CPUS, &scenario, err);
    return scenario;
}

static struct scenario *change_good(const char *text, const struct scenario_changes *changes)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    struct scenario *scenario = read_changed(text, changes, &err);
    if (scenario == NULL) {
        fail_msg("%s", err.text);
    }
    return scenario;
}

static void assert_problem(const char *text, const struct scenario_changes *changes,
                           const char *expected)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_scenario_ struct scenario *scenario = read_changed(text, changes, &err);
    assert_null(scenario);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_string_equal(err.text, expected);
}

static void test_a_change_replaces_a_value(void **state)
{
    (void)state;
    const struct scenario_changes changes =
        ONE("--length 64,imix", "traffic.lengths", "[128, imix]");
    _cleanup_scenario_ struct scenario *s = change_good(MINIMAL, &changes);
    assert_int_equal(s->traffic.length_count, 2);
    assert_int_equal(s->traffic.lengths[0], 128);
    assert_string_equal(s->traffic.mixes[1].name, "imix");
    assert_int_equal(s->traffic.rates.pps_count, 1);
}

static void test_a_change_adds_keys(void **state)
{
    (void)state;
    const struct scenario_changes changes = ONE("--set routers.r1.cap=30", "routers.r1.cap", "30");
    _cleanup_scenario_ struct scenario *s = change_good(MINIMAL, &changes);
    assert_int_equal(s->routers[0].allocation.cap, 30);
    assert_true(s->routers[0].given.cap);
}

static void test_a_name_with_dots_is_one_key(void **state)
{
    (void)state;
    const struct scenario_changes changes =
        ONE("--set routers.r.1.weight=9", "routers.r.1.weight", "9");
    _cleanup_scenario_ struct scenario *s =
        change_good("name: x\nrouters: { r.1: }\nnetworks: { NET0: { router: r.1 } }\n"
                    "traffic: { lengths: [64], rates: { pps: [1000] } }\n",
                    &changes);
    assert_int_equal(s->router_count, 1);
    assert_int_equal(s->routers[0].allocation.weight, 9);
}

static void test_routers_are_copied(void **state)
{
    (void)state;
    struct scenario_changes changes = {NULL, 0};
    scenario_change_add_copies(&changes, "--routers 3", 3);
    _cleanup_scenario_ struct scenario *s =
        change_good("name: x\nrouters: { a: { weight: 512 } }\n"
                    "networks: { N: { router: a, share: 2, addresses: { source: 10.0.0.2/24, "
                    "ingress: 10.0.0.1/24, egress: 10.0.1.1/24, sink: 10.0.1.2/24 } } }\n"
                    "traffic: { lengths: [64], rates: { pps: [1000] } }\n",
                    &changes);
    scenario_changes_clear(&changes);
    assert_int_equal(s->router_count, 3);
    assert_int_equal(s->network_count, 3);
    assert_string_equal(s->routers[2].name, "r3");
    assert_int_equal(s->routers[2].allocation.weight, 512);
    assert_string_equal(s->networks[2].name, "NET2");
    assert_int_equal(s->networks[2].router, 2);
    assert_near(s->networks[2].share, 2.0);
}

static void test_problems_name_the_option(void **state)
{
    (void)state;
    struct scenario_changes changes = ONE("--length 6x", "traffic.lengths", "[64, 5]");
    assert_problem(MINIMAL, &changes,
                   "--length 6x: lengths: expected a whole number from 16 to 9018, not \"5\"");
    changes = ONE("--set traffic.lenghts=1", "traffic.lenghts", "1");
    assert_problem(MINIMAL, &changes,
                   "--set traffic.lenghts=1: unknown key \"lenghts\"; did you mean \"lengths\"?");
    changes = ONE("--set name.x=1", "name.x", "1");
    assert_problem(MINIMAL, &changes, "--set name.x=1: name has no keys: it is a single value");
    changes = ONE("--set traffic.lengths.0=1", "traffic.lengths.0", "1");
    assert_problem(MINIMAL, &changes,
                   "--set traffic.lengths.0=1: lengths has no keys: it is a list");
    changes = ONE("--set a=", "a", "");
    assert_problem(MINIMAL, &changes, "--set a=: expected KEY=VALUE, as in traffic.duration=2s");
}

// A cap of a misspelt router would have no effect, and nothing would say so.
static void test_a_router_that_no_network_passes_is_refused(void **state)
{
    (void)state;
    const struct scenario_changes wrong = ONE("--set routers.r7.cap=30", "routers.r7.cap", "30");
    assert_problem(MINIMAL, &wrong,
                   "--set routers.r7.cap=30: no network passes a router \"r7\"; routers here: r1");
    struct scenario_changes both = {NULL, 0};
    scenario_change_add(&both, "--set routers.r7.cap=30", "routers.r7.cap", "30");
    scenario_change_add(&both, "--set networks.NET1.router=r7", "networks.NET1.router", "r7");
    _cleanup_scenario_ struct scenario *s = change_good(MINIMAL, &both);
    scenario_changes_clear(&both);
    assert_int_equal(s->router_count, 2);
    const struct scenario_changes hop =
        ONE("--set routers={r1: , r2: }", "routers", "{ r1: , r2: }");
    _cleanup_scenario_ struct scenario *path =
        change_good("name: x\nrouters: { r1: }\nnetworks: { NET0: { routers: [r1, r2] } }\n"
                    "traffic: { lengths: [64], rates: { pps: [1000] } }\n",
                    &hop);
    assert_int_equal(path->networks[0].router_count, 2);
}

// A problem of the file keeps its line, before or behind changed values.
static void test_problems_of_the_file_keep_their_place(void **state)
{
    (void)state;
    const struct scenario_changes changes = ONE("--repeats 0", "traffic.repeats", "0");
    assert_problem("name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r2 } }\n"
                   "traffic: { lengths: [64], rates: { pps: [1000] } }\n",
                   &changes,
                   "FILE:3:29: router: there is no router \"r2\" under routers\n"
                   "--repeats 0: repeats: expected a whole number from 1 to 100, not \"0\"");
}

static void test_values_are_yaml(void **state)
{
    (void)state;
    const struct scenario_changes changes = ONE("--set name=[", "name", "[");
    _cleanup_error_ struct error err = ERROR_INIT;
    _cleanup_scenario_ struct scenario *s = read_changed(MINIMAL, &changes, &err);
    assert_null(s);
    assert_ptr_equal(strstr(err.text, "--set name=[: not YAML: "), err.text);
}

// The text of a changed scenario, without the changes, is the same scenario.
static void assert_text_stays(const char *text)
{
    const struct scenario_changes changes = ONE("--set name=y", "name", "y");
    _cleanup_scenario_ struct scenario *first = change_good(text, &changes);
    _cleanup_scenario_ struct scenario *second = change_good(first->text, NULL);
    _cleanup_scenario_ struct scenario *third = change_good(first->text, &changes);
    assert_string_equal(second->name, "y");
    assert_string_equal(first->text, third->text);
    assert_int_equal(first->router_count, second->router_count);
    assert_int_equal(first->network_count, second->network_count);
    assert_int_equal(first->expectation_count, second->expectation_count);
    assert_int_equal(first->traffic.length_count, second->traffic.length_count);
    assert_int_equal(first->traffic.duration_ns, second->traffic.duration_ns);
}

static void test_written_text_reads_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {
        MINIMAL,
        "name: 'x'\nrouters:\n  r1: ~\nnetworks: { \"NET0\": { router: r1 } }\n"
        "expect: [throughput >= 1 kpps, loss <= 5 % at 1 kpps]\n"
        "traffic: { lengths: [64, imix], rates: { from: 1 Mbit/s, to: 5 Mbit/s, step: 1 Mbit/s } }",
        "name: x\nrouters: { r1: { sysctl: { net.ipv4.ip_forward: 1 }, run: [ip link show lo, "
        "\"echo 'a b'\"] } }\nnetworks: { NET0: { router: r1 } }\n"
        "traffic:\n  lengths: [64]\n  profile:\n    phases:\n      - { for: 1 s, rate: 1000 }\n"
        "      - for: 1 s\n        rate: 5 Mbit/s\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_text_stays(texts[i]);
    }
}

static void test_tree_is_written_in_block_style(void **state)
{
    (void)state;
    static const char text[] = "a: [1, 'x: y', \"\", ]\n'b c': { d: , -e: {}, f: [] }\n"
                               "g: [{ h: ~ }, [1]]\n";
    struct scenario_problems problems = {NULL, 0};
    _cleanup_yaml_ struct yaml_node *root = NULL;
    assert_int_equal(yaml_read(text, strlen(text), &root, &problems), 0);
    _cleanup_free_ char *written = yaml_write(root);
    assert_string_equal(written, "a:\n  - 1\n  - 'x: y'\n  - \"\"\n'b c':\n  d:\n  '-e': {}\n"
                                 "  f: []\ng:\n  -\n    h: ~\n  -\n    - 1\n");
    _cleanup_yaml_ struct yaml_node *copy = yaml_copy(root);
    _cleanup_free_ char *again = yaml_write(copy);
    assert_string_equal(written, again);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_change_replaces_a_value),
        cmocka_unit_test(test_a_change_adds_keys),
        cmocka_unit_test(test_a_name_with_dots_is_one_key),
        cmocka_unit_test(test_routers_are_copied),
        cmocka_unit_test(test_problems_name_the_option),
        cmocka_unit_test(test_a_router_that_no_network_passes_is_refused),
        cmocka_unit_test(test_problems_of_the_file_keep_their_place),
        cmocka_unit_test(test_values_are_yaml),
        cmocka_unit_test(test_written_text_reads_the_same),
        cmocka_unit_test(test_tree_is_written_in_block_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
