// SPDX-License-Identifier: GPL-3.0-or-later
// control/simulator — see simulator.h.
#include "control/simulator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/random.h"
#include "base/text.h"
#include "ration/share.h"

#define STEP_S       0.005
#define RING         256.0 // packets, of a veth
#define WINDOW_S     0.1   // in which a contract is kept or broken
#define FILLED_LEAST 0.60  // part of the CPU that the covered loads need at their highest
#define FILLED_MOST  0.90
#define BOOKED_LEAST 1.3 // full rates of overbooked contracts, as a multiple of the CPU
#define BOOKED_MOST  2.5
#define OVER_LEAST   1.2 // covered loads of overloaded cases
#define OVER_MOST    1.8
#define PRIORITIES   4
#define FLOODING     0.2 // part of the loads that exceed their contract, besides one

// ---- random cases

// From 0 on, below 1.
static double fraction(uint64_t *state)
{
    return (double)(random_next(state) >> 11) * 0x1p-53;
}

double sim_between(uint64_t *state, double low, double high)
{
    return low + (high - low) * fraction(state);
}

static void load_add(struct sim_load *load, double at_s, double pps)
{
    if (load->knots < SIM_KNOTS) {
        load->at_s[load->knots] = at_s;
        load->pps[load->knots++] = pps;
    }
}

double sim_load_at(const struct sim_load *load, double at_s)
{
    size_t next = 0;
    while (next < load->knots && load->at_s[next] <= at_s) {
        next++;
    }
    if (next == 0 || next == load->knots) {
        return load->pps[next == 0 ? 0 : next - 1];
    }
    const double span = load->at_s[next] - load->at_s[next - 1];
    const double part = (at_s - load->at_s[next - 1]) / span;
    return load->pps[next - 1] + (load->pps[next] - load->pps[next - 1]) * part;
}

unsigned sim_load_random(uint64_t *state, double usual, double seconds, struct sim_load *load)
{
    const unsigned kind = (unsigned)(fraction(state) * 4.0);
    const double peak = usual * sim_between(state, 2.0, 6.0);
    const double first = sim_between(state, 0.1, 0.4) * seconds;
    const double second = first + sim_between(state, 0.1, 0.4) * seconds;
    load_add(load, 0.0, usual);
    if (kind == 1) { // steps
        load_add(load, first, usual);
        load_add(load, first, peak);
        load_add(load, second, peak);
        load_add(load, second, usual);
        return 2;
    }
    if (kind == 2) { // a ramp
        load_add(load, first, usual);
        load_add(load, second, peak);
        return 0;
    }
    if (kind == 3) { // a flash crowd: a steep rise and a slow decay
        load_add(load, first, usual);
        load_add(load, first + 0.1, peak);
        load_add(load, second + 0.2 * seconds, usual);
        return 1;
    }
    return 0;
}

double sim_load_highest(const struct sim_load *load)
{
    double highest = 0.0;
    for (size_t k = 0; k < load->knots; k++) {
        highest = fmax(highest, load->pps[k]);
    }
    return highest;
}

// A load far above the contract's rate, from one moment on.
static void load_flood(uint64_t *state, double seconds, struct sim_load *load)
{
    const double at_s = sim_between(state, 0.1, 0.6) * seconds;
    const double usual = load->pps[0];
    *load = (struct sim_load){.knots = 0};
    load_add(load, 0.0, usual);
    load_add(load, at_s, usual);
    load_add(load, at_s, usual * sim_between(state, 4.0, 12.0));
}

// The highest CPU that the covered loads need together, in percent.
static double case_highest(const struct sim_case *of)
{
    double highest = 0.0;
    const unsigned steps = (unsigned)lround(of->seconds / STEP_S);
    for (unsigned step = 0; step < steps; step++) {
        const double at_s = step * STEP_S;
        double sum = 0.0;
        for (size_t i = 0; i < of->routers; i++) {
            sum += fmin(sim_load_at(&of->loads[i], at_s), of->contracts[i].pps) * of->cost_ns[i] *
                   1e-7;
        }
        highest = fmax(highest, sum);
    }
    return highest;
}

