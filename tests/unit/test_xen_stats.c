// SPDX-License-Identifier: GPL-3.0-or-later
// tests of sampler/ and face/ — what two samples say, routers that reboot, die or come in between
// included; and the text of the study's monitoring script, made, read back and refused.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "face/xen_stats.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define MS(number)   ((number)*NS_PER_MS)

static const char study_text[] = "Name: Domain-0\n"
                                 "     cpu_sec: 134\n"
                                 "     cpu_percent: 54.7\n"
                                 "     NETTX: 0\n"
                                 "     NETRX: 0\n"
                                 "\n"
                                 "Name: r1t3\n"
                                 "     cpu_sec: 1234\n"
                                 "     cpu_percent: 12.3\n"
                                 "     NETTX: 4711\n"
                                 "     NETRX: 4712\n";

// ---- two samples

static struct sample_party host(const char *testbed, uint64_t cpu_ns, uint64_t read_ns)
{
    return (struct sample_party){.testbed_id = (char *)testbed,
                                 .testbed = (char *)"standing",
                                 .kind = PARTY_HOST,
                                 .name = (char *)"host",
                                 .cpu_ns = cpu_ns,
                                 .read_ns = read_ns};
}

static struct sample_party router(const char *testbed, const char *name, unsigned id,
                                  uint64_t cpu_ns, uint64_t read_ns)
{
    return (struct sample_party){.testbed_id = (char *)testbed,
                                 .testbed = (char *)"standing",
                                 .kind = PARTY_ROUTER,
                                 .name = (char *)name,
                                 .id = id,
                                 .cpu_ns = cpu_ns,
                                 .read_ns = read_ns};
}

static void assert_percent(const struct sample *before, const struct sample_party *party,
                           double wanted)
{
    double got = sample_percent(before, party);
    if (got < wanted - 1e-9 || got > wanted + 1e-9) {
        fail_msg("%s: %f %%, not %f", party->name, got, wanted);
    }
}

static void test_percent(void **state)
{
    (void)state;
    struct sample_party parties[] = {
        host("1-1", MS(100), MS(1000)),
        router("1-1", "r1", 1, MS(9000), MS(1010)),
        router("2-1", "r1", 1, MS(50), MS(1020)),
    };
    struct sample before = {.parties = parties, .count = COUNT(parties), .began_ns = MS(1000)};
    struct sample_party now = host("1-1", MS(600), MS(2000));
    assert_percent(&before, &now, 50.0);
    // Each is measured over its own time.
    now = router("1-1", "r1", 1, MS(9000) + MS(990), MS(2000));
    assert_percent(&before, &now, 100.0);
    // Threads of several interfaces use more than one CPU.
    now = host("1-1", MS(100) + MS(2500), MS(2000));
    assert_percent(&before, &now, 250.0);
    // The same name and id on another testbed is another router.
    now = router("2-1", "r1", 1, MS(50) + MS(98), MS(2000));
    assert_percent(&before, &now, 10.0);
}

static void test_percent_of_lives(void **state)
{
    (void)state;
    struct sample_party parties[] = {router("1-1", "r1", 1, MS(9000), MS(1000))};
    struct sample before = {.parties = parties, .count = COUNT(parties), .began_ns = MS(1000)};
    // Rebooted: less CPU than before, none of it from before.
    struct sample_party now = router("1-1", "r1", 2, MS(200), MS(2000));
    assert_null(sample_find(&before, &now));
    assert_percent(&before, &now, 20.0);
    // Rebooted, and more CPU than the old life had.
    now = router("1-1", "r1", 2, MS(9500), MS(11000));
    assert_percent(&before, &now, 95.0);
    // Died: its threads are gone and their time with them.
    now = router("1-1", "r1", 1, 0, MS(2000));
    assert_percent(&before, &now, 0.0);
    // Made since, and the host of a testbed built since.
    now = router("1-1", "r9", 3, MS(10), MS(1100));
    assert_percent(&before, &now, 10.0);
    now = host("7-1", MS(10), MS(1100));
    assert_percent(&before, &now, 10.0);
    // No time between them.
    now = router("1-1", "r1", 1, MS(9001), MS(1000));
    assert_percent(&before, &now, 0.0);
}

static void assert_text(const struct sample *before, const struct sample *after, const char *wanted)
{
    struct xen_stats stats;
    xen_stats_make(before, after, &stats);
    char *text = xen_stats_text(&stats);
    assert_string_equal(text, wanted);
    free(text);
    xen_stats_clear(&stats);
}

