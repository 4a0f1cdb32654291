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

// Fills in the number of loads, the lowest and the highest; `loads` are those of another run, or
// NULL.
static void fill_loads(const struct job *job, const json_t *loads, struct forecast_row *row)
{
    const struct scenario_traffic *traffic = &job->scenario->traffic;
    const json_t *given = job_loads_of(loads, row->topology, row->length);
    _cleanup_free_ double *pps = NULL;
    if (given != NULL) {
        row->loads = json_array_size(given);
        row->lowest_pps = json_number_value(json_array_get(given, 0));
        row->highest_pps = json_number_value(json_array_get(given, row->loads - 1));
    } else if (traffic->rates.kind == RATES_AUTO) {
        row->loads = job_load_count(job, traffic->rates.auto_points);
        row->about_s += FINDING_S;
    } else {
        row->loads = scenario_rates(traffic, row->length, &pps);
        row->loads = job_thin(job, pps, row->loads);
        row->lowest_pps = pps[0];
        row->highest_pps = pps[row->loads - 1];
    }
}

static struct forecast_row forecast_row(const struct job *job, const json_t *loads, size_t place,
                                        size_t k)
{
    const struct scenario_traffic *traffic = &job->scenario->traffic;
    struct forecast_row row = {.topology = job->scenario->topologies[place],
                               .length = traffic->lengths[k],
                               .trial_s = (double)job_duration(job) / (double)NS_PER_S};
    fill_loads(job, loads, &row);
    row.refined = row.topology == TOPOLOGY_DIRECT ? 0 : job_refine(job).most;
    row.points = (row.loads + row.refined) * traffic->repeats;
    row.about_s += (double)row.points * (row.trial_s + around_point(job));
    return row;
}

int forecast_make(const struct job *job, struct forecast_row **ret, size_t *ret_count,
                  struct error *err)
{
    const struct scenario *scenario = job->scenario;
    size_t lengths = scenario->traffic.length_count;
    json_t *loads = NULL;
    int rc = job_loads_read(job, &loads, err);
    if (rc < 0) {
        return rc;
    }
    struct forecast_row *rows =
        memory_new_array(struct forecast_row, scenario->topology_count * lengths);
    struct platform_facts facts;
    platform_facts_of_name(scenario->platform, &facts);
    double build_s = facts.kind == PLATFORM_MACHINES ? TOPOLOGY_GUESTS_S : TOPOLOGY_S;
    platform_facts_clear(&facts);
    for (size_t i = 0; i < scenario->topology_count; i++) {
        for (size_t k = 0; k < lengths; k++) {
            rows[i * lengths + k] = forecast_row(job, loads, i, k);
        }
        rows[i * lengths].about_s +=
            build_s + (double)stability_duration(job, (unsigned)i) / (double)NS_PER_S;
    }
    json_decref(loads);
    *ret = rows;
    *ret_count = scenario->topology_count * lengths;
    return 0;
}
