// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of measure/losses — packets are sent along made-up plans, each with a fate, and the
 * kernel's counters are moved as the kernel would move them; the account must then name the fates.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure/losses.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_trial.h"

// ---- fates that a counter names

static void test_nothing_lost(void **state)
{
    (void)state;
    for (int topology = TOPOLOGY_DIRECT; topology < TOPOLOGY_COUNT; topology++) {
        struct lab *lab = open_lab(two_routers, (enum topology)topology);
        deliver(lab, 0, 1000000);
        deliver(lab, 1, 7);
        lab->counts[0].unsent = 5; // never offered, so never lost
        lab->after.softnet_dropped += 3;
        ip_before(lab, 0, 0)->in_hdr_errors += 9; // others' packets
        assert_account(lab, "", 0, 0);
    }
}

static void test_nothing_sent(void **state)
{
    (void)state;
    assert_account(open_lab(one_router, TOPOLOGY_BRIDGED), "", 0, 0);
}

static void test_direct(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_DIRECT);
    deliver(lab, 0, 100);
    lab->counts[0].tx += 2; // the kernel refused them
    lose_in_ring(lab, 0, 0, 11);
    send_to(lab, 0, 1, 5);
    lab->counts[0].sink_drops += 5;
    assert_account(lab,
                   "source:s0 not taken: 2\n"
                   "sink:k0 receive ring: 11\n"
                   "sink:k0 socket of the sink: 5\n",
                   11, 5);
}

static void test_bridged(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    lose_in_ring(lab, 0, 0, 10);
    lose_in_ring(lab, 0, 1, 11);
    lose_in_ring(lab, 0, 2, 12);
    send_to(lab, 0, 1, 20); // into the host, where no counter names them
    send_to(lab, 0, 1, 21);
    receiver(lab, 0, 0)->qdisc_ingress += 21;
    send_to(lab, 0, 1, 22);
    sender(lab, 0, 1)->qdisc_egress += 22;
    send_to(lab, 0, 2, 23);
    ip_before(lab, 0, 2)->in_hdr_errors += 23;
    send_to(lab, 0, 2, 24);
    sender(lab, 0, 2)->qdisc_egress += 24;
    send_to(lab, 0, 3, 25);
    receiver(lab, 0, 2)->rx_dropped += 25;
    check_account(lab,
                  "host:nic0 receive ring: 10\n"
                  "host:nic0 ingress filter: 21\n"
                  "host:vif1.0 queue: 22\n"
                  "host:br0: 20\n"
                  "r1:eth0 receive ring: 11\n"
                  "r1:eth1 queue: 24\n"
                  "r1 IP: header errors or TTL expired: 23\n"
                  "host:vif1.1 receive ring: 12\n"
                  "host:vif1.1 rx dropped: 25\n",
                  0, 0);
    assert_int_equal(lab->tester.by_choice, 20);
    close_lab(lab);
}

// What a router on Xen has no room for, netback counts as dropped in one direction or the other;
// what such an interface takes from the router it never drops.
static void test_netback(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    lab->plan->port = PORT_NETBACK;
    deliver(lab, 0, 1000);
    lose_in_ring(lab, 0, 1, 11);
    send_to(lab, 0, 1, 1702);
    sender(lab, 0, 1)->rx_dropped += 1702;
    send_to(lab, 0, 1, 22);
    sender(lab, 0, 1)->qdisc_egress += 22;
    lose_in_ring(lab, 0, 2, 12);
    send_to(lab, 0, 3, 25); // into the bridge towards the sink
    check_account(lab,
                  "host:vif1.0 queue: 22\n"
                  "host:vif1.0 vif queue: 1713\n"
                  "host:vif1.1 receive ring: 12\n"
                  "host:br1: 25\n",
                  0, 0);
    assert_int_equal(lab->tester.by_choice, 0); // a guest's queues are not known
    close_lab(lab);
}

