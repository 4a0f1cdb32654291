// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/ranks and report/compare_verdict: the intervals against known distributions, and
// the verdicts on simulated devices. The random numbers are the same in each run of the test.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "machine/catalogue.h"
#include "report/compare.h"
#include "report/compare_list.h"
#include "report/compare_verdict.h"
#include "report/ranks.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "made_up_points.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

// ---- random numbers

static uint64_t state_of_random;

static double random_even(void)
{
    state_of_random = state_of_random * 6364136223846793005U + 1442695040888963407U;
    return ((double)(state_of_random >> 11) + 0.5) / 9007199254740992.0;
}

static double random_normal(void)
{
    return sqrt(-2 * log(random_even())) * cos(2 * M_PI * random_even());
}

// 1 on average in the logarithm, with a spread of about `spread`.
static double random_factor(double spread)
{
    return exp(spread * random_normal());
}

// ---- intervals

static void test_needed(void **state)
{
    (void)state;
    // 2 / (8 choose 4) = 0.0286, 2 / (6 choose 3) = 0.1.
    assert_int_equal(ranks_samples_needed(0.05), 4);
    assert_int_equal(ranks_samples_needed(0.1), 3);
    assert_int_equal(ranks_pairs_needed(0.05), 6);
    assert_int_equal(ranks_pairs_needed(0.03125), 6);
    struct span ratio;
    const struct span ones[] = {{1, 1}, {1, 1}, {1, 1}, {1, 1}};
    assert_false(ranks_of_samples(ones, 3, ones, 4, 0.05, &ratio));
    assert_false(ranks_of_samples(ones, 0, ones, 4, 0.05, &ratio));
    assert_true(ranks_of_samples(ones, 4, ones, 4, 0.05, &ratio));
    assert_true(ratio.low == 1 && ratio.high == 1);
    const double ratios[] = {2, 2, 2, 2, 2, 2};
    assert_false(ranks_of_pairs(ratios, 5, 0.05, &ratio));
    assert_true(ranks_of_pairs(ratios, 6, 0.05, &ratio));
    assert_true(fabs(ratio.low - 2) < 1e-9 && fabs(ratio.high - 2) < 1e-9);
}

// Tables of Mann and Whitney: for 8 and 8 values and 5 %, U = 13 is significant, so the interval is
// from the 14th to the 14th last ratio. Of Wilcoxon: for 10 pairs, 8, so from the 9th.
static void test_tables(void **state)
{
    (void)state;
    struct span a[8];
    struct span b[8];
    for (size_t i = 0; i < 8; i++) {
        a[i] = (struct span){1, 1};
        b[i] = (struct span){pow(2, (double)i), pow(2, (double)i)};
    }
    struct span ratio;
    assert_true(ranks_of_samples(a, 8, b, 8, 0.05, &ratio));
    assert_true(ratio.low == 2 && ratio.high == 64); // each ratio occurs 8 times
    double pairs[10];
    for (size_t i = 0; i < 10; i++) {
        pairs[i] = exp(pow(3, (double)i));
    }
    assert_true(ranks_of_pairs(pairs, 10, 0.05, &ratio));
    // The means in order: 1; 2, 3; 5, 6, 9; 14, 15, …: the 9th is (27 + 9) / 2 = 18.
    assert_true(fabs(log(ratio.low) - 18) < 1e-9);
}

