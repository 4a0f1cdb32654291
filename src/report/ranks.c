// SPDX-License-Identifier: GPL-3.0-or-later
// report/ranks — see ranks.h.
#include "report/ranks.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/mean.h"
#include "base/text.h"

// Up to these sizes the distributions are computed exactly, above them by their normal limits.
#define EXACT_SAMPLES 40U
#define EXACT_PAIRS   100U
#define EXACT_MEDIAN  1000U // 2^-1000 is a double

// The number of values to leave out at each end, from the probabilities of 0, 1, … smaller ones:
// the largest k with P(X < k) <= error / 2. The interval is from the k-th smallest to the k-th
// largest value; 0 = no interval is as reliable.
static size_t cut_of(const double *probability, size_t count, double error)
{
    double below = 0;
    size_t k = 0;
    while (k < count && below + probability[k] <= error / 2) {
        below += probability[k++];
    }
    return k;
}

static size_t cut_by_limit(double mean, double variance, double error)
{
    double low = 0;
    double high = 40;
    for (int i = 0; i < 200; i++) {
        double middle = (low + high) / 2;
        bool beyond = erfc(middle / sqrt(2)) <= error;
        low = beyond ? low : middle;
        high = beyond ? middle : high;
    }
    double cut = floor(mean - high * sqrt(variance) - 0.5);
    return cut < 1 ? 0 : (size_t)cut;
}

// Mann and Whitney's recurrence, in probabilities: all terms are positive, so no digits are lost.
static size_t cut_of_samples(size_t a, size_t b, double error)
{
    if (a > EXACT_SAMPLES || b > EXACT_SAMPLES) {
        double product = (double)a * (double)b;
        return cut_by_limit(product / 2, product * (double)(a + b + 1) / 12, error);
    }
    size_t room = a * b + 1;
    // table[j * room + u]: P(U = u) of i and j values; row by row for growing i.
    _cleanup_free_ double *table = memory_new_array(double, (b + 1) * room);
    for (size_t j = 0; j <= b; j++) {
        table[j * room] = 1;
    }
    for (size_t i = 1; i <= a; i++) {
        for (size_t j = 1; j <= b; j++) {
            double *own = &table[j * room];
            const double *fewer = &table[(j - 1) * room];
            double share = (double)i / (double)(i + j);
            for (size_t u = i * j + 1; u > 0; u--) {
                size_t at = u - 1;
                own[at] = (at >= j ? share * own[at - j] : 0) + (1 - share) * fewer[at];
            }
        }
    }
    return cut_of(&table[b * room], room, error);
}

static size_t cut_of_pairs(size_t count, double error)
{
    if (count > EXACT_PAIRS) {
        double n = (double)count;
        return cut_by_limit(n * (n + 1) / 4, n * (n + 1) * (2 * n + 1) / 24, error);
    }
    size_t room = count * (count + 1) / 2 + 1;
    _cleanup_free_ double *table = memory_new_array(double, room);
    table[0] = 1;
    for (size_t rank = 1; rank <= count; rank++) {
        for (size_t u = room; u > 0; u--) {
            size_t at = u - 1;
            table[at] = (table[at] + (at >= rank ? table[at - rank] : 0)) / 2;
        }
    }
    return cut_of(table, room, error);
}

static double ratio_of(double above, double below)
{
    return below > 0 ? above / below : (double)INFINITY;
}

bool ranks_of_samples(const struct span *a, size_t a_count, const struct span *b, size_t b_count,
                      double error, struct span *ret)
{
    size_t cut = a_count == 0 || b_count == 0 ? 0 : cut_of_samples(a_count, b_count, error);
    size_t count = a_count * b_count;
    if (cut == 0) {
        return false;
    }
    _cleanup_free_ double *least = memory_new_array(double, count);
    _cleanup_free_ double *most = memory_new_array(double, count);
    for (size_t i = 0; i < a_count; i++) {
        for (size_t k = 0; k < b_count; k++) {
            least[i * b_count + k] = b[k].low / a[i].high;
            most[i * b_count + k] = ratio_of(b[k].high, a[i].low);
        }
    }
    values_sort(least, count);
    values_sort(most, count);
    *ret = (struct span){least[cut - 1], most[count - cut]};
    return true;
}

// Number of the means of two values (or of one with itself) up to a limit; `values` are sorted.
static size_t count_means(const double *values, size_t count, double limit)
{
    size_t means = 0;
    size_t below = count; // of the means with values[i], those with the first `below` values
    for (size_t i = 0; i < count; i++) {
        while (below > 0 && (values[i] + values[below - 1]) / 2 > limit) {
            below--;
        }
        // Each mean counts once, for the larger of its values.
        means += below < i + 1 ? below : i + 1;
    }
    return means;
}

// A mapping between doubles and integers that keeps their order.
static uint64_t order_of_real(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 != 0 ? ~bits : bits | UINT64_C(1) << 63;
}

