// SPDX-License-Identifier: GPL-3.0-or-later
// model/fit — see fit.h.
#include "model/fit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mean.h"
#include "base/random.h"
#include "base/text.h"
#include "result/bounds.h"
#include "version.h"

#if HAVE_GSL
#include <gsl/gsl_blas.h>
#include <gsl/gsl_multifit_nlinear.h>
#endif

#define OVERLOADED    0.03 // loss ratio from which a point is beyond the knee
#define SATURATED     0.10 // loss ratio from which no queue empties, if the CPUs are busy
#define ALL_BUSY      0.9
#define NEAR_KNEE     0.8  // part of the CPUs from which a point contributes to rate_errors
#define USABLE        0.97 // part of a CPU, if no point was beyond the knee
#define PERCENT_ERROR 1.0  // of a CPU figure: percentage points, plus the next of the figure
#define PERCENT_SHARE 0.03
#define ITERATIONS    60
#define LEAST_SHARE   1e-3 // tolerance of the fit
#define CHOICES       8U
#define LEAST_FULL    0.76
#define LEAST_GAIN    1e-4 // of an error, for another choice
#define OVERLOAD_MOST 16U  // observations that determine `full` and `upstream`

// Parameters of the fit are logarithms. The priors are wide, and matter only for those that the
// observations don't determine.
struct parameter {
    size_t offset; // of a double in struct costs
    double prior, spread;
};
static const struct parameter parameters[] = {
    {offsetof(struct costs, host.base), 600.0, 1.5},
    {offsetof(struct costs, host.slope), 0.05, 1.5},
    {offsetof(struct costs, host.wakeup), 2000.0, 2.0},
    {offsetof(struct costs, router.base), 700.0, 1.5},
    {offsetof(struct costs, router.slope), 0.05, 1.5},
    {offsetof(struct costs, router.wakeup), 2000.0, 2.0},
    {offsetof(struct costs, latency_ns), 3000.0, 2.0},
};
#define PARAMETERS (sizeof parameters / sizeof parameters[0])

// ---- lists

