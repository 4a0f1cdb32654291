// SPDX-License-Identifier: GPL-3.0-or-later
// report/steps — see steps.h.
#include "report/steps.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/point_figures.h"
#include "report/ranks.h"
#include "scenario/scenario.h"

#define SAME_LOAD 0.001

bool steps_same_load(double one, double other)
{
    return fabs(one - other) <= SAME_LOAD * other;
}

// A point without figures, of a router that died say, has no networks.
static bool same_networks(const struct point *one, const struct point *other)
{
    return one->network_count == 0 || other->network_count == 0 ||
           one->network_count == other->network_count;
}

bool sweep_has(const struct sweep *sweep, const struct point *point)
{
    const struct point *first = sweep->first;
    return first->length == point->length && text_equal(first->topology, point->topology) &&
           text_equal(first->scenario, point->scenario) &&
           text_equal(first->platform, point->platform) &&
           text_equal(first->engine, point->engine) &&
           text_equal(first->length_layer, point->length_layer) && same_networks(first, point);
}

// The values of the repeats that have a figure; the caller frees them.
static double *step_values(const struct load_step *step, enum point_figure figure, const char *name,
                           size_t *ret_count)
{
    double *values = memory_new_array(double, step->repeats);
    size_t count = 0;
    for (size_t i = 0; i < step->repeats; i++) {
        double value = point_figure(step->points[i], figure, name);
        if (isfinite(value)) {
            values[count++] = value;
        }
    }
    *ret_count = count;
    return values;
}

struct median step_median(const struct load_step *step, enum point_figure figure, const char *name)
{
    size_t count = 0;
    _cleanup_free_ double *values = step_values(step, figure, name, &count);
    return ranks_median_interval(values, count, STEPS_ERROR);
}

size_t step_repeats_needed(const struct load_step *step, enum point_figure figure, const char *name,
                           double width)
{
    size_t count = 0;
    _cleanup_free_ double *values = step_values(step, figure, name, &count);
    return ranks_median_needed(values, count, STEPS_ERROR, width);
}

// The median alone.
static double median(const struct load_step *step, enum point_figure figure, const char *name)
{
    if (step->repeats == 1) {
        double value = point_figure(step->points[0], figure, name);
        return isfinite(value) ? value : (double)NAN;
    }
    size_t count = 0;
    _cleanup_free_ double *values = step_values(step, figure, name, &count);
    return ranks_median(values, count);
}

// Means over the repeats that have the figure.
static double *means(const struct load_step *step, enum point_figure figure,
                     const char *const *names, size_t count)
{
    double *values = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        size_t having = 0;
        for (size_t k = 0; k < step->repeats; k++) {
            double value = point_figure(step->points[k], figure, names[i]);
            sum += isfinite(value) ? value : 0;
            having += isfinite(value) ? 1 : 0;
        }
        values[i] = having == 0 ? (double)NAN : sum / (double)having;
    }
    return values;
}

static double *medians(const struct load_step *step, enum point_figure figure,
                       const char *const *names, size_t count)
{
    double *values = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = median(step, figure, names[i]);
    }
    return values;
}

