// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/programme — see programme.h.
 *
 * Each row draws a blueprint; one writer makes YAML of any blueprint. For the estimate a blueprint
 * is drawn without results ("dry"): it has the right size and placeholder loads.
 */
#include "study/programme.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "study/blueprint.h"
#include "study/claims.h"
#include "study/draws.h"
#include "study/machines.h"
#include "study/scale.h"

#define WEIGHT_FIRST   2048U // weight of the favoured party, against 256
#define WEIGHT_LAST    32U   // weight of the others, if the host is not to be favoured
#define CAP_OF_NEED    0.5   // the study's 50 % was about half of the need
#define SATURATED_LOSS 0.03
// CPU use of host and routers in a sweep step that counts as saturated.
#define SATURATED_CPU  CONTENDED

// Seconds in addition to the trials' own time, for the estimate.
#define OVERHEAD_TRIAL   0.15
#define OVERHEAD_TESTBED 0.8
#define OVERHEAD_RATES   4.0 // for finding the loads of a length

struct programme_row {
    const char *name, *what;
    unsigned claims; // bits of the claims that use it or are scaled by it
    int (*draw)(const struct drawing *drawing, struct blueprint *ret);
    bool only_study_timing;
};

// ---- the study's scenarios

static int draw_scenario(const struct drawing *drawing, struct blueprint *ret, unsigned routers)
{
    *ret = (struct blueprint){.topologies = {true, true, true},
                              .lengths = {64, 256, 1500},
                              .length_count = 3,
                              .routers = routers,
                              .automatic = drawing->timing->loads,
                              .study_rates = drawing->timing->loads == 0,
                              .duration = drawing->timing->sweep,
                              .repeats = 1};
    return 0;
}

static int draw_scenario_1(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_scenario(drawing, ret, 1);
}

// No other run is scaled by the 1500 B of two routers: a quick reproduction does without.
static int draw_scenario_2(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_scenario(drawing, ret, 2);
    ret->length_count -= drawing->timing->quick ? 1 : 0;
    return rc;
}

static int draw_scale(const struct drawing *drawing, struct blueprint *ret, unsigned routers)
{
    int rc = draw_scenario(drawing, ret, routers);
    ret->automatic = timing_default.loads;
    ret->study_rates = false;
    ret->duration = timing_default.sweep;
    return rc;
}

static int draw_scale_1(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_scale(drawing, ret, 1);
}

static int draw_scale_2(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_scale(drawing, ret, 2);
}

// ---- claims 1, 2, 3, 4, 7, 8

// Far below saturation, near which CPU hardly depends on the length.
#define BIT_RATE_OF_CARRIED 0.3
#define CROWD_OF_CARRIED    0.45

static int draw_same_bit_rate(const struct drawing *drawing, struct blueprint *ret)
{
    double bridged = 0.0;
    double dedicated = 0.0;
    int rc = carried_at(drawing, 1, "bridged", 64, &bridged);
    if (rc == 0) {
        rc = carried_at(drawing, 1, "dedicated", 64, &dedicated);
    }
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, 64, 1);
    ret->topologies[TOPOLOGY_DEDICATED] = true;
    ret->lengths[1] = 256;
    ret->lengths[2] = 1500;
    ret->length_count = 3;
    ret->bps = floor(fmin(bridged, dedicated) * BIT_RATE_OF_CARRIED * 64 * 8 / 1e4) * 1e4;
    ret->note = text_format("%.0f %% of what is carried at 64 B", BIT_RATE_OF_CARRIED * 100);
    return rc;
}

static int draw_routers(const struct drawing *drawing, struct blueprint *ret, unsigned routers)
{
    double carried = 0.0;
    int rc = carried_at(drawing, 1, "bridged", 64, &carried);
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, 64, routers);
    ret->topologies[TOPOLOGY_DEDICATED] = true;
    SET_LOADS(ret, carried, CROWD_OF_CARRIED / 4);
    ret->note = text_format("each network gets a quarter of %.0f %% of what one router carries "
                            "bridged",
                            CROWD_OF_CARRIED * 100);
    return rc;
}

