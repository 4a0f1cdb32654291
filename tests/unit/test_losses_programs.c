// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * tests of measure/losses — the same account (see test_losses.c) where programs send: packets of
 * their own beside those that are counted, sockets that are full, and fragments.
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

static void test_company_is_no_loss(void **state)
{
    (void)state;
    for (int topology = TOPOLOGY_DIRECT; topology < TOPOLOGY_COUNT; topology++) {
        struct lab *lab = open_lab(one_router, (enum topology)topology);
        send_program(lab, 0, 1, 17);
        deliver(lab, 0, 1000);
        assert_account(lab, "", 0, 0);
    }
}

static void test_program_whose_socket_is_full(void **state)
{
    (void)state;
    struct lab *lab = open_lab(two_routers, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 1, 9);
    send_program(lab, 1, 1, 9);
    deliver(lab, 0, 1000);
    deliver(lab, 1, 1000);
    lose_in_ring(lab, 0, 0, 30);
    send_to(lab, 0, wires(lab), 50);
    send_to(lab, 1, wires(lab), 7);
    sink_sockets(lab, 0)->rcvbuf_errors +=
        52; // of both paths: the first path's are accounted first
    assert_account(lab,
                   "r1:eth0 receive ring: 30\n"
                   "sink:k0 socket of the sink: 50\n"
                   "sink:k1 socket of the sink: 2\n"
                   "sink:k1 not read by the sink: 5\n",
                   0, 57);
}

static void test_copies_of_the_last_datagram_are_lost(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_BRIDGED);
    send_program(lab, 0, 1, 4);
    deliver(lab, 0, 100);
    lose_in_ring(lab, 0, 1, 10);
    // Two more frames than anybody counts, dropped on the way.
    cross(lab, 0, 0, 1, 2);
    sender(lab, 0, 1)->tx_dropped += 2;
    assert_account(lab, "r1:eth0 receive ring: 10\n", 0, 0);
}

// Packets in two fragments: (all, first only) lost before a wire.
static void lose_fragments(struct lab *lab, size_t wire, uint64_t whole, uint64_t half)
{
    lab->counts[0].tx += whole + half;
    cross(lab, 0, 0, wire, 2 * (whole + half));
    sender(lab, 0, wire)->tx_dropped += 2 * whole + half;
    cross(lab, 0, wire, wires(lab), half);
}

static void test_fragments(void **state)
{
    (void)state;
    struct lab *lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 3);
    lab->counts[0].tx += 500;
    lab->counts[0].rx += 500;
    cross(lab, 0, 0, wires(lab), 1000);
    make_whole(lab, 0, 500);
    assert_account(lab, "", 0, 0);

    // Each lost packet at one place, however many of its fragments.
    lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 3);
    lose_fragments(lab, 0, 10, 0);
    assert_account(lab, "r1:eth0 receive ring: 10\n", 0, 0);
    lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 3);
    lose_fragments(lab, 0, 0, 10);
    assert_account(lab, "r1:eth0 receive ring: 10\n", 0, 0);

    // Twice as many fragments at the one place as at the other.
    lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 3);
    lose_fragments(lab, 0, 20, 0);
    lose_fragments(lab, 1, 0, 20);
    assert_account(lab,
                   "r1:eth0 receive ring: 27\n"
                   "sink:k0 receive ring: 13\n",
                   20, 0);
}

static void test_fragments_at_either_end(void **state)
{
    (void)state;
    // The source gives a packet up once its first fragment has found the ring full.
    struct lab *lab = open_lab(one_router, TOPOLOGY_DIRECT);
    send_program(lab, 0, 2, 0);
    lab->counts[0].tx += 8;
    sender(lab, 0, 0)->tx_dropped += 8;
    assert_account(lab, "sink:k0 receive ring: 8\n", 8, 0);

    lab = open_lab(one_router, TOPOLOGY_DIRECT);
    send_program(lab, 0, 2, 0);
    lab->counts[0].tx += 8;
    assert_account(lab, "source:s0 not taken: 8\n", 0, 0);

    // Whole packets that the sink did not read, beside fragments without their fellows.
    lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 3);
    lose_fragments(lab, 0, 0, 10);
    lab->counts[0].tx += 6;
    cross(lab, 0, 0, wires(lab), 12);
    make_whole(lab, 0, 6);
    sink_sockets(lab, 0)->rcvbuf_errors += 4;
    assert_account(lab,
                   "r1:eth0 receive ring: 10\n"
                   "sink:k0 socket of the sink: 4\n"
                   "sink:k0 not read by the sink: 2\n",
                   0, 6);

    // Whole ones that no program read aren't taken for fragments lost on the way.
    lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 0);
    lose_fragments(lab, 0, 10, 0);
    lab->counts[0].tx += 8;
    cross(lab, 0, 0, wires(lab), 16);
    make_whole(lab, 0, 8);
    assert_account(lab,
                   "r1:eth0 receive ring: 10\n"
                   "sink:k0 not read by the sink: 8\n",
                   0, 8);

    // Two networks, one sink: what only the second's whole packets explain is not the first's.
    lab = open_lab(two_routers, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 3);
    send_program(lab, 1, 2, 3);
    lose_fragments(lab, 0, 0, 10);
    lab->counts[1].tx += 2;
    cross(lab, 1, 0, wires(lab), 4);
    make_whole(lab, 1, 2);
    assert_account(lab,
                   "r1:eth0 receive ring: 10\n"
                   "sink:k1 not read by the sink: 2\n",
                   0, 2);

    // Both fragments arrived, but no counter shows what happened to them.
    lab = open_lab(one_router, TOPOLOGY_DEDICATED);
    send_program(lab, 0, 2, 0);
    lab->counts[0].tx += 5;
    cross(lab, 0, 0, wires(lab), 10);
    assert_account(lab, "unexplained: 5\n", 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_company_is_no_loss),
        cmocka_unit_test(test_program_whose_socket_is_full),
        cmocka_unit_test(test_copies_of_the_last_datagram_are_lost),
        cmocka_unit_test(test_fragments),
        cmocka_unit_test(test_fragments_at_either_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
