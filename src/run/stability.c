// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/stability — the check of each topology before it is measured: a low load that a suitable
 * machine carries without loss (search/stability.h). What it lost, and the likely cause, is written
 * to run.json and to each point of the topology. See parts.h. Called by measure.c and find.c.
 */
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "measure/low_load.h"
#include "report/progress.h"
#include "run/parts.h"
#include "scenario/engines.h"
#include "search/stability.h"

#define MACHINES_PPS 100.0   // of each network: an emulated machine may be a hundred times slower
#define ALL_PPS      10000.0 // of all networks together, at most
#define LEAST_PPS    20.0    // of each network

// A check of a topology with routers takes a tenth of the time of its points at most.
#define PART_OF_SENDING 10U
#define LEAST_NS        (20U * NS_PER_MS)

double stability_pps(const struct job *job, unsigned place)
{
    const struct scenario *scenario = job->scenario;
    if (scenario->topologies[place] == TOPOLOGY_DIRECT) {
        return STABILITY_PPS;
    }
    struct platform_facts facts;
    platform_facts_of_name(scenario->platform, &facts);
    double pps = facts.kind == PLATFORM_MACHINES ? MACHINES_PPS : STABILITY_PPS;
    platform_facts_clear(&facts);
    double most = ALL_PPS / (double)scenario_stream_count(scenario);
    pps = pps < most ? pps : most;
    return pps > LEAST_PPS ? pps : LEAST_PPS;
}

uint64_t stability_duration(const struct job *job, unsigned place)
{
    const struct scenario *scenario = job->scenario;
    if (job->unchecked) {
        return 0;
    }
    if (scenario->topologies[place] == TOPOLOGY_DIRECT || job->goal_count > 0) {
        return STABILITY_NS;
    }
    const struct engine_traits *engine = scenario_engine(scenario->traffic.engine);
    bool own = engine == NULL || (engine->can & ENGINE_FORMS) != 0; // NULL: auto
    uint64_t room_ns = job_sending(job) / scenario->topology_count / PART_OF_SENDING;
    if (room_ns < LEAST_NS || !own) { // another program takes longer to start than to measure
        return 0;
    }
    return room_ns < STABILITY_NS ? room_ns : STABILITY_NS;
}

// The entry of a topology in run.json; a new one if `first`.
static json_t *find_entry(json_t *list, const char *topology, bool first)
{
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(list, i, entry)
    {
        if (text_equal(json_string_value(json_object_get(entry, "topology")), topology)) {
            break;
        }
    }
    if (i < json_array_size(list) && !first) {
        return entry;
    }
    json_t *made =
        json_pack("{s:s, s:i, s:i, s:i}", "topology", topology, "trials", 0, "tx", 0, "lost", 0);
    if (i < json_array_size(list)) {
        json_array_set_new(list, i, made);
    } else {
        json_array_append_new(list, made);
    }
    return made;
}

static void add_count(json_t *entry, const char *key, uint64_t count)
{
    json_int_t before = json_integer_value(json_object_get(entry, key));
    json_object_set_new(entry, key, json_integer(before + (json_int_t)count));
}

int stability_note(struct keeper *keeper, const struct load *load, const struct point *point,
                   const struct outcome *outcome, struct error *err)
{
    struct job_state *state = keeper->state;
    const char *topology = topology_name(keeper_topology(keeper, load->place));
    json_t *list = json_object_get(state->run, "stability");
    if (list == NULL) {
        list = json_array();
        json_object_set_new(state->run, "stability", list);
    }
    json_t *entry = find_entry(list, topology, keeper->checked != load->place + 1);
    keeper->checked = load->place + 1;
    bool stable = outcome_is_lossless(outcome);
    free(keeper->unstable[load->place]);
    keeper->unstable[load->place] = stable ? NULL : low_load_cause(point, load->pps);
    json_object_set_new(entry, "length", json_integer(load->length));
    json_object_set_new(entry, "pps", json_real(load->pps));
    add_count(entry, "trials", 1);
    add_count(entry, "tx", point_tx(point));
    add_count(entry, "lost", point_lost(point));
    json_object_set_new(entry, "stable", json_boolean(stable));
    if (stable) {
        json_object_del(entry, "why");
    } else {
        json_object_set_new(entry, "why", json_string(keeper->unstable[load->place]));
    }
    return store_write_run(state->store, state->run, err);
}

void stability_warn(const struct keeper *keeper, unsigned place)
{
    if (keeper->unstable[place] != NULL) {
        log_warning("run",
                    "%s: this machine loses packets at a low load: %s; figures of loss are "
                    "marked",
                    topology_name(keeper_topology(keeper, place)), keeper->unstable[place]);
    }
}

void stability_mark(const struct keeper *keeper, unsigned place, struct point *point)
{
    free(point->unstable);
    point->unstable = keeper->unstable[place] == NULL ? NULL : text_copy(keeper->unstable[place]);
}

int stability_check(struct keeper *keeper, unsigned place, unsigned length, struct error *err)
{
    const struct stability_spec spec = {
        .place = place,
        .length = length,
        .pps = stability_pps(keeper->state->job, place),
        .duration_ns = stability_duration(keeper->state->job, place),
    };
    if (spec.duration_ns == 0) {
        return 0;
    }
    struct search *search = stability_new(&spec);
    struct load load;
    int rc = 0;
    while (rc == 0 && search_next(search, &load)) {
        _cleanup_point_ struct point point = {0};
        struct outcome outcome;
        rc = keeper_open(keeper, place, err);
        progress_label("%s: checking the machine at a low load",
                       topology_name(keeper_topology(keeper, place)));
        if (rc == 0 && (rc = keeper_try(keeper, &load, &point, &outcome, err)) == 0) {
            (void)search_tell(search, &load, &outcome);
            rc = stability_note(keeper, &load, &point, &outcome, err);
        }
    }
    search_free(search);
    if (rc == 0) {
        stability_warn(keeper, place);
    }
    return rc;
}

void stability_clear(struct keeper *keeper)
{
    for (size_t i = 0; i < TOPOLOGY_COUNT; i++) {
        free(keeper->unstable[i]);
        keeper->unstable[i] = NULL;
    }
}
