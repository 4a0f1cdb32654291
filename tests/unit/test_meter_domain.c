// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of measure/meter_domain — a host that is a domain of a hypervisor, with the tester in it:
 * whose the domain's time is.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "measure/meter_domain.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define NS 1e9

#define near(got, wanted) assert_true(fabs((got) - (wanted)) < 1.0)

static void test_tester_has_cpus_of_its_own(void **state)
{
    (void)state;
    // Its kernel charged it with what another domain ran for, too: it got no more than its CPUs
    // did.
    struct domain_split split = domain_split(0.7 * NS, 0.9 * NS, 0.4 * NS, 0.5 * NS);
    near(split.tester_ns, 0.4 * NS);
    near(split.host_ns, 0.3 * NS);
    near(split.within_ns, 0.0);
    // Others use its CPUs as well: that is the host's work.
    split = domain_split(0.7 * NS, 0.1 * NS, 0.4 * NS, 0.0);
    near(split.tester_ns, 0.1 * NS);
    near(split.host_ns, 0.6 * NS);
}

static void test_tester_shares_them(void **state)
{
    (void)state;
    // Nothing was stolen: what was charged is right.
    struct domain_split split = domain_split(0.6 * NS, 0.2 * NS, INFINITY, 0.0);
    near(split.tester_ns, 0.2 * NS);
    near(split.host_ns, 0.4 * NS);
    near(split.within_ns, 0.0);
    // 0.6 were got and 0.4 stolen; of 0.5 charged, 0.1 to 0.5 were really got.
    split = domain_split(0.6 * NS, 0.5 * NS, INFINITY, 0.4 * NS);
    near(split.tester_ns, 0.3 * NS);
    near(split.host_ns, 0.3 * NS);
    near(split.within_ns, 0.2 * NS);
    // Charged with more than the domain got at all: never more than that, never less than nothing.
    split = domain_split(0.5 * NS, 0.9 * NS, INFINITY, 0.5 * NS);
    near(split.tester_ns, 0.45 * NS);
    near(split.host_ns, 0.05 * NS);
    near(split.within_ns, 0.05 * NS);
    split = domain_split(0.0, 0.2 * NS, INFINITY, 0.5 * NS);
    near(split.tester_ns, 0.0);
    near(split.host_ns, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tester_has_cpus_of_its_own),
        cmocka_unit_test(test_tester_shares_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
