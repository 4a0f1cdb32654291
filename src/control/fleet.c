// SPDX-License-Identifier: GPL-3.0-or-later
// control/fleet — see fleet.h.
#include "control/fleet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ration/share.h"

#define STEP_S     0.05
#define READ_STEPS 2U  // steps between readings
#define LOOK_STEPS 20U // between looks of the placement
#define JUDGE_S    0.1 // in which a contract is kept or broken
#define JUDGES     2U
#define MINUTE_S   60.0
#define RING       256.0 // packets, of a veth
#define MARGIN     0.02
#define WEIGHTS    10000.0 // sum of a controller's
#define NOWHERE    SIZE_MAX

// ---- the world

struct host {
    size_t *members; // routers that run here: party n + 1 and flow n of the controller
    size_t count;
    struct control_setup setup;
    struct control_reading reading;
    struct controller *controller; // NULL without members
};

struct router {
    size_t place; // host to which it belongs; of a router on its way, the one it goes to
    size_t on;    // host where it runs; NOWHERE in an outage
    bool busy;
    double leaves_s, arrives_s; // while it is busy
    double moved_s;             // -INFINITY = never
    size_t left;                // host that it left last; NOWHERE = none
    double weight, queue, cost_ns;
    double arrived, forwarded, lost, cpu_ns;
    double window_offered, window_lost;
    bool window_out; // it was in an outage in this window
};

struct world {
    const struct fleet_case *of;
    const struct fleet_job *job;
    struct host *hosts;
    struct router *routers;
    struct placement *placement;
    double *needs, *most, *wants, *weights, *given; // scratch; needs and most by router
    size_t *places;
    bool *busy;    // by router
    bool *changed; // by host
    struct placement_move *moves;
    double *moved_s; // times of all moves
    size_t moved_room;
    double at_s;
};

static void host_forget(struct host *host)
{
    controller_free(host->controller);
    host->controller = NULL;
    if (host->setup.parties != NULL) {
        control_reading_clear(&host->reading);
        control_setup_clear(&host->setup);
    }
}

// Makes a controller for the present routers of a host.
static void host_renew(struct world *world, struct host *host)
{
    host_forget(host);
    if (host->count == 0) {
        return;
    }
    struct control_setup *setup = &host->setup;
    *setup = (struct control_setup){.cpu = world->of->cpu,
                                    .margin = MARGIN,
                                    .party_count = host->count + 1,
                                    .flow_count = host->count};
    setup->parties = memory_new_array(struct control_party, setup->party_count);
    setup->flows = memory_new_array(struct control_flow, setup->flow_count);
    setup->parties[CONTROL_HOST].name = text_copy("host");
    control_reading_make(setup, &host->reading);
    host->reading.parties[CONTROL_HOST] =
        (struct control_party_reading){.alive = true, .life = 1, .weight = 100};
    for (size_t n = 0; n < host->count; n++) {
        const size_t i = host->members[n];
        setup->parties[n + 1] = (struct control_party){.name = text_format("r%zu", i + 1),
                                                       .cost_ns = world->routers[i].cost_ns};
        setup->flows[n] = (struct control_flow){.name = text_format("N%zu", i + 1),
                                                .has_contract = true,
                                                .contract = world->of->routers[i].contract,
                                                .stages = {n + 1},
                                                .stage_count = 1};
    }
    host->controller = controller_new(
        setup, world->job->replace != NULL ? &control_policy_oracle : &control_policy_contract,
        &control_limits_usual);
}

static void host_add(struct world *world, size_t h, size_t router)
{
    struct host *host = &world->hosts[h];
    host->members[host->count++] = router;
    world->routers[router].on = h;
    world->routers[router].weight =
        fmax(WEIGHTS * fmax(world->needs[router], 1.0) / world->of->cpu, 1.0);
}

static void host_remove(struct world *world, size_t router)
{
    struct host *host = &world->hosts[world->routers[router].on];
    size_t at = 0;
    while (host->members[at] != router) {
        at++;
    }
    memmove(&host->members[at], &host->members[at + 1],
            (host->count - at - 1) * sizeof *host->members);
    host->count--;
    world->routers[router].on = NOWHERE;
}

