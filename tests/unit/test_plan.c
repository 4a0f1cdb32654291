// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of testbed/plan — the shipped scenarios' plans against golden files, invariants of every
 * plan, and the division of CPUs.
 *
 * UPDATE_GOLDEN=1 rewrites tests/unit/golden/plan-*.txt; look at the difference before keeping it.
 *
 * Runs beside others: it computes only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "testbed/plan.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "golden.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// CPUs `first`, `first` + `step`, …
static struct cpu_list cpus(unsigned first, unsigned step, size_t count)
{
    struct cpu_list list = {.count = count};
    for (size_t i = 0; i < count; i++) {
        list.cpus[i] = first + step * (unsigned)i;
    }
    return list;
}

static struct scenario *parse(const char *text, unsigned cpus_online)
{
    struct scenario_problems problems;
    struct scenario *scenario = NULL;
    if (scenario_parse(text, strlen(text), cpus_online, &scenario, &problems) < 0) {
        fail_msg("%u:%u: %s", problems.items[0].line, problems.items[0].column,
                 problems.items[0].text);
    }
    scenario_problems_clear(&problems);
    return scenario;
}

static struct plan *make(const struct scenario *scenario, enum topology topology,
                         const struct cpu_list *usable)
{
    _cleanup_error_ struct error err = ERROR_INIT;
    struct plan *plan = NULL;
    if (plan_make(scenario, topology, usable, &plan, &err) < 0) {
        fail_msg("%s", err.text);
    }
    return plan;
}

// ---- what must hold of any plan

static int key_compare(const void *one, const void *other, void *size)
{
    return memcmp(one, other, *(const size_t *)size);
}

// No two of `count` keys of `size` bytes are equal. Sorts them: large plans have too many pairs to
// compare.
static void assert_distinct(void *keys, size_t count, size_t size)
{
    qsort_r(keys, count, size, key_compare, &size);
    for (size_t i = 1; i < count; i++) {
        const uint8_t *key = (const uint8_t *)keys + i * size;
        assert_true(memcmp(key - size, key, size) != 0);
    }
}

static void assert_names(const struct plan *plan)
{
    struct place {
        size_t node;
        char name[16];
    };
    size_t most = plan->interface_count + plan->bridge_count + plan->node_count;
    _cleanup_free_ struct place *places = memory_new_array(struct place, most);
    _cleanup_free_ uint8_t *macs = memory_new(plan->interface_count + 1, 6);
    _cleanup_free_ int *indexes = memory_new_array(int, most);
    _cleanup_free_ struct ip_address *addresses = memory_new_array(struct ip_address, most);
    size_t address_count = 0;
    for (size_t i = 0; i < plan->interface_count; i++) {
        const struct plan_interface *one = &plan->interfaces[i];
        assert_true(one->node < plan->node_count);
        assert_true(one->name[0] != '\0' && strlen(one->name) <= 15); // IFNAMSIZ - 1
        assert_int_equal(one->mac[0] & 3, 2);                         // local, unicast
        assert_true(one->index > 0);
        assert_true(one->bridge < (int)plan->bridge_count);
        places[i].node = one->node;
        snprintf(places[i].name, sizeof places[i].name, "%s", one->name);
        memcpy(macs + 6 * i, one->mac, 6);
        indexes[i] = one->index;
        if (one->ip.prefix != 0) {
            struct ip_address *address = &addresses[address_count++];
            address->version = one->ip.address.version;
            memcpy(address->bytes, one->ip.address.bytes, ip_size(address->version));
        }
        for (size_t k = 0; k < plan->bridge_count; k++) {
            assert_true(strcmp(one->name, plan->bridges[k].name) != 0);
        }
    }
    assert_distinct(places, plan->interface_count, sizeof *places);
    assert_distinct(macs, plan->interface_count, 6);
    assert_distinct(addresses, address_count, sizeof *addresses);
    for (size_t i = 0; i < plan->bridge_count; i++) {
        indexes[plan->interface_count + i] = plan->bridges[i].index;
        places[i] = (struct place){.node = 0};
        snprintf(places[i].name, sizeof places[i].name, "%s", plan->bridges[i].name);
    }
    assert_distinct(indexes, plan->interface_count + plan->bridge_count, sizeof *indexes);
    assert_distinct(places, plan->bridge_count, sizeof *places);
    for (size_t i = 0; i < plan->node_count; i++) {
        for (size_t k = 0; k < i; k++) {
            assert_true(strcmp(plan->nodes[i].name, plan->nodes[k].name) != 0);
        }
    }
}