// The exact distributions pass into their limits without a step.
static void test_limits(void **state)
{
    (void)state;
    static struct span values[82];
    static double pairs[202];
    for (size_t i = 0; i < COUNT(values); i++) {
        values[i].low = values[i].high = 1 + 0.001 * (double)i;
    }
    for (size_t i = 0; i < COUNT(pairs); i++) {
        pairs[i] = exp(0.001 * (double)(i % 101));
    }
    struct span exact;
    struct span limit;
    assert_true(ranks_of_samples(values, 40, values, 40, 0.01, &exact));
    assert_true(ranks_of_samples(values, 41, values, 41, 0.01, &limit));
    assert_true(fabs(exact.low - limit.low) < 0.002 && fabs(exact.high - limit.high) < 0.002);
    assert_true(ranks_of_pairs(pairs, 100, 0.01, &exact));
    assert_true(ranks_of_pairs(pairs, 101, 0.01, &limit));
    assert_true(fabs(exact.low - limit.low) < 0.002 && fabs(exact.high - limit.high) < 0.002);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

// The ends of the interval are the means that sorting all means finds, and so many pairs that their
// means would fill gigabytes take no more than a moment.
static void test_many_pairs(void **state)
{
    (void)state;
    static double ratios[30000];
    static double means[120 * 121 / 2];
    state_of_random = 7;
    for (size_t i = 0; i < COUNT(ratios); i++) {
        ratios[i] = round(100 * random_factor(0.1)) / 100; // so that some are equal
    }
    struct span ratio;
    for (size_t count = 6; count <= 120; count += 19) {
        size_t sum = 0;
        for (size_t i = 0; i < count; i++) {
            for (size_t k = 0; k <= i; k++) {
                means[sum++] = exp((log(ratios[i]) + log(ratios[k])) / 2);
            }
        }
        qsort(means, sum, sizeof *means, by_value);
        assert_true(ranks_of_pairs(ratios, count, 0.05, &ratio));
        size_t cut = 0;
        while (cut < sum / 2 && !(means[cut] == ratio.low && means[sum - cut - 1] == ratio.high)) {
            cut++;
        }
        assert_true(cut < sum / 2);
    }
    assert_true(ranks_of_pairs(ratios, COUNT(ratios), 0.05, &ratio));
    assert_true(ratio.low > 0.99 && ratio.low < 1.01 && ratio.high >= ratio.low);
}

// Values that are known up to bounds give bounds at least as wide as exact ones.
static void test_bounds(void **state)
{
    (void)state;
    const struct span a[] = {{9, 11}, {10, 10}, {8, 12}, {9, 10}};
    const struct span b[] = {{0, 20}, {19, INFINITY}, {20, 21}, {18, 22}};
    struct span ratio;
    assert_true(ranks_of_samples(a, 4, b, 4, 0.05, &ratio));
    assert_true(ratio.low == 0 && isinf(ratio.high));
    assert_true(ranks_of_samples(a, 4, b + 2, 2, 0.2, &ratio));
    assert_true(ratio.low == 1.5 && ratio.high == 2.75);
}

// Skewed values, as those of disturbed trials are: the interval misses the ratio as rarely as
// stated.
static void test_reliable(void **state)
{
    (void)state;
    state_of_random = 1;
    size_t missed = 0;
    size_t missed_pairs = 0;
    for (size_t n = 0; n < 2000; n++) {
        struct span a[7];
        struct span b[7];
        double pairs[12];
        for (size_t i = 0; i < 7; i++) {
            a[i].low = a[i].high = 1 - 0.1 * log(random_even());
            b[i].low = b[i].high = 2 - 0.2 * log(random_even());
        }
        for (size_t i = 0; i < 12; i++) {
            pairs[i] = 2 * random_factor(0.1) / random_factor(0.1);
        }
        struct span ratio;
        assert_true(ranks_of_samples(a, 7, b, 7, 0.05, &ratio));
        missed += ratio.low > 2 || ratio.high < 2;
        assert_true(ranks_of_pairs(pairs, 12, 0.05, &ratio));
        missed_pairs += ratio.low > 2 || ratio.high < 2;
    }
    assert_in_range(missed, 40, 120); // 5 % and less, since the distribution is discrete
    assert_in_range(missed_pairs, 40, 120);
}

// ---- verdicts on simulated devices

#define LOADS 10U

// A device that carries `capacity` packets/s at 500 ns a packet; both vary from trial to trial by
// 2 %, and one trial in twenty loses packets to a stall.
struct device {
    double capacity, ns;
    unsigned repeats;
};

static struct trial try_device(const struct device *device, unsigned step)
{
    double load = 1e5 * (0.3 + 0.1 * step);
    double carried = device->capacity * random_factor(0.02);
    double lost = load > carried ? load - carried : 0;
    lost += random_even() < 0.05 ? 100 + 1000 * random_even() : 0;
    double cpu = device->ns * random_factor(0.02) * (load - lost) / 1e7;
    return (struct trial){.length = 64,
                          .step = step,
                          .tx = (uint64_t)load,
                          .lost = (uint64_t)lost,
                          .host = cpu,
                          .router = cpu * random_factor(0.02)};
}

static struct point_list measure_device(const struct device *device)
{
    static const char *const topologies[] = {"bridged", "dedicated"};
    size_t room = COUNT(topologies) * LOADS * device->repeats;
    _cleanup_free_ struct trial *trials = memory_new_array(struct trial, room);
    size_t count = 0;
    for (size_t i = 0; i < COUNT(topologies); i++) {
        for (unsigned step = 0; step < LOADS; step++) {
            for (unsigned repeat = 0; repeat < device->repeats; repeat++) {
                struct trial *trial = &trials[count++];
                *trial = try_device(device, step);
                trial->topology = topologies[i];
                trial->repeat = repeat;
            }
        }
    }
    return make(trials, count);
}

// Makes a side's points those of TCP, with a goodput of 8,000 bit per forwarded packet.
static void make_tcp(struct compare_side *side)
{
    for (size_t i = 0; i < side->points.count; i++) {
        struct point *point = &side->points.items[i];
        free(point->engine);
        point->engine = text_copy("tcp");
        for (size_t n = 0; n < point->network_count; n++) {
            point->networks[n].tcp.measured = true;
            point->networks[n].tcp.goodput_bps = 8000 * point->networks[n].forwarded_pps;
        }
    }
}

// `tcp` is the number of sides by TCP, of which the second side is the first.
static struct comparison *compare_engines(const struct device *a, const struct device *b,
                                          unsigned tcp)
{
    struct comparison *comparison = memory_new(1, sizeof *comparison);
    comparison->sides = memory_new_array(struct compare_side, 2);
    comparison->side_count = 2;
    for (size_t i = 0; i < 2; i++) {
        struct compare_side *side = &comparison->sides[i];
        side->label = text_copy(i == 0 ? "a" : "b");
        side->folder = text_copy(side->label);
        side->points = measure_device(i == 0 ? a : b);
        if (i >= 2 - tcp) {
            make_tcp(side);
        }
    }
    compare_conclude(comparison);
    return comparison;
}

static struct comparison *compare_devices(const struct device *a, const struct device *b)
{
    return compare_engines(a, b, 0);
}

static size_t count_words(const struct comparison *comparison, enum compare_word word)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        count += comparison->verdicts[i].word == word;
    }
    return count;
}