static int draw_routers_1(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_routers(drawing, ret, 1);
}

static int draw_routers_2(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "routers-1", draw_routers_1, ret);
    ret->routers = 2;
    return rc;
}

static int draw_routers_4(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "routers-1", draw_routers_1, ret);
    ret->routers = 4;
    return rc;
}

static int draw_past_saturation(const struct drawing *drawing, unsigned routers,
                                struct blueprint *ret)
{
    double carried = 0.0;
    int rc = carried_at(drawing, routers, "bridged", 64, &carried);
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, 64, routers);
    if (drawing->timing->quick) {
        SET_LOADS(ret, carried, 1.0, 1.3, 1.7, 2.5);
        ret->pps_count -= routers > 1 ? 1 : 0; // the tester does not send that much to two
    } else {
        SET_LOADS(ret, carried, 0.8, 1.0, 1.15, 1.3, 1.45, 1.6, 1.8, 2.1, 2.5);
    }
    ret->note = text_format("up to %.1f times what is carried, as far as the tester can send",
                            ret->pps[ret->pps_count - 1] / fmax(carried, 1.0));
    return rc;
}

static int draw_overload(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_past_saturation(drawing, 1, ret);
    repeat_overload(ret);
    return rc;
}

static int draw_overload_2(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_past_saturation(drawing, 2, ret);
}

static int draw_tester_limit(const struct drawing *drawing, struct blueprint *ret)
{
    double carried = 0.0;
    int rc = carried_at(drawing, 1, "direct", 64, &carried);
    *ret = one_length(drawing, TOPOLOGY_DIRECT, 64, 1);
    ret->topologies[TOPOLOGY_BRIDGED] = ret->topologies[TOPOLOGY_DEDICATED] = true;
    if (drawing->timing->quick) {
        SET_LOADS(ret, carried, 1.0, 1.6, 2.5);
        ret->repeats = SAMPLE_TRIALS;
    } else {
        SET_LOADS(ret, carried, 0.8, 1.0, 1.2, 1.5, 1.9, 2.4, 3.0);
    }
    ret->note = text_copy("from what direct carries to more than any tester can send");
    return rc;
}

#define MEMORY_PPS 1000.0

static int draw_memory(const struct drawing *drawing, struct blueprint *ret, unsigned routers)
{
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, 64, routers);
    ret->topologies[TOPOLOGY_DEDICATED] = true;
    SET_LOADS(ret, MEMORY_PPS, 1.0);
    ret->duration = "100 ms"; // the run needs no load
    ret->repeats = 2;
    return 0;
}

static int draw_memory_1(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_memory(drawing, ret, 1);
}

static int draw_memory_2(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_memory(drawing, ret, 2);
}

static int draw_memory_4(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_memory(drawing, ret, 4);
}

static int draw_memory_8(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_memory(drawing, ret, 8);
}

static int draw_memory_16(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_memory(drawing, ret, 16);
}

// ---- claim 5: caps. One load requires less than half of the highest one, others more. All are far
// below what is carried, as a tester may send less in one testbed than in another.

#define BELOW_CAP 0.04
#define ABOVE_CAP 0.35
#define FAR_ABOVE 0.5

static int draw_cap_control(const struct drawing *drawing, struct blueprint *ret,
                            enum topology topology, unsigned length, unsigned routers)
{
    double carried = 0.0;
    int rc = carried_at(drawing, routers, topology_name(topology), length, &carried);
    *ret = one_length(drawing, topology, length, routers);
    SET_LOADS(ret, carried, BELOW_CAP, ABOVE_CAP, FAR_ABOVE);
    ret->note = text_format("at %.0f, %.0f and %.0f %% of what is carried", BELOW_CAP * 100,
                            ABOVE_CAP * 100, FAR_ABOVE * 100);
    return rc;
}

