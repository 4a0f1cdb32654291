// SPDX-License-Identifier: GPL-3.0-or-later
// run/loads — converts the loads of a scenario to rows for search/sweep. See parts.h.
#include <stdlib.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/mean.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "run/parts.h"

#define QUICK_LOADS       7U
#define QUICK_DURATION_NS (400U * NS_PER_MS)
#define STUDY_NS          (15U * NS_PER_S)
#define REFINED           12U // loads of a refinement, at most
#define REFINED_QUICK     18U // fewer loads precede it
#define REFINED_TO        0.03
#define REFINED_TO_QUICK  0.05

static char *rates_key(const char *topology, unsigned length)
{
    return text_format("%s/%u", topology, length);
}

static char *row_key(const struct job_state *state, const struct sweep_row *row)
{
    return rates_key(topology_name(state->job->scenario->topologies[row->place]), row->length);
}

// Reads the loads that an earlier part of this run found, or that were taken from another run.
static void recall_rates(const struct job_state *state, struct sweep_row *row)
{
    _cleanup_free_ char *key = row_key(state, row);
    const json_t *found = json_object_get(json_object_get(state->run, "rates_found"), key);
    row->count = json_array_size(found);
    row->pps = row->count == 0 ? NULL : memory_new_array(double, row->count);
    for (size_t i = 0; i < row->count; i++) {
        row->pps[i] = json_number_value(json_array_get(found, i));
    }
}

int job_loads_note(const struct job_loads *loads, struct job_state *state, struct error *err)
{
    if (state->job->scenario->traffic.rates.kind != RATES_AUTO) {
        return 0;
    }
    json_t *all = json_object_get(state->run, "rates_found");
    if (all == NULL) {
        all = json_object();
        json_object_set_new(state->run, "rates_found", all);
    }
    size_t before = json_object_size(all);
    for (size_t i = 0; i < loads->spec.row_count; i++) {
        const struct sweep_row *row = &loads->rows[i];
        _cleanup_free_ char *key = row_key(state, row);
        if (row->count == 0 || json_object_get(all, key) != NULL) {
            continue;
        }
        json_t *list = json_array();
        for (size_t k = 0; k < row->count; k++) {
            json_array_append_new(list, json_real(row->pps[k]));
        }
        json_object_set_new(all, key, list);
    }
    return json_object_size(all) == before ? 0 : store_write_run(state->store, state->run, err);
}

// ---- the order of the points

void job_loads_shuffle(struct job_state *state)
{
    const struct job *job = state->job;
    bool wanted = job->shuffled || job->seed > 0 || job->scenario->traffic.repeats > 1;
    if (!wanted || job->scenario->method == METHOD_STUDY) {
        return;
    }
    uint32_t seed = job->seed;
    while (seed == 0) {
        if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed) {
            seed = (uint32_t)clock_realtime_ns() | 1U;
        }
    }
    json_object_set_new(state->run, "seed", json_integer((json_int_t)seed));
}

static struct shuffle recall_shuffle(const struct job_state *state)
{
    const json_t *seed = json_object_get(state->run, "seed");
    return (struct shuffle){.shuffled = json_is_integer(seed),
                            .seed = (uint32_t)json_integer_value(seed)};
}

// ---- the loads of another run

// The distinct loads of a topology and length, ascending, as a new array.
static json_t *loads_of(const struct job *job, const struct point_list *points,
                        const char *topology, unsigned length)
{
    bool adapts = (scenario_engine(job->scenario->traffic.engine)->can & ENGINE_ADAPTS) != 0;

    _cleanup_free_ double *pps = memory_new_array(double, points->count);
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        bool known = adapts || point->requested_pps > 0.0; // 0: as fast as TCP can
        if (known && point->length == length && text_equal(point->topology, topology)) {
            pps[count++] = point->requested_pps;
        }
    }
    if (count > 0) {
        values_sort(pps, count);
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || pps[i] != pps[i - 1]) {
            json_array_append_new(list, json_real(pps[i]));
        }
    }
    return list;
}