static bool one_subnet(const struct ip_interface *a, const struct ip_interface *b)
{
    return a->prefix == b->prefix && !ip_equal(&a->address, &b->address) &&
           ip_agree(&a->address, &b->address, a->prefix);
}

// From source to sink without a gap: each node is left by another interface than it was entered
// by, the host within one bridge, the router from one subnet to another. (Direct, the two ends
// keep their addresses, whose subnets differ.)
static void assert_path(const struct plan *plan, const struct plan_path *path)
{
    const struct plan_interface *left = NULL; // the interface with an address met last
    for (size_t i = 0; i < path->wire_count; i++) {
        const struct plan_wire *wire = &plan->wires[path->wires[i]];
        const struct plan_interface *a = &plan->interfaces[wire->a];
        const struct plan_interface *b = &plan->interfaces[wire->b];
        assert_int_equal(wire->made, a->nic == NULL && b->nic == NULL);
        if (i == 0) {
            assert_int_equal(plan->nodes[a->node].kind, NODE_SOURCE);
        } else {
            size_t entered = plan->wires[path->wires[i - 1]].b;
            const struct plan_interface *entry = &plan->interfaces[entered];
            bool bridged = plan->nodes[a->node].kind == NODE_HOST;
            assert_int_equal(entry->node, a->node);
            assert_true(entered != wire->a);
            assert_int_equal(bridged, a->bridge >= 0);
            assert_int_equal(entry->bridge, a->bridge);
            assert_true(bridged || (plan->nodes[a->node].kind == NODE_ROUTER &&
                                    !one_subnet(&entry->ip, &a->ip)));
        }
        left = a->ip.prefix == 0 ? left : a;
        assert_non_null(left);
        assert_true(b->ip.prefix == 0 ||
                    one_subnet(&left->ip, &b->ip) == (plan->topology != TOPOLOGY_DIRECT));
        assert_true(i + 1 < path->wire_count || plan->nodes[b->node].kind == NODE_SINK);
    }
}

static void assert_sound(const struct plan *plan)
{
    static const size_t wires[] = {
        [TOPOLOGY_DIRECT] = 1, [TOPOLOGY_BRIDGED] = 4, [TOPOLOGY_DEDICATED] = 2};
    assert_names(plan);
    _cleanup_free_ unsigned *used = memory_new_array(unsigned, plan->interface_count);
    for (size_t i = 0; i < plan->wire_count; i++) {
        used[plan->wires[i].a]++;
        used[plan->wires[i].b]++;
    }
    for (size_t i = 0; i < plan->interface_count; i++) {
        assert_int_equal(used[i], 1);
    }
    assert_int_equal(plan->path_count, plan->scenario->network_count);
    assert_int_equal(plan->wire_count, plan->path_count * wires[plan->topology]);
    for (size_t i = 0; i < plan->path_count; i++) {
        const struct plan_path *path = &plan->paths[i];
        assert_int_equal(path->network, i);
        assert_int_equal(path->wire_count, wires[plan->topology]);
        assert_path(plan, path);
        if (plan->topology != TOPOLOGY_DIRECT) {
            size_t into = plan->wires[path->wires[path->wire_count / 2 - 1]].b;
            const struct plan_node *router = &plan->nodes[plan->interfaces[into].node];
            size_t number = plan->scenario->networks[i].router;
            assert_string_equal(router->name, plan->scenario->routers[number].name);
        }
    }
    for (size_t i = 0; i < plan->wire_count; i++) { // no two networks share a wire
        size_t uses = 0;
        for (size_t k = 0; k < plan->path_count; k++) {
            for (size_t w = 0; w < plan->paths[k].wire_count; w++) {
                uses += plan->paths[k].wires[w] == i;
            }
        }
        assert_int_equal(uses, 1);
    }
}

