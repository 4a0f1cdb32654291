// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/find — the loop of `vrbench search`: for each topology and length, trials until the bounds of
 * each network (or router) and goal are known, or the time is up; then the series of a test that
 * follows. See find.h.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/text.h"
#include "report/progress.h"
#include "run/find.h"
#include "search/throughput.h"

#define BURST_PAUSE_NS  (200U * NS_PER_MS) // between bursts, so that buffers are empty
#define BURST_RATE      2.0                // times the throughput, if no rate is given
#define SETTLING_NS     (200U * NS_PER_MS) // of a load, after a cap was changed
#define TRIALS_EXPECTED 30U                // of one topology and length, for the progress

size_t find_network_of_stream(const struct scenario *scenario, size_t stream)
{
    size_t reverse = scenario->network_count;
    for (size_t i = 0; stream >= scenario->network_count && i < scenario->network_count; i++) {
        if (scenario->networks[i].directions == DIRECTIONS_BOTH && reverse++ == stream) {
            return i;
        }
    }
    return stream;
}

static void label_trial(const struct finding *finding, const struct load *load)
{
    const char *topology = topology_name(keeper_topology(&finding->keeper, load->place));
    char pps[48];
    text_group_digits(load->pps, 0, pps);
    if (finding->of == FOUND_BURST) {
        progress_label("%s, %u bytes, bursts of %.0f packets", topology, load->length,
                       load->pps * (double)load->duration_ns / (double)NS_PER_S);
        return;
    }
    if (finding->series != NULL) {
        progress_label("%s, %u bytes, %s at %s pps, trial %u", topology, load->length,
                       found_kind_name(finding->of), pps, load->repeat + 1);
        return;
    }
    if (load->use == LOAD_PROBE) {
        progress_label("%s, %u bytes: finding saturation", topology, load->length);
        return;
    }
    progress_label("%s, %u bytes, %s pps; about %.0f s left for this length", topology,
                   load->length, pps, ceil(throughput_remaining_s(find_inner_search(finding))));
}

// Keeps a trial as a point. Loads that only look for saturation are too short to be points.
static int keep_trial(struct finding *finding, const struct load *load, struct point *point,
                      struct error *err)
{
    struct job_state *state = finding->state;
    if (load->use != LOAD_POINT) {
        return 0;
    }
    stability_mark(&finding->keeper, load->place, point);
    int rc = store_append(state->store, point, err);
    if (rc < 0) {
        return rc;
    }
    progress_point(point);
    point_list_add(&state->points, point);
    if (++finding->shown > TRIALS_EXPECTED) {
        progress_add_total(1);
    }
    return 0;
}

// A load whose streams have loads of their own, by path, from one of the search, which knows only
// the streams that it searches for.
static struct load spread_load(struct finding *finding, const struct load *load)
{
    struct load spread = *load;
    if (load->each != NULL) {
        for (size_t n = 0; n < finding->network_count; n++) {
            finding->each[finding->streams[n]] = load->each[n];
        }
        spread.each = finding->each;
    }
    return spread;
}

// Sets the caps of a trial on the open bench. `ret_changed` is false if they are set already.
static int set_caps(struct finding *finding, const struct load *load, bool *ret_changed,
                    struct error *err)
{
    const struct scenario *scenario = finding->state->job->scenario;
    const struct bench *bench = finding->keeper.bench;
    bool other_bench = finding->capped != finding->keeper.built;
    *ret_changed = false;
    for (size_t i = 0; i < scenario->router_count; i++) {
        const struct allocation allocation = {scenario->routers[i].allocation.weight,
                                              load->caps[i]};
        if (load->caps[i] == 0 || (!other_bench && finding->caps[i] == load->caps[i])) {
            continue;
        }
        int rc = bench->node.ops->set_allocation(&bench->node, 1 + i, &allocation, err);
        if (rc < 0) {
            return rc;
        }
        finding->caps[i] = load->caps[i];
        *ret_changed = true;
    }
    finding->capped = finding->keeper.built;
    return 0;
}

