// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of paths through several routers — the links between routers in scenario/path, and the
 * plans of testbed/plan and their drawing. test_chain_losses.c tests the places of losses.
 *
 * UPDATE_GOLDEN=1 rewrites the golden files of the plan and the graph.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "scenario/scenario.h"
#include "testbed/plan_dot.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "chain_scenarios.h"
#include "golden.h"

static struct scenario *parse(const char *text)
{
    struct scenario_problems problems;
    struct scenario *scenario = NULL;
    if (scenario_parse(text, strlen(text), 2, &scenario, &problems) < 0) {
        fail_msg("%u:%u: %s", problems.items[0].line, problems.items[0].column,
                 problems.items[0].text);
    }
    scenario_problems_clear(&problems);
    return scenario;
}

static struct plan *plan_of(const struct scenario *scenario, enum topology topology)
{
    struct cpu_list usable = {.cpus = {0, 1}, .count = 2};
    struct plan *plan = NULL;
    assert_int_equal(plan_make(scenario, topology, &usable, &plan, NULL), 0);
    return plan;
}

// ---- links

static void test_links_are_shared(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario = parse(shared_links);
    unsigned end = 9;
    assert_int_equal(scenario->link_count, 2);
    assert_int_equal(scenario_link(scenario, 0, 1, &end), 0);
    assert_int_equal(end, 0);
    assert_int_equal(scenario_link(scenario, 1, 0, &end), 0);
    assert_int_equal(end, 1);
    assert_int_equal(scenario_link(scenario, 2, 1, NULL), 1);
    assert_int_equal(scenario_link(scenario, 0, 2, NULL), SIZE_MAX);
    assert_int_equal(scenario->links[0].ip6[0].prefix, 0); // no network of IPv6 passes it
    assert_int_equal(scenario->links[1].ip6[0].prefix, 64);
    assert_int_equal(ip_v4_number(&scenario->links[0].ip4[0].address), 0xc613fffd);
    assert_int_equal(ip_v4_number(&scenario->links[0].ip4[1].address), 0xc613fffe);
    assert_int_equal(ip_v4_number(&scenario->links[1].ip4[0].address), 0xc613fff9);
    assert_int_equal(scenario->networks[0].router_count, 3);
    assert_true(scenario_passes(&scenario->networks[1], 1));
    assert_false(scenario_passes(&scenario->networks[1], 2));
    assert_int_equal(scenario->networks[3].router, 2);
}

// `router` and a list of one are the same.
static void test_short_form(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *one =
        parse("name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n" TRAFFIC);
    _cleanup_scenario_ struct scenario *list =
        parse("name: x\nrouters: { r1: }\nnetworks: { NET0: { routers: [r1] } }\n" TRAFFIC);
    assert_int_equal(one->networks[0].router_count, 1);
    assert_int_equal(one->networks[0].routers[0], 0);
    assert_int_equal(list->networks[0].router_count, 1);
    assert_int_equal(list->networks[0].router, 0);
    assert_int_equal(one->link_count + list->link_count, 0);
}

static bool agree(const struct ip_interface *a, const struct ip_interface *b)
{
    return ip_agree(&a->address, &b->address, a->prefix < b->prefix ? a->prefix : b->prefix);
}

static void assert_apart(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->link_count; i++) {
        const struct scenario_link *link = &scenario->links[i];
        for (size_t k = 0; k < scenario->network_count; k++) {
            const struct scenario_network *network = &scenario->networks[k];
            assert_false(agree(&link->ip4[0], &network->source));
            assert_false(agree(&link->ip4[0], &network->egress));
            assert_false(link->ip6[0].prefix != 0 && agree(&link->ip6[0], &network->source));
            assert_false(link->ip6[0].prefix != 0 && agree(&link->ip6[0], &network->egress));
        }
        for (size_t k = 0; k < i; k++) {
            assert_false(agree(&link->ip4[0], &scenario->links[k].ip4[0]));
        }
    }
}

