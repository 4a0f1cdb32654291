// SPDX-License-Identifier: GPL-3.0-or-later
// tests of scenario/startup — words of commands, names of settings, and the keys of a scenario.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "scenario/startup.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "scenario_text.h"

static void assert_words(const char *command, const char *joined)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    char **words = NULL;
    if (startup_split(command, &words, &err) < 0) {
        fail_msg("%s: %s", command, err.text);
    }
    char found[200] = "";
    for (size_t i = 0; words[i] != NULL; i++) {
        strcat(strcat(found, i == 0 ? "" : "|"), words[i]);
    }
    startup_words_free(words);
    assert_string_equal(found, joined);
}

static void commands_are_split_at_blanks_outside_of_quotes(void **state)
{
    (void)state;
    assert_words("ip route add 10.0.0.0/8 dev eth1", "ip|route|add|10.0.0.0/8|dev|eth1");
    assert_words("  a \t b  ", "a|b");
    assert_words("sh -c 'echo \"$1\" >f' x", "sh|-c|echo \"$1\" >f|x");
    assert_words("a \"b 'c' \\\"d\\\"\" e\\ f", "a|b 'c' \"d\"|e f");
    assert_words("a'b'\"c\"d", "abcd");
    assert_words("a '\\' $HOME *", "a|\\|$HOME|*");
}

static void commands_without_words_or_with_open_quotes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "  ", "a 'b", "a \"b", "a \\", "a ''", "\"\""};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        _cleanup_error_ struct error err = ERROR_INIT;
        char **words = NULL;
        assert_true(startup_split(wrong[i], &words, &err) < 0);
        assert_int_equal(err.exit_status, EXIT_INPUT);
        assert_null(words);
    }
}

static void files_are_pairs_of_paths(void **state)
{
    (void)state;
    struct scenario *scenario = parse_good(
        "name: a\nplatform: netns\nrouters:\n"
        "  r1: { files: { /etc/lab/a: b.txt, /etc/c: /d } }\nnetworks: { N: { router: r1 } "
        "}\ntraffic: { lengths: [64], rates: { pps: [1] } }\n");
    const struct scenario_startup *startup = &scenario->routers[0].startup;
    assert_int_equal(startup->file_count, 2);
    assert_string_equal(startup->files[0].path, "/etc/lab/a");
    assert_string_equal(startup->files[0].file, "b.txt");
    assert_null(startup->files[0].text);
    assert_string_equal(startup->files[1].path, "/etc/c");
    scenario_free(scenario);
}

static void settings_are_files_below_proc_sys(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"},
        {"net/ipv4/conf/eth0.7/rp_filter", "/proc/sys/net/ipv4/conf/eth0.7/rp_filter"},
        {"kernel.panic", "/proc/sys/kernel/panic"},
        {"", NULL},
        {"net..x", NULL},
        {".net", NULL},
        {"net.", NULL},
        {"net/../kernel/panic", NULL},
        {"/net/x", NULL},
        {"net/./x", NULL},
        {"net.ipv4.ip forward", NULL},
        {"net.ipv4.x=1", NULL},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        _cleanup_free_ char *path = startup_sysctl_path(names[i][0]);
        if (names[i][1] == NULL) {
            assert_null(path);
        } else {
            assert_string_equal(path, names[i][1]);
        }
    }
}

static void a_router_keeps_its_settings_and_commands_in_order(void **state)
{
    (void)state;
    struct scenario *scenario =
        parse_good("name: x\nrouters: { r1: { sysctl: { net.b: 2, net/a: '1 2' }, run: [c d, c d, "
                   "e] }, r2: }\n"
                   "networks: { NET0: { router: r1 }, NET1: { router: r2 } }\n"
                   "traffic: { lengths: [64], rates: { pps: [1000] } }\n");
    const struct scenario_startup *startup = &scenario->routers[0].startup;
    assert_int_equal(startup->sysctl_count, 2);
    assert_string_equal(startup->sysctls[0].name, "net.b");
    assert_string_equal(startup->sysctls[0].value, "2");
    assert_string_equal(startup->sysctls[1].name, "net/a");
    assert_string_equal(startup->sysctls[1].value, "1 2");
    assert_int_equal(startup->command_count, 3);
    assert_string_equal(startup->commands[1], "c d");
    assert_null(startup->nft);
    assert_int_equal(scenario->routers[1].startup.sysctl_count, 0);
    assert_int_equal(scenario->routers[1].startup.command_count, 0);
    scenario_free(scenario);
}

static void mistakes_are_reported_with_their_positions(void **state)
{
    (void)state;
    static const char text[] =
        "name: x\nrouters:\n  r1: { sysctl: { kernel.panic: 1, 'a b': 1, net.x: [1] } }\n"
        "  r2: { sysctl: [a], run: ls, nft: [] }\n  r3: { sysctl: {}, run: [] }\n"
        "networks: { NET0: { router: r1 }, NET1: { router: r2 }, NET2: { router: r3 } }\n"
        "traffic: { lengths: [64], rates: { pps: [1000] } }\n";
    _cleanup_free_ char *problems = problems_of(text, strlen(text));
    assert_non_null(problems);
    static const char *const wanted[] = {
        "3:19: sysctl: kernel.panic is a setting of this computer",
        "3:36: sysctl: \"a b\" is not the name of a setting",
        "3:53: sysctl: expected a text, not a list",
        "4:17: sysctl: expected a mapping",
        "4:27: run: expected a list",
        "4:36: nft: expected the path of a file, not a list",
        "5:17: sysctl: expected a mapping",
        "5:26: run: expected at least one",
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strstr(problems, wanted[i]) == NULL) {
            fail_msg("\"%s\" is not in: %s", wanted[i], problems);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_split_at_blanks_outside_of_quotes),
        cmocka_unit_test(commands_without_words_or_with_open_quotes_are_refused),
        cmocka_unit_test(files_are_pairs_of_paths),
        cmocka_unit_test(settings_are_files_below_proc_sys),
        cmocka_unit_test(a_router_keeps_its_settings_and_commands_in_order),
        cmocka_unit_test(mistakes_are_reported_with_their_positions),
    };
    return cmocka_run_group_tests_name("startup", tests, NULL, NULL);
}
