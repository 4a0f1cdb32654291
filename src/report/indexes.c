// SPDX-License-Identifier: GPL-3.0-or-later
// report/indexes — see indexes.h.
#include "report/indexes.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/headline.h"
#include "result/json_text.h"

enum kind {
    THROUGHPUT,
    PARTIAL_DROP,
    HIGHEST_RATE,
    ROUTER_COST,
    HOST_COST,
    HOST_SHARE,
    OVERLOAD,
    FAIRNESS,
    ISOLATION,
    CAP_ERROR,
    DELAY_HALF,
    DELAY_HALF_TAIL,
    DELAY_NINE,
    DELAY_NINE_TAIL,
    MEMORY,
    START_TIME,
};

static const struct index_kind kinds[] = {
    [THROUGHPUT] = {"throughput", "Throughput", "packets/s", 0, "higher"},
    [PARTIAL_DROP] = {"partial_drop_rate", "Partial drop rate, 0.5 %", "packets/s", 0, "higher"},
    [HIGHEST_RATE] = {"highest_rate", "Highest forwarding rate", "packets/s", 0, "higher"},
    [ROUTER_COST] = {"router_cost", "CPU time of the router", "ns per packet", 0, "lower"},
    [HOST_COST] = {"host_cost", "CPU time of the host", "ns per packet", 0, "lower"},
    [HOST_SHARE] = {"host_share", "Host's share of the CPU time", "%", 1, "lower"},
    [OVERLOAD] = {"overload_robustness", "Rate at twice the knee", "% of the highest", 1, "higher"},
    [FAIRNESS] = {"fairness", "Fairness among networks (Jain)", "", 3, "higher"},
    [ISOLATION] = {"isolation", "Received of the least load in overload", "%", 1, "higher"},
    [CAP_ERROR] = {"cap_error", "Largest deviation from the cap", "percentage points", 1, "near 0"},
    [DELAY_HALF] = {"delay_half_p50", "Delay at 50 % of throughput, median", "us", 1, "lower"},
    [DELAY_HALF_TAIL] = {"delay_half_p99", "Delay at 50 % of throughput, p99", "us", 1, "lower"},
    [DELAY_NINE] = {"delay_ninety_p50", "Delay at 90 % of throughput, median", "us", 1, "lower"},
    [DELAY_NINE_TAIL] = {"delay_ninety_p99", "Delay at 90 % of throughput, p99", "us", 1, "lower"},
    [MEMORY] = {"memory", "Memory of the router", "MiB", 1, "lower"},
    [START_TIME] = {"start_time", "Time until the router forwards", "ms", 1, "lower"},
};

#define OVERLOAD_FACTOR 2.0 // times the load of the partial drop rate
#define UNEQUAL         2.0 // ratio of two networks' loads from which isolation is defined

struct index_list {
    struct index_value *items;
    size_t count;
};

// Adds an index and returns it, or returns NULL if its value is unknown.
static struct index_value *add_index(struct index_list *list, enum kind kind,
                                     const struct sweep *sweep, const char *subject, double value)
{
    if (!isfinite(value)) {
        return NULL;
    }
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    struct index_value *item = &list->items[list->count++];
    *item = (struct index_value){.kind = &kinds[kind],
                                 .first = sweep->first,
                                 .subject = subject,
                                 .value = value,
                                 .high = (double)NAN};
    return item;
}

static void add_bounds(struct index_list *list, enum kind kind, const struct sweep *sweep,
                       const struct headline *headline, const struct bounds *bounds)
{
    struct index_value *item = add_index(list, kind, sweep, headline->network, bounds->low);
    if (item != NULL) {
        item->high = bounds->high;
        item->at_least = isnan(bounds->high);
    }
}

static void add_highest_rate(struct index_list *list, const struct sweep *sweep,
                             const struct headline *headline)
{
    struct index_value *item =
        add_index(list, HIGHEST_RATE, sweep, headline->network, headline->max_pps);
    if (item != NULL) {
        item->at_least = !headline->saturated;
    }
}

