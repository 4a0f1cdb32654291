// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/costs — the CPU time of a packet by topology and length (advice.h).
 *
 * The points of a topology and length give a row: its costs are those at the highest load that
 * loses at most 0.5 %, where threads sleep least without wasting work on packets that are lost
 * later. Between two lengths the costs are interpolated; beyond the measured lengths they are
 * unknown.
 */
#include "advice/advice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mean.h"
#include "base/text.h"

#define KNEE_LOSS   0.005 // loss ratio up to which a load does not saturate
#define TRIALS_MOST 64U   // of a load that are used
#define TRIALS_FEW  3U    // with fewer trials the interval is FEW_WIDTH wide on each side
#define FEW_WIDTH   0.03

void advice_costs_clear(struct advice_costs *costs)
{
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        free(costs->rows[topology]);
    }
    *costs = (struct advice_costs){.counts = {0}};
}

// Whether a point tells the costs of a length: all packets have it, and the host was metered.
static bool is_usable(const struct point *point)
{
    bool usable = point->valid && point->mix == NULL && point->network_count > 0 &&
                  text_equal(point->length_layer, "ip") && point_rx(point) > 0 &&
                  point->duration_s > 0.0 && point_cpu(point, "host") != NULL;
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        usable = usable && network->length == 0 && network->direction == NULL &&
                 !network->tcp.measured && network->router != NULL;
    }
    return usable;
}

static double loss_of(const struct point *point)
{
    const struct undisturbed_result counts = point_undisturbed(point);
    return counts.tx == 0 ? 0.0 : (double)counts.lost / (double)counts.tx;
}

// CPU time of the host, or of all routers, for each packet received.
static double cost_of(const struct point *point, bool host)
{
    double percent = 0.0;
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        const bool is_host = text_equal(cpu->name, "host");
        if (!text_equal(cpu->name, "tester") && is_host == host) {
            percent += cpu->percent;
        }
    }
    return percent / 100.0 * 1e9 * point->duration_s / (double)point_rx(point);
}

static bool is_alike(const struct point *a, const struct point *b)
{
    return text_equal(a->topology, b->topology) && a->length == b->length;
}

static struct advice_range range_of(const double *values, size_t count)
{
    const struct mean mean = mean_of(values, count);
    const double width = count < TRIALS_FEW ? FEW_WIDTH * mean.value : 0.0;
    return (struct advice_range){.value = mean.value,
                                 .low = fmax(0.0, fmin(mean.low, mean.value - width)),
                                 .high = fmax(mean.high, mean.value + width)};
}

// The costs of the points that are like `first`; false if each of them saturates.
static bool make_row(const struct point_list *points, const struct point *first,
                     struct advice_cost *ret)
{
    const struct point *knee = NULL;
    const struct point *lightest = NULL;
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (!is_usable(point) || !is_alike(point, first)) {
            continue;
        }
        if (loss_of(point) <= KNEE_LOSS &&
            (knee == NULL || point_offered_pps(point) > point_offered_pps(knee))) {
            knee = point;
        }
        if (lightest == NULL || point_offered_pps(point) < point_offered_pps(lightest)) {
            lightest = point;
        }
    }
    if (knee == NULL) {
        return false;
    }
    double host[TRIALS_MOST];
    double router[TRIALS_MOST];
    double loss[TRIALS_MOST];
    size_t count = 0;
    for (size_t i = 0; count < TRIALS_MOST && i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (is_usable(point) && is_alike(point, first) && loss_of(point) <= KNEE_LOSS &&
            point->network_count == knee->network_count &&
            fabs(point->requested_pps - knee->requested_pps) <= 1e-6 * knee->requested_pps) {
            host[count] = cost_of(point, true);
            router[count] = cost_of(point, false);
            loss[count] = loss_of(point);
            count++;
        }
    }
    *ret = (struct advice_cost){.length = first->length,
                                .host_ns = range_of(host, count),
                                .router_ns = range_of(router, count),
                                .light_ns = cost_of(lightest, false),
                                .loss = median_of(loss, count)};
    ret->light_ns = fmax(ret->light_ns, ret->router_ns.high);
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const struct advice_cost *one = a;
    const struct advice_cost *two = b;
    return one->length < two->length ? -1 : one->length > two->length;
}

