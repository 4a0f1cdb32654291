// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/observe — see observe.h. Called by controller.c.
 *
 * Rates and losses are sums whose older parts decay, so that a reading that comes late weighs as
 * much as the time that it covers. Costs decay by packets, not by time: at a light load, where a
 * packet costs the most, the cost of earlier, denser packets stays known.
 *
 * A router that has CPU to spare spends more on a packet, since it handles fewer at a time: an
 * emulated machine ten times as much. What a packet needs is what it costs while its router lacks
 * CPU, which is when packets are lost. A cost of other times is an upper bound of that.
 */
#include "control/observe.h"

#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"

#define RATE_S       0.15   // in which sums of rates decay
#define LOSS_S       0.30   // in which sums of losses and of CPU time decay
#define HELD_S       4.0    // in which a maximum decays
#define COST_PACKETS 5000.0 // in which costs decay
#define COST_LEAST   100.0  // packets, before a cost is known
#define FULL_PACKETS 1000.0 // in which costs while packets are lost decay
#define WINDOW_S     0.1    // of the tallies
#define LATE_S       0.4    // a longer time between readings is a fault, if it is also longer than
#define LATE_PERIODS 2.5    // times the usual one
#define STILL_S      2.0    // counters that stand still for longer, while CPU is used, are a fault
#define STILL_USED   2.0    // percent; and
#define STILL_PART   0.5    // of the CPU that was used with load
#define CAP_S        1.0    // a cap that is exceeded for longer is a fault

enum fault { FAULT_NONE, FAULT_DIED, FAULT_LIVES, FAULT_STILL, FAULT_CAP, FAULT_LATE };

struct flow_state {
    double offered, seconds;           // decaying sums of the rate
    double loss_offered, loss_seconds; // decaying sums of the loss
    double loss_lost, loss_forwarded;
    double window_offered, window_lost, window_forwarded, window_s;
    double whole_lost, whole_forwarded; // of the tally
    double loaded_used; // CPU of its routers in its last interval with load; 0 = it had none yet
    double still_s;     // time for which its counters stood still
    bool still;         // reported
    enum fault fault;
    struct control_tally tally;
};

struct party_state {
    double cpu_ns, packets;           // decaying sums of the cost
    double full_cpu_ns, full_packets; // the same of readings with losses
    double used_ns, used_s;           // decaying sums of the use
    double above_s;                   // time for which it exceeded its cap
    bool died, above;                 // reported
    enum fault fault;
};

struct observer {
    struct control_view view;
    struct flow_state *flows;
    struct party_state *parties;
    struct control_reading last;
    bool has_last;
    double late_s; // of the last late reading; 0 = none to report
    bool late;     // reported
};

struct observer *observer_new(const struct control_setup *setup)
{
    struct observer *observer = memory_new(1, sizeof *observer);
    observer->view.flows = memory_new_array(struct control_flow_view, setup->flow_count);
    observer->view.parties = memory_new_array(struct control_party_view, setup->party_count);
    observer->flows = memory_new_array(struct flow_state, setup->flow_count);
    observer->parties = memory_new_array(struct party_state, setup->party_count);
    control_reading_make(setup, &observer->last);
    observer_renew(observer, setup);
    for (size_t i = 0; i < setup->party_count; i++) {
        if (setup->parties[i].cost_ns > 0.0) {
            observer->parties[i].packets = COST_PACKETS / 2.0;
            observer->parties[i].cpu_ns = setup->parties[i].cost_ns * COST_PACKETS / 2.0;
            observer->view.parties[i].cost_ns = setup->parties[i].cost_ns;
        }
    }
    return observer;
}

void observer_renew(struct observer *observer, const struct control_setup *setup)
{
    observer->view.setup = setup;
}

void observer_free(struct observer *observer)
{
    if (observer == NULL) {
        return;
    }
    control_reading_clear(&observer->last);
    free(observer->view.flows);
    free(observer->view.parties);
    free(observer->flows);
    free(observer->parties);
    free(observer);
}

const struct control_view *observer_view(const struct observer *observer)
{
    return &observer->view;
}

void observer_strain(struct observer *observer, bool strained)
{
    observer->view.strained = strained;
}

const struct control_tally *observer_tally(const struct observer *observer, size_t flow)
{
    return &observer->flows[flow].tally;
}

// ---- flows

// Whether more is lost than a contract allows of the load that it covers.
static bool breaks_contract(const struct control_flow *flow, double offered, double lost,
                            double seconds)
{
    const double covered = fmin(offered, flow->contract.pps * seconds);
    return flow->has_contract && lost >= 1.0 &&
           offered - lost < covered * (1.0 - flow->contract.loss);
}

