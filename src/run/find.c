// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/find — the loop of `vrbench search`: for each topology and length, trials until the bounds of
 * each network and goal are known, or the time is up. Every trial becomes a point. See parts.h.
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
#include "machine/catalogue.h"
#include "report/progress.h"
#include "run/parts.h"
#include "search/throughput.h"

#define MOST_PPS        2.0e7
#define TRIALS_EXPECTED 30U // of one topology and length, for the progress

// Least load, and where to begin: a router in an emulated machine may be a hundred times slower.
struct scale {
    double least_pps, first_pps;
};
static const struct scale kernel_scale = {250.0, 32000.0};
static const struct scale machine_scale = {50.0, 1000.0};

struct finding {
    struct job_state *state;
    struct keeper keeper;
    struct search *search; // of the present topology and length
    unsigned place, length;
    size_t network_count;
    size_t shown; // trials that the progress was told of
};

static struct search *make_search(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    struct platform_facts facts;
    platform_facts_of_name(job->scenario->platform, &facts);
    bool machines = facts.kind == PLATFORM_MACHINES;
    bool direct = keeper_topology(&finding->keeper, finding->place) == TOPOLOGY_DIRECT;
    platform_facts_clear(&facts);
    const struct scale *scale = machines && !direct ? &machine_scale : &kernel_scale;
    const struct throughput_spec spec = {.place = finding->place,
                                         .length = finding->length,
                                         .goals = job->goals,
                                         .goal_count = job->goal_count,
                                         .network_count = finding->network_count,
                                         .min_pps = scale->least_pps,
                                         .max_pps = MOST_PPS,
                                         .first_pps = scale->first_pps};
    return throughput_new(&spec);
}

static void label_trial(const struct finding *finding, const struct load *load)
{
    const char *topology = topology_name(keeper_topology(&finding->keeper, load->place));
    char pps[48];
    text_group_digits(load->pps, 0, pps);
    if (load->use == LOAD_PROBE) {
        progress_label("%s, %u bytes: finding saturation", topology, load->length);
        return;
    }
    progress_label("%s, %u bytes, %s pps; about %.0f s left for this length", topology,
                   load->length, pps, ceil(throughput_remaining_s(finding->search)));
}

// Keeps a trial as a point. Loads that only look for saturation are too short to be points.
static int keep_trial(struct finding *finding, const struct load *load, struct point *point,
                      struct error *err)
{
    struct job_state *state = finding->state;
    if (load->use != LOAD_POINT) {
        return 0;
    }
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

static int try_load(struct finding *finding, const struct load *load, struct error *err)
{
    _cleanup_point_ struct point point = {0};
    struct outcome outcome;
    int rc = keeper_try(&finding->keeper, load, &point, &outcome, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ struct network_outcome *networks =
        memory_new_array(struct network_outcome, point.network_count);
    for (size_t i = 0; i < point.network_count; i++) {
        networks[i] = (struct network_outcome){point.networks[i].tx, point.networks[i].lost};
    }
    outcome.networks = point.network_count == finding->network_count ? networks : NULL;
    outcome.network_count = point.network_count;
    (void)search_tell(finding->search, load, &outcome);
    if (!point.valid) {
        log_note("search", "%s", point.why_invalid);
    }
    return keep_trial(finding, load, &point, err);
}

static int find_bounds(struct finding *finding, struct error *err)
{
    const struct job *job = finding->state->job;
    uint64_t until = job->time_limit_s == 0
                         ? UINT64_MAX
                         : clock_monotonic_ns() + (uint64_t)job->time_limit_s * NS_PER_S;
    struct load load;
    while (clock_monotonic_ns() < until && search_next(finding->search, &load)) {
        int rc = stop_requested() ? fail_interrupted(err)
                                  : keeper_open(&finding->keeper, load.place, err);
        if (rc < 0) {
            return rc;
        }
        label_trial(finding, &load);
        if ((rc = try_load(finding, &load, err)) < 0) {
            return rc;
        }
    }
    return 0;
}

// Makes the label of a stream of packets, as network_label(): first all networks' from source to
// sink, then those from sink to source.
static char *make_stream_label(const struct scenario *scenario, size_t stream)
{
    size_t number = stream;
    size_t reverse = scenario->network_count;
    for (size_t i = 0; stream >= scenario->network_count && i < scenario->network_count; i++) {
        if (scenario->networks[i].directions == DIRECTIONS_BOTH && reverse++ == stream) {
            number = i;
        }
    }
    const struct scenario_network *network = &scenario->networks[number];
    return network->directions == DIRECTIONS_ONE
               ? text_copy(network->name)
               : text_format("%s %s", network->name, number == stream ? "forward" : "reverse");
}

static void note_results(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    for (size_t n = 0; n < finding->network_count; n++) {
        for (size_t g = 0; g < job->goal_count; g++) {
            struct throughput_result result = throughput_result(finding->search, n, g);
            enum topology topology = keeper_topology(&finding->keeper, finding->place);
            struct found found = {
                .topology = text_copy(topology_name(topology)),
                .network = make_stream_label(job->scenario, n),
                .goal = text_copy(job->goals[g].name),
                .rule = goal_rule_name(job->goals[g].rule),
                .length = finding->length,
                .loss_ratio = job->goals[g].loss_ratio,
                .lower_pps = result.lower_pps,
                .upper_pps = result.upper_pps,
                .conditional_pps = result.conditional_pps,
                .regular = result.end == THROUGHPUT_REGULAR,
                .end = throughput_end_text(result.end),
                .beyond =
                    result.end == THROUGHPUT_TESTER_LIMIT || result.end == THROUGHPUT_MAX_LOAD,
                .disturbed = result.end == THROUGHPUT_DISTURBED,
                .trial_s = throughput_trial_s(finding->search),
                .trials = throughput_trials(finding->search),
            };
            found_list_add(job->found, &found);
        }
    }
}

static int find_all(struct finding *finding, struct error *err)
{
    const struct scenario *scenario = finding->state->job->scenario;
    size_t lengths = scenario->traffic.length_count;
    finding->network_count = scenario_stream_count(scenario);
    for (unsigned place = 0; place < scenario->topology_count; place++) {
        for (size_t i = 0; i < lengths; i++) {
            finding->place = place;
            finding->length = scenario->traffic.lengths[i];
            finding->shown = 0;
            finding->search = make_search(finding);
            int rc = find_bounds(finding, err);
            note_results(finding);
            search_free(steal_pointer(&finding->search));
            if (rc < 0) {
                return rc;
            }
        }
    }
    return 0;
}

int run_find(struct job_state *state, struct error *err)
{
    struct finding finding = {.state = state, .keeper = {.state = state}};
    const struct scenario *scenario = state->job->scenario;
    size_t searches = scenario->topology_count * scenario->traffic.length_count;
    progress_start(stderr, searches * TRIALS_EXPECTED);
    log_set_interruption(progress_interrupt, progress_resume);
    int rc = find_all(&finding, err);
    int closed = keeper_close(&finding.keeper, rc < 0 ? NULL : err);
    progress_finish();
    log_set_interruption(NULL, NULL);
    rc = rc < 0 ? rc : closed;
    if (rc < 0 && rc != -EINTR) {
        error_context(err, "%s", topology_name(keeper_topology(&finding.keeper, finding.place)));
    }
    state->planned = state->points.count;
    json_object_set_new(state->run, "search", found_to_json(state->job->found));
    return rc;
}