// A figure of a step, by the load that the step offers.
typedef double figure_fn(const struct load_step *step, size_t network);

static double figure_forwarded(const struct load_step *step, size_t network)
{
    (void)network;
    return step->forwarded_pps;
}

static double figure_p50(const struct load_step *step, size_t network)
{
    return step->network_delay_p50[network] / 1e3;
}

static double figure_p99(const struct load_step *step, size_t network)
{
    return step->network_delay_p99[network] / 1e3;
}

// The figure at a load between two measured ones, by linear interpolation; `network` of the load,
// or all networks (SIZE_MAX). NAN outside the measured loads.
static double figure_at(const struct sweep *sweep, size_t network, double offered_pps,
                        figure_fn *figure)
{
    double before = (double)NAN;
    double before_load = (double)NAN;
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        double load = network == SIZE_MAX ? step->offered_pps : step->network_offered[network];
        double value = figure(step, network == SIZE_MAX ? 0 : network);
        if (!isfinite(load) || !isfinite(value)) {
            continue;
        }
        if (load >= offered_pps) {
            return load == offered_pps ? value
                                       : before + (value - before) * (offered_pps - before_load) /
                                                      (load - before_load);
        }
        before = value;
        before_load = load;
    }
    return (double)NAN;
}

// ---- one sweep

// The highest step at which no network loses more than its goal allows; NULL if there is none.
static const struct load_step *last_step_within(const struct sweep *sweep,
                                                const struct headline *headlines, bool partial)
{
    const struct load_step *last = NULL;
    for (size_t i = 0; i < sweep->step_count; i++) {
        bool within = true;
        for (size_t n = 0; n < sweep->network_count; n++) {
            const struct bounds *bounds = partial ? &headlines[n].pdr : &headlines[n].throughput;
            within = within &&
                     (headlines[n].fixed_load || sweep->steps[i].network_offered[n] <= bounds->low);
        }
        last = within ? &sweep->steps[i] : last;
    }
    return last;
}

static void add_costs(struct index_list *list, const struct sweep *sweep,
                      const struct load_step *step)
{
    for (size_t i = 0; step != NULL && i < sweep->router_count; i++) {
        (void)add_index(list, ROUTER_COST, sweep, sweep->routers[i], step->router_ns[i]);
    }
    if (step != NULL && sweep->router_count > 0) {
        (void)add_index(list, HOST_COST, sweep, NULL, step->host_ns);
        (void)add_index(list, HOST_SHARE, sweep, NULL, 100.0 * step->host_ns / step->ns_per_packet);
    }
}

static void add_overload(struct index_list *list, const struct sweep *sweep,
                         const struct load_step *knee)
{
    double highest = 0.0;
    for (size_t i = 0; i < sweep->step_count; i++) {
        highest = fmax(highest, sweep->steps[i].forwarded_pps);
    }
    double rate = knee == NULL ? (double)NAN
                               : figure_at(sweep, SIZE_MAX, OVERLOAD_FACTOR * knee->offered_pps,
                                           figure_forwarded);
    (void)add_index(list, OVERLOAD, sweep, NULL, 100.0 * rate / highest);
}

// Received over offered of a network.
static double delivery(const struct load_step *step, size_t network)
{
    return step->network_forwarded[network] / step->network_offered[network];
}

// Fairness by R. Jain, D. Chiu, W. Hawe, DEC-TR-301 (1984): (sum x)^2 / (n * sum x^2), where x is
// the part of its load that a network gets through.
static void add_sharing(struct index_list *list, const struct sweep *sweep)
{
    size_t count = sweep->network_count;
    if (count < 2 || sweep->step_count == 0) {
        return;
    }
    const struct load_step *top = &sweep->steps[sweep->step_count - 1];
    double sum = 0.0;
    double squares = 0.0;
    size_t least = 0;
    size_t most = 0;
    for (size_t i = 0; i < count; i++) {
        double x = delivery(top, i);
        sum += x;
        squares += x * x;
        least = top->network_offered[i] < top->network_offered[least] ? i : least;
        most = top->network_offered[i] > top->network_offered[most] ? i : most;
    }
    (void)add_index(list, FAIRNESS, sweep, NULL, sum * sum / ((double)count * squares));
    if (top->network_offered[most] >= UNEQUAL * top->network_offered[least] &&
        top->network_loss[most] > HEADLINE_PDR) {
        (void)add_index(list, ISOLATION, sweep, sweep->networks[least],
                        100.0 * delivery(top, least));
    }
}

