// SPDX-License-Identifier: GPL-3.0-or-later
// control/controller — see control.h: when to act, and how far.
#include <math.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "control/control.h"
#include "control/observe.h"
#include "control/policy.h"

#define WEIGHT_SUM   10000.0 // of all parties together
#define WEIGHT_LEAST 10.0
#define SHARE_TRIFLE 0.005 // of all CPUs: a smaller difference is worth no action
#define LOSS_TRIFLE  0.001 // ratio below which a flow loses nothing
#define LACKING      0.98  // part of a need below which a guaranteed share lacks
#define EASED        0.9   // part of the CPU below which needs must fall to end a strain
#define CAP_HEADROOM 1.1   // cap as a multiple of the need that it must not limit
#define CAP_POINTS   1.0   // by which the use of a cap may differ from it

const struct control_limits control_limits_usual = {
    .between_ns = 100 * NS_PER_MS, .factor = 4.0, .indifference = 0.1};

struct controller {
    const struct control_setup *setup;
    const struct control_policy *policy;
    struct control_limits limits;
    struct observer *observer;
    unsigned *caps;  // of the parties before the first action
    bool *cap_known; // of the parties: it ran in a reading
    bool has_reading;
    bool settled; // the first shares are in force; holds until contracts or shares are replaced
    uint64_t acted_ns;                  // of the last action; 0 = none
    double *wants, *needs, *guaranteed; // by party, of the last reading
    double *pps, *offered;              // by flow
    bool *denied;                       // by flow: granted less than its contract covers
    bool strain_reported;
};

void control_setup_clear(struct control_setup *setup)
{
    for (size_t i = 0; i < setup->party_count; i++) {
        free(setup->parties[i].name);
    }
    for (size_t f = 0; f < setup->flow_count; f++) {
        free(setup->flows[f].name);
    }
    free(setup->parties);
    free(setup->flows);
    *setup = (struct control_setup){.cpu = 0.0};
}

unsigned control_flow_passes(const struct control_flow *flow, size_t router)
{
    unsigned passes = 0;
    for (size_t s = 0; s < flow->stage_count; s++) {
        passes += flow->stages[s] == router;
    }
    return passes;
}

size_t control_next_flow(const struct control_setup *setup, size_t router, size_t from)
{
    while (from < setup->flow_count && control_flow_passes(&setup->flows[from], router) == 0) {
        from++;
    }
    return from;
}

bool control_flow_lives(const struct control_view *view, size_t flow)
{
    const struct control_flow *of = &view->setup->flows[flow];
    size_t s = 0;
    while (s < of->stage_count && view->parties[of->stages[s]].alive) {
        s++;
    }
    return s == of->stage_count;
}

void control_reading_make(const struct control_setup *setup, struct control_reading *ret)
{
    *ret = (struct control_reading){
        .parties = memory_new_array(struct control_party_reading, setup->party_count),
        .flows = memory_new_array(struct control_flow_reading, setup->flow_count)};
}

void control_reading_clear(struct control_reading *reading)
{
    free(reading->parties);
    free(reading->flows);
    *reading = (struct control_reading){.at_ns = 0};
}

void control_action_clear(struct control_action *action)
{
    free(action->shares);
    free(action->reason);
    *action = (struct control_action){.shares = NULL};
}

struct controller *controller_new(const struct control_setup *setup,
                                  const struct control_policy *policy,
                                  const struct control_limits *limits)
{
    struct controller *controller = memory_new(1, sizeof *controller);
    controller->setup = setup;
    controller->policy = policy;
    controller->limits = *limits;
    controller->observer = observer_new(setup);
    controller->caps = memory_new_array(unsigned, setup->party_count);
    controller->cap_known = memory_new_array(bool, setup->party_count);
    controller->wants = memory_new_array(double, setup->party_count);
    controller->needs = memory_new_array(double, setup->party_count);
    controller->guaranteed = memory_new_array(double, setup->party_count);
    controller->pps = memory_new_array(double, setup->flow_count);
    controller->offered = memory_new_array(double, setup->flow_count);
    controller->denied = memory_new_array(bool, setup->flow_count);
    return controller;
}

