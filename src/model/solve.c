// SPDX-License-Identifier: GPL-3.0-or-later
// model/solve — see solve.h.
#include "model/solve.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define RING_SLOTS   256.0 // of a veth's receive ring
#define CAP_PERIOD_S 0.020 // in which a capped thread gets its runtime (docs/cpu-allocation.md)
#define ROUNDS       400
#define SETTLED      1e-7
#define NO_LOSS      1e-4 // loss ratio below which the solution counts as free of loss

// CPU time for packets: parts of one CPU.
static double work_capacity(const struct costs *costs, unsigned cpus)
{
    return costs->usable * costs->full * cpus;
}

// A thread: one stage of one flow. Rates are in packets/s, CPU in parts of one CPU.
struct thread {
    size_t flow, stage, party;
    double cost, wakeup;  // seconds
    double arriving;      // packets/s
    double demand;        // CPU for all that arrives, without overhead
    double fair, granted; // CPU
    double served;        // packets/s
};

struct state {
    const struct costs *costs;
    const struct model_setup *setup;
    struct thread *threads;
    size_t thread_count, stages; // `stages`: of the longest flow
    double *need, *want, *grant; // of each party: CPU with overhead, demand, share
};

double cost_of_pass(const struct stage_cost *cost, double ip_length)
{
    return cost->base + cost->slope * ip_length;
}

double flow_offered(const struct model_flow *flow, double load_pps)
{
    return flow->fixed_pps > 0 ? flow->fixed_pps : flow->share * load_pps;
}

// CPU of wake-ups relative to idle time: λw / (1 + λD).
static double wakeup_load(double rate, double wakeup_s, double latency_s)
{
    return rate * wakeup_s / (1.0 + rate * latency_s);
}

void work_usage(const struct costs *costs, double usable, const struct work *works, size_t count,
                double *ret_ns, size_t party_count)
{
    double busy = 0.0;
    double wakeups = 0.0;
    memset(ret_ns, 0, party_count * sizeof *ret_ns);
    for (size_t i = 0; i < count; i++) {
        const struct stage_cost *cost = works[i].host ? &costs->host : &costs->router;
        busy += works[i].rate * cost_of_pass(cost, works[i].ip_length) * 1e-9;
        wakeups += wakeup_load(works[i].rate, cost->wakeup * 1e-9, costs->latency_ns * 1e-9);
    }
    double cpus = usable / costs->usable;
    double idle = fmax(usable - busy, 0.0);
    for (size_t i = 0; i < count; i++) {
        const struct stage_cost *cost = works[i].host ? &costs->host : &costs->router;
        double own = wakeup_load(works[i].rate, cost->wakeup * 1e-9, costs->latency_ns * 1e-9);
        ret_ns[works[i].party] += works[i].rate * cost_of_pass(cost, works[i].ip_length) +
                                  1e9 * idle * own / fmax(cpus + wakeups, 1e-9);
    }
}

static void make_threads(struct state *state)
{
    const struct model_setup *setup = state->setup;
    for (size_t i = 0; i < setup->flow_count; i++) {
        state->thread_count += setup->flows[i].stage_count;
    }
    state->threads = memory_new_array(struct thread, state->thread_count);
    size_t at = 0;
    for (size_t i = 0; i < setup->flow_count; i++) {
        const struct model_flow *flow = &setup->flows[i];
        state->stages = flow->stage_count > state->stages ? flow->stage_count : state->stages;
        for (size_t k = 0; k < flow->stage_count; k++) {
            const struct stage_cost *cost =
                flow->stages[k] == MODEL_HOST ? &state->costs->host : &state->costs->router;
            state->threads[at++] = (struct thread){
                .flow = i,
                .stage = k,
                .party = flow->stages[k],
                .cost = cost_of_pass(cost, flow->ip_length) * 1e-9,
                .wakeup = cost->wakeup * 1e-9,
            };
        }
    }
    state->need = memory_new_array(double, setup->party_count);
    state->want = memory_new_array(double, setup->party_count);
    state->grant = memory_new_array(double, setup->party_count);
}

static void state_clear(struct state *state)
{
    free(state->threads);
    free(state->need);
    free(state->want);
    free(state->grant);
}
#define _cleanup_state_ __attribute__((cleanup(state_clear)))

// Divides `capacity` by weight: nobody gets more than wanted, and what one leaves goes to the
// others (weighted max-min fairness). `weight` NULL = all are equal.
static void share_out(double capacity, const double *wanted, const unsigned *weight, size_t count,
                      double *ret)
{
    _cleanup_free_ bool *full = memory_new_array(bool, count);
    memset(ret, 0, count * sizeof *ret);
    for (size_t round = 0; round < count; round++) {
        double weights = 0.0;
        double left = capacity;
        for (size_t i = 0; i < count; i++) {
            weights += full[i] ? 0.0 : weight == NULL ? 1.0 : (double)weight[i];
            left -= full[i] ? ret[i] : 0.0;
        }
        bool any = false;
        for (size_t i = 0; i < count; i++) {
            double own = weight == NULL ? 1.0 : (double)weight[i];
            double part = weights > 0 ? fmax(left, 0.0) * own / weights : 0.0;
            if (!full[i]) {
                ret[i] = fmin(wanted[i], part);
                if (wanted[i] <= part) {
                    full[i] = true;
                    any = true;
                }
            }
        }
        if (!any) {
            return;
        }
    }
}