static void world_make(const struct fleet_case *of, const struct fleet_job *job, struct world *ret)
{
    *ret = (struct world){.of = of, .job = job};
    ret->hosts = memory_new_array(struct host, of->hosts);
    ret->routers = memory_new_array(struct router, of->count);
    ret->needs = memory_new_array(double, of->count);
    ret->most = memory_new_array(double, of->count);
    ret->wants = memory_new_array(double, of->count);
    ret->weights = memory_new_array(double, of->count);
    ret->given = memory_new_array(double, of->count);
    ret->places = memory_new_array(size_t, of->count);
    ret->busy = memory_new_array(bool, of->count);
    ret->changed = memory_new_array(bool, of->hosts);
    ret->moves = memory_new_array(struct placement_move, of->hosts);
    if (job->limits != NULL) {
        ret->placement = placement_new(of->hosts, of->count, of->cpu, job->limits);
    }
    for (size_t h = 0; h < of->hosts; h++) {
        ret->hosts[h].members = memory_new_array(size_t, of->count);
    }
    for (size_t i = 0; i < of->count; i++) {
        const struct fleet_router *router = &of->routers[i];
        ret->routers[i] = (struct router){.place = router->place,
                                          .on = NOWHERE,
                                          .moved_s = -INFINITY,
                                          .left = NOWHERE,
                                          .cost_ns = router->cost_ns};
        ret->most[i] = fleet_percent(router->contract.pps, router->cost_ns);
        ret->needs[i] = fleet_need(router, 0.0);
        host_add(ret, router->place, i);
    }
    for (size_t h = 0; h < of->hosts; h++) {
        host_renew(ret, &ret->hosts[h]);
    }
}

static void world_clear(struct world *world)
{
    for (size_t h = 0; h < world->of->hosts; h++) {
        host_forget(&world->hosts[h]);
        free(world->hosts[h].members);
    }
    placement_free(world->placement);
    free(world->hosts);
    free(world->routers);
    free(world->needs);
    free(world->most);
    free(world->wants);
    free(world->weights);
    free(world->given);
    free(world->places);
    free(world->busy);
    free(world->changed);
    free(world->moves);
    free(world->moved_s);
}

// ---- packets

static void routers_arrive(struct world *world)
{
    for (size_t i = 0; i < world->of->count; i++) {
        struct router *router = &world->routers[i];
        const double packets = sim_load_at(&world->of->routers[i].load, world->at_s) * STEP_S;
        router->arrived += packets;
        router->window_offered += packets;
        router->queue += packets;
        if (router->on == NOWHERE) {
            router->lost += router->queue;
            router->window_lost += router->queue;
            router->queue = 0.0;
            router->window_out = true;
        }
    }
}

static void host_step(struct world *world, const struct host *host)
{
    for (size_t n = 0; n < host->count; n++) {
        const size_t i = host->members[n];
        const double seconds = world->routers[i].queue * world->of->routers[i].cost_ns * 1e-9;
        world->wants[n] = fmin(seconds, STEP_S); // one thread
        world->weights[n] = world->routers[i].weight;
    }
    share_fill(world->of->cpu * 0.01 * STEP_S, world->wants, world->weights, host->count,
               world->given);
    for (size_t n = 0; n < host->count; n++) {
        const size_t i = host->members[n];
        struct router *router = &world->routers[i];
        const double served =
            fmin(world->given[n] / (world->of->routers[i].cost_ns * 1e-9), router->queue);
        const double over = fmax(router->queue - served - RING, 0.0);
        router->queue -= served + over;
        router->forwarded += served;
        router->lost += over;
        router->window_lost += over;
        router->cpu_ns += world->given[n] * 1e9;
    }
}

// ---- controllers

static void host_read(const struct world *world, struct host *host)
{
    host->reading.at_ns = (uint64_t)llround(world->at_s * (double)NS_PER_S) + 1;
    for (size_t n = 0; n < host->count; n++) {
        const struct router *router = &world->routers[host->members[n]];
        struct control_flow_reading *flow = &host->reading.flows[n];
        host->reading.parties[n + 1] =
            (struct control_party_reading){.alive = true,
                                           .life = 1,
                                           .cpu_ns = (uint64_t)router->cpu_ns,
                                           .weight = (unsigned)lround(router->weight)};
        flow->known = true;
        flow->offered = (uint64_t)router->arrived;
        flow->lost = (uint64_t)router->lost;
        flow->entered = flow->offered - flow->lost;
        flow->forwarded = (uint64_t)router->forwarded;
    }
}

static void host_foresee(const struct world *world, const struct host *host, double *ret)
{
    for (size_t n = 0; n < host->count; n++) {
        const struct sim_load *load = &world->of->routers[host->members[n]].load;
        ret[n] = 0.0;
        for (unsigned step = 0; step <= 2 * READ_STEPS; step++) {
            ret[n] = fmax(ret[n], sim_load_at(load, world->at_s + step * STEP_S));
        }
    }
}

