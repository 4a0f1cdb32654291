// SPDX-License-Identifier: GPL-3.0-or-later
// report/steps — see steps.h.
#include "report/steps.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/ranks.h"
#include "scenario/scenario.h"

bool sweep_has(const struct sweep *sweep, const struct point *point)
{
    const struct point *first = sweep->first;
    return first->length == point->length && text_equal(first->topology, point->topology) &&
           text_equal(first->scenario, point->scenario) &&
           text_equal(first->platform, point->platform) &&
           text_equal(first->engine, point->engine) &&
           text_equal(first->length_layer, point->length_layer);
}

// One figure of a point; `at` selects the network or router of figures that each of them has.
typedef double figure(const struct sweep *sweep, const struct point *point, size_t at);

static const struct network_result *find_network(const struct point *point, const char *name)
{
    for (size_t i = 0; i < point->network_count; i++) {
        if (text_equal(network_label(&point->networks[i]), name)) {
            return &point->networks[i];
        }
    }
    return NULL;
}

static double requested(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)sweep, (void)at;
    return point->requested_pps;
}

static double network_offered(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct network_result *network = find_network(point, sweep->networks[at]);
    return network == NULL ? (double)NAN : network->offered_pps;
}

static double network_forwarded(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct network_result *network = find_network(point, sweep->networks[at]);
    return network == NULL ? (double)NAN : network->forwarded_pps;
}

// Sum over the networks that have the figure; NaN if none has.
static double sum_networks(const struct sweep *sweep, const struct point *point, figure *of)
{
    double sum = (double)NAN;
    for (size_t i = 0; i < sweep->network_count; i++) {
        double one = of(sweep, point, i);
        if (isfinite(one)) {
            sum = isnan(sum) ? one : sum + one;
        }
    }
    return sum;
}

static double offered(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)at;
    return sum_networks(sweep, point, network_offered);
}

static double forwarded(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)at;
    return sum_networks(sweep, point, network_forwarded);
}

static double loss_ratio(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)sweep, (void)at;
    struct undisturbed_result counts = point_undisturbed(point);
    return counts.tx == 0 ? (double)NAN : (double)counts.lost / (double)counts.tx;
}

static double percent_of(const struct point *point, const char *name)
{
    const struct cpu_result *cpu = point_cpu(point, name);
    return cpu == NULL ? (double)NAN : cpu->percent;
}

static double network_loss(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct network_result *network = find_network(point, sweep->networks[at]);
    if (network == NULL || network->tx == 0) {
        return (double)NAN;
    }
    struct undisturbed_result counts = network_undisturbed(network);
    return (double)counts.lost / (double)counts.tx;
}

static double network_p50(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct network_result *network = find_network(point, sweep->networks[at]);
    bool measured = network != NULL && network->delay_ns.measured;
    return measured ? (double)network->delay_ns.p50 : (double)NAN;
}

static double network_p99(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct network_result *network = find_network(point, sweep->networks[at]);
    bool measured = network != NULL && network->delay_ns.measured;
    return measured ? (double)network->delay_ns.p99 : (double)NAN;
}

static const struct tcp_result *find_tcp(const struct sweep *sweep, const struct point *point,
                                         size_t at)
{
    const struct network_result *network = find_network(point, sweep->networks[at]);
    return network == NULL || !network->tcp.measured ? NULL : &network->tcp;
}

static double network_goodput(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct tcp_result *tcp = find_tcp(sweep, point, at);
    return tcp == NULL ? (double)NAN : tcp->goodput_bps;
}

static double network_retransmits(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct tcp_result *tcp = find_tcp(sweep, point, at);
    return tcp == NULL ? (double)NAN : (double)tcp->retransmits;
}

static double network_rtt(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct tcp_result *tcp = find_tcp(sweep, point, at);
    return tcp == NULL || !tcp->rtt_ns.measured ? (double)NAN : (double)tcp->rtt_ns.mean;
}

static double network_rtt_max(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct tcp_result *tcp = find_tcp(sweep, point, at);
    return tcp == NULL || !tcp->rtt_ns.measured ? (double)NAN : (double)tcp->rtt_ns.max;
}

static double place_loss(const struct sweep *sweep, const struct point *point, size_t at)
{
    uint64_t tx = point_tx(point);
    double count = 0;
    for (size_t i = 0; i < point->drop_count; i++) {
        if (text_equal(point->drops[i].where, sweep->places[at])) {
            count += (double)point->drops[i].count;
        }
    }
    return tx == 0 ? (double)NAN : count / (double)tx;
}

static double host(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)sweep, (void)at;
    return percent_of(point, "host");
}

static double tester(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)sweep, (void)at;
    return percent_of(point, "tester");
}

static double router(const struct sweep *sweep, const struct point *point, size_t at)
{
    return percent_of(point, sweep->routers[at]);
}

