// SPDX-License-Identifier: GPL-3.0-or-later
// tests of scenario/fit — which scenarios a standing testbed can be measured with.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "scenario/fit.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "scenario_text.h"

static const char base[] =
    "name: a\nhost: { cpus: 1 }\n"
    "routers: { r1: { memory: 64 MiB, sysctl: { net.a: 1 }, run: [a b] }, r2: }\n"
    "networks: { NET0: { routers: [r1, r2] }, NET1: { router: r1, vlan: 7 } }\n"
    "traffic: { lengths: [64], rates: { pps: [1000] }, engine: packet }\n";

// The misfit of the base with one text in it replaced.
static char *misfit_with(const char *before, const char *after)
{
    const char *at = strstr(base, before);
    assert_non_null(at);
    _cleanup_free_ char *text =
        text_format("%.*s%s%s", (int)(at - base), base, after, at + strlen(before));
    _cleanup_scenario_ struct scenario *standing = parse_good(base);
    _cleanup_scenario_ struct scenario *wanted = parse_good(text);
    return scenario_misfit(standing, wanted);
}

static void what_is_not_built_may_differ(void **state)
{
    (void)state;
    static const char *const same[][2] = {
        {"name: a", "name: b"},
        {"lengths: [64]", "lengths: [128, 256]"},
        {"pps: [1000]", "pps: [1, 2]"},
        {"engine: packet", "engine: packet, duration: 2 s, repeats: 3"},
        {"memory: 64 MiB", "memory: 64 MiB, weight: 3, cap: 20"},
        {"host: {", "topologies: [bridged]\nhost: { weight: 9,"},
        {"vlan: 7", "vlan: 7, share: 2"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        _cleanup_free_ char *why = misfit_with(same[i][0], same[i][1]);
        if (why != NULL) {
            fail_msg("%s: %s", same[i][1], why);
        }
    }
}

static void what_is_built_must_agree(void **state)
{
    (void)state;
    static const char *const other[][3] = {
        {"cpus: 1", "cpus: 2", "host: cpus is 1 in the testbed and 2 in the scenario"},
        {"64 MiB", "65 MiB", "router r1: memory is 67108864"},
        {"net.a: 1", "net.a: 2", "router r1: run or sysctl differ"},
        {"[a b]", "[a c]", "router r1: run or sysctl differ"},
        {"[r1, r2]", "[r2, r1]", "network NET0: its path is r1, r2 in the testbed and r2, r1 in"},
        {"vlan: 7", "vlan: 8", "network NET1: vlan is 7"},
        {"vlan: 7", "vlan: 7, directions: both", "network NET1: its directions differ"},
        {"NET1", "NET2", "network NET1 where the scenario has network NET2"},
        {", NET1: { router: r1, vlan: 7 }", "", "number of networks is 2 in the testbed and 1"},
    };
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        _cleanup_free_ char *why = misfit_with(other[i][0], other[i][1]);
        if (why == NULL || strstr(why, other[i][2]) == NULL) {
            fail_msg("%s: %s", other[i][1], why == NULL ? "fits" : why);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_built_may_differ),
        cmocka_unit_test(what_is_built_must_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
