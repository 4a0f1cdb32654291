// SPDX-License-Identifier: GPL-3.0-or-later
// control/placement — see placement.h.
#include "control/placement.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"

#define LEVEL_PART  0.5 // of a new need in the level
#define TREND_PART  0.2 // of a new slope in the trend
#define MINUTE_S    60.0
#define NEED_TRIFLE 0.01 // part of a host's CPU: the move of a smaller need helps too little

const struct placement_limits placement_limits_usual = {.ahead_s = 5.0,
                                                        .full = 0.95,
                                                        .filled = 0.85,
                                                        .patience_s = 3.0,
                                                        .rest_s = 60.0,
                                                        .away_s = 300.0,
                                                        .per_minute = 60};

struct router_state {
    double level, trend; // percent, and percent a second
    double forecast;
    double moved_s; // time of its last move; -INFINITY = none
    size_t left;    // host that it left then
};

struct placement {
    size_t hosts, routers;
    double cpu; // of each host
    struct placement_limits limits;
    struct router_state *states;
    double *forecasts; // by host
    double *short_s;   // by host: since when it is short; NaN = it is not
    size_t *order;     // hosts, the shortest first
    double *moves_s;   // times of the last `per_minute` moves, as a ring
    size_t moves;
    double at_s; // of the last look; NaN = none
};

struct placement *placement_new(size_t hosts, size_t routers, double cpu,
                                const struct placement_limits *limits)
{
    struct placement *placement = memory_new(1, sizeof *placement);
    placement->hosts = hosts;
    placement->routers = routers;
    placement->cpu = cpu;
    placement->limits = *limits;
    placement->states = memory_new_array(struct router_state, routers);
    placement->forecasts = memory_new_array(double, hosts);
    placement->short_s = memory_new_array(double, hosts);
    placement->order = memory_new_array(size_t, hosts);
    placement->moves_s = memory_new_array(double, limits->per_minute);
    placement->at_s = NAN;
    for (size_t i = 0; i < routers; i++) {
        placement->states[i] = (struct router_state){.moved_s = -INFINITY, .left = SIZE_MAX};
    }
    for (size_t h = 0; h < hosts; h++) {
        placement->short_s[h] = NAN;
    }
    for (size_t i = 0; i < limits->per_minute; i++) {
        placement->moves_s[i] = -INFINITY;
    }
    return placement;
}

void placement_free(struct placement *placement)
{
    if (placement == NULL) {
        return;
    }
    free(placement->states);
    free(placement->forecasts);
    free(placement->short_s);
    free(placement->order);
    free(placement->moves_s);
    free(placement);
}

// ---- forecasts

static void router_forecast(struct placement *placement, size_t router, double need, double most,
                            double passed_s)
{
    struct router_state *state = &placement->states[router];
    if (isnan(passed_s)) {
        state->level = need;
    } else {
        const double level =
            LEVEL_PART * need + (1.0 - LEVEL_PART) * (state->level + state->trend * passed_s);
        state->trend =
            TREND_PART * (level - state->level) / passed_s + (1.0 - TREND_PART) * state->trend;
        state->level = fmax(level, 0.0);
    }
    const double ahead = fmax(state->trend, 0.0) * placement->limits.ahead_s;
    state->forecast = fmin(fmax(state->level, need) + ahead, fmax(most, need));
}

// ---- whom, and where

static double room_of(const struct placement *placement, size_t host)
{
    return placement->limits.filled * placement->cpu - placement->forecasts[host];
}

// The host with the most room for a router; SIZE_MAX if none has enough.
static size_t host_for(const struct placement *placement, size_t router, size_t from, double at_s)
{
    const struct router_state *state = &placement->states[router];
    const bool returns = at_s - state->moved_s < placement->limits.away_s;
    size_t best = SIZE_MAX;
    for (size_t h = 0; h < placement->hosts; h++) {
        if (h == from || (returns && h == state->left) || room_of(placement, h) < state->forecast ||
            (best != SIZE_MAX && placement->forecasts[h] >= placement->forecasts[best])) {
            continue;
        }
        best = h;
    }
    return best;
}

