// SPDX-License-Identifier: GPL-3.0-or-later
// tests of platform/libvirt/ — weights and caps in libvirt's units and back; interfaces and
// consoles by domain XML.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "linux/quota.h"
#include "machine/libvirt/interfaces.h"
#include "machine/libvirt/scheduler.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

static void test_weights_v1(void **state)
{
    (void)state;
    assert_int_equal(scheduler_shares(SHARES_V1, 256), 1024); // the kernel's default
    for (unsigned weight = 1; weight <= 65535; weight++) {
        assert_int_equal(scheduler_weight(SHARES_V1, scheduler_shares(SHARES_V1, weight)), weight);
    }
    assert_int_equal(scheduler_weight(SHARES_V1, 262144), 65535);
    assert_int_equal(scheduler_weight(SHARES_V1, 2), 1);
}

static void test_weights_v2(void **state)
{
    (void)state;
    assert_int_equal(scheduler_shares(SHARES_V2, 256), 100); // the kernel's default
    assert_int_equal(scheduler_shares(SHARES_V2, 1), 1);
    assert_int_equal(scheduler_weight(SHARES_V2, 100), 256);
    assert_int_equal(scheduler_weight(SHARES_V2, 10000), 25600);
    assert_int_equal(scheduler_shares(SHARES_V2, 25600), 10000);
    assert_int_equal(scheduler_shares(SHARES_V2, 26000), 0); // more than there is
    // A weight that was read back and set again is the same.
    for (unsigned weight = 1; weight <= 25600; weight++) {
        uint64_t shares = scheduler_shares(SHARES_V2, weight);
        unsigned back = scheduler_weight(SHARES_V2, shares);
        assert_int_equal(scheduler_shares(SHARES_V2, back), shares);
        assert_in_range(back + 2, weight, weight + 4);
    }
}

static void test_caps(void **state)
{
    (void)state;
    assert_true(scheduler_cap(20000, 100000) == 20.0);
    assert_true(scheduler_cap(150000, 100000) == 150.0);
    assert_true(scheduler_cap(1000, 8000) == 12.5);
    assert_true(scheduler_cap(-1, 100000) == 0.0);
    assert_true(scheduler_cap(0, 100000) == 0.0);
    assert_true(scheduler_cap(17592186044415, 100000) == 0.0);
    assert_true(scheduler_cap(50000, 0) == 50.0); // the kernel's usual period
}

// Everything set is read back, and neither quota nor period is one that the kernel refuses.
static void test_periods(void **state)
{
    (void)state;
    for (unsigned cap = 1; cap <= 6400; cap++) {
        uint64_t period_us = quota_machine_period_us(cap);
        uint64_t quota_us = cap * (period_us / 100);
        assert_true(scheduler_cap((int64_t)quota_us, period_us) == (double)cap);
        assert_in_range(quota_us, 1000, 10000000);
        assert_in_range(period_us, 1000, cap < 10 ? 100000 : 10000);
    }
}

static void test_interfaces(void **state)
{
    (void)state;
    static const char xml[] =
        "<domain type='qemu'><name>r</name><interface><target dev='not-a-device'/></interface>"
        "<devices><interface type='ethernet'><mac address='52:54:00:00:00:01'/>"
        "<target dev='vif3.0'/></interface>"
        "<interface type='network'><mac address='52:54:00:00:00:02'/><target dev=''/></interface>"
        "<interface type='user'/><disk><target dev='vda'/></disk>"
        "<serial type='pty'><alias name='serial0'/></serial></devices></domain>";
    struct interface_names names = {0};
    assert_int_equal(interfaces_of_xml(xml, &names, NULL), 0);
    assert_int_equal(names.count, 2);
    assert_string_equal(names.items[0], "vif3.0");
    assert_string_equal(names.items[1], "52:54:00:00:00:02");
    interface_names_clear(&names);
    char *alias = console_of_xml(xml);
    assert_string_equal(alias, "serial0");
    free(alias);
}

static void test_odd_xml(void **state)
{
    (void)state;
    static const char *const nothing[] = {"<domain/>", "<domain><devices/></domain>",
                                          "<other><devices><interface><target dev='x'/></interface>"
                                          "</devices></other>"};
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        struct interface_names names = {0};
        assert_int_equal(interfaces_of_xml(nothing[i], &names, NULL), 0);
        assert_int_equal(names.count, 0);
        assert_null(console_of_xml(nothing[i]));
    }
    static const char *const broken[] = {"", "<domain", "no XML"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct interface_names names = {0};
        struct error err = ERROR_INIT;
        assert_true(interfaces_of_xml(broken[i], &names, &err) < 0);
        assert_non_null(err.text);
        error_clear(&err);
        assert_null(console_of_xml(broken[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_v1), cmocka_unit_test(test_weights_v2),
        cmocka_unit_test(test_caps),       cmocka_unit_test(test_periods),
        cmocka_unit_test(test_interfaces), cmocka_unit_test(test_odd_xml),
    };
    return cmocka_run_group_tests_name("libvirt_parts", tests, NULL, NULL);
}