// Reads the loads of the run in job->rates_from, as `rates_found` of run.json.
static int read_loads(const struct job *job, json_t *ret, struct error *err)
{
    const struct scenario *scenario = job->scenario;
    struct point_list points = {NULL, 0};
    int rc = store_read_points(job->rates_from, &points, err);
    for (size_t i = 0; rc == 0 && i < scenario->topology_count; i++) {
        const char *topology = topology_name(scenario->topologies[i]);
        for (size_t k = 0; rc == 0 && k < scenario->traffic.length_count; k++) {
            unsigned length = scenario->traffic.lengths[k];
            _cleanup_free_ char *key = rates_key(topology, length);
            json_t *loads = loads_of(job, &points, topology, length);
            json_object_set_new(ret, key, loads);
            if (json_array_size(loads) == 0) {
                rc = fail_input(err,
                                "--rates-from: the run in %s has no %u-byte packets in "
                                "topology %s",
                                job->rates_from, length, topology);
            }
        }
    }
    point_list_clear(&points);
    return rc;
}

int job_loads_read(const struct job *job, json_t **ret, struct error *err)
{
    *ret = NULL;
    if (job->rates_from == NULL) {
        return 0;
    }
    if (job->scenario->traffic.rates.kind == RATES_PROFILE) {
        return fail_input(err, "--rates-from: scenario %s has a profile, which is its only load",
                          job->scenario->name);
    }
    json_t *loads = json_object();
    int rc = read_loads(job, loads, err);
    if (rc < 0) {
        json_decref(loads);
        return rc;
    }
    *ret = loads;
    return 0;
}

const json_t *job_loads_of(const json_t *loads, enum topology topology, unsigned length)
{
    _cleanup_free_ char *key = rates_key(topology_name(topology), length);
    return json_object_get(loads, key);
}

uint64_t job_duration(const struct job *job)
{
    uint64_t asked = job->scenario->traffic.duration_ns;
    if (job->study_timing) {
        return STUDY_NS;
    }
    return job->quick && asked > QUICK_DURATION_NS ? QUICK_DURATION_NS : asked;
}

size_t job_load_count(const struct job *job, size_t loads)
{
    return job->quick && loads > QUICK_LOADS ? QUICK_LOADS : loads;
}

size_t job_thin(const struct job *job, double *pps, size_t count)
{
    return job->quick ? ladder_thin(pps, count, QUICK_LOADS) : count;
}

uint64_t job_sending(const struct job *job)
{
    const struct scenario_traffic *traffic = &job->scenario->traffic;
    size_t rows = job->scenario->topology_count * traffic->length_count;
    size_t loads = traffic->rates.auto_points;
    if (traffic->rates.kind != RATES_AUTO) {
        _cleanup_free_ double *pps = NULL;
        loads = scenario_rates(traffic, traffic->lengths[0], &pps);
    }
    return rows * job_load_count(job, loads) * traffic->repeats * job_duration(job);
}

static void fill_row(const struct job_state *state, struct sweep_row *row)
{
    const struct scenario *scenario = state->job->scenario;
    recall_rates(state, row);
    if (row->count > 0 || scenario->traffic.rates.kind == RATES_AUTO) {
        return;
    }
    row->count = scenario_rates(&scenario->traffic, row->length, &row->pps);
    row->count = job_thin(state->job, row->pps, row->count);
}

// The points that are stored, in the search's form: sorted.
static size_t list_done(const struct job_state *state, struct load_id *ret)
{
    const struct scenario *scenario = state->job->scenario;
    size_t count = 0;
    for (size_t i = 0; i < state->points.count; i++) {
        const struct point *point = &state->points.items[i];
        for (unsigned place = 0; place < scenario->topology_count; place++) {
            if (text_equal(point->topology, topology_name(scenario->topologies[place]))) {
                ret[count++] = (struct load_id){place, point->length, point->step, point->repeat};
            }
        }
    }
    if (count > 0) {
        qsort(ret, count, sizeof *ret, load_id_compare);
    }
    return count;
}

struct refine_limits job_refine(const struct job *job)
{
    const struct scenario *scenario = job->scenario;
    const bool adapts = (scenario_engine(scenario->traffic.engine)->can & ENGINE_ADAPTS) != 0;
    if (!job->refine || job->rates_from != NULL || adapts ||
        scenario->traffic.rates.kind != RATES_AUTO || scenario->method != METHOD_PRECISE) {
        return (struct refine_limits){0};
    }
    return job->quick ? (struct refine_limits){REFINED_QUICK, REFINED_TO_QUICK}
                      : (struct refine_limits){REFINED, REFINED_TO};
}