// Chooses the router with the smallest need that suffices; if none does, the one with the largest.
static bool choose(const struct placement *placement, size_t host, double at_s,
                   const size_t *places, const bool *busy, struct placement_move *ret)
{
    const double excess = -room_of(placement, host);
    double best = 0.0;
    bool found = false;
    for (size_t i = 0; i < placement->routers; i++) {
        const struct router_state *state = &placement->states[i];
        const double need = state->forecast;
        if (places[i] != host || busy[i] || at_s - state->moved_s < placement->limits.rest_s ||
            need < NEED_TRIFLE * placement->cpu) {
            continue;
        }
        const bool suffices = need >= excess;
        const bool best_suffices = found && best >= excess;
        if (found && (suffices == best_suffices ? (suffices ? need >= best : need <= best)
                                                : best_suffices)) {
            continue;
        }
        const size_t to = host_for(placement, i, host, at_s);
        if (to == SIZE_MAX) {
            continue;
        }
        found = true;
        best = need;
        *ret = (struct placement_move){.router = i,
                                       .from = host,
                                       .to = to,
                                       .need = need,
                                       .from_forecast = placement->forecasts[host],
                                       .to_forecast = placement->forecasts[to]};
    }
    return found;
}

static void carry_out(struct placement *placement, const struct placement_move *move, double at_s)
{
    struct router_state *state = &placement->states[move->router];
    placement->forecasts[move->from] -= move->need;
    placement->forecasts[move->to] += move->need;
    placement->short_s[move->from] = NAN;
    placement->moves_s[placement->moves++ % placement->limits.per_minute] = at_s;
    state->moved_s = at_s;
    state->left = move->from;
}

// ---- a look

// Orders the hosts by their forecasts, the highest first; equal ones by number.
static void order_hosts(struct placement *placement)
{
    for (size_t h = 0; h < placement->hosts; h++) {
        size_t at = h;
        while (at > 0 && placement->forecasts[placement->order[at - 1]] < placement->forecasts[h]) {
            placement->order[at] = placement->order[at - 1];
            at--;
        }
        placement->order[at] = h;
    }
}

static void look_at_routers(struct placement *placement, double at_s, const double *needs,
                            const double *most, const size_t *places)
{
    for (size_t h = 0; h < placement->hosts; h++) {
        placement->forecasts[h] = 0.0;
    }
    for (size_t i = 0; i < placement->routers; i++) {
        router_forecast(placement, i, needs[i], most[i], at_s - placement->at_s);
        placement->forecasts[places[i]] += placement->states[i].forecast;
    }
    placement->at_s = at_s;
}

// Whether a host has been short for long enough.
static bool host_is_short(struct placement *placement, size_t host, double at_s)
{
    if (placement->forecasts[host] <= placement->limits.full * placement->cpu) {
        placement->short_s[host] = NAN;
        return false;
    }
    if (isnan(placement->short_s[host])) {
        placement->short_s[host] = at_s;
    }
    return at_s - placement->short_s[host] >= placement->limits.patience_s;
}

size_t placement_look(struct placement *placement, double at_s, const double *needs,
                      const double *most, const size_t *places, const bool *busy,
                      struct placement_move *ret, struct placement_blocked *ret_blocked)
{
    struct placement_blocked blocked = {.hosts = 0};
    size_t count = 0;
    look_at_routers(placement, at_s, needs, most, places);
    order_hosts(placement);
    for (size_t n = 0; n < placement->hosts; n++) {
        const size_t host = placement->order[n];
        if (!host_is_short(placement, host, at_s)) {
            continue;
        }
        const double oldest_s = placement->moves_s[placement->moves % placement->limits.per_minute];
        const bool allowed = at_s - oldest_s >= MINUTE_S;
        struct placement_move move;
        if (allowed && choose(placement, host, at_s, places, busy, &move)) {
            carry_out(placement, &move, at_s);
            ret[count++] = move;
            continue;
        }
        blocked.hosts++;
        blocked.nowhere += allowed;
        blocked.budget += !allowed;
    }
    *ret_blocked = blocked;
    return count;
}

char *placement_reason(const struct placement *placement, const struct placement_move *move)
{
    return text_format("host %zu is expected to need %.1f %% of %.0f %%; r%zu (%.1f %%) moves to "
                       "host %zu, which is expected to need %.1f %%",
                       move->from + 1, move->from_forecast, placement->cpu, move->router + 1,
                       move->need, move->to + 1, move->to_forecast);
}
