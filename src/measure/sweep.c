// SPDX-License-Identifier: GPL-3.0-or-later
// measure/sweep — see sweep.h. Called by `vrbench run`.
#include "measure/sweep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "measure/rates.h"
#include "measure/trial.h"

#define QUICK_LOADS       7U
#define QUICK_DURATION_NS (400U * NS_PER_MS)
#define QUICK_ATTEMPTS    3U
#define WARM_UP_NS        (150U * NS_PER_MS)
#define STABILITY_PPS     1000.0
#define STABILITY_NS      (300U * NS_PER_MS)
#define STABILITY_TRIES   5
#define STUDY_NS          (15U * NS_PER_S)
#define ROUTER_DEATHS     3 // in a row, until the sweep gives up

struct sweep_state {
    const struct scenario *scenario;
    const struct sweep_options *options;
    const struct sweep_hooks *hooks;
    enum topology topology;
    struct bench *bench;
    unsigned deaths;  // of routers, in a row
    double last_load; // of the length before, in this topology; 0 = none was found
};

static uint64_t duration_of(const struct scenario *scenario, const struct sweep_options *options)
{
    uint64_t asked = scenario->traffic.duration_ns;
    if (options->study_timing) {
        return STUDY_NS;
    }
    return options->quick && asked > QUICK_DURATION_NS ? QUICK_DURATION_NS : asked;
}

static unsigned auto_points(const struct scenario *scenario, const struct sweep_options *options)
{
    unsigned asked = scenario->traffic.rates.auto_points;
    return options->quick && asked > QUICK_LOADS ? QUICK_LOADS : asked;
}

size_t sweep_size(const struct scenario *scenario, const struct sweep_options *options)
{
    size_t loads = 0;
    for (size_t i = 0; i < scenario->traffic.length_count; i++) {
        double *pps = NULL;
        size_t count = scenario_rates(&scenario->traffic, scenario->traffic.lengths[i], &pps);
        count = count == 0 ? auto_points(scenario, options) : count;
        loads += options->quick && count > QUICK_LOADS ? QUICK_LOADS : count;
        free(pps);
    }
    return loads * scenario->topology_count * scenario->traffic.repeats;
}

static void say(const struct sweep_state *state, const char *format, unsigned length, double pps)
{
    char number[48];
    text_group_digits(pps, 0, number);
    char *what = text_format(format, topology_name(state->topology), length, number);
    state->hooks->doing(state->hooks->context, what);
    free(what);
}

// A machine that loses packets between two joined interfaces at a thousand a second is not fit to
// measure anything on: say so rather than measure it.
static int check_stability(struct sweep_state *state, struct error *err)
{
    struct trial_request request = {.length = state->scenario->traffic.lengths[0],
                                    .pps = STABILITY_PPS,
                                    .duration_ns = STABILITY_NS};
    char where[128] = "";
    for (int i = 0; i < STABILITY_TRIES; i++) {
        struct point point = {0};
        int rc = trial_run(state->bench, &request, 1, &point, err);
        if (rc < 0) {
            return rc;
        }
        bool quiet = point_lost(&point) == 0;
        if (!quiet && point.drop_count > 0) {
            snprintf(where, sizeof where, "%s", point.drops[0].where);
        }
        point_clear(&point);
        if (quiet) {
            return 0;
        }
    }
    char load[48];
    text_group_digits(STABILITY_PPS, 0, load);
    return fail(err, 0,
                "this machine loses packets at %s packets/s even between two joined interfaces "
                "(%s): nothing measured on it now could be trusted",
                load, where);
}

static int open_bench(struct sweep_state *state, struct error *err)
{
    state->hooks->doing(state->hooks->context, "building the testbed");
    int rc = bench_open(state->scenario, state->topology, &state->bench, err);
    if (rc == 0) {
        rc = state->hooks->built(state->hooks->context, bench_testbed(state->bench), err);
    }
    if (rc == 0 && state->scenario->method == METHOD_STUDY) {
        rc = bench_read_by_snmp(state->bench, duration_of(state->scenario, state->options), err);
    }
    if (rc == 0 && state->topology == TOPOLOGY_DIRECT) {
        rc = check_stability(state, err);
    }
    return rc;
}

static int close_bench(struct sweep_state *state, struct error *err)
{
    struct bench *bench = steal_pointer(&state->bench);
    return bench_close(bench, err);
}

// The offered loads of a length, in a new array.
static int loads_of(struct sweep_state *state, unsigned length, double **ret, size_t *ret_count,
                    struct error *err)
{
    const struct sweep_hooks *hooks = state->hooks;
    size_t count = scenario_rates(&state->scenario->traffic, length, ret);
    if (count > 0) {
        *ret_count = state->options->quick ? rates_thin(*ret, count, QUICK_LOADS) : count;
        return 0;
    }
    free(*ret);
    *ret = NULL;
    count = hooks->recall_rates(hooks->context, state->topology, length, ret);
    if (count > 0) {
        *ret_count = count;
        state->last_load = (*ret)[count - 1];
        return 0;
    }
    say(state, "%s, %u bytes: finding saturation", length, 0.0);
    count = auto_points(state->scenario, state->options);
    int rc = rates_find(state->bench, length, (unsigned)count, state->last_load, ret, err);
    if (rc == 0) {
        *ret_count = count;
        state->last_load = (*ret)[count - 1];
        rc = hooks->found_rates(hooks->context, state->topology, length, *ret, count, err);
    }
    return rc;
}

