// SPDX-License-Identifier: GPL-3.0-or-later
// run/send — see send.h.
#include "run/send.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "measure/trial.h"
#include "scenario/engines.h"

#define SHORTEST_DEFAULT 64U

static unsigned shortest_length(const struct scenario_network *network)
{
    return scenario_headers(network->ip) + SCENARIO_STAMP_LENGTH;
}

static int check_engine(const struct send_spec *spec, struct error *err)
{
    const char *name = spec->engine != NULL ? spec->engine : spec->scenario->traffic.engine;
    const struct engine_traits *engine = scenario_engine(name);
    if (engine == NULL) {
        return fail_input(err, "no traffic engine is called \"%s\"; expected auto, packet or xdp",
                          name);
    }
    bool own = text_equal(name, ENGINE_AUTO) || (engine->can & ENGINE_FORMS) != 0;
    if (!own && spec->engine != NULL) {
        return fail_input(err,
                          "the traffic engine %s does not send by intervals: use auto, packet "
                          "or xdp",
                          name);
    }
    char *used = text_copy(own ? name : ENGINE_AUTO);
    free(spec->scenario->traffic.engine);
    spec->scenario->traffic.engine = used;
    return 0;
}

static int check_length(struct send_spec *spec, struct error *err)
{
    const struct scenario_network *network = &spec->scenario->networks[spec->network];
    unsigned shortest = shortest_length(network);
    unsigned longest = testbed_plan(loan_testbed(spec->loan))->mtu;
    if (spec->length == 0) {
        spec->length = shortest > SHORTEST_DEFAULT ? shortest : SHORTEST_DEFAULT;
    }
    return spec->length >= shortest && spec->length <= longest
               ? 0
               : fail_input(err, "--length: expected %u to %u bytes of the IP packet, not %u",
                            shortest, longest, spec->length);
}

// The scenario becomes one constant load of one length on this network.
static void set_load(const struct send_spec *spec)
{
    struct scenario_traffic *traffic = &spec->scenario->traffic;
    struct scenario_network *network = &spec->scenario->networks[spec->network];
    spec->scenario->method = METHOD_PRECISE;
    traffic->length_layer = LENGTH_IP;
    traffic->lengths[0] = spec->length;
    traffic->length_count = 1;
    memset(&traffic->mixes[0], 0, sizeof traffic->mixes[0]);
    traffic->duration_ns = spec->interval_ns;
    network->share = 1.0;
    network->rate.given = false;
    network->length = 0;
}

int send_prepare(struct send_spec *spec, struct error *err)
{
    int rc;
    if ((rc = check_engine(spec, err)) < 0 || (rc = check_length(spec, err)) < 0) {
        return rc;
    }
    set_load(spec);
    return loan_measure(spec->loan, spec->scenario, spec->network, err);
}

// Sends for one interval. `bench` is opened if it is not, and closed after a router's death.
static int send_interval(const struct send_spec *spec, const struct load *load,
                         struct bench **bench, struct point *ret, struct error *err)
{
    struct outcome outcome = {0};
    int rc = 0;
    if (*bench == NULL) {
        rc = bench_open_on(spec->scenario, loan_testbed(spec->loan), bench, err);
    }
    rc = rc < 0 ? rc : trial_run(*bench, load, ret, &outcome, err);
    if (rc == 0 && outcome.kind == OUTCOME_DEATH) {
        (void)bench_close(steal_pointer(bench), NULL);
        rc = loan_renew(spec->loan, err);
    }
    return rc;
}

int send_run(const struct send_spec *spec,
             void (*show)(void *context, const struct point *point, unsigned number), void *context,
             struct error *err)
{
    struct bench *bench = NULL;
    struct load load = {
        .use = LOAD_POINT,
        .length = spec->length,
        .pps = spec->rate.given ? scenario_profile_pps(&spec->rate, spec->length) : 0.0,
        .duration_ns = spec->interval_ns,
        .attempts = 1,
        .constant = true,
    };
    int rc = 0;
    for (unsigned i = 0; rc == 0 && (spec->intervals == 0 || i < spec->intervals); i++) {
        _cleanup_point_ struct point point = {0};
        load.repeat = i;
        rc = send_interval(spec, &load, &bench, &point, err);
        if (rc == 0) {
            show(context, &point, i + 1);
        }
    }
    int closed = bench_close(bench, rc < 0 ? NULL : err);
    return rc < 0 ? rc : closed;
}