// ---- the tests

static void test_shipped_scenarios(void **state)
{
    (void)state;
    static const char *const names[] = {"scenario-1", "scenario-2", "scenario-1-auto"};
    static const unsigned counts[] = {1, 2, 4};
    for (size_t i = 0; i < COUNT(names); i++) {
        for (size_t k = 0; k < COUNT(counts); k++) {
            _cleanup_free_ char *file = text_format("scenarios/%s.yaml", names[i]);
            _cleanup_free_ char *golden = text_format("plan-%s-%ucpu.txt", names[i], counts[k]);
            _cleanup_scenario_ struct scenario *scenario = NULL;
            assert_int_equal(scenario_read(file, counts[k], &scenario, NULL), 0);
            struct cpu_list usable = cpus(0, 1, counts[k]);
            _cleanup_free_ char *text = NULL;
            size_t length = 0;
            FILE *out = open_memstream(&text, &length);
            assert_non_null(out);
            assert_int_equal(scenario->topology_count, 3);
            for (size_t t = 0; t < scenario->topology_count; t++) {
                struct plan *plan = make(scenario, scenario->topologies[t], &usable);
                assert_sound(plan);
                plan_print(plan, out);
                plan_free(plan);
            }
            fclose(out);
            assert_golden(golden, text);
        }
    }
}

static void test_existing_interfaces(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario =
        parse("name: x\n"
              "topologies: [bridged, dedicated]\n"
              "routers: { r: , q: }\n"
              "networks: { N: { router: r }, M: { router: r }, O: { router: q } }\n"
              "links:\n"
              "  N: { source: ens1, ingress: ens2 }\n"
              "  M: { source: ens3, ingress: ens4, egress: ens5, sink: eth0.100 }\n"
              "traffic: { lengths: [64, 9000], rates: { pps: [1] } }\n",
              4);
    struct cpu_list usable = cpus(0, 1, 4);
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    static const bool made[][2] = {{false, true}, {false, false}, {true, true}};
    for (size_t t = 0; t < scenario->topology_count; t++) {
        struct plan *plan = make(scenario, scenario->topologies[t], &usable);
        assert_sound(plan);
        assert_int_equal(plan->mtu, 9000);
        for (size_t i = 0; i < plan->path_count; i++) {
            const struct plan_path *path = &plan->paths[i];
            assert_int_equal(plan->wires[path->wires[0]].made, made[i][0]);
            assert_int_equal(plan->wires[path->wires[path->wire_count - 1]].made, made[i][1]);
        }
        plan_print(plan, out);
        plan_free(plan);
    }
    fclose(out);
    assert_golden("plan-existing-interfaces.txt", text);
}

// The MTU has room for the longest packet, in any layer of lengths, and is never below Ethernet's.
static void test_mtu(void **state)
{
    (void)state;
    static const struct {
        const char *traffic;
        unsigned mtu;
    } cases[] = {
        {"lengths: [64]", 1500},
        {"lengths: [1500, 64]", 1500},
        {"lengths: [64, 1501, 65]", 1501},
        {"lengths: [1472], length_layer: payload", 1500},
        {"lengths: [1500], length_layer: payload", 1528},
        {"lengths: [1518], length_layer: frame", 1500},
        {"lengths: [9018, 1518], length_layer: frame", 9000},
    };
    struct cpu_list usable = cpus(0, 1, 2);
    for (size_t i = 0; i < COUNT(cases); i++) {
        _cleanup_free_ char *text =
            text_format("name: x\nrouters: { r: }\nnetworks: { N: { router: r } }\n"
                        "traffic: { rates: { auto: 5 }, %s }\n",
                        cases[i].traffic);
        _cleanup_scenario_ struct scenario *scenario = parse(text, 2);
        struct plan *plan = make(scenario, TOPOLOGY_DEDICATED, &usable);
        assert_int_equal(plan->mtu, cases[i].mtu);
        plan_free(plan);
    }
}

