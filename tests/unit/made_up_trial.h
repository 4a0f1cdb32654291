// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * A simulated trial for test_losses.c, test_losses_programs.c and test_chains.c: a plan with
 * counters before and after, which the functions below change as the kernel would. Included after
 * <cmocka.h>.
 */
#ifndef VRBENCH_TESTS_MADE_UP_TRIAL_H
#define VRBENCH_TESTS_MADE_UP_TRIAL_H

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "measure/losses.h"

#define NETWORKS 4

struct lab {
    struct scenario *scenario;
    struct plan *plan;
    struct path_counters before, after;
    struct traffic_count counts[NETWORKS];
    struct point point;
    struct tester_losses tester;
};

static const char one_router[] = "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n"
                                 "traffic: { lengths: [64], rates: { auto: 5 } }\n";
static const char two_routers[] =
    "name: x\nrouters: { r1: , r2: }\nnetworks: { NET0: { router: r1 }, NET1: { router: r2 } }\n"
    "traffic: { lengths: [64], rates: { auto: 5 } }\n";
static const char shared_router[] =
    "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 }, NET1: { router: r1 } }\n"
    "traffic: { lengths: [64], rates: { auto: 5 } }\n";
static const char both_directions[] =
    "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1, directions: both } }\n"
    "traffic: { lengths: [64], rates: { auto: 5 } }\n";
static const char real_links[] =
    "name: x\ntopologies: [bridged, dedicated]\nrouters: { r1: }\n"
    "networks: { NET0: { router: r1 } }\n"
    "links: { NET0: { source: e1, ingress: e2, egress: e3, sink: e4 } }\n"
    "traffic: { lengths: [64], rates: { auto: 5 } }\n";

// What the counters of an interface stood at before.
static inline struct link_counters stand(int index)
{
    uint64_t base = (uint64_t)index * 1000;
    return (struct link_counters){index,    base,      base + 1, base + 2, base + 3,
                                  base + 4, base + 5,  base + 6, base + 7, base + 8,
                                  base + 9, base + 10, 0,        0};
}

static inline struct path_counters read_counters(const struct plan *plan)
{
    struct path_counters counters = {
        .nodes = memory_new_array(struct namespace_counters, plan->node_count),
        .node_count = plan->node_count,
        .softnet_dropped = 5000,
    };
    for (size_t n = 0; n < plan->node_count; n++) {
        struct namespace_counters *node = &counters.nodes[n];
        node->ip = (struct ip_counters){.in_hdr_errors = n,
                                        .in_addr_errors = n + 10,
                                        .in_discards = n + 20,
                                        .out_discards = n + 30,
                                        .no_routes = n + 40,
                                        .in_truncated = n + 50};
        node->links = memory_new_array(struct link_counters, plan->interface_count + 1);
        node->links[node->link_count++] = stand(1); // lo
        for (size_t i = plan->interface_count; i > 0; i--) {
            if (plan->interfaces[i - 1].node == n) {
                node->links[node->link_count++] = stand(plan->interfaces[i - 1].index);
            }
        }
    }
    return counters;
}

static inline struct lab *open_lab(const char *text, enum topology topology)
{
    struct lab *lab = memory_new(1, sizeof *lab);
    struct scenario_problems problems;
    struct cpu_list usable = {.cpus = {0, 1}, .count = 2};
    assert_int_equal(scenario_parse(text, strlen(text), 2, &lab->scenario, &problems), 0);
    scenario_problems_clear(&problems);
    assert_int_equal(plan_make(lab->scenario, topology, &usable, &lab->plan, NULL), 0);
    lab->before = read_counters(lab->plan);
    lab->after = read_counters(lab->plan);
    lab->point.network_count = lab->plan->path_count;
    lab->point.networks = memory_new_array(struct network_result, lab->plan->path_count);
    return lab;
}

static inline void close_lab(struct lab *lab)
{
    path_counters_clear(&lab->before);
    path_counters_clear(&lab->after);
    point_clear(&lab->point);
    plan_free(lab->plan);
    scenario_free(lab->scenario);
    free(lab);
}

static inline struct plan_wire wire_at(const struct lab *lab, size_t path, size_t wire)
{
    assert_true(wire < lab->plan->paths[path].wire_count);
    return plan_hop(lab->plan, &lab->plan->paths[path], wire);
}

static inline size_t wires(const struct lab *lab)
{
    return lab->plan->paths[0].wire_count;
}

static inline struct link_counters *counters_at(struct lab *lab, size_t interface)
{
    const struct plan_interface *at = &lab->plan->interfaces[interface];
    struct namespace_counters *node = &lab->after.nodes[at->node];
    for (size_t i = 0; i < node->link_count; i++) {
        if (node->links[i].index == at->index) {
            return &node->links[i];
        }
    }
    fail_msg("no counters for %s", at->name);
    return NULL;
}