// The deviation of a router's CPU from its cap, at the loads that exceed what it can forward.
static void add_cap_error(struct index_list *list, const struct sweep *sweep, size_t router)
{
    double worst = (double)NAN;
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        const struct cpu_result *cpu = point_cpu(step->first, sweep->routers[router]);
        if (cpu == NULL || cpu->cap == 0 || !(step->loss_ratio > HEADLINE_PDR)) {
            continue;
        }
        double error = step->router_percent[router] - (double)cpu->cap;
        worst = isnan(worst) || fabs(error) > fabs(worst) ? error : worst;
    }
    (void)add_index(list, CAP_ERROR, sweep, sweep->routers[router], worst);
}

static double memory_mib(const struct point *point, const char *router)
{
    for (size_t i = 0; i < point->memory_count; i++) {
        if (text_equal(point->memory[i].name, router)) {
            return (double)point->memory[i].bytes / (double)(1U << 20);
        }
    }
    return (double)NAN;
}

static double start_ms(const struct point *point, const char *router)
{
    for (size_t i = 0; i < point->start_count; i++) {
        if (text_equal(point->starts[i].name, router)) {
            return (double)point->starts[i].ns / 1e6;
        }
    }
    return (double)NAN;
}

static void add_upkeep(struct index_list *list, const struct sweep *sweep)
{
    for (size_t r = 0; r < sweep->router_count; r++) {
        const char *router = sweep->routers[r];
        add_cap_error(list, sweep, r);
        (void)add_index(list, MEMORY, sweep, router, sweep_median_over(sweep, memory_mib, router));
        (void)add_index(list, START_TIME, sweep, router,
                        sweep_median_over(sweep, start_ms, router));
    }
}

static void add_sweep(struct index_list *list, const struct sweep *sweep,
                      const struct headline *headlines)
{
    for (size_t n = 0; !sweep->adapts && n < sweep->network_count; n++) {
        const struct headline *headline = &headlines[n];
        double throughput = headline->throughput.low;
        if (headline->fixed_load) {
            continue;
        }
        add_bounds(list, THROUGHPUT, sweep, headline, &headline->throughput);
        add_bounds(list, PARTIAL_DROP, sweep, headline, &headline->pdr);
        add_highest_rate(list, sweep, headline);
        (void)add_index(list, DELAY_HALF, sweep, headline->network,
                        figure_at(sweep, n, 0.5 * throughput, figure_p50));
        (void)add_index(list, DELAY_HALF_TAIL, sweep, headline->network,
                        figure_at(sweep, n, 0.5 * throughput, figure_p99));
        (void)add_index(list, DELAY_NINE, sweep, headline->network,
                        figure_at(sweep, n, 0.9 * throughput, figure_p50));
        (void)add_index(list, DELAY_NINE_TAIL, sweep, headline->network,
                        figure_at(sweep, n, 0.9 * throughput, figure_p99));
    }
    if (!sweep->adapts) {
        add_costs(list, sweep, last_step_within(sweep, headlines, false));
        add_overload(list, sweep, last_step_within(sweep, headlines, true));
        add_sharing(list, sweep);
    }
    add_upkeep(list, sweep);
}