// As many routers as there may be, and one router with as many networks as there may be.
static void test_largest(void **state)
{
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        _cleanup_free_ char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        assert_non_null(out);
        unsigned routers = kind == 0 ? SCENARIO_ROUTERS : 1;
        fprintf(out, "name: x\nrouters:\n");
        for (unsigned i = 0; i < routers; i++) {
            fprintf(out, "  router-with-quite-a-long-na-%u:\n", i);
        }
        fprintf(out, "networks:\n");
        for (unsigned i = 0; i < SCENARIO_NETWORKS; i++) {
            fprintf(out, "  N%u: { router: router-with-quite-a-long-na-%u }\n", i, i % routers);
        }
        fprintf(out, "traffic: { lengths: [64], rates: { auto: 5 } }\n");
        fclose(out);
        _cleanup_scenario_ struct scenario *scenario = parse(text, 2);
        struct cpu_list usable = cpus(0, 1, 2);
        for (int t = TOPOLOGY_DIRECT; t < TOPOLOGY_COUNT; t++) {
            struct plan *plan = make(scenario, (enum topology)t, &usable);
            assert_sound(plan);
            plan_free(plan);
        }
    }
}

static void assert_cpus(const struct cpu_list *list, const char *expected)
{
    char text[64];
    cpu_list_text(list, text, sizeof text);
    assert_string_equal(text, expected);
}

