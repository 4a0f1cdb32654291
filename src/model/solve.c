// SPDX-License-Identifier: GPL-3.0-or-later
// model/solve — see solve.h.
#include "model/solve.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "linux/quota.h"
#include "model/quota.h"

#define ROUNDS    400
#define SETTLED   1e-7
#define NO_LOSS   1e-4 // loss ratio below which the solution counts as free of loss
#define SHARPNESS 4.0  // of the transition between a wake-up for each packet and for many
#define HEAVIER   2U   // times the weight of each other party: from there on a party precedes
#define AWAKE     0.7  // latency of a wake-up on a CPU that another thread keeps awake
#define BEHIND    0.15 // of a CPU, for wake-ups of a party that precedes behind a bridge, at most

#define QUOTA_QUEUE 1000.0 // of a tap or vif: Linux's txqueuelen

// A thread: one stage of one flow. Rates are in packets/s, CPU in parts of one CPU.
struct thread {
    size_t flow, stage, party;
    double cost, wakeup;  // seconds
    double latency;       // seconds
    double arriving;      // packets/s
    double demand;        // CPU for all that arrives, without overhead
    double fair, granted; // CPU
    double served;        // packets/s
    double most;          // packets/s that a quota lets it serve
};

struct state {
    const struct costs *costs;
    const struct model_setup *setup;
    struct thread *threads;
    size_t thread_count, stages; // `stages`: of the longest flow
    unsigned cpus;               // that the threads can use: each uses one at most
    bool *precedes;              // of each party, see note_precedence()
    double *need, *want, *grant; // of each party: CPU with overhead, demand, share
    double *limit;               // of each party that precedes: the CPU that it gets at most
    double taken;                // CPU of all parties that precede
    double full;                 // part of the CPU that packets get, see note_pressure()
};

// CPU time for packets: parts of one CPU.
static double work_capacity(const struct state *state, unsigned cpus)
{
    return state->costs->usable * state->full * cpus;
}

double cost_of_pass(const struct stage_cost *cost, double ip_length)
{
    return cost->base + cost->slope * ip_length;
}

double flow_offered(const struct model_flow *flow, double load_pps)
{
    return flow->fixed_pps > 0 ? flow->fixed_pps : flow->share * load_pps;
}

// Grows as x at first, up to 1.
static double saturate(double x)
{
    return x / pow(1.0 + pow(x, SHARPNESS), 1.0 / SHARPNESS);
}

// The load of a thread's wake-ups, relative to the time in which a CPU has no packets to process:
// one for each packet at low rates, and at most one for each latency.
static double wakeup_load(double rate, double wakeup_s, double latency_s)
{
    return latency_s <= 0 ? rate * wakeup_s : wakeup_s / latency_s * saturate(rate * latency_s);
}

// The part of that time which wake-ups use; `loads` is the sum over all threads.
static double wakeup_part(double loads, double cpus)
{
    return saturate(loads / fmax(cpus, 1e-9));
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
    double used = fmax(usable - busy, 0.0) * wakeup_part(wakeups, usable / costs->usable);
    for (size_t i = 0; i < count; i++) {
        const struct stage_cost *cost = works[i].host ? &costs->host : &costs->router;
        double own = wakeup_load(works[i].rate, cost->wakeup * 1e-9, costs->latency_ns * 1e-9);
        ret_ns[works[i].party] += works[i].rate * cost_of_pass(cost, works[i].ip_length) +
                                  1e9 * used * own / fmax(wakeups, 1e-12);
    }
}

// The largest weight of another party that has work; 0 = there is none.
static unsigned heaviest_other(const struct state *state, size_t party)
{
    unsigned most = 0;
    for (size_t i = 0; i < state->thread_count; i++) {
        size_t other = state->threads[i].party;
        unsigned weight = state->setup->parties[other].weight;
        most = other != party && weight > most ? weight : most;
    }
    return most;
}

// A party with a cap precedes all others (SCHED_DEADLINE; not if it is a quota), and one with at
// least twice the weight of each other precedes these: its threads get the CPU as soon as they wake
// up, until the party has used its cap or share.
static void note_precedence(struct state *state)
{
    const struct model_setup *setup = state->setup;
    for (size_t i = 0; i < setup->party_count; i++) {
        unsigned other = heaviest_other(state, i);
        const struct model_party *party = &setup->parties[i];
        state->precedes[i] =
            (party->cap > 0 && !party->quota) || (other > 0 && party->weight >= HEAVIER * other);
        for (size_t k = 0; k < state->thread_count; k++) {
            struct thread *thread = &state->threads[k];
            if (thread->party == i && state->precedes[i]) {
                // Packets of a later stage arrive in the batches of the one before it.
                thread->latency = thread->stage > 0 ? thread->wakeup / BEHIND
                                  : other > 0       ? thread->latency * AWAKE
                                                    : thread->latency;
            }
        }
    }
}