// Rates that arrive at each thread if those before it serve what they now do, and the demands.
static void let_arrive(struct state *state, double load_pps)
{
    memset(state->want, 0, state->setup->party_count * sizeof *state->want);
    for (size_t i = 0; i < state->thread_count; i++) {
        struct thread *thread = &state->threads[i];
        thread->arriving = thread->stage == 0
                               ? flow_offered(&state->setup->flows[thread->flow], load_pps)
                               : thread[-1].served;
        thread->demand = fmin(thread->arriving * thread->cost, work_capacity(state->costs, 1));
        state->want[thread->party] += thread->demand;
    }
}

// CPU that each party uses if nothing limits it: work, and its part of the wake-ups.
static void note_needs(struct state *state)
{
    const struct model_setup *setup = state->setup;
    const double latency = state->costs->latency_ns * 1e-9;
    double busy = 0.0;
    double wakeups = 0.0;
    for (size_t i = 0; i < state->thread_count; i++) {
        busy += state->threads[i].demand;
        wakeups += wakeup_load(state->threads[i].arriving, state->threads[i].wakeup, latency);
    }
    double idle = fmax(state->costs->usable * setup->cpus - busy, 0.0);
    memcpy(state->need, state->want, setup->party_count * sizeof *state->need);
    for (size_t i = 0; i < state->thread_count; i++) {
        const struct thread *thread = &state->threads[i];
        state->need[thread->party] +=
            idle * wakeup_load(thread->arriving, thread->wakeup, latency) / (setup->cpus + wakeups);
    }
}

// The fair grant of a party's CPU time to its threads: equal parts, none more than it wants.
static void grant_threads(struct state *state, size_t party, double capacity)
{
    size_t count = 0;
    _cleanup_free_ double *wanted = memory_new_array(double, state->thread_count);
    _cleanup_free_ double *got = memory_new_array(double, state->thread_count);
    for (size_t i = 0; i < state->thread_count; i++) {
        if (state->threads[i].party == party) {
            wanted[count++] = state->threads[i].demand;
        }
    }
    share_out(capacity, wanted, NULL, count, got);
    count = 0;
    for (size_t i = 0; i < state->thread_count; i++) {
        if (state->threads[i].party == party) {
            state->threads[i].fair = got[count++];
        }
    }
}

// Uncapped parties share what capped ones leave: by weight, and by stage.
static void grant_uncapped(struct state *state, double capacity)
{
    const struct model_setup *setup = state->setup;
    _cleanup_free_ double *wanted = memory_new_array(double, setup->party_count);
    _cleanup_free_ unsigned *weight = memory_new_array(unsigned, setup->party_count);
    double sum = 0.0;
    for (size_t i = 0; i < setup->party_count; i++) {
        wanted[i] = setup->parties[i].cap > 0 ? 0.0 : state->want[i];
        weight[i] = setup->parties[i].weight;
        sum += wanted[i];
    }
    double upstream = sum > capacity ? state->costs->upstream : 0.0;
    share_out(capacity, wanted, weight, setup->party_count, state->grant);
    for (size_t i = 0; i < setup->party_count; i++) {
        if (setup->parties[i].cap == 0) {
            grant_threads(state, i, state->grant[i]);
        }
    }
    double left = capacity;
    for (size_t stage = 0; stage < state->stages; stage++) {
        _cleanup_free_ double *staged = memory_new_array(double, setup->party_count);
        double used = 0.0;
        for (size_t i = 0; i < state->thread_count; i++) {
            const struct thread *thread = &state->threads[i];
            if (thread->stage == stage && setup->parties[thread->party].cap == 0) {
                staged[thread->party] += thread->demand;
            }
        }
        share_out(left, staged, weight, setup->party_count, state->grant);
        for (size_t i = 0; i < state->thread_count; i++) {
            struct thread *thread = &state->threads[i];
            if (thread->stage == stage && setup->parties[thread->party].cap == 0) {
                double part = staged[thread->party] > 0 ? thread->demand / staged[thread->party] *
                                                              state->grant[thread->party]
                                                        : 0.0;
                used += part;
                thread->granted = (1.0 - upstream) * thread->fair + upstream * part;
            }
        }
        left = fmax(left - used, 0.0);
    }
}

// A capped party works for a part of the time; while it waits for its next period, its rings fill.
static double serve_capped(const struct state *state, const struct thread *thread)
{
    double cap = state->setup->parties[thread->party].cap / 100.0;
    double need = state->need[thread->party];
    if (need <= cap) {
        return thread->arriving;
    }
    double part = cap / need;
    return fmin(thread->arriving, part * thread->arriving + RING_SLOTS / CAP_PERIOD_S);
}