// Half of what `who` required in the control at the highest load.
static int find_cap(const struct drawing *drawing, const char *control, const char *who,
                    const struct blueprint *blueprint, unsigned *ret, char **ret_note)
{
    if (drawing->results == NULL) {
        *ret = 20;
        return 0;
    }
    enum topology topology =
        blueprint->topologies[TOPOLOGY_BRIDGED] ? TOPOLOGY_BRIDGED : TOPOLOGY_DEDICATED;
    double pps = blueprint->pps[blueprint->pps_count - 1];
    struct condition condition = {control, topology_name(topology), blueprint->lengths[0], pps};
    struct sample need = sample_of(drawing->results, &condition, figure_percent, who);
    char load[48];
    text_group_digits(pps, 0, load);
    if (need.valid == 0 || need.median < 2.0) {
        return fail_lacking(drawing->err,
                            "%s contains no valid trial of the CPU that %s needs at %s packets/s",
                            control, who, load);
    }
    *ret = (unsigned)fmax(1.0, round(need.median * CAP_OF_NEED));
    free(*ret_note);
    *ret_note = text_format("the study's 50 %% was about half of the need: here %s needs "
                            "%.1f %% of a CPU at %s packets/s, so its cap is %u %%",
                            who, need.median, load, *ret);
    return 0;
}

static int draw_bridged_control(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_cap_control(drawing, ret, TOPOLOGY_BRIDGED, 1500, 1);
}

static int draw_host_capped(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "bridged-control", draw_bridged_control, ret);
    return rc < 0 ? rc
                  : find_cap(drawing, "bridged-control", "host", ret, &ret->host_cap, &ret->note);
}

static int draw_dedicated_control(const struct drawing *drawing, struct blueprint *ret)
{
    return draw_cap_control(drawing, ret, TOPOLOGY_DEDICATED, 1500, 1);
}

static int draw_router_capped(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "dedicated-control", draw_dedicated_control, ret);
    return rc < 0
               ? rc
               : find_cap(drawing, "dedicated-control", "r1t3", ret, &ret->first_cap, &ret->note);
}

// The greatest length of packets under contention: the study's, but in a quick reproduction the one
// of which the tester sends most, as it has no trials to spare.
static unsigned contended_length(const struct drawing *drawing, unsigned of_study)
{
    return drawing->timing->quick ? 64 : of_study;
}

// Where r2t3 is favoured: dedicated at 256 B as in the study if the CPU can be saturated there,
// else bridged.
static bool dedicated_is_contended(const struct drawing *drawing)
{
    return drawing->results != NULL && !drawing->timing->quick &&
           is_saturable(drawing, 2, "dedicated", 256);
}

// Loads that make the CPU contended, after `first`, the load for the caps (0: none). A quick
// reproduction has the time for one: of eight trials of one load, one that differs counts less than
// of four of each of two.
static void set_contention(const struct drawing *drawing, struct blueprint *blueprint,
                           double carried, double first)
{
    // The forwarding rate in the sweep may be the lower one of two between which a router changes.
    const bool quick = drawing->timing->quick;
    const double factors[] = {first, quick ? 1.6 : 1.4, 1.9, 1.2};
    size_t skip = first > 0.0 ? 0 : 1;
    size_t count = quick ? 2 : 4;
    set_loads(blueprint, carried, factors + skip, count - skip);
    if (quick) {
        repeat_overload(blueprint);
    }
}

static int draw_two_bridged_control(const struct drawing *drawing, struct blueprint *ret)
{
    bool saturable = false;
    unsigned length =
        saturable_length(drawing, 2, "bridged", contended_length(drawing, 256), &saturable);
    double carried = 0.0;
    int rc = carried_at(drawing, 2, "bridged", length, &carried);
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, length, 2);
    if (dedicated_is_contended(drawing)) {
        SET_LOADS(ret, carried, FAR_ABOVE);
    } else {
        set_contention(drawing, ret, carried, FAR_ABOVE);
    }
    ret->note = text_format("from %.0f %% of what is carried on", FAR_ABOVE * 100);
    return rc;
}

