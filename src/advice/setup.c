// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/setup — see setup.h. Called by costs.c and plan.c.
 *
 * The flows of a set-up are numbered as its routers: network i passes party i + 1.
 */
#include "advice/setup.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"

#define HOSTS_PREDICTED 16 // hosts for which the intervals of the loss are computed
#define LEAST_LOSS      1e-6

static struct model_setup new_setup(const struct contracts *contracts, enum topology topology,
                                    size_t routers)
{
    struct model_setup setup = {
        .topology = topology,
        .platform = text_copy(contracts->platform),
        .engine = text_copy("auto"),
        .work = text_copy(""),
        .cpus = contracts->host.cpus,
        .parties = memory_new_array(struct model_party, routers + 1),
        .party_count = 1,
        .flows = memory_new_array(struct model_flow, routers),
    };
    setup.parties[MODEL_HOST] =
        (struct model_party){.name = text_copy("host"), .weight = SCENARIO_WEIGHT};
    return setup;
}

static void add_router(struct model_setup *setup, const char *name, unsigned weight, unsigned cap,
                       double share, double length)
{
    const size_t party = setup->party_count++;
    struct model_flow *flow = &setup->flows[setup->flow_count++];
    setup->parties[party] = (struct model_party){.name = text_copy(name),
                                                 .weight = weight,
                                                 .cap = cap,
                                                 .quota = model_caps_are_quotas(setup->platform)};
    *flow = (struct model_flow){.name = text_copy(name), .share = share, .ip_length = length};
    flow->stages = memory_new_array(size_t, 3);
    if (setup->topology == TOPOLOGY_BRIDGED) {
        flow->stages[flow->stage_count++] = MODEL_HOST;
    }
    flow->stages[flow->stage_count++] = party;
    if (setup->topology == TOPOLOGY_BRIDGED) {
        flow->stages[flow->stage_count++] = MODEL_HOST;
    }
}

struct model_setup setup_of_alike(const struct contracts *contracts, enum topology topology,
                                  size_t routers, double length)
{
    struct model_setup setup = new_setup(contracts, topology, routers);
    for (size_t i = 0; i < routers; i++) {
        _cleanup_free_ char *name = text_format("r%zu", i);
        add_router(&setup, name, SCENARIO_WEIGHT, 0, 1.0, length);
    }
    return setup;
}

static double mean_length(const struct contract *contract)
{
    double bytes = 0.0;
    for (unsigned i = 0; i < contract->mix.part_count; i++) {
        bytes += (double)contract->mix.parts[i].length * contract->mix.parts[i].weight;
    }
    return contract->mix.part_count == 0 ? contract->length : bytes / contract->mix.slot_count;
}

struct model_setup setup_of_host(const struct advice *advice, size_t host, size_t *ret_first)
{
    const struct advice_host *at = &advice->hosts[host];
    struct model_setup setup = new_setup(advice->contracts, at->topology, at->contracts);
    double first = 0.0;
    setup.parties[MODEL_HOST].weight = at->weight;
    for (size_t i = 0; i < advice->contracts->count; i++) {
        const struct advice_contract *item = &advice->items[i];
        if (item->part <= 0.0 || item->host != host) {
            continue;
        }
        if (setup.flow_count == 0) {
            first = item->pps;
            *ret_first = i;
        }
        add_router(&setup, item->contract->name, item->weight, item->cap, item->pps / first,
                   mean_length(item->contract));
    }
    return setup;
}

bool setup_is_known(const struct model *model, const struct model_setup *setup)
{
    _cleanup_free_ double *received = memory_new_array(double, setup->flow_count);
    _cleanup_free_ double *percent = memory_new_array(double, setup->party_count);
    return model_predict_load(model, setup, 1.0, received, percent);
}

// The contract after `contract` on a host; the number of contracts if there is none.
static size_t next_on_host(const struct advice *advice, size_t host, size_t contract)
{
    for (; contract < advice->contracts->count; contract++) {
        const struct advice_contract *item = &advice->items[contract];
        if (item->part > 0.0 && item->host == host) {
            break;
        }
    }
    return contract;
}

static double loss_ratio(double received, double offered)
{
    const double loss = 1.0 - received / offered;
    return loss < LEAST_LOSS ? 0.0 : loss;
}