// One round: returns the largest relative change of a rate.
static double settle_once(struct state *state, double load_pps, double damping)
{
    let_arrive(state, load_pps);
    note_needs(state);
    double capacity = work_capacity(state->costs, state->setup->cpus);
    for (size_t i = 0; i < state->setup->party_count; i++) {
        const struct model_party *party = &state->setup->parties[i];
        capacity -= party->cap > 0 ? fmin(party->cap / 100.0, state->need[i]) : 0.0;
    }
    grant_uncapped(state, fmax(capacity, 0.0));
    double change = 0.0;
    for (size_t i = 0; i < state->thread_count; i++) {
        struct thread *thread = &state->threads[i];
        bool capped = state->setup->parties[thread->party].cap > 0;
        double served = capped ? serve_capped(state, thread)
                        : thread->granted >= thread->demand * (1.0 - 1e-12) &&
                                thread->demand < work_capacity(state->costs, 1)
                            ? thread->arriving
                            : fmin(thread->arriving, thread->granted / thread->cost);
        double moved = thread->served + damping * (served - thread->served);
        change = fmax(change, fabs(moved - thread->served) / fmax(thread->served, 1.0));
        thread->served = moved;
    }
    return change;
}

static void note_solution(const struct state *state, double load_pps, struct solution *ret)
{
    const struct model_setup *setup = state->setup;
    _cleanup_free_ struct work *works = memory_new_array(struct work, state->thread_count);
    double busy = 0.0;
    double offered = 0.0;
    double received = 0.0;
    double worst = 0.0;
    for (size_t i = 0; i < state->thread_count; i++) {
        const struct thread *thread = &state->threads[i];
        double out = fmin(thread->served, thread->arriving);
        works[i] = (struct work){thread->party, thread->party == MODEL_HOST,
                                 setup->flows[thread->flow].ip_length, out};
        busy += thread->demand;
        ret->lost[thread->stage] += thread->arriving - out;
        if (thread->arriving - out > worst) {
            worst = thread->arriving - out;
            ret->lossy_flow = thread->flow;
            ret->lossy_stage = thread->stage;
        }
        if (thread->stage == 0) {
            offered += flow_offered(&setup->flows[thread->flow], load_pps);
        }
        if (thread->stage + 1 == setup->flows[thread->flow].stage_count) {
            ret->received[thread->flow] = out;
            received += out;
        }
    }
    work_usage(state->costs, state->costs->usable * setup->cpus, works, state->thread_count,
               ret->percent, setup->party_count);
    for (size_t i = 0; i < setup->party_count; i++) {
        ret->percent[i] /= 1e7;
        if (setup->parties[i].cap > 0) {
            ret->percent[i] = fmin(100.0 * state->need[i], setup->parties[i].cap);
        }
    }
    ret->busy = busy / work_capacity(state->costs, setup->cpus);
    ret->loss_ratio = offered > 0 ? fmax(1.0 - received / offered, 0.0) : 0.0;
}

// The state in which every stage serves all packets.
static void begin_state(const struct costs *costs, const struct model_setup *setup, double load_pps,
                        struct state *ret)
{
    *ret = (struct state){.costs = costs, .setup = setup};
    make_threads(ret);
    for (size_t i = 0; i < ret->thread_count; i++) {
        ret->threads[i].served = flow_offered(&setup->flows[ret->threads[i].flow], load_pps);
    }
}

void solve_load(const struct costs *costs, const struct model_setup *setup, double load_pps,
                struct solution *ret)
{
    *ret = (struct solution){.received = memory_new_array(double, setup->flow_count),
                             .percent = memory_new_array(double, setup->party_count)};
    _cleanup_state_ struct state state;
    begin_state(costs, setup, load_pps, &state);
    for (unsigned round = 0; round < ROUNDS; round++) {
        double damping = round == 0 ? 1.0 : round < 50 ? 0.5 : round < 150 ? 0.2 : 0.05;
        if (settle_once(&state, load_pps, damping) < SETTLED) {
            break;
        }
    }
    note_solution(&state, load_pps, ret);
}

void solution_clear(struct solution *solution)
{
    free(solution->received);
    free(solution->percent);
    *solution = (struct solution){.received = NULL};
}

// Whether the state in which all packets are served can't last.
static bool loses(const struct costs *costs, const struct model_setup *setup, double load_pps)
{
    _cleanup_state_ struct state state;
    begin_state(costs, setup, load_pps, &state);
    (void)settle_once(&state, load_pps, 1.0);
    for (size_t i = 0; i < state.thread_count; i++) {
        if (state.threads[i].served < state.threads[i].arriving * (1.0 - NO_LOSS)) {
            return true;
        }
    }
    return false;
}

double solve_knee(const struct costs *costs, const struct model_setup *setup)
{
    double low = 0.0;
    double high = 1000.0;
    while (high < 1e10 && !loses(costs, setup, high)) {
        low = high;
        high *= 2.0;
    }
    if (low == 0.0 && loses(costs, setup, 1.0)) {
        return 0.0;
    }
    for (unsigned i = 0; i < 30 && high - low > 1e-4 * high; i++) {
        double middle = (low + high) / 2.0;
        if (loses(costs, setup, middle)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return low;
}