static int draw_host_capped_2(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "two-bridged-control", draw_two_bridged_control, ret);
    ret->pps_count = 1;
    return rc < 0
               ? rc
               : find_cap(drawing, "two-bridged-control", "host", ret, &ret->host_cap, &ret->note);
}

static int draw_two_dedicated_control(const struct drawing *drawing, struct blueprint *ret)
{
    double carried = 0.0;
    int rc = carried_at(drawing, 2, "dedicated", 256, &carried);
    *ret = one_length(drawing, TOPOLOGY_DEDICATED, 256, 2);
    if (dedicated_is_contended(drawing)) {
        set_contention(drawing, ret, carried, FAR_ABOVE);
    } else {
        SET_LOADS(ret, carried, FAR_ABOVE);
        if (drawing->timing->quick) { // claim 5: a stall must not decide whether nothing is lost
            repeat_overload(ret);
        }
    }
    ret->note = text_format("from %.0f %% of what is carried on", FAR_ABOVE * 100);
    return rc;
}

static int draw_router_capped_2(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "two-dedicated-control", draw_two_dedicated_control, ret);
    ret->pps_count = 1;
    return rc < 0 ? rc
                  : find_cap(drawing, "two-dedicated-control", "r1t3", ret, &ret->first_cap,
                             &ret->note);
}

// ---- claim 6: priorities, under contention

static int draw_priority_control(const struct drawing *drawing, struct blueprint *ret)
{
    bool saturable = false;
    unsigned length =
        saturable_length(drawing, 1, "bridged", contended_length(drawing, 1500), &saturable);
    double carried = 0.0;
    int rc = carried_at(drawing, 1, "bridged", length, &carried);
    *ret = one_length(drawing, TOPOLOGY_BRIDGED, length, 1);
    set_contention(drawing, ret, carried, 0.0);
    if (length != 1500) {
        ret->note = text_format("at the study's 1500 B the tester may saturate before this CPU, "
                                "at %u B it %s",
                                length, saturable ? "does not" : "may, too");
    }
    return rc;
}

static int draw_host_priority(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "priority-control", draw_priority_control, ret);
    ret->host_weight = WEIGHT_FIRST;
    return rc;
}

static int draw_router_priority(const struct drawing *drawing, struct blueprint *ret)
{
    int rc = draw_like(drawing, "priority-control", draw_priority_control, ret);
    ret->last_weight = WEIGHT_FIRST;
    return rc;
}

static int draw_r2t3_priority(const struct drawing *drawing, struct blueprint *ret)
{
    // The control has the loads under contention, whatever the present results prefer.
    bool bridged = control_has_loads(drawing, "two-bridged-control");
    bool dedicated = control_has_loads(drawing, "two-dedicated-control");
    dedicated = bridged == dedicated ? dedicated_is_contended(drawing) : dedicated;
    int rc = dedicated
                 ? draw_like(drawing, "two-dedicated-control", draw_two_dedicated_control, ret)
                 : draw_like(drawing, "two-bridged-control", draw_two_bridged_control, ret);
    if (rc == 0 && ret->pps_count < 2) {
        rc = fail_lacking(drawing->err, "neither control has a load under contention");
    }
    // Without the load for the caps.
    ret->pps_count = ret->pps_count > 1 ? ret->pps_count - 1 : 0;
    memmove(ret->pps, ret->pps + 1, ret->pps_count * sizeof ret->pps[0]);
    // Bridged, a weight of r2t3 above the host's would keep its packets from it.
    ret->first_weight = WEIGHT_LAST;
    if (!dedicated) {
        free(ret->note);
        ret->note = text_format("bridged at %u B, as this tester may saturate before the CPU with "
                                "the study's dedicated 256 B",
                                ret->lengths[0]);
    }
    return rc;
}

