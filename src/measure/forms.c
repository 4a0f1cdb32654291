// SPDX-License-Identifier: GPL-3.0-or-later
// measure/forms — see forms.h.
#include "measure/forms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "measure/slots.h"

#define RING 256.0 // slots of a veth's ring (VETH_RING_SIZE)

static const struct scenario_network *network_at(const struct plan *plan, size_t path)
{
    return &plan->scenario->networks[plan->paths[path].network];
}

static double share_of(const struct plan *plan, size_t path)
{
    double share = network_at(plan, path)->share;
    return share > 0.0 ? share : 1.0;
}

// Whether the load of a path is another than the offered load.
static bool has_own_load(const struct plan *plan, size_t path)
{
    return network_at(plan, path)->rate.given || share_of(plan, path) != 1.0;
}

static bool some_have_own_loads(const struct plan *plan)
{
    for (size_t i = 0; i < plan->path_count; i++) {
        if (has_own_load(plan, i)) {
            return true;
        }
    }
    return false;
}

// The constant load of a path. A trial that only prepares for others is not loaded more than it
// asks for.
static double pps_of(const struct plan *plan, size_t path, const struct load *load)
{
    const struct scenario_network *network = network_at(plan, path);
    if (!network->rate.given) {
        return load->each != NULL ? load->each[path] : share_of(plan, path) * load->pps;
    }
    bool small = load->use == LOAD_CHECK || load->use == LOAD_WARM_UP;
    double own = scenario_profile_pps(&network->rate,
                                      scenario_network_mean(plan->scenario, network, load->length));
    return small ? fmin(own, load->pps) : own;
}

static uint64_t scaled(uint64_t ns, uint64_t duration_ns, uint64_t profile_ns)
{
    return duration_ns == profile_ns
               ? ns
               : (uint64_t)((double)ns * (double)duration_ns / (double)profile_ns);
}

// Divides the time of sending into slots, at whose boundaries are those of the intervals, if any.
static void make_slots(const uint64_t *interval_ns, uint64_t duration_ns, struct forms *forms)
{
    uint64_t width = slot_width_ns(duration_ns);
    size_t most = (size_t)(duration_ns / width) + 1 + forms->interval_count;
    forms->bounds_ns = memory_new_array(uint64_t, most + 1);
    uint64_t at_ns = 0;
    for (size_t interval = 1; at_ns < duration_ns;) {
        uint64_t end_ns = interval_ns == NULL ? duration_ns : interval_ns[interval];
        uint64_t next_ns = (at_ns / width + 1) * width;
        at_ns = next_ns < end_ns ? next_ns : end_ns;
        forms->bounds_ns[++forms->slot_count] = at_ns;
        if (interval_ns != NULL && at_ns == end_ns) {
            forms->firsts[interval++] = forms->slot_count;
        }
    }
    forms->bounds = memory_new_array(uint64_t, forms->path_count * (forms->slot_count + 1));
}

// Scales the boundaries of the profile's intervals to the duration of the trial, and leaves out
// intervals that this makes empty.
static void scale_intervals(uint64_t *interval_ns, uint64_t duration_ns, uint64_t profile_ns,
                            struct forms *forms)
{
    size_t kept = 0;
    for (size_t i = 1; i <= forms->interval_count; i++) {
        uint64_t at_ns = scaled(interval_ns[i], duration_ns, profile_ns);
        if (at_ns > interval_ns[kept]) {
            interval_ns[++kept] = at_ns;
        }
    }
    forms->interval_count = kept;
}

static void make_intervals(const struct scenario_profile *profile, uint64_t duration_ns,
                           struct forms *forms)
{
    _cleanup_free_ uint64_t *interval_ns = NULL;
    uint64_t profile_ns = profile->knots[profile->knot_count - 1].at_ns;
    forms->interval_count = scenario_profile_intervals(profile, &interval_ns);
    forms->firsts = memory_new_array(size_t, forms->interval_count + 1);
    scale_intervals(interval_ns, duration_ns, profile_ns, forms);
    forms->schedules = memory_new_array(struct schedule, forms->path_count);
    make_slots(interval_ns, interval_ns[forms->interval_count], forms);
}

// The slots of one path as sequence numbers.
static void set_bounds(const struct schedule *schedule, struct forms *forms, size_t path)
{
    uint64_t *bounds = &forms->bounds[path * (forms->slot_count + 1)];
    for (size_t i = 0; i <= forms->slot_count; i++) {
        bounds[i] = schedule_due_before(schedule, forms->bounds_ns[i]);
    }
    forms->loads[path].bounds = bounds;
}

