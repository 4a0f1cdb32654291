// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * advice/plan — makes a plan from contracts and costs (advice.h): demands become items of a
 * packing, whose solution becomes routers on hosts.
 */
#include "advice/advice.h"

#include <math.h>
#include <stdlib.h>

#include "advice/demand.h"
#include "advice/fair.h"
#include "advice/packing.h"
#include "advice/setup.h"
#include "advice/shares.h"
#include "base/cleanup.h"
#include "base/text.h"

void advice_free(struct advice *advice)
{
    if (advice == NULL) {
        return;
    }
    for (size_t i = 0; i < advice->count; i++) {
        free(advice->items[i].why);
    }
    free(advice->items);
    free(advice->hosts);
    free(advice->levels);
    free(advice);
}

// ---- priorities

static int compare_priorities(const void *a, const void *b)
{
    const struct advice_level *one = a;
    const struct advice_level *two = b;
    return one->priority > two->priority ? -1 : one->priority < two->priority;
}

// Sets the levels: the priorities of the contracts without repetition, the highest first.
static void set_levels(struct advice *advice)
{
    const struct contracts *contracts = advice->contracts;
    struct advice_level *levels = memory_new_array(struct advice_level, contracts->count);
    for (size_t i = 0; i < contracts->count; i++) {
        levels[i].priority = contracts->items[i].priority;
    }
    qsort(levels, contracts->count, sizeof *levels, compare_priorities);
    size_t count = 0;
    for (size_t i = 0; i < contracts->count; i++) {
        if (i == 0 || levels[i].priority != levels[count - 1].priority) {
            levels[count++] = levels[i];
        }
    }
    advice->levels = levels;
    advice->level_count = count;
}

static size_t level_of(const struct advice *advice, const struct contract *contract)
{
    size_t level = 0;
    while (advice->levels[level].priority != contract->priority) {
        level++;
    }
    return level;
}

// What a contract that is kept counts for the goal.
static double value_of(const struct advice *advice, const struct contract *contract)
{
    return advice->goal == GOAL_REVENUE ? contract->price : 1.0;
}

// ---- from the packing to the plan

static struct advice_range scaled(const struct advice_range *range, double part)
{
    return (struct advice_range){
        .value = part * range->value, .low = part * range->low, .high = part * range->high};
}

static void add_range(struct advice_range *sum, const struct advice_range *added)
{
    sum->value += added->value;
    sum->low += added->low;
    sum->high += added->high;
}

// The numbers of the packing's hosts in the plan: those with routers first.
static size_t *number_hosts(const struct packing *packing)
{
    size_t *numbers = memory_new_array(size_t, packing->problem->hosts);
    size_t next = 0;
    for (int used = 1; used >= 0; used--) {
        for (size_t h = 0; h < packing->problem->hosts; h++) {
            if ((packing->hosts[h].items > 0) == (used == 1)) {
                numbers[h] = next++;
            }
        }
    }
    return numbers;
}

static void place_contract(struct advice *advice, size_t number, size_t host,
                           const struct demand *demand, double part)
{
    struct advice_contract *item = &advice->items[number];
    struct advice_host *at = &advice->hosts[host];
    item->part = part;
    item->kept = part >= 1.0;
    item->host = host;
    item->topology = at->topology;
    item->pps = part * item->contract->pps;
    item->router_percent = scaled(&demand->router_percent, part);
    item->host_percent = scaled(&demand->host_percent, part);
    at->contracts++;
    at->usable_percent =
        fmin(at->usable_percent, 100.0 * advice->contracts->host.cpus * demand->usable);
    add_range(&at->percent, &item->router_percent);
    add_range(&at->percent, &item->host_percent);
}