// The packets that a flow lost of sums over the same time: its rings may lose packets of other
// networks, too, but a packet that left was not lost.
static double lost_of(double offered, double forwarded, double lost)
{
    return fmin(lost, fmax(offered - forwarded, 0.0));
}

static bool flow_goes_on(const struct control_flow_reading *a, const struct control_flow_reading *b)
{
    return a->known && b->known && b->offered >= a->offered && b->entered >= a->entered &&
           b->forwarded >= a->forwarded && b->lost >= a->lost;
}

static void flow_tally(struct flow_state *state, const struct control_flow *flow)
{
    if (state->window_s < WINDOW_S) {
        return;
    }
    if (state->window_offered > 0.0) {
        state->tally.seconds += state->window_s;
        const double lost =
            lost_of(state->window_offered, state->window_forwarded, state->window_lost);
        if (breaks_contract(flow, state->window_offered, lost, state->window_s)) {
            state->tally.violated_seconds += state->window_s;
        }
    }
    state->window_offered = state->window_lost = 0.0;
    state->window_forwarded = state->window_s = 0.0;
}

// CPU that the routers of a flow use at present.
static double flow_used(const struct control_view *view, size_t number)
{
    const struct control_flow *flow = &view->setup->flows[number];
    double used = 0.0;
    for (size_t s = 0; s < flow->stage_count; s++) {
        used += view->parties[flow->stages[s]].used;
    }
    return used;
}

// Packets that a party forwarded between two readings.
static double party_packets(const struct observer *observer, size_t party,
                            const struct control_reading *now)
{
    double packets = 0.0;
    for (size_t f = 0; f < observer->view.setup->flow_count; f++) {
        const struct control_flow *flow = &observer->view.setup->flows[f];
        const struct control_flow_reading *a = &observer->last.flows[f];
        const struct control_flow_reading *b = &now->flows[f];
        if (!flow_goes_on(a, b)) {
            continue;
        }
        const double forwarded = (double)(b->forwarded - a->forwarded);
        if (party != CONTROL_HOST) {
            packets += forwarded * control_flow_passes(flow, party);
        } else if (flow->host_passes > 0) {
            packets += (double)(b->entered - a->entered) + forwarded * (flow->host_passes - 1);
        }
    }
    return packets;
}

// Whether a router of the flow forwarded packets between two readings, if only those of other
// flows.
static bool flow_forwards(const struct observer *observer, size_t number,
                          const struct control_reading *now)
{
    const struct control_flow *flow = &observer->view.setup->flows[number];
    size_t s = 0;
    while (s < flow->stage_count && party_packets(observer, flow->stages[s], now) <= 0.0) {
        s++;
    }
    return s < flow->stage_count;
}

// What the counters of a flow show between two readings.
struct flow_step {
    double offered, forwarded, lost, seconds;
};

// Follows the rate of a flow: packets of `seconds`, read `passed_s` after the last reading.
static void flow_rate(struct flow_state *state, struct control_flow_view *view, double offered,
                      double seconds, double passed_s)
{
    const double kept = exp(-seconds / RATE_S);
    state->offered = state->offered * kept + offered;
    state->seconds = state->seconds * kept + seconds;
    view->offered_pps = state->offered / state->seconds;
    view->held_pps = fmax(view->offered_pps, view->held_pps * exp(-passed_s / HELD_S));
}

static void flow_add(struct flow_state *state, const struct flow_step *step)
{
    const double loss_part = exp(-step->seconds / LOSS_S);
    state->loss_offered = state->loss_offered * loss_part + step->offered;
    state->loss_forwarded = state->loss_forwarded * loss_part + step->forwarded;
    state->loss_lost = state->loss_lost * loss_part + step->lost;
    state->loss_seconds = state->loss_seconds * loss_part + step->seconds;
    state->window_offered += step->offered;
    state->window_forwarded += step->forwarded;
    state->window_lost += step->lost;
    state->whole_forwarded += step->forwarded;
    state->whole_lost += step->lost;
    state->tally.offered += (uint64_t)step->offered;
    state->tally.lost =
        (uint64_t)lost_of((double)state->tally.offered, state->whole_forwarded, state->whole_lost);
}

// Whether a flow that had load shows none, while its routers use CPU as with that load. An idle
// network is no fault, though its routers forward the packets of others, or use CPU when idle, as
// emulated machines do.
static bool flow_stands(const struct observer *observer, size_t number, double offered,
                        const struct control_reading *now)
{
    const double loaded_used = observer->flows[number].loaded_used;
    return offered <= 0.0 && loaded_used > 0.0 &&
           flow_used(&observer->view, number) >= fmax(STILL_USED, STILL_PART * loaded_used) &&
           !flow_forwards(observer, number, now);
}

