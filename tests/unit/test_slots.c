// SPDX-License-Identifier: GPL-3.0-or-later
// Tests of measure/slots — which slots stalls leave out, and the counts by slots.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "measure/slots.h"
#include "traffic/schedule.h"

#include <cmocka.h>

#define MS    NS_PER_MS
#define START (7000 * MS) // of sending, CLOCK_MONOTONIC
#define COUNT 100U        // slots of 2 ms

static uint64_t bounds_ns[COUNT + 1];

static void set_bounds(void)
{
    for (size_t i = 0; i <= COUNT; i++) {
        bounds_ns[i] = i * 2 * MS;
    }
}

static struct heartbeat_stall stall(unsigned cpu, double from_ms, double to_ms)
{
    return (struct heartbeat_stall){.cpu = cpu,
                                    .from_ns = START + (uint64_t)(int64_t)(from_ms * 1e6),
                                    .to_ns = START + (uint64_t)(int64_t)(to_ms * 1e6),
                                    .late_ns = MS};
}

static const struct slot_queues plain = {.start_ns = START, .full_ns = 10 * MS};

// The slots that are left out, as "FROM-TO FROM-TO" (slots, TO excluded).
static const char *left_out_by(struct heartbeat_stall *stalls, size_t count,
                               const struct slot_queues *queues)
{
    static char text[256];
    bool left_out[COUNT] = {false};
    const struct heartbeat_report report = {.stalls = stalls, .count = count};
    slots_leave_out(&report, queues, bounds_ns, COUNT, left_out);
    text[0] = '\0';
    for (unsigned i = 0; i < COUNT;) {
        unsigned from = i;
        while (i < COUNT && left_out[i]) {
            i++;
        }
        size_t used = strlen(text);
        if (i > from) {
            (void)snprintf(text + used, sizeof text - used, "%s%u-%u", used > 0 ? " " : "", from,
                           i);
        }
        i += i == from;
    }
    return text;
}

static void no_stall_leaves_nothing_out(void **state)
{
    (void)state;
    assert_string_equal(left_out_by(NULL, 0, &plain), "");
}

// The source catches up at 1.25 times the rate: a stall of 4 ms takes 16 ms more.
static void stall_and_its_recovery_are_left_out(void **state)
{
    (void)state;
    struct heartbeat_stall one[] = {stall(0, 21.0, 25.0)};
    assert_string_equal(left_out_by(one, 1, &plain), "10-21");
}

// A packet sent just before a stall may still be in a queue behind the CPU that stalls.
static void packets_on_their_way_are_left_out(void **state)
{
    (void)state;
    struct heartbeat_stall one[] = {stall(0, 21.0, 25.0)};
    struct slot_queues queues = plain;
    queues.before_ns = 5 * MS;
    assert_string_equal(left_out_by(one, 1, &queues), "7-21");
    // also those due a little before it that a sleep of the source delayed
    queues.before_ns = MS;
    assert_string_equal(left_out_by(one, 1, &queues), "9-21");
}

static void stalls_outside_the_sending_leave_out_their_part_of_it(void **state)
{
    (void)state;
    struct heartbeat_stall early[] = {stall(0, -30.0, -26.0)};
    assert_string_equal(left_out_by(early, 1, &plain), "");
    struct heartbeat_stall shortly_before[] = {stall(0, -5.0, -1.0)};
    assert_string_equal(left_out_by(shortly_before, 1, &plain), "0-8");
    struct heartbeat_stall at_the_end[] = {stall(0, 197.0, 230.0)};
    assert_string_equal(left_out_by(at_the_end, 1, &plain), "98-100");
    struct heartbeat_stall late[] = {stall(0, 203.0, 207.0)};
    assert_string_equal(left_out_by(late, 1, &plain), "");
}

// A stall while the source still catches up adds to its backlog: of the 4 ms, 2 ms are left 8 ms
// later, and with 4 ms more they take 24 ms.
static void stalls_of_one_cpu_add_up(void **state)
{
    (void)state;
    struct heartbeat_stall two[] = {stall(0, 21.0, 25.0), stall(0, 33.0, 37.0)};
    assert_string_equal(left_out_by(two, 2, &plain), "10-31");
}

// A task that a cap of 25 % holds, and that is charged with a stall of 4 ms, waits for 16 ms and up
// to the end of a period of 20 ms: longer than the source takes to catch up. What waited in the
// queues meanwhile, at most 10 ms of packets, then takes as long again.
static void stall_charged_to_a_capped_task_is_left_out_until_it_is_repaid(void **state)
{
    (void)state;
    struct heartbeat_stall one[] = {stall(0, 21.0, 25.0)};
    struct slot_queues queues = plain;
    queues.debt = 4.0;
    queues.period_ns = 20 * MS;
    assert_string_equal(left_out_by(one, 1, &queues), "10-31");
    queues.utilisation = 0.5;
    assert_string_equal(left_out_by(one, 1, &queues), "10-36");
    queues.debt = 1.0; // a whole CPU: the period, and the drain
    assert_string_equal(left_out_by(one, 1, &queues), "10-30");
}

