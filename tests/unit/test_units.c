// SPDX-License-Identifier: GPL-3.0-or-later
// tests of base/units — what each parser takes, what it refuses, and what it then says.
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// Fails unless a refusal came with exit status 2 and a text that has `part` and what was written.
static void assert_refused(int rc, struct error *err, const char *text, const char *part)
{
    if (rc != -EINVAL || err->exit_status != EXIT_INPUT) {
        fail_msg("\"%s\" was not refused", text);
    }
    if (strstr(err->text, part) == NULL || (text[0] != '\0' && strstr(err->text, text) == NULL)) {
        fail_msg("\"%s\" was refused with: %s", text, err->text);
    }
    error_clear(err);
}

static void assert_near(double found, double expected)
{
    assert_true(fabs(found - expected) <= 1e-12 * fabs(expected));
}

static void test_integer(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        " ",
                                        "x",
                                        "15x0",
                                        "-1",
                                        "+1",
                                        "1.0",
                                        "1e3",
                                        "0x10",
                                        "1 0",
                                        "1,000",
                                        "1_000",
                                        "\n5",
                                        "5\n",
                                        "١",
                                        "9",
                                        "101",
                                        "nan",
                                        ".inf",
                                        "--1",
                                        "1e",
                                        "10-",
                                        "''",
                                        "18446744073709551616",
                                        "99999999999999999999999999"};
    uint64_t value = 77;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int rc = parse_integer(wrong[i], 10, 100, &value, &err);
        assert_refused(rc, &err, wrong[i], "expected a whole number from 10 to 100");
    }
    assert_int_equal(value, 77);
    assert_int_equal(parse_integer("10", 10, 100, &value, NULL), 0);
    assert_int_equal(value, 10);
    assert_int_equal(parse_integer(" \t0100 ", 10, 100, &value, NULL), 0);
    assert_int_equal(value, 100);
    assert_int_equal(parse_integer("18446744073709551615", 0, UINT64_MAX, &value, NULL), 0);
    assert_true(value == UINT64_MAX);
    assert_int_equal(parse_integer("18446744073709551616", 0, UINT64_MAX, &value, NULL), -EINVAL);
}

static void test_number(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     ".5",  "5.",      "1.2.3", "1e3", "-1",
                                        "+1",   "nan", "inf",     "0x1",   "1,5", "1 5",
                                        ".nan", "0.9", "10.0001", "1..5",  "1.x"};
    double value = 77.0;
    struct error err = ERROR_INIT;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int rc = parse_number(wrong[i], 1.0, 10.0, &value, &err);
        assert_refused(rc, &err, wrong[i], "expected a number from 1 to 10");
    }
    assert_near(value, 77.0);
    assert_int_equal(parse_number(" 1.5 ", 1.0, 10.0, &value, NULL), 0);
    assert_near(value, 1.5);
    assert_int_equal(parse_number("10", 1.0, 10.0, &value, NULL), 0);
    assert_near(value, 10.0);
    char many[500];
    memset(many, '9', sizeof many - 1);
    many[sizeof many - 1] = '\0';
    assert_int_equal(parse_number(many, 0.0, INFINITY, &value, NULL), -EINVAL);
}

static void test_duration(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ns;
    } right[] = {
        {"15 s", 15000000000},
        {"15s", 15000000000},
        {"500 ms", 500000000},
        {"20 us", 20000},
        {"20 µs", 20000},
        {"5 ns", 5},
        {"2 min", 120000000000},
        {"1 h", 3600000000000},
        {"0.5 s", 500000000},
        {" 1.5 \t ms ", 1500000},
        {"1 ns", 1},
        {"720 h", 2592000000000000},
        {"0.1 us", 100},
    };
    static const char *const wrong[] = {
        "",    "s",      "15",   "15 sec", "15 S", "-1 s", "1 s s", "1e3 s",    "inf s", "nan s",
        "0 s", "0.4 ns", "31 d", "721 h",  "1.s",  ".5 s", "1 s 5", "15 s\x01", "0x1 s", "1 m"};
    struct error err = ERROR_INIT;
    uint64_t ns = 77;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(parse_duration(wrong[i], &ns, &err), &err, wrong[i], "a duration");
    }
    assert_int_equal(ns, 77);
    for (size_t i = 0; i < COUNT(right); i++) {
        assert_int_equal(parse_duration(right[i].text, &ns, NULL), 0);
        assert_int_equal(ns, right[i].ns);
    }
    assert_refused(parse_duration("15", &ns, &err), &err, "15", "with its unit (ns, us");
}

