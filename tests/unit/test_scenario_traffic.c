// SPDX-License-Identifier: GPL-3.0-or-later
// tests of scenario/ — forms of traffic in valid files: mixes of lengths, loads and lengths of one
// network, directions, profiles.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "scenario/mix.h"
#include "scenario/scenario.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "scenario_text.h"

// The order of a mix repeats, has each length as often as its weight demands, and is even: at any
// time each length was sent as often as it should, within one.
static void check_order(const struct length_mix *mix)
{
    unsigned seen[LENGTH_MIX_PARTS] = {0};
    for (unsigned i = 0; i < mix->slot_count; i++) {
        seen[mix->slots[i]]++;
        for (unsigned k = 0; k < mix->part_count; k++) {
            double due = (double)mix->parts[k].weight * (i + 1) / mix->slot_count;
            assert_true(fabs(due - seen[k]) <= 1.0);
        }
    }
    for (unsigned k = 0; k < mix->part_count; k++) {
        assert_int_equal(seen[k], mix->parts[k].weight);
    }
}

// Frames of 64 (raised to what holds the headers and the stamp), 570 and 1518 bytes.
static void test_imix(void **state)
{
    (void)state;
    static const struct {
        enum length_layer layer;
        unsigned ip;
        unsigned lengths[3];
    } expected[] = {
        {LENGTH_IP, 4, {56, 552, 1500}},      {LENGTH_FRAME, 4, {74, 570, 1518}},
        {LENGTH_IP, 6, {76, 552, 1500}},      {LENGTH_FRAME, 6, {94, 570, 1518}},
        {LENGTH_PAYLOAD, 4, {28, 524, 1472}}, {LENGTH_PAYLOAD, 6, {28, 504, 1452}},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        struct length_mix imix = {.part_count = 0};
        assert_int_equal(mix_parse("imix", 16, 9018, &imix, NULL), 0);
        mix_settle(&imix, expected[i].layer, expected[i].ip);
        assert_string_equal(imix.name, "imix");
        assert_int_equal(imix.part_count, 3);
        assert_int_equal(imix.slot_count, 12);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(imix.parts[k].length, expected[i].lengths[k]);
        }
        check_order(&imix);
    }
}

static void test_mixes(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good("name: x\nrouters: { r: {} }\n"
                   "networks: { A: { router: r }, B: { router: r, ip: 6 } }\n"
                   "traffic: { lengths: [100, 1x100+3x201, imix], flows: 9, flows_by: addresses,\n"
                   "  rates: { from: 1 Mbit/s, to: 2 Mbit/s, step: 1 Mbit/s } }\n");
    assert_int_equal(s->traffic.flows, 9);
    assert_int_equal(s->traffic.flows_by, FLOWS_BY_ADDRESSES);
    assert_int_equal(s->traffic.lengths[0], 100);
    assert_int_equal(s->traffic.lengths[1], 176); // 175.75
    assert_int_equal(s->traffic.lengths[2], 353); // (7 * 76 + 4 * 552 + 1500) / 12
    assert_null(scenario_mix(&s->traffic, 100));
    assert_near(scenario_mean_length(&s->traffic, 100), 100.0);
    assert_near(scenario_mean_length(&s->traffic, 176), 175.75);
    assert_int_equal(scenario_longest_ip(s, 353), 1500);
    assert_int_equal(scenario_longest_ip(s, 100), 100);
    const struct length_mix *own = scenario_mix(&s->traffic, 176);
    assert_non_null(own);
    assert_string_equal(own->name, "1x100+3x201");
    check_order(own);
    _cleanup_free_ double *pps = NULL;
    assert_int_equal(scenario_rates(&s->traffic, 176, &pps), 2);
    assert_near(pps[0] * 175.75 * 8.0, 1e6); // of the exact mean
    assert_int_equal(scenario_flow_addresses(&s->networks[0]), 253);
    assert_int_equal(scenario_flow_addresses(&s->networks[1]), 4294967293);
}

static void test_shares(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good("name: x\nrouters: { r: {} }\n"
                   "networks: { A: { router: r }, B: { router: r, share: 0.25 } }\n"
                   "traffic: { lengths: [100], rates: { pps: [1000] } }\n");
    assert_near(s->networks[0].share, 1.0);
    assert_near(s->networks[1].share, 0.25);
}

