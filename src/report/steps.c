// SPDX-License-Identifier: GPL-3.0-or-later
// report/steps — see steps.h.
#include "report/steps.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

static bool same_sweep(const struct point *a, const struct point *b)
{
    return a->length == b->length && text_equal(a->topology, b->topology) &&
           text_equal(a->scenario, b->scenario) && text_equal(a->platform, b->platform) &&
           text_equal(a->engine, b->engine) && text_equal(a->length_layer, b->length_layer);
}

// One figure of a point; `at` picks the network or router where there is one for each.
typedef double figure(const struct sweep *sweep, const struct point *point, size_t at);

static const struct network_result *find_network(const struct point *point, const char *name)
{
    for (size_t i = 0; i < point->network_count; i++) {
        if (text_equal(point->networks[i].name, name)) {
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
    uint64_t tx = point_tx(point);
    return tx == 0 ? (double)NAN : (double)point_lost(point) / (double)tx;
}

static double percent_of(const struct point *point, const char *name)
{
    const struct cpu_result *cpu = point_cpu(point, name);
    return cpu == NULL ? (double)NAN : cpu->percent;
}

static double network_loss(const struct sweep *sweep, const struct point *point, size_t at)
{
    const struct network_result *network = find_network(point, sweep->networks[at]);
    bool sent = network != NULL && network->tx > 0;
    return sent ? (double)network->lost / (double)network->tx : (double)NAN;
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

// CPU time of one figure: its ns a packet times the packets received through it.
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

static int compare_reals(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

// The valid points of one step of a sweep, or one invalid one.
struct repeats {
    const struct sweep *sweep;
    const struct point **points;
    size_t count;
};

// Median over the repeats that have the figure; of an even number the mean of the middle two.
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
    if (count == 0) {
        return (double)NAN;
    }
    qsort(values, count, sizeof *values, compare_reals);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
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
        .network_delay_p50 = medians(repeats, network_p50, sweep->network_count),
        .network_delay_p99 = medians(repeats, network_p99, sweep->network_count),
        .router_percent = medians(repeats, router, sweep->router_count),
        .router_ns = medians(repeats, router_ns, sweep->router_count),
        .place_loss = means(repeats, place_loss, sweep->place_count),
    };
}

static int compare_steps(const void *a, const void *b)
{
    const struct load_step *x = a;
    const struct load_step *y = b;
    if (x->requested_pps != y->requested_pps) {
        return x->requested_pps < y->requested_pps ? -1 : 1;
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
    for (size_t i = 0; i < point->network_count; i++) {
        add_name(&sweep->networks, &sweep->network_count, point->networks[i].name);
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

// Gathers a sweep's valid points of the same step as `first`, unless an earlier one had it.
static bool gather(const struct point_list *points, size_t first, struct repeats *repeats)
{
    const struct point *of = &points->items[first];
    repeats->count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (point->valid && point->step == of->step && same_sweep(point, of)) {
            if (i < first) {
                return false;
            }
            repeats->points[repeats->count++] = point;
        }
    }
    return repeats->count > 0;
}

// One step an invalid point, as if it were the only one.
static void add_invalid(const struct point_list *points, struct sweep *sweep)
{
    sweep->invalid_steps = memory_new_array(struct load_step, sweep->invalid);
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (!point->valid && same_sweep(point, sweep->first)) {
            const struct repeats alone = {sweep, &point, 1};
            sweep->invalid_steps[count++] = make_step(&alone);
        }
    }
    if (count > 0) {
        qsort(sweep->invalid_steps, count, sizeof *sweep->invalid_steps, compare_steps);
    }
}

static void add_steps(const struct point_list *points, struct sweep *sweep)
{
    _cleanup_free_ const struct point **room =
        memory_new_array(const struct point *, points->count);
    struct repeats repeats = {sweep, room, 0};
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (point->valid && same_sweep(point, sweep->first) && gather(points, i, &repeats)) {
            size_t count = sweep->step_count + 1;
            sweep->steps = memory_resize(sweep->steps, count, sizeof *sweep->steps);
            sweep->steps[sweep->step_count++] = make_step(&repeats);
        }
    }
    if (sweep->step_count > 0) {
        qsort(sweep->steps, sweep->step_count, sizeof *sweep->steps, compare_steps);
    }
}

size_t sweeps_compute(const struct point_list *points, struct sweep **ret)
{
    struct sweep *sweeps = NULL;
    size_t count = 0;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        size_t at = 0;
        while (at < count && !same_sweep(sweeps[at].first, point)) {
            at++;
        }
        if (at == count) {
            sweeps = memory_resize(sweeps, count + 1, sizeof *sweeps);
            sweeps[count++] = (struct sweep){.first = point};
        }
        count_point(&sweeps[at], point);
    }
    for (size_t i = 0; i < count; i++) {
        add_steps(points, &sweeps[i]);
        add_invalid(points, &sweeps[i]);
    }
    *ret = sweeps;
    return count;
}

static void steps_free(struct load_step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(steps[i].network_offered);
        free(steps[i].network_forwarded);
        free(steps[i].network_loss);
        free(steps[i].network_delay_p50);
        free(steps[i].network_delay_p99);
        free(steps[i].router_percent);
        free(steps[i].router_ns);
        free(steps[i].place_loss);
    }
    free(steps);
}

void sweeps_free(struct sweep *sweeps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        steps_free(sweeps[i].steps, sweeps[i].step_count);
        steps_free(sweeps[i].invalid_steps, sweeps[i].invalid);
        free(sweeps[i].networks);
        free(sweeps[i].routers);
        free(sweeps[i].places);
    }
    free(sweeps);
}