static double ns_of(const struct point *point, const char *name)
{
    const struct cpu_result *cpu = point_cpu(point, name);
    return cpu == NULL || !cpu->has_ns_per_packet ? (double)NAN : cpu->ns_per_packet;
}

static double host_ns(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)sweep, (void)at;
    return ns_of(point, "host");
}

static double router_ns(const struct sweep *sweep, const struct point *point, size_t at)
{
    return ns_of(point, sweep->routers[at]);
}

static double routers(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)at;
    double sum = 0;
    for (size_t i = 0; i < sweep->router_count; i++) {
        sum += percent_of(point, sweep->routers[i]);
    }
    return sweep->router_count == 0 ? (double)NAN : sum;
}

static double total(const struct sweep *sweep, const struct point *point, size_t at)
{
    bool metered = sweep->router_count > 0 || isfinite(host(sweep, point, at));
    return metered ? point->cpu_total_percent : (double)NAN;
}

// CPU time of one figure: its ns per packet times its received packets.
static double cpu_time_ns(const struct point *point, const struct cpu_result *cpu)
{
    if (!cpu->has_ns_per_packet) {
        return (double)NAN;
    }
    uint64_t packets = 0;
    for (size_t i = 0; i < point->network_count; i++) {
        if (text_equal(cpu->name, "host") || text_equal(point->networks[i].router, cpu->name)) {
            packets += point->networks[i].rx;
        }
    }
    return cpu->ns_per_packet * (double)packets;
}

static double ns_per_packet(const struct sweep *sweep, const struct point *point, size_t at)
{
    (void)sweep, (void)at;
    double sum = (double)NAN;
    uint64_t rx = point_rx(point);
    for (size_t i = 0; i < point->cpu_count && rx > 0; i++) {
        if (!text_equal(point->cpu[i].name, "tester")) {
            double time = cpu_time_ns(point, &point->cpu[i]);
            sum = i == 0 || isnan(sum) ? time : sum + time;
            if (isnan(time)) {
                return (double)NAN;
            }
        }
    }
    return sum / (double)rx;
}

// The valid points of one step of a sweep, or one invalid one.
struct repeats {
    const struct sweep *sweep;
    const struct point **points;
    size_t count;
};

// Median over the repeats that have the figure; the mean of the middle two if their number is even.
static double median(const struct repeats *repeats, figure *of, size_t at)
{
    _cleanup_free_ double *values = memory_new_array(double, repeats->count);
    size_t count = 0;
    for (size_t i = 0; i < repeats->count; i++) {
        double value = of(repeats->sweep, repeats->points[i], at);
        if (isfinite(value)) {
            values[count++] = value;
        }
    }
    return ranks_median(values, count);
}

static double *means(const struct repeats *repeats, figure *of, size_t count)
{
    double *values = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        double sum = 0;
        size_t having = 0;
        for (size_t k = 0; k < repeats->count; k++) {
            double value = of(repeats->sweep, repeats->points[k], i);
            sum += isfinite(value) ? value : 0;
            having += isfinite(value) ? 1 : 0;
        }
        values[i] = having == 0 ? (double)NAN : sum / (double)having;
    }
    return values;
}

static double *medians(const struct repeats *repeats, figure *of, size_t count)
{
    double *values = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        values[i] = median(repeats, of, i);
    }
    return values;
}

// Intervals of medians over the repeats; NaN if no repeat has the figure.
static struct span *spans(const struct repeats *repeats, figure *of, size_t count)
{
    struct span *list = memory_new_array(struct span, count);
    _cleanup_free_ struct span *values = memory_new_array(struct span, repeats->count);
    for (size_t i = 0; i < count; i++) {
        size_t known = 0;
        for (size_t k = 0; k < repeats->count; k++) {
            double value = of(repeats->sweep, repeats->points[k], i);
            if (isfinite(value)) {
                values[known++] = (struct span){value, value};
            }
        }
        list[i] = known == 0 ? (struct span){(double)NAN, (double)NAN}
                             : ranks_of_median(values, known, STEPS_ERROR);
    }
    return list;
}