// Sets the caps of a trial, and loads the routers until the caps are divided among their threads. A
// router's death closes the bench, which `ret_died` reports.
static int settle_caps(struct finding *finding, const struct load *load, bool *ret_died,
                       struct error *err)
{
    bool changed = false;
    *ret_died = false;
    int rc = load->caps == NULL ? 0 : set_caps(finding, load, &changed, err);
    if (rc < 0 || !changed) {
        return rc;
    }
    struct load settling = spread_load(finding, load);
    settling.use = LOAD_WARM_UP;
    settling.duration_ns = SETTLING_NS;
    _cleanup_point_ struct point point = {0};
    struct outcome outcome;
    rc = keeper_try(&finding->keeper, &settling, &point, &outcome, err);
    *ret_died = rc == 0 && outcome.kind == OUTCOME_DEATH;
    return rc;
}

// The counts of a network that its search judges. A burst counts as a whole: one of which a stall
// touched a part, and which lost packets, was disturbed.
static struct network_outcome judge_network(const struct finding *finding,
                                            const struct network_result *network,
                                            struct outcome *outcome)
{
    struct undisturbed_result counts = network_undisturbed(network);
    if (network->recovery.uncertain && outcome->kind == OUTCOME_GOOD) {
        outcome->kind = OUTCOME_DISTURBED;
    }
    if (finding->of != FOUND_BURST) {
        return (struct network_outcome){counts.tx, counts.lost};
    }
    if (counts.tx < network->tx && network->lost > 0 && outcome->kind == OUTCOME_GOOD) {
        outcome->kind = OUTCOME_DISTURBED;
    }
    outcome->tx += network->tx - counts.tx;
    outcome->lost += network->lost - counts.lost;
    return (struct network_outcome){network->tx, network->lost};
}

