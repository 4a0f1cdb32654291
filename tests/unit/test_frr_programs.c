// SPDX-License-Identifier: GPL-3.0-or-later
// Which of FRR's programs a configuration is for (machine/frr_programs).
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "machine/frr_programs.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

// "zebra ospfd …" of a configuration.
static const char *programs_of(const char *config)
{
    static char text[256];
    bool needed[FRR_PROGRAMS];
    frr_programs_needed(config, needed);
    text[0] = '\0';
    for (size_t i = 0; i < FRR_PROGRAMS; i++) {
        if (needed[i]) {
            size_t length = strlen(text);
            snprintf(text + length, sizeof text - length, "%s%s", length == 0 ? "" : " ",
                     frr_program_name((enum frr_program)i));
        }
    }
    return text;
}

static void zebra_and_ospfd_always_run(void **state)
{
    (void)state;
    assert_string_equal(programs_of(""), "zebra ospfd");
    assert_string_equal(programs_of("hostname r1\ninterface eth0\n ip ospf area 0\nexit\n"),
                        "zebra ospfd");
}

static void lines_start_the_program_that_they_are_for(void **state)
{
    (void)state;
    assert_string_equal(programs_of("router bgp 64512\n neighbor 1.2.3.4 remote-as 1\n"),
                        "zebra ospfd bgpd");
    assert_string_equal(programs_of("router rip\n"), "zebra ospfd ripd");
    assert_string_equal(programs_of("router ripng\n"), "zebra ospfd ripngd");
    assert_string_equal(programs_of("router ospf6\n"), "zebra ospfd ospf6d");
    assert_string_equal(programs_of("interface eth0\n ipv6  ospf6\tarea 0\n"),
                        "zebra ospfd ospf6d");
    assert_string_equal(programs_of("interface eth0\n ip router isis x\n"), "zebra ospfd isisd");
    assert_string_equal(programs_of("ipv6 route 2001:db8::/32 eth1"), "zebra ospfd staticd");
    assert_string_equal(programs_of("vrf red\n ip route 10.0.0.0/8 eth1\r\n"),
                        "zebra ospfd staticd");
    assert_string_equal(programs_of("router ospf\n neighbor 1.1.1.1 bfd\n"), "zebra ospfd bfdd");
    assert_string_equal(programs_of("interface eth0\n ip pim\nbfd\n"), "zebra ospfd bfdd pimd");
}

static void remarks_and_longer_words_start_nothing(void **state)
{
    (void)state;
    assert_string_equal(programs_of("! router bgp 1\n# ip route\nno router rip\n"), "zebra ospfd");
    assert_string_equal(programs_of("interface eth0\n description bfd and ip route\n"),
                        "zebra ospfd");
    assert_string_equal(programs_of("ip routers\nrouter ospf\n bfdx\n"), "zebra ospfd");
    assert_string_equal(programs_of("router"), "zebra ospfd");
    assert_string_equal(programs_of("router "), "zebra ospfd");
}

static void programs_that_cannot_be_are_refused_with_their_place(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    bool allowed[FRR_PROGRAMS] = {[FRR_ZEBRA] = true, [FRR_OSPFD] = true, [FRR_BGPD] = true};
    assert_int_equal(frr_programs_check("router bgp 1\nrouter ospf\n segment-routing on\n",
                                        "/x/f.conf", allowed, "isn't here", &err),
                     0);
    assert_int_equal(frr_programs_check("router bgp 1\n  router rip\nmpls ldp\nsegment-routing\n",
                                        "/x/f.conf", allowed, "isn't here", &err),
                     -EINVAL);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    assert_true(err.located);
    assert_string_equal(err.text,
                        "/x/f.conf:2:3: \"router rip\" is for ripd, which isn't here\n"
                        "/x/f.conf:3:1: \"mpls ldp\" is for ldpd, which isn't here\n"
                        "/x/f.conf:4:1: \"segment-routing\" is for pathd, which isn't here");
    error_clear(&err);
}

static void refusals_are_limited(void **state)
{
    (void)state;
    struct error err = ERROR_INIT;
    bool allowed[FRR_PROGRAMS] = {[FRR_ZEBRA] = true};
    char config[2048] = "";
    for (size_t i = 0; i < 100; i++) {
        strcat(config, "ip route 1 2\n");
    }
    assert_int_equal(frr_programs_check(config, "f", allowed, "isn't here", &err), -EINVAL);
    assert_non_null(strstr(err.text, "\nf: and 92 lines more"));
    assert_true(strlen(err.text) < 1000);
    error_clear(&err);
}

static void ipv6_is_needed_where_it_is_used(void **state)
{
    (void)state;
    assert_true(frr_needs_ipv6("ipv6 route 2001:db8::/32 eth1\n"));
    assert_true(frr_needs_ipv6("interface eth0\n ipv6 ospf6 area 0\n"));
    assert_true(frr_needs_ipv6("router bgp 1\n address-family ipv6 unicast\n"));
    assert_false(frr_needs_ipv6("no ipv6 forwarding\n! ipv6 route\nrouter ospf\n"));
    assert_true(bird_needs_ipv6("protocol static { ipv6; route 2001:db8::/32 blackhole; }"));
    assert_true(bird_needs_ipv6("ipv6"));
    assert_false(bird_needs_ipv6("# ipv6\n/* ipv6 */ protocol static ipv6x { ipv4; }"));
    assert_false(bird_needs_ipv6("/* ipv6"));
    assert_false(bird_needs_ipv6(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zebra_and_ospfd_always_run),
        cmocka_unit_test(lines_start_the_program_that_they_are_for),
        cmocka_unit_test(remarks_and_longer_words_start_nothing),
        cmocka_unit_test(programs_that_cannot_be_are_refused_with_their_place),
        cmocka_unit_test(refusals_are_limited),
        cmocka_unit_test(ipv6_is_needed_where_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