static bool has_row(const struct advice_costs *costs, enum topology topology, unsigned length)
{
    for (size_t i = 0; i < costs->counts[topology]; i++) {
        if (costs->rows[topology][i].length == length) {
            return true;
        }
    }
    return false;
}

int advice_costs_of(const struct point_list *points, struct advice_costs *ret, struct error *err)
{
    struct advice_costs costs = {.counts = {0}};
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        enum topology topology = TOPOLOGY_DIRECT;
        struct advice_cost row;
        if (!is_usable(point) || topology_from_name(point->topology, &topology) < 0 ||
            topology == TOPOLOGY_DIRECT || has_row(&costs, topology, point->length) ||
            !make_row(points, point, &row)) {
            continue;
        }
        const size_t count = costs.counts[topology];
        costs.rows[topology] =
            memory_resize(costs.rows[topology], count + 1, sizeof *costs.rows[topology]);
        costs.rows[topology][count] = row;
        costs.counts[topology]++;
    }
    size_t rows = 0;
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        rows += costs.counts[topology];
        if (costs.counts[topology] > 1) {
            qsort(costs.rows[topology], costs.counts[topology], sizeof *costs.rows[topology],
                  compare_rows);
        }
    }
    if (rows == 0) {
        advice_costs_clear(&costs);
        return fail_input(err,
                          "the runs have no costs: expected valid points with a loss of at most "
                          "0.5 %%, bridged or dedicated, of one length in bytes of the IP packet");
    }
    *ret = costs;
    return 0;
}

static struct advice_range between(const struct advice_range *a, const struct advice_range *b,
                                   double part)
{
    return (struct advice_range){.value = a->value + part * (b->value - a->value),
                                 .low = a->low + part * (b->low - a->low),
                                 .high = a->high + part * (b->high - a->high)};
}

bool advice_cost_at(const struct advice_costs *costs, enum topology topology, unsigned length,
                    struct advice_cost *ret)
{
    const struct advice_cost *rows = costs->rows[topology];
    for (size_t i = 0; i < costs->counts[topology]; i++) {
        if (rows[i].length == length) {
            *ret = rows[i];
            return true;
        }
        if (i > 0 && rows[i].length > length && rows[i - 1].length < length) {
            const double part = (double)(length - rows[i - 1].length) /
                                (double)(rows[i].length - rows[i - 1].length);
            *ret = (struct advice_cost){
                .length = length,
                .host_ns = between(&rows[i - 1].host_ns, &rows[i].host_ns, part),
                .router_ns = between(&rows[i - 1].router_ns, &rows[i].router_ns, part),
                .light_ns = fmax(rows[i - 1].light_ns, rows[i].light_ns),
                .loss = fmax(rows[i - 1].loss, rows[i].loss)};
            return true;
        }
    }
    return false;
}

static void add_part(struct advice_range *sum, const struct advice_range *added, double part)
{
    sum->value += part * added->value;
    sum->low += part * added->low;
    sum->high += part * added->high;
}

bool advice_cost_of_contract(const struct advice_costs *costs, enum topology topology,
                             const struct contract *contract, struct advice_cost *ret)
{
    const struct length_mix *mix = &contract->mix;
    if (mix->part_count == 0) {
        return advice_cost_at(costs, topology, contract->length, ret);
    }
    struct advice_cost sum = {.length = contract->length};
    for (unsigned i = 0; i < mix->part_count; i++) {
        struct advice_cost cost;
        const double part = (double)mix->parts[i].weight / (double)mix->slot_count;
        if (!advice_cost_at(costs, topology, mix->parts[i].length, &cost)) {
            return false;
        }
        add_part(&sum.host_ns, &cost.host_ns, part);
        add_part(&sum.router_ns, &cost.router_ns, part);
        sum.light_ns += part * cost.light_ns;
        sum.loss = fmax(sum.loss, cost.loss);
    }
    *ret = sum;
    return true;
}
