// SPDX-License-Identifier: GPL-3.0-or-later
// measure/forms — see forms.h.
#include "measure/forms.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

static double share_of(const struct plan *plan, size_t path)
{
    double share = plan->scenario->networks[plan->paths[path].network].share;
    return share > 0.0 ? share : 1.0;
}

static bool has_shares(const struct plan *plan)
{
    for (size_t i = 0; i < plan->path_count; i++) {
        if (share_of(plan, i) != 1.0) {
            return true;
        }
    }
    return false;
}

static uint64_t scaled(uint64_t ns, uint64_t duration_ns, uint64_t profile_ns)
{
    return duration_ns == profile_ns
               ? ns
               : (uint64_t)((double)ns * (double)duration_ns / (double)profile_ns);
}

static void make_intervals(const struct scenario_profile *profile, uint64_t duration_ns,
                           struct forms *forms)
{
    uint64_t profile_ns = profile->knots[profile->knot_count - 1].at_ns;
    forms->interval_count = scenario_profile_intervals(profile, &forms->bounds_ns);
    for (size_t i = 0; i <= forms->interval_count; i++) {
        forms->bounds_ns[i] = scaled(forms->bounds_ns[i], duration_ns, profile_ns);
    }
    forms->schedules = memory_new_array(struct schedule, forms->path_count);
    forms->bounds = memory_new_array(uint64_t, forms->path_count * (forms->interval_count + 1));
}

// The schedule of one path, and its intervals as sequence numbers.
static void make_schedule(const struct scenario_profile *profile, unsigned length, double share,
                          struct forms *forms, size_t path)
{
    uint64_t profile_ns = profile->knots[profile->knot_count - 1].at_ns;
    uint64_t duration_ns = forms->bounds_ns[forms->interval_count];
    struct schedule_point *points = memory_new_array(struct schedule_point, profile->knot_count);
    for (size_t i = 0; i < profile->knot_count; i++) {
        const struct profile_knot *knot = &profile->knots[i];
        points[i] = (struct schedule_point){scaled(knot->at_ns, duration_ns, profile_ns),
                                            share * scenario_profile_pps(&knot->rate, length)};
    }
    struct schedule *schedule = &forms->schedules[path];
    schedule_make(points, profile->knot_count, schedule);
    free(points);
    uint64_t *bounds = &forms->bounds[path * (forms->interval_count + 1)];
    for (size_t i = 0; i <= forms->interval_count; i++) {
        bounds[i] = schedule_due_before(schedule, forms->bounds_ns[i]);
    }
    forms->loads[path].schedule = schedule;
    forms->loads[path].bounds = bounds;
}

void forms_make(const struct plan *plan, const struct load *load, uint64_t duration_ns,
                struct forms *ret)
{
    const struct scenario_profile *profile = &plan->scenario->traffic.profile;
    bool changes = load->use == LOAD_POINT && !load->constant && profile->knot_count > 0;
    *ret = (struct forms){.path_count = plan->path_count};
    if (!changes && !has_shares(plan)) {
        return;
    }
    ret->loads = memory_new_array(struct traffic_load, plan->path_count);
    if (changes) {
        make_intervals(profile, duration_ns, ret);
    }
    for (size_t i = 0; i < plan->path_count; i++) {
        double share = share_of(plan, i);
        ret->loads[i].pps = share * load->pps;
        if (changes) {
            make_schedule(profile, load->length, share, ret, i);
        }
    }
}

void forms_clear(struct forms *forms)
{
    for (size_t i = 0; forms->schedules != NULL && i < forms->path_count; i++) {
        schedule_clear(&forms->schedules[i]);
    }
    free(forms->schedules);
    free(forms->loads);
    free(forms->bounds_ns);
    free(forms->bounds);
    *forms = (struct forms){.loads = NULL};
}

void forms_request(const struct forms *forms, struct traffic_request *request,
                   struct traffic_count *counts)
{
    request->loads = forms->loads;
    request->interval_count = forms->interval_count;
    for (size_t i = 0; forms->interval_count > 0 && i < forms->path_count; i++) {
        counts[i].within = memory_new_array(uint64_t, forms->interval_count);
    }
}

void forms_release(const struct forms *forms, struct traffic_count *counts)
{
    for (size_t i = 0; i < forms->path_count; i++) {
        free(counts[i].within);
        counts[i].within = NULL;
    }
}

// The part of the packets 0 to `sent` - 1 that is in an interval of sequence numbers.
static uint64_t sent_within(uint64_t from, uint64_t to, uint64_t sent)
{
    uint64_t end = sent < to ? sent : to;
    return end > from ? end - from : 0;
}

static void fill_interval(const struct forms *forms, const struct traffic_count *counts, size_t at,
                          struct point *point)
{
    struct interval_result *interval = &point->intervals[at];
    *interval = (struct interval_result){
        .from_s = (double)forms->bounds_ns[at] / (double)NS_PER_S,
        .to_s = (double)forms->bounds_ns[at + 1] / (double)NS_PER_S,
        .networks = memory_new_array(struct interval_network, forms->path_count),
        .network_count = forms->path_count,
    };
    for (size_t i = 0; i < forms->path_count; i++) {
        const uint64_t *bounds = forms->loads[i].bounds;
        uint64_t due = bounds[at + 1] - bounds[at];
        uint64_t tx = sent_within(bounds[at], bounds[at + 1], counts[i].tx);
        interval->networks[i] = (struct interval_network){
            .name = text_copy(point->networks[i].name),
            .direction = point->networks[i].direction == NULL
                             ? NULL
                             : text_copy(point->networks[i].direction),
            .tx = tx,
            .unsent = due - tx,
            .rx = counts[i].within[at],
            .lost = tx - counts[i].within[at],
        };
    }
}

void forms_fill(const struct forms *forms, const struct plan *plan,
                const struct traffic_count *counts, struct point *point)
{
    if (forms->loads == NULL) {
        return;
    }
    for (size_t i = 0; i < forms->path_count; i++) {
        struct network_result *network = &point->networks[i];
        network->has_requested = share_of(plan, i) != 1.0;
        network->requested_pps = network->has_requested ? forms->loads[i].pps : 0.0;
    }
    if (forms->interval_count == 0) {
        return;
    }
    point->interval_count = forms->interval_count;
    point->intervals = memory_new_array(struct interval_result, forms->interval_count);
    for (size_t i = 0; i < forms->interval_count; i++) {
        fill_interval(forms, counts, i, point);
    }
}