struct network_outcome *job_outcomes(const struct point *point, size_t *ret_count)
{
    struct network_outcome *outcomes =
        memory_new_array(struct network_outcome, point->network_count);
    *ret_count = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        if (!point->networks[i].fixed_load) {
            const struct undisturbed_result counts = network_undisturbed(&point->networks[i]);
            outcomes[(*ret_count)++] = (struct network_outcome){counts.tx, counts.lost};
        }
    }
    return outcomes;
}

// The points that are stored, as the refinement of their rows needs them.
static void list_known(const struct job_state *state, struct job_loads *loads)
{
    const struct scenario *scenario = state->job->scenario;
    loads->known = memory_new_array(struct sweep_trial, state->points.count);
    for (size_t i = 0; i < state->points.count; i++) {
        const struct point *point = &state->points.items[i];
        for (unsigned place = 0; place < scenario->topology_count; place++) {
            if (text_equal(point->topology, topology_name(scenario->topologies[place]))) {
                struct sweep_trial *known = &loads->known[loads->spec.known_count++];
                *known = (struct sweep_trial){.place = place,
                                              .length = point->length,
                                              .trial = {.step = point->step,
                                                        .repeat = point->repeat,
                                                        .pps = point->requested_pps,
                                                        .counts = point->valid}};
                known->networks = job_outcomes(point, &known->network_count);
            }
        }
    }
    loads->spec.known = loads->known;
}

void job_loads_make(const struct job_state *state, struct job_loads *ret)
{
    const struct scenario *scenario = state->job->scenario;
    const struct scenario_traffic *traffic = &scenario->traffic;
    const unsigned usual = state->job->quick ? JOB_ATTEMPTS_QUICK : JOB_ATTEMPTS;
    size_t lengths = traffic->length_count;
    struct platform_facts facts;
    platform_facts_of_name(scenario->platform, &facts);
    *ret = (struct job_loads){
        .rows = memory_new_array(struct sweep_row, scenario->topology_count * lengths),
        .done = memory_new_array(struct load_id, state->points.count),
    };
    for (unsigned i = 0; i < scenario->topology_count; i++) {
        uint64_t low_ns = stability_duration(state->job, i);
        ret->places[i] = (struct sweep_place){.direct = scenario->topologies[i] == TOPOLOGY_DIRECT,
                                              .machines = facts.kind == PLATFORM_MACHINES,
                                              .unchecked = low_ns == 0,
                                              .low_ns = low_ns,
                                              .low_pps = stability_pps(state->job, i)};
        for (size_t k = 0; k < lengths; k++) {
            struct sweep_row *row = &ret->rows[i * lengths + k];
            *row = (struct sweep_row){.place = i, .length = traffic->lengths[k]};
            fill_row(state, row);
        }
    }
    platform_facts_clear(&facts);
    unsigned points = traffic->rates.auto_points;
    ret->spec = (struct sweep_spec){
        .places = ret->places,
        .rows = ret->rows,
        .row_count = scenario->topology_count * lengths,
        .to_find = (unsigned)job_load_count(state->job, points),
        .repeats = traffic->repeats,
        .duration_ns = job_duration(state->job),
        .attempts = state->job->attempts > 0 ? state->job->attempts : usual,
        .done = ret->done,
        .done_count = list_done(state, ret->done),
        .shuffle = recall_shuffle(state),
    };
    if (json_object_get(state->run, "rates_from") == NULL) {
        ret->spec.refine = job_refine(state->job);
    }
    if (ret->spec.refine.most > 0) {
        list_known(state, ret);
    }
    ret->search = sweep_new(&ret->spec);
}

void job_loads_clear(struct job_loads *loads)
{
    search_free(loads->search);
    for (size_t i = 0; i < loads->spec.row_count; i++) {
        free(loads->rows[i].pps);
    }
    for (size_t i = 0; i < loads->spec.known_count; i++) {
        free(loads->known[i].networks);
    }
    free(loads->rows);
    free(loads->done);
    free(loads->known);
}