// One reading of a host: its controller acts, and its view gives the needs of its routers.
static void host_control(struct world *world, struct host *host, struct fleet_outcome *outcome)
{
    struct control_action action = {.shares = NULL};
    if (host->count == 0) {
        return;
    }
    host_read(world, host);
    if (world->job->replace != NULL) {
        host_foresee(world, host, world->wants);
    }
    if (controller_take(host->controller, &host->reading,
                        world->job->replace != NULL ? world->wants : NULL, &action)) {
        outcome->actions++;
        host->reading.parties[CONTROL_HOST].weight = action.shares[CONTROL_HOST].weight;
        for (size_t n = 0; n < host->count; n++) {
            world->routers[host->members[n]].weight = action.shares[n + 1].weight;
        }
    }
    control_action_clear(&action);
    const struct control_view *view = controller_view(host->controller);
    for (size_t n = 0; n < host->count; n++) {
        const size_t i = host->members[n];
        const double pps = need_covered(&host->setup.flows[n], view->flows[n].offered_pps);
        world->needs[i] = fmax(world->needs[i], need_at(view, n, n + 1, pps));
        world->routers[i].cost_ns = view->parties[n + 1].cost_ns;
    }
}

// ---- moves

static void note_move(struct world *world, size_t router, size_t to, struct fleet_outcome *outcome)
{
    struct router *of = &world->routers[router];
    if (outcome->moves == world->moved_room) {
        world->moved_room = world->moved_room * 2 + 64;
        world->moved_s = memory_resize(world->moved_s, world->moved_room, sizeof *world->moved_s);
    }
    world->moved_s[outcome->moves++] = world->at_s;
    outcome->late_moves += world->at_s >= world->of->seconds / 2.0;
    outcome->returns += to == of->left;
    outcome->closest_s = fmin(outcome->closest_s, world->at_s - of->moved_s);
    unsigned recent = 0;
    for (size_t m = outcome->moves; m > 0 && world->at_s - world->moved_s[m - 1] < MINUTE_S; m--) {
        recent++;
    }
    outcome->fullest_minute = recent > outcome->fullest_minute ? recent : outcome->fullest_minute;
    of->moved_s = world->at_s;
    of->left = of->place;
    of->place = to;
}

// Asks the placement for moves, and begins them.
static void world_look(struct world *world, struct fleet_outcome *outcome)
{
    struct placement_blocked blocked;
    for (size_t i = 0; i < world->of->count; i++) {
        world->places[i] = world->routers[i].place;
        world->busy[i] = world->routers[i].busy;
    }
    const size_t count = placement_look(world->placement, world->at_s, world->needs, world->most,
                                        world->places, world->busy, world->moves, &blocked);
    outcome->blocked += blocked.hosts;
    outcome->nowhere += blocked.nowhere;
    for (size_t m = 0; m < count; m++) {
        const struct placement_move *move = &world->moves[m];
        struct router *router = &world->routers[move->router];
        if (world->job->say != NULL) {
            char *reason = placement_reason(world->placement, move);
            world->job->say(world->job->context, world->at_s, reason);
            free(reason);
        }
        note_move(world, move->router, move->to, outcome);
        router->busy = true;
        router->leaves_s = world->at_s + world->job->prepare_s;
        router->arrives_s = router->leaves_s + world->job->outage_s;
    }
    for (size_t i = 0; i < world->of->count; i++) {
        // The need of a router in an outage is not read: the last known one holds.
        world->needs[i] = world->routers[i].on == NOWHERE ? world->needs[i] : 0.0;
    }
}

// Lets routers leave and arrive whose time has come.
static void world_move(struct world *world)
{
    for (size_t i = 0; i < world->of->count; i++) {
        struct router *router = &world->routers[i];
        if (router->busy && router->on != NOWHERE && world->at_s >= router->leaves_s) {
            struct host *from = &world->hosts[router->on];
            host_remove(world, i);
            host_renew(world, from);
        }
        if (router->busy && router->on == NOWHERE && world->at_s >= router->arrives_s) {
            host_add(world, router->place, i);
            host_renew(world, &world->hosts[router->place]);
            router->busy = false;
        }
    }
}

// The clairvoyant: knows the needs of the coming interval, and moves at once and for nothing.
static void world_replace(struct world *world, struct fleet_outcome *outcome)
{
    const unsigned looks = (unsigned)ceil(world->job->interval_s / FLEET_LOOK_S);
    for (size_t i = 0; i < world->of->count; i++) {
        world->places[i] = world->routers[i].place;
        world->needs[i] = 0.0;
        for (unsigned look = 0; look <= looks; look++) {
            const double at_s = world->at_s + look * FLEET_LOOK_S;
            world->needs[i] = fmax(world->needs[i], fleet_need(&world->of->routers[i], at_s));
        }
    }
    outcome->replaced++;
    if (!world->job->replace(world->of, world->needs, world->places)) {
        outcome->failed++;
        return;
    }
    memset(world->changed, 0, world->of->hosts * sizeof *world->changed);
    for (size_t i = 0; i < world->of->count; i++) {
        if (world->places[i] != world->routers[i].place) {
            world->changed[world->routers[i].place] = world->changed[world->places[i]] = true;
            note_move(world, i, world->places[i], outcome);
            host_remove(world, i);
            host_add(world, world->places[i], i);
        }
    }
    for (size_t h = 0; h < world->of->hosts; h++) {
        if (world->changed[h]) {
            host_renew(world, &world->hosts[h]);
        }
    }
}

