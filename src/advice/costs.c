// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/costs — the CPU time of a packet by topology and length, as a model of measured runs has
 * it (advice.h).
 *
 * The model (docs/prediction.md) gives the cost of a pass in overload. Part of each CPU is not
 * usable: the cost of a row is that of the model divided by the usable part, which follows from the
 * knee of a set-up with a router for each CPU.
 */
#include "advice/advice.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "advice/setup.h"
#include "base/cleanup.h"
#include "base/text.h"
#include "result/bounds.h"

#define HOST_PASSES 2.0                   // of a bridged packet: to the router, and from it
#define KNEE        (MODEL_LOADS / 2 - 1) // of a curve: it goes up to twice the knee

void advice_costs_clear(struct advice_costs *costs)
{
    for (enum topology topology = 0; topology < TOPOLOGY_COUNT; topology++) {
        for (size_t i = 0; i < costs->counts[topology]; i++) {
            free(costs->rows[topology][i].why_unknown);
        }
        free(costs->rows[topology]);
        free(costs->onsets[topology].loads);
        free(costs->onsets[topology].losses);
    }
    *costs = (struct advice_costs){.counts = {0}};
}

static struct advice_range divided(const struct model_figure *figure, double passes, double usable)
{
    return (struct advice_range){.value = passes * figure->value / usable,
                                 .low = passes * figure->low / usable,
                                 .high = passes * figure->high / usable};
}

// Fills in a row from the prediction of a set-up with a router for each CPU.
static void take_prediction(const struct prediction *prediction, const struct model_figure *host,
                            const struct model_figure *router, struct advice_cost *ret)
{
    const struct model_curve *curve = &prediction->curves[0];
    const double both = HOST_PASSES * host->value + router->value;
    // One network for each CPU: a network's knee is what one CPU carries.
    const double usable = fmin(1.0, curve->offered_pps[KNEE] * both / 1e9);
    const double percent = prediction->usages[1].at[0];
    ret->known = true;
    ret->host_ns = divided(host, HOST_PASSES, usable);
    ret->router_ns = divided(router, 1.0, usable);
    ret->light_ns = fmax(ret->router_ns.high, percent * 1e7 / curve->received_pps[0]);
}

static struct advice_cost cost_of_length(const struct model *model,
                                         const struct contracts *contracts, enum topology topology,
                                         unsigned length)
{
    const unsigned cpus = contracts->host.cpus;
    struct advice_cost cost = {.length = length};
    struct model_figure host = {0.0, 0.0, 0.0};
    struct model_figure router = {0.0, 0.0, 0.0};
    _cleanup_prediction_ struct prediction prediction = {.known = false};
    _cleanup_model_setup_ struct model_setup setup =
        setup_of_alike(contracts, topology, cpus, length);
    model_predict(model, &setup, &prediction);
    if (!prediction.known) {
        cost.why_unknown = text_copy(prediction.why_unknown);
    } else if (!model_cost(model, contracts->platform, topology, false, length, &router) ||
               (topology == TOPOLOGY_BRIDGED &&
                !model_cost(model, contracts->platform, topology, true, length, &host))) {
        cost.why_unknown = text_copy("the runs have no such cost");
    } else {
        take_prediction(&prediction, &host, &router, &cost);
    }
    return cost;
}

static const struct advice_cost *find_cost(const struct advice_costs *costs, enum topology topology,
                                           unsigned length)
{
    for (size_t i = 0; i < costs->counts[topology]; i++) {
        if (costs->rows[topology][i].length == length) {
            return &costs->rows[topology][i];
        }
    }
    return NULL;
}

static void add_cost(struct advice_costs *costs, const struct model *model,
                     const struct contracts *contracts, enum topology topology, unsigned length)
{
    if (find_cost(costs, topology, length) == NULL) {
        const size_t count = costs->counts[topology];
        costs->rows[topology] =
            memory_resize(costs->rows[topology], count + 1, sizeof *costs->rows[topology]);
        costs->rows[topology][count] = cost_of_length(model, contracts, topology, length);
        costs->counts[topology]++;
    }
}

