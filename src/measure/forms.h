// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/forms — mixes of lengths, and the loads of a trial whose networks have different loads,
 * or loads that change in time; the slots and intervals of time in which its packets are counted,
 * and their results. Each interval consists of whole slots. Called by trial.c.
 */
#ifndef VRBENCH_MEASURE_FORMS_H
#define VRBENCH_MEASURE_FORMS_H

#include "linux/heartbeat.h"
#include "result/result.h"
#include "search/search.h"
#include "testbed/plan.h"
#include "traffic/engine.h"

struct forms {
    size_t path_count;
    struct form_lengths *lengths; // of a mix; NULL = all packets have the load's length
    struct traffic_load *loads;   // for each path; NULL = they have the same constant load
    bool apart;                   // a search chose a load for each
    struct schedule *schedules;   // for each path; NULL = constant
    size_t interval_count;        // 0 = the load does not change
    size_t *firsts;               // the first slot of each interval, and behind them slot_count
    size_t slot_count;            // 0 = the engine counts no slots
    uint64_t *bounds_ns;          // their boundaries: slot_count + 1 times
    uint64_t *bounds;             // for each path the boundaries as sequence numbers
    uint64_t *within;             // for each path the packets received of each slot
    bool *left_out;               // slots that a stall touched; NULL = unknown
    uint64_t drop_ns;             // the load drops then, see struct load; 0 = it does not
};

// Makes the loads of a trial that lasts for `duration_ns`, to which the scenario's profile is
// scaled. Only the points of a run have the profile: other trials have a constant load. Packets are
// counted by slots if the engine can do that.
void forms_make(const struct plan *plan, const struct load *load, uint64_t duration_ns,
                bool has_slots, struct forms *ret);
void forms_clear(struct forms *forms);
#define _cleanup_forms_ __attribute__((cleanup(forms_clear)))

// Fills the request with the loads, and sets counts[path].within, which belongs to `forms`.
void forms_request(struct forms *forms, struct traffic_request *request,
                   struct traffic_count *counts);
// Whether the counts of the slots sum to those of the trial.
bool forms_agree(const struct forms *forms, const struct traffic_count *counts);
// Adds the requested loads of the networks, of a load that drops their means, and the results of
// the intervals to a point whose networks are filled.
void forms_fill(const struct forms *forms, const struct plan *plan,
                const struct traffic_count *counts, struct point *point);
// Adds how long networks lost packets after their load dropped; after forms_fill_undisturbed().
void forms_fill_recovery(const struct forms *forms, const struct traffic_count *counts,
                         struct point *point);
// Adds how long each network received nothing.
void forms_fill_outages(const struct forms *forms, const struct traffic_count *counts,
                        struct point *point);
// Adds the undisturbed figures: of the slots that no stall of the report touches. The figures of
// CPU use and the caps, if any, are filled in; `cap_period_ns` is the period of the caps. Returns
// whether the last slot is left out.
bool forms_fill_undisturbed(struct forms *forms, const struct plan *plan,
                            const struct heartbeat_report *stalls, uint64_t cap_period_ns,
                            const struct traffic_count *counts, struct point *point);

#endif