static void test_bit_rate(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double bps;
    } right[] = {
        {"5 Mbit/s", 5e6},     {"64 kbit/s", 64e3},   {"1 Gbit/s", 1e9},
        {"100 bit/s", 100.0},  {"0.5 kbit/s", 500.0}, {"1 bit/s", 1.0},
        {"1000 Gbit/s", 1e12}, {"2.5Gbit/s", 2.5e9},  {"101.25 Mbit/s", 101.25e6},
    };
    static const char *const wrong[] = {"",           "5",         "5 Mbit",      "5 MB/s",
                                        "5 mbit/s",   "5 Kbit/s",  "5 M",         "5 Mbps",
                                        "0 bit/s",    "0.5 bit/s", "1001 Gbit/s", "-5 Mbit/s",
                                        "5 Mbit / s", "Mbit/s",    "5 Mbit/s/s",  "5 MiB"};
    struct error err = ERROR_INIT;
    double bps = 77.0;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(parse_bit_rate(wrong[i], &bps, &err), &err, wrong[i], "a bit rate");
    }
    assert_near(bps, 77.0);
    for (size_t i = 0; i < COUNT(right); i++) {
        assert_int_equal(parse_bit_rate(right[i].text, &bps, NULL), 0);
        assert_near(bps, right[i].bps);
    }
}

static void test_size(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t bytes;
    } right[] = {
        {"64 MiB", 64 << 20}, {"512 KiB", 512 << 10}, {"1 GiB", 1 << 30},
        {"100 B", 100},       {"1 kB", 1000},         {"1 MB", 1000000},
        {"1 GB", 1000000000}, {"1.5 KiB", 1536},      {"0 B", 0},
    };
    static const char *const wrong[] = {"",     "64",    "64 M",  "64 mib",         "64 Mib",
                                        "-1 B", "1e3 B", "KiB",   "1 TiB",          "64 Mbit/s",
                                        "1 BB", "1 B B", "nan B", "99999999999 GiB"};
    struct error err = ERROR_INIT;
    uint64_t bytes = 77;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(parse_size(wrong[i], &bytes, &err), &err, wrong[i], "a size");
    }
    assert_int_equal(bytes, 77);
    for (size_t i = 0; i < COUNT(right); i++) {
        assert_int_equal(parse_size(right[i].text, &bytes, NULL), 0);
        assert_int_equal(bytes, right[i].bytes);
    }
}

static void test_truth(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "yes", "True", "1", "truefalse", "tru", "true x"};
    struct error err = ERROR_INIT;
    bool truth = false;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(parse_truth(wrong[i], &truth, &err), &err, wrong[i], "true or false");
    }
    assert_int_equal(parse_truth(" true ", &truth, NULL), 0);
    assert_true(truth);
    assert_int_equal(parse_truth("false", &truth, NULL), 0);
    assert_false(truth);
}

static void test_ip_prefix(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } wrong[] = {
        {"", "prefix length"},
        {"198.18.0.1", "prefix length"},
        {"/24", "an IPv4 or IPv6 address"},
        {"198.18.0.1/", "prefix length from 8 to 30"},
        {"198.18.0.1/7", "prefix length from 8 to 30"},
        {"198.18.0.1/31", "prefix length from 8 to 30"},
        {"198.18.0.1/24x", "prefix length from 8 to 30"},
        {"198.18.0.1/ 24", "prefix length from 8 to 30"},
        {"198.18.0.1/+24", "prefix length from 8 to 30"},
        {"198.18.0.1/255.255.255.0", "prefix length from 8 to 30"},
        {"198.18.0.1 /24", "an IPv4 or IPv6 address"},
        {"198.18.0.256/24", "an IPv4 or IPv6 address"},
        {"198.18.0/24", "an IPv4 or IPv6 address"},
        {"198.18.0.1.1/24", "an IPv4 or IPv6 address"},
        {"198.018.0.1/24", "an IPv4 or IPv6 address"},
        {"0xc6.18.0.1/24", "an IPv4 or IPv6 address"},
        {"198.18.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1/24", "prefix length"},
        {"198.18.0.0/24", "network's own or its broadcast"},
        {"198.18.0.255/24", "network's own or its broadcast"},
        {"10.0.0.3/30", "network's own or its broadcast"},
        {"0.0.0.1/8", "unicast"},
        {"127.0.0.1/8", "unicast"},
        {"224.0.0.1/24", "unicast"},
        {"255.255.255.254/24", "unicast"},
        {"2001:2::1", "prefix length"},
        {"2001:2::1/15", "prefix length from 16 to 126"},
        {"2001:2::1/127", "prefix length from 16 to 126"},
        {"2001:2:::1/64", "an IPv4 or IPv6 address"},
        {"2001:2::1%eth0/64", "an IPv4 or IPv6 address"},
        {"[2001:2::1]/64", "an IPv4 or IPv6 address"},
        {"2001:2::/64", "network's own"},
        {"2001:2::4/126", "network's own"},
        {"::1/64", "unicast"},
        {"::ffff:198.18.0.1/64", "unicast"},
        {"fe80::1/64", "unicast"},
        {"ff02::1/64", "unicast"},
    };
    struct error err = ERROR_INIT;
    const struct ip_interface untouched = {{6, {77}}, 77};
    struct ip_interface found = untouched;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        int rc = parse_ip_prefix(wrong[i].text, &found, &err);
        assert_refused(rc, &err, wrong[i].text, wrong[i].part);
    }
    assert_memory_equal(&found, &untouched, sizeof found);
    assert_int_equal(parse_ip_prefix("198.18.0.1/24", &found, NULL), 0);
    assert_int_equal(found.address.version, 4);
    assert_int_equal(ip_v4_number(&found.address), 0xc6120001);
    assert_int_equal(found.prefix, 24);
    assert_int_equal(parse_ip_prefix("\t10.255.255.254/8 ", &found, NULL), 0);
    assert_int_equal(ip_v4_number(&found.address), 0x0afffffe);
    assert_int_equal(found.prefix, 8);
    assert_int_equal(parse_ip_prefix("10.0.0.2/30", &found, NULL), 0);
    assert_int_equal(found.prefix, 30);
    static const struct ip_address six = {6, {0x20, 1, 0, 2, 0, 0, 0x80, 1, [15] = 2}};
    assert_int_equal(parse_ip_prefix(" 2001:2:0:8001::2/64", &found, NULL), 0);
    assert_true(ip_equal(&found.address, &six));
    assert_int_equal(found.prefix, 64);
    assert_int_equal(parse_ip_prefix("fd00::ffff/126", &found, NULL), 0); // IPv6 has no broadcast
}