static void test_own_loads_and_lengths(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good("name: x\nrouters: { r: {} }\n"
                   "networks: { A: { router: r }, B: { router: r, rate: 500, length: 1400 },\n"
                   "  C: { router: r, rate: 1 Mbit/s, ip: 6 } }\n"
                   "traffic: { lengths: [100], rates: { pps: [1000] } }\n");
    assert_false(s->networks[0].rate.given);
    assert_int_equal(scenario_network_length(&s->networks[0], 100), 100);
    assert_true(s->networks[1].rate.given);
    assert_near(scenario_profile_pps(&s->networks[1].rate, 1400), 500.0);
    assert_int_equal(scenario_network_length(&s->networks[1], 100), 1400);
    assert_near(scenario_profile_pps(&s->networks[2].rate, 100), 1250.0);
    assert_int_equal(scenario_longest_ip(s, 100), 1400);
}

static void test_directions(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s =
        parse_good("name: x\nrouters: { r: {} }\n"
                   "networks: { A: { router: r }, B: { router: r, directions: both },\n"
                   "  C: { router: r, directions: one } }\n"
                   "traffic: { lengths: [100], rates: { pps: [1000] } }\n");
    assert_int_equal(s->networks[0].directions, DIRECTIONS_ONE);
    assert_int_equal(s->networks[1].directions, DIRECTIONS_BOTH);
    assert_int_equal(s->networks[2].directions, DIRECTIONS_ONE);
    assert_int_equal(scenario_stream_count(s), 4);
}

static void test_profile_of_phases(void **state)
{
    (void)state;
    _cleanup_scenario_ struct scenario *s = parse_good(
        "name: x\nrouters: { r: {} }\nnetworks: { A: { router: r } }\n"
        "traffic:\n"
        "  lengths: [125]\n"
        "  profile:\n"
        "    phases:\n"
        "      - { for: 2 s, rate: 1000 }\n"
        "      - { for: 1 s, rate: 1 Mbit/s, to: 3000 }\n"
        "      - { for: 250 ms, rate: 0, burst: 10000, every: 100 ms, lasting: 10 ms }\n");
    const struct scenario_profile *profile = &s->traffic.profile;
    static const struct {
        uint64_t from_ms, to_ms;
        double from, to;
    } pieces[] = {
        {0, 2000, 1000, 1000},      {2000, 3000, 1000, 3000},   {3000, 3010, 10000, 10000},
        {3010, 3100, 0, 0},         {3100, 3110, 10000, 10000}, {3110, 3200, 0, 0},
        {3200, 3210, 10000, 10000}, {3210, 3250, 0, 0},
    };
    const size_t count = sizeof pieces / sizeof pieces[0];
    assert_int_equal(s->traffic.rates.kind, RATES_PROFILE);
    assert_int_equal(s->traffic.duration_ns, 3250000000);
    assert_int_equal(profile->knot_count, 2 * count);
    _cleanup_free_ uint64_t *bounds = NULL;
    assert_int_equal(scenario_profile_intervals(profile, &bounds), count);
    for (size_t i = 0; i < count; i++) {
        const struct profile_knot *knot = &profile->knots[2 * i];
        assert_int_equal(knot->at_ns, pieces[i].from_ms * 1000000);
        assert_int_equal(knot[1].at_ns, pieces[i].to_ms * 1000000);
        assert_near(scenario_profile_pps(&knot->rate, 125), pieces[i].from);
        assert_near(scenario_profile_pps(&knot[1].rate, 125), pieces[i].to);
        assert_int_equal(bounds[i], knot->at_ns);
    }
    assert_int_equal(bounds[count], 3250000000);
    _cleanup_free_ double *pps = NULL;
    assert_int_equal(scenario_rates(&s->traffic, 125, &pps), 1);
    assert_near(pps[0], (2000.0 + 2000.0 + 300.0) / 3.25);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_imix),       cmocka_unit_test(test_mixes),
        cmocka_unit_test(test_shares),     cmocka_unit_test(test_own_loads_and_lengths),
        cmocka_unit_test(test_directions), cmocka_unit_test(test_profile_of_phases),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
