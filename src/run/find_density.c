// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * run/find_density — service density: what each router carries while 1, 2, 4, … and at last all
 * routers of the scenario are loaded at once. Each number is a search for the rate in a testbed
 * with so many routers. Called by find.c.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/ranks.h"
#include "run/find.h"

#define SAME_LOAD 0.001 // relative difference up to which loads are equal

// ---- a part of a scenario

// The scenario with its first routers only, and the networks of these. Refers to the whole one, but
// for the name and the list of networks.
static struct scenario part_of(const struct scenario *whole, size_t routers)
{
    struct scenario part = *whole;
    part.name = text_format("%s-x%zu", whole->name, routers);
    part.router_count = routers;
    part.networks = memory_new_array(struct scenario_network, whole->network_count);
    part.network_count = 0;
    for (size_t i = 0; i < whole->network_count; i++) {
        if (whole->networks[i].router < routers) {
            part.networks[part.network_count++] = whole->networks[i];
        }
    }
    return part;
}

static void part_clear(struct scenario *part)
{
    free(part->name);
    free(part->networks);
}

// ---- rows

// Whether both rows are of the same topology, length and goal.
static bool is_like(const struct found *one, const struct found *other)
{
    return one->length == other->length && text_equal(one->topology, other->topology) &&
           text_equal(one->goal, other->goal);
}

static struct found *find_row(const struct found_list *rows, const struct found *like,
                              unsigned routers)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->items[i].routers == routers && is_like(&rows->items[i], like)) {
            return &rows->items[i];
        }
    }
    return NULL;
}

// The least of two bounds, of which NAN is none.
static double least_lower(double one, double other)
{
    return isnan(one) || isnan(other) ? (double)NAN : fmin(one, other);
}

// All networks have the same load: the one that carries least limits all of them.
static void join_network(struct found *row, const struct found *network)
{
    bool limits = fmin(network->upper_pps, row->upper_pps) != row->upper_pps;
    if (limits || (isnan(network->lower_pps) && !isnan(row->lower_pps))) {
        free(row->network);
        row->network = text_copy(network->network);
    }
    if (row->regular && !network->regular) {
        row->end = network->end;
    }
    row->networks++;
    row->lower_pps = least_lower(row->lower_pps, network->lower_pps);
    row->upper_pps = fmin(row->upper_pps, network->upper_pps); // of a NAN the other one
    row->regular = row->regular && network->regular;
    row->beyond = row->beyond && network->beyond;
    row->disturbed = row->disturbed || network->disturbed;
}

static struct found found_copy(const struct found *found)
{
    struct found copy = *found;
    copy.topology = text_copy(found->topology);
    copy.network = text_copy(found->network);
    copy.goal = text_copy(found->goal);
    copy.unstable = found->unstable == NULL ? NULL : text_copy(found->unstable);
    return copy;
}

// Medians of the CPU of host, and of host and routers, over the valid trials at the lower bound.
static void note_cpu(const struct point_list *points, const char *scenario, struct found *row)
{
    _cleanup_free_ double *host = memory_new_array(double, points->count);
    _cleanup_free_ double *all = memory_new_array(double, points->count);
    size_t hosts = 0;
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (!point->valid || point->length != row->length ||
            !text_equal(point->scenario, scenario) || !text_equal(point->topology, row->topology) ||
            !(fabs(point->requested_pps - row->lower_pps) <= SAME_LOAD * row->lower_pps)) {
            continue;
        }
        const struct cpu_result *cpu = point_cpu(point, "host");
        all[count++] = point->cpu_total_percent;
        if (cpu != NULL) {
            host[hosts++] = cpu->percent;
        }
    }
    row->host_percent = ranks_median(host, hosts);
    row->dut_percent = ranks_median(all, count);
}

// Adds a row for each topology, length and goal that a search for the rates of a part found.
static void add_rows(const struct found_list *rates, const struct scenario *part,
                     const struct point_list *points, struct found_list *rows)
{
    unsigned routers = (unsigned)part->router_count;
    for (size_t i = 0; i < rates->count; i++) {
        struct found *row = find_row(rows, &rates->items[i], routers);
        if (row != NULL) {
            join_network(row, &rates->items[i]);
            continue;
        }
        struct found added = found_copy(&rates->items[i]);
        added.of = FOUND_DENSITY;
        added.routers = routers;
        added.networks = 1;
        found_list_add(rows, &added);
    }
    for (size_t i = 0; i < rows->count; i++) {
        struct found *row = &rows->items[i];
        if (row->routers != routers) {
            continue;
        }
        const struct found *alone = find_row(rows, row, 1);
        note_cpu(points, part->name, row);
        if (alone != NULL) {
            row->share_low = row->lower_pps / alone->upper_pps;
            row->share_high = row->upper_pps / alone->lower_pps;
        }
    }
}

// Adds the rows to the results: those of a topology, length and goal one after the other.
static void list_rows(const struct found_list *rows, struct found_list *ret)
{
    for (size_t i = 0; i < rows->count; i++) {
        for (size_t k = 0; rows->items[i].routers == 1 && k < rows->count; k++) {
            if (is_like(&rows->items[i], &rows->items[k])) {
                struct found row = found_copy(&rows->items[k]);
                found_list_add(ret, &row);
            }
        }
    }
}

// One search, with so many routers. Adds its rows also if it fails.
static int find_part(struct job_state *state, size_t routers, struct found_list *rows,
                     struct error *err)
{
    const struct job *whole = state->job;
    struct found_list rates = {0};
    struct scenario part = part_of(whole->scenario, routers);
    struct job job = *whole;
    job.scenario = &part;
    job.of = FOUND_RATE;
    job.found = &rates;
    job.unchecked = whole->unchecked || routers > 1; // the check is of the machine
    state->job = &job;
    int rc = find_scenario(state, err);
    state->job = whole;
    add_rows(&rates, &part, &state->points, rows);
    found_list_clear(&rates);
    part_clear(&part);
    return rc;
}

int find_density(struct job_state *state, struct error *err)
{
    const struct job *job = state->job;
    size_t all = job->scenario->router_count;
    struct found_list rows = {0};
    int rc = 0;
    for (size_t routers = 1; rc == 0 && routers <= all;
         routers = routers < all && routers * 2 > all ? all : routers * 2) {
        rc = find_part(state, routers, &rows, err);
        if (rc < 0 && rc != -EINTR) {
            error_context(err, "%zu routers", routers);
        }
    }
    list_rows(&rows, job->found);
    found_list_clear(&rows);
    return rc;
}