// Links get none of the networks' addresses, as many networks as there may be.
static void test_transit_addresses(void **state)
{
    (void)state;
    static const struct {
        unsigned networks;
        bool room;
    } cases[] = {{1, true},   {240, true},  {255, true},  {256, false},
                 {257, true}, {1023, true}, {1024, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *text = NULL;
        size_t length = 0;
        FILE *out = open_memstream(&text, &length);
        fprintf(out, "name: x\nrouters: { r1: , r2: , r3: }\nnetworks:\n"
                     "  N0: { routers: [r1, r2, r3] }\n");
        for (unsigned n = 1; n < cases[i].networks; n++) {
            fprintf(out, "  N%u: { router: r1 }\n", n);
        }
        fprintf(out, TRAFFIC);
        fclose(out);
        struct scenario *scenario = NULL;
        struct scenario_problems problems;
        int rc = scenario_parse(text, length, 2, &scenario, &problems);
        assert_int_equal(rc == 0, cases[i].room);
        if (rc == 0) {
            assert_apart(scenario);
        } else {
            assert_int_equal(problems.count, 1);
            assert_int_equal(problems.items[0].line, 4);
            assert_non_null(strstr(problems.items[0].text, "no room in 198.18.0.0/15"));
        }
        scenario_problems_clear(&problems);
        scenario_free(scenario);
        free(text);
    }
    _cleanup_scenario_ struct scenario *own =
        parse("name: x\nrouters: { r1: , r2: , r3: }\nnetworks:\n"
              "  A: { routers: [r1, r2, r3], addresses: { source: 198.19.240.2/20, ingress: "
              "198.19.240.1/20, egress: 198.19.239.253/30, sink: 198.19.239.254/30 } }\n"
              "  B: { routers: [r2, r3], addresses: { source: 2001:2:0:4000::2/63, ingress: "
              "2001:2:0:4000::1/63, egress: 2001:2:0:4003::1/64, sink: 2001:2:0:4003::2/64 } "
              "}\n" TRAFFIC);
    assert_apart(own);
}

// Problems that need more than a file of tests/bad-scenarios: a list that is too long, a platform.
static void test_problems(void **state)
{
    (void)state;
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    fprintf(out, "name: x\nrouters:\n");
    for (unsigned i = 0; i <= SCENARIO_HOPS; i++) {
        fprintf(out, "  r%u: {}\n", i);
    }
    fprintf(out, "networks:\n  N: { routers: [r0");
    for (unsigned i = 1; i <= SCENARIO_HOPS; i++) {
        fprintf(out, ", r%u", i);
    }
    fprintf(out, "] }\n" TRAFFIC);
    fclose(out);
    struct scenario *scenario = NULL;
    struct scenario_problems problems;
    assert_int_equal(scenario_parse(text, length, 2, &scenario, &problems), -EINVAL);
    assert_int_equal(problems.count, 1);
    assert_string_equal(problems.items[0].text, "routers: more than 32");
    scenario_problems_clear(&problems);
    free(text);
}

// ---- plans

static bool carries(const struct ip_interface *ip, const struct ip_interface *peer)
{
    return ip->prefix == peer->prefix && !ip_equal(&ip->address, &peer->address) &&
           ip_agree(&ip->address, &peer->address, ip->prefix);
}

// The path passes the scenario's routers in order without a gap, each entered and left by other
// interfaces, and the interfaces of each link are in one subnet.
static void assert_path(const struct plan *plan, const struct plan_path *path)
{
    const struct scenario *scenario = plan->scenario;
    const struct scenario_network *network = &scenario->networks[path->network];
    size_t passed = 0;
    bool dedicated = plan->topology == TOPOLOGY_DEDICATED;
    size_t count = network->router_count;
    assert_int_equal(path->wire_count, dedicated ? count + 1 : 2 + 2 * count);
    for (size_t i = 0; i < path->wire_count; i++) {
        const struct plan_wire wire = plan_hop(plan, path, i);
        const struct plan_interface *a = &plan->interfaces[wire.a];
        const struct plan_interface *b = &plan->interfaces[wire.b];
        if (i > 0) {
            const struct plan_wire before = plan_hop(plan, path, i - 1);
            assert_int_equal(plan->interfaces[before.b].node, a->node);
            assert_int_equal(plan->interfaces[before.b].bridge, a->bridge);
            assert_true(before.b != wire.a);
        }
        if (plan->nodes[b->node].kind == NODE_ROUTER) {
            size_t router = network->routers[path->reverse ? count - 1 - passed : passed];
            assert_int_equal(b->node, plan_router_node(plan, router));
            passed++;
        }
    }
    assert_int_equal(passed, count);
    size_t first = 0;
    size_t last = 0;
    plan_router_ends(plan, path, &first, &last);
    assert_int_equal(plan_peer(plan, first), plan_sender(plan, path));
    assert_int_equal(plan_peer(plan, last), plan_receiver(plan, path));
}

static void assert_plan(const struct plan *plan)
{
    for (size_t i = 0; i < plan->path_count; i++) {
        assert_path(plan, &plan->paths[i]);
    }
    for (size_t i = 0; i < plan->interface_count; i++) {
        const struct plan_interface *one = &plan->interfaces[i];
        for (size_t k = 0; k < i; k++) {
            const struct plan_interface *other = &plan->interfaces[k];
            assert_false(one->node == other->node && strcmp(one->name, other->name) == 0);
            assert_true(one->index != other->index && memcmp(one->mac, other->mac, 6) != 0);
        }
        if (one->ip.prefix != 0) {
            size_t peer = plan_peer(plan, i);
            assert_int_equal(plan_peer(plan, peer), i);
            assert_true(carries(&one->ip, &plan->interfaces[peer].ip));
            assert_true(one->also.prefix == 0 || carries(&one->also, &plan->interfaces[peer].also));
        }
    }
}

static void test_plans(void **state)
{
    (void)state;
    static const char *const texts[] = {chain, shared_links,
                                        "name: x\nrouters: { a: , b: , c: , d: }\nnetworks:\n"
                                        "  N: { routers: [a, b, c, d], directions: both }\n"
                                        "  M: { routers: [d, b, a], directions: both }\n"
                                        "  O: { router: c }\n"
                                        "  P: { routers: [a, c], ip: 6 }\n" TRAFFIC};
    static const size_t links[] = {2, 2, 5};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        _cleanup_scenario_ struct scenario *scenario = parse(texts[i]);
        assert_int_equal(scenario->link_count, links[i]);
        for (enum topology topology = TOPOLOGY_BRIDGED; topology < TOPOLOGY_COUNT; topology++) {
            bool bridged = topology == TOPOLOGY_BRIDGED;
            struct plan *plan = plan_of(scenario, topology);
            assert_plan(plan);
            assert_int_equal(plan->wire_count, (bridged ? 4 : 2) * scenario->network_count +
                                                   (bridged ? 2 : 1) * links[i]);
            assert_int_equal(plan->bridge_count,
                             bridged ? 2 * scenario->network_count + links[i] : 0);
            plan_free(plan);
        }
        struct plan *direct = plan_of(scenario, TOPOLOGY_DIRECT);
        assert_int_equal(direct->wire_count, scenario->network_count);
        plan_free(direct);
    }
}

