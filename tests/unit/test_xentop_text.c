// SPDX-License-Identifier: GPL-3.0-or-later
// tests of face/xentop_text — what xentop prints, with its options and of several versions, and
// what one must not believe of it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "face/xentop_text.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SEEDS        "tests/fuzz/corpus/xentop_text/"

#define HEAD                                                                                       \
    "      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) VCPUS NETS "       \
    "NETTX(k) NETRX(k) VBDS   VBD_OO   VBD_RD   VBD_WR  VBD_RSECT  VBD_WSECT SSID\n"
#define DOM0                                                                                       \
    "  Domain-0 -----r        136   58.7    1048576   50.0   no limit       n/a     1    0       " \
    " "                                                                                            \
    "0        0    0        0        0        0          0          0    0\n"
#define R1T3                                                                                       \
    "      r1t3 --b---         93   17.3      98304    4.7      99328       4.7     1    2     "   \
    "6495     6096    0        0        0        0          0          0    0\n"

static struct xentop parse(const char *text)
{
    struct xentop xentop;
    struct error err = ERROR_INIT;
    if (xentop_text_parse(text, &xentop, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return xentop;
}

static struct xentop read_seed(const char *name)
{
    char *path = text_format(SEEDS "%s", name);
    char *text = NULL;
    assert_int_equal(file_read(path, XENTOP_TEXT_MAX, &text, NULL, NULL), 0);
    struct xentop xentop = parse(text);
    free(text);
    free(path);
    return xentop;
}

static void assert_stats(struct xentop *xentop, const char *wanted)
{
    struct xen_stats stats;
    assert_int_equal(xentop_stats(xentop, &stats, NULL), 0);
    char *text = xen_stats_text(&stats);
    assert_string_equal(text, wanted);
    free(text);
    xen_stats_clear(&stats);
    xentop_clear(xentop);
}

#define RECORD(name, seconds, percent, tx, rx)                                                     \
    "Name: " name "\n     cpu_sec: " seconds "\n     cpu_percent: " percent "\n     NETTX: " tx    \
    "\n     NETRX: " rx "\n"

// The last iteration, of one or two; the latter's first would read 0.0.
static void test_samples(void **state)
{
    (void)state;
    static const char wanted[] = RECORD("Domain-0", "134", "54.7", "0", "0") "\n" RECORD(
        "r1t3", "93", "14.0", "4472", "4103") "\n" RECORD("r2t3", "9", "0.7", "0", "1");
    struct xentop xentop = read_seed("one");
    assert_int_equal(xentop.iterations, 1);
    assert_string_equal(xentop.domains[1].state, "------");
    assert_stats(&xentop, wanted);
    xentop = read_seed("two");
    assert_int_equal(xentop.iterations, 2);
    assert_string_equal(xentop.domains[2].state, "--b---");
    assert_stats(&xentop, wanted);
}

static void test_networks(void **state)
{
    (void)state;
    struct xentop xentop = read_seed("networks");
    assert_int_equal(xentop.iterations, 2);
    assert_int_equal(xentop.count, 3);
    assert_int_equal(xentop.domains[0].net_count, 0);
    assert_int_equal(xentop.domains[1].net_count, 2);
    assert_int_equal(xentop.domains[2].net_count, 2);
    const struct xentop_net *net = &xentop.domains[1].nets[0];
    assert_int_equal(net->number, 0);
    assert_int_equal(net->rx.bytes, 8860);
    assert_int_equal(net->rx.packets, 106);
    assert_int_equal(net->rx.errors, 0);
    assert_int_equal(net->rx.drops, 1702);
    assert_int_equal(net->tx.bytes, 6640954);
    assert_int_equal(net->tx.packets, 28713);
    assert_int_equal(net->tx.drops, 0);
    assert_int_equal(xentop.domains[1].nets[1].number, 1);
    assert_int_equal(xentop.domains[1].nets[1].rx.packets, 28679);
    assert_int_equal(xentop.domains[2].nets[1].tx.bytes, 220);
    assert_stats(&xentop, RECORD("Domain-0", "136", "58.7", "0", "0") "\n" RECORD(
                              "r1t3", "93", "17.3", "6495", "6096") "\n" RECORD("r2t3", "9", "0.5",
                                                                                "0", "1"));
}

// "no limit" is two words and one column; Xen 3.2 had two columns fewer.
static void test_no_limit(void **state)
{
    (void)state;
    struct xentop xentop = read_seed("nolimit");
    assert_stats(&xentop, RECORD("Domain-0", "490", "58.7", "0",
                                 "0") "\n" RECORD("r1t3", "13", "17.3", "4713", "4715"));
    xentop = read_seed("old");
    assert_stats(&xentop, RECORD("Domain-0", "1003", "69.9", "5",
                                 "6") "\n" RECORD("r1t3", "79", "29.8", "110", "210"));
}

// -f -n -r -v -x, with a name that has blanks.
static void test_options(void **state)
{
    (void)state;
    struct xentop xentop = read_seed("options");
    assert_int_equal(xentop.iterations, 2);
    assert_int_equal(xentop.count, 2);
    assert_string_equal(xentop.domains[1].name, "a router with a long name");
    assert_int_equal(xentop.domains[1].nets[0].rx.drops, 1702);
    assert_stats(&xentop, RECORD("Domain-0", "101", "3.4", "0", "0") "\n" RECORD(
                              "a_router_with_a_long_name", "1", "5.6", "77", "78"));
}

// A domain that came, or went, between iterations; the last counts.
// The table of physical CPUs that -p adds since Xen 4.21.
static void test_physical_cpus(void **state)
{
    (void)state;
    struct xentop xentop = read_seed("pcpus");
    assert_int_equal(xentop.iterations, 2);
    assert_int_equal(xentop.count, 2);
    assert_stats(&xentop,
                 RECORD("Domain-0", "5", "1.5", "0", "0") "\n" RECORD("r1", "2", "0.5", "1", "2"));
    xentop =
        parse(HEAD DOM0 "\nNo PCPU data available\n" HEAD DOM0 R1T3 "\nNo PCPU data available\n");
    assert_int_equal(xentop.count, 2);
    xentop_clear(&xentop);
    struct error err = ERROR_INIT;
    assert_true(xentop_text_parse(HEAD DOM0 "| 0     |   2.0% |\n", &xentop, &err) < 0);
    assert_string_equal(err.text,
                        "xentop, line 3: expected a domain, or what -n, -p, -v or -x adds");
    error_clear(&err);
}

static void test_iterations(void **state)
{
    (void)state;
    struct xentop xentop = parse(HEAD DOM0 R1T3 HEAD DOM0);
    assert_int_equal(xentop.iterations, 2);
    assert_int_equal(xentop.count, 1);
    xentop_clear(&xentop);
    xentop = parse(HEAD DOM0 HEAD DOM0 R1T3 HEAD DOM0 R1T3);
    assert_int_equal(xentop.iterations, 3);
    assert_int_equal(xentop.count, 2);
    xentop_clear(&xentop);
    // A head line for each (-r) makes no iteration.
    xentop = parse(HEAD DOM0 HEAD R1T3);
    assert_int_equal(xentop.iterations, 1);
    assert_int_equal(xentop.count, 2);
    xentop_clear(&xentop);
    // What is in front of a window's last table is gone, but not the order: the first named is
    // gone.
    xentop = parse(HEAD R1T3 DOM0 HEAD DOM0);
    assert_int_equal(xentop.iterations, 2);
    assert_int_equal(xentop.count, 1);
    xentop_clear(&xentop);
}

// Names may look like columns, states and lines of other kinds; lines may end in \r\n, the last
// without any.
static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {"Net0",   "VBD", "no limit", "------", "a --b--- b",
                                        "NAME x", "5:",  "Net0 RX:", "1.5",    "VCPUs(sec):"};
    for (size_t i = 0; i < COUNT(names); i++) {
        char *text = text_format("%s%s%s", HEAD DOM0, names[i], strstr(R1T3, " --b---"));
        struct xentop xentop = parse(text);
        assert_int_equal(xentop.count, 2);
        assert_string_equal(xentop.domains[1].name, names[i]);
        assert_int_equal(xentop.domains[1].tx_kib, 6495);
        xentop_clear(&xentop);
        free(text);
    }
    struct xentop xentop = parse(HEAD "\n" DOM0 "\r\n");
    assert_int_equal(xentop.count, 1);
    xentop_clear(&xentop);
    char *text = text_copy(HEAD DOM0 R1T3);
    text[strlen(text) - 1] = '\0';
    xentop = parse(text);
    assert_int_equal(xentop.domains[1].rx_kib, 6096);
    xentop_clear(&xentop);
    free(text);
}

static void test_extremes(void **state)
{
    (void)state;
    struct xentop xentop =
        parse("NAME STATE NETRX(k) CPU(%) NETTX(k) CPU(sec) WHATEVER\n"
              "x dsbcpr 18446744073709551615 9999999.9 0 18446744073709551615 ?\n");
    assert_string_equal(xentop.domains[0].state, "dsbcpr");
    assert_true(xentop.domains[0].rx_kib == UINT64_MAX);
    assert_stats(&xentop,
                 RECORD("x", "18446744073709551615", "9999999.9", "0", "18446744073709551615"));
}

static void assert_refused(const char *text, const char *part)
{
    struct xentop xentop = {.count = 77};
    struct error err = ERROR_INIT;
    int rc = xentop_text_parse(text, &xentop, &err);
    if (rc >= 0 || xentop.count != 77 || err.exit_status != EXIT_INPUT ||
        strstr(err.text, part) == NULL) {
        fail_msg("%s: %d, %s", part, rc, err.text == NULL ? "accepted" : err.text);
    }
    error_clear(&err);
}

static void test_refused(void **state)
{
    (void)state;
    static const char first[] =
        "      r1t3 --b---         93    0.0      98304    4.7      99328     "
        "  4.7     1    2     6495     6096    0 0 0 0 0 0 0\n";
    assert_refused("", "contains no domain");
    assert_refused("\n\n", "contains no domain");
    assert_refused(HEAD, "contains no domain");
    assert_refused(HEAD DOM0 HEAD "x\n", "line 4: expected a domain below");
    char *text = text_format("%s%s", HEAD, first);
    assert_refused(text, "only the first iteration");
    free(text);
    assert_refused("xentop: command not found\n", "line 1: expected xentop's head line");
    assert_refused(DOM0, "line 1: expected xentop's head line");
    assert_refused(HEAD DOM0 "rubbish\n", "line 3: expected a domain, or");
    assert_refused(HEAD "Net0 RX: 1bytes\n", "line 2: expected a domain below");
    assert_refused(HEAD DOM0 "Net0 RX: 1bytes 2pkts 3err 4drop  TX: 5bytes 6pkts 7err\n", "line 3");
    assert_refused(HEAD DOM0 "Net0 RX: 1bytes 2pkts 3err 4drop  TX: 5bytes 6pkts 7err 8drop 9\n",
                   "line 3");
    assert_refused(HEAD DOM0 "Net0 RX: -1bytes 2pkts 3err 4drop  TX: 5bytes 6pkts 7err 8drop\n",
                   "line 3");
    assert_refused(HEAD DOM0 "   5:  3s\n", "line 3"); // without a line VCPUs(sec)
    // Names that were cut to the same ten characters.
    assert_refused(HEAD DOM0 R1T3 R1T3, "line 4: a second domain \"r1t3\"");
    assert_refused(HEAD DOM0 R1T3 R1T3, "option -f");
    assert_refused(HEAD DOM0 " " R1T3 "\t --b---\n", "line 4");
}

// Every edit of a line is refused.
static void test_edits(void **state)
{
    (void)state;
    static const struct {
        const char *old, *new, *part;
    } edits[] = {
        {" --b---", "", "line 2: expected a domain"},
        {" --b---", " --B---", "line 2: expected a domain"},
        {"r1t3", "", "line 2"},
        {" 93 ", " -93 ", "CPU(sec) is \"-93\""},
        {" 93 ", " 18446744073709551616 ", "CPU(sec)"},
        {" 17.3", " 17", "CPU(%) is \"17\""},
        {" 17.3", " 17,3", "CPU(%)"},
        {" 17.3", " 17.33", "CPU(%)"},
        {" 17.3", " nan", "CPU(%)"},
        {" 17.3", " -0.1", "CPU(%)"},
        {" 17.3", " 12345678.0", "CPU(%)"},
        {" 6495", " 64x5", "NETTX(k)"},
        {" 6096", " 0x10", "NETRX(k)"},
        {" 99328", " no", "no limit"},
        {" 99328", " no bound", "no limit"},
        {" 99328", "", "incomplete"},
        {" 99328", " 99328 1", "more columns"},
    };
    for (size_t i = 0; i < COUNT(edits); i++) {
        static const char line[] = R1T3;
        const char *at = strstr(line, edits[i].old);
        assert_non_null(at);
        char *text = text_format("%s%.*s%s%s", HEAD, (int)(at - line), line, edits[i].new,
                                 at + strlen(edits[i].old));
        assert_refused(text, edits[i].part);
        free(text);
    }
    static const char *const needed[] = {"STATE", "CPU(sec)", "CPU(%)", "NETTX(k)", "NETRX(k)"};
    for (size_t i = 0; i < COUNT(needed); i++) {
        char *head = text_copy(HEAD);
        memset(strstr(head, needed[i]), 'x', strlen(needed[i]));
        char *text = text_format("%s%s", head, DOM0);
        assert_refused(text, "line 1");
        free(text);
        free(head);
    }
    assert_refused("NAME STATE CPU(sec) CPU(sec)\n", "twice");
}

// What isn't ASCII, or a blank, is "_" in the study's text; names must still differ.
static void test_stats_names(void **state)
{
    (void)state;
    struct xentop_domain domains[] = {{.name = (char *)"a b"}, {.name = (char *)"r\xc3\xb6\x01"}};
    struct xentop xentop = {.domains = domains, .count = 2};
    struct xen_stats stats;
    assert_int_equal(xentop_stats(&xentop, &stats, NULL), 0);
    assert_string_equal(stats.domains[0].name, "a_b");
    assert_string_equal(stats.domains[1].name, "r___");
    xen_stats_clear(&stats);
    domains[1].name = (char *)"a\tb";
    struct error err = ERROR_INIT;
    assert_true(xentop_stats(&xentop, &stats, &err) < 0);
    assert_non_null(strstr(err.text, "a_b"));
    error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),       cmocka_unit_test(test_networks),
        cmocka_unit_test(test_no_limit),      cmocka_unit_test(test_options),
        cmocka_unit_test(test_iterations),    cmocka_unit_test(test_names),
        cmocka_unit_test(test_extremes),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_edits),         cmocka_unit_test(test_stats_names),
        cmocka_unit_test(test_physical_cpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