static struct load_step make_step(const struct repeats *repeats)
{
    const struct sweep *sweep = repeats->sweep;
    return (struct load_step){
        .first = repeats->points[0],
        .step = repeats->points[0]->step,
        .requested_pps = median(repeats, requested, 0),
        .offered_pps = median(repeats, offered, 0),
        .forwarded_pps = median(repeats, forwarded, 0),
        .loss_ratio = median(repeats, loss_ratio, 0),
        .host_percent = median(repeats, host, 0),
        .routers_percent = median(repeats, routers, 0),
        .tester_percent = median(repeats, tester, 0),
        .total_percent = median(repeats, total, 0),
        .ns_per_packet = median(repeats, ns_per_packet, 0),
        .host_ns = median(repeats, host_ns, 0),
        .network_offered = medians(repeats, network_offered, sweep->network_count),
        .network_forwarded = medians(repeats, network_forwarded, sweep->network_count),
        .network_loss = medians(repeats, network_loss, sweep->network_count),
        .network_forwarded_span = spans(repeats, network_forwarded, sweep->network_count),
        .network_loss_span = spans(repeats, network_loss, sweep->network_count),
        .network_delay_p50 = medians(repeats, network_p50, sweep->network_count),
        .network_delay_p99 = medians(repeats, network_p99, sweep->network_count),
        .network_goodput = medians(repeats, network_goodput, sweep->network_count),
        .network_retransmits = medians(repeats, network_retransmits, sweep->network_count),
        .network_rtt = medians(repeats, network_rtt, sweep->network_count),
        .network_rtt_max = medians(repeats, network_rtt_max, sweep->network_count),
        .router_percent = medians(repeats, router, sweep->router_count),
        .router_ns = medians(repeats, router_ns, sweep->router_count),
        .place_loss = means(repeats, place_loss, sweep->place_count),
    };
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

// Compares points of a sweep by step; within a step by address, which is the order of measuring.
static int compare_places(const void *a, const void *b)
{
    const struct point *x = *(const struct point *const *)a;
    const struct point *y = *(const struct point *const *)b;
    if (x->step != y->step) {
        return x->step < y->step ? -1 : 1;
    }
    return (x > y) - (x < y);
}

static void sort_steps(struct load_step *steps, size_t count)
{
    if (count > 0) {
        qsort(steps, count, sizeof *steps, compare_steps);
    }
}

// Makes one step per invalid point.
static void add_invalid(struct sweep *sweep, const struct point **points)
{
    sweep->invalid_steps = memory_new_array(struct load_step, sweep->invalid);
    size_t count = 0;
    for (size_t i = 0; i < sweep->points; i++) {
        if (!points[i]->valid) {
            const struct repeats alone = {sweep, &points[i], 1};
            sweep->invalid_steps[count++] = make_step(&alone);
        }
    }
    sweep->invalid_step_count = count;
    sort_steps(sweep->invalid_steps, count);
}

// Makes one step from the valid points of each load. Reorders `points`, the points of the sweep.
static void add_steps(struct sweep *sweep, const struct point **points)
{
    size_t valid = 0;
    for (size_t i = 0; i < sweep->points; i++) {
        if (points[i]->valid) {
            points[valid++] = points[i];
        }
    }
    if (valid == 0) {
        return;
    }
    qsort(points, valid, sizeof(const struct point *), compare_places);
    sweep->steps = memory_new_array(struct load_step, valid);
    for (size_t from = 0; from < valid;) {
        size_t to = from + 1;
        while (to < valid && points[to]->step == points[from]->step) {
            to++;
        }
        const struct repeats repeats = {sweep, &points[from], to - from};
        sweep->steps[sweep->step_count++] = make_step(&repeats);
        from = to;
    }
    sweep->steps = memory_resize(sweep->steps, sweep->step_count, sizeof *sweep->steps);
    sort_steps(sweep->steps, sweep->step_count);
}

// The sweep of a point, usually that of the previous point; a new one for its first point.
static size_t sweep_of(struct sweep **sweeps, size_t *count, size_t last, const struct point *point)
{
    size_t at = 0;
    if (last < *count && sweep_has(&(*sweeps)[last], point)) {
        return last;
    }
    while (at < *count && !sweep_has(&(*sweeps)[at], point)) {
        at++;
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
    // The points of all sweeps, sweep by sweep.
    _cleanup_free_ const struct point **sorted =
        memory_new_array(const struct point *, points->count);
    _cleanup_free_ size_t *next = memory_new_array(size_t, count);
    for (size_t i = 1; i < count; i++) {
        next[i] = next[i - 1] + sweeps[i - 1].points;
    }
    for (size_t i = 0; i < points->count; i++) {
        sorted[next[places[i]]++] = &points->items[i];
    }
    for (size_t i = 0; i < count; i++) {
        const struct point **own = sorted + (next[i] - sweeps[i].points);
        sweeps[i].members = memory_new_array(const struct point *, sweeps[i].points);
        memcpy(sweeps[i].members, own, sweeps[i].points * sizeof(const struct point *));
        add_invalid(&sweeps[i], own);
        add_steps(&sweeps[i], own);
    }
    *ret = sweeps;
    return count;
}

static void step_clear(struct load_step *step)
{
    free(step->network_offered);
    free(step->network_forwarded);
    free(step->network_loss);
    free(step->network_forwarded_span);
    free(step->network_loss_span);
    free(step->network_delay_p50);
    free(step->network_delay_p99);
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
        free(sweeps[i].networks);
        free(sweeps[i].routers);
        free(sweeps[i].places);
    }
    free(sweeps);
}