// The most routers of a host that the model knows, up to `most`.
static size_t count_known(const struct model *model, const struct contracts *contracts,
                          enum topology topology, size_t most)
{
    const unsigned *length = NULL;
    for (size_t i = 0; length == NULL && i < contracts->count; i++) {
        _cleanup_model_setup_ struct model_setup one =
            setup_of_alike(contracts, topology, 1, contracts->items[i].length);
        length = setup_is_known(model, &one) ? &contracts->items[i].length : NULL;
    }
    if (length == NULL) {
        return most; // no cost is known, either
    }
    size_t known = 1;
    size_t unknown = most + 1;
    while (unknown - known > 1) {
        const size_t tried = known + (unknown - known) / 2;
        _cleanup_model_setup_ struct model_setup setup =
            setup_of_alike(contracts, topology, tried, *length);
        if (setup_is_known(model, &setup)) {
            known = tried;
        } else {
            unknown = tried;
        }
    }
    return known;
}

// ---- the onset of losses

struct measured_load {
    double load, loss;
};

static int compare_loads(const void *a, const void *b)
{
    const struct measured_load *one = a;
    const struct measured_load *two = b;
    if (one->load < two->load || one->load > two->load) {
        return one->load < two->load ? -1 : 1;
    }
    return one->loss < two->loss ? -1 : one->loss > two->loss;
}

// The load of a point as a part of what its CPUs can do, or of what one CPU can do for the busiest
// of its threads if that is more: such a thread loses packets while other CPUs are idle. NaN if it
// is not known. `measured` collects the costs of the points' lengths.
static double load_of(const struct model *model, const struct scenario *scenario,
                      const struct point *point, enum topology topology,
                      const struct contracts *contracts, struct advice_costs *measured)
{
    double busy_ns = 0.0;
    double thread_ns = 0.0;
    for (size_t i = 0; i < point->network_count; i++) {
        const struct network_result *network = &point->networks[i];
        const unsigned length =
            scenario_ip_length(network->length > 0 ? network->length : point->length,
                               scenario->traffic.length_layer, 4);
        add_cost(measured, model, contracts, topology, length);
        const struct advice_cost *cost = find_cost(measured, topology, length);
        if (!cost->known || network->tcp.measured || network->direction != NULL) {
            return (double)NAN;
        }
        const double host_ns = cost->host_ns.value;
        const double router_ns = cost->router_ns.value;
        busy_ns += network->offered_pps * (host_ns + router_ns);
        // A thread bridges to the router, another one from it.
        thread_ns = fmax(thread_ns, network->offered_pps * fmax(router_ns, host_ns / HOST_PASSES));
    }
    return fmax(busy_ns / scenario->host.cpus, thread_ns) / 1e9;
}

static void add_run(const struct model *model, const struct model_run *run,
                    const struct contracts *contracts, enum topology topology,
                    struct advice_costs *measured, struct measured_load **loads, size_t *count)
{
    const struct scenario *scenario = run->scenario;
    if (scenario_is_capped(scenario) || scenario->traffic.rates.kind == RATES_PROFILE ||
        scenario->host.cpus != contracts->host.cpus ||
        !text_equal(scenario->platform, contracts->platform)) {
        return;
    }
    // Only routers that forward and do nothing else, each in a path of its own.
    _cleanup_model_setup_ struct model_setup setup;
    model_setup_make(scenario, topology, scenario->traffic.lengths[0], &setup);
    bool plain = setup.beyond == NULL && setup.work[0] == '\0';
    for (size_t i = 0; i < scenario->network_count; i++) {
        plain = plain && scenario->networks[i].router_count < 2;
    }
    if (!plain) {
        return;
    }
    for (size_t i = 0; i < run->points->count; i++) {
        const struct point *point = &run->points->items[i];
        const struct undisturbed_result counts = point_undisturbed(point);
        if (!point->valid || point->mix != NULL || counts.tx == 0 ||
            !text_equal(point->topology, topology_name(topology))) {
            continue;
        }
        const double load = load_of(model, scenario, point, topology, contracts, measured);
        if (isfinite(load)) {
            *loads = memory_resize(*loads, *count + 1, sizeof **loads);
            (*loads)[(*count)++] =
                (struct measured_load){load, (double)counts.lost / (double)counts.tx};
        }
    }
}