// Keeps what is known of a flow whose counters stand still. Later packets are those of this time,
// too.
static void flow_hold(struct flow_state *state, struct control_flow_view *view,
                      const struct control_flow *flow, double passed_s)
{
    state->still_s += passed_s;
    if (state->still_s > STILL_S) {
        state->fault = state->still ? state->fault : FAULT_STILL;
        state->still = true;
        view->violated = false; // for want of figures
    }
    flow_tally(state, flow);
}

// Follows the load of a flow that a dead router interrupts, so that none remains that has ended.
static void flow_take_dead(struct flow_state *state, struct control_flow_view *view, double offered,
                           double passed_s)
{
    flow_rate(state, view, offered, passed_s, passed_s);
    view->loss = 0.0;
    view->violated = false;
}

static void flow_take(struct observer *observer, size_t number,
                      const struct control_reading *reading, double passed_s)
{
    const struct control_flow *flow = &observer->view.setup->flows[number];
    const struct control_flow_reading *now = &reading->flows[number];
    const struct control_flow_reading *last = &observer->last.flows[number];
    struct flow_state *state = &observer->flows[number];
    struct control_flow_view *view = &observer->view.flows[number];
    view->known = flow_goes_on(last, now);
    if (!view->known) {
        view->violated = false;
        return;
    }
    const double offered = (double)(now->offered - last->offered);
    if (!control_flow_lives(&observer->view, number)) {
        flow_take_dead(state, view, offered, passed_s);
        return;
    }
    state->window_s += passed_s;
    if (flow_stands(observer, number, offered, reading)) {
        flow_hold(state, view, flow, passed_s);
        return;
    }
    // Counters that stood still show the packets of that time now. After a pause that was taken for
    // one they do not: its time would make the rate too low.
    const bool late = offered <= 0.0 || offered > 2.0 * view->offered_pps * passed_s;
    const double seconds = passed_s + (late ? state->still_s : 0.0);
    flow_rate(state, view, offered, seconds, passed_s);
    flow_add(state, &(struct flow_step){.offered = offered,
                                        .forwarded = (double)(now->forwarded - last->forwarded),
                                        .lost = (double)(now->lost - last->lost),
                                        .seconds = seconds});
    state->still = state->still && offered <= 0.0;
    state->still_s = 0.0;
    state->loaded_used = offered > 0.0 ? flow_used(&observer->view, number) : state->loaded_used;
    const double lost = lost_of(state->loss_offered, state->loss_forwarded, state->loss_lost);
    view->loss = state->loss_offered >= 1.0 ? lost / state->loss_offered : 0.0;
    view->violated = breaks_contract(flow, state->loss_offered, lost, state->loss_seconds);
    flow_tally(state, flow);
}

// ---- parties

// Whether packets of a router's flows were lost between two readings.
static bool party_loses(const struct observer *observer, size_t party,
                        const struct control_reading *now)
{
    const struct control_setup *setup = observer->view.setup;
    size_t f = control_next_flow(setup, party, 0);
    while (f < setup->flow_count && now->flows[f].lost <= observer->last.flows[f].lost) {
        f = control_next_flow(setup, party, f + 1);
    }
    return party != CONTROL_HOST && f < setup->flow_count;
}

// Takes what packets cost between two readings.
static void party_take_cost(struct party_state *state, double cpu_ns, double packets, bool loses,
                            double *ret_cost_ns)
{
    const double kept = exp(-packets / COST_PACKETS);
    state->cpu_ns = state->cpu_ns * kept + cpu_ns;
    state->packets = state->packets * kept + packets;
    if (loses) {
        const double full_kept = exp(-packets / FULL_PACKETS);
        state->full_cpu_ns = state->full_cpu_ns * full_kept + cpu_ns;
        state->full_packets = state->full_packets * full_kept + packets;
    }
    const double usual_ns = state->packets >= COST_LEAST ? state->cpu_ns / state->packets : 0.0;
    if (state->full_packets < COST_LEAST) {
        *ret_cost_ns = usual_ns;
        return;
    }
    if (!loses && usual_ns > 0.0) {
        state->full_cpu_ns = fmin(state->full_cpu_ns, usual_ns * state->full_packets);
    }
    *ret_cost_ns = state->full_cpu_ns / state->full_packets;
}