static void stalls_of_two_cpus_leave_out_their_union(void **state)
{
    (void)state;
    struct heartbeat_stall two[] = {stall(0, 101.0, 103.0), stall(1, 21.0, 23.0),
                                    stall(1, 151.0, 153.0)};
    assert_string_equal(left_out_by(two, 3, &plain), "10-16 50-56 75-81");
}

// A device that is 90 % busy needs nine times the time of what its queues hold, at most.
static void busy_device_drains_slowly(void **state)
{
    (void)state;
    struct heartbeat_stall one[] = {stall(0, 21.0, 25.0)};
    struct slot_queues queues = plain;
    queues.utilisation = 0.5;
    assert_string_equal(left_out_by(one, 1, &queues), "10-21");
    queues.utilisation = 0.9;
    assert_string_equal(left_out_by(one, 1, &queues), "10-31");
    queues.full_ns = 3 * MS; // they can't hold more
    assert_string_equal(left_out_by(one, 1, &queues), "10-26");
    queues.utilisation = 1.0; // overloaded: the queues never drain
    queues.full_ns = MS;
    assert_string_equal(left_out_by(one, 1, &queues), "10-22");
}

static void ratio_is_of_the_time(void **state)
{
    (void)state;
    static const uint64_t uneven[] = {0, 3 * MS, 4 * MS, 10 * MS};
    const bool left_out[] = {true, false, true};
    assert_true(fabs(slots_left_out_ratio(uneven, 3, left_out) - 0.9) < 1e-9);
    assert_true(slots_left_out_ratio(uneven, 0, left_out) == 0.0);
}

static void there_are_no_more_slots_than_a_sink_counts(void **state)
{
    (void)state;
    assert_int_equal(slot_width_ns(NS_PER_S), 2 * MS);
    assert_int_equal(slot_width_ns(12 * NS_PER_S), 2 * MS);
    assert_int_equal(slot_width_ns(60 * NS_PER_S), 10 * MS);
    for (uint64_t s = 1; s <= 3600; s++) {
        uint64_t width = slot_width_ns(s * NS_PER_S + 1);
        assert_true((s * NS_PER_S + width) / width <= SLOTS_MOST);
    }
}

// Whatever the rate and the number sent, each packet is in exactly one slot.
static void slots_sum_to_all_packets(void **state)
{
    (void)state;
    static const double rates[] = {0.3, 7.0, 499.999, 33333.3, 1e6};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        _cleanup_schedule_ struct schedule schedule = {.knots = NULL};
        schedule_make_constant(rates[r], COUNT * 2 * MS, &schedule);
        uint64_t bounds[COUNT + 1];
        for (size_t i = 0; i <= COUNT; i++) {
            bounds[i] = schedule_due_before(&schedule, bounds_ns[i]);
        }
        assert_int_equal(bounds[0], 0);
        const uint64_t sent[] = {0, 1, schedule.total / 2, schedule.total, schedule.total + 1};
        for (size_t s = 0; s < sizeof sent / sizeof sent[0]; s++) {
            uint64_t sum = 0;
            for (size_t i = 0; i < COUNT; i++) {
                sum += slot_sent(bounds, COUNT, i, sent[s]);
            }
            assert_int_equal(sum, sent[s]);
        }
    }
}

static void recovery_ends_with_the_last_loss_after_the_drop(void **state)
{
    (void)state;
    uint64_t lost[COUNT] = {0};
    bool left_out[COUNT] = {false};
    set_bounds();
    struct recovery_result recovery = slots_recovery(bounds_ns, COUNT, lost, NULL, 100 * MS);
    assert_true(recovery.measured && !recovery.uncertain && recovery.lost == 0);
    assert_true(recovery.low_ns == 0 && recovery.high_ns == 0);
    lost[10] = 500; // in the overload
    lost[50] = 3;
    lost[57] = 2;
    recovery = slots_recovery(bounds_ns, COUNT, lost, left_out, 100 * MS);
    assert_true(recovery.low_ns == 14 * MS && recovery.high_ns == 16 * MS);
    assert_int_equal(recovery.lost, 5);
    lost[COUNT - 1] = 1;
    recovery = slots_recovery(bounds_ns, COUNT, lost, left_out, 100 * MS);
    assert_true(recovery.low_ns == 98 * MS && recovery.high_ns == 100 * MS);
}