void controller_free(struct controller *controller)
{
    if (controller == NULL) {
        return;
    }
    observer_free(controller->observer);
    free(controller->caps);
    free(controller->cap_known);
    free(controller->wants);
    free(controller->needs);
    free(controller->guaranteed);
    free(controller->pps);
    free(controller->offered);
    free(controller->denied);
    free(controller);
}

void controller_renew(struct controller *controller, const struct control_setup *setup)
{
    controller->setup = setup;
    controller->settled = false;
    observer_renew(controller->observer, setup);
}

void controller_undone(struct controller *controller)
{
    controller->acted_ns = 0;
    controller->settled = false; // some of its shares may be in force
}

const struct control_view *controller_view(const struct controller *controller)
{
    return observer_view(controller->observer);
}

const struct control_tally *controller_tally(const struct controller *controller, size_t flow)
{
    return observer_tally(controller->observer, flow);
}

// Whether a party is a router none of whose flows loses packets.
static bool party_keeps_up(const struct controller *controller, size_t party)
{
    const struct control_setup *setup = controller->setup;
    for (size_t f = control_next_flow(setup, party, 0); f < setup->flow_count;
         f = control_next_flow(setup, party, f + 1)) {
        if (controller_view(controller)->flows[f].loss > LOSS_TRIFLE) {
            return false;
        }
    }
    return party != CONTROL_HOST;
}

// What all living parties need together. A router that keeps up needs no more than it uses.
static double needs_observed(const struct controller *controller)
{
    double sum = 0.0;
    for (size_t i = 0; i < controller->setup->party_count; i++) {
        const struct control_party_view *party = &controller_view(controller)->parties[i];
        const double need = controller->needs[i];
        if (party->alive) {
            sum += party_keeps_up(controller, i) ? fmin(need, party->used) : need;
        }
    }
    return sum;
}

static double load_at_present(const struct control_view *view, size_t flow)
{
    return view->flows[flow].offered_pps;
}

// Names of the contracts that priorities leave out at present; NULL = none.
static char *denied_names(const struct controller *controller)
{
    char *names = NULL;
    need_denied(controller_view(controller), load_at_present, controller->denied);
    for (size_t f = 0; f < controller->setup->flow_count; f++) {
        if (controller->denied[f]) {
            text_append(&names, ", ", "%s", controller->setup->flows[f].name);
        }
    }
    return names;
}

// The begin or the end of a time in which the CPU does not suffice, once; NULL = none. Only policy
// contract goes by priorities.
static char *strain_report(struct controller *controller)
{
    const bool strained = controller_view(controller)->strained;
    const double cpu = controller->setup->cpu * (1.0 - controller->setup->margin);
    if (strained == controller->strain_reported || !controller->policy->lazy) {
        return NULL;
    }
    controller->strain_reported = strained;
    if (!strained) {
        return text_format("the present loads of all contracts need %.0f %% of a CPU, and host and "
                           "routers have %.0f %%: priorities no longer matter",
                           needs_observed(controller), cpu);
    }
    char *names = denied_names(controller);
    char *text = text_format("no shares keep all contracts: their present loads need %.0f %% of a "
                             "CPU, and host and routers have %.0f %%; contracts are served by "
                             "priority, without %s",
                             needs_observed(controller), cpu, names == NULL ? "a reserve" : names);
    free(names);
    return text;
}

char *controller_fault(struct controller *controller)
{
    char *fault = observer_fault(controller->observer);
    return fault == NULL ? strain_report(controller) : fault;
}

double controller_margin(const struct controller *controller, size_t flow)
{
    const struct control_flow *of = &controller->setup->flows[flow];
    double margin = NAN;
    for (size_t s = 0; s < of->stage_count; s++) {
        const size_t party = of->stages[s];
        const double guaranteed = controller->guaranteed[party];
        if (guaranteed > 0.0) {
            margin = fmin(margin, (guaranteed - controller->needs[party]) / guaranteed);
        }
    }
    return margin;
}

// ---- whether to act

// A living party's part of all CPUs by the weights in force. Dead ones use none, and are left out.
static double part_in_force(const struct control_view *view, size_t party)
{
    double sum = 0.0;
    for (size_t i = 0; i < view->setup->party_count; i++) {
        sum += view->parties[i].alive ? view->parties[i].weight : 0.0;
    }
    return sum > 0.0 ? view->parties[party].weight / sum : 0.0;
}