static void party_watch_cap(struct party_state *state, struct control_party_view *view,
                            double passed_s)
{
    const bool above = view->cap > 0 && view->used > view->cap * 1.15 + 2.0;
    state->above_s = above ? state->above_s + passed_s : 0.0;
    if (state->above_s > CAP_S) {
        state->fault = state->above ? state->fault : FAULT_CAP;
        state->above = true;
    }
    state->above = state->above && above;
}

static void party_take(struct observer *observer, size_t party,
                       const struct control_reading *reading, double passed_s)
{
    const struct control_party_reading *now = &reading->parties[party];
    const struct control_party_reading *last = &observer->last.parties[party];
    struct party_state *state = &observer->parties[party];
    struct control_party_view *view = &observer->view.parties[party];
    view->weight = now->weight;
    view->cap = now->cap;
    view->alive = now->alive;
    if (now->alive == state->died) {
        state->fault = now->alive ? FAULT_LIVES : FAULT_DIED;
        state->died = !now->alive;
    }
    if (!observer->has_last || !now->alive || !last->alive || now->life != last->life ||
        now->cpu_ns < last->cpu_ns) {
        return;
    }
    const double cpu_ns = (double)(now->cpu_ns - last->cpu_ns);
    const double packets = party_packets(observer, party, reading);
    const double part = exp(-passed_s / LOSS_S);
    state->used_ns = state->used_ns * part + cpu_ns;
    state->used_s = state->used_s * part + passed_s;
    view->used = state->used_ns / state->used_s / (double)NS_PER_S * 100.0;
    party_watch_cap(state, view, passed_s);
    if (packets > 0.0) {
        party_take_cost(state, cpu_ns, packets, party_loses(observer, party, reading),
                        &view->cost_ns);
    }
}

// ---- readings

static void reading_copy(const struct control_setup *setup, const struct control_reading *from,
                         struct control_reading *to)
{
    to->at_ns = from->at_ns;
    for (size_t i = 0; i < setup->party_count; i++) {
        to->parties[i] = from->parties[i];
    }
    for (size_t f = 0; f < setup->flow_count; f++) {
        to->flows[f] = from->flows[f];
    }
}

void observer_take(struct observer *observer, const struct control_reading *reading,
                   const double *foreseen_pps)
{
    const struct control_setup *setup = observer->view.setup;
    const bool later = observer->has_last && reading->at_ns > observer->last.at_ns;
    const double passed_s =
        later ? (double)(reading->at_ns - observer->last.at_ns) / (double)NS_PER_S : 0.0;
    if (observer->has_last && !later) {
        return; // no new figures
    }
    for (size_t i = 0; i < setup->party_count; i++) {
        party_take(observer, i, reading, passed_s);
    }
    for (size_t f = 0; f < setup->flow_count; f++) {
        observer->view.flows[f].foreseen_pps = foreseen_pps == NULL ? 0.0 : foreseen_pps[f];
        if (later) {
            flow_take(observer, f, reading, passed_s);
        }
    }
    const bool late = passed_s > fmax(LATE_S, LATE_PERIODS * setup->every_s);
    observer->late_s = late && !observer->late ? passed_s : observer->late_s;
    observer->late = late;
    reading_copy(setup, reading, &observer->last);
    observer->has_last = true;
}

// ---- faults

static char *party_fault(struct observer *observer, size_t number)
{
    const struct control_party_view *view = &observer->view.parties[number];
    const char *name = observer->view.setup->parties[number].name;
    const char *kind = number == CONTROL_HOST ? "the " : "router ";
    enum fault fault = observer->parties[number].fault;
    observer->parties[number].fault = FAULT_NONE;
    return fault == FAULT_DIED    ? text_format("%s%s does not run", kind, name)
           : fault == FAULT_LIVES ? text_format("%s%s runs again", kind, name)
           : fault == FAULT_CAP
               ? text_format("the cap of %s is not held: %u %% are set, %.0f %% are used", name,
                             view->cap, view->used)
               : NULL;
}

char *observer_fault(struct observer *observer)
{
    char *text = NULL;
    if (observer->late_s > 0.0) {
        text = text_format("readings come late: %.0f ms since the last one",
                           observer->late_s * 1000.0);
        observer->late_s = 0.0;
    }
    for (size_t i = 0; text == NULL && i < observer->view.setup->party_count; i++) {
        text = party_fault(observer, i);
    }
    for (size_t f = 0; text == NULL && f < observer->view.setup->flow_count; f++) {
        if (observer->flows[f].fault == FAULT_STILL) {
            observer->flows[f].fault = FAULT_NONE;
            text = text_format("the counters of %s stand still while its routers use %.0f %%; its "
                               "share stays",
                               observer->view.setup->flows[f].name, flow_used(&observer->view, f));
        }
    }
    return text;
}