static void losses_in_a_stall_make_a_recovery_uncertain(void **state)
{
    (void)state;
    uint64_t lost[COUNT] = {0};
    bool left_out[COUNT] = {false};
    set_bounds();
    lost[50] = 3;
    lost[60] = 7;
    left_out[60] = true;
    struct recovery_result recovery = slots_recovery(bounds_ns, COUNT, lost, left_out, 100 * MS);
    assert_true(recovery.uncertain && recovery.lost == 3 && recovery.high_ns == 2 * MS);
    lost[70] = 1; // later, and certain
    recovery = slots_recovery(bounds_ns, COUNT, lost, left_out, 100 * MS);
    assert_true(!recovery.uncertain && recovery.lost == 4 && recovery.high_ns == 42 * MS);
    lost[70] = 0;
    lost[60] = 0; // a stall without losses changes nothing
    recovery = slots_recovery(bounds_ns, COUNT, lost, left_out, 100 * MS);
    assert_true(!recovery.uncertain && recovery.high_ns == 2 * MS);
}

static void an_outage_is_the_longest_time_without_a_packet(void **state)
{
    (void)state;
    uint64_t tx[COUNT];
    uint64_t rx[COUNT];
    set_bounds();
    for (size_t i = 0; i < COUNT; i++) {
        tx[i] = rx[i] = 10;
    }
    struct outage_result outage = slots_outage(bounds_ns, COUNT, tx, rx);
    assert_true(outage.measured && outage.over && outage.low_ns == 0);
    rx[3] = rx[4] = 0; // a shorter one
    for (size_t i = 20; i < 30; i++) {
        rx[i] = 0;
    }
    rx[19] = 4; // it begins and ends within a slot
    rx[30] = 6;
    outage = slots_outage(bounds_ns, COUNT, tx, rx);
    assert_true(outage.over && outage.low_ns == 20 * MS && outage.high_ns == 24 * MS);
    tx[25] = 0; // no packet was due
    outage = slots_outage(bounds_ns, COUNT, tx, rx);
    assert_true(outage.low_ns == 20 * MS);
    tx[29] = 0;
    outage = slots_outage(bounds_ns, COUNT, tx, rx);
    assert_true(outage.low_ns == 18 * MS && outage.high_ns == 24 * MS);
}

static void an_outage_may_last_to_the_end(void **state)
{
    (void)state;
    uint64_t tx[COUNT];
    uint64_t rx[COUNT];
    set_bounds();
    for (size_t i = 0; i < COUNT; i++) {
        tx[i] = 10;
        rx[i] = i < 60 ? 10 : 0;
    }
    struct outage_result outage = slots_outage(bounds_ns, COUNT, tx, rx);
    assert_true(!outage.over && outage.low_ns == 80 * MS && outage.high_ns == 82 * MS);
    for (size_t i = 60; i < COUNT - 1; i++) {
        rx[i] = 1;
    }
    rx[10] = rx[11] = 0; // longer than that of the last slot
    outage = slots_outage(bounds_ns, COUNT, tx, rx);
    assert_true(outage.over && outage.low_ns == 4 * MS);
    for (size_t i = 0; i < COUNT; i++) {
        rx[i] = 0;
    }
    outage = slots_outage(bounds_ns, COUNT, tx, rx);
    assert_true(!outage.over && outage.low_ns == 200 * MS && outage.high_ns == 200 * MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_stall_leaves_nothing_out),
        cmocka_unit_test(stall_and_its_recovery_are_left_out),
        cmocka_unit_test(packets_on_their_way_are_left_out),
        cmocka_unit_test(stalls_outside_the_sending_leave_out_their_part_of_it),
        cmocka_unit_test(stalls_of_one_cpu_add_up),
        cmocka_unit_test(stall_charged_to_a_capped_task_is_left_out_until_it_is_repaid),
        cmocka_unit_test(stalls_of_two_cpus_leave_out_their_union),
        cmocka_unit_test(busy_device_drains_slowly),
        cmocka_unit_test(ratio_is_of_the_time),
        cmocka_unit_test(there_are_no_more_slots_than_a_sink_counts),
        cmocka_unit_test(slots_sum_to_all_packets),
        cmocka_unit_test(recovery_ends_with_the_last_loss_after_the_drop),
        cmocka_unit_test(losses_in_a_stall_make_a_recovery_uncertain),
        cmocka_unit_test(an_outage_is_the_longest_time_without_a_packet),
        cmocka_unit_test(an_outage_may_last_to_the_end),
    };
    set_bounds();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
