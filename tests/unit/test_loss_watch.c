// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of measure/loss_watch — made-up counters are read while made-up packets pass, also between
 * two counters of one reading; only real losses may be reported.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "measure/loss_watch.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_trial.h"

#define APART_NS (50U * NS_PER_MS) // readings
#define START_NS (1000U * NS_PER_S)
#define STILL    8U // so many readings without a packet suffice

struct seen {
    char *text; // a line for each report
    struct loss_seen last;
    unsigned count;
};

struct watched {
    struct lab *lab;
    struct loss_watch *watch;
    uint64_t now_ns;
    struct seen seen;
};

static void note(void *context, const struct loss_seen *lost)
{
    struct seen *seen = context;
    char *longer =
        text_format("%s%s: %llu\n", seen->text, lost->where, (unsigned long long)lost->count);
    free(seen->text);
    seen->text = longer;
    seen->last = *lost;
    seen->count++;
}

// A reading takes 2 ms.
static void look(struct watched *watched)
{
    const struct plan *plan = watched->lab->plan;
    struct loss_reading reading = {.counters = read_counters(plan),
                                   .began_ns = watched->now_ns,
                                   .ended_ns = watched->now_ns + 2 * NS_PER_MS};
    for (size_t n = 0; n < plan->node_count; n++) {
        struct namespace_counters *from = &watched->lab->after.nodes[n];
        struct namespace_counters *to = &reading.counters.nodes[n];
        memcpy(to->links, from->links, from->link_count * sizeof *to->links);
        to->link_count = from->link_count;
        to->ip = from->ip;
        to->ip6 = from->ip6;
    }
    loss_watch_take(watched->watch, &reading, note, &watched->seen);
    assert_null(reading.counters.nodes);
    watched->now_ns += APART_NS;
}

static void look_still(struct watched *watched)
{
    for (unsigned i = 0; i < STILL; i++) {
        look(watched);
    }
}

static struct watched begin(void)
{
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    return (struct watched){.lab = lab,
                            .watch = loss_watch_new(lab->plan),
                            .now_ns = START_NS,
                            .seen = {.text = text_copy("")}};
}

static void assert_seen(struct watched *watched, const char *expected)
{
    assert_string_equal(watched->seen.text, expected);
    free(watched->seen.text);
    watched->seen.text = text_copy("");
}

static void end(struct watched *watched)
{
    assert_seen(watched, "");
    free(watched->seen.text);
    loss_watch_free(watched->watch);
    close_lab(watched->lab);
}

// Packets that the router's IP layer receives, and forwards but for `lost`.
static void route(struct watched *watched, uint64_t received, uint64_t lost)
{
    struct ip_counters *ip = ip_before(watched->lab, 0, 2);
    ip->received += received;
    ip->forwarded += received - lost;
}

static void pass(struct watched *watched, uint64_t count)
{
    deliver(watched->lab, 0, count);
    route(watched, count, 0);
}

// The router receives packets, and does not forward them.
static void lose_in_router(struct watched *watched, uint64_t count)
{
    send_to(watched->lab, 0, 2, count);
    route(watched, count, count);
}

// ---- traffic that loses nothing

static void packets_between_two_counters_are_no_loss(void **state)
{
    (void)state;
    struct watched watched = begin();
    for (unsigned i = 0; i < 200; i++) {
        // The sender's counter is read last: up to 3 packets more have passed it.
        uint64_t meanwhile = i % 4;
        pass(&watched, 50);
        sender(watched.lab, 0, 0)->tx_packets += meanwhile;
        look(&watched);
        receiver(watched.lab, 0, 0)->rx_packets += meanwhile;
        cross(watched.lab, 0, 1, wires(watched.lab), meanwhile);
        route(&watched, meanwhile, 0);
    }
    look_still(&watched);
    look_still(&watched);
    end(&watched);
}

static void packets_for_the_router_itself_are_no_loss(void **state)
{
    (void)state;
    struct watched watched = begin();
    look_still(&watched);
    send_to(watched.lab, 0, 2, 5); // ping
    ip_before(watched.lab, 0, 2)->received += 5;
    ip_before(watched.lab, 0, 2)->delivered += 5;
    send_to(watched.lab, 0, 2, 2); // ARP
    look_still(&watched);
    end(&watched);
}

static void counters_that_restart_are_no_loss(void **state)
{
    (void)state;
    struct watched watched = begin();
    look_still(&watched);
    pass(&watched, 100);
    look(&watched);
    struct link_counters *gate = sender(watched.lab, 0, 2);
    *gate = (struct link_counters){.index = gate->index};
    cross(watched.lab, 0, 0, 2, 7); // while the router restarts
    look_still(&watched);
    pass(&watched, 100);
    look_still(&watched);
    assert_null(loss_watch_lacks(watched.watch));
    end(&watched);
}

static void a_queue_that_is_replaced_hides_no_drop(void **state)
{
    (void)state;
    struct watched watched = begin();
    look_still(&watched);
    sender(watched.lab, 0, 2)->qdisc_egress += 4;
    look(&watched);
    assert_seen(&watched, "r1:eth1 queue: 4\n");
    sender(watched.lab, 0, 2)->qdisc_egress = 0;
    look(&watched);
    assert_seen(&watched, "");
    sender(watched.lab, 0, 2)->qdisc_egress = 2;
    look(&watched);
    assert_seen(&watched, "r1:eth1 queue: 2\n");
    lose_in_router(&watched, 1); // differences still have their base
    look_still(&watched);
    assert_seen(&watched, "r1:eth0 to eth1: 1\n");
    end(&watched);
}