// The CPU that the full rates of contracts need together, in percent.
static double case_booked(const struct sim_case *of)
{
    double sum = 0.0;
    for (size_t i = 0; i < of->routers; i++) {
        sum += of->contracts[i].pps * of->cost_ns[i] * 1e-7;
    }
    return sum;
}

static void case_scale(struct sim_case *of, double scale)
{
    for (size_t i = 0; i < of->routers; i++) {
        for (size_t k = 0; k < of->loads[i].knots; k++) {
            of->loads[i].pps[k] *= scale;
        }
        of->contracts[i].pps *= scale;
    }
}

// Raises the rates of contracts that their loads do not exceed, which changes no covered load.
static void case_overbook(uint64_t *state, struct sim_case *of)
{
    const double wanted = sim_between(state, BOOKED_LEAST, BOOKED_MOST) * of->cpu;
    double quiet = 0.0; // of such contracts
    for (size_t i = 0; i < of->routers; i++) {
        quiet += sim_load_highest(&of->loads[i]) <= of->contracts[i].pps
                     ? of->contracts[i].pps * of->cost_ns[i] * 1e-7
                     : 0.0;
    }
    const double factor = quiet > 0.0 ? (wanted - case_booked(of) + quiet) / quiet : 1.0;
    for (size_t i = 0; i < of->routers; i++) {
        if (sim_load_highest(&of->loads[i]) <= of->contracts[i].pps) {
            of->contracts[i].pps *= fmax(factor, 1.0);
        }
    }
}

static void case_demand(uint64_t *state, enum sim_demand demand, struct sim_case *of)
{
    const double filled = sim_between(state, FILLED_LEAST, FILLED_MOST) * of->cpu;
    switch (demand) {
    case SIM_COVERED:
        case_scale(of, filled / case_highest(of));
        break;
    case SIM_FITS:
        case_scale(of, filled / case_booked(of));
        break;
    case SIM_OVERBOOKED:
        case_scale(of, filled / case_highest(of));
        case_overbook(state, of);
        break;
    case SIM_OVERLOADED:
        case_scale(of, sim_between(state, OVER_LEAST, OVER_MOST) * of->cpu / case_highest(of));
        for (size_t i = 0; i < of->routers; i++) {
            of->contracts[i].priority = (unsigned)(fraction(state) * PRIORITIES);
        }
        break;
    }
}

void sim_case_random(uint64_t seed, enum sim_demand demand, struct sim_case *ret)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15U + 1;
    *ret = (struct sim_case){.seconds = 10.0,
                             .cpu = 100.0,
                             .routers = 2 + (size_t)(fraction(&state) * 7.0),
                             .every_s = 0.05,
                             .dies = SIZE_MAX,
                             .stands = SIZE_MAX};
    const size_t flooding = (size_t)(fraction(&state) * (double)ret->routers);
    for (size_t i = 0; i < ret->routers; i++) {
        const double usual = sim_between(&state, 2.0, 25.0);
        ret->cost_ns[i] = sim_between(&state, 1000.0, 8000.0);
        ret->steps +=
            sim_load_random(&state, usual / (ret->cost_ns[i] * 1e-7), ret->seconds, &ret->loads[i]);
        ret->contracts[i] = (struct control_contract){.pps = sim_load_highest(&ret->loads[i]) *
                                                             sim_between(&state, 1.02, 1.2),
                                                      .loss = 0.005,
                                                      .price = 1.0};
        if (i == flooding || fraction(&state) < FLOODING) {
            load_flood(&state, ret->seconds, &ret->loads[i]);
            ret->contracts[i].pps = ret->loads[i].pps[0] * 1.1;
            ret->steps++;
        }
    }
    case_demand(&state, demand, ret);
}

// ---- the world

struct world {
    const struct sim_case *of;
    struct control_setup setup;
    struct control_reading reading; // exact counters
    double weights[SIM_ROUTERS], queues[SIM_ROUTERS], arrived[SIM_ROUTERS];
    double cpu_ns[SIM_ROUTERS], lost[SIM_ROUTERS], forwarded[SIM_ROUTERS];
    double window_offered[SIM_ROUTERS], window_lost[SIM_ROUTERS];
    double run_s[SIM_ROUTERS]; // in violation without a break
    double at_s;
};