// The step of the valid points of a load, or of one invalid point.
static struct load_step make_step(const struct sweep *sweep, const struct point *const *points,
                                  size_t repeats)
{
    const char *const *networks = sweep->networks;
    const char *const *routers = sweep->routers;
    const size_t network_count = sweep->network_count;
    const size_t router_count = sweep->router_count;
    struct load_step step = {
        .first = points[0], .points = points, .repeats = repeats, .step = points[0]->step};
    const struct load_step *of = &step;
    step.requested_pps = median(of, POINT_REQUESTED, NULL);
    step.offered_pps = median(of, POINT_OFFERED, NULL);
    step.forwarded_pps = median(of, POINT_FORWARDED, NULL);
    step.loss_ratio = median(of, POINT_LOSS, NULL);
    step.host_percent = median(of, POINT_HOST, NULL);
    step.routers_percent = median(of, POINT_ROUTERS, NULL);
    step.tester_percent = median(of, POINT_TESTER, NULL);
    step.total_percent = median(of, POINT_TOTAL, NULL);
    step.ns_per_packet = median(of, POINT_NS, NULL);
    step.host_ns = median(of, POINT_HOST_NS, NULL);
    step.network_offered = medians(of, POINT_NETWORK_OFFERED, networks, network_count);
    step.network_forwarded = medians(of, POINT_NETWORK_FORWARDED, networks, network_count);
    step.network_loss = medians(of, POINT_NETWORK_LOSS, networks, network_count);
    step.network_delay_p50 = medians(of, POINT_NETWORK_P50, networks, network_count);
    step.network_delay_p99 = medians(of, POINT_NETWORK_P99, networks, network_count);
    step.network_delay_p999 = medians(of, POINT_NETWORK_P999, networks, network_count);
    step.network_goodput = medians(of, POINT_NETWORK_GOODPUT, networks, network_count);
    step.network_retransmits = medians(of, POINT_NETWORK_RETRANSMITS, networks, network_count);
    step.network_rtt = medians(of, POINT_NETWORK_RTT, networks, network_count);
    step.network_rtt_max = medians(of, POINT_NETWORK_RTT_MAX, networks, network_count);
    step.router_percent = medians(of, POINT_ROUTER, routers, router_count);
    step.router_ns = medians(of, POINT_ROUTER_NS, routers, router_count);
    step.place_loss = means(of, POINT_PLACE_LOSS, sweep->places, sweep->place_count);
    return step;
}

static int compare_steps(const void *a, const void *b)
{
    const struct load_step *x = a;
    const struct load_step *y = b;
    double a_load = x->requested_pps > 0.0 ? x->requested_pps : HUGE_VAL; // 0: as fast as possible
    double b_load = y->requested_pps > 0.0 ? y->requested_pps : HUGE_VAL;
    if (a_load != b_load) {
        return a_load < b_load ? -1 : 1;
    }
    return (x->step > y->step) - (x->step < y->step);
}

static void add_name(const char ***names, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (text_equal((*names)[i], name)) {
            return;
        }
    }
    *names = memory_resize(*names, *count + 1, sizeof **names);
    (*names)[(*count)++] = name;
}

static void count_point(struct sweep *sweep, const struct point *point)
{
    sweep->points++;
    sweep->invalid += point->valid ? 0 : 1;
    sweep->unstable = sweep->unstable != NULL ? sweep->unstable : point->unstable;
    for (size_t i = 0; i < point->network_count; i++) {
        add_name(&sweep->networks, &sweep->network_count, network_label(&point->networks[i]));
    }
    for (size_t i = 0; i < point->cpu_count; i++) {
        const char *name = point->cpu[i].name;
        if (!text_equal(name, "host") && !text_equal(name, "tester")) {
            add_name(&sweep->routers, &sweep->router_count, name);
        }
    }
    for (size_t i = 0; i < point->drop_count; i++) {
        if (point->drops[i].count > 0) {
            add_name(&sweep->places, &sweep->place_count, point->drops[i].where);
        }
    }
}

// Compares points of a sweep by step and load; within these by address, which is the order of
// measuring. Several runs of one scenario may have numbered different loads alike.
static int compare_places(const void *a, const void *b)
{
    const struct point *x = *(const struct point *const *)a;
    const struct point *y = *(const struct point *const *)b;
    if (x->step != y->step) {
        return x->step < y->step ? -1 : 1;
    }
    if (x->requested_pps != y->requested_pps) {
        return x->requested_pps < y->requested_pps ? -1 : 1;
    }
    return (x > y) - (x < y);
}

static bool same_step(const struct point *one, const struct point *other)
{
    return one->step == other->step && steps_same_load(one->requested_pps, other->requested_pps);
}

static void sort_steps(struct load_step *steps, size_t count)
{
    if (count > 0) {
        qsort(steps, count, sizeof *steps, compare_steps);
    }
}