unsigned cpus_of_threads(unsigned cpus, size_t threads)
{
    return threads < cpus ? (unsigned)threads : cpus;
}

static void make_threads(struct state *state)
{
    const struct model_setup *setup = state->setup;
    for (size_t i = 0; i < setup->flow_count; i++) {
        state->thread_count += setup->flows[i].stage_count;
    }
    state->cpus = cpus_of_threads(setup->cpus, state->thread_count);
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
                .latency = state->costs->latency_ns * 1e-9,
            };
        }
    }
    state->need = memory_new_array(double, setup->party_count);
    state->want = memory_new_array(double, setup->party_count);
    state->grant = memory_new_array(double, setup->party_count);
    state->limit = memory_new_array(double, setup->party_count);
    state->precedes = memory_new_array(bool, setup->party_count);
    note_precedence(state);
}

static void state_clear(struct state *state)
{
    free(state->threads);
    free(state->need);
    free(state->want);
    free(state->grant);
    free(state->limit);
    free(state->precedes);
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
        thread->demand = fmin(thread->arriving * thread->cost, work_capacity(state, 1));
        thread->most = INFINITY;
        state->want[thread->party] += thread->demand;
    }
}

// CPU that a party with precedence uses.
static double need_alone(const struct state *state, size_t party)
{
    double wakeups = 0.0;
    unsigned cpus = 0;
    for (size_t i = 0; i < state->thread_count; i++) {
        const struct thread *thread = &state->threads[i];
        if (thread->party == party) {
            wakeups += wakeup_load(thread->arriving, thread->wakeup, thread->latency);
            cpus += cpus < state->cpus ? 1 : 0;
        }
    }
    double idle = fmax(cpus - state->want[party], 0.0);
    return state->want[party] + idle * wakeup_part(wakeups, cpus);
}

// CPU that each party uses if nothing limits it: work, and its part of the wake-ups. Notes the
// limits of those that precede, and the CPU that they take.
static void note_needs(struct state *state)
{
    const struct model_setup *setup = state->setup;
    const double usable = state->costs->usable * state->cpus;
    double weights = 0.0;
    for (size_t i = 0; i < setup->party_count; i++) {
        state->need[i] = state->precedes[i] ? need_alone(state, i) : 0.0;
        weights += state->want[i] > 0 ? (double)setup->parties[i].weight : 0.0;
    }
    state->taken = 0.0;
    for (size_t i = 0; i < setup->party_count; i++) {
        const struct model_party *party = &setup->parties[i];
        state->limit[i] = party->cap > 0 ? party->cap / 100.0
                                         : usable * (double)party->weight / fmax(weights, 1.0);
        state->taken += state->precedes[i] ? fmin(state->need[i], state->limit[i]) : 0.0;
    }
    double busy = 0.0;
    double wakeups = 0.0;
    for (size_t i = 0; i < state->thread_count; i++) {
        const struct thread *thread = &state->threads[i];
        if (!state->precedes[thread->party]) {
            busy += thread->demand;
            wakeups += wakeup_load(thread->arriving, thread->wakeup, thread->latency);
        }
    }
    double cpus = fmax(state->cpus - state->taken / state->costs->usable, 0.0);
    double used = fmax(usable - state->taken - busy, 0.0) * wakeup_part(wakeups, cpus);
    for (size_t i = 0; i < state->thread_count; i++) {
        const struct thread *thread = &state->threads[i];
        if (!state->precedes[thread->party]) {
            double own = wakeup_load(thread->arriving, thread->wakeup, thread->latency);
            state->need[thread->party] += thread->demand;
            state->need[thread->party] += used * own / fmax(wakeups, 1e-12);
        }
    }
}

// Whether a quota limits a party: it needs more.
static bool quota_binds(const struct state *state, size_t party)
{
    const struct model_party *is = &state->setup->parties[party];
    return is->quota && is->cap > 0 && state->need[party] > state->limit[party];
}