#define COMPARISONS 200U

static void test_a_thing_with_itself(void **state)
{
    (void)state;
    const struct device device = {.capacity = 1e5, .ns = 500, .repeats = 7};
    size_t different = 0;
    state_of_random = 2;
    for (unsigned i = 0; i < COMPARISONS; i++) {
        struct comparison *comparison = compare_devices(&device, &device);
        assert_int_equal(comparison->verdict_count, 2 * (JUDGED_FIGURES - 1)); // no goodput
        different += count_words(comparison, WORD_BETTER) + count_words(comparison, WORD_WORSE) > 0;
        comparison_free(comparison);
    }
    assert_true(different <= COMPARISONS / 20);
}

// The repeats that docs/compare.md states: 7.
static void test_planted_slow_down(void **state)
{
    (void)state;
    const struct device device = {.capacity = 1e5, .ns = 500, .repeats = 7};
    const struct device slower = {.capacity = 0.95e5, .ns = 500 / 0.95, .repeats = 7};
    size_t found = 0;
    size_t beyond = 0;
    state_of_random = 3;
    for (unsigned i = 0; i < COMPARISONS; i++) {
        struct comparison *comparison = compare_devices(&device, &slower);
        found += count_words(comparison, WORD_WORSE) > 0;
        assert_int_equal(count_words(comparison, WORD_BETTER), 0);
        for (size_t k = 0; k < comparison->verdict_count; k++) {
            // 1 / 0.95 - 1 = 5.3 % more CPU time.
            beyond += compare_worse_by(&comparison->verdicts[k]) > 0.06;
        }
        comparison_free(comparison);
    }
    assert_true(found >= COMPARISONS - COMPARISONS / 20);
    assert_true(beyond <= COMPARISONS / 20);
}