// Makes one step from the valid points of each load, and one per invalid point.
static void add_steps(struct sweep *sweep)
{
    const struct point **points = memory_new_array(const struct point *, sweep->points);
    size_t valid = 0;
    size_t invalid = sweep->points - sweep->invalid;
    for (size_t i = 0; i < sweep->points; i++) {
        const struct point *point = sweep->members[i];
        points[point->valid ? valid++ : invalid++] = point;
    }
    if (valid > 0) {
        qsort(points, valid, sizeof(const struct point *), compare_places);
    }
    sweep->by_step = points;
    sweep->steps = memory_new_array(struct load_step, valid);
    for (size_t from = 0; from < valid;) {
        size_t to = from + 1;
        while (to < valid && same_step(points[from], points[to])) {
            to++;
        }
        sweep->steps[sweep->step_count++] = make_step(sweep, &points[from], to - from);
        from = to;
    }
    sweep->invalid_steps = memory_new_array(struct load_step, sweep->invalid);
    for (size_t i = valid; i < sweep->points; i++) {
        sweep->invalid_steps[sweep->invalid_step_count++] = make_step(sweep, &points[i], 1);
    }
    if (valid > 0) {
        sweep->steps = memory_resize(sweep->steps, sweep->step_count, sizeof *sweep->steps);
    }
    sort_steps(sweep->steps, sweep->step_count);
    sort_steps(sweep->invalid_steps, sweep->invalid_step_count);
}

// The sweep of a point, usually that of the previous point; a new one for its first point.
static size_t sweep_of(struct sweep **sweeps, size_t *count, size_t last, const struct point *point)
{
    size_t at = last < *count && sweep_has(&(*sweeps)[last], point) ? last : 0;
    while (at < *count && !sweep_has(&(*sweeps)[at], point)) {
        at++;
    }
    if (at < *count && (*sweeps)[at].first->network_count == 0) {
        (*sweeps)[at].first = point;
    }
    if (at == *count) {
        *sweeps = memory_resize(*sweeps, *count + 1, sizeof **sweeps);
        const struct engine_traits *engine = scenario_engine(point->engine);
        (*sweeps)[(*count)++] = (struct sweep){
            .first = point, .adapts = engine != NULL && (engine->can & ENGINE_ADAPTS) != 0};
    }
    return at;
}

size_t sweeps_compute(const struct point_list *points, struct sweep **ret)
{
    struct sweep *sweeps = NULL;
    size_t count = 0;
    size_t at = 0;
    _cleanup_free_ size_t *places = memory_new_array(size_t, points->count);
    for (size_t i = 0; i < points->count; i++) {
        at = sweep_of(&sweeps, &count, at, &points->items[i]);
        places[i] = at;
        count_point(&sweeps[at], &points->items[i]);
    }
    for (size_t i = 0; i < count; i++) {
        sweeps[i].members = memory_new_array(const struct point *, sweeps[i].points);
    }
    _cleanup_free_ size_t *next = memory_new_array(size_t, count);
    for (size_t i = 0; i < points->count; i++) {
        sweeps[places[i]].members[next[places[i]]++] = &points->items[i];
    }
    for (size_t i = 0; i < count; i++) {
        add_steps(&sweeps[i]);
    }
    *ret = sweeps;
    return count;
}

static void step_clear(struct load_step *step)
{
    free(step->network_offered);
    free(step->network_forwarded);
    free(step->network_loss);
    free(step->network_delay_p50);
    free(step->network_delay_p99);
    free(step->network_delay_p999);
    free(step->network_goodput);
    free(step->network_retransmits);
    free(step->network_rtt);
    free(step->network_rtt_max);
    free(step->router_percent);
    free(step->router_ns);
    free(step->place_loss);
}

// Keeps `most` evenly spread steps, including the first and the last, and the highest.
static size_t steps_thin(struct load_step *steps, size_t count, size_t most)
{
    size_t highest = 0;
    for (size_t i = 1; i < count; i++) {
        highest = steps[i].forwarded_pps > steps[highest].forwarded_pps ? i : highest;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        // The k-th kept step is at k (count - 1) / (most - 1).
        bool wanted = i == 0 || (most > 1 && i * (most - 1) % (count - 1) < most - 1);
        if (wanted || i == highest) {
            steps[kept++] = steps[i];
        } else {
            step_clear(&steps[i]);
        }
    }
    return kept;
}

