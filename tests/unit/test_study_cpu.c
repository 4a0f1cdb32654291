// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of measure/study_cpu — CPU figures that are read over SNMP replace a point's own.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "measure/study_cpu.h"

#include <cmocka.h>

static struct cpu_result party(const char *name, double percent)
{
    struct cpu_result cpu = {.name = text_copy(name),
                             .percent = percent,
                             .has_within = true,
                             .within = 3.0,
                             .has_ns_per_packet = true,
                             .ns_per_packet = 700.0,
                             .cap = 40,
                             .parts = memory_new_array(struct cpu_part_result, 2),
                             .part_count = 2};
    cpu.parts[0] = (struct cpu_part_result){text_copy("vcpu0"), percent - 5.0};
    cpu.parts[1] = (struct cpu_part_result){text_copy("emulator"), 5.0};
    return cpu;
}

static void make_point(struct point *ret)
{
    *ret = (struct point){.cpu = memory_new_array(struct cpu_result, 3), .valid = true};
    ret->cpu[ret->cpu_count++] = party("host", 20.0);
    ret->cpu[ret->cpu_count++] = party("r1", 30.0);
    ret->cpu[ret->cpu_count++] = party("tester", 90.0);
}

// The parts of the counters do not sum to the figure that is read, nor is it as uncertain.
static void test_figures_that_are_read_have_no_parts(void **state)
{
    (void)state;
    struct xen_stats stats = {NULL, 0};
    xen_stats_add(&stats, XEN_STATS_HOST)->cpu_percent = 22.5;
    xen_stats_add(&stats, "r1")->cpu_percent = 31.5;
    struct point point;
    make_point(&point);
    study_cpu_replace(&stats, NULL, &point);
    assert_true(point.valid && point.cpu_count == 3 && point.cpu_total_percent == 54.0);
    assert_string_equal(point.method, "study");
    for (size_t i = 0; i < 2; i++) {
        const struct cpu_result *cpu = &point.cpu[i];
        assert_true(cpu->percent == (i == 0 ? 22.5 : 31.5) && cpu->cap == 40);
        assert_true(cpu->part_count == 0 && !cpu->has_within && !cpu->has_ns_per_packet);
    }
    assert_true(point.cpu[2].percent == 90.0 && point.cpu[2].part_count == 2);
    point_clear(&point);
    xen_stats_clear(&stats);
}

static void test_unread_party_is_removed(void **state)
{
    (void)state;
    struct xen_stats stats = {NULL, 0};
    xen_stats_add(&stats, XEN_STATS_HOST)->cpu_percent = 22.5;
    struct point point;
    make_point(&point);
    study_cpu_replace(&stats, NULL, &point);
    assert_int_equal(point.cpu_count, 2);
    assert_string_equal(point.cpu[1].name, "tester");
    assert_false(point.valid);
    assert_string_equal(point.why_invalid,
                        "CPU of r1 is unknown: the SNMP reading does not contain it");
    point_clear(&point);
    xen_stats_clear(&stats);
}

static void test_without_a_reading_only_the_tester_is_left(void **state)
{
    (void)state;
    const struct xen_stats stats = {NULL, 0};
    struct point point;
    make_point(&point);
    study_cpu_replace(&stats, "no answer", &point);
    assert_true(point.cpu_count == 1 && point.cpu_total_percent == 0.0);
    assert_non_null(strstr(point.why_invalid, "CPU of host is unknown: no answer"));
    point_clear(&point);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figures_that_are_read_have_no_parts),
        cmocka_unit_test(test_unread_party_is_removed),
        cmocka_unit_test(test_without_a_reading_only_the_tester_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