void list_add(struct value_list *list, double value)
{
    list->items = memory_resize(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = value;
}

double list_quantile(const struct value_list *list, double part)
{
    if (list->count == 0) {
        return (double)NAN;
    }
    values_sort(list->items, list->count);
    double at = part * (double)(list->count - 1);
    size_t low = (size_t)at;
    size_t high = low + 1 < list->count ? low + 1 : low;
    return list->items[low] + (at - (double)low) * (list->items[high] - list->items[low]);
}

// ---- costs, by nonlinear least squares

static double *parameter_of(struct costs *costs, size_t at)
{
    return (double *)(void *)((char *)costs + parameters[at].offset);
}

// Whether the CPU of a party is a figure of the topology.
static bool party_counts(const struct observation *seen, size_t party)
{
    return party != MODEL_HOST || seen->setup.topology == TOPOLOGY_BRIDGED;
}

static double total_percent(const struct observation *seen)
{
    double sum = 0.0;
    for (size_t i = 0; i < seen->setup.party_count; i++) {
        sum += seen->percent[i];
    }
    return sum;
}

// The CPUs that the threads of an observation can use.
static unsigned cpus_in_reach(const struct observation *seen)
{
    return cpus_of_threads(seen->setup.cpus, seen->work_count);
}

// The threads of a party.
static size_t count_threads(const struct observation *seen, size_t party)
{
    size_t count = 0;
    for (size_t i = 0; i < seen->work_count; i++) {
        count += seen->works[i].party == party ? 1 : 0;
    }
    return count;
}

// The part of the CPUs that host and routers used, or that the threads of one party used of the
// CPUs in their reach, if that is more: a router in overload fills one CPU only.
static double part_used(const struct observation *seen)
{
    double most = total_percent(seen) / cpus_in_reach(seen);
    for (size_t i = 0; i < seen->setup.party_count; i++) {
        size_t threads = count_threads(seen, i);
        if (threads > 0 && party_counts(seen, i)) {
            most = fmax(most, seen->percent[i] / cpus_of_threads(seen->setup.cpus, threads));
        }
    }
    return most / 100.0;
}

#if HAVE_GSL

struct sample {
    struct observation *const *seen;
    size_t count;
    struct costs costs; // `usable` is given
    double *ns;         // of the parties of one observation
};

static void set_parameters(const gsl_vector *x, struct costs *costs)
{
    for (size_t i = 0; i < PARAMETERS; i++) {
        *parameter_of(costs, i) = exp(fmin(fmax(gsl_vector_get(x, i), -30.0), 30.0));
    }
}

// Whether all CPUs are busy and much is lost.
static bool queues_stay_full(const struct observation *seen, const struct costs *costs)
{
    return seen->loss_ratio > SATURATED &&
           total_percent(seen) > ALL_BUSY * 100.0 * costs->usable * cpus_in_reach(seen);
}

static int sample_residuals(const gsl_vector *x, void *context, gsl_vector *f)
{
    struct sample *sample = context;
    struct costs costs = sample->costs;
    set_parameters(x, &costs);
    size_t row = 0;
    for (size_t i = 0; i < sample->count; i++) {
        const struct observation *seen = sample->seen[i];
        double usable = queues_stay_full(seen, &costs) ? 0.0 : costs.usable * cpus_in_reach(seen);
        work_usage(&costs, usable, seen->works, seen->work_count, sample->ns,
                   seen->setup.party_count);
        for (size_t k = 0; k < seen->setup.party_count; k++) {
            double error = PERCENT_ERROR + PERCENT_SHARE * seen->percent[k];
            double off = sample->ns[k] / 1e7 - seen->percent[k];
            gsl_vector_set(f, row++, party_counts(seen, k) ? off / error : 0.0);
        }
    }
    for (size_t i = 0; i < PARAMETERS; i++) {
        double off = gsl_vector_get(x, i) - log(parameters[i].prior);
        gsl_vector_set(f, row++, off / parameters[i].spread);
    }
    return GSL_SUCCESS;
}

struct costs fit_costs(struct observation *const *seen, size_t count, const struct costs *start)
{
    size_t rows = PARAMETERS;
    size_t parties = 0;
    for (size_t i = 0; i < count; i++) {
        rows += seen[i]->setup.party_count;
        parties = seen[i]->setup.party_count > parties ? seen[i]->setup.party_count : parties;
    }
    _cleanup_free_ double *ns = memory_new_array(double, parties);
    struct sample sample = {seen, count, *start, ns};
    gsl_multifit_nlinear_parameters options = gsl_multifit_nlinear_default_parameters();
    options.solver = gsl_multifit_nlinear_solver_qr;
    gsl_multifit_nlinear_workspace *space =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &options, rows, PARAMETERS);
    gsl_vector *x = gsl_vector_alloc(PARAMETERS);
    for (size_t i = 0; i < PARAMETERS; i++) {
        gsl_vector_set(x, i, log(fmax(*parameter_of(&sample.costs, i), 1e-9)));
    }
    gsl_multifit_nlinear_fdf functions = {
        .f = sample_residuals, .n = rows, .p = PARAMETERS, .params = &sample};
    int info = 0;
    gsl_multifit_nlinear_init(x, &functions, space);
    // A fit that stops early is as good as its residuals, which the intervals contain.
    (void)gsl_multifit_nlinear_driver(ITERATIONS, LEAST_SHARE, LEAST_SHARE, 0.0, NULL, NULL, &info,
                                      space);
    set_parameters(gsl_multifit_nlinear_position(space), &sample.costs);
    gsl_vector_free(x);
    gsl_multifit_nlinear_free(space);
    return sample.costs;
}

bool fit_is_built(void)
{
    gsl_set_error_handler_off();
    return true;
}

#else

struct costs fit_costs(struct observation *const *seen, size_t count, const struct costs *start)
{
    (void)seen;
    (void)count;
    return *start;
}

bool fit_is_built(void)
{
    return false;
}

#endif

// ---- what the points beyond the knee determine

static double find_usable(struct observation *const *seen, size_t count)
{
    _cleanup_free_ double *parts = memory_new_array(double, count);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (seen[i]->loss_ratio > OVERLOADED && !seen[i]->capped) {
            parts[found++] = part_used(seen[i]);
        }
    }
    return found == 0 ? USABLE : fmin(fmax(median_of(parts, found), 0.3), 1.0);
}

static double received_of(const struct solution *solution, size_t flows)
{
    double sum = 0.0;
    for (size_t i = 0; i < flows; i++) {
        sum += solution->received[i];
    }
    return sum;
}

static double predicted_rate(const struct costs *costs, const struct observation *seen,
                             double *ret_busy)
{
    _cleanup_solution_ struct solution solution;
    solve_load(costs, &seen->setup, seen->load_pps, &solution);
    if (ret_busy != NULL) {
        *ret_busy = solution.busy;
    }
    return received_of(&solution, seen->setup.flow_count);
}