static double highest_requested(const struct sweep *sweep)
{
    double highest = 0.0;
    for (size_t i = 0; i < sweep->step_count; i++) {
        highest = fmax(highest, sweep->steps[i].requested_pps);
    }
    return highest;
}

enum rate_limit sweep_rate_limit(const struct sweep *sweep, bool saturated)
{
    const double highest = highest_requested(sweep);
    bool tester = false;
    for (size_t i = 0; i < sweep->invalid_step_count; i++) {
        const struct load_step *step = &sweep->invalid_steps[i];
        tester = tester || (step->requested_pps > highest && point_tester_was_limit(step->first));
    }
    return saturated ? RATE_SATURATED : tester ? RATE_TESTER : RATE_OPEN;
}

const char *rate_limit_text(enum rate_limit limit)
{
    static const char *const texts[] = {[RATE_SATURATED] = "highest",
                                        [RATE_TESTER] = "tester limit",
                                        [RATE_OPEN] = "not saturated"};
    return texts[limit];
}

size_t sweep_invalid_above(const struct sweep *sweep)
{
    const double highest = highest_requested(sweep);
    double last = highest;
    size_t count = 0;
    // An invalid step is one point of a load, of which there may be several; they are sorted.
    for (size_t i = 0; !sweep->adapts && i < sweep->invalid_step_count; i++) {
        const double load = sweep->invalid_steps[i].requested_pps;
        if (load > highest && !steps_same_load(load, last)) {
            last = load;
            count++;
        }
    }
    return count;
}

double sweep_median_over(const struct sweep *sweep,
                         double (*of)(const struct point *point, const char *name),
                         const char *name)
{
    _cleanup_free_ double *values = memory_new_array(double, sweep->points);
    size_t count = 0;
    for (size_t i = 0; i < sweep->points; i++) {
        const double value = of(sweep->members[i], name);
        if (isfinite(value)) {
            values[count++] = value;
        }
    }
    return ranks_median(values, count);
}

double step_goodput(const struct sweep *sweep, const struct load_step *step)
{
    double sum = 0.0;
    for (size_t i = 0; i < sweep->network_count; i++) {
        sum += step->network_goodput[i];
    }
    return sum;
}

const struct load_step *sweep_best_goodput(const struct sweep *sweep)
{
    const struct load_step *best = NULL;
    for (size_t i = 0; i < sweep->step_count; i++) {
        double goodput = step_goodput(sweep, &sweep->steps[i]);
        bool better = isfinite(goodput) && (best == NULL || goodput > step_goodput(sweep, best));
        best = better ? &sweep->steps[i] : best;
    }
    return best;
}

void sweeps_thin(struct sweep *sweeps, size_t count, size_t most)
{
    for (size_t i = 0; i < count; i++) {
        struct sweep *sweep = &sweeps[i];
        if (sweep->step_count > most) {
            sweep->thinned_from = sweep->step_count;
            sweep->step_count = steps_thin(sweep->steps, sweep->step_count, most);
        }
        if (sweep->invalid_step_count > most) {
            sweep->invalid_step_count =
                steps_thin(sweep->invalid_steps, sweep->invalid_step_count, most);
        }
    }
}

static void steps_free(struct load_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        step_clear(&steps[i]);
    }
    free(steps);
}

void sweeps_free(struct sweep *sweeps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        steps_free(sweeps[i].steps, sweeps[i].step_count);
        steps_free(sweeps[i].invalid_steps, sweeps[i].invalid_step_count);
        free(sweeps[i].members);
        free(sweeps[i].by_step);
        free(sweeps[i].networks);
        free(sweeps[i].routers);
        free(sweeps[i].places);
    }
    free(sweeps);
}
