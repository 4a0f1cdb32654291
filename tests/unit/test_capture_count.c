// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/capture_count — what tcpdump says at its end.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "report/capture_count.h"

#include <cmocka.h>

static void counts_are_read_in_singular_and_plural(void **state)
{
    (void)state;
    uint64_t captured = 7;
    uint64_t dropped = 7;
    assert_true(capture_count("tcpdump: listening on eth0, snapshot length 262144 bytes\n"
                              "1 packet captured\n12 packets received by filter\n"
                              "3 packets dropped by kernel\n",
                              &captured, &dropped));
    assert_int_equal(captured, 1);
    assert_int_equal(dropped, 3);
    assert_true(
        capture_count("1200 packets captured\n1 packet dropped by kernel", &captured, &dropped));
    assert_int_equal(captured, 1200);
    assert_int_equal(dropped, 1);
}

static void other_texts_have_no_counts(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "x packets captured\n",
                                        "packets captured\n",
                                        "5 packetscaptured\n",
                                        "5 packets capturedx\n",
                                        "tcpdump: eth0: No such device exists\n"};
    uint64_t captured = 7;
    uint64_t dropped = 7;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(capture_count(wrong[i], &captured, &dropped));
        assert_int_equal(captured, 7);
    }
}

static void drops_are_read_while_it_captures(void **state)
{
    (void)state;
    static const char behind[] = "tcpdump: 15 packets captured, 15 pack";
    static const char text[] =
        "tcpdump: 10 packets captured, 14 packets received by filter, 1 packet dropped by kernel\n"
        "tcpdump: 12 packets captured, 19 packets received by filter, 7 packets dropped by kernel, "
        "2 packets dropped by interface\n"
        "tcpdump: 15 packets captured, 15 pack";
    uint64_t dropped = 3;
    const char *rest = capture_dropped(text, &dropped);
    assert_non_null(rest);
    assert_string_equal(rest, behind);
    assert_int_equal(dropped, 7);
    assert_null(capture_dropped(rest, &dropped));
    assert_null(capture_dropped("", &dropped));
    assert_null(capture_dropped("12 packets captured\n9 packets dropped by kernel\n", &dropped));
    assert_int_equal(dropped, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_read_in_singular_and_plural),
        cmocka_unit_test(other_texts_have_no_counts),
        cmocka_unit_test(drops_are_read_while_it_captures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
