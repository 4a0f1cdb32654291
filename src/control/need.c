// SPDX-License-Identifier: GPL-3.0-or-later
// control/need — the CPU that loads need, and its division among parties. See policy.h.
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "control/policy.h"
#include "ration/share.h"

#define COST_USUAL_NS 4000.0 // of a packet, while nothing is known of any router
#define HEADROOM      0.15   // of each need: load and cost vary from reading to reading
#define FLOOR_PERCENT 0.5    // of each party, so that it answers

// The cost of a party's packets; while it is unknown, the mean of others.
static double cost_of(const struct control_view *view, size_t party)
{
    double sum = 0.0;
    size_t known = 0;
    if (view->parties[party].cost_ns > 0.0) {
        return view->parties[party].cost_ns;
    }
    if (party == CONTROL_HOST) {
        return 0.0;
    }
    for (size_t i = 1; i < view->setup->party_count; i++) {
        sum += view->parties[i].cost_ns;
        known += view->parties[i].cost_ns > 0.0;
    }
    return known > 0 ? sum / (double)known : COST_USUAL_NS;
}

static double percent_of(double pps, double cost_ns)
{
    return pps * cost_ns * 1e-9 * 100.0;
}

// How often a party forwards each packet of a flow.
static double passes_of(const struct control_flow *flow, size_t party)
{
    return party == CONTROL_HOST ? flow->host_passes : control_flow_passes(flow, party);
}

double need_at(const struct control_view *view, size_t flow, size_t party, double pps)
{
    const double passes = passes_of(&view->setup->flows[flow], party);
    return passes > 0.0 ? percent_of(pps * passes, cost_of(view, party)) : 0.0;
}

double need_covered(const struct control_flow *flow, double pps)
{
    return flow->has_contract ? fmin(pps, flow->contract.pps) : 0.0;
}

void need_of_loads(const struct control_view *view, const double *pps, const double *offered,
                   double *ret)
{
    const struct control_setup *setup = view->setup;
    for (size_t i = 0; i < setup->party_count; i++) {
        double level = 0.0; // load up to which the party serves every flow
        double packets = 0.0;
        for (size_t f = 0; f < setup->flow_count; f++) {
            level = passes_of(&setup->flows[f], i) > 0.0 ? fmax(level, pps[f]) : level;
        }
        for (size_t f = 0; f < setup->flow_count; f++) {
            packets += fmin(fmax(offered[f], pps[f]), level) * passes_of(&setup->flows[f], i);
        }
        ret[i] = packets > 0.0 ? percent_of(packets, cost_of(view, i)) : 0.0;
    }
}

// ---- priorities

struct rank {
    size_t flow;
    unsigned priority;
    double value; // price for each percent of a CPU that the contract may demand
};

static int compare_ranks(const void *left, const void *right)
{
    const struct rank *a = left;
    const struct rank *b = right;
    if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    if (a->value < b->value || a->value > b->value) {
        return a->value > b->value ? -1 : 1;
    }
    return a->flow < b->flow ? -1 : 1;
}

static double sum_of(const double *items, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += items[i];
    }
    return sum;
}

size_t *need_order(const struct control_view *view, size_t *ret_count)
{
    const struct control_setup *setup = view->setup;
    struct rank *ranks = memory_new_array(struct rank, setup->flow_count);
    size_t *order = memory_new_array(size_t, setup->flow_count);
    size_t count = 0;
    for (size_t f = 0; f < setup->flow_count; f++) {
        const struct control_flow *flow = &setup->flows[f];
        double percent = need_at(view, f, CONTROL_HOST, flow->contract.pps);
        if (!flow->has_contract) {
            continue;
        }
        for (size_t s = 0; s < flow->stage_count; s++) {
            percent += percent_of(flow->contract.pps, cost_of(view, flow->stages[s]));
        }
        ranks[count++] =
            (struct rank){f, flow->contract.priority, flow->contract.price / fmax(percent, 1e-9)};
    }
    qsort(ranks, count, sizeof *ranks, compare_ranks);
    for (size_t i = 0; i < count; i++) {
        order[i] = ranks[i].flow;
    }
    free(ranks);
    *ret_count = count;
    return order;
}

// ---- division

// Grants loads in the order of priorities as far as `cpu` suffices. `granted` gets the loads,
// `ret` what the parties need for them.
static void need_grant(const struct control_view *view, const double *pps, const double *offered,
                       double cpu, double *granted, double *ret)
{
    const struct control_setup *setup = view->setup;
    size_t count = 0;
    for (size_t f = 0; f < setup->flow_count; f++) {
        granted[f] = pps[f];
    }
    need_of_loads(view, granted, offered, ret);
    if (sum_of(ret, setup->party_count) <= cpu) {
        return;
    }
    size_t *order = need_order(view, &count);
    for (size_t f = 0; f < setup->flow_count; f++) {
        granted[f] = 0.0;
    }
    for (size_t i = 0; i < count; i++) {
        granted[order[i]] = pps[order[i]];
        need_of_loads(view, granted, offered, ret);
        if (sum_of(ret, setup->party_count) > cpu) {
            granted[order[i]] = 0.0;
        }
    }
    need_of_loads(view, granted, offered, ret);
    free(order);
}

