// SPDX-License-Identifier: GPL-3.0-or-later
// run/forecast — see forecast.h. Called by `vrbench run --dry-run`.
#include "run/forecast.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "result/platform_facts.h"
#include "run/parts.h"

// Estimates for settling, reading counters and storing, not measured: the time is printed as
// "about".
#define AROUND_POINT_S    0.25
#define FINDING_S         4.0 // short trials that find saturation
#define TOPOLOGY_S        0.5 // building and removing a testbed
#define TOPOLOGY_GUESTS_S 12.0
#define STUDY_PAUSE_S     35.0

static double around_point(const struct job *job)
{
    return job->study_timing ? STUDY_PAUSE_S : AROUND_POINT_S + (double)job->pause_s;
}

static struct forecast_row forecast_row(const struct job *job, size_t place, size_t k)
{
    const struct scenario_traffic *traffic = &job->scenario->traffic;
    _cleanup_free_ double *pps = NULL;
    struct forecast_row row = {.topology = job->scenario->topologies[place],
                               .length = traffic->lengths[k],
                               .trial_s = (double)job_duration(job) / (double)NS_PER_S};
    row.loads = traffic->rates.kind == RATES_AUTO ? job_load_count(job, traffic->rates.auto_points)
                                                  : scenario_rates(traffic, row.length, &pps);
    if (traffic->rates.kind == RATES_AUTO) {
        row.about_s += FINDING_S;
    } else {
        row.loads = job_thin(job, pps, row.loads);
        row.lowest_pps = pps[0];
        row.highest_pps = pps[row.loads - 1];
    }
    row.points = row.loads * traffic->repeats;
    row.about_s += (double)row.points * (row.trial_s + around_point(job));
    return row;
}

size_t forecast_make(const struct job *job, struct forecast_row **ret)
{
    const struct scenario *scenario = job->scenario;
    size_t lengths = scenario->traffic.length_count;
    struct forecast_row *rows =
        memory_new_array(struct forecast_row, scenario->topology_count * lengths);
    struct platform_facts facts;
    platform_facts_of_name(scenario->platform, &facts);
    double build_s = facts.kind == PLATFORM_MACHINES ? TOPOLOGY_GUESTS_S : TOPOLOGY_S;
    platform_facts_clear(&facts);
    for (size_t i = 0; i < scenario->topology_count; i++) {
        for (size_t k = 0; k < lengths; k++) {
            rows[i * lengths + k] = forecast_row(job, i, k);
        }
        rows[i * lengths].about_s +=
            build_s + (double)stability_duration(job, (unsigned)i) / (double)NS_PER_S;
    }
    *ret = rows;
    return scenario->topology_count * lengths;
}