static void test_placement(void **state)
{
    (void)state;
    static const struct {
        unsigned first, step;
        size_t count;
        unsigned host_cpus;
        const char *dut, *tester;
        bool shared;
    } cases[] = {
        {0, 1, 1, 1, "0", "0", true},     {0, 1, 2, 1, "1", "0", false},
        {0, 1, 2, 2, "0-1", "0-1", true}, {0, 1, 2, 3, "0-1", "0-1", true},
        {0, 1, 4, 1, "3", "0-2", false},  {0, 1, 4, 3, "1-3", "0", false},
        {0, 1, 4, 4, "0-3", "0-3", true}, {5, 1, 1, 1, "5", "5", true},
        {3, 4, 3, 1, "11", "3,7", false}, // as taskset or a container left them
        {3, 4, 3, 2, "7,11", "3", false}, {0, 1, CPU_MAX, 1, "1023", "0-1022", false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct cpu_list usable = cpus(cases[i].first, cases[i].step, cases[i].count);
        struct cpu_list dut = {.count = 99};
        struct cpu_list tester = {.count = 99};
        bool shared = !cases[i].shared;
        plan_place(&usable, cases[i].host_cpus, &dut, &tester, &shared);
        assert_cpus(&dut, cases[i].dut);
        assert_cpus(&tester, cases[i].tester);
        assert_int_equal(shared, cases[i].shared);
    }
}

static void test_no_cpu(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    assert_int_equal(scenario_read("scenarios/scenario-1.yaml", 1, &scenario, NULL), 0);
    struct cpu_list none = {.count = 0};
    struct plan *plan = NULL;
    _cleanup_error_ struct error err = ERROR_INIT;
    assert_true(plan_make(scenario, TOPOLOGY_DIRECT, &none, &plan, &err) < 0);
    assert_non_null(strstr(err.text, "CPU"));
    assert_null(plan);
    plan_free(NULL);
}

// iperf's payloads leave in fragments; lengths of whole packets do not.
static void test_mtu_of_engines(void **state)
{
    (void)state;
    static const struct {
        const char *engine, *layer;
        unsigned mtu;
    } cases[] = {
        {"packet", "ip", 2000},      {"packet", "payload", 2028}, {"packet", "frame", 1982},
        {"iperf", "ip", 2000},       {"iperf", "payload", 1500},  {"iperf", "frame", 1982},
        {"iperf3", "payload", 1500}, {"iperf3", "ip", 2000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[256];
        struct scenario *scenario = NULL;
        struct scenario_problems problems;
        struct plan *plan = NULL;
        struct cpu_list usable = {.cpus = {0, 1}, .count = 2};
        int length = snprintf(text, sizeof text,
                              "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n"
                              "traffic: { engine: %s, length_layer: %s, lengths: [100, 2000], "
                              "rates: { auto: 5 } }\n",
                              cases[i].engine, cases[i].layer);
        assert_int_equal(scenario_parse(text, (size_t)length, 2, &scenario, &problems), 0);
        scenario_problems_clear(&problems);
        assert_int_equal(plan_make(scenario, TOPOLOGY_BRIDGED, &usable, &plan, NULL), 0);
        assert_int_equal(plan->mtu, cases[i].mtu);
        plan_free(plan);
        scenario_free(scenario);
    }
}

// A network with both directions has a second path, which goes back over the same wires.
static void test_reverse_path(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario =
        parse("name: x\nrouters: { r1: }\n"
              "networks: { NET0: { router: r1 }, NET1: { router: r1, directions: both } }\n"
              "traffic: { lengths: [64], rates: { auto: 5 } }\n",
              2);
    struct cpu_list usable = cpus(0, 1, 2);
    for (int topology = TOPOLOGY_DIRECT; topology < TOPOLOGY_COUNT; topology++) {
        struct plan *plan = make(scenario, (enum topology)topology, &usable);
        assert_int_equal(plan->path_count, 3);
        const struct plan_path *forward = &plan->paths[1];
        const struct plan_path *reverse = &plan->paths[2];
        assert_false(forward->reverse);
        assert_true(reverse->reverse);
        assert_int_equal(reverse->network, 1);
        assert_int_equal(plan_sender(plan, reverse), plan_receiver(plan, forward));
        assert_int_equal(plan_receiver(plan, reverse), plan_sender(plan, forward));
        size_t ends[2][2];
        plan_router_ends(plan, forward, &ends[0][0], &ends[0][1]);
        plan_router_ends(plan, reverse, &ends[1][0], &ends[1][1]);
        assert_int_equal(ends[0][0], ends[1][1]);
        assert_int_equal(ends[0][1], ends[1][0]);
        for (size_t i = 0; i < forward->wire_count; i++) {
            struct plan_wire there = plan_hop(plan, forward, i);
            struct plan_wire back = plan_hop(plan, reverse, forward->wire_count - 1 - i);
            assert_int_equal(there.a, back.b);
            assert_int_equal(there.b, back.a);
            assert_int_equal(there.made, back.made);
        }
        plan_free(plan);
    }
}

// The scenario's check must know every name that a plan takes for itself.
static void test_node_names_are_reserved(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    assert_int_equal(scenario_read("scenarios/scenario-1.yaml", 1, &scenario, NULL), 0);
    const struct cpu_list usable = cpus(0, 1, 2);
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        struct plan *plan = make(scenario, topology, &usable);
        for (size_t i = 0; i < plan->node_count; i++) {
            const struct plan_node *node = &plan->nodes[i];
            assert_true((scenario_reserved(node->name) == NULL) == (node->kind == NODE_ROUTER));
        }
        plan_free(plan);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_node_names_are_reserved),
        cmocka_unit_test(test_shipped_scenarios),
        cmocka_unit_test(test_existing_interfaces),
        cmocka_unit_test(test_mtu),
        cmocka_unit_test(test_largest),
        cmocka_unit_test(test_placement),
        cmocka_unit_test(test_no_cpu),
        cmocka_unit_test(test_mtu_of_engines),
        cmocka_unit_test(test_reverse_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