// The same by the policy.
static double part_wanted(const struct controller *controller, size_t party)
{
    double sum = 0.0;
    for (size_t i = 0; i < controller->setup->party_count; i++) {
        sum += controller_view(controller)->parties[i].alive ? controller->wants[i] : 0.0;
    }
    return sum > 0.0 ? controller->wants[party] / sum : 0.0;
}

static bool party_differs(const struct controller *controller, size_t party)
{
    const double now = part_in_force(controller_view(controller), party);
    const double wanted = part_wanted(controller, party);
    const double change = fabs(now - wanted);
    return controller_view(controller)->parties[party].alive && change > SHARE_TRIFLE &&
           change > controller->limits.indifference * fmax(now, wanted);
}

static bool any_party_differs(const struct controller *controller)
{
    for (size_t i = 0; i < controller->setup->party_count; i++) {
        if (party_differs(controller, i)) {
            return true;
        }
    }
    return false;
}

static unsigned cap_wanted(const struct controller *controller, size_t party)
{
    const unsigned cap = controller->caps[party];
    if (cap == 0 || !controller->policy->lazy) {
        return controller_view(controller)->parties[party].cap;
    }
    const double least = controller->needs[party] * CAP_HEADROOM + CAP_POINTS;
    return least > cap ? (unsigned)fmin(ceil(least), controller->setup->cpu) : cap;
}

static char *reason_of_flow(const struct controller *controller)
{
    const struct control_view *view = controller_view(controller);
    for (size_t f = 0; f < controller->setup->flow_count; f++) {
        const struct control_flow *flow = &controller->setup->flows[f];
        if (view->flows[f].violated) {
            return text_format("%s loses %.2f %% of %.0f packets/s; its contract allows %.2f %% of "
                               "%.0f packets/s",
                               flow->name, view->flows[f].loss * 100.0, view->flows[f].offered_pps,
                               flow->contract.loss * 100.0, flow->contract.pps);
        }
    }
    return NULL;
}

static char *reason_of_party(const struct controller *controller)
{
    const struct control_view *view = controller_view(controller);
    for (size_t i = 0; i < controller->setup->party_count; i++) {
        const struct control_party_view *party = &view->parties[i];
        const char *name = controller->setup->parties[i].name;
        const double need = controller->needs[i];
        if (!party->alive) {
            continue;
        }
        if (cap_wanted(controller, i) > party->cap && need * LACKING > party->cap - CAP_POINTS) {
            return text_format("%s needs %.1f %%; its cap is %u %%", name, need, party->cap);
        }
        if (need * LACKING > controller->guaranteed[i] && party_differs(controller, i) &&
            part_wanted(controller, i) > part_in_force(view, i)) {
            return text_format("%s needs %.1f %%; its weight guarantees %.1f %%", name, need,
                               controller->guaranteed[i]);
        }
    }
    return NULL;
}

// Returns why shares are to change; NULL = they are not.
static char *reason_to_act(const struct controller *controller)
{
    if (!controller->settled) {
        return any_party_differs(controller)
                   ? text_format("policy %s begins", controller->policy->name)
                   : NULL;
    }
    if (!controller->policy->lazy) {
        return any_party_differs(controller)
                   ? text_format("policy %s: loads or costs have changed", controller->policy->name)
                   : NULL;
    }
    char *reason = any_party_differs(controller) ? reason_of_flow(controller) : NULL;
    return reason == NULL ? reason_of_party(controller) : reason;
}

bool controller_static_plan(const struct controller *controller, struct control_share *ret)
{
    const struct control_view *view = controller_view(controller);
    const size_t count = controller->setup->party_count;
    if (!controller->has_reading) {
        return false; // no cap is known
    }
    double *wants = memory_new_array(double, count);
    double sum = 0.0;
    control_policy_peak.divide(view, wants);
    for (size_t i = 0; i < count; i++) {
        sum += wants[i];
    }
    for (size_t i = 0; i < count; i++) {
        ret[i] = (struct control_share){
            .weight = (unsigned)lround(fmax(wants[i] / sum * WEIGHT_SUM, WEIGHT_LEAST)),
            .cap = controller->cap_known[i] ? controller->caps[i] : view->parties[i].cap};
    }
    free(wants);
    return true;
}