// The schedule of one path, and its slots as sequence numbers.
static void make_schedule(const struct plan *plan, const struct load *load, struct forms *forms,
                          size_t path)
{
    const struct scenario_profile *profile = &plan->scenario->traffic.profile;
    uint64_t profile_ns = profile->knots[profile->knot_count - 1].at_ns;
    uint64_t duration_ns = forms->bounds_ns[forms->slot_count];
    struct schedule_point *points = memory_new_array(struct schedule_point, profile->knot_count);
    const bool own = network_at(plan, path)->rate.given;
    const double constant = forms->loads[path].pps;
    const double length = scenario_mean_length(&plan->scenario->traffic, load->length);
    for (size_t i = 0; i < profile->knot_count; i++) {
        const struct profile_knot *knot = &profile->knots[i];
        double pps = scenario_profile_pps(&knot->rate, length);
        points[i] = (struct schedule_point){scaled(knot->at_ns, duration_ns, profile_ns),
                                            own ? constant : share_of(plan, path) * pps};
    }
    struct schedule *schedule = &forms->schedules[path];
    schedule_make(points, profile->knot_count, schedule);
    free(points);
    forms->loads[path].schedule = schedule;
    set_bounds(schedule, forms, path);
}

// Slots of a load that drops: narrow ones begin at the drop, where the last losses are looked for.
static void make_drop_slots(uint64_t duration_ns, struct forms *forms)
{
    uint64_t drop_ns = forms->drop_ns;
    uint64_t before_ns = slot_width_ns(drop_ns);
    uint64_t after_ns = slot_width_ns(duration_ns - drop_ns);
    size_t most = (size_t)(drop_ns / before_ns + (duration_ns - drop_ns) / after_ns +
                           SLOT_DROP_NS / SLOT_DROP_WIDTH_NS) +
                  4;
    forms->bounds_ns = memory_new_array(uint64_t, most + 1);
    for (uint64_t at_ns = 0; at_ns < duration_ns;) {
        bool near = at_ns >= drop_ns && at_ns < drop_ns + SLOT_DROP_NS;
        uint64_t width_ns = at_ns < drop_ns ? before_ns : near ? SLOT_DROP_WIDTH_NS : after_ns;
        uint64_t end_ns = at_ns < drop_ns ? drop_ns : duration_ns;
        at_ns = end_ns - at_ns < width_ns ? end_ns : at_ns + width_ns;
        forms->bounds_ns[++forms->slot_count] = at_ns;
    }
    forms->bounds = memory_new_array(uint64_t, forms->path_count * (forms->slot_count + 1));
    forms->schedules = memory_new_array(struct schedule, forms->path_count);
}

// The schedule of one path whose load drops, and its slots.
static void make_drop(const struct plan *plan, const struct load *load, struct forms *forms,
                      size_t path)
{
    struct load dropped = *load;
    dropped.pps = load->drop_pps;
    double high = forms->loads[path].pps;
    double low = pps_of(plan, path, &dropped);
    const struct schedule_point points[] = {{0, high},
                                            {forms->drop_ns, high},
                                            {forms->drop_ns, low},
                                            {forms->bounds_ns[forms->slot_count], low}};
    struct schedule *schedule = &forms->schedules[path];
    schedule_make(points, sizeof points / sizeof points[0], schedule);
    forms->loads[path].schedule = schedule;
    forms->loads[path].pps = schedule_mean_pps(schedule);
    set_bounds(schedule, forms, path);
}

static void bound_constant(double pps, uint64_t duration_ns, struct forms *forms, size_t path)
{
    _cleanup_schedule_ struct schedule schedule = {.knots = NULL};
    schedule_make_constant(pps, duration_ns, &schedule);
    set_bounds(&schedule, forms, path);
}

// The lengths of a mix as those of IPv4 packets.
static struct form_lengths *make_lengths(const struct scenario_traffic *traffic, unsigned length)
{
    const struct length_mix *mix = scenario_mix(traffic, length);
    if (mix == NULL) {
        return NULL;
    }
    struct form_lengths *lengths = memory_new(1, sizeof *lengths);
    for (unsigned i = 0; i < mix->part_count; i++) {
        lengths->lengths[i] = scenario_ip_length(mix->parts[i].length, traffic->length_layer, 4);
    }
    lengths->slot_count = mix->slot_count;
    memcpy(lengths->slots, mix->slots, mix->slot_count);
    return lengths;
}