size_t indexes_of_sweeps(const struct sweep *sweeps, size_t count, struct index_value **ret)
{
    _cleanup_free_ struct headline *headlines = NULL;
    (void)headlines_of_sweeps(sweeps, count, &headlines);
    struct index_list list = {NULL, 0};
    size_t at = 0; // the headlines of the sweeps follow one another, one a network
    for (size_t i = 0; i < count; i++) {
        add_sweep(&list, &sweeps[i], &headlines[at]);
        at += sweeps[i].network_count;
    }
    *ret = list.items;
    return list.count;
}

size_t indexes_compute(const struct point_list *points, struct index_value **ret)
{
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(points, &sweeps);
    size_t found = indexes_of_sweeps(sweeps, count, ret);
    sweeps_free(sweeps, count);
    return found;
}

// ---- listings

enum {
    SCENARIO,
    PLATFORM,
    ENGINE,
    TOPOLOGY,
    LENGTH,
    INDEX,
    SUBJECT,
    VALUE,
    HIGH,
    AT_LEAST,
    UNIT,
    BETTER,
    COLUMN_COUNT
};

const struct column index_columns[] = {
    [SCENARIO] = COLUMN_SCENARIO,
    [PLATFORM] = COLUMN_PLATFORM,
    [ENGINE] = COLUMN_ENGINE,
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [LENGTH] = COLUMN_LENGTH("length"),
    [INDEX] = {"index", "Index", COLUMN_TEXT, 0},
    [SUBJECT] = {"subject", "Of", COLUMN_TEXT, 0},
    [VALUE] = {"value", "Value", COLUMN_REAL, 3},
    [HIGH] = {"high", "Upper bound", COLUMN_REAL, 3},
    [AT_LEAST] = {"at_least", "At least", COLUMN_TRUTH, 0},
    [UNIT] = {"unit", "Unit", COLUMN_TEXT, 0},
    [BETTER] = {"better", "Better", COLUMN_TEXT, 0},
};
const size_t index_column_count = COLUMN_COUNT;

int indexes_list(const struct point_list *points, struct writer *writer, struct error *err)
{
    _cleanup_free_ struct index_value *items = NULL;
    size_t count = indexes_compute(points, &items);
    for (size_t i = 0; i < count; i++) {
        const struct index_value *item = &items[i];
        const struct value row[COLUMN_COUNT] = {
            [SCENARIO] = VALUE_TEXT(item->first->scenario),
            [PLATFORM] = VALUE_TEXT(item->first->platform),
            [ENGINE] = VALUE_TEXT(item->first->engine),
            [TOPOLOGY] = VALUE_TEXT(item->first->topology),
            [LENGTH] = VALUE_INTEGER(item->first->length),
            [INDEX] = VALUE_TEXT(item->kind->name),
            [SUBJECT] = VALUE_TEXT(item->subject),
            [VALUE] = VALUE_REAL(item->value),
            [HIGH] = isnan(item->high) ? VALUE_ABSENT : VALUE_REAL(item->high),
            [AT_LEAST] = VALUE_TRUTH(item->at_least),
            [UNIT] = VALUE_TEXT(item->kind->unit),
            [BETTER] = VALUE_TEXT(item->kind->better),
        };
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    return writer_finish(writer, err);
}

json_t *indexes_to_json(const struct sweep *sweeps, size_t count)
{
    _cleanup_free_ struct index_value *items = NULL;
    size_t found = indexes_of_sweeps(sweeps, count, &items);
    json_t *rows = json_array();
    for (size_t i = 0; i < found; i++) {
        const struct index_value *item = &items[i];
        json_t *row = json_pack(
            "{s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:s*, s:f, s:b, s:s, s:i, s:s}", "scenario",
            item->first->scenario, "platform", item->first->platform, "engine", item->first->engine,
            "topology", item->first->topology, "length", (int)item->first->length, "index",
            item->kind->key, "name", item->kind->name, "subject", item->subject, "value",
            item->value, "at_least", item->at_least, "unit", item->kind->unit, "decimals",
            item->kind->decimals, "better", item->kind->better);
        json_set_real(row, "high", item->high);
        json_array_append_new(rows, row);
    }
    return rows;
}