// ---- the table

#define CLAIM(number) (1U << (number))
#define ALL_BUT_8                                                                                  \
    (CLAIM(1) | CLAIM(2) | CLAIM(3) | CLAIM(4) | CLAIM(5) | CLAIM(6) | CLAIM(7) | CLAIM(9) |       \
     CLAIM(10) | CLAIM(11))

static const struct programme_row rows[] = {
    {"scale-1", "what this machine carries, one router", ALL_BUT_8, draw_scale_1, true},
    {"scenario-1", "the study's scenario #1: one router, all topologies and lengths", ALL_BUT_8,
     draw_scenario_1, false},
    {"memory-1", "memory: one router", CLAIM(8), draw_memory_1, false},
    {"memory-2", "memory: two routers", CLAIM(8), draw_memory_2, false},
    {"memory-4", "memory: four routers", CLAIM(8), draw_memory_4, false},
    {"memory-8", "memory: eight routers", CLAIM(8), draw_memory_8, false},
    {"memory-16", "memory: sixteen routers", CLAIM(8), draw_memory_16, false},
    {"same-bit-rate", "the same bit rate at all lengths, bridged and dedicated",
     CLAIM(1) | CLAIM(2), draw_same_bit_rate, false},
    {"routers-1", "number of routers: one", CLAIM(3), draw_routers_1, false},
    {"routers-2", "number of routers: two", CLAIM(3), draw_routers_2, false},
    {"routers-4", "number of routers: four", CLAIM(3), draw_routers_4, false},
    {"overload", "bridged, 64 B, past saturation", CLAIM(4) | CLAIM(11), draw_overload, false},
    {"tester-limit", "the same loads in all topologies, 64 B", CLAIM(7), draw_tester_limit, false},
    {"priority-control", "bridged under contention, no priority", CLAIM(6), draw_priority_control,
     false},
    {"host-priority", "the study's experiment: bridged, host has priority", CLAIM(6),
     draw_host_priority, false},
    {"router-priority", "the study's experiment: bridged, router has priority", CLAIM(6),
     draw_router_priority, false},
    {"bridged-control", "bridged, 1500 B, no cap", CLAIM(5), draw_bridged_control, false},
    {"host-capped", "the study's experiment: bridged, 1500 B, host capped", CLAIM(5),
     draw_host_capped, false},
    {"dedicated-control", "dedicated, 1500 B, no cap", CLAIM(5), draw_dedicated_control, false},
    {"router-capped", "the study's experiment: dedicated, 1500 B, router capped", CLAIM(5),
     draw_router_capped, false},
    {"scale-2", "what this machine carries, two routers", CLAIM(5) | CLAIM(6) | CLAIM(11),
     draw_scale_2, true},
    {"scenario-2", "the study's scenario #2: two routers, all topologies and lengths",
     CLAIM(5) | CLAIM(6) | CLAIM(11), draw_scenario_2, false},
    {"overload-2", "two routers bridged, 64 B, past saturation", CLAIM(11), draw_overload_2, false},
    {"two-bridged-control", "two routers bridged, no cap, no priority", CLAIM(5) | CLAIM(6),
     draw_two_bridged_control, false},
    {"host-capped-2", "two routers bridged, host capped", CLAIM(5), draw_host_capped_2, false},
    {"two-dedicated-control", "two routers dedicated, 256 B, no cap, no priority",
     CLAIM(5) | CLAIM(6), draw_two_dedicated_control, false},
    {"router-capped-2", "two routers dedicated, 256 B, r1t3 capped", CLAIM(5), draw_router_capped_2,
     false},
    {"r2t3-priority", "the study's experiment: two routers, r2t3 has priority", CLAIM(6),
     draw_r2t3_priority, false},
    {"four-routers", "four routers bridged, 64 B, to compare with their prediction", CLAIM(11),
     draw_four_routers, false},
    {"slow-router", "what a router with 500 rules carries", CLAIM(12), draw_slow_router, false},
    {"shares-static", "two routers with 500 rules, one flooded, equal weights", CLAIM(12),
     draw_shares, false},
    {"shares-moved", "the same under vrbench control", CLAIM(12), draw_shares_moved, false},
    {"monitoring", "what SNMP reports of CPU, below and above saturation", CLAIM(9) | CLAIM(10),
     draw_monitoring, false},
};
const size_t programme_count = sizeof rows / sizeof rows[0];