static int try_load(struct finding *finding, const struct load *load, struct error *err)
{
    _cleanup_point_ struct point point = {0};
    struct outcome outcome;
    struct load spread = spread_load(finding, load);
    int rc = keeper_try(&finding->keeper, &spread, &point, &outcome, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ struct network_outcome *networks =
        memory_new_array(struct network_outcome, finding->network_count);
    for (size_t n = 0; point.network_count > 0 && n < finding->network_count; n++) {
        networks[n] = judge_network(finding, &point.networks[finding->streams[n]], &outcome);
    }
    outcome.networks = point.network_count > 0 ? networks : NULL;
    outcome.network_count = finding->network_count;
    (void)search_tell(finding->search, load, &outcome);
    if (finding->series != NULL) {
        find_collect(finding, load, &point);
    }
    if (!point.valid) {
        log_note("search", "%s", point.why_invalid);
    }
    return keep_trial(finding, load, &point, err);
}

bool find_time_is_up(const struct finding *finding)
{
    return clock_monotonic_ns() >= finding->until_ns;
}

int find_run_trials(struct finding *finding, struct error *err)
{
    struct load load;
    while (!find_time_is_up(finding) && search_next(finding->search, &load)) {
        if (stop_requested()) {
            return fail_interrupted(err);
        }
        int rc = keeper_open(&finding->keeper, load.place, err);
        if (rc < 0) {
            return rc;
        }
        label_trial(finding, &load);
        bool died = false;
        if (finding->of == FOUND_BURST &&
            (rc = stop_sleep_until(clock_monotonic_ns() + BURST_PAUSE_NS, err)) < 0) {
            return rc;
        }
        if ((rc = settle_caps(finding, &load, &died, err)) < 0 ||
            (!died && (rc = try_load(finding, &load, err)) < 0)) {
            return rc;
        }
    }
    return 0;
}

// One search, for the present topology and length.
static int find_one(struct finding *finding, enum found_kind of, const struct search_goal *goals,
                    size_t goal_count, struct error *err)
{
    finding->of = of;
    finding->goals = goals;
    finding->goal_count = goal_count;
    finding->search = find_make_search(finding);
    int rc = find_run_trials(finding, err);
    find_note_results(finding);
    for (size_t n = 0; of == FOUND_RATE && n < finding->network_count; n++) {
        finding->throughput_pps[n] = throughput_result(finding->search, n, 0).lower_pps;
    }
    search_free(steal_pointer(&finding->search));
    return rc;
}

// Searches for the throughput, with whose goal `finding->throughput` is filled.
static int find_throughput(struct finding *finding, struct error *err)
{
    return find_one(finding, FOUND_RATE, &finding->throughput, 1, err);
}

// A search for bursts needs the throughput without loss.
static int find_bursts(struct finding *finding, struct error *err)
{
    const struct job *job = finding->state->job;
    struct search_goal *throughput = &finding->throughput;
    *throughput = job->goals[0];
    (void)snprintf(throughput->name, sizeof throughput->name, "0");
    throughput->loss_ratio = 0.0;
    int rc = find_throughput(finding, err);
    return rc < 0 ? rc : find_one(finding, FOUND_BURST, job->goals, job->goal_count, err);
}

// A series needs the throughput, unless the job has it; a curve does not if its highest load is
// given.
static int find_series(struct finding *finding, struct error *err)
{
    const struct job *job = finding->state->job;
    double given = find_offered_pps(finding);
    finding->throughput = job->goals[0];
    for (size_t n = 0; n < finding->network_count; n++) {
        finding->throughput_pps[n] = given > 0.0 && job->of != FOUND_LOSS ? given : (double)NAN;
    }
    int rc = given > 0.0 ? 0 : find_throughput(finding, err);
    return rc < 0 ? rc : find_run_series(finding, job->of, err);
}

// Whether routers are rebooted at the present length: RFC 2544 does it at the smallest one.
static bool length_is_reset(const struct finding *finding)
{
    const struct scenario_traffic *traffic = &finding->state->job->scenario->traffic;
    for (size_t i = 0; i < traffic->length_count; i++) {
        if (traffic->lengths[i] < finding->length) {
            return false;
        }
    }
    return true;
}

// Bursts at the job's rate, or at twice the throughput.
static int find_rfc2544_bursts(struct finding *finding, struct error *err)
{
    double given = find_offered_pps(finding);
    double throughput = find_least_throughput(finding);
    struct search_goal goal = finding->throughput;
    goal.rule = RULE_SEQUENTIAL;
    finding->at_pps = given > 0.0 ? given : BURST_RATE * throughput;
    int rc = isnan(finding->at_pps) ? 0 : find_one(finding, FOUND_BURST, &goal, 1, err);
    finding->at_pps = 0.0;
    return rc;
}

// All tests of RFC 2544, section 26, in its order.
static int find_rfc2544(struct finding *finding, struct error *err)
{
    bool direct = keeper_topology(&finding->keeper, finding->place) == TOPOLOGY_DIRECT;
    finding->throughput = finding->state->job->goals[0];
    int rc;
    if ((rc = find_throughput(finding, err)) < 0 ||
        (rc = find_run_series(finding, FOUND_LATENCY, err)) < 0 ||
        (rc = find_run_series(finding, FOUND_LOSS, err)) < 0 ||
        (rc = find_rfc2544_bursts(finding, err)) < 0 ||
        (rc = find_run_series(finding, FOUND_RECOVERY, err)) < 0 || direct ||
        !length_is_reset(finding)) {
        return rc;
    }
    return find_run_series(finding, FOUND_RESET, err);
}

static int find_place(struct finding *finding, struct error *err)
{
    const struct job *job = finding->state->job;
    finding->shown = 0;
    finding->until_ns = job->time_limit_s == 0
                            ? UINT64_MAX
                            : clock_monotonic_ns() + (uint64_t)job->time_limit_s * NS_PER_S;
    switch (job->of) {
    case FOUND_RATE:
    case FOUND_CAP:
    case FOUND_DENSITY: // several searches for the rate
        break;
    case FOUND_BURST:
        return find_bursts(finding, err);
    case FOUND_LATENCY:
    case FOUND_LOSS:
    case FOUND_RECOVERY:
        return find_series(finding, err);
    case FOUND_RESET:
        return length_is_reset(finding) ? find_series(finding, err) : 0;
    case FOUND_RFC2544:
        return find_rfc2544(finding, err);
    }
    return find_one(finding, job->of, job->goals, job->goal_count, err);
}

static int check_place(struct finding *finding, unsigned place, struct error *err)
{
    const struct scenario *scenario = finding->state->job->scenario;
    finding->place = place;
    return stability_check(&finding->keeper, place, scenario->traffic.lengths[0], err);
}

static int find_all(struct finding *finding, struct error *err)
{
    const struct scenario *scenario = finding->state->job->scenario;
    size_t lengths = scenario->traffic.length_count;
    for (unsigned place = 0; place < scenario->topology_count; place++) {
        int checked = check_place(finding, place, err);
        if (checked < 0) {
            return checked;
        }
        for (size_t i = 0; i < lengths; i++) {
            finding->place = place;
            finding->length = scenario->traffic.lengths[i];
            int rc = find_place(finding, err);
            if (rc < 0) {
                return rc;
            }
        }
    }
    return 0;
}

static void list_streams(struct finding *finding)
{
    const struct job *job = finding->state->job;
    const struct scenario *scenario = job->scenario;
    size_t count = scenario_stream_count(scenario);
    finding->streams = memory_new_array(size_t, count);
    finding->routers = memory_new_array(size_t, count);
    finding->each = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        const struct scenario_network *network =
            &scenario->networks[find_network_of_stream(scenario, i)];
        if (job->of == FOUND_CAP || !network->rate.given) {
            finding->routers[finding->network_count] = network->router;
            finding->streams[finding->network_count++] = i;
        }
    }
}

