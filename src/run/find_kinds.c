// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/find_kinds — what differs between searches for rates, bursts and caps: how the search is
 * made, and the rows of its results. Called by find.c.
 */
#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "run/find.h"
#include "search/burst.h"
#include "search/cap.h"
#include "search/throughput.h"

#define MOST_PPS 2.0e7

// Least load, and where to begin: a router in an emulated machine may be a hundred times slower.
struct scale {
    double least_pps, first_pps;
};
static const struct scale kernel_scale = {250.0, 32000.0};
static const struct scale machine_scale = {50.0, 1000.0};

double find_offered_pps(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    if (finding->at_pps > 0.0) {
        return finding->at_pps;
    }
    return scenario_profile_pps(&job->at,
                                scenario_mean_length(&job->scenario->traffic, finding->length));
}

static struct search *make_cap_search(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    const struct scenario *scenario = job->scenario;
    const struct cap_spec spec = {.place = finding->place,
                                  .length = finding->length,
                                  .goals = finding->goals,
                                  .goal_count = finding->goal_count,
                                  .router_count = scenario->router_count,
                                  .routers = finding->routers,
                                  .network_count = finding->network_count,
                                  .pps = find_offered_pps(finding),
                                  .most_cap = 100 * scenario->host.cpus};
    return cap_search_new(&spec);
}

static struct search *make_burst_search(const struct finding *finding)
{
    const struct burst_spec spec = {.place = finding->place,
                                    .length = finding->length,
                                    .goals = finding->goals,
                                    .goal_count = finding->goal_count,
                                    .network_count = finding->network_count,
                                    .pps = find_offered_pps(finding),
                                    .throughput_pps = finding->throughput_pps};
    return burst_search_new(&spec);
}

struct search *find_make_search(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    if (finding->of != FOUND_RATE) {
        return finding->of == FOUND_CAP ? make_cap_search(finding) : make_burst_search(finding);
    }
    struct platform_facts facts;
    platform_facts_of_name(job->scenario->platform, &facts);
    bool machines = facts.kind == PLATFORM_MACHINES;
    bool direct = keeper_topology(&finding->keeper, finding->place) == TOPOLOGY_DIRECT;
    platform_facts_clear(&facts);
    const struct scale *scale = machines && !direct ? &machine_scale : &kernel_scale;
    const struct throughput_spec spec = {.place = finding->place,
                                         .length = finding->length,
                                         .goals = finding->goals,
                                         .goal_count = finding->goal_count,
                                         .network_count = finding->network_count,
                                         .apart = job->apart,
                                         .min_pps = scale->least_pps,
                                         .max_pps = MOST_PPS,
                                         .first_pps = scale->first_pps};
    return throughput_new(&spec);
}

const struct search *find_inner_search(const struct finding *finding)
{
    return finding->of == FOUND_CAP     ? cap_search_trials(finding->search)
           : finding->of == FOUND_BURST ? burst_search_trials(finding->search)
                                        : finding->search;
}

char *find_stream_label(const struct scenario *scenario, size_t stream)
{
    size_t number = find_network_of_stream(scenario, stream);
    const struct scenario_network *network = &scenario->networks[number];
    return network->directions == DIRECTIONS_ONE
               ? text_copy(network->name)
               : text_format("%s %s", network->name, number == stream ? "forward" : "reverse");
}

struct found find_begin_row(const struct finding *finding, const struct search_goal *goal)
{
    enum topology topology = keeper_topology(&finding->keeper, finding->place);
    const char *unstable = finding->keeper.unstable[finding->place];
    return (struct found){.of = finding->of,
                          .topology = text_copy(topology_name(topology)),
                          .goal = text_copy(goal->name),
                          .rule = goal_rule_name(goal->rule),
                          .length = finding->length,
                          .unstable = unstable == NULL ? NULL : text_copy(unstable),
                          .loss_ratio = goal->loss_ratio};
}

// A row of a search for bounds.
static struct found begin_bounds(const struct finding *finding, size_t goal)
{
    const struct search *inner = find_inner_search(finding);
    struct found found = find_begin_row(finding, &finding->goals[goal]);
    found.trial_s = throughput_trial_s(inner);
    found.trials = throughput_trials(inner);
    return found;
}

static void note_end(enum throughput_end end, struct found *found)
{
    found->regular = end == THROUGHPUT_REGULAR;
    found->end = throughput_end_text(end);
    found->disturbed = end == THROUGHPUT_DISTURBED;
}

static void note_caps(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    for (size_t r = 0; r < job->scenario->router_count; r++) {
        for (size_t g = 0; cap_search_has(finding->search, r) && g < finding->goal_count; g++) {
            struct cap_result result = cap_search_result(finding->search, r, g);
            struct found found = begin_bounds(finding, g);
            note_end(result.end, &found);
            found.end = cap_end_text(result.end);
            found.router = text_copy(job->scenario->routers[r].name);
            found.at_pps = find_offered_pps(finding);
            found.short_cap = result.short_cap;
            found.enough_cap = result.enough_cap;
            found_list_add(job->found, &found);
        }
    }
}

static void note_bursts(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    double pps = find_offered_pps(finding);
    for (size_t n = 0; n < finding->network_count; n++) {
        for (size_t g = 0; g < finding->goal_count; g++) {
            struct burst_result result = burst_search_result(finding->search, n, g);
            double throughput = finding->throughput_pps[n];
            struct found found = begin_bounds(finding, g);
            note_end(result.end, &found);
            found.end = burst_end_text(result.end);
            found.network = find_stream_label(job->scenario, finding->streams[n]);
            found.at_pps = pps;
            found.throughput_pps = throughput;
            found.carried_frames = result.carried;
            found.lost_frames = result.lost;
            found.implied_s[0] = result.carried / pps;
            found.implied_s[1] = result.lost / pps;
            found.buffer_s[0] = burst_buffer_s(result.carried, pps, throughput);
            found.buffer_s[1] = burst_buffer_s(result.lost, pps, throughput);
            found_list_add(job->found, &found);
        }
    }
}

static void note_rates(const struct finding *finding)
{
    const struct job *job = finding->state->job;
    for (size_t n = 0; n < finding->network_count; n++) {
        for (size_t g = 0; g < finding->goal_count; g++) {
            struct throughput_result result = throughput_result(finding->search, n, g);
            struct found found = begin_bounds(finding, g);
            note_end(result.end, &found);
            found.network = find_stream_label(job->scenario, finding->streams[n]);
            found.lower_pps = result.lower_pps;
            found.upper_pps = result.upper_pps;
            found.conditional_pps = result.conditional_pps;
            found.beyond =
                result.end == THROUGHPUT_TESTER_LIMIT || result.end == THROUGHPUT_MAX_LOAD;
            found_list_add(job->found, &found);
        }
    }
}

void find_note_results(const struct finding *finding)
{
    if (finding->of == FOUND_CAP) {
        note_caps(finding);
    } else if (finding->of == FOUND_BURST) {
        note_bursts(finding);
    } else {
        note_rates(finding);
    }
}