const struct programme_row *programme_row(size_t at)
{
    return &rows[at];
}

const char *programme_name(const struct programme_row *row)
{
    return row->name;
}

const char *programme_what(const struct programme_row *row)
{
    return row->what;
}

bool programme_is_wanted(const struct programme_row *row, const struct timing *timing,
                         unsigned wanted)
{
    return (row->claims & wanted) != 0 && (!row->only_study_timing || timing->loads == 0);
}

bool programme_is_monitored(const struct programme_row *row)
{
    return row->draw == draw_monitoring;
}

bool programme_is_controlled(const struct programme_row *row)
{
    return row->draw == draw_shares_moved;
}

bool programme_has_rules(const struct programme_row *row)
{
    return row->draw == draw_slow_router || row->draw == draw_shares ||
           row->draw == draw_shares_moved;
}

unsigned programme_pause(const struct programme_row *row, const struct timing *timing)
{
    return row->only_study_timing ? 0 : timing->pause_s;
}

int programme_draw(const struct programme_row *row, const struct timing *timing,
                   const char *platform, const struct study_results *results, char **ret_yaml,
                   char **ret_note, struct error *err)
{
    const struct drawing drawing = {timing, results, err};
    struct blueprint blueprint = {.routers = 0};
    int rc = row->draw(&drawing, &blueprint);
    if (rc == 0) {
        size_t length = 0;
        char *yaml = NULL;
        FILE *out = open_memstream(&yaml, &length);
        if (out == NULL) {
            rc = fail(err, errno, "writing %s", row->name);
        } else {
            blueprint_write(&blueprint, row->name, row->what, platform, out);
            fclose(out);
            *ret_yaml = yaml;
            *ret_note = text_copy(blueprint.note == NULL ? "" : blueprint.note);
        }
    }
    free(blueprint.note);
    return rc;
}

// ---- the estimate

static double seconds_of(const char *duration)
{
    uint64_t ns = 0;
    return parse_duration(duration, &ns, NULL) < 0 ? 0.0 : (double)ns / 1e9;
}

struct estimate programme_estimate(const struct timing *timing, unsigned wanted)
{
    struct estimate estimate = {.runs = 0};
    const struct drawing dry = {timing, NULL, NULL};
    for (size_t i = 0; i < programme_count; i++) {
        struct blueprint blueprint = {.routers = 0};
        if (!programme_is_wanted(&rows[i], timing, wanted) || rows[i].draw(&dry, &blueprint) < 0) {
            free(blueprint.note);
            continue;
        }
        size_t sweeps = blueprint_sweeps(&blueprint);
        size_t points = blueprint_points(&blueprint);
        estimate.runs++;
        estimate.routers =
            blueprint.routers > estimate.routers ? blueprint.routers : estimate.routers;
        estimate.points += points;
        estimate.seconds +=
            (double)sweeps / (double)blueprint.length_count * OVERHEAD_TESTBED +
            (double)points * (seconds_of(blueprint.duration) + OVERHEAD_TRIAL +
                              programme_pause(&rows[i], timing)) +
            (blueprint.automatic > 0 ? (double)sweeps * OVERHEAD_RATES : 0.0) +
            machines_overhead(timing, sweeps / blueprint.length_count, blueprint.routers,
                              blueprint.automatic > 0 ? sweeps : 0);
        free(blueprint.note);
    }
    return estimate;
}