int find_scenario(struct job_state *state, struct error *err)
{
    const struct scenario *scenario = state->job->scenario;
    struct finding finding = {.state = state,
                              .keeper = {.state = state},
                              .caps = memory_new_array(unsigned, scenario->router_count)};
    list_streams(&finding);
    finding.throughput_pps = memory_new_array(double, finding.network_count);
    size_t searches = scenario->topology_count * scenario->traffic.length_count;
    progress_start(stderr, searches * TRIALS_EXPECTED);
    log_set_interruption(progress_interrupt, progress_resume);
    int rc = find_all(&finding, err);
    int closed = keeper_close(&finding.keeper, rc < 0 ? NULL : err);
    progress_finish();
    log_set_interruption(NULL, NULL);
    free(finding.routers);
    free(finding.streams);
    free(finding.each);
    free(finding.throughput_pps);
    free(finding.caps);
    stability_clear(&finding.keeper);
    rc = rc < 0 ? rc : closed;
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "%s", topology_name(keeper_topology(&finding.keeper, finding.place)));
    }
    return rc;
}

// Puts the rows of earlier searches of the folder, if any, before those of this one, which get its
// number.
static void add_to_earlier(const json_t *earlier, unsigned repeat, json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (repeat > 0) {
            json_object_set_new(row, "repeat", json_integer((json_int_t)repeat));
        }
    }
    json_array_foreach(earlier, i, row)
    {
        json_array_insert(rows, i, row);
    }
}

int run_find(struct job_state *state, struct error *err)
{
    int rc = state->job->of == FOUND_DENSITY ? find_density(state, err) : find_scenario(state, err);
    state->planned = state->points.count;
    json_t *rows = found_to_json(state->job->found);
    add_to_earlier(json_object_get(state->run, "search"), state->job->search_repeat, rows);
    json_object_set_new(state->run, "search", rows);
    return rc;
}