static void world_make(const struct sim_case *of, struct world *world)
{
    *world = (struct world){.of = of};
    struct control_setup *setup = &world->setup;
    setup->cpu = of->cpu;
    setup->margin = 0.02;
    setup->party_count = of->routers + 1;
    setup->flow_count = of->routers;
    setup->parties = memory_new_array(struct control_party, setup->party_count);
    setup->flows = memory_new_array(struct control_flow, setup->flow_count);
    setup->parties[CONTROL_HOST].name = text_copy("host");
    for (size_t i = 0; i < of->routers; i++) {
        setup->parties[i + 1].name = text_format("r%zu", i + 1);
        setup->flows[i] = (struct control_flow){.name = text_format("N%zu", i + 1),
                                                .has_contract = of->contracts[i].pps > 0.0,
                                                .contract = of->contracts[i],
                                                .stages = {i + 1},
                                                .stage_count = 1};
        world->weights[i] = 256.0;
    }
    struct control_reading reading;
    control_reading_make(setup, &reading);
    for (size_t i = 0; i < setup->party_count; i++) {
        reading.parties[i] =
            (struct control_party_reading){.alive = true,
                                           .life = 1,
                                           .weight = 256,
                                           .cap = i == CONTROL_HOST ? 0 : of->caps[i - 1]};
    }
    world->reading = reading;
}

static void world_clear(struct world *world)
{
    control_reading_clear(&world->reading);
    control_setup_clear(&world->setup);
}

static bool in_second_quarter(const struct world *world)
{
    return world->at_s >= world->of->seconds * 0.25 && world->at_s < world->of->seconds * 0.5;
}

static void world_step(struct world *world)
{
    const struct sim_case *of = world->of;
    double wants[SIM_ROUTERS];
    double given[SIM_ROUTERS];
    for (size_t i = 0; i < of->routers; i++) {
        const bool dead = of->dies == i && in_second_quarter(world);
        const double packets = sim_load_at(&of->loads[i], world->at_s) * STEP_S;
        const unsigned cap = world->reading.parties[i + 1].cap;
        world->reading.parties[i + 1].alive = !dead;
        world->arrived[i] += packets;
        world->window_offered[i] += packets;
        world->queues[i] += packets;
        wants[i] = dead ? 0.0 : world->queues[i] * of->cost_ns[i] * 1e-9;
        if (cap > 0 && !of->caps_fail) {
            wants[i] = fmin(wants[i], cap * 0.01 * STEP_S);
        }
        wants[i] = fmin(wants[i], STEP_S); // one thread
    }
    share_fill(of->cpu * 0.01 * STEP_S, wants, world->weights, of->routers, given);
    for (size_t i = 0; i < of->routers; i++) {
        const double served = fmin(given[i] / (of->cost_ns[i] * 1e-9), world->queues[i]);
        const double over = fmax(world->queues[i] - served - RING, 0.0);
        world->queues[i] -= served + over;
        world->forwarded[i] += served;
        world->lost[i] += over;
        world->window_lost[i] += over;
        world->cpu_ns[i] += given[i] * 1e9;
    }
    world->at_s += STEP_S;
}

static void world_read(struct world *world)
{
    world->reading.at_ns = (uint64_t)llround(world->at_s * (double)NS_PER_S) + 1;
    for (size_t i = 0; i < world->of->routers; i++) {
        struct control_flow_reading *flow = &world->reading.flows[i];
        world->reading.parties[i + 1].cpu_ns = (uint64_t)world->cpu_ns[i];
        flow->known = world->reading.parties[i + 1].alive;
        if (world->of->stands == i && in_second_quarter(world)) {
            continue;
        }
        flow->offered = (uint64_t)world->arrived[i];
        flow->lost = (uint64_t)world->lost[i];
        flow->entered = flow->offered - flow->lost;
        flow->forwarded = (uint64_t)world->forwarded[i];
    }
}