// A path's losses have the reasons of its own IP version, although both versions use one router.
static void each_ip_version_has_reasons_of_its_own(void **state)
{
    (void)state;
    struct lab *lab = open_lab("name: both\nrouters: { r1: {} }\n"
                               "networks: { NET0: { router: r1, ip: 6 }, NET1: { router: r1 } }\n"
                               "traffic: { lengths: [76], rates: { pps: [1000] } }\n",
                               TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 1000);
    send_to(lab, 0, 1, 2 + 3 + 4);
    send_to(lab, 1, 1, 5 + 6);
    ip6_before(lab, 0, 1)->in_hdr_errors += 2;
    ip6_before(lab, 0, 1)->no_routes += 3;
    ip6_before(lab, 0, 1)->too_big += 4;
    ip_before(lab, 0, 1)->in_hdr_errors += 5;
    ip_before(lab, 0, 1)->in_discards += 6;
    assert_account(lab,
                   "r1 IPv6: header errors or TTL expired: 2\n"
                   "r1 IPv6: no route: 3\n"
                   "r1 IPv6: packet too big: 4\n"
                   "r1 IP: header errors or TTL expired: 5\n"
                   "r1 IP: input discards: 6\n",
                   0, 0);
}

static void test_dedicated(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    lose_in_ring(lab, 0, 0, 1);
    send_to(lab, 0, 1, 2 + 3 + 4 + 5 + 6 + 7);
    receiver(lab, 0, 0)->qdisc_ingress += 2;
    ip_before(lab, 0, 1)->in_addr_errors += 3;
    ip_before(lab, 0, 1)->no_routes += 4;
    ip_before(lab, 0, 1)->out_discards += 5;
    lab->after.softnet_dropped += 6;
    lose_in_ring(lab, 0, 1, 8);
    assert_account(lab,
                   "r1:eth0 receive ring: 1\n"
                   "r1:eth0 ingress filter: 2\n"
                   "r1 IP: address errors: 3\n"
                   "r1 IP: no route: 4\n"
                   "r1 IP: output discards: 5\n"
                   "softnet backlog: 6\n"
                   "r1:eth0 to eth1: 7\n"
                   "sink:k0 receive ring: 8\n",
                   8, 0);
}

// The queue towards the sink fills only when the sink does not take: the tester's fault.
static void test_queue_towards_the_sink(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 1, 5);
    sender(lab, 0, 1)->queue_full += 5;
    assert_account(lab, "sink:k0 receive ring: 5\n", 5, 0);

    // What else the router lost is not the sink's: neither by IP nor by a queue put there by
    // others.
    lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 1, 5 + 7 + 9);
    sender(lab, 0, 1)->queue_full += 5;
    sender(lab, 0, 1)->qdisc_egress += 9;
    ip_before(lab, 0, 1)->in_hdr_errors += 7;
    assert_account(lab,
                   "sink:k0 receive ring: 5\n"
                   "r1:eth1 queue: 9\n"
                   "r1 IP: header errors or TTL expired: 7\n",
                   5, 0);
}

// A counter never accounts for more than was lost at its place, even if it counted other packets.
static void test_counters_that_count_more(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 50);
    send_to(lab, 0, 2, 4);
    ip_before(lab, 0, 2)->in_hdr_errors += 100;
    receiver(lab, 0, 1)->rx_dropped += 100;
    lab->after.softnet_dropped += 100;
    assert_account(lab, "r1 IP: header errors or TTL expired: 4\n", 0, 0);
}

static void test_sink(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 4, 3 + 4 + 5);
    lab->counts[0].corrupt += 3;
    lab->counts[0].sink_drops += 4; // and of 5 the sink says nothing
    assert_account(lab,
                   "sink:k0 socket of the sink: 4\n"
                   "sink:k0 corrupt on arrival: 3\n"
                   "sink:k0 not seen by the sink: 5\n",
                   0, 4);

    // Too late to be distinguished from duplicates: they arrived, but count as lost.
    lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 4, 6);
    lab->counts[0].stale += 6;
    cross(lab, 0, 3, 4, 9);
    lab->counts[0].strays += 9; // left over from an earlier trial: no loss
    assert_account(lab, "unexplained: 6\n", 0, 0);
}

