// SPDX-License-Identifier: GPL-3.0-or-later
// tests of face/top and report/top_text — figures between two readings of machines, including
// machines that started, ended or restarted in between; the table at every width; and the JSON.
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "report/top_text.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#define S(number) ((uint64_t)(number)*NS_PER_S)

static struct foreign_machine machine(const char *name, const char *uuid, unsigned id,
                                      uint64_t cpu_ns, uint64_t read_ns)
{
    struct foreign_machine made = {.name = (char *)name,
                                   .has_id = true,
                                   .id = id,
                                   .state = FOREIGN_RUNNING,
                                   .memory_bytes = 64ULL << 20,
                                   .memory_max_bytes = 128ULL << 20,
                                   .vcpus = 2,
                                   .cpu_ns = cpu_ns,
                                   .read_ns = read_ns};
    snprintf(made.uuid, sizeof made.uuid, "%s", uuid);
    return made;
}

static struct top made(struct foreign_machine *before, size_t before_count,
                       struct foreign_machine *after, size_t after_count)
{
    struct foreign_list then = {.items = before, .count = before_count, .began_ns = S(10)};
    struct foreign_list now = {.items = after,
                               .count = after_count,
                               .began_ns = S(14),
                               .host_memory_bytes = 1ULL << 30,
                               .host_cpus = 2};
    struct top top;
    top_of_machines(&then, &now, &top);
    top.platform = text_copy("test:///x");
    return top;
}

static void test_percent(void **state)
{
    (void)state;
    struct foreign_machine before[] = {machine("a", "A", 1, S(5), S(10)),
                                       machine("b", "B", 2, S(50), S(10)),
                                       machine("d", "D", 4, S(9), S(10))};
    struct foreign_machine after[] = {machine("a", "A", 1, S(7), S(14)),  // 2 s of 4
                                      machine("b", "B", 7, S(1), S(14)),  // restarted since
                                      machine("c", "C", 3, S(6), S(14)),  // came since: 6 s of 4
                                      machine("d", "D", 4, S(8), S(14))}; // its clock went back
    struct top top = made(before, 3, after, 4);
    const double wanted[] = {50.0, 25.0, 150.0, 0.0};
    assert_int_equal(top.count, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(top.items[i].has_percent);
        assert_true(top.items[i].percent > wanted[i] - 1e-9 &&
                    top.items[i].percent < wanted[i] + 1e-9);
    }
    top_sort(&top, TOP_PERCENT);
    assert_string_equal(top.items[0].name, "c");
    assert_string_equal(top.items[3].name, "d");
    top_sort(&top, TOP_NAME);
    assert_string_equal(top.items[0].name, "a");
    top_clear(&top);
}