// The mean error, as a logarithm, of the highest rate of each number of flows and each length, over
// the valid observations.
static double peak_error(const struct costs *costs, struct observation *const *seen, size_t count)
{
    double sum = 0.0;
    size_t kinds = 0;
    _cleanup_free_ bool *done = memory_new_array(bool, count);
    for (size_t i = 0; i < count; i++) {
        double measured = 0.0;
        double predicted = 0.0;
        bool lossy = false;
        for (size_t k = i; !done[i] && k < count; k++) {
            if (seen[k]->setup.flow_count != seen[i]->setup.flow_count ||
                seen[k]->point->length != seen[i]->point->length) {
                continue;
            }
            measured = fmax(measured, seen[k]->received_pps);
            predicted = fmax(predicted, predicted_rate(costs, seen[k], NULL));
            lossy = lossy || seen[k]->loss_ratio > OVERLOADED;
            done[k] = k != i;
        }
        if (!done[i] && lossy && measured > 0 && predicted > 0) {
            sum += fabs(log(predicted / measured));
            kinds++;
        }
        done[i] = true;
    }
    return kinds == 0 ? 0.0 : sum / (double)kinds;
}

// The mean error of predicted rates, as a logarithm.
static double rate_error(const struct costs *costs, struct observation *const *seen, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += fabs(log(fmax(predicted_rate(costs, seen[i], NULL), 1.0) / seen[i]->received_pps));
    }
    return sum / (double)count;
}

// Sets one of the costs to the value that describes the rates best: in steps from `from` to `to`,
// of equally good ones the first.
static void choose_value(struct costs *costs, double *value, double from, double to,
                         double (*error_of)(const struct costs *, struct observation *const *,
                                            size_t),
                         struct observation *const *seen, size_t count)
{
    double best = *value;
    double least = (double)INFINITY;
    for (unsigned i = 0; i <= CHOICES; i++) {
        *value = from + (to - from) * i / CHOICES;
        double error = error_of(costs, seen, count);
        if (error < least - LEAST_GAIN) {
            least = error;
            best = *value;
        }
    }
    *value = best;
}

// Adds the observations beyond the knee to `ret`, only valid points or all. Returns how many.
static size_t find_overloaded(struct observation *const *seen, size_t count, bool valid,
                              struct observation **ret)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (seen[i]->loss_ratio > OVERLOADED && !seen[i]->capped && seen[i]->received_pps > 0 &&
            (seen[i]->point->valid || !valid)) {
            ret[found++] = seen[i];
        }
    }
    return found;
}

// `full`, from the highest rates in valid points.
static void fit_full(struct costs *costs, struct observation *const *seen, size_t count)
{
    _cleanup_free_ struct observation **valid = memory_new_array(struct observation *, count);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (seen[i]->point->valid && !seen[i]->capped && seen[i]->received_pps > 0) {
            valid[found++] = seen[i];
        }
    }
    choose_value(costs, &costs->full, 1.0, LEAST_FULL, peak_error, valid, found);
}

// `full` and `upstream`, from the rates beyond the knee. Points with the tester at its limit
// had bursts, and count only if there are no others.
static void fit_overload(struct costs *costs, struct observation *const *seen, size_t count)
{
    _cleanup_free_ struct observation **used = memory_new_array(struct observation *, count);
    size_t found = find_overloaded(seen, count, true, used);
    bool only_valid = found >= FIT_LEAST_VALID;
    if (!only_valid) {
        found = find_overloaded(seen, count, false, used);
    }
    size_t most = found < OVERLOAD_MOST ? found : OVERLOAD_MOST;
    for (size_t i = 0; i < most; i++) {
        used[i] = used[i * found / most];
    }
    costs->full = 1.0;
    costs->upstream = 0.0;
    if (most > 0) {
        choose_value(costs, &costs->upstream, 0.0, 1.0, rate_error, used, most);
        if (only_valid) {
            fit_full(costs, seen, count);
        } else {
            choose_value(costs, &costs->full, 1.0, LEAST_FULL, rate_error, used, most);
        }
        choose_value(costs, &costs->upstream, 0.0, 1.0, rate_error, used, most);
    }
}

// ---- where losses begin