// Networks that pass a link in opposite directions have the same wires in reverse order.
static void test_opposite_directions(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario = parse(shared_links);
    for (enum topology topology = TOPOLOGY_BRIDGED; topology < TOPOLOGY_COUNT; topology++) {
        struct plan *plan = plan_of(scenario, topology);
        const struct plan_path *there = &plan->paths[0];
        const struct plan_path *back = &plan->paths[3];
        size_t ends = topology == TOPOLOGY_BRIDGED ? 2 : 1;
        assert_int_equal(there->wire_count, back->wire_count);
        for (size_t i = ends; i + ends < there->wire_count; i++) {
            struct plan_wire one = plan_hop(plan, there, i);
            struct plan_wire other = plan_hop(plan, back, there->wire_count - 1 - i);
            assert_int_equal(there->wires[i], back->wires[there->wire_count - 1 - i]);
            assert_int_equal(one.a, other.b);
            assert_int_equal(one.b, other.a);
        }
        plan_free(plan);
    }
}

static void test_shipped_chain(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *scenario = NULL;
    _cleanup_free_ char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    assert_int_equal(scenario_read("scenarios/chain-3.yaml", 2, &scenario, NULL), 0);
    for (size_t i = 0; i < scenario->topology_count; i++) {
        struct plan *plan = plan_of(scenario, scenario->topologies[i]);
        assert_plan(plan);
        plan_print(plan, out);
        plan_free(plan);
    }
    fclose(out);
    assert_golden("plan-chain-3-2cpu.txt", text);
}