// The two ends of a wire.
static inline struct link_counters *sender(struct lab *lab, size_t path, size_t wire)
{
    return counters_at(lab, wire_at(lab, path, wire).a);
}
static inline struct link_counters *receiver(struct lab *lab, size_t path, size_t wire)
{
    return counters_at(lab, wire_at(lab, path, wire).b);
}
// IP counters of the node that sends into a wire.
static inline struct ip_counters *ip_before(struct lab *lab, size_t path, size_t wire)
{
    return &lab->after.nodes[lab->plan->interfaces[wire_at(lab, path, wire).a].node].ip;
}

static inline struct ip_counters *ip6_before(struct lab *lab, size_t path, size_t wire)
{
    return &lab->after.nodes[lab->plan->interfaces[wire_at(lab, path, wire).a].node].ip6;
}

// Packets cross the wires from `from` to before `to`.
static inline void cross(struct lab *lab, size_t path, size_t from, size_t to, uint64_t count)
{
    for (size_t i = from; i < to; i++) {
        sender(lab, path, i)->tx_packets += count;
        receiver(lab, path, i)->rx_packets += count;
    }
}

// Packets are sent and come to the node before `wire`, or to the sink.
static inline void send_to(struct lab *lab, size_t path, size_t wire, uint64_t count)
{
    lab->counts[path].tx += count;
    cross(lab, path, 0, wire, count);
}

// Packets of an engine that is a program, in so many fragments, with so many frames of its own.
static inline void send_program(struct lab *lab, size_t path, unsigned fragments, uint64_t company)
{
    lab->counts[path].fragments = fragments;
    lab->counts[path].company = true;
    cross(lab, path, 0, wires(lab), company);
}

static inline void deliver(struct lab *lab, size_t path, uint64_t count)
{
    send_to(lab, path, lab->plan->paths[path].wire_count, count);
    lab->counts[path].rx += count;
}

// Packets find the ring at the end of a made wire full.
static inline void lose_in_ring(struct lab *lab, size_t path, size_t wire, uint64_t count)
{
    send_to(lab, path, wire, count);
    sender(lab, path, wire)->tx_dropped += count;
}

// UDP counters of the sink of a path.
static inline struct udp_counters *sink_sockets(struct lab *lab, size_t path)
{
    size_t last = wire_at(lab, path, wires(lab) - 1).b;
    return &lab->after.nodes[lab->plan->interfaces[last].node].udp;
}

// Packets are put together again at the sink.
static inline void make_whole(struct lab *lab, size_t path, uint64_t count)
{
    size_t last = wire_at(lab, path, wires(lab) - 1).b;
    lab->after.nodes[lab->plan->interfaces[last].node].udp.reassembled += count;
}

// Draws up the account, whose places must sum to the losses.
static inline void account(struct lab *lab)
{
    uint64_t lost = 0;
    uint64_t placed = 0;
    for (size_t i = 0; i < lab->plan->path_count; i++) {
        lab->point.networks[i].tx = lab->counts[i].tx;
        lab->point.networks[i].rx = lab->counts[i].rx;
        lab->point.networks[i].lost = lab->counts[i].tx - lab->counts[i].rx;
        lost += lab->point.networks[i].lost;
    }
    losses_account(lab->plan, &lab->before, &lab->after, lab->counts, &lab->point, &lab->tester);
    for (size_t i = 0; i < lab->point.drop_count; i++) {
        assert_true(lab->point.drops[i].count > 0);
        placed += lab->point.drops[i].count;
        for (size_t k = 0; k < i; k++) {
            assert_string_not_equal(lab->point.drops[i].where, lab->point.drops[k].where);
        }
    }
    assert_int_equal(placed, lost);
}

static inline uint64_t placed_at(const struct lab *lab, const char *where)
{
    for (size_t i = 0; i < lab->point.drop_count; i++) {
        if (strcmp(lab->point.drops[i].where, where) == 0) {
            return lab->point.drops[i].count;
        }
    }
    return 0;
}

// Draws up the account and compares it with "PLACE: COUNT" lines and the tester's part. The lab
// stays open; the caller closes it.
static inline void check_account(struct lab *lab, const char *expected, uint64_t sink_ring,
                                 uint64_t sink_socket)
{
    account(lab);
    char *text = text_copy("");
    for (size_t i = 0; i < lab->point.drop_count; i++) {
        char *longer = text_format("%s%s: %llu\n", text, lab->point.drops[i].where,
                                   (unsigned long long)lab->point.drops[i].count);
        free(text);
        text = longer;
    }
    assert_string_equal(text, expected);
    free(text);
    assert_int_equal(lab->tester.sink_ring, sink_ring);
    assert_int_equal(lab->tester.sink_socket, sink_socket);
}

// Does the same as check_account() and closes the lab.
static inline void assert_account(struct lab *lab, const char *expected, uint64_t sink_ring,
                                  uint64_t sink_socket)
{
    check_account(lab, expected, sink_ring, sink_socket);
    close_lab(lab);
}

#endif