void forms_make(const struct plan *plan, const struct load *load, uint64_t duration_ns,
                bool has_slots, struct forms *ret)
{
    const struct scenario_profile *profile = &plan->scenario->traffic.profile;
    bool changes = load->use == LOAD_POINT && !load->constant && profile->knot_count > 0;
    *ret = (struct forms){.path_count = plan->path_count,
                          .lengths = make_lengths(&plan->scenario->traffic, load->length)};
    bool drops = has_slots && load->drop_ns > 0;
    has_slots = has_slots && (changes || load->pps > 0.0);
    if (!changes && !has_slots && load->each == NULL && !some_have_own_loads(plan)) {
        return;
    }
    ret->loads = memory_new_array(struct traffic_load, plan->path_count);
    if (changes) {
        make_intervals(profile, duration_ns, ret);
    } else if (drops) {
        ret->drop_ns = load->drop_ns;
        make_drop_slots(duration_ns, ret);
    } else if (has_slots) {
        make_slots(NULL, duration_ns, ret);
    }
    for (size_t i = 0; i < plan->path_count; i++) {
        ret->apart = load->each != NULL;
        ret->loads[i].pps = pps_of(plan, i, load);
        if (changes) {
            make_schedule(plan, load, ret, i);
        } else if (drops) {
            make_drop(plan, load, ret, i);
        } else if (has_slots) {
            bound_constant(ret->loads[i].pps, duration_ns, ret, i);
        }
    }
}

void forms_clear(struct forms *forms)
{
    for (size_t i = 0; forms->schedules != NULL && i < forms->path_count; i++) {
        schedule_clear(&forms->schedules[i]);
    }
    free(forms->lengths);
    free(forms->schedules);
    free(forms->loads);
    free(forms->firsts);
    free(forms->bounds_ns);
    free(forms->bounds);
    free(forms->within);
    free(forms->left_out);
    *forms = (struct forms){.loads = NULL};
}

void forms_request(struct forms *forms, struct traffic_request *request,
                   struct traffic_count *counts)
{
    request->lengths = forms->lengths;
    request->loads = forms->loads;
    request->interval_count = forms->slot_count;
    if (forms->slot_count > 0) {
        free(forms->within);
        forms->within = memory_new_array(uint64_t, forms->path_count * forms->slot_count);
    }
    for (size_t i = 0; forms->slot_count > 0 && i < forms->path_count; i++) {
        counts[i].within = &forms->within[i * forms->slot_count];
    }
}

bool forms_agree(const struct forms *forms, const struct traffic_count *counts)
{
    for (size_t i = 0; forms->slot_count > 0 && i < forms->path_count; i++) {
        uint64_t rx = 0;
        for (size_t k = 0; k < forms->slot_count; k++) {
            uint64_t tx = slot_sent(forms->loads[i].bounds, forms->slot_count, k, counts[i].tx);
            if (counts[i].within[k] > tx) {
                return false;
            }
            rx += counts[i].within[k];
        }
        if (rx != counts[i].rx) {
            return false;
        }
    }
    return true;
}