static struct advice_onset onset_of(const struct model *model, const struct model_run *runs,
                                    size_t run_count, const struct contracts *contracts,
                                    enum topology topology)
{
    _cleanup_free_ struct measured_load *loads = NULL;
    _cleanup_costs_ struct advice_costs measured = {.counts = {0}};
    size_t count = 0;
    for (size_t i = 0; i < run_count; i++) {
        add_run(model, &runs[i], contracts, topology, &measured, &loads, &count);
    }
    if (count > 1) {
        qsort(loads, count, sizeof *loads, compare_loads);
    }
    struct advice_onset onset = {.loads = memory_new_array(double, count),
                                 .losses = memory_new_array(double, count),
                                 .count = count};
    for (size_t i = 0; i < count; i++) {
        onset.loads[i] = loads[i].load;
        onset.losses[i] = loads[i].loss;
    }
    return onset;
}

// The loss ratio at a measured load.
static double loss_at(const struct advice_onset *onset, double load)
{
    double loss = 0.0;
    for (size_t i = 0; i < onset->count && onset->loads[i] <= load; i++) {
        loss = onset->losses[i];
    }
    return loss;
}

double advice_usable_part(const struct advice_costs *costs, enum topology topology, double loss)
{
    const struct advice_onset *onset = &costs->onsets[topology];
    if (onset->count == 0) {
        return 1.0;
    }
    const struct bounds bounds = bounds_find(onset->loads, onset->losses, onset->count, loss);
    if (isnan(bounds.low)) {
        return 0.0;
    }
    if (isnan(bounds.high)) {
        return fmin(1.0, bounds.low);
    }
    // Between the two loads the loss is taken to grow linearly.
    const double below = fmin(loss, loss_at(onset, bounds.low));
    const double above = fmax(loss, loss_at(onset, bounds.high));
    const double part = above > below ? (loss - below) / (above - below) : 0.0;
    return fmin(1.0, bounds.low + part * (bounds.high - bounds.low));
}

void advice_costs_of(const struct model *model, const struct model_run *runs, size_t count,
                     const struct contracts *contracts, struct advice_costs *ret)
{
    struct advice_costs costs = {.counts = {0}};
    for (enum topology topology = TOPOLOGY_BRIDGED; topology <= TOPOLOGY_DEDICATED; topology++) {
        for (size_t i = 0; i < contracts->count; i++) {
            const struct contract *contract = &contracts->items[i];
            for (unsigned k = 0; k < contract->mix.part_count; k++) {
                add_cost(&costs, model, contracts, topology, contract->mix.parts[k].length);
            }
            if (contract->mix.part_count == 0) {
                add_cost(&costs, model, contracts, topology, contract->length);
            }
        }
        costs.most_routers[topology] = count_known(model, contracts, topology, contracts->count);
        costs.onsets[topology] = onset_of(model, runs, count, contracts, topology);
    }
    *ret = costs;
}

static void add_part(struct advice_range *sum, const struct advice_range *added, double part)
{
    sum->value += part * added->value;
    sum->low += part * added->low;
    sum->high += part * added->high;
}

static void add_length(struct advice_cost *sum, const struct advice_costs *costs,
                       enum topology topology, unsigned length, double part)
{
    const struct advice_cost *cost = find_cost(costs, topology, length);
    if (cost == NULL || !cost->known) {
        sum->known = false;
        sum->why_unknown = cost == NULL ? NULL : cost->why_unknown;
        return;
    }
    add_part(&sum->host_ns, &cost->host_ns, part);
    add_part(&sum->router_ns, &cost->router_ns, part);
    sum->light_ns += part * cost->light_ns;
}

bool advice_cost_of_contract(const struct advice_costs *costs, enum topology topology,
                             const struct contract *contract, struct advice_cost *ret)
{
    const struct length_mix *mix = &contract->mix;
    struct advice_cost sum = {.length = contract->length, .known = true};
    for (unsigned i = 0; i < mix->part_count; i++) {
        add_length(&sum, costs, topology, mix->parts[i].length,
                   (double)mix->parts[i].weight / (double)mix->slot_count);
    }
    if (mix->part_count == 0) {
        add_length(&sum, costs, topology, contract->length, 1.0);
    }
    *ret = sum;
    return sum.known;
}