// ---- judging

// Whether each router is listed by exactly the host on which it runs.
static bool world_is_sound(struct world *world)
{
    memset(world->places, 0, world->of->count * sizeof *world->places);
    for (size_t h = 0; h < world->of->hosts; h++) {
        const struct host *host = &world->hosts[h];
        for (size_t n = 0; n < host->count; n++) {
            world->places[host->members[n]] += world->routers[host->members[n]].on == h ? 1 : 2;
        }
    }
    for (size_t i = 0; i < world->of->count; i++) {
        const struct router *router = &world->routers[i];
        const bool in_place = router->on == router->place || router->busy;
        if (world->places[i] != (router->on == NOWHERE ? 0U : 1U) || !in_place) {
            return false;
        }
    }
    return true;
}

static int compare_needs(const void *left, const void *right)
{
    const double a = *(const double *)left;
    const double b = *(const double *)right;
    return (a < b) - (a > b);
}

// How many contracts are broken at least in this window, wherever the routers are: those that need
// the most are given up until the others' needs fit on all hosts together.
static unsigned least_broken(struct world *world)
{
    const double cpu = world->of->cpu * (double)world->of->hosts;
    double sum = 0.0;
    unsigned broken = 0;
    for (size_t i = 0; i < world->of->count; i++) {
        const struct fleet_router *of = &world->of->routers[i];
        const double pps = world->routers[i].window_offered / JUDGE_S;
        world->wants[i] =
            fleet_percent(fmin(pps, of->contract.pps), of->cost_ns) * (1.0 - of->contract.loss);
        sum += world->wants[i];
    }
    if (sum > cpu) {
        qsort(world->wants, world->of->count, sizeof *world->wants, compare_needs);
    }
    while (sum > cpu) {
        sum -= world->wants[broken++];
    }
    return broken;
}

static void world_judge(struct world *world, struct fleet_outcome *outcome)
{
    outcome->unavoidable_s += least_broken(world) * JUDGE_S;
    for (size_t i = 0; i < world->of->count; i++) {
        struct router *router = &world->routers[i];
        const struct control_contract *contract = &world->of->routers[i].contract;
        const double covered = fmin(router->window_offered, contract->pps * JUDGE_S);
        if (router->window_offered - router->window_lost < covered * (1.0 - contract->loss)) {
            outcome->violated_s += JUDGE_S;
            outcome->outage_violated_s += router->window_out ? JUDGE_S : 0.0;
        }
        router->window_offered = router->window_lost = 0.0;
        router->window_out = false;
    }
}

void fleet_run(const struct fleet_case *of, const struct fleet_job *job, struct fleet_outcome *ret)
{
    struct world world;
    struct fleet_outcome outcome = {.closest_s = INFINITY};
    world_make(of, job, &world);
    const unsigned steps = (unsigned)lround(of->seconds / STEP_S);
    const unsigned interval =
        job->replace == NULL ? steps : (unsigned)lround(job->interval_s / STEP_S);
    for (unsigned step = 0; step < steps; step++) {
        world.at_s = step * STEP_S;
        if (job->replace != NULL && step % interval == 0) {
            world_replace(&world, &outcome);
        }
        for (size_t h = 0; step % READ_STEPS == 0 && h < of->hosts; h++) {
            host_control(&world, &world.hosts[h], &outcome);
        }
        if (world.placement != NULL && step > 0 && step % LOOK_STEPS == 0) {
            world_look(&world, &outcome);
        }
        world_move(&world);
        outcome.misplaced += step % LOOK_STEPS == 0 && !world_is_sound(&world);
        routers_arrive(&world);
        for (size_t h = 0; h < of->hosts; h++) {
            host_step(&world, &world.hosts[h]);
        }
        if ((step + 1) % JUDGES == 0) {
            world_judge(&world, &outcome);
        }
    }
    for (size_t i = 0; i < of->count; i++) {
        outcome.offered += world.routers[i].arrived;
        outcome.forwarded += world.routers[i].forwarded;
        outcome.lost += world.routers[i].lost;
        outcome.queued += world.routers[i].queue;
    }
    world_clear(&world);
    *ret = outcome;
}