// A point for a trial that gave no figures: nothing measured, but known to have been tried.
static struct point point_without_figures(const struct sweep_state *state,
                                          const struct trial_request *request, unsigned attempts,
                                          const char *what, const char *why)
{
    const struct scenario *scenario = state->scenario;
    struct point point = {
        .scenario = text_copy(scenario->name),
        .topology = text_copy(topology_name(state->topology)),
        .platform = text_copy(scenario->platform),
        .engine = text_copy(scenario->traffic.engine),
        .length = request->length,
        .length_layer = text_copy(length_layer_name(scenario->traffic.length_layer)),
        .step = request->step,
        .repeat = request->repeat,
        .requested_pps = request->pps,
        .duration_s = (double)request->duration_ns / (double)NS_PER_S,
        .cpu_total_percent = (double)NAN,
        .attempts = attempts,
        .valid = true,
    };
    point_invalidate(&point, "%s: %s", what, why);
    return point;
}

// A router's threads or interfaces, or the cables to them, are no longer there.
static bool is_death(int rc)
{
    return rc == -ESRCH || rc == -ENODEV || rc == -ENETDOWN || rc == -ENXIO;
}

// One trial; if a router dies in it, the point says so and the testbed is built anew.
static int measure_point(struct sweep_state *state, const struct trial_request *request,
                         struct error *err)
{
    struct point point = {0};
    struct error why = ERROR_INIT;
    unsigned attempts = state->options->quick ? QUICK_ATTEMPTS : TRIAL_ATTEMPTS;
    int rc = trial_run(state->bench, request, attempts, &point, &why);
    if (is_death(rc) && ++state->deaths < ROUTER_DEATHS) {
        log_warning("run", "a router died: %s", why.text);
        point = point_without_figures(state, request, 1, "a router died", why.text);
        error_clear(&why);
        (void)close_bench(state, NULL);
        rc = open_bench(state, &why);
    } else if (rc == -EBADMSG) {
        log_warning("run", "%s", why.text);
        point = point_without_figures(state, request, attempts,
                                      "the tester's figures can't be believed", why.text);
        error_clear(&why);
        rc = 0;
    } else if (rc == 0) {
        state->deaths = 0;
    }
    if (rc == 0) {
        rc = state->hooks->measured(state->hooks->context, &point, &why);
    }
    point_clear(&point);
    if (rc < 0) {
        error_move(err, &why);
    }
    return rc;
}

static int pause_before_point(const struct sweep_state *state, struct error *err)
{
    uint64_t end = clock_monotonic_ns() + state->options->pause_ns;
    while (!stop_requested() && clock_monotonic_ns() < end) {
        (void)clock_sleep_until(end); // a signal ends it early
    }
    return stop_requested() ? fail_interrupted(err) : 0;
}

static int warm_up(struct sweep_state *state, unsigned length, double pps, struct error *err)
{
    struct trial_request request = {.length = length, .pps = pps, .duration_ns = WARM_UP_NS};
    struct point point = {0};
    struct error why = ERROR_INIT;
    int rc = trial_run(state->bench, &request, 1, &point, &why);
    point_clear(&point);
    if (rc == -EBADMSG) {
        error_clear(&why); // nobody wanted its figures
        return 0;
    }
    if (rc < 0) {
        error_move(err, &why);
    }
    return rc;
}

static int sweep_length(struct sweep_state *state, unsigned length, struct error *err)
{
    double *loads = NULL;
    size_t count = 0;
    int rc = loads_of(state, length, &loads, &count, err);
    bool warm = false;
    unsigned repeats = state->scenario->traffic.repeats;
    for (size_t i = 0; rc == 0 && i < count * repeats; i++) {
        struct trial_request request = {.length = length,
                                        .pps = loads[i / repeats],
                                        .duration_ns = duration_of(state->scenario, state->options),
                                        .step = (unsigned)(i / repeats),
                                        .repeat = (unsigned)(i % repeats),
                                        .by_snmp = state->scenario->method == METHOD_STUDY};
        if (state->hooks->is_done(state->hooks->context, state->topology, length, request.step,
                                  request.repeat)) {
            continue;
        }
        say(state, "%s, %u bytes, %s pps", length, request.pps);
        if (!warm) {
            rc = warm_up(state, length, loads[count / 2], err);
            warm = true;
        }
        if (rc == 0) {
            rc = pause_before_point(state, err);
        }
        if (rc == 0) {
            rc = measure_point(state, &request, err);
        }
    }
    free(loads);
    return rc;
}

static int sweep_topology(struct sweep_state *state, struct error *err)
{
    int rc = open_bench(state, err);
    for (size_t i = 0; rc == 0 && i < state->scenario->traffic.length_count; i++) {
        rc = sweep_length(state, state->scenario->traffic.lengths[i], err);
    }
    int closed = close_bench(state, rc < 0 ? NULL : err);
    rc = rc < 0 ? rc : closed;
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "%s", topology_name(state->topology));
    }
    return rc;
}

int sweep_run(const struct scenario *scenario, const struct sweep_options *options,
              const struct sweep_hooks *hooks, struct error *err)
{
    struct sweep_state state = {.scenario = scenario, .options = options, .hooks = hooks};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < scenario->topology_count; i++) {
        state.topology = scenario->topologies[i];
        state.last_load = 0.0;
        rc = stop_requested() ? fail_interrupted(err) : sweep_topology(&state, err);
    }
    return rc;
}
