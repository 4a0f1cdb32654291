// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of measure/losses and measure/forms on paths through several routers: the places of losses
// on links that networks share, on impaired cables, and behind stalls.
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/clock.h"
#include "measure/forms.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "chain_scenarios.h"
#include "made_up_trial.h"

static void test_losses_on_a_chain(void **state)
{
    (void)state;
    struct lab *lab = open_lab(chain, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    lose_in_ring(lab, 0, 1, 3);
    send_to(lab, 0, 2, 4);
    lose_in_ring(lab, 0, 2, 5);
    send_to(lab, 0, 3, 6);
    ip_before(lab, 0, 3)->no_routes += 6;
    lose_in_ring(lab, 0, 3, 7);
    assert_account(lab,
                   "r2:eth0 receive ring: 3\n"
                   "r2:eth0 to eth1: 4\n"
                   "r3:eth0 receive ring: 5\n"
                   "r3 IP: no route: 6\n"
                   "sink:k0 receive ring: 7\n",
                   7, 0);
    lab = open_lab(chain, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 3, 8); // in the bridge between r1 and r2
    lose_in_ring(lab, 0, 3, 9);
    assert_account(lab, "host:br2: 8\nr2:eth0 receive ring: 9\n", 0, 0);
}

// The counters of a shared link contain the packets of all networks that pass it.
static void test_losses_on_a_shared_link(void **state)
{
    (void)state;
    struct lab *lab = open_lab(shared_links, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 500);
    deliver(lab, 2, 250);
    deliver(lab, 3, 125);
    lose_in_ring(lab, 0, 1, 3);
    lose_in_ring(lab, 1, 1, 4);
    send_to(lab, 0, 2, 5); // NET1 has lost packets too, so that its way out of r2 is possible
    send_to(lab, 3, 2, 6);
    lose_in_ring(lab, 3, 2, 7);
    assert_account(lab,
                   "r2:eth0 receive ring: 7\n"
                   "r2:eth0 to eth1, eth2: 5\n"
                   "r2:eth1 to eth0: 6\n"
                   "r1:eth1 receive ring: 7\n",
                   0, 0);
    // The loss is that of the only network that has lost packets.
    lab = open_lab(shared_links, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 500);
    deliver(lab, 2, 250);
    deliver(lab, 3, 125);
    send_to(lab, 1, 2, 9);
    assert_account(lab, "r2:eth0 to eth2: 9\n", 0, 0);
    lab = open_lab(shared_links, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    send_to(lab, 2, 1, 2);
    ip6_before(lab, 2, 1)->no_routes += 2;
    assert_account(lab, "r2 IPv6: no route: 2\n", 0, 0);
}

// Acknowledgements of a network pass its path in the other direction.
static void test_answers_are_no_losses(void **state)
{
    (void)state;
    struct lab *lab = open_lab(shared_links, TOPOLOGY_DEDICATED);
    for (size_t i = 0; i < lab->plan->path_count; i++) {
        struct plan_path back = lab->plan->paths[i];
        lab->counts[i].chatter = true;
        deliver(lab, i, 1000 * (i + 1));
        back.reverse = true;
        for (size_t k = 0; k < back.wire_count; k++) {
            const struct plan_wire wire = plan_hop(lab->plan, &back, k);
            counters_at(lab, wire.a)->tx_packets += 100 * (i + 1);
            counters_at(lab, wire.b)->rx_packets += 100 * (i + 1);
        }
    }
    lose_in_ring(lab, 0, 2, 5);
    assert_account(lab, "r3:eth0 receive ring: 5\n", 0, 0);
}

// What a cable drops by its impairment is told from what it fails to carry.
static void test_losses_of_impaired_cables(void **state)
{
    (void)state;
    static const char text[] =
        "name: x\nrouters: { r1: , r2: }\nnetworks: { NET0: { routers: [r1, r2] } }\n"
        "impair:\n  - { from: source, to: r1, loss: 1 %, delay: 2 ms }\n"
        "  - { from: r1, to: r2, rate: 1 Mbit/s }\n"
        "  - { from: r2, to: sink, delay: 5 ms, jitter: 1 ms, rate: 1 Gbit/s, directions: both }\n"
        "traffic: { lengths: [64], rates: { pps: [1000] } }\n";
    for (unsigned bridged = 0; bridged < 2; bridged++) {
        struct lab *lab = open_lab(text, bridged > 0 ? TOPOLOGY_BRIDGED : TOPOLOGY_DEDICATED);
        assert_int_equal(lab->plan->cable_count, 3);
        assert_int_equal(plan_delay_ns(lab->plan), 2000000 + 5000000 + 1000000 + 10000000);
        size_t link = bridged > 0 ? 5 : 3; // the wire from the link's cable on
        deliver(lab, 0, 1000);
        send_to(lab, 0, 1, 7);
        counters_at(lab, wire_at(lab, 0, 0).b)->qdisc_ingress += 5;
        send_to(lab, 0, link, 11);
        counters_at(lab, wire_at(lab, 0, link - 1).b)->qdisc_ingress += 11;
        lose_in_ring(lab, 0, link - 1, 3);
        assert_true(plan_in_cables(lab->plan, wire_at(lab, 0, link).a));
        account(lab);
        assert_int_equal(placed_at(lab, "impairment of NET0 (source to r1)"), 5);
        assert_int_equal(placed_at(lab, "impaired cable of NET0 (source to r1)"), 2);
        assert_int_equal(placed_at(lab, "impairment of (r1 to r2)"), 11);
        assert_int_equal(placed_at(lab, "cables:c1a receive ring"), 3);
        assert_int_equal(lab->tester.cables, 5);
        assert_int_equal(lab->tester.by_choice, 16);
        close_lab(lab);
    }
}

// Where queueing disciplines impair a cable, they count its drops, and packets wait for its rate.
static void test_losses_of_cables_impaired_by_tc(void **state)
{
    (void)state;
    static const char text[] = "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n"
                               "impair:\n  - { from: source, to: r1, loss: 1 %, delay: 2 ms }\n"
                               "  - { from: r1, to: sink, rate: 10 Mbit/s, directions: both }\n"
                               "traffic: { lengths: [64], rates: { pps: [1000] } }\n";
    struct lab *lab = open_lab(text, TOPOLOGY_DEDICATED);
    struct plan_cable *cables = lab->plan->cables;
    assert_int_equal(lab->plan->cable_count, 2);
    assert_int_equal(plan_delay_ns(lab->plan), 2000000);
    cables[0].tc_a = true;
    cables[1].tc_a = true;
    assert_true(plan_leaves_by_tc(lab->plan, cables[0].b));
    assert_false(plan_leaves_by_tc(lab->plan, cables[0].a)); // the other direction is the relay's
    assert_int_equal(plan_delay_ns(lab->plan), 2000000 + 10000000);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 1, 7);
    counters_at(lab, cables[0].b)->impaired += 5;
    send_to(lab, 0, 3, 11);
    counters_at(lab, cables[1].b)->impaired += 11;
    counters_at(lab, cables[1].a)->impaired += 4; // of packets in the other direction
    account(lab);
    assert_int_equal(placed_at(lab, "impairment of NET0 (source to r1)"), 5);
    assert_int_equal(placed_at(lab, "impaired cable of NET0 (source to r1)"), 2);
    assert_int_equal(placed_at(lab, "impairment of NET0 (r1 to sink)"), 11);
    assert_int_equal(lab->tester.cables, 2);
    assert_int_equal(lab->tester.by_choice, 16);
    close_lab(lab);
}

// A delayed cable may hold packets of other programs when the counters are read.
static void test_packets_that_delayed_cables_hold(void **state)
{
    (void)state;
    static const char text[] =
        "name: x\nrouters: { r1: , r2: }\nnetworks: { NET0: { routers: [r1, r2] } }\n"
        "impair:\n  - { from: source, to: r1, delay: 500 ms }\n"
        "  - { from: r1, to: r2, loss: 1 % }\n"
        "traffic: { lengths: [64], rates: { pps: [1000] } }\n";
    // Of a cable that holds up to 4 + 2 packets, and of one that holds none.
    static const struct {
        bool chatter, company, link;
        uint64_t missing, failed;
    } cases[] = {
        {true, false, false, 6, 0}, {true, false, false, 7, 1},  {false, true, false, 6, 0},
        {true, false, true, 1, 1},  {false, false, false, 6, 6},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct lab *lab = open_lab(text, TOPOLOGY_DEDICATED);
        lab->counts[0].chatter = cases[i].chatter;
        lab->counts[0].company = cases[i].company;
        deliver(lab, 0, 1000);
        counters_at(lab, wire_at(lab, 0, cases[i].link ? 2 : 0).b)->rx_packets += cases[i].missing;
        counters_at(lab, wire_at(lab, 0, cases[i].link ? 2 : 0).a)->tx_packets += cases[i].missing;
        account(lab);
        assert_int_equal(lab->tester.cables, cases[i].failed);
        close_lab(lab);
    }
}

// Packets lost in a stall were sent up to the delay of the cables before it.
static void test_stalls_behind_delayed_cables(void **state)
{
    (void)state;
    static const char text[] = "name: x\nrouters: { r1: }\nnetworks: { NET0: { router: r1 } }\n"
                               "impair:\n  - { from: source, to: r1, delay: 500 ms }\n"
                               "traffic: { lengths: [64], rates: { pps: [1000] } }\n";
    enum { SLOTS = 100 }; // of 10 ms
    for (unsigned measured = 0; measured < 2; measured++) {
        struct lab *lab = open_lab(text, TOPOLOGY_DEDICATED);
        uint64_t *bounds_ns = memory_new_array(uint64_t, SLOTS + 1);
        uint64_t *bounds = memory_new_array(uint64_t, SLOTS + 1);
        uint64_t within[SLOTS] = {0};
        struct traffic_load load = {.bounds = bounds};
        struct heartbeat_stall stall = {.from_ns = NS_PER_S + 600 * NS_PER_MS,
                                        .to_ns = NS_PER_S + 604 * NS_PER_MS,
                                        .late_ns = NS_PER_MS};
        const struct heartbeat_report report = {.stalls = &stall, .count = 1};
        for (size_t i = 0; i <= SLOTS; i++) {
            bounds_ns[i] = i * 10 * NS_PER_MS;
            bounds[i] = i;
        }
        struct forms forms = {.path_count = 1,
                              .loads = &load,
                              .slot_count = SLOTS,
                              .bounds_ns = bounds_ns,
                              .bounds = bounds,
                              .within = within};
        lab->counts[0].start_ns = NS_PER_S;
        lab->counts[0].within = within;
        lab->counts[0].tx = SLOTS;
        lab->counts[0].delay_measured = measured > 0;
        lab->counts[0].delay_p99 = 505 * NS_PER_MS;
        lab->point.networks[0].offered_pps = 1e6;
        (void)forms_fill_undisturbed(&forms, lab->plan, &report, 0, lab->counts, &lab->point);
        assert_false(forms.left_out[5]);
        assert_true(forms.left_out[10]);
        assert_true(forms.left_out[60]);
        assert_false(forms.left_out[65]);
        free(forms.left_out);
        free(bounds_ns);
        free(bounds);
        close_lab(lab);
    }
}

#define TRIALS 300

// Random losses in rings and nodes: each place gets what was lost there, whosever it was.
static void test_random_losses(void **state)
{
    (void)state;
    uint64_t random = 20261129;
    for (unsigned trial = 0; trial < TRIALS; trial++) {
        enum topology topology = trial % 2 == 0 ? TOPOLOGY_BRIDGED : TOPOLOGY_DEDICATED;
        struct lab *lab = open_lab(shared_links, topology);
        uint64_t rings[64] = {0};
        uint64_t within = 0;
        uint64_t in_rings = 0;
        assert_true(lab->plan->interface_count <= 64);
        for (size_t i = 0; i < lab->plan->path_count; i++) {
            deliver(lab, i, 1000);
            assert_true(lab->plan->paths[i].wire_count > 1);
            for (unsigned k = 0; k < 4; k++) {
                random = random * 6364136223846793005ULL + 1442695040888963407ULL;
                size_t wire = 1 + (size_t)(random >> 33) % (lab->plan->paths[i].wire_count - 1);
                uint64_t lost = random >> 60;
                bool ring = (random >> 40) % 2 == 0;
                (ring ? lose_in_ring : send_to)(lab, i, wire, lost);
                rings[wire_at(lab, i, wire).b] += ring ? lost : 0;
                in_rings += ring ? lost : 0;
                within += ring ? 0 : lost;
            }
        }
        account(lab);
        uint64_t placed = 0;
        for (size_t i = 0; i < lab->plan->interface_count; i++) {
            const struct plan_interface *at = &lab->plan->interfaces[i];
            char where[96];
            snprintf(where, sizeof where, "%s:%s receive ring", lab->plan->nodes[at->node].name,
                     at->name);
            assert_int_equal(placed_at(lab, where), rings[i]);
            placed += rings[i];
        }
        assert_int_equal(placed, in_rings);
        assert_int_equal(placed_at(lab, "unexplained"), 0);
        assert_int_equal(lab->tester.by_choice, within);
        close_lab(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses_on_a_chain),
        cmocka_unit_test(test_losses_on_a_shared_link),
        cmocka_unit_test(test_answers_are_no_losses),
        cmocka_unit_test(test_losses_of_impaired_cables),
        cmocka_unit_test(test_losses_of_cables_impaired_by_tc),
        cmocka_unit_test(test_packets_that_delayed_cables_hold),
        cmocka_unit_test(test_stalls_behind_delayed_cables),
        cmocka_unit_test(test_random_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