static void test_states(void **state)
{
    (void)state;
    static const struct {
        enum foreign_state state;
        const char *letters;
    } wanted[] = {
        {FOREIGN_RUNNING, "-----r"},   {FOREIGN_BLOCKED, "--b---"}, {FOREIGN_PAUSED, "----p-"},
        {FOREIGN_STOPPING, "-s----"},  {FOREIGN_STOPPED, "-s----"}, {FOREIGN_CRASHED, "---c--"},
        {FOREIGN_SUSPENDED, "----p-"}, {FOREIGN_UNKNOWN, "------"}, {FOREIGN_RUNNABLE, "------"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        struct foreign_machine one = machine("a", "A", 1, 0, S(14));
        one.state = wanted[i].state;
        struct top top = made(NULL, 0, &one, 1);
        assert_string_equal(top.items[0].letters, wanted[i].letters);
        top_clear(&top);
    }
}

static size_t characters(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return count;
}

static struct top two_machines(void)
{
    static struct named_counters networks[] = {{.name = (char *)"vnet0",
                                                .counters = {.rx_bytes = 8832,
                                                             .rx_packets = 105,
                                                             .rx_dropped = 1702,
                                                             .tx_bytes = 5004972,
                                                             .tx_packets = 27142}}};
    struct foreign_machine after[] = {machine("r1t3", "A", 1, S(93), S(14)),
                                      machine("gr\xc3\xb6\xc3\x9f"
                                              "er-als-alles-andere-hier\x1b[31m",
                                              "B", 2, S(9), S(14))};
    after[0].has_networks = true;
    after[0].networks = networks;
    after[0].network_count = 1;
    return made(NULL, 0, after, 2);
}

static void test_whole_table(void **state)
{
    (void)state;
    struct top top = two_machines();
    free(top.items[1].name);
    top.items[1].name = text_copy("r2");
    _cleanup_top_lines_ struct top_lines lines = {0};
    top_lines_make(&top, 0, TOP_NETWORKS, &lines);
    assert_int_equal(lines.count, 4);
    assert_string_equal(
        lines.items[0],
        "      NAME  STATE   CPU(sec) CPU(%)     MEM(k) MEM(%)  MAXMEM(k) MAXMEM(%) "
        "VCPUS NETS NETTX(k) NETRX(k)");
    assert_string_equal(
        lines.items[1],
        "      r1t3 -----r         93 2325.0      65536    6.2     131072      12.5 "
        "    2    1     4887        8");
    assert_string_equal(lines.items[2],
                        "Net0 RX:     8832bytes      105pkts        0err     1702drop  TX:  "
                        "5004972bytes    27142pkts        0err        0drop  vnet0");
    assert_string_equal(
        lines.items[3],
        "        r2 -----r          9  225.0      65536    6.2     131072      12.5 "
        "    2  n/a      n/a      n/a");
    top_clear(&top);
}

// However long the figures of one network are, those of all stand below each other.
static void test_networks_stand_below_each_other(void **state)
{
    (void)state;
    struct top top = two_machines();
    struct named_counters *networks = top.items[0].networks;
    top.items[1].networks = networks; // as if it had the same, of less traffic
    struct named_counters longer[11];
    for (size_t i = 0; i < 11; i++) {
        longer[i] = networks[0];
        longer[i].counters.rx_bytes = i == 10 ? 123456789012345 : 7;
        longer[i].counters.tx_packets = i == 3 ? 9876543210 : 1;
    }
    top.items[0].networks = longer;
    top.items[0].network_count = 11;
    for (unsigned width = 100; width <= 220; width += 120) {
        _cleanup_top_lines_ struct top_lines lines = {0};
        top_lines_make(&top, width, TOP_NETWORKS, &lines);
        size_t at[3] = {0};
        for (size_t i = 0; i < lines.count; i++) {
            const char *marks[] = {strstr(lines.items[i], "RX:"), strstr(lines.items[i], "pkts"),
                                   strstr(lines.items[i], "TX:")};
            for (size_t k = 0; k < 3; k++) {
                size_t place = marks[k] == NULL ? 0 : (size_t)(marks[k] - lines.items[i]);
                bool second = marks[0] == NULL; // of two lines
                if (marks[k] != NULL && !(second && k == 1)) {
                    assert_true(at[k] == 0 || at[k] == place);
                    at[k] = place;
                }
            }
        }
        assert_true(at[0] > 0 && at[1] > 0 && at[2] > 0);
    }
    top.items[0].networks = networks;
    top.items[0].network_count = 1;
    top.items[1].networks = NULL;
    top_clear(&top);
}

// At no width is a line wider, has a control character, or is CPU(%) missing where it fits.
static void test_widths(void **state)
{
    (void)state;
    struct top top = two_machines();
    for (unsigned width = 1; width <= 200; width++) {
        _cleanup_top_lines_ struct top_lines lines = {0};
        top_lines_make(&top, width, TOP_NETWORKS, &lines);
        assert_true(lines.count >= 4);
        for (size_t i = 0; i < lines.count; i++) {
            assert_true(width < 10 || characters(lines.items[i]) <= width);
            assert_null(strchr(lines.items[i], '\x1b'));
        }
        if (width >= 12) {
            assert_non_null(strstr(lines.items[0], "CPU(%)"));
        }
        if (width >= 140) {
            assert_non_null(strstr(lines.items[0], "MAXMEM(%)"));
        }
        if (width >= 100) {
            assert_non_null(strstr(lines.items[0], "NETRX(k)"));
        }
    }
    top_clear(&top);
}

static void test_json(void **state)
{
    (void)state;
    struct top top = two_machines();
    free(top.items[1].name);
    top.items[1].name = text_copy("r2");
    char *text = top_json(&top, TOP_NETWORKS);
    assert_null(strchr(text, '\n'));
    json_t *whole = json_loads(text, 0, NULL);
    assert_non_null(whole);
    const json_t *machines = json_object_get(whole, "machines");
    assert_int_equal(json_array_size(machines), 2);
    const json_t *one = json_array_get(machines, 0);
    const json_t *other = json_array_get(machines, 1);
    assert_int_equal(json_integer_value(json_object_get(one, "tx_bytes")), 5004972);
    assert_int_equal(json_array_size(json_object_get(one, "networks")), 1);
    assert_null(json_object_get(other, "tx_bytes")); // unknown is not 0
    assert_null(json_object_get(one, "testbed"));
    assert_string_equal(json_string_value(json_object_get(other, "state")), "running");
    json_decref(whole);
    free(text);
    top_clear(&top);
}

// The vCPUs of a machine, and what all machines use of the computer where the host is one of them.
static void test_vcpus(void **state)
{
    (void)state;
    struct foreign_vcpu then[] = {{true, S(1)}, {true, S(3)}};
    struct foreign_vcpu now[] = {{true, S(2)}, {true, S(6)}, {false, 0}};
    struct foreign_machine before = machine("Domain-0", "A", 0, S(4), S(10));
    struct foreign_machine after[] = {machine("Domain-0", "A", 0, S(8), S(14)),
                                      machine("r1", "B", 1, S(1), S(14))};
    before.vcpu_times = then;
    before.vcpu_time_count = 2;
    after[0].vcpu_times = now;
    after[0].vcpu_time_count = 3;
    struct foreign_list earlier = {.items = &before, .count = 1, .began_ns = S(10)};
    struct foreign_list later = {.items = after,
                                 .count = 2,
                                 .began_ns = S(14),
                                 .host_included = true,
                                 .hypervisor_bytes = 40ULL << 20,
                                 .host_cpus = 2};
    struct top top;
    top_of_machines(&earlier, &later, &top);
    top.platform = text_copy("xen");
    assert_int_equal(top.items[0].vcpu_time_count, 3);
    assert_true(top.items[0].vcpu_times[0].percent == 25.0);
    assert_true(top.items[0].vcpu_times[1].percent == 75.0);
    assert_int_equal(top.items[1].vcpu_time_count, 0);
    assert_true(top.has_total && top.total_percent == 125.0);
    struct top_lines lines = {0};
    top_lines_make(&top, 0, TOP_VCPUS, &lines);
    assert_int_equal(lines.count, 4); // no line for unknown values
    assert_string_equal(lines.items[2], "VCPUs:  0: 2s 25.0%  1: 6s 75.0%  2: offline");
    top_lines_clear(&lines);
    top_lines_make(&top, 30, TOP_VCPUS, &lines);
    assert_int_equal(lines.count, 6);
    assert_string_equal(lines.items[3], "        1: 6s 75.0%");
    top_lines_clear(&lines);
    char *text = top_json(&top, TOP_VCPUS);
    json_t *whole = json_loads(text, 0, NULL);
    const json_t *machines = json_object_get(whole, "machines");
    assert_int_equal(json_integer_value(json_object_get(whole, "hypervisor_memory_bytes")),
                     40 << 20);
    assert_true(json_number_value(json_object_get(whole, "cpu_total_percent")) == 125.0);
    assert_int_equal(json_array_size(json_object_get(json_array_get(machines, 0), "vcpu_times")),
                     3);
    assert_null(json_object_get(json_array_get(machines, 1), "vcpu_times"));
    json_decref(whole);
    free(text);
    top_clear(&top);
}

static void test_orders(void **state)
{
    (void)state;
    for (unsigned i = 0; i < TOP_ORDERS; i++) {
        assert_int_equal(top_order_by_name(top_order_name((enum top_order)i)), i);
    }
    assert_int_equal(top_order_by_name("colour"), TOP_ORDERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_percent),     cmocka_unit_test(test_states),
        cmocka_unit_test(test_whole_table), cmocka_unit_test(test_networks_stand_below_each_other),
        cmocka_unit_test(test_widths),      cmocka_unit_test(test_json),
        cmocka_unit_test(test_vcpus),       cmocka_unit_test(test_orders),
    };
    return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