// Runs of TCP are judged by their goodput, and not by losses; with runs of another engine they are
// not compared.
static void test_goodput(void **state)
{
    (void)state;
    const struct device device = {.capacity = 1e5, .ns = 500, .repeats = 7};
    const struct device slower = {.capacity = 0.8e5, .ns = 500, .repeats = 7};
    state_of_random = 5;
    struct comparison *comparison = compare_engines(&device, &slower, 2);
    assert_int_equal(comparison->verdict_count, 2 * 3);
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        if (verdict->figure == JUDGED_GOODPUT) {
            assert_int_equal(verdict->word, WORD_WORSE);
            assert_true(fabs(verdict->other.low / verdict->first.low - 0.8) < 0.05);
        } else {
            assert_true(verdict->figure == JUDGED_HOST_NS || verdict->figure == JUDGED_ROUTER_NS);
        }
    }
    const double *figures = comparison->rows[0].cells[1].figures;
    assert_true(fabs(figures[COMPARE_GOODPUT] / (8000 * 0.8e5) - 1) < 0.1);
    assert_true(isnan(figures[COMPARE_MAX]) && isnan(figures[COMPARE_NO_LOSS]) &&
                isnan(figures[COMPARE_TOP_LOSS]) && isnan(figures[COMPARE_COMMON_LOSS]));
    comparison_free(comparison);

    comparison = compare_engines(&device, &device, 1);
    assert_int_equal(comparison->verdict_count, 0);
    assert_int_equal(comparison_compared(comparison), 0);
    assert_non_null(strstr(comparison->not_compared.items[0], "by TCP in b only"));
    comparison_free(comparison);
}

// Too few repeats: no verdict, and the number that would do.
static void test_too_few(void **state)
{
    (void)state;
    const struct device device = {.capacity = 1e5, .ns = 500, .repeats = 1};
    const struct device slower = {.capacity = 0.5e5, .ns = 1000, .repeats = 1};
    state_of_random = 4;
    struct comparison *comparison = compare_devices(&device, &slower);
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        bool cpu = verdict->figure == JUDGED_HOST_NS || verdict->figure == JUDGED_ROUTER_NS;
        assert_int_equal(verdict->values, cpu ? LOADS : 1);
        assert_int_equal(verdict->word, cpu ? WORD_WORSE : WORD_UNDECIDED);
        assert_true(cpu ? verdict->needed == 0 : verdict->needed > 4);
        assert_true(cpu ? compare_worse_by(verdict) > 0.8 : compare_worse_by(verdict) == 0);
    }
    comparison_free(comparison);
}

static void test_junit(void **state)
{
    (void)state;
    const struct device device = {.capacity = 1e5, .ns = 500, .repeats = 1};
    const struct device slower = {.capacity = 0.5e5, .ns = 1000, .repeats = 1};
    state_of_random = 4;
    struct comparison *comparison = compare_devices(&device, &slower);
    free(comparison->sides[1].label);
    comparison->sides[1].label = text_copy("b <\"&\n");
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    compare_write_junit(comparison, 0.05, out);
    fclose(out);
    assert_non_null(strstr(text, "tests=\"10\" failures=\"4\" errors=\"0\" skipped=\"6\""));
    assert_non_null(strstr(text, "name=\"max rate of b &lt;&quot;&amp;?\"><skipped message=\"1 "
                                 "values of "));
    free(text);
    out = open_memstream(&text, &length);
    compare_write_junit(comparison, 5, out);
    fclose(out);
    assert_non_null(strstr(text, "failures=\"0\""));
    free(text);
    comparison_free(comparison);
}

int main(void)
{
    catalogue_use(&machine_catalogue);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needed),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_many_pairs),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_reliable),
        cmocka_unit_test(test_a_thing_with_itself),
        cmocka_unit_test(test_planted_slow_down),
        cmocka_unit_test(test_goodput),
        cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_junit),
    };
    return cmocka_run_group_tests_name("compare_verdict", tests, NULL, NULL);
}