static void test_existing_links(void **state)
{
    (void)state;
    struct lab *lab = open_lab(real_links, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    lab->counts[0].tx += 2 + 3 + 4 + 5;
    sender(lab, 0, 0)->tx_dropped += 2;
    sender(lab, 0, 0)->tx_packets += 3 + 4 + 5;
    receiver(lab, 0, 0)->rx_missed += 3;
    receiver(lab, 0, 0)->rx_errors += 4; // and 5 vanish between the two ends
    assert_account(lab,
                   "source:s0 transmit: 2\n"
                   "r1:eth0 receive ring: 3\n"
                   "r1:eth0 receive errors: 4\n"
                   "source:s0 link: 5\n",
                   0, 0);

    lab = open_lab(real_links, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 3, 6);
    sender(lab, 0, 3)->tx_packets += 6;
    receiver(lab, 0, 3)->rx_missed += 6;
    assert_account(lab, "sink:k0 receive ring: 6\n", 6, 0);

    // What the router's interface drops is the router's loss, not the tester's.
    lab = open_lab(real_links, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 1, 8);
    sender(lab, 0, 1)->tx_dropped += 8;
    assert_account(lab, "r1:eth1 transmit: 8\n", 0, 0);
}

// ---- two networks

static void test_two_networks(void **state)
{
    (void)state;
    struct lab *lab = open_lab(two_routers, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 2000);
    lose_in_ring(lab, 0, 1, 5);
    lose_in_ring(lab, 1, 1, 6);
    send_to(lab, 1, 3, 7);
    send_to(lab, 0, 2, 8);
    ip_before(lab, 0, 2)->no_routes += 8;
    send_to(lab, 1, 2, 9);
    ip_before(lab, 1, 2)->no_routes += 9;
    assert_account(lab,
                   "r1:eth0 receive ring: 5\n"
                   "r1 IP: no route: 8\n"
                   "r2:eth0 receive ring: 6\n"
                   "r2 IP: no route: 9\n"
                   "host:br3: 7\n",
                   0, 0);
}

// One router's IP layer counts for both of its networks: each takes its part, and one row says so.
static void test_shared_router(void **state)
{
    (void)state;
    struct lab *lab = open_lab(shared_router, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 2000);
    send_to(lab, 0, 1, 5);
    send_to(lab, 1, 1, 6);
    ip_before(lab, 0, 1)->in_hdr_errors += 5 + 6 - 2; // 2 of NET1 fell without a counter
    lose_in_ring(lab, 1, 0, 3);
    assert_account(lab,
                   "r1 IP: header errors or TTL expired: 9\n"
                   "r1:eth2 receive ring: 3\n"
                   "r1:eth2 to eth3: 2\n",
                   0, 0);
}

// Both directions of a network use the same interfaces. Each finds its own losses, and a counter
// that both have in common is divided among them.
static void each_direction_has_losses_of_its_own(void **state)
{
    (void)state;
    struct lab *lab = open_lab(both_directions, TOPOLOGY_DEDICATED);
    assert_int_equal(lab->plan->path_count, 2);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 2000);
    lose_in_ring(lab, 0, 0, 3);
    lose_in_ring(lab, 1, 0, 4);
    lose_in_ring(lab, 0, 1, 5);
    lose_in_ring(lab, 1, 1, 6);
    send_to(lab, 0, 1, 7);
    receiver(lab, 0, 0)->qdisc_ingress += 7; // at eth0, where packets of the reverse leave
    send_to(lab, 1, 1, 9 + 10 + 11);
    sender(lab, 1, 1)->qdisc_ingress += 9; // at the same interface
    ip_before(lab, 1, 1)->in_hdr_errors += 10;
    check_account(lab,
                  "r1:eth0 receive ring: 3\n"
                  "r1:eth0 ingress filter: 7\n"
                  "sink:k0 receive ring: 5\n"
                  "r1:eth1 receive ring: 4\n"
                  "r1:eth0 egress filter: 9\n"
                  "r1 IP: header errors or TTL expired: 10\n"
                  "r1:eth1 to eth0: 11\n"
                  "source:s0 receive ring: 6\n",
                  5 + 6, 0);
    close_lab(lab);
}