static bool same_value(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

// Whether the weights, caps and loads of two set-ups are equal: options of a run may change those
// of one scenario file.
static bool same_shares(const struct model_setup *a, const struct model_setup *b)
{
    bool same = a->flow_count == b->flow_count && a->party_count == b->party_count;
    for (size_t i = 0; same && i < a->party_count; i++) {
        same =
            a->parties[i].weight == b->parties[i].weight && a->parties[i].cap == b->parties[i].cap;
    }
    for (size_t i = 0; same && i < a->flow_count; i++) {
        same = same_value(a->flows[i].share, b->flows[i].share) &&
               same_value(a->flows[i].fixed_pps, b->flows[i].fixed_pps);
    }
    return same;
}

static bool same_sweep(const struct observation *a, const struct observation *b)
{
    return a->point->length == b->point->length && a->point->repeat == b->point->repeat &&
           text_equal(a->point->scenario, b->point->scenario) && same_shares(&a->setup, &b->setup);
}

static int by_load(const void *one, const void *other)
{
    double a = (*(struct observation *const *)one)->load_pps;
    double b = (*(struct observation *const *)other)->load_pps;
    return (a > b) - (a < b);
}

// CPU time per packet received, at the highest load below `throughput`.
static void note_fact_costs(struct observation *const *sweep, size_t count, double throughput,
                            struct sweep_fact *fact)
{
    const struct observation *at = sweep[0];
    for (size_t i = 1; i < count && sweep[i]->load_pps <= throughput; i++) {
        at = sweep[i];
    }
    for (size_t i = 0; i < at->setup.party_count; i++) {
        double *ns = i == MODEL_HOST ? &fact->host_ns : &fact->router_ns;
        *ns += at->percent[i] * 1e7 / fmax(at->received_pps, 1.0);
    }
}

static void note_fact(struct observation *const *sweep, size_t count, const struct bounds *bounds,
                      struct fitted *fitted)
{
    const struct model_setup *setup = &sweep[0]->setup;
    struct sweep_fact fact = {
        .flows = setup->flow_count,
        .ip_length = setup->flows[0].ip_length,
        .cap = setup->party_count > 1 && setup->parties[1].cap > 0 ? setup->parties[1].cap : 100.0,
        .throughput_pps = isnan(bounds->high)  ? (double)NAN
                          : isnan(bounds->low) ? 0.5 * bounds->high
                                               : (bounds->low + bounds->high) / 2.0,
    };
    for (size_t i = 0; i < count; i++) {
        fact.max_pps = fmax(fact.max_pps, sweep[i]->received_pps / (double)fact.flows);
    }
    note_fact_costs(sweep, count, isnan(bounds->low) ? 0.0 : bounds->low, &fact);
    fitted->facts = memory_resize(fitted->facts, fitted->fact_count + 1, sizeof *fitted->facts);
    fitted->facts[fitted->fact_count++] = fact;
}

// Where the losses of a sweep begin, relative to the knee. Stalls of the machine, and rings that
// fill while another thread has the CPU, let it be lower.
static void note_sweep(struct observation **sweep, size_t count, struct fitted *fitted)
{
    _cleanup_free_ double *loads = memory_new_array(double, count);
    _cleanup_free_ double *losses = memory_new_array(double, count);
    bool capped = false;
    qsort(sweep, count, sizeof(struct observation *), by_load);
    for (size_t i = 0; i < count; i++) {
        loads[i] = sweep[i]->load_pps;
        losses[i] = sweep[i]->loss_ratio;
        capped = capped || sweep[i]->capped;
    }
    const struct bounds bounds = bounds_find(loads, losses, count, 0.0);
    note_fact(sweep, count, &bounds, fitted);
    double knee = solve_knee(&fitted->costs, &sweep[0]->setup);
    if (isnan(bounds.high) || knee <= 0 || capped) {
        return; // no load lost a packet, or a cap determines where they do
    }
    if (isnan(bounds.low) && loads[0] >= knee) {
        return; // the sweep begins beyond the knee
    }
    double low = isnan(bounds.low) ? 0.5 * bounds.high : bounds.low;
    list_add(&fitted->onsets, fmin((low + bounds.high) / 2.0 / knee, 1.2));
}

static void find_onsets(struct observation *const *seen, size_t count, struct fitted *fitted)
{
    _cleanup_free_ bool *done = memory_new_array(bool, count);
    _cleanup_free_ struct observation **sweep = memory_new_array(struct observation *, count);
    for (size_t i = 0; i < count; i++) {
        size_t members = 0;
        for (size_t k = i; !done[i] && k < count; k++) {
            if (!done[k] && same_sweep(seen[i], seen[k])) {
                sweep[members++] = seen[k];
                done[k] = k != i;
            }
        }
        done[i] = true;
        if (members > 0) {
            note_sweep(sweep, members, fitted);
        }
    }
    double median = list_quantile(&fitted->onsets, 0.5);
    fitted->costs.onset = isnan(median) ? 1.0 : median;
}

// ---- errors of the fit

static void find_errors(struct observation *const *seen, size_t count, struct fitted *fitted)
{
    for (size_t i = 0; i < count; i++) {
        const struct observation *one = seen[i];
        _cleanup_solution_ struct solution solution;
        solve_load(&fitted->costs, &one->setup, one->load_pps, &solution);
        double received = received_of(&solution, one->setup.flow_count);
        if (solution.busy > NEAR_KNEE && received > 0 && one->received_pps > 0) {
            list_add(&fitted->rate_errors, log(one->received_pps / received));
        }
        for (size_t k = 0; k < one->setup.party_count; k++) {
            if (party_counts(one, k)) {
                list_add(&fitted->usage_errors, one->percent[k] - solution.percent[k]);
            }
        }
    }
}

static void note_range(struct observation *const *seen, size_t count, struct fitted *ret)
{
    ret->shortest = (double)INFINITY;
    ret->cpus_min = seen[0]->setup.cpus;
    for (size_t i = 0; i < count; i++) {
        const struct model_setup *setup = &seen[i]->setup;
        for (size_t k = 0; k < setup->flow_count; k++) {
            ret->shortest = fmin(ret->shortest, setup->flows[k].ip_length);
            ret->longest = fmax(ret->longest, setup->flows[k].ip_length);
        }
        ret->cpus_min = setup->cpus < ret->cpus_min ? setup->cpus : ret->cpus_min;
        ret->cpus_max = setup->cpus > ret->cpus_max ? setup->cpus : ret->cpus_max;
        ret->most_flows = setup->flow_count > ret->most_flows ? setup->flow_count : ret->most_flows;
        ret->busiest = fmax(ret->busiest, part_used(seen[i]));
        ret->uncapped += seen[i]->capped ? 0 : 1;
    }
    ret->observations = count;
}

// Notes how well the observations beyond the knee determine what happens there: the highest load
// over the knee is that of the observations that fit_overload() uses.
static void note_overload(struct observation *const *seen, size_t count, struct fitted *ret)
{
    _cleanup_free_ struct observation **used = memory_new_array(struct observation *, count);
    size_t found = find_overloaded(seen, count, true, used);
    ret->beyond = found;
    if (found < FIT_LEAST_VALID) {
        found = find_overloaded(seen, count, false, used);
    }
    for (size_t i = 0; i < found; i++) {
        double knee = solve_knee(&ret->costs, &used[i]->setup);
        if (knee > 0) {
            ret->overload = fmax(ret->overload, used[i]->load_pps / knee);
        }
    }
}

// Draws one of the observations that are beyond the knee like the one at `like`, or not: so each
// sample contains as many of both.
static struct observation *draw_alike(struct observation *const *seen, size_t count, size_t like,
                                      uint64_t *state)
{
    size_t at;
    do {
        at = (size_t)(random_next(state) % count);
    } while ((seen[at]->loss_ratio > OVERLOADED) != (seen[like]->loss_ratio > OVERLOADED));
    return seen[at];
}

static struct costs fit_all(struct observation *const *seen, size_t count,
                            const struct costs *start)
{
    // Caps limit the wake-ups of a party that reached its cap, too: such points have no costs.
    _cleanup_free_ struct observation **free_ones = memory_new_array(struct observation *, count);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (!seen[i]->capped) {
            free_ones[found++] = seen[i];
        }
    }
    struct costs costs = *start;
    costs.usable = find_usable(seen, count);
    costs = fit_costs(free_ones, found, &costs);
    fit_overload(&costs, seen, count);
    return costs;
}

void fit_kind(struct observation *const *seen, size_t count, uint64_t seed, struct fitted *ret)
{
    struct costs start = {.usable = USABLE, .full = 1.0, .onset = 1.0};
    for (size_t i = 0; i < PARAMETERS; i++) {
        *parameter_of(&start, i) = parameters[i].prior;
    }
    ret->topology = seen[0]->setup.topology;
    ret->costs = fit_all(seen, count, &start);
    note_range(seen, count, ret);
    note_overload(seen, count, ret);
    find_onsets(seen, count, ret);
    find_errors(seen, count, ret);
    _cleanup_free_ struct observation **drawn = memory_new_array(struct observation *, count);
    for (size_t i = 0; i < FIT_RESAMPLES; i++) {
        for (size_t k = 0; k < count; k++) {
            drawn[k] = draw_alike(seen, count, k, &seed);
        }
        ret->resampled[i] = fit_all(drawn, count, &ret->costs);
        ret->resampled[i].onset =
            ret->onsets.count > 0 ? ret->onsets.items[random_next(&seed) % ret->onsets.count] : 1.0;
    }
}
