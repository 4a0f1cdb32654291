// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/lost_at and report/caps: the sentences of a run about losses and caps.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/caps.h"
#include "report/lost_at.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_points.h"

static void assert_lost(struct point_list points, const char *expected)
{
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(&points, &sweeps);
    assert_true(count > 0);
    _cleanup_free_ char *text = lost_at_text(&sweeps[count - 1]);
    if (expected == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, expected);
    }
    sweeps_free(sweeps, count);
    point_list_clear(&points);
}

static void test_highest_valid_load_is_described(void **state)
{
    (void)state;
    assert_lost(make(one_router, 6), "bridged, 64-byte packets, 4,000 pps offered: lost of NET0 "
                                     "(r1t3) 62 %; where: r1t3:eth0 receive ring 100 %");
    assert_lost(make(two_routers, 3),
                "dedicated, 1500-byte packets, 4,000 pps offered: lost of NET0 (r1t3) 1.0 %, NET1 "
                "(r2t3) 1.0 %; where: r1t3:eth0 receive ring 100 %");
}

static void test_no_loss_has_no_sentence(void **state)
{
    (void)state;
    assert_lost(make(one_router, 2), NULL);
    assert_lost(make(one_router, 4), NULL);
}

static void test_invalid_load_is_called_so(void **state)
{
    (void)state;
    assert_lost(make(&one_router[4], 1),
                "bridged, 64-byte packets, 2,500 pps offered (invalid): lost of NET0 (r1t3) 28 %; "
                "where: r1t3:eth0 receive ring 100 %");
    // Valid points at lower loads lost nothing.
    assert_lost(make(one_router, 5),
                "bridged, 64-byte packets, 2,500 pps offered (invalid): lost of NET0 (r1t3) 28 %; "
                "where: r1t3:eth0 receive ring 100 %");
}

static void test_places_are_named_by_their_part(void **state)
{
    (void)state;
    struct point_list points = make(&one_router[5], 1);
    static const char *const where[] = {"host:nic0 receive ring", "host:br0", "r1t3 IP: no route",
                                        "unexplained"};
    static const uint64_t counts[] = {1500, 125, 750, 125};
    struct point *point = &points.items[0];
    for (size_t i = 0; i < point->drop_count; i++) {
        free(point->drops[i].where);
    }
    free(point->drops);
    point->drops = memory_new_array(struct drop_result, 4);
    point->drop_count = 4;
    for (size_t i = 0; i < 4; i++) {
        point->drops[i] = (struct drop_result){.where = text_copy(where[i]), .count = counts[i]};
    }
    assert_lost(points, "bridged, 64-byte packets, 4,000 pps offered: lost of NET0 (r1t3) 62 %; "
                        "where: host:nic0 receive ring 60 %, r1t3 IP: no route 30 %, host:br0 "
                        "5.0 %, other places 5.0 %");
}

// Sets the cap of the router of each point, and checks the sentence about it.
static void assert_cap(struct point_list points, unsigned cap, const char *expected)
{
    for (size_t i = 0; i < points.count; i++) {
        for (size_t k = 0; k < points.items[i].cpu_count; k++) {
            struct cpu_result *cpu = &points.items[i].cpu[k];
            cpu->cap = text_equal(cpu->name, "r1t3") ? cap : 0;
        }
    }
    struct sweep *sweeps = NULL;
    _cleanup_free_ struct cap_use *caps = NULL;
    size_t count = sweeps_compute(&points, &sweeps);
    assert_int_equal(caps_compute(&sweeps[count - 1], &caps), 1);
    _cleanup_free_ char *text = cap_use_text(&sweeps[count - 1], &caps[0]);
    assert_string_equal(text, expected);
    sweeps_free(sweeps, count);
    point_list_clear(&points);
}

static void test_caps_are_judged_where_more_was_required(void **state)
{
    (void)state;
    assert_cap(make(&one_router[2], 4), 28,
               "bridged, 64-byte packets: the cap of r1t3, 28 % of a CPU, was held: 28.0 % used "
               "where more was required (1 of 3 points, off by at most 0.0)");
    assert_cap(make(&one_router[2], 4), 20,
               "bridged, 64-byte packets: the cap of r1t3, 20 % of a CPU, was not held: 26.5 % "
               "used where more was required (2 of 3 points, off by at most 8.0)");
    assert_cap(make(&one_router[2], 2), 50,
               "bridged, 64-byte packets: the cap of r1t3, 50 % of a CPU, was not tested: no "
               "undisturbed point required more CPU");
}

// Points in which the cap was set to another value are no evidence for it.
static void test_caps_that_move_are_left_out(void **state)
{
    (void)state;
    struct point_list points = make(&one_router[2], 4);
    struct cpu_result *last = NULL;
    for (size_t i = 0; i < points.count; i++) {
        for (size_t k = 0; k < points.items[i].cpu_count; k++) {
            struct cpu_result *cpu = &points.items[i].cpu[k];
            if (text_equal(cpu->name, "r1t3")) {
                *cpu = (struct cpu_result){
                    .name = cpu->name, .percent = cpu->percent, .weight_end = 256, .cap_end = 0};
                cpu->cap = 20;
                last = cpu;
            }
        }
    }
    struct sweep *sweeps = NULL;
    struct cap_use *caps = NULL;
    size_t count = sweeps_compute(&points, &sweeps);
    assert_int_equal(caps_compute(&sweeps[count - 1], &caps), 0);
    free(caps);
    assert_non_null(last);
    last->weight_end = 0;
    assert_int_equal(caps_compute(&sweeps[count - 1], &caps), 1);
    assert_int_equal(caps->points, 1);
    free(caps);
    sweeps_free(sweeps, count);
    point_list_clear(&points);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_highest_valid_load_is_described),
        cmocka_unit_test(test_no_loss_has_no_sentence),
        cmocka_unit_test(test_invalid_load_is_called_so),
        cmocka_unit_test(test_places_are_named_by_their_part),
        cmocka_unit_test(test_caps_are_judged_where_more_was_required),
        cmocka_unit_test(test_caps_that_move_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