// ---- copies, and counters that contradict

// The router copies one packet and loses another: no counter shows it.
static void test_copy_hides_loss(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    send_to(lab, 0, 2, 3);
    cross(lab, 0, 2, 4, 3);
    lab->counts[0].duplicated += 3;
    assert_account(lab, "unexplained: 3\n", 0, 0);
}

// Copies that are dropped again are no losses.
static void test_dropped_copies(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    sender(lab, 0, 2)->tx_dropped += 40; // copies made by the router
    assert_account(lab, "", 0, 0);

    lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    deliver(lab, 0, 1000);
    lose_in_ring(lab, 0, 0, 7);
    cross(lab, 0, 1, 3, 40); // copies made by the host, 30 lost in it again, 10 at the sink
    cross(lab, 0, 3, 4, 10);
    lab->counts[0].sink_drops += 10;
    assert_account(lab, "host:nic0 receive ring: 7\n", 0, 10);

    // Copies on one network take nothing off another's places, though a row of both comes first.
    lab = open_lab(two_routers, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 1000);
    send_to(lab, 0, 1, 3);
    lab->after.softnet_dropped += 3 + 2;
    lose_in_ring(lab, 0, 1, 4);
    cross(lab, 1, 0, 1, 2); // two copies come to the router, and fall
    assert_account(lab,
                   "softnet backlog: 3\n"
                   "sink:k0 receive ring: 4\n",
                   4, 0);
}

static void test_counters_that_went_back(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    deliver(lab, 0, 100);
    lose_in_ring(lab, 0, 0, 5);
    struct link_counters *entry = receiver(lab, 0, 0);
    *entry = (struct link_counters){.index = entry->index}; // recreated meanwhile
    lab->after.softnet_dropped = 0;
    *ip_before(lab, 0, 1) = (struct ip_counters){0};
    account(lab);
    assert_int_equal(lab->point.drop_count, 1);
    assert_int_equal(placed_at(lab, "r1:eth0 receive ring"), 5);
    close_lab(lab);
}

static void test_interface_gone(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_to(lab, 0, 1, 100);
    receiver(lab, 0, 0)->index = 99;
    account(lab); // all are lost somewhere, and the account still sums up
    close_lab(lab);
}

// ---- anything at all

static uint64_t draw(uint64_t *seed, uint64_t below) // SplitMix64
{
    uint64_t mix = *seed += 0x9e3779b97f4a7c15ULL;
    mix = (mix ^ mix >> 30) * 0xbf58476d1ce4e5b9ULL;
    mix = (mix ^ mix >> 27) * 0x94d049bb133111ebULL;
    return (mix ^ mix >> 31) % below;
}

// Without copies every loss is found, and at its place.
static void test_random_losses(void **state)
{
    (void)state;
    static const char *const rings[2][4] = {
        {"host:nic0", "r1:eth0", "host:vif1.1", "sink:k0"},
        {"host:nic2", "r2:eth0", "host:vif2.1", "sink:k1"},
    };
    static const char *const nodes[2][4] = {
        {NULL, "host:br0", "r1:eth0 to eth1", "host:br1"},
        {NULL, "host:br2", "r2:eth0 to eth1", "host:br3"},
    };
    for (uint64_t seed = 1; seed <= 300; seed++) {
        uint64_t random = seed;
        struct lab *lab = open_lab(two_routers, TOPOLOGY_BRIDGED);
        uint64_t ring[2][4] = {{0}};
        uint64_t node[2][4] = {{0}};
        uint64_t expired[2] = {0};
        for (unsigned events = 0; events < 30; events++) {
            size_t path = draw(&random, 2);
            size_t wire = draw(&random, 4);
            uint64_t count = 1 + draw(&random, 1000);
            switch (draw(&random, 4)) {
            case 0:
                deliver(lab, path, count);
                break;
            case 1:
                lose_in_ring(lab, path, wire, count);
                ring[path][wire] += count;
                break;
            case 2:
                send_to(lab, path, wire == 0 ? 1 : wire, count);
                node[path][wire == 0 ? 1 : wire] += count;
                break;
            default:
                send_to(lab, path, 2, count);
                ip_before(lab, path, 2)->in_hdr_errors += count;
                expired[path] += count;
            }
        }
        account(lab);
        for (size_t path = 0; path < 2; path++) {
            for (size_t wire = 0; wire < 4; wire++) {
                char where[64];
                snprintf(where, sizeof where, "%s receive ring", rings[path][wire]);
                assert_int_equal(placed_at(lab, where), ring[path][wire]);
                assert_true(wire == 0 || placed_at(lab, nodes[path][wire]) == node[path][wire]);
            }
            assert_int_equal(placed_at(lab, path == 0 ? "r1 IP: header errors or TTL expired"
                                                      : "r2 IP: header errors or TTL expired"),
                             expired[path]);
        }
        assert_int_equal(placed_at(lab, "unexplained"), 0);
        assert_int_equal(lab->tester.sink_ring, ring[0][3] + ring[1][3]);
        close_lab(lab);
    }
}