// Grants loads as need_grant(), and divides what is left. `pps` and `offered` as for
// need_of_loads().
static void divide_cpu(const struct control_view *view, const double *pps, const double *offered,
                       double *ret)
{
    const struct control_setup *setup = view->setup;
    const size_t parties = setup->party_count;
    const double cpu = setup->cpu * (1.0 - setup->margin);
    double *granted = memory_new_array(double, setup->flow_count);
    double *peaks = memory_new_array(double, setup->flow_count);
    double *more = memory_new_array(double, parties);
    need_grant(view, pps, offered, cpu, granted, ret);
    for (size_t f = 0; f < setup->flow_count; f++) {
        peaks[f] = need_covered(&setup->flows[f], INFINITY);
    }
    need_of_loads(view, peaks, offered, more);
    double rest = cpu - sum_of(ret, parties);
    const double headroom = fmin(HEADROOM, rest / fmax(sum_of(ret, parties), 1e-9));
    rest -= headroom * sum_of(ret, parties);
    for (size_t i = 0; i < parties; i++) {
        more[i] = fmax(more[i] - ret[i], 0.0);
        ret[i] *= 1.0 + fmax(headroom, 0.0);
    }
    const double wanted = sum_of(more, parties);
    for (size_t i = 0; i < parties; i++) {
        if (rest > 0.0) {
            ret[i] += wanted > 0.0 ? rest * more[i] / wanted : rest / (double)parties;
        }
        ret[i] = fmax(ret[i], FLOOR_PERCENT);
    }
    free(more);
    free(peaks);
    free(granted);
}

// The loads of all flows. The caller frees them.
static double *loads_of(const struct control_view *view, need_load *load)
{
    double *pps = memory_new_array(double, view->setup->flow_count);
    for (size_t f = 0; f < view->setup->flow_count; f++) {
        pps[f] = load(view, f);
    }
    return pps;
}

void need_share_loads(const struct control_view *view, need_load *load, double *ret)
{
    double *pps = loads_of(view, load);
    need_of_loads(view, pps, pps, ret);
    for (size_t i = 0; i < view->setup->party_count; i++) {
        ret[i] = fmax(ret[i], 1.0);
    }
    free(pps);
}

// The part of these loads that contracts cover; 0 where a router of the flow is dead, which no CPU
// helps. The caller frees it.
static double *covered_of(const struct control_view *view, const double *loads)
{
    double *pps = memory_new_array(double, view->setup->flow_count);
    for (size_t f = 0; f < view->setup->flow_count; f++) {
        pps[f] = control_flow_lives(view, f) ? need_covered(&view->setup->flows[f], loads[f]) : 0.0;
    }
    return pps;
}

void need_by_priority(const struct control_view *view, need_load *load, double *ret)
{
    double *offered = loads_of(view, load);
    double *pps = covered_of(view, offered);
    divide_cpu(view, pps, offered, ret);
    free(pps);
    free(offered);
}

bool need_exceeds(const struct control_view *view, need_load *load)
{
    const struct control_setup *setup = view->setup;
    double *needs = memory_new_array(double, setup->party_count);
    double *offered = loads_of(view, load);
    double *pps = covered_of(view, offered);
    need_of_loads(view, pps, offered, needs);
    const bool exceeds = sum_of(needs, setup->party_count) > setup->cpu * (1.0 - setup->margin);
    free(pps);
    free(offered);
    free(needs);
    return exceeds;
}

void need_denied(const struct control_view *view, need_load *load, bool *ret)
{
    const struct control_setup *setup = view->setup;
    double *offered = loads_of(view, load);
    double *pps = covered_of(view, offered);
    double *granted = memory_new_array(double, setup->flow_count);
    double *needs = memory_new_array(double, setup->party_count);
    need_grant(view, pps, offered, setup->cpu * (1.0 - setup->margin), granted, needs);
    for (size_t f = 0; f < setup->flow_count; f++) {
        ret[f] = granted[f] < pps[f];
    }
    free(needs);
    free(granted);
    free(pps);
    free(offered);
}

void need_reserve(const struct control_view *view, need_load *load, double *ret)
{
    double *offered = loads_of(view, load);
    double *peaks = memory_new_array(double, view->setup->flow_count);
    for (size_t f = 0; f < view->setup->flow_count; f++) {
        peaks[f] = need_covered(&view->setup->flows[f], INFINITY);
    }
    need_of_loads(view, peaks, offered, ret);
    for (size_t i = 0; i < view->setup->party_count; i++) {
        ret[i] = fmax(ret[i], FLOOR_PERCENT);
    }
    free(peaks);
    free(offered);
}

// ---- what is in force

void need_guaranteed(const struct control_view *view, double *ret)
{
    const struct control_setup *setup = view->setup;
    const size_t parties = setup->party_count;
    double *wants = memory_new_array(double, parties);
    double *weights = memory_new_array(double, parties);
    for (size_t f = 0; f < setup->flow_count; f++) {
        const struct control_flow *flow = &setup->flows[f];
        // The work of each pass is that of one thread.
        wants[CONTROL_HOST] += 100.0 * flow->host_passes;
        for (size_t s = 0; s < flow->stage_count; s++) {
            wants[flow->stages[s]] += 100.0;
        }
    }
    for (size_t i = 0; i < parties; i++) {
        const struct control_party_view *party = &view->parties[i];
        weights[i] = party->weight > 0 ? (double)party->weight : 1.0;
        wants[i] = party->alive ? wants[i] : 0.0;
        wants[i] = party->cap > 0 ? fmin(wants[i], (double)party->cap) : wants[i];
    }
    share_fill(setup->cpu, wants, weights, parties, ret);
    free(weights);
    free(wants);
}