static void test_make(void **state)
{
    (void)state;
    struct sample_party then[] = {
        host("1-1", MS(1000), MS(0)),
        router("1-1", "r1t3", 1, MS(2000), MS(0)),
        router("1-1", "gone", 2, MS(2000), MS(0)),
        host("2-1", MS(500), MS(0)),
        router("2-1", "r2t3", 1, MS(0), MS(0)),
    };
    struct sample_party now[] = {
        host("1-1", MS(1400), MS(1000)),
        router("1-1", "r1t3", 1, MS(2123), MS(1000)),
        router("1-1", "gone", 2, 0, MS(1000)),
        host("2-1", MS(700), MS(1000)),
        router("2-1", "r2t3", 1, MS(999), MS(1000)),
    };
    struct sample before = {.parties = then, .count = COUNT(then)};
    struct sample after = {.parties = now, .count = COUNT(now)};
    now[0].tx_bytes = 10240;
    now[0].rx_bytes = 1023;
    now[1].tx_bytes = 4711ULL * 1024 + 1023;
    now[1].rx_bytes = 4712ULL * 1024;
    now[2].state = ROUTER_DESTROYED;
    now[3].tx_bytes = 1;
    now[3].rx_bytes = 1;
    assert_text(&before, &after,
                "Name: Domain-0\n     cpu_sec: 2\n     cpu_percent: 60.0\n     NETTX: 10\n"
                "     NETRX: 1\n\n"
                "Name: r1t3\n     cpu_sec: 2\n     cpu_percent: 12.3\n     NETTX: 4711\n"
                "     NETRX: 4712\n\n"
                "Name: r2t3\n     cpu_sec: 0\n     cpu_percent: 99.9\n     NETTX: 0\n"
                "     NETRX: 0\n");
    struct sample nothing = {.count = 0};
    assert_text(&nothing, &nothing, "");
}

// All testbeds on Xen have one Domain-0 as their host; its traffic is the sum of what they have in
// it.
static void test_make_one_domain_0(void **state)
{
    (void)state;
    struct sample_party then[] = {host("1-1", MS(1000), MS(0)), host("2-1", MS(1000), MS(0))};
    struct sample_party now[] = {host("1-1", MS(3000), MS(10000)),
                                 host("2-1", MS(3000), MS(10000))};
    for (size_t i = 0; i < 2; i++) {
        then[i].platform = now[i].platform = (char *)"xen";
        now[i].tx_bytes = 1024;
    }
    struct sample before = {.parties = then, .count = 2};
    struct sample after = {.parties = now, .count = 2, .began_ns = MS(10000)};
    assert_text(&before, &after,
                "Name: Domain-0\n     cpu_sec: 3\n     cpu_percent: 20.0\n     NETTX: 2\n"
                "     NETRX: 0\n");
}

static void test_of_top(void **state)
{
    (void)state;
    struct top_machine machines[] = {
        {.name = (char *)"Domain-0", .has_percent = true, .cpu_ns = MS(134900), .percent = 54.7},
        {.name = (char *)"a name\n", .has_percent = true, .tx_bytes = 4096, .rx_bytes = 1023},
        {.name = (char *)"stopped"}};
    struct top top = {.items = machines, .count = COUNT(machines)};
    struct xen_stats stats;
    xen_stats_of_top(&top, &stats);
    char *text = xen_stats_text(&stats);
    assert_string_equal(text, "Name: Domain-0\n     cpu_sec: 134\n     cpu_percent: 54.7\n"
                              "     NETTX: 0\n     NETRX: 0\n\n"
                              "Name: a_name_\n     cpu_sec: 0\n     cpu_percent: 0.0\n"
                              "     NETTX: 4\n     NETRX: 0\n");
    free(text);
    xen_stats_clear(&stats);
}

static void test_make_same_name(void **state)
{
    (void)state;
    struct sample_party now[] = {
        host("1-1", 0, MS(1)),
        router("1-1", "r1", 1, 0, MS(1)),
        router("2-1", "r1", 1, 0, MS(1)),
        router("2-1", "r2", 2, 0, MS(1)),
        router("1-1", "r2", 2, 0, MS(1)),
    };
    struct sample after = {.parties = now, .count = COUNT(now)};
    struct xen_stats stats;
    now[4].state = ROUTER_CRASHED;
    xen_stats_make(&after, &after, &stats);
    assert_int_equal(stats.count, 4);
    assert_non_null(xen_stats_find(&stats, "r1/1-1"));
    assert_non_null(xen_stats_find(&stats, "r1/2-1"));
    assert_non_null(xen_stats_find(&stats, "r2"));
    xen_stats_clear(&stats);
}

// ---- the text

static void test_parse(void **state)
{
    (void)state;
    struct xen_stats stats;
    assert_int_equal(xen_stats_parse(study_text, &stats, NULL), 0);
    assert_int_equal(stats.count, 2);
    assert_string_equal(stats.domains[0].name, "Domain-0");
    assert_string_equal(stats.domains[1].name, "r1t3");
    assert_int_equal(stats.domains[1].cpu_seconds, 1234);
    assert_true(stats.domains[1].cpu_percent > 12.29 && stats.domains[1].cpu_percent < 12.31);
    assert_int_equal(stats.domains[1].tx_kib, 4711);
    assert_int_equal(stats.domains[1].rx_kib, 4712);
    char *text = xen_stats_text(&stats);
    assert_string_equal(text, study_text);
    free(text);
    xen_stats_clear(&stats);

    char shorn[sizeof study_text];
    memcpy(shorn, study_text, sizeof study_text);
    shorn[sizeof study_text - 2] = '\0'; // as it comes over SNMP
    assert_int_equal(xen_stats_parse(shorn, &stats, NULL), 0);
    assert_int_equal(stats.count, 2);
    xen_stats_clear(&stats);
    assert_int_equal(xen_stats_parse("", &stats, NULL), 0);
    assert_int_equal(stats.count, 0);
}