// Takes the caps of a host's routers away; false if there are none.
static bool drop_caps(struct advice *advice, size_t host)
{
    bool dropped = false;
    for (size_t i = next_on_host(advice, host, 0); i < advice->contracts->count;
         i = next_on_host(advice, host, i + 1)) {
        dropped = dropped || advice->items[i].cap > 0;
        advice->items[i].cap = 0;
    }
    return dropped;
}

// Returns the number of contracts of a host that the model predicts to be broken.
static size_t count_broken(struct advice *advice, size_t host, const struct model *model)
{
    struct advice_host *at = &advice->hosts[host];
    size_t first = 0;
    _cleanup_model_setup_ struct model_setup setup = setup_of_host(advice, host, &first);
    _cleanup_free_ double *received = memory_new_array(double, setup.flow_count);
    _cleanup_free_ double *percent = memory_new_array(double, setup.party_count);
    if (!model_predict_load(model, &setup, advice->items[first].pps, received, percent)) {
        return at->contracts;
    }
    size_t broken = 0;
    size_t contract = first;
    for (size_t i = 0; i < setup.flow_count; i++) {
        struct advice_contract *item = &advice->items[contract];
        const double loss = loss_ratio(received[i], item->pps);
        item->loss = (struct advice_range){loss, loss, loss};
        broken += loss > item->contract->loss;
        contract = next_on_host(advice, host, contract + 1);
    }
    at->expected_percent = 0.0;
    for (size_t i = 0; i < setup.party_count; i++) {
        at->expected_percent += percent[i];
    }
    return broken;
}

// A plan without the caps is better than one that uses less of the host.
static size_t verify_host(struct advice *advice, size_t host, const struct model *model)
{
    const size_t broken = count_broken(advice, host, model);
    return broken > 0 && drop_caps(advice, host) ? count_broken(advice, host, model) : broken;
}

size_t setup_verify(struct advice *advice, const struct model *model)
{
    size_t broken = 0;
    for (size_t h = 0; h < advice->contracts->host.count; h++) {
        broken += advice->hosts[h].contracts > 0 ? verify_host(advice, h, model) : 0;
    }
    return broken;
}

// A figure of a curve at an offered load, between the two nearest loads; below the lowest one, the
// load itself.
static double figure_at(const struct model_curve *curve, const double *figures, double offered)
{
    for (size_t i = 0; i < MODEL_LOADS; i++) {
        if (curve->offered_pps[i] >= offered) {
            const double from = i == 0 ? 0.0 : curve->offered_pps[i - 1];
            const double low = i == 0 ? 0.0 : figures[i - 1];
            return low + (figures[i] - low) * (offered - from) / (curve->offered_pps[i] - from);
        }
    }
    return figures[MODEL_LOADS - 1];
}

static void predict_host(struct advice *advice, size_t host, const struct model *model)
{
    struct advice_host *at = &advice->hosts[host];
    size_t first = 0;
    _cleanup_model_setup_ struct model_setup setup = setup_of_host(advice, host, &first);
    _cleanup_prediction_ struct prediction prediction = {.known = false};
    model_predict(model, &setup, &prediction);
    if (!prediction.known) {
        return;
    }
    size_t contract = first;
    for (size_t i = 0; i < prediction.curve_count; i++) {
        struct advice_contract *item = &advice->items[contract];
        const struct model_curve *curve = &prediction.curves[i];
        const double most = figure_at(curve, curve->high_pps, item->pps);
        const double least = figure_at(curve, curve->low_pps, item->pps);
        item->loss.low = fmin(item->loss.value, loss_ratio(most, item->pps));
        item->loss.high = fmax(item->loss.value, loss_ratio(least, item->pps));
        contract = next_on_host(advice, host, contract + 1);
    }
    const struct model_figure *throughput = &prediction.curves[0].throughput_pps;
    const double pps = advice->items[first].pps;
    at->growth = (struct advice_range){throughput->value / pps, throughput->low / pps,
                                       throughput->high / pps};
    at->growth_known = isfinite(at->growth.value);
}

void setup_predict(struct advice *advice, const struct model *model)
{
    for (size_t h = 0; h < advice->contracts->host.count && h < HOSTS_PREDICTED; h++) {
        if (advice->hosts[h].contracts > 0) {
            predict_host(advice, h, model);
        }
    }
}