// For any counters the places sum to the losses: account() checks it.
static void test_random_counters(void **state)
{
    (void)state;
    static const char *const texts[] = {one_router, two_routers, shared_router, real_links,
                                        both_directions};
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        uint64_t random = seed;
        struct lab *lab = open_lab(texts[seed % 5], (enum topology)(1 + seed / 5 % 2));
        for (size_t i = 0; i < lab->plan->path_count; i++) {
            for (unsigned events = 0; events < 6; events++) {
                deliver(lab, i, draw(&random, 50));
                lose_in_ring(lab, i, draw(&random, wires(lab)), draw(&random, 50));
                send_to(lab, i, 1 + draw(&random, wires(lab)), draw(&random, 50));
                cross(lab, i, draw(&random, wires(lab)), wires(lab), draw(&random, 50));
            }
            lab->counts[i].sink_drops = draw(&random, 3) * draw(&random, 50);
            lab->counts[i].corrupt = draw(&random, 3) * draw(&random, 50);
            lab->counts[i].fragments = (unsigned)draw(&random, 4);
            lab->counts[i].company = draw(&random, 2) == 1;
            sink_sockets(lab, i)->rcvbuf_errors += draw(&random, 40);
            lab->counts[i].duplicated = draw(&random, 100);
        }
        for (size_t i = 0; i < lab->plan->interface_count; i++) {
            struct link_counters *at = counters_at(lab, i);
            uint64_t *values[] = {&at->rx_packets, &at->tx_packets,    &at->rx_dropped,
                                  &at->tx_dropped, &at->rx_errors,     &at->tx_errors,
                                  &at->rx_missed,  &at->qdisc_ingress, &at->qdisc_egress,
                                  &at->queue_full};
            *values[draw(&random, 10)] += draw(&random, 200) - 50;
        }
        lab->after.softnet_dropped += draw(&random, 60);
        account(lab);
        close_lab(lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_lost),
        cmocka_unit_test(test_nothing_sent),
        cmocka_unit_test(test_direct),
        cmocka_unit_test(test_bridged),
        cmocka_unit_test(test_netback),
        cmocka_unit_test(test_dedicated),
        cmocka_unit_test(each_ip_version_has_reasons_of_its_own),
        cmocka_unit_test(test_queue_towards_the_sink),
        cmocka_unit_test(test_counters_that_count_more),
        cmocka_unit_test(test_sink),
        cmocka_unit_test(test_existing_links),
        cmocka_unit_test(test_two_networks),
        cmocka_unit_test(test_shared_router),
        cmocka_unit_test(each_direction_has_losses_of_its_own),
        cmocka_unit_test(test_copy_hides_loss),
        cmocka_unit_test(test_dropped_copies),
        cmocka_unit_test(test_counters_that_went_back),
        cmocka_unit_test(test_interface_gone),
        cmocka_unit_test(test_random_losses),
        cmocka_unit_test(test_random_counters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