static void fill_interval(const struct forms *forms, const struct traffic_count *counts, size_t at,
                          struct point *point)
{
    size_t from = forms->firsts[at];
    size_t to = forms->firsts[at + 1];
    struct interval_result *interval = &point->intervals[at];
    *interval = (struct interval_result){
        .from_s = (double)forms->bounds_ns[from] / (double)NS_PER_S,
        .to_s = (double)forms->bounds_ns[to] / (double)NS_PER_S,
        .networks = memory_new_array(struct interval_network, forms->path_count),
        .network_count = forms->path_count,
    };
    for (size_t i = 0; i < forms->path_count; i++) {
        const uint64_t *bounds = forms->loads[i].bounds;
        struct interval_network *network = &interval->networks[i];
        network->name = text_copy(point->networks[i].name);
        network->direction =
            point->networks[i].direction == NULL ? NULL : text_copy(point->networks[i].direction);
        for (size_t k = from; k < to; k++) {
            network->tx += slot_sent(bounds, forms->slot_count, k, counts[i].tx);
            network->rx += counts[i].within[k];
        }
        network->unsent = bounds[to] - bounds[from] - network->tx;
        network->lost = network->tx - network->rx;
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
        network->has_requested = forms->apart || forms->drop_ns > 0 || has_own_load(plan, i);
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

// The longest wait of a party with a cap after a stall, as a multiple of the stall; 0 = no cap.
static double debt_of(const struct point *point)
{
    double debt = 0.0;
    for (size_t i = 0; i < point->cpu_count; i++) {
        double cap = (double)point->cpu[i].cap;
        debt = cap > 0.0 ? fmax(debt, fmax(100.0 / cap, 1.0)) : debt;
    }
    return debt;
}

// The queues of a path: a veth has a ring for each end. A packet may be on its way for as long as
// impaired cables delay it, and wait in all queues.
static struct slot_queues queues_of(const struct plan *plan, const struct traffic_count *counts,
                                    uint64_t cap_period_ns, const struct point *point)
{
    struct slot_queues queues = {
        .start_ns = counts[0].start_ns, .debt = debt_of(point), .period_ns = cap_period_ns};
    bool delays = true;
    uint64_t delay_ns = 0;
    for (size_t i = 0; i < plan->path_count; i++) {
        double packets = RING * (double)plan->paths[i].wire_count;
        uint64_t full_ns =
            (uint64_t)(packets * (double)NS_PER_S / fmax(point->networks[i].offered_pps, 1.0));
        queues.full_ns = full_ns > queues.full_ns ? full_ns : queues.full_ns;
        delays = delays && counts[i].delay_measured;
        delay_ns = counts[i].delay_p99 > delay_ns ? counts[i].delay_p99 : delay_ns;
    }
    uint64_t cables_ns = plan_delay_ns(plan);
    uint64_t longest_ns = queues.full_ns + cables_ns;
    queues.before_ns = delays && delay_ns < longest_ns ? delay_ns : longest_ns;
    queues.before_ns = queues.before_ns < cables_ns ? cables_ns : queues.before_ns;
    double room = 100.0 * (double)plan->dut_cpus.count;
    if (plan->topology != TOPOLOGY_DIRECT && room > 0.0 && isfinite(point->cpu_total_percent)) {
        queues.utilisation = point->cpu_total_percent / room;
    }
    return queues;
}

bool forms_fill_undisturbed(struct forms *forms, const struct plan *plan,
                            const struct heartbeat_report *stalls, uint64_t cap_period_ns,
                            const struct traffic_count *counts, struct point *point)
{
    if (forms->slot_count == 0 || counts[0].start_ns == 0 || stalls->lost > 0) {
        return false;
    }
    bool *left_out = forms->left_out = memory_new_array(bool, forms->slot_count);
    const struct slot_queues queues = queues_of(plan, counts, cap_period_ns, point);
    slots_leave_out(stalls, &queues, forms->bounds_ns, forms->slot_count, left_out);
    point->has_left_out = true;
    point->left_out_ratio = slots_left_out_ratio(forms->bounds_ns, forms->slot_count, left_out);
    for (size_t i = 0; i < forms->path_count; i++) {
        struct undisturbed_result *undisturbed = &point->networks[i].undisturbed;
        undisturbed->measured = true;
        for (size_t k = 0; k < forms->slot_count; k++) {
            if (!left_out[k]) {
                undisturbed->tx +=
                    slot_sent(forms->loads[i].bounds, forms->slot_count, k, counts[i].tx);
                undisturbed->rx += counts[i].within[k];
            }
        }
        undisturbed->lost = undisturbed->tx - undisturbed->rx;
    }
    return left_out[forms->slot_count - 1];
}

void forms_fill_recovery(const struct forms *forms, const struct traffic_count *counts,
                         struct point *point)
{
    _cleanup_free_ uint64_t *lost = memory_new_array(uint64_t, forms->slot_count + 1);
    for (size_t i = 0; forms->drop_ns > 0 && i < forms->path_count; i++) {
        for (size_t k = 0; k < forms->slot_count; k++) {
            lost[k] = slot_sent(forms->loads[i].bounds, forms->slot_count, k, counts[i].tx) -
                      counts[i].within[k];
        }
        point->networks[i].recovery = slots_recovery(forms->bounds_ns, forms->slot_count, lost,
                                                     forms->left_out, forms->drop_ns);
    }
}

void forms_fill_outages(const struct forms *forms, const struct traffic_count *counts,
                        struct point *point)
{
    _cleanup_free_ uint64_t *tx = memory_new_array(uint64_t, forms->slot_count);
    for (size_t i = 0; forms->slot_count > 0 && i < forms->path_count; i++) {
        for (size_t k = 0; k < forms->slot_count; k++) {
            tx[k] = slot_sent(forms->loads[i].bounds, forms->slot_count, k, counts[i].tx);
        }
        point->networks[i].outage =
            slots_outage(forms->bounds_ns, forms->slot_count, tx, counts[i].within);
    }
}

_Static_assert(FORM_PARTS_MAX >= LENGTH_MIX_PARTS && FORM_SLOTS_MAX >= LENGTH_MIX_SLOTS &&
                   FORM_FLOWS_MAX >= SCENARIO_FLOWS_MAX,
               "what a scenario may contain has room in a form");