static void an_interface_that_goes_is_named(void **state)
{
    (void)state;
    struct watched watched = begin();
    look_still(&watched);
    struct link_counters *gate = sender(watched.lab, 0, 2);
    int index = gate->index;
    gate->index = 9999;
    cross(watched.lab, 0, 0, 2, 7);
    look_still(&watched);
    char *lacks = loss_watch_lacks(watched.watch);
    assert_string_equal(lacks, "r1:eth1");
    free(lacks);
    struct namespace_counters *node =
        &watched.lab->after.nodes[watched.lab->plan->interfaces[wire_at(watched.lab, 0, 2).a].node];
    for (size_t i = 0; i < node->link_count; i++) {
        node->links[i].index = node->links[i].index == 9999 ? index : node->links[i].index;
    }
    look_still(&watched);
    assert_null(loss_watch_lacks(watched.watch));
    end(&watched);
}

// ---- losses

static void a_drop_counter_is_reported_at_once(void **state)
{
    (void)state;
    struct watched watched = begin();
    for (unsigned i = 0; i < 10; i++) {
        pass(&watched, 50);
        look(&watched);
    }
    pass(&watched, 50);
    lose_in_ring(watched.lab, 0, 2, 2);
    // More packets arrived behind the loss than are read as sent before it.
    receiver(watched.lab, 0, 0)->qdisc_ingress += 3;
    look(&watched);
    assert_int_equal(watched.seen.count, 2);
    assert_false(watched.seen.last.by_difference);
    assert_int_equal(watched.seen.last.from_ns, watched.now_ns - 2 * APART_NS);
    assert_int_equal(watched.seen.last.to_ns, watched.now_ns - APART_NS + 2 * NS_PER_MS);
    assert_seen(&watched, "host:nic0 ingress filter: 3\nhost:vif1.1 receive ring: 2\n");
    look(&watched);
    lose_in_ring(watched.lab, 0, 2, 1);
    look(&watched);
    assert_seen(&watched, "host:vif1.1 receive ring: 1\n");
    look_still(&watched);
    end(&watched);
}

static void a_difference_is_reported_once_nothing_moves(void **state)
{
    (void)state;
    struct watched watched = begin();
    look_still(&watched);
    uint64_t began_ns = watched.now_ns;
    for (unsigned i = 0; i < 10; i++) {
        pass(&watched, 50);
        if (i == 4) {
            lose_in_router(&watched, 2);
        }
        look(&watched);
    }
    assert_seen(&watched, "");
    uint64_t ended_ns = watched.now_ns;
    look_still(&watched);
    assert_int_equal(watched.seen.count, 1);
    assert_true(watched.seen.last.by_difference);
    assert_int_equal(watched.seen.last.from_ns, began_ns - APART_NS);
    assert_int_equal(watched.seen.last.to_ns, ended_ns - APART_NS + 2 * NS_PER_MS);
    assert_seen(&watched, "r1:eth0 to eth1: 2\n");
    // On the wire to the router, and in the bridge.
    sender(watched.lab, 0, 0)->tx_packets += 3;
    send_to(watched.lab, 0, 1, 4);
    look_still(&watched);
    assert_seen(&watched, "source:s0 link: 3\nhost:br0: 4\n");
    end(&watched);
}

static void a_watch_that_begins_in_traffic_has_no_base_for_differences(void **state)
{
    (void)state;
    struct watched watched = begin();
    for (unsigned i = 0; i < 10; i++) {
        pass(&watched, 50);
        lose_in_router(&watched, 1);
        look(&watched);
    }
    look_still(&watched);
    assert_seen(&watched, "");
    lose_in_router(&watched, 1);
    look_still(&watched);
    assert_seen(&watched, "r1:eth0 to eth1: 1\n");
    end(&watched);
}

static void packets_of_the_router_hide_no_later_loss(void **state)
{
    (void)state;
    struct watched watched = begin();
    look_still(&watched);
    cross(watched.lab, 0, 2, wires(watched.lab), 20); // the router's own
    look_still(&watched);
    lose_in_router(&watched, 2);
    look_still(&watched);
    assert_seen(&watched, "r1:eth0 to eth1: 2\n");
    cross(watched.lab, 0, 2, wires(watched.lab), 20);
    sender(watched.lab, 0, 2)->qdisc_egress += 1; // a counter names it
    look(&watched);
    assert_seen(&watched, "r1:eth1 queue: 1\n");
    look_still(&watched);
    end(&watched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_between_two_counters_are_no_loss),
        cmocka_unit_test(packets_for_the_router_itself_are_no_loss),
        cmocka_unit_test(counters_that_restart_are_no_loss),
        cmocka_unit_test(a_queue_that_is_replaced_hides_no_drop),
        cmocka_unit_test(an_interface_that_goes_is_named),
        cmocka_unit_test(a_drop_counter_is_reported_at_once),
        cmocka_unit_test(a_difference_is_reported_once_nothing_moves),
        cmocka_unit_test(a_watch_that_begins_in_traffic_has_no_base_for_differences),
        cmocka_unit_test(packets_of_the_router_hide_no_later_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