// A party's cap before the first action is that of its first reading.
static void caps_learn(struct controller *controller, const struct control_reading *reading)
{
    for (size_t i = 0; i < controller->setup->party_count; i++) {
        if (!controller->cap_known[i] && reading->parties[i].alive) {
            controller->caps[i] = reading->parties[i].cap;
            controller->cap_known[i] = true;
        }
    }
    controller->has_reading = true;
}

// ---- how far

// Returns whether the weights reach what the policy wants.
static bool action_make(const struct controller *controller, struct control_share *shares)
{
    const struct control_view *view = controller_view(controller);
    bool reached = true;
    for (size_t i = 0; i < controller->setup->party_count; i++) {
        const double now = part_in_force(view, i) * WEIGHT_SUM;
        const double wanted = fmax(part_wanted(controller, i) * WEIGHT_SUM, WEIGHT_LEAST);
        const double most = fmax(now, WEIGHT_LEAST) * controller->limits.factor;
        const double least = now / controller->limits.factor;
        if (!view->parties[i].alive) { // its shares stay
            shares[i] = (struct control_share){view->parties[i].weight, view->parties[i].cap};
            continue;
        }
        reached = reached && wanted <= most && wanted >= least;
        shares[i] = (struct control_share){
            .weight = (unsigned)lround(fmax(fmin(fmax(wanted, least), most), 1.0)),
            .cap = cap_wanted(controller, i)};
    }
    return reached;
}

// The CPU does not suffice once a contract is broken while all need more than there is; it suffices
// again once they need clearly less.
static bool is_strained(const struct controller *controller)
{
    const struct control_view *view = controller_view(controller);
    const struct control_setup *setup = controller->setup;
    const double cpu = setup->cpu * (1.0 - setup->margin);
    const double sum = needs_observed(controller);
    bool violated = view->strained;
    for (size_t f = 0; f < setup->flow_count; f++) {
        violated = violated || view->flows[f].violated;
    }
    return violated && sum > (view->strained ? EASED * cpu : cpu);
}

static void controller_look(struct controller *controller)
{
    const struct control_view *view = controller_view(controller);
    for (size_t f = 0; f < controller->setup->flow_count; f++) {
        controller->offered[f] = view->flows[f].offered_pps;
        controller->pps[f] =
            control_flow_lives(view, f)
                ? need_covered(&controller->setup->flows[f], view->flows[f].offered_pps)
                : 0.0;
    }
    need_of_loads(view, controller->pps, controller->offered, controller->needs);
    need_guaranteed(view, controller->guaranteed);
    observer_strain(controller->observer, is_strained(controller));
    controller->policy->divide(view, controller->wants);
}

// Whether the first shares can be final: some flow has packets, and the costs of all that have are
// known. A dead router has no cost, and does not delay others.
static bool costs_are_known(const struct controller *controller)
{
    const struct control_view *view = controller_view(controller);
    bool any = false;
    for (size_t f = 0; f < controller->setup->flow_count; f++) {
        const struct control_flow *flow = &controller->setup->flows[f];
        if (!flow->has_contract || view->flows[f].offered_pps <= 0.0) {
            continue;
        }
        for (size_t s = 0; s < flow->stage_count; s++) {
            const struct control_party_view *party = &view->parties[flow->stages[s]];
            if (party->alive && party->cost_ns <= 0.0) {
                return false;
            }
        }
        any = true;
    }
    return any;
}

bool controller_take(struct controller *controller, const struct control_reading *reading,
                     const double *foreseen_pps, struct control_action *ret)
{
    observer_take(controller->observer, reading, foreseen_pps);
    controller_look(controller);
    caps_learn(controller, reading);
    if (controller->acted_ns != 0 &&
        reading->at_ns < controller->acted_ns + controller->limits.between_ns) {
        return false;
    }
    char *reason = reason_to_act(controller);
    if (reason == NULL) {
        controller->settled = controller->settled || costs_are_known(controller);
        return false;
    }
    struct control_share *shares =
        memory_new_array(struct control_share, controller->setup->party_count);
    const bool reached = action_make(controller, shares);
    controller->settled = controller->settled || (reached && costs_are_known(controller));
    controller->acted_ns = reading->at_ns;
    *ret = (struct control_action){.shares = shares, .reason = reason};
    return true;
}
