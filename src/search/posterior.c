// SPDX-License-Identifier: GPL-3.0-or-later
// search/posterior — see posterior.h.
#include "search/posterior.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"

#define CELLS       401  // of the logarithm of the critical load, finest at the centre
#define BEYOND      0.7  // logarithm by which the cells extend beyond the range of loads
#define FINE        4.0  // goal widths around the centre in which cells are fine
#define HINT_SCALE  2.0  // goal widths: scale of the prior around a forwarding rate
#define HINT_LOSS   0.01 // loss from which a trial's forwarding rate is such a hint
#define LEAST       1e-4 // probability of an outcome that the model calls impossible
#define MATTERS     1e-9 // weight of a cell from which it is kept
#define MOST_JITTER 2.0  // goal widths by which jitter may exceed a bound, at most

// Jitter relative to the critical load, and the share of trials that exceed the loss ratio at any
// load, with their prior weights.
static const double jitters[] = {0.0003, 0.001, 0.0022, 0.0045, 0.009, 0.018};
static const double jitter_weights[] = {1, 1, 1, 1, 1, 1};
static const double stalls[] = {0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
static const double stall_weights[] = {4, 1, 1, 1, 1, 1, 1, 0.5};
#define JITTERS (sizeof jitters / sizeof jitters[0])
#define STALLS  (sizeof stalls / sizeof stalls[0])

struct posterior {
    const struct search_goal *goal;
    const struct load_scale *scale; // NULL = loads are rates
    double first, last;             // logarithms of the first and last cell
    double centre, hint;            // logarithms; hint is NaN if unknown
    size_t trials;                  // of the book, so far
    double cells[CELLS];            // logarithms of the critical load, ascending
    size_t from, to;                // cells with a weight that matters; the others keep old weights
    double weights[CELLS][JITTERS][STALLS];
    double sums[CELLS + 1][JITTERS]; // cumulative over cells and summed over stalls
};

struct posterior *posterior_new(const struct search_goal *goal, const struct load_range *range)
{
    struct posterior *posterior = memory_new(1, sizeof *posterior);
    posterior->goal = goal;
    posterior->scale = range->scale;
    posterior->first = log(range->min_pps) - BEYOND;
    posterior->last = log(range->max_pps) + BEYOND;
    posterior->centre = (posterior->first + posterior->last) / 2.0;
    posterior->hint = (double)NAN;
    return posterior;
}

void posterior_free(struct posterior *posterior)
{
    free(posterior);
}

// Cells at equal steps of the inverse hyperbolic sine of the distance from the centre.
static void place_cells(struct posterior *posterior)
{
    double fine = FINE * posterior->goal->width;
    double from = asinh((posterior->first - posterior->centre) / fine);
    double to = asinh((posterior->last - posterior->centre) / fine);
    for (size_t i = 0; i < CELLS; i++) {
        double u = from + (to - from) * (double)i / (CELLS - 1);
        posterior->cells[i] = posterior->centre + fine * sinh(u);
    }
}

// Half uniform in the logarithm of the load, half near the forwarding rate of an overload.
static double prior_density(const struct posterior *posterior, double cell)
{
    double uniform = 1.0 / (posterior->last - posterior->first);
    if (isnan(posterior->hint)) {
        return uniform;
    }
    double scale = HINT_SCALE * posterior->goal->width;
    double distance = (cell - posterior->hint) / scale;
    return 0.5 * uniform + 0.5 / (M_PI * scale * (1.0 + distance * distance));
}

static void set_prior(struct posterior *posterior)
{
    for (size_t i = 0; i < CELLS; i++) {
        size_t low = i == 0 ? 0 : i - 1;
        size_t high = i == CELLS - 1 ? i : i + 1;
        double spacing = (posterior->cells[high] - posterior->cells[low]) / (double)(high - low);
        double density = prior_density(posterior, posterior->cells[i]) * spacing;
        for (size_t k = 0; k < JITTERS; k++) {
            for (size_t m = 0; m < STALLS; m++) {
                posterior->weights[i][k][m] = density * jitter_weights[k] * stall_weights[m];
            }
        }
    }
}

// Standard normal distribution, by interpolation in a table.
static double normal_below(double x)
{
    enum { STEPS = 100, END = 6, COUNT = 2 * END * STEPS };
    static double table[COUNT + 2];
    if (table[COUNT] == 0.0) {
        for (int i = 0; i <= COUNT + 1; i++) {
            table[i] = 0.5 * erfc(-((double)i / STEPS - END) * M_SQRT1_2);
        }
    }
    double at = (x + END) * STEPS;
    if (at <= 0.0 || at >= COUNT) {
        return at <= 0.0 ? 0.0 : 1.0;
    }
    int low = (int)at;
    return table[low] + (at - low) * (table[low + 1] - table[low]);
}

// Probability that a trial exceeds the loss ratio if an undisturbed one does so with probability
// `over`.
static double exceeding(double stall, double over)
{
    return fmin(fmax(stall + (1.0 - stall) * over, LEAST), 1.0 - LEAST);
}

static double power(double base, size_t exponent)
{
    double result = 1.0;
    for (size_t i = 0; i < exponent; i++) {
        result *= base;
    }
    return result;
}

// Multiplies the weights by the likelihood of trials at one load.
static void weigh(struct posterior *posterior, double pps, size_t high, size_t low)
{
    double load = log(pps);
    for (size_t i = posterior->from; i < posterior->to; i++) {
        for (size_t k = 0; k < JITTERS; k++) {
            double over = normal_below((load - posterior->cells[i]) / jitters[k]);
            for (size_t m = 0; m < STALLS; m++) {
                double exceeds = exceeding(stalls[m], over);
                double *weight = &posterior->weights[i][k][m];
                *weight *= power(exceeds, high) * power(1.0 - exceeds, low);
            }
        }
    }
}

static void normalise(struct posterior *posterior)
{
    double sums[CELLS][JITTERS] = {0};
    double total = 0.0;
    for (size_t i = posterior->from; i < posterior->to; i++) {
        for (size_t k = 0; k < JITTERS; k++) {
            for (size_t m = 0; m < STALLS; m++) {
                sums[i][k] += posterior->weights[i][k][m];
            }
            total += sums[i][k];
        }
    }
    size_t from = posterior->to;
    size_t to = posterior->from;
    for (size_t i = 0; i < CELLS; i++) {
        bool active = i >= posterior->from && i < posterior->to;
        double cell = 0.0;
        for (size_t k = 0; k < JITTERS; k++) {
            double sum = active ? sums[i][k] / total : 0.0;
            posterior->sums[i + 1][k] = posterior->sums[i][k] + sum;
            cell += sum;
            for (size_t m = 0; active && m < STALLS; m++) {
                posterior->weights[i][k][m] /= total;
            }
        }
        if (cell > MATTERS) {
            from = i < from ? i : from;
            to = i + 1;
        }
    }
    posterior->from = from;
    posterior->to = to;
}

static void count_trials(const struct posterior *posterior, const struct book_load *load,
                         size_t *ret_high, size_t *ret_low)
{
    *ret_high = 0;
    for (size_t i = 0; i < load->count; i++) {
        *ret_high += load->trials[i].loss_ratio > posterior->goal->loss_ratio;
    }
    *ret_low = load->count - *ret_high;
}

// The critical load that the forwarding rate of an overload suggests.
static double critical_by_loss(const struct posterior *posterior, double load, double loss)
{
    const struct load_scale *scale = posterior->scale;
    double ratio = posterior->goal->loss_ratio;
    return scale == NULL ? load * (1.0 - loss) / (1.0 - ratio)
                         : scale->expect_critical(scale, load, loss, ratio);
}

// The logarithm of the critical load that the smallest overload suggests.
static double find_hint(const struct posterior *posterior, const struct book *book)
{
    double ratio = posterior->goal->loss_ratio;
    for (size_t i = 0; i < book->count; i++) {
        const struct book_load *load = &book->loads[i];
        double loss = 0.0;
        for (size_t k = 0; k < load->count; k++) {
            loss += load->trials[k].loss_ratio / (double)load->count;
        }
        if (loss > ratio + HINT_LOSS && loss < 1.0) {
            return log(critical_by_loss(posterior, load->pps, loss));
        }
    }
    return (double)NAN;
}

static void recompute(struct posterior *posterior, const struct book *book)
{
    place_cells(posterior);
    set_prior(posterior);
    posterior->from = 0;
    posterior->to = CELLS;
    for (size_t i = 0; i < book->count; i++) {
        size_t high = 0;
        size_t low = 0;
        count_trials(posterior, &book->loads[i], &high, &low);
        weigh(posterior, book->loads[i].pps, high, low);
        normalise(posterior); // the product of many likelihoods is too small for a double
    }
}

void posterior_update(struct posterior *posterior, const struct book *book)
{
    if (posterior->trials == book->trials) {
        return;
    }
    double hint = find_hint(posterior, book);
    bool moved = posterior->trials == 0 || (!isnan(hint) && hint != posterior->hint);
    if (!isnan(hint)) {
        posterior->centre = isnan(posterior->hint) ? hint : posterior->centre;
        posterior->hint = hint;
    }
    if (moved) {
        recompute(posterior, book);
    } else {
        for (size_t i = posterior->trials; i < book->trials; i++) {
            const struct book_entry *entry = &book->entries[i];
            bool high = entry->loss_ratio > posterior->goal->loss_ratio;
            weigh(posterior, entry->pps, high, !high);
        }
        normalise(posterior);
    }
    posterior->trials = book->trials;
    double median = log(posterior_quantile(posterior, 0.5));
    if (fabs(median - posterior->centre) > 2.0 * posterior->goal->width) {
        posterior->centre = median;
        recompute(posterior, book);
    }
}

static double cell_sum(const struct posterior *posterior, size_t at)
{
    double sum = 0.0;
    for (size_t k = 0; k < JITTERS; k++) {
        sum += posterior->sums[at][k];
    }
    return sum;
}

double posterior_quantile(const struct posterior *posterior, double probability)
{
    size_t low = 0;
    size_t high = CELLS - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (cell_sum(posterior, middle + 1) >= probability) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return exp(posterior->cells[low]);
}

// Number of cells below a logarithm.
static size_t cells_below(const struct posterior *posterior, double logarithm)
{
    size_t low = 0;
    size_t high = CELLS;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (posterior->cells[middle] < logarithm) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

double posterior_between(const struct posterior *posterior, double lower_pps, double upper_pps,
                         double *ret_below, double *ret_above)
{
    double below = 0.0;
    double above = 0.0;
    for (size_t k = 0; k < JITTERS; k++) {
        double room = fmin(jitters[k], MOST_JITTER * posterior->goal->width);
        size_t from = cells_below(posterior, log(lower_pps) - room);
        size_t to = cells_below(posterior, log(upper_pps) + room);
        below += posterior->sums[from][k];
        above += posterior->sums[CELLS][k] - posterior->sums[to][k];
    }
    if (ret_below != NULL) {
        *ret_below = below;
        *ret_above = above;
    }
    return 1.0 - below - above;
}

static double entropy(double p)
{
    return p <= 0.0 || p >= 1.0 ? 0.0 : -p * log2(p) - (1.0 - p) * log2(1.0 - p);
}

double posterior_information(const struct posterior *posterior, double pps)
{
    double load = log(pps);
    double all = 0.0;
    double known = 0.0; // entropy of the outcome if the critical load were known
    for (size_t i = posterior->from; i < posterior->to; i++) {
        double weight = 0.0;
        double exceeds = 0.0;
        for (size_t k = 0; k < JITTERS; k++) {
            double sum = posterior->sums[i + 1][k] - posterior->sums[i][k];
            if (sum < MATTERS) {
                continue;
            }
            double over = normal_below((load - posterior->cells[i]) / jitters[k]);
            for (size_t m = 0; m < STALLS; m++) {
                exceeds += posterior->weights[i][k][m] * exceeding(stalls[m], over);
            }
            weight += sum;
        }
        all += exceeds;
        known += weight > 0.0 ? weight * entropy(exceeds / weight) : 0.0;
    }
    return entropy(all) - known;
}