// ---- the drawing

static size_t count_of(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part)) {
        count++;
    }
    return count;
}

// Every statement is closed, and edges join nodes that were declared.
static void assert_graph(const char *text, const struct plan *plan)
{
    _cleanup_free_ char *copy = text_copy(text);
    char *rest = copy;
    char *line = NULL;
    size_t depth = 0;
    size_t edges = 0;
    assert_true(text_starts(text, "graph \""));
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        char last = line[strlen(line) - 1];
        assert_true(last == '{' || last == '}' || last == ';');
        depth += last == '{';
        assert_true(last != '}' || depth-- > 0);
        size_t quotes = 0;
        for (const char *at = line; *at != '\0'; at++) {
            bool escapes = *at == '\\';
            quotes += *at == '"';
            at += escapes && at[1] != '\0';
        }
        assert_int_equal(quotes % 2, 0);
        char from[32];
        char to[32];
        if (sscanf(line, " %31[a-z0-9] -- %31[a-z0-9] [", from, to) == 2) {
            _cleanup_free_ char *one = text_format(" %s [label=", from);
            _cleanup_free_ char *other = text_format(" %s [label=", to);
            assert_true(count_of(text, one) > 0 && count_of(text, other) > 0);
            edges++;
        }
    }
    assert_int_equal(depth, 0);
    assert_int_equal(edges, plan->wire_count);
}

// The caller frees it.
static char *dedicated_graph(const char *scenario_text)
{
    _cleanup_scenario_ struct scenario *scenario = parse(scenario_text);
    struct plan *plan = plan_of(scenario, TOPOLOGY_DEDICATED);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    plan_write_dot(plan, out);
    fclose(out);
    plan_free(plan);
    return text;
}

static void test_graphs(void **state)
{
    (void)state;
    static const char lent[] = "name: x\ntopologies: [bridged, dedicated]\nrouters: { r1: , r2: }\n"
                               "networks: { N: { routers: [r1, r2] } }\n"
                               "links: { N: { source: 'a\"b', ingress: 'c\\' } }\n" TRAFFIC;
    static const char *const texts[] = {chain, shared_links, lent};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        _cleanup_scenario_ struct scenario *scenario = parse(texts[i]);
        for (size_t t = 0; t < scenario->topology_count; t++) {
            struct plan *plan = plan_of(scenario, scenario->topologies[t]);
            char *text = NULL;
            size_t length = 0;
            FILE *out = open_memstream(&text, &length);
            plan_write_dot(plan, out);
            fclose(out);
            assert_graph(text, plan);
            free(text);
            plan_free(plan);
        }
    }
    _cleanup_free_ char *drawn = dedicated_graph(shared_links);
    assert_golden("chain.dot", drawn);
    // Frames have tags between tester and device under test, not between routers.
    _cleanup_free_ char *tagged =
        dedicated_graph("name: x\ntopologies: [dedicated]\nrouters: { r1: , r2: }\n"
                        "networks: { N: { routers: [r1, r2], vlan: 20 } }\n" TRAFFIC);
    assert_int_equal(count_of(tagged, "label=\"N (VLAN 20)\\n"), 2);
    assert_int_equal(count_of(tagged, "label=\"N\\n"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_links_are_shared),
        cmocka_unit_test(test_short_form),
        cmocka_unit_test(test_transit_addresses),
        cmocka_unit_test(test_problems),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_opposite_directions),
        cmocka_unit_test(test_shipped_chain),
        cmocka_unit_test(test_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
