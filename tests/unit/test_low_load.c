// SPDX-License-Identifier: GPL-3.0-or-later
// tests of measure/low_load — the likely cause of losses at a low load.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "measure/low_load.h"

#include <cmocka.h>

struct made_up {
    struct network_result network;
    struct drop_result drops[3];
    struct processor_result processors[2];
    struct other_result other;
    struct cpu_result cpu;
    struct point point;
};

// 300 packets, of which 12 were lost, in an undisturbed trial.
static void make_trial(struct made_up *made, char *topology)
{
    *made = (struct made_up){
        .network = {.tx = 300, .rx = 288, .lost = 12},
        .drops = {{"r1t3:eth0 receive ring", 4}, {"unexplained", 1}, {"host:br0", 7}},
        .processors = {{.cpu = 0}, {.cpu = 1}},
        .other = {"cc1", 815, 52},
        .cpu = {.name = "r1t3", .percent = 9.5, .cap = 10},
    };
    made->point = (struct point){.topology = topology,
                                 .networks = &made->network,
                                 .network_count = 1,
                                 .drops = made->drops,
                                 .drop_count = 3,
                                 .processors = made->processors,
                                 .processor_count = 2};
}

static void assert_cause(const struct made_up *made, const char *wanted)
{
    _cleanup_free_ char *text = low_load_cause(&made->point, 1000);
    assert_string_equal(text, wanted);
}

#define LOST                                                                                       \
    "lost 12 of 300 packets at 1,000 packets/s (host:br0 7, r1t3:eth0 receive ring 4); likely "    \
    "cause: "

static void test_losses_without_disturbance_are_the_devices(void **state)
{
    (void)state;
    struct made_up made;
    make_trial(&made, "bridged");
    assert_cause(&made, LOST "no disturbance was seen: the device under test loses packets at any "
                             "load");
    make_trial(&made, "direct");
    assert_cause(&made,
                 LOST "no disturbance was seen: the interfaces or the tester of this machine "
                      "lose packets");
}

static void test_disturbances_are_named(void **state)
{
    (void)state;
    struct made_up made;
    make_trial(&made, "bridged");
    made.processors[1].steal_percent = 12;
    made.processors[0].stalls = (struct stall_summary){true, 3, 30000000, 21500000};
    made.point.others = &made.other;
    made.point.other_count = 1;
    made.point.cpu = &made.cpu;
    made.point.cpu_count = 1;
    assert_cause(&made, LOST "the hypervisor took 12 % of CPU 1 (steal), CPU 0 was away for 21.5 "
                             "ms (a stall), cc1 (pid 815) used 52 % of a CPU, r1t3 used its cap of "
                             "10 %");
}

// The undisturbed counts are those outside the stalls.
static void test_stall_does_not_explain_undisturbed_losses(void **state)
{
    (void)state;
    struct made_up made;
    make_trial(&made, "bridged");
    made.processors[0].stalls = (struct stall_summary){true, 3, 30000000, 21500000};
    made.point.has_left_out = true;
    made.network.undisturbed = (struct undisturbed_result){true, 200, 190, 10};
    assert_cause(&made, LOST "no disturbance was seen: the device under test loses packets at any "
                             "load");
}

static void test_trial_without_figures_gives_its_reason(void **state)
{
    (void)state;
    struct point point = {.topology = "bridged", .why_invalid = "a router died"};
    _cleanup_free_ char *text = low_load_cause(&point, 100);
    assert_string_equal(text, "nothing was measured at 100 packets/s: a router died");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses_without_disturbance_are_the_devices),
        cmocka_unit_test(test_disturbances_are_named),
        cmocka_unit_test(test_stall_does_not_explain_undisturbed_losses),
        cmocka_unit_test(test_trial_without_figures_gives_its_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