static void test_extremes(void **state)
{
    (void)state;
    static const char text[] = "Name: !~\n     cpu_sec: 18446744073709551615\n"
                               "     cpu_percent: 9999999.9\n     NETTX: 18446744073709551615\n"
                               "     NETRX: 0\n";
    struct xen_stats stats;
    assert_int_equal(xen_stats_parse(text, &stats, NULL), 0);
    assert_true(stats.domains[0].cpu_seconds == UINT64_MAX);
    char *again = xen_stats_text(&stats);
    assert_string_equal(again, text);
    free(again);
    xen_stats_clear(&stats);
}

// Every edit of the study's text is refused, at its line, and writes no result.
static void test_refused(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new, *part;
    } edits[] = {
        {"Name: Domain-0", "Name: ", "line 1"},
        {"Name: Domain-0", " Name: Domain-0", "line 1"},
        {"Name: Domain-0", "Name: Domain 0", "line 1"},
        {"Name: Domain-0", "Name: Domain\t0", "line 1"},
        {"Name: Domain-0", "Name: D\xc3\xb6main-0", "line 1"},
        {"Name: Domain-0", "name: Domain-0", "line 1"},
        {"Name: Domain-0\n", "", "line 1"},
        {"Name: Domain-0\n", "Name: Domain-0\r\n", "line 1"},
        {"Name: Domain-0\n", "\nName: Domain-0\n", "line 1"},
        {"     cpu_sec: 134\n", "cpu_sec: 134\n", "line 2"},
        {"     cpu_sec: 134\n", "      cpu_sec: 134\n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec:134\n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: \n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: 134 \n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: -1\n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: 0134\n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: 1.5\n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: 18446744073709551616\n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: 99999999999999999999\n", "line 2"},
        {"     cpu_sec: 134\n", "     cpu_sec: 100000000000000000000\n", "line 2"},
        {"     cpu_sec: 134\n", "", "line 2"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: 54\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: 54.\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: .7\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: 54.77\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: 54,7\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: 054.7\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: -0.0\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: nan\n", "line 3"},
        {"     cpu_percent: 54.7\n", "     cpu_percent: 10000000.0\n", "line 3"},
        {"     NETTX: 0\n", "     NETRX: 0\n", "line 4"},
        {"     NETRX: 0\n\n", "     NETRX: 0\n", "line 6"},
        {"     NETRX: 0\n\n", "     NETRX: 0\n\n\n", "line 7"},
        {"     NETRX: 0\n\n", "     NETRX: 0\n \n", "line 6"},
        {"Name: r1t3", "Name: Domain-0", "line 7"},
        {"     NETRX: 4712\n", "     NETRX: 4712\n\n", "line 12"},
        {"     NETRX: 4712\n", "     NETRX: 4712\nx", "line 12"},
        {"     NETRX: 4712\n", "     NETRX:", "line 11"},
        {"     NETRX: 4712\n", "", "line 11"},
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        const char *at = strstr(study_text, edits[i].old);
        assert_non_null(at);
        char *text = text_format("%.*s%s%s", (int)(at - study_text), study_text, edits[i].new,
                                 at + strlen(edits[i].old));
        struct xen_stats stats = {.count = 77};
        struct error err = ERROR_INIT;
        int rc = xen_stats_parse(text, &stats, &err);
        if (rc >= 0 || stats.count != 77 || strstr(err.text, edits[i].part) == NULL) {
            fail_msg("edit %zu: %d, %s", i, rc, err.text == NULL ? "accepted" : err.text);
        }
        error_clear(&err);
        free(text);
    }
}

// Cut anywhere, it is refused, but where a whole text ends, and where a number still is one.
static void test_cut(void **state)
{
    (void)state;
    size_t first = (size_t)(strstr(study_text, "\n\n") - study_text);
    for (size_t cut = 1; cut < sizeof study_text - 1; cut++) {
        char part[sizeof study_text] = "";
        struct xen_stats stats = {.count = 0};
        memcpy(part, study_text, cut);
        bool whole = cut == first || cut == first + 1 || cut >= sizeof study_text - 5;
        int rc = xen_stats_parse(part, &stats, NULL);
        if ((rc == 0) != whole) {
            fail_msg("cut at %zu: %d", cut, rc);
        }
        xen_stats_clear(&stats);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent),
        cmocka_unit_test(test_percent_of_lives),
        cmocka_unit_test(test_make),
        cmocka_unit_test(test_make_same_name),
        cmocka_unit_test(test_make_one_domain_0),
        cmocka_unit_test(test_of_top),
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_extremes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
