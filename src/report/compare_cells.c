// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_cells — the figures of a comparison's cells, and why cells can't be compared.
// Called by compare.c.
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/compare.h"

static double mean_of(const double *values, size_t count)
{
    double sum = 0;
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (isfinite(values[i])) {
            sum += values[i];
            found++;
        }
    }
    return found == 0 ? (double)NAN : sum / (double)found;
}

static double memory_of(const struct point *point, const char *name)
{
    (void)name; // of all routers
    double sum = 0;
    size_t routers = 0;
    for (size_t i = 0; i < point->memory_count; i++) {
        if (!text_equal(point->memory[i].name, "host")) {
            sum += (double)point->memory[i].bytes;
            routers++;
        }
    }
    return routers == 0 ? (double)NAN : sum / (double)routers;
}

static double start_of(const struct point *point, const char *name)
{
    (void)name;
    double sum = 0;
    for (size_t i = 0; i < point->start_count; i++) {
        sum += (double)point->starts[i].ns;
    }
    return point->start_count == 0 ? (double)NAN : sum / (double)point->start_count;
}

// CPU times per packet, and the load that took them.
struct cpu_figures {
    double requested_pps, offered_pps, router_ns, host_ns;
};

static void cpu_set(struct compare_cell *cell, const struct cpu_figures *at)
{
    bool metered = isfinite(at->router_ns) || isfinite(at->host_ns);
    cell->figures[COMPARE_CPU_REQUESTED] = at->requested_pps;
    cell->figures[COMPARE_CPU_LOAD] = metered ? at->offered_pps : (double)NAN;
    cell->figures[COMPARE_ROUTER_NS] = at->router_ns;
    cell->figures[COMPARE_HOST_NS] = at->host_ns;
}

static void cpu_set_step(struct compare_cell *cell, const struct load_step *at)
{
    cpu_set(cell,
            &(struct cpu_figures){at->requested_pps, at->offered_pps,
                                  mean_of(at->router_ns, cell->sweep->router_count), at->host_ns});
}

static void take_figures(struct compare_cell *cell)
{
    const struct sweep *sweep = cell->sweep;
    double *figures = cell->figures;
    figures[COMPARE_MEMORY] = sweep_median_over(sweep, memory_of, NULL);
    figures[COMPARE_START] = sweep_median_over(sweep, start_of, NULL);
    if (sweep->adapts) {
        const struct load_step *best = sweep_best_goodput(sweep);
        if (best != NULL) {
            figures[COMPARE_GOODPUT] = step_goodput(sweep, best);
            cpu_set_step(cell, best);
        }
        return;
    }
    if (sweep->step_count == 0) {
        return;
    }
    const struct load_step *top = &sweep->steps[sweep->step_count - 1];
    const struct load_step *loss_free = NULL;
    bool lossy = false;
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *step = &sweep->steps[i];
        figures[COMPARE_MAX] = fmax(figures[COMPARE_MAX], step->forwarded_pps);
        lossy = lossy || !(step->loss_ratio <= 0);
        loss_free = lossy ? loss_free : step;
    }
    const struct load_step *at = loss_free == NULL ? &sweep->steps[0] : loss_free;
    figures[COMPARE_NO_LOSS] = loss_free == NULL ? (double)NAN : loss_free->forwarded_pps;
    cpu_set_step(cell, at);
    figures[COMPARE_TOP_LOAD] = top->offered_pps;
    figures[COMPARE_TOP_LOSS] = top->loss_ratio;
}

// Why a cell can't be compared with the first side's, or NULL.
static char *reason_not(const struct comparison *comparison, const struct compare_row *row,
                        size_t side)
{
    const struct sweep *first = row->cells[0].sweep;
    const struct sweep *other = row->cells[side].sweep;
    const char *label = comparison->sides[side].label;
    const char *first_label = comparison->sides[0].label;
    if (other == NULL) {
        return text_format("not measured in %s", label);
    }
    if (first == NULL) {
        return text_format("not measured in %s", first_label);
    }
    if (other->step_count == 0) {
        return text_format("no valid point in %s (%s)", label,
                           other->invalid_steps[0].first->why_invalid);
    }
    if (first->step_count == 0) {
        return text_format("no valid point in %s (%s)", first_label,
                           first->invalid_steps[0].first->why_invalid);
    }
    if (other->adapts != first->adapts) {
        return text_format("by TCP in %s only, whose rates are no figures of the routers alone",
                           other->adapts ? label : first_label);
    }
    if (other->network_count != first->network_count ||
        other->router_count != first->router_count) {
        return text_format("%zu networks and %zu routers in %s, %zu and %zu in %s",
                           other->network_count, other->router_count, label, first->network_count,
                           first->router_count, first_label);
    }
    return NULL;
}

// The step of a sweep at a requested load, or NULL.
static const struct load_step *step_at(const struct sweep *sweep, double requested)
{
    for (size_t i = 0; i < sweep->step_count; i++) {
        if (steps_same_load(sweep->steps[i].requested_pps, requested)) {
            return &sweep->steps[i];
        }
    }
    return NULL;
}

