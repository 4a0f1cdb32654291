// SPDX-License-Identifier: GPL-3.0-or-later
// tests of machine/machine and machine/catalogue — each row has the functions that its traits
// promise and no others; names find their platforms.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "machine/catalogue.h"
#include "machine/machine.h"
#include "version.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

static const struct machine_ops *const rows[] = {
    &machine_netns,
#if HAVE_LIBVIRT
    &machine_lxc,   &machine_qemu, &machine_other,
#endif
#if HAVE_XEN
    &machine_xen,
#endif
};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

#define ASSERT_THERE_IF(condition, function) assert_int_equal((condition), (function) != NULL)

static void rows_have_what_their_traits_promise(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct machine_ops *ops = rows[i];
        unsigned can = ops->traits.can;
        bool makes = (can & CAN_MAKE) != 0;
        bool routes = (can & CAN_ROUTE) != 0;
        bool virtual = ops->traits.kind == PLATFORM_MACHINES;
        ASSERT_THERE_IF((can & CAN_TAKE_PCI) != 0, ops->takes_pci);
        ASSERT_THERE_IF((can & CAN_SAY_END) != 0, ops->ended);
        ASSERT_THERE_IF(makes && virtual, ops->await);
        ASSERT_THERE_IF(makes && virtual, ops->memory);
        ASSERT_THERE_IF(routes, ops->start_daemon);
        ASSERT_THERE_IF(routes, ops->leads_to);
        ASSERT_THERE_IF(routes, ops->daemon_words);
        ASSERT_THERE_IF(routes && (can & CAN_HOLD_DAEMON) == 0, ops->daemon_memory);
        ASSERT_THERE_IF((can & CAN_RATION) != 0, ops->set_allocation);
        ASSERT_THERE_IF((can & CAN_RATION) != 0, ops->get_allocation);
        ASSERT_THERE_IF((can & CAN_RATION) != 0, ops->allocated_by);
        ASSERT_THERE_IF((can & CAN_RATION_HOST) != 0, ops->times);
        ASSERT_THERE_IF((can & CAN_RATION_HOST) != 0, ops->set_host_allocation);
        ASSERT_THERE_IF((can & CAN_RATION_HOST) != 0, ops->get_host_allocation);
        ASSERT_THERE_IF((can & CAN_LIST) != 0, ops->others);
        if ((can & CAN_MAKE) == 0) {
            assert_null(ops->make);
            continue;
        }
        assert_true(ops->open != NULL && ops->close != NULL && ops->check != NULL);
        assert_true(ops->make != NULL && ops->end != NULL && ops->reboot != NULL);
        assert_true(ops->note != NULL && ops->recall != NULL && ops->release != NULL);
        assert_true(ops->clean_up != NULL && ops->watch != NULL && ops->console != NULL);
        assert_true(ops->usage != NULL && ops->counters != NULL && ops->facts != NULL &&
                    ops->is_forwarding != NULL);
    }
}

static void rows_agree_with_the_catalogue(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct catalogue_platform *known = NULL;
        for (size_t k = 0; k < machine_catalogue.platform_count; k++) {
            const struct catalogue_platform *row = &machine_catalogue.platforms[k];
            known = strcmp(row->name, rows[i]->traits.name) == 0 ? row : known;
        }
        assert_non_null(known);
        assert_int_equal(known->kind, rows[i]->traits.kind);
        assert_int_equal(known->host != NULL, (rows[i]->traits.can & CAN_RATION_HOST) != 0);
    }
}

static void names_find_their_platforms(void **state)
{
    static const struct {
        const char *name;
        enum platform_kind kind;
        enum port_kind port;
        bool host;
    } cases[] = {
        {"netns", PLATFORM_NAMESPACES, PORT_VETH, false},
#if HAVE_LIBVIRT
        {"lxc:///", PLATFORM_CONTAINERS, PORT_VETH, false},
        {"lxc+ssh://localhost/", PLATFORM_CONTAINERS, PORT_VETH, false},
        {"qemu:///system", PLATFORM_MACHINES, PORT_TAP, false},
        {"qemu+ssh://localhost/system", PLATFORM_MACHINES, PORT_TAP, false},
#endif
#if HAVE_XEN
        {"xen", PLATFORM_MACHINES, PORT_NETBACK, true},
#endif
        {"xen:///system", PLATFORM_MACHINES, PORT_NONE, false},
        {"esx://host/", PLATFORM_MACHINES, PORT_NONE, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct platform_facts facts;
        platform_facts_of_name(cases[i].name, &facts);
        assert_int_equal(facts.kind, cases[i].kind);
        platform_facts_clear(&facts);
        assert_int_equal(platform_port(cases[i].name), cases[i].port);
        assert_int_equal(platform_runs_host(cases[i].name), cases[i].host);
    }
}

static void unknown_names_are_bad_input_and_others_lack(void **state)
{
    (void)state;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_true(platform_check("vmware", &err) < 0);
    assert_int_equal(err.exit_status, EXIT_INPUT);
    error_clear(&err);
    assert_true(platform_check("esx://host/", &err) < 0);
    assert_int_equal(err.exit_status, EXIT_LACKING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_have_what_their_traits_promise),
        cmocka_unit_test(rows_agree_with_the_catalogue),
        cmocka_unit_test(names_find_their_platforms),
        cmocka_unit_test(unknown_names_are_bad_input_and_others_lack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