static double real_of_order(uint64_t order)
{
    uint64_t bits = order >> 63 != 0 ? order ^ UINT64_C(1) << 63 : ~order;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The k-th smallest (from 1) of the count * (count + 1) / 2 means of two of the sorted values. The
// search halves the range of doubles: the means are too many to be sorted.
static double select_mean(const double *values, size_t count, size_t k)
{
    uint64_t low = order_of_real(values[0]);
    uint64_t high = order_of_real(values[count - 1]);
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (count_means(values, count, real_of_order(middle)) >= k) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return real_of_order(low);
}

bool ranks_of_pairs(const double *ratios, size_t count, double error, struct span *ret)
{
    size_t cut = count == 0 ? 0 : cut_of_pairs(count, error);
    if (cut == 0) {
        return false;
    }
    size_t means = count * (count + 1) / 2;
    _cleanup_free_ double *logs = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        logs[i] = log(ratios[i]);
    }
    values_sort(logs, count);
    *ret = (struct span){exp(select_mean(logs, count, cut)),
                         exp(select_mean(logs, count, means - cut + 1))};
    return true;
}

// Ranks of both ends of the interval of a median: from the k-th smallest to the k-th largest value,
// with the largest k that is as reliable as wanted; 1 if none is. `ret_outside` is the probability
// that the median is outside.
static size_t cut_of_median(size_t count, double error, double *ret_outside)
{
    if (count > EXACT_MEDIAN) {
        *ret_outside = error;
        return cut_by_limit((double)count / 2, (double)count / 4, error);
    }
    // P(i of the values are below the median): the binomial coefficient over 2^count.
    double probability = pow(0.5, (double)count);
    double below = probability;
    size_t k = 1;
    for (;;) {
        probability *= (double)(count - k + 1) / (double)k;
        if (k >= (count + 1) / 2 || below + probability > error / 2) {
            break;
        }
        below += probability;
        k++;
    }
    *ret_outside = 2 * below;
    return k;
}

struct span ranks_of_median(const struct span *values, size_t count, double error)
{
    _cleanup_free_ double *low = memory_new_array(double, count);
    _cleanup_free_ double *high = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        low[i] = values[i].low;
        high[i] = values[i].high;
    }
    values_sort(low, count);
    values_sort(high, count);
    double outside;
    size_t cut = cut_of_median(count, error, &outside);
    return (struct span){low[cut - 1], high[count - cut]};
}

struct median ranks_median_interval(double *values, size_t count, double error)
{
    double value = ranks_median(values, count);
    double outside;
    size_t cut = count == 0 ? 0 : cut_of_median(count, error, &outside);
    struct span span = count == 0 ? (struct span){(double)NAN, (double)NAN}
                                  : (struct span){values[cut - 1], values[count - cut]};
    return (struct median){value, span, count};
}

double ranks_median_confidence(size_t count, double error)
{
    double outside = 1;
    if (count > 1) {
        (void)cut_of_median(count, error, &outside);
    }
    return 1 - outside;
}

size_t ranks_median_least(double error)
{
    return ranks_pairs_needed(error); // 2 / 2^n, too
}

// The value that a part of the repeats is below: between the two of neighbouring ranks, the i-th
// of n being at i / (n + 1). Beyond the outermost ones the distance of these goes on.
static double quantile_of(const double *sorted, size_t count, double part)
{
    double rank = part * (double)(count + 1);
    size_t below = rank < 1 ? 1 : rank >= (double)count ? count - 1 : (size_t)rank;
    double step = sorted[below] - sorted[below - 1];
    return sorted[below - 1] + (rank - (double)below) * step;
}

size_t ranks_median_needed(double *values, size_t count, double error, double width)
{
    double median = ranks_median(values, count);
    if (count < 2 || !(median > 0)) {
        return 0;
    }
    for (size_t n = ranks_median_least(error); n <= RANKS_REPEATS_MOST; n++) {
        double outside;
        double part = (double)cut_of_median(n, error, &outside) / (double)(n + 1);
        double wide = quantile_of(values, count, 1 - part) - quantile_of(values, count, part);
        if (wide <= width * median) {
            return n;
        }
    }
    return 0;
}

double ranks_median(double *values, size_t count)
{
    if (count == 0) {
        return (double)NAN;
    }
    values_sort(values, count);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

// Even probabilities below those of a double's range end the search.
#define NEEDED_MOST 500U

size_t ranks_samples_needed(double error)
{
    size_t count = 1;
    double least = 2; // of both ends: 2 / (2n choose n)
    while (count < NEEDED_MOST &&
           (least *= (double)count / (2.0 * (double)(2 * count - 1))) > error) {
        count++;
    }
    return count;
}

size_t ranks_pairs_needed(double error)
{
    size_t count = 1;
    while (count < NEEDED_MOST && 2 * pow(0.5, (double)count) > error) {
        count++;
    }
    return count;
}