// Judges the window that ends now by the world's own counts.
static void world_judge(struct world *world, struct sim_outcome *outcome)
{
    for (size_t i = 0; i < world->of->routers; i++) {
        const struct control_contract *contract = &world->of->contracts[i];
        const double covered = fmin(world->window_offered[i], contract->pps * WINDOW_S);
        const bool broken =
            contract->pps > 0.0 &&
            world->window_offered[i] - world->window_lost[i] < covered * (1.0 - contract->loss);
        outcome->flow_violated_s[i] += broken ? WINDOW_S : 0.0;
        outcome->violated_s += broken ? WINDOW_S : 0.0;
        world->run_s[i] = broken ? world->run_s[i] + WINDOW_S : 0.0;
        outcome->back_s = fmax(outcome->back_s, world->run_s[i]);
        world->window_offered[i] = world->window_lost[i] = 0.0;
    }
}

static void world_apply(struct world *world, const struct control_action *action, uint64_t last_ns,
                        struct sim_outcome *outcome)
{
    double before = 0.0;
    double after = 0.0;
    for (size_t i = 0; i < world->setup.party_count; i++) {
        before += world->reading.parties[i].weight;
        after += action->shares[i].weight;
    }
    for (size_t i = 0; i < world->setup.party_count; i++) {
        struct control_party_reading *party = &world->reading.parties[i];
        const double change =
            (action->shares[i].weight / after) / fmax(party->weight / before, 1e-9);
        outcome->fastest = fmax(outcome->fastest, fmax(change, 1.0 / change));
        party->weight = action->shares[i].weight;
        party->cap = action->shares[i].cap;
        if (i > 0) {
            world->weights[i - 1] = party->weight;
        }
    }
    const uint64_t passed_ns = world->reading.at_ns - last_ns;
    if (last_ns != 0 && (outcome->closest_ns == 0 || passed_ns < outcome->closest_ns)) {
        outcome->closest_ns = passed_ns;
    }
    outcome->actions++;
    outcome->late_actions += world->at_s > world->of->seconds / 2.0;
}

static void world_foresee(const struct world *world, double *ret)
{
    const unsigned ahead = (unsigned)lround(2.0 * world->of->every_s / STEP_S);
    for (size_t i = 0; i < world->of->routers; i++) {
        ret[i] = 0.0;
        for (unsigned step = 0; step < ahead; step++) {
            ret[i] = fmax(ret[i], sim_load_at(&world->of->loads[i], world->at_s + step * STEP_S));
        }
    }
}

void sim_run(const struct sim_case *of, const struct control_policy *policy,
             struct sim_outcome *ret)
{
    struct world world;
    double foreseen[SIM_ROUTERS];
    struct sim_outcome outcome = {.actions = 0};
    uint64_t acted_ns = 0;
    world_make(of, &world);
    struct controller *controller = controller_new(&world.setup, policy, &control_limits_usual);
    const unsigned steps = (unsigned)lround(of->seconds / STEP_S);
    const unsigned reads = (unsigned)lround(of->every_s / STEP_S);
    const unsigned judges = (unsigned)lround(WINDOW_S / STEP_S);
    const unsigned late = (unsigned)lround(of->late_s / STEP_S);
    for (unsigned step = 0; step < steps; step++) {
        struct control_action action = {.shares = NULL};
        const bool is_late = step >= steps / 2 && step < steps / 2 + late;
        if (step % reads == 0 && !is_late) {
            world_read(&world);
            world_foresee(&world, foreseen);
            bool acts = controller_take(controller, &world.reading, foreseen, &action);
            if (acts && of->forgets && in_second_quarter(&world)) {
                controller_undone(controller);
            } else if (acts) {
                world_apply(&world, &action, acted_ns, &outcome);
                acted_ns = world.reading.at_ns;
            }
            control_action_clear(&action);
            char *fault = controller_fault(controller);
            outcome.faults += fault != NULL;
            free(fault);
        }
        world_step(&world);
        if ((step + 1) % judges == 0) {
            world_judge(&world, &outcome);
        }
    }
    for (size_t i = 0; i < of->routers; i++) {
        outcome.offered += (uint64_t)world.arrived[i];
        outcome.lost += (uint64_t)world.lost[i];
    }
    controller_free(controller);
    world_clear(&world);
    *ret = outcome;
}