// Whether other sides exist and all of them were measured at that requested load.
static bool is_common(const struct comparison *comparison, const struct compare_row *row,
                      double requested)
{
    bool any = false;
    for (size_t i = 1; i < comparison->side_count; i++) {
        if (row->cells[i].why_not == NULL) {
            any = true;
            if (step_at(row->cells[i].sweep, requested) == NULL) {
                return false;
            }
        }
    }
    return any;
}

// Loss at a load common to all sides, since sides that found their own loads have different highest
// loads.
static void take_common(const struct comparison *comparison, struct compare_row *row)
{
    const struct sweep *first = row->cells[0].sweep;
    for (size_t i = first == NULL || first->adapts ? 0 : first->step_count; i > 0; i--) {
        double requested = first->steps[i - 1].requested_pps;
        if (!is_common(comparison, row, requested)) {
            continue;
        }
        for (size_t k = 0; k < comparison->side_count; k++) {
            struct compare_cell *cell = &row->cells[k];
            if (cell->why_not == NULL) {
                cell->figures[COMPARE_COMMON_LOAD] = requested;
                cell->figures[COMPARE_COMMON_LOSS] = step_at(cell->sweep, requested)->loss_ratio;
            }
        }
        return;
    }
}

static double between(double below, double above, double part)
{
    return below + part * (above - below);
}

// CPU times at a requested load: between those of the measured loads on either side. False if a
// load on either side was not measured.
static bool cpu_at(const struct sweep *sweep, double requested, struct cpu_figures *ret)
{
    for (size_t i = 0; i < sweep->step_count; i++) {
        const struct load_step *above = &sweep->steps[i];
        bool same = steps_same_load(above->requested_pps, requested);
        if (!same && above->requested_pps < requested) {
            continue;
        }
        if (!same && i == 0) {
            return false;
        }
        const struct load_step *below = same ? above : above - 1;
        double width = above->requested_pps - below->requested_pps;
        double part = same ? 1 : (requested - below->requested_pps) / width;
        *ret = (struct cpu_figures){
            .requested_pps = requested,
            .offered_pps = between(below->offered_pps, above->offered_pps, part),
            .router_ns = between(mean_of(below->router_ns, sweep->router_count),
                                 mean_of(above->router_ns, sweep->router_count), part),
            .host_ns = between(below->host_ns, above->host_ns, part),
        };
        return true;
    }
    return false;
}

// CPU times of all compared sides at one load, the lowest of their own: a packet takes less CPU
// time at a higher load, so that figures of different loads don't compare the sides. A side that
// was not measured down to that load keeps its own.
static void take_cpu(const struct comparison *comparison, struct compare_row *row)
{
    double lowest = (double)NAN;
    bool any = false;
    for (size_t i = 0; i < comparison->side_count; i++) {
        if (row->cells[i].why_not == NULL) {
            lowest = fmin(lowest, row->cells[i].figures[COMPARE_CPU_REQUESTED]); // ignores NaN
            any = any || i > 0;
        }
    }
    for (size_t i = 0; any && i < comparison->side_count; i++) {
        struct cpu_figures at;
        if (row->cells[i].why_not == NULL && cpu_at(row->cells[i].sweep, lowest, &at)) {
            cpu_set(&row->cells[i], &at);
        }
    }
}

void compare_fill_rows(struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        struct compare_row *row = &comparison->rows[i];
        _cleanup_free_ char *title =
            compare_title(row->scenario, row->topology, row->length, row->length_layer);
        for (size_t k = 0; k < comparison->side_count; k++) {
            struct compare_cell *cell = &row->cells[k];
            if (cell->sweep != NULL) {
                take_figures(cell);
            }
            cell->why_not = k == 0 ? NULL : reason_not(comparison, row, k);
            if (cell->why_not != NULL) {
                compare_say(&comparison->not_compared, "%s: %s", title, cell->why_not);
            }
            if (cell->sweep != NULL && cell->sweep->invalid > 0 && cell->sweep->step_count > 0) {
                compare_say(&comparison->not_compared,
                            "%s: %zu of %zu points of %s are invalid and excluded", title,
                            cell->sweep->invalid, cell->sweep->points, comparison->sides[k].label);
            }
        }
        take_common(comparison, row);
        take_cpu(comparison, row);
    }
}

size_t comparison_compared(const struct comparison *comparison)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->row_count; i++) {
        bool any = false;
        for (size_t k = 1; k < comparison->side_count; k++) {
            any = any || comparison->rows[i].cells[k].why_not == NULL;
        }
        count += any;
    }
    return count;
}

double compare_ratio(const struct compare_row *row, size_t side, enum compare_figure figure)
{
    double first = row->cells[0].figures[figure];
    double other = row->cells[side].figures[figure];
    bool known = isfinite(first) && isfinite(other) && first > 0;
    if (figure == COMPARE_ROUTER_NS || figure == COMPARE_HOST_NS) {
        known = known && steps_same_load(row->cells[0].figures[COMPARE_CPU_REQUESTED],
                                         row->cells[side].figures[COMPARE_CPU_REQUESTED]);
    }
    return known && row->cells[side].why_not == NULL ? other / first : (double)NAN;
}