static void test_ip_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *subnet;
        unsigned prefix;
    } right[] = {
        {"198.18.3.77", "198.18.0.0", 20},
        {"198.18.3.77", "0.0.0.0", 0},
        {"198.18.3.77", "198.18.3.77", 32},
        {"2001:2:0:8001:ff::2", "2001:2:0:8001::", 64},
        {"2001:2:0:8001:ff::2", "2001:2:0:8000::", 63},
        {"2001:2:0:8001:ff::2", "2001:2:0:8001:ff::2", 128},
        {"2001:2:0:8001:ff::2", "::", 2},
    };
    char text[IP_TEXT_SIZE];
    for (size_t i = 0; i < COUNT(right); i++) {
        struct ip_address address = {0};
        assert_true(ip_parse(right[i].text, &address));
        assert_string_equal(ip_text(&address, text), right[i].text);
        struct ip_address subnet = ip_subnet(&address, right[i].prefix);
        assert_string_equal(ip_text(&subnet, text), right[i].subnet);
        assert_true(ip_agree(&address, &subnet, right[i].prefix));
    }
    struct ip_address four = ip_v4(0x20010002);
    struct ip_address six = {6, {0x20, 1, 0, 2}};
    assert_false(ip_equal(&four, &six)); // the same bytes
    assert_false(ip_agree(&four, &six, 0));
    assert_string_equal(ip_text(&(struct ip_address){0}, text), "");
    assert_false(ip_parse("198.18.0.256", &four));
    assert_false(ip_parse("2001:2", &four));
}

static void packet_rates_take_thousands_and_millions(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value; // negative = refused
    } rates[] = {
        {"250", 250.0}, {"100k", 1e5},   {"1.5M", 1.5e6},    {" 2k", 2000.0}, {"0", 0.0},
        {"k", -1.0},    {"", -1.0},      {"1K", -1.0},       {"1kk", -1.0},   {"-1", -1.0},
        {"1e3", -1.0},  {"5 pps", -1.0}, {"2000000M", -1.0},
    };
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        double value = -1.0;
        int rc = parse_packet_rate(rates[i].text, &value, NULL);
        assert_int_equal(rc, rates[i].value < 0.0 ? -EINVAL : 0);
        assert_true(rates[i].value < 0.0 || fabs(value - rates[i].value) <= 1e-9 * value);
    }
}

static void durations_are_shown_in_two_units_at_most(void **state)
{
    (void)state;
    static const struct {
        double seconds;
        const char *text;
    } durations[] = {
        {0, "0 s"},        {45.4, "45 s"},      {119, "119 s"},        {120, "2 min"},
        {7169, "119 min"}, {7200, "2 h 0 min"}, {18600, "5 h 10 min"}, {172800 + 3600, "2 d 1 h"}};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        char *text = duration_text(durations[i].seconds);
        assert_string_equal(text, durations[i].text);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_shown_in_two_units_at_most),
        cmocka_unit_test(packet_rates_take_thousands_and_millions),
        cmocka_unit_test(test_integer),
        cmocka_unit_test(test_number),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_bit_rate),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_truth),
        cmocka_unit_test(test_ip_prefix),
        cmocka_unit_test(test_ip_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