static void take_packing(struct advice *advice, const struct packing *packing,
                         const struct demand *demands, const double *parts)
{
    const struct contracts *contracts = advice->contracts;
    _cleanup_free_ size_t *numbers = number_hosts(packing);
    for (size_t h = 0; h < packing->problem->hosts; h++) {
        advice->hosts[numbers[h]] = (struct advice_host){.expected_percent = (double)NAN};
        advice->hosts[numbers[h]].usable_percent = 100.0 * contracts->host.cpus;
        advice->hosts[numbers[h]].topology = demand_topology(packing->hosts[h].mode);
    }
    for (size_t i = 0; i < contracts->count; i++) {
        advice->items[i] = (struct advice_contract){.contract = &contracts->items[i]};
        if (packing->place[i] != PACK_NOWHERE) {
            const enum pack_mode mode = packing->hosts[packing->place[i]].mode;
            place_contract(advice, i, numbers[packing->place[i]], &demands[i * PACK_MODES + mode],
                           parts[i]);
        }
    }
    for (size_t h = 0; h < contracts->host.count; h++) {
        struct advice_host *host = &advice->hosts[h];
        const double cpu = host->usable_percent;
        host->headroom = (struct advice_range){.value = cpu - host->percent.value,
                                               .low = cpu - host->percent.high,
                                               .high = cpu - host->percent.low};
        host->nics = host->contracts == 0 ? 0
                     : host->topology == TOPOLOGY_DEDICATED
                         ? NICS_OF_A_NETWORK * (unsigned)host->contracts
                         : NICS_OF_A_NETWORK;
    }
}

// ---- reasons

// The most CPU that a plan leaves on a host of a topology, or on one without routers,
// for a contract that permits `usable` of its CPUs to be used.
static double most_left(const struct advice *advice, enum topology topology, double usable)
{
    const struct contracts_host *each = &advice->contracts->host;
    double most = 0.0;
    for (size_t h = 0; h < each->count; h++) {
        const struct advice_host *host = &advice->hosts[h];
        const double part = fmin(host->usable_percent / (100.0 * each->cpus), usable);
        const double left = advice->capacity_percent * part - host->percent.high;
        most = host->contracts == 0 || host->topology == topology ? fmax(most, left) : most;
    }
    return most;
}

// What a host lacks besides CPU.
static const char *explain_other(const struct advice *advice, enum topology topology)
{
    if (topology == TOPOLOGY_DEDICATED) {
        return "two NICs, and no host has both left";
    }
    return advice->contracts->host.memory_bytes > 0 ? "memory, and no such host has both left"
                                                    : "one router more than such hosts can have";
}

// Why no host has room for a contract in a mode; NULL if the mode is not possible at all.
static char *explain_mode(const struct advice *advice, const struct pack_item *item,
                          enum pack_mode mode)
{
    const enum topology topology = demand_topology(mode);
    const double left = most_left(advice, topology, item->usable[mode]);
    if (!item->allowed[mode]) {
        return NULL;
    }
    if (item->cpu[mode] > left) {
        return text_format("%s it needs %.1f %% of a CPU, and such hosts have at most %.1f %% left",
                           topology_name(topology), item->cpu[mode], left);
    }
    return text_format("%s it needs %.1f %% of a CPU and %s", topology_name(topology),
                       item->cpu[mode], explain_other(advice, topology));
}

static char *explain_refusal(const struct advice *advice, const struct advice_costs *costs,
                             const struct demand *demands, size_t number)
{
    char *obstacle = demand_obstacle(advice->contracts, demands, number);
    if (obstacle != NULL) {
        return obstacle;
    }
    const struct pack_item item = demand_item(advice->contracts, demands, number, 1.0);
    _cleanup_free_ char *bridged = explain_mode(advice, &item, PACK_BRIDGED);
    _cleanup_free_ char *dedicated = explain_mode(advice, &item, PACK_DEDICATED);
    const size_t most = costs->most_routers[TOPOLOGY_BRIDGED];
    _cleanup_free_ char *limit =
        most < advice->contracts->count
            ? text_format("; the runs support at most %zu routers on a host", most)
            : text_copy("");
    return text_format("no host has room: %s%s%s%s", bridged == NULL ? "" : bridged,
                       bridged == NULL || dedicated == NULL ? "" : "; ",
                       dedicated == NULL ? "" : dedicated, limit);
}

static void explain_refusals(struct advice *advice, const struct advice_costs *costs,
                             const struct demand *demands)
{
    for (size_t i = 0; i < advice->contracts->count; i++) {
        struct advice_contract *item = &advice->items[i];
        if (item->part <= 0.0) {
            item->why = explain_refusal(advice, costs, demands, i);
        } else if (!item->kept) {
            item->why = text_format("carried at %.1f %% of its rate: the hosts have no room for "
                                    "the whole rate of all networks of its priority",
                                    100.0 * item->part);
        }
    }
}

// ---- indicators