// Limits what the threads of a party serve to what its quota allows, and what it demands of the
// CPUs to the quota.
static void limit_by_quota(struct state *state, size_t party)
{
    unsigned cap = state->setup->parties[party].cap;
    struct quota quota = {.period = quota_machine_period_us(cap) / 1e6,
                          .queue = QUOTA_QUEUE,
                          .need = state->need[party]};
    quota.runtime = state->limit[party] * quota.period;
    _cleanup_free_ struct quota_stream *streams =
        memory_new_array(struct quota_stream, state->thread_count);
    size_t count = 0;
    double part = fmin(state->limit[party] / state->want[party], 1.0);
    for (size_t i = 0; i < state->thread_count; i++) {
        const struct thread *thread = &state->threads[i];
        if (thread->party == party) {
            streams[count++] = (struct quota_stream){thread->arriving, thread->cost, 0.0};
        }
    }
    quota_serve(&quota, streams, count);
    count = 0;
    for (size_t i = 0; i < state->thread_count; i++) {
        struct thread *thread = &state->threads[i];
        if (thread->party == party) {
            thread->most = streams[count++].served;
            thread->demand *= part;
        }
    }
    state->want[party] *= part;
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

// Parties without precedence share what the others leave: by weight, and by stage.
static void grant_rest(struct state *state, double capacity)
{
    const struct model_setup *setup = state->setup;
    _cleanup_free_ double *wanted = memory_new_array(double, setup->party_count);
    _cleanup_free_ unsigned *weight = memory_new_array(unsigned, setup->party_count);
    double sum = 0.0;
    for (size_t i = 0; i < setup->party_count; i++) {
        wanted[i] = state->precedes[i] ? 0.0 : state->want[i];
        weight[i] = setup->parties[i].weight;
        sum += wanted[i];
    }
    double upstream = sum > capacity ? state->costs->upstream : 0.0;
    share_out(capacity, wanted, weight, setup->party_count, state->grant);
    for (size_t i = 0; i < setup->party_count; i++) {
        if (!state->precedes[i]) {
            grant_threads(state, i, state->grant[i]);
        }
    }
    double left = capacity;
    for (size_t stage = 0; stage < state->stages; stage++) {
        _cleanup_free_ double *staged = memory_new_array(double, setup->party_count);
        double used = 0.0;
        for (size_t i = 0; i < state->thread_count; i++) {
            const struct thread *thread = &state->threads[i];
            if (thread->stage == stage && !state->precedes[thread->party]) {
                staged[thread->party] += thread->demand;
            }
        }
        share_out(left, staged, weight, setup->party_count, state->grant);
        for (size_t i = 0; i < state->thread_count; i++) {
            struct thread *thread = &state->threads[i];
            if (thread->stage == stage && !state->precedes[thread->party]) {
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

// A party with a cap waits for its next period once it has used its cap, also by wake-ups. One with
// a share that it has used waits like others: it finds more packets at each wake-up, and loses only
// what the share does not carry.
static double serve_first(const struct state *state, const struct thread *thread)
{
    const struct model_party *party = &state->setup->parties[thread->party];
    const double able = fmin(thread->arriving, work_capacity(state, 1) / thread->cost);
    if (party->quota && party->cap > 0) {
        return able; // less what the quota does not allow
    }
    double limit = state->limit[thread->party];
    double need = party->cap > 0 ? state->need[thread->party] : state->want[thread->party];
    return need <= limit ? able : able * limit / need;
}

// One round: returns the largest relative change of a rate.
static double settle_once(struct state *state, double load_pps, double damping)
{
    let_arrive(state, load_pps);
    note_needs(state);
    for (size_t i = 0; i < state->setup->party_count; i++) {
        if (quota_binds(state, i)) {
            limit_by_quota(state, i);
        }
    }
    double capacity = work_capacity(state, state->cpus) - state->taken;
    grant_rest(state, fmax(capacity, 0.0));
    double change = 0.0;
    for (size_t i = 0; i < state->thread_count; i++) {
        struct thread *thread = &state->threads[i];
        bool first = state->precedes[thread->party];
        double served = first ? serve_first(state, thread)
                        : thread->granted >= thread->demand * (1.0 - 1e-12) &&
                                thread->demand < work_capacity(state, 1)
                            ? thread->arriving
                            : fmin(thread->arriving, thread->granted / thread->cost);
        served = fmin(served, thread->most);
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
                                 setup->flows[thread->flow].ip_length,
                                 state->precedes[thread->party] ? 0.0 : out};
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
    work_usage(state->costs, fmax(state->costs->usable * state->cpus - state->taken, 0.0), works,
               state->thread_count, ret->percent, setup->party_count);
    for (size_t i = 0; i < setup->party_count; i++) {
        ret->percent[i] /= 1e7;
        if (state->precedes[i]) {
            ret->percent[i] = 100.0 * fmin(state->need[i], state->limit[i]);
        } else if (quota_binds(state, i)) {
            ret->percent[i] = fmin(ret->percent[i], 100.0 * state->limit[i]);
        }
    }
    ret->busy = busy / work_capacity(state, state->cpus);
    ret->loss_ratio = offered > 0 ? fmax(1.0 - received / offered, 0.0) : 0.0;
}

// The more packets are offered beyond what the CPUs carry, the fewer wake-ups remain.
static void note_pressure(struct state *state, double load_pps)
{
    double work = 0.0;
    for (size_t i = 0; i < state->thread_count; i++) {
        const struct thread *thread = &state->threads[i];
        work += flow_offered(&state->setup->flows[thread->flow], load_pps) * thread->cost;
    }
    double pressure = work / (state->costs->usable * state->cpus);
    state->full = 1.0 - (1.0 - state->costs->full) / fmax(pressure, 1.0);
}

// The state in which every stage serves all packets.
static void begin_state(const struct costs *costs, const struct model_setup *setup, double load_pps,
                        struct state *ret)
{
    *ret = (struct state){.costs = costs, .setup = setup};
    make_threads(ret);
    note_pressure(ret, load_pps);
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