static void set_indicators(struct advice *advice)
{
    const struct contracts *contracts = advice->contracts;
    double sum = 0.0;
    double squares = 0.0;
    advice->kept = advice->hosts_used = 0;
    advice->revenue = advice->cpu_percent = 0.0;
    for (size_t i = 0; advice->goal != GOAL_FAIRNESS && i < advice->level_count; i++) {
        advice->levels[i].asked = advice->levels[i].value = 0.0;
    }
    for (size_t i = 0; i < contracts->count; i++) {
        const struct advice_contract *item = &advice->items[i];
        struct advice_level *level = &advice->levels[level_of(advice, item->contract)];
        const double value = value_of(advice, item->contract);
        advice->kept += item->kept;
        advice->revenue += item->kept ? item->contract->price : 0.0;
        if (advice->goal != GOAL_FAIRNESS) {
            level->asked += value;
            level->value += item->kept ? value : 0.0;
        }
        sum += item->part;
        squares += item->part * item->part;
    }
    advice->fairness = squares > 0.0 ? sum * sum / ((double)contracts->count * squares) : 1.0;
    advice->headroom_percent = INFINITY;
    for (size_t h = 0; h < contracts->host.count; h++) {
        const struct advice_host *host = &advice->hosts[h];
        advice->hosts_used += host->contracts > 0;
        advice->cpu_percent += host->percent.value;
        advice->headroom_percent = fmin(advice->headroom_percent, host->headroom.low);
    }
}

#define GAP_LEAST 1e-5 // less is rounding

static double ratio_below(double less, double most)
{
    return most > 0.0 && less < most * (1.0 - GAP_LEAST) ? 1.0 - less / most : 0.0;
}

// The first level that may be worse than in an optimal plan; NULL if there is none.
static const struct advice_level *find_short(const struct advice *advice)
{
    for (size_t i = 0; i < advice->level_count; i++) {
        const struct advice_level *level = &advice->levels[i];
        if (ratio_below(level->value, level->bound) > 0.0) {
            return level;
        }
    }
    return NULL;
}

// The first level of which the plan carries a part only, else the last one.
static const struct advice_level *find_partial(const struct advice *advice)
{
    const struct advice_level *level = advice->levels;
    for (size_t i = 1; i < advice->level_count && level->value >= 1.0; i++) {
        level = &advice->levels[i];
    }
    return level;
}

// Sets the goal's figure and how far it may be from the optimum. The aim's bound holds for plans
// that keep as many contracts of each priority, so that a short level comes first.
static void set_gap(struct advice *advice, double aim, double aim_bound)
{
    const struct advice_level *level = find_short(advice);
    advice->short_of = level;
    if (level == NULL && advice->goal == GOAL_FAIRNESS) {
        level = find_partial(advice);
    }
    if (level != NULL) {
        advice->figure = level->value;
        advice->bound = level->bound;
        advice->gap = ratio_below(level->value, level->bound);
    } else if (advice->goal == GOAL_CPUS || advice->goal == GOAL_HOSTS) {
        advice->figure = aim;
        advice->bound = aim_bound;
        advice->gap = ratio_below(aim_bound, aim);
    } else if (advice->goal == GOAL_HEADROOM) {
        const double cpu = 100.0 * advice->contracts->host.cpus;
        advice->figure = cpu - aim;
        advice->bound = cpu - aim_bound;
        advice->gap = ratio_below(advice->figure, advice->bound);
    } else {
        advice->figure = advice->goal == GOAL_REVENUE ? advice->revenue : (double)advice->kept;
        advice->bound = advice->figure;
    }
}

// ---- making

static enum pack_aim aim_of(enum contract_goal goal)
{
    return goal == GOAL_HOSTS      ? PACK_AIM_HOSTS
           : goal == GOAL_HEADROOM ? PACK_AIM_HEADROOM
                                   : PACK_AIM_CPU;
}

// Chooses and places contracts by whole rates.
static int choose_contracts(struct advice *advice, struct pack_problem *problem,
                            const struct demand *demands, struct error *err)
{
    const struct contracts *contracts = advice->contracts;
    _cleanup_free_ struct pack_item *items = memory_new_array(struct pack_item, contracts->count);
    _cleanup_free_ double *parts = memory_new_array(double, contracts->count);
    for (size_t i = 0; i < contracts->count; i++) {
        items[i] = demand_item(contracts, demands, i, 1.0);
        items[i].value = value_of(advice, &contracts->items[i]);
        items[i].level = level_of(advice, &contracts->items[i]);
        parts[i] = 1.0;
    }
    problem->items = items;
    struct pack_bound bound = {.levels = NULL};
    _cleanup_packing_ struct packing *packing = NULL;
    const enum pack_aim aim = aim_of(advice->goal);
    int rc = pack_solve(problem, aim, &packing, &bound, err);
    if (rc < 0) {
        return rc;
    }
    take_packing(advice, packing, demands, parts);
    for (size_t level = 0; level < advice->level_count; level++) {
        advice->levels[level].bound = bound.levels[level];
    }
    free(bound.levels);
    set_indicators(advice);
    set_gap(advice, packing_aim(packing, aim), bound.aim);
    return 0;
}

// Gives all networks of a priority the same part of their rate.
static int share_fairly(struct advice *advice, const struct pack_problem *problem,
                        const struct demand *demands, struct error *err)
{
    const struct contracts *contracts = advice->contracts;
    _cleanup_free_ size_t *levels = memory_new_array(size_t, contracts->count);
    _cleanup_free_ double *parts = memory_new_array(double, contracts->count);
    for (size_t i = 0; i < contracts->count; i++) {
        levels[i] = level_of(advice, &contracts->items[i]);
    }
    _cleanup_packing_ struct packing *packing = NULL;
    int rc =
        fair_packing(contracts, problem, demands, levels, parts, advice->levels, &packing, err);
    if (rc < 0) {
        return rc;
    }
    take_packing(advice, packing, demands, parts);
    set_indicators(advice);
    set_gap(advice, 0.0, 0.0);
    return 0;
}

#define TIGHTENINGS 12   // times that a plan is made again with less of the hosts
#define TIGHTEN     0.02 // part of the CPUs, doubled each third time

// Makes a plan that uses at most `capacity` of each host, with weights and caps.
static int make_once(struct advice *advice, const struct advice_costs *costs,
                     const struct demand *demands, double capacity, bool caps, struct error *err)
{
    const struct contracts *contracts = advice->contracts;
    const size_t nics = contracts->host.nics / NICS_OF_A_NETWORK;
    const size_t known = costs->most_routers[TOPOLOGY_DEDICATED];
    struct pack_problem problem = {
        .count = contracts->count,
        .levels = advice->level_count,
        .hosts = contracts->host.count,
        .cpu = capacity,
        .whole = 100.0 * contracts->host.cpus,
        .slots = {costs->most_routers[TOPOLOGY_BRIDGED], nics < known ? nics : known},
        .memory = (double)contracts->host.memory_bytes / 1048576.0};
    advice->capacity_percent = capacity;
    int rc = advice->goal == GOAL_FAIRNESS ? share_fairly(advice, &problem, demands, err)
                                           : choose_contracts(advice, &problem, demands, err);
    if (rc == 0) {
        shares_set(advice, demands, caps);
    }
    return rc;
}

// Makes plans that use less and less of the hosts, until the model predicts that each contract is
// kept.
static int make_verified(struct advice *advice, const struct advice_costs *costs,
                         const struct demand *demands, const struct model *model, bool caps,
                         struct error *err)
{
    const double cpu = 100.0 * advice->contracts->host.cpus;
    double capacity = demand_capacity(&advice->contracts->host);
    double less = TIGHTEN;
    for (int n = 0; n < TIGHTENINGS; n++) {
        int rc = make_once(advice, costs, demands, capacity, caps, err);
        if (rc < 0) {
            return rc;
        }
        if (model == NULL || setup_verify(advice, model) == 0) {
            return 0;
        }
        less *= n % 3 == 2 ? 2.0 : 1.0;
        capacity -= less * cpu;
        if (capacity <= 0.0) {
            break;
        }
    }
    return fail_input(err,
                      "no plan keeps these contracts: the model of the runs predicts more loss "
                      "than they permit even on hosts that are half empty");
}

int advice_make(const struct contracts *contracts, const struct advice_costs *costs,
                const struct model *model, enum contract_goal goal, bool caps, struct advice **ret,
                struct error *err)
{
    _cleanup_advice_ struct advice *advice = memory_new(1, sizeof *advice);
    advice->contracts = contracts;
    advice->goal = goal;
    advice->items = memory_new_array(struct advice_contract, contracts->count);
    advice->count = contracts->count;
    advice->hosts = memory_new_array(struct advice_host, contracts->host.count);
    set_levels(advice);
    struct demand *demands = demands_of(contracts, costs);
    int rc = make_verified(advice, costs, demands, model, caps, err);
    if (rc == 0) {
        explain_refusals(advice, costs, demands);
        if (model != NULL) {
            setup_predict(advice, model);
        }
        *ret = steal_pointer(&advice);
    }
    demands_free(demands, contracts->count);
    return rc;
}
