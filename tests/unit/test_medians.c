// SPDX-License-Identifier: GPL-3.0-or-later
// tests of the medians of repeated loads: their intervals against known distributions, the number
// of repeats that a width needs, and their rows. The random numbers are the same in each run.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zip.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/csv_files.h"
#include "report/medians.h"
#include "report/ranks.h"
#include "report/spreadsheet.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "golden.h"
#include "made_up_points.h"
#include "own_folder.h"
#include "workbook.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t state_of_random;

static double random_even(void)
{
    state_of_random = state_of_random * 6364136223846793005U + 1442695040888963407U;
    return ((double)(state_of_random >> 11) + 0.5) / 9007199254740992.0;
}

// Around 100, spread by a few percent.
static double random_normal(void)
{
    return 100 + 3 * sqrt(-2 * log(random_even())) * cos(2 * M_PI * random_even());
}

// Skewed: mostly near 100, sometimes far above, as a delay is.
static double random_skewed(void)
{
    return 100 - 4 * log(random_even());
}

static double random_flat(void)
{
    return 95 + 10 * random_even();
}

static const struct {
    double (*of)(void);
    double median;
} distributions[] = {
    {random_normal, 100},
    {random_skewed, 102.772589},
    {random_flat, 100},
};

static void test_known_ranks(void **state)
{
    (void)state;
    // Conover, Practical Nonparametric Statistics: of 6 to 8 values the extremes, of 9 to 11 the
    // second, of 20 the sixth of each end, with at least 95 %.
    static const size_t ranks[][2] = {{6, 1}, {8, 1}, {9, 2}, {11, 2}, {12, 3}, {20, 6}, {100, 40}};
    for (size_t i = 0; i < COUNT(ranks); i++) {
        double values[100];
        for (size_t k = 0; k < ranks[i][0]; k++) {
            values[k] = (double)(k + 1);
        }
        const struct median median = ranks_median_interval(values, ranks[i][0], 0.05);
        assert_true(median.span.low == (double)ranks[i][1]);
        assert_true(median.span.high == (double)(ranks[i][0] + 1 - ranks[i][1]));
        assert_true(ranks_median_confidence(ranks[i][0], 0.05) >= 0.95);
    }
    assert_int_equal(ranks_median_least(0.05), 6);
    assert_true(ranks_median_confidence(1, 0.05) == 0);
    assert_true(ranks_median_confidence(3, 0.05) == 0.75);
    assert_true(ranks_median_confidence(6, 0.05) == 0.96875);
    assert_true(isnan(ranks_median_interval(NULL, 0, 0.05).span.low));
}

static void test_many_values(void **state)
{
    (void)state;
    static double values[3000];
    for (size_t i = 0; i < COUNT(values); i++) {
        values[i] = (double)i;
    }
    for (size_t count = 990; count <= 3000; count += 10) {
        double wide = 1.96 * sqrt((double)count);
        const struct median median = ranks_median_interval(values, count, 0.05);
        assert_true(fabs(median.span.high - median.span.low - wide) <= 5);
    }
}

static void test_intervals_hold(void **state)
{
    (void)state;
    static const size_t counts[] = {6, 7, 9, 15};
    state_of_random = 13;
    for (size_t of = 0; of < COUNT(distributions) * COUNT(counts); of++) {
        const size_t count = counts[of / COUNT(distributions)];
        const double truth = distributions[of % COUNT(distributions)].median;
        unsigned missed = 0;
        const unsigned tries = 1000;
        for (unsigned i = 0; i < tries; i++) {
            double values[15];
            for (size_t k = 0; k < count; k++) {
                values[k] = distributions[of % COUNT(distributions)].of();
            }
            const struct median median = ranks_median_interval(values, count, 0.05);
            missed += median.span.low > truth || median.span.high < truth;
        }
        // 5 % of 1,000, and three standard deviations.
        assert_in_range(missed, 0, 71);
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

// The median width of intervals of so many repeats.
static double width_of(double (*of)(void), size_t count)
{
    double widths[201];
    for (size_t i = 0; i < COUNT(widths); i++) {
        _cleanup_free_ double *values = memory_new_array(double, count);
        for (size_t k = 0; k < count; k++) {
            values[k] = of();
        }
        const struct median median = ranks_median_interval(values, count, 0.05);
        widths[i] = (median.span.high - median.span.low) / median.value;
    }
    qsort(widths, COUNT(widths), sizeof widths[0], by_value);
    return widths[COUNT(widths) / 2];
}

// From 10 repeats, the number that a width needs: its median over many such experiments gives about
// that width.
static void test_needed_repeats_give_the_width(void **state)
{
    (void)state;
    static const double wanted[] = {0.06, 0.03, 0.02};
    state_of_random = 5;
    for (size_t of = 0; of < COUNT(distributions) * COUNT(wanted); of++) {
        double (*draw)(void) = distributions[of % COUNT(distributions)].of;
        double width = wanted[of / COUNT(distributions)];
        double needed[101];
        for (size_t i = 0; i < COUNT(needed); i++) {
            double values[10];
            for (size_t k = 0; k < COUNT(values); k++) {
                values[k] = draw();
            }
            needed[i] = (double)ranks_median_needed(values, COUNT(values), 0.05, width);
            assert_true(needed[i] == 0 || needed[i] >= 6);
        }
        size_t count = (size_t)ranks_median(needed, COUNT(needed));
        assert_in_range(count, 6, RANKS_REPEATS_MOST);
        double reached = width_of(draw, count);
        if (!(reached <= 1.3 * width && (count == 6 || reached >= width / 1.6))) {
            fail_msg("distribution %zu: %zu repeats give %.4f, wanted %.4f",
                     of % COUNT(distributions), count, reached, width);
        }
    }
}

static void test_needed_of_little(void **state)
{
    (void)state;
    double one[] = {100};
    double equal[] = {100, 100};
    double zero[] = {0, 0, 0};
    double wild[] = {1, 1000};
    assert_int_equal(ranks_median_needed(one, 1, 0.05, 0.05), 0);
    assert_int_equal(ranks_median_needed(equal, 2, 0.05, 0.05), 6);
    assert_int_equal(ranks_median_needed(zero, 3, 0.05, 0.05), 0);
    assert_int_equal(ranks_median_needed(wild, 2, 0.05, 0.0001), 0);
}

static const struct trial repeated[] = {
    {.topology = "bridged", .step = 0, .repeat = 0, .tx = 1000, .host = 20, .router = 10},
    {.topology = "bridged",
     .step = 1,
     .repeat = 0,
     .tx = 2000,
     .lost = 4,
     .host = 40,
     .router = 15},
    {.topology = "bridged", .step = 0, .repeat = 1, .tx = 1004, .host = 22, .router = 11},
    {.topology = "bridged", .step = 1, .repeat = 1, .tx = 2000, .why_invalid = "steal"},
    {.topology = "bridged",
     .step = 0,
     .repeat = 2,
     .tx = 1001,
     .lost = 1,
     .host = 21,
     .router = 10},
};

static void test_rows(void **state)
{
    (void)state;
    struct point_list list = make(repeated, COUNT(repeated));
    _cleanup_free_ char *medians = path_of("medians.csv");
    _cleanup_free_ char *summary = path_of("summary.csv");
    assert_int_equal(medians_rows(&list), 2);
    assert_int_equal(report_write_csv(folder, &list, NULL), 0);
    _cleanup_free_ char *rows = NULL;
    _cleanup_free_ char *whole = NULL;
    size_t length = 0;
    assert_int_equal(file_read(medians, 1 << 20, &rows, &length, NULL), 0);
    assert_golden("medians.csv", rows);
    assert_int_equal(file_read(summary, 1 << 20, &whole, &length, NULL), 0);
    assert_golden("summary.csv", whole);
    point_list_clear(&list);
    // Without repeats there are no medians, and those of an earlier report go.
    list = make(repeated, 2);
    assert_int_equal(medians_rows(&list), 0);
    assert_int_equal(report_write_csv(folder, &list, NULL), 0);
    assert_int_equal(access(medians, F_OK), -1);
    point_list_clear(&list);
}

// Repeated loads have a sheet with the intervals of their medians.
static void test_spreadsheet_of_repeats(void **state)
{
    (void)state;
    static const struct trial twice[] = {
        {.topology = "direct", .step = 0, .repeat = 0, .tx = 1000},
        {.topology = "direct", .step = 0, .repeat = 1, .tx = 1200},
    };
    struct point_list list = make(twice, COUNT(twice));
    assert_int_equal(report_write_xlsx(folder, &list, NULL), 0);
    _cleanup_free_ char *path = path_of("report.xlsx");
    zip_t *archive = zip_open(path, ZIP_RDONLY, NULL);
    xmlDoc *book = part(archive, "xl/workbook.xml");
    assert_query(book, "string(//*[local-name()='sheet'][5]/@name)", "Medians");
    xmlFreeDoc(book);
    xmlDoc *medians = part(archive, "xl/worksheets/sheet5.xml");
    xmlDoc *strings = part(archive, "xl/sharedStrings.xml");
    assert_cell(medians, strings, "N1", "Offered pps");
    assert_cell(medians, strings, "N2", "1100");
    assert_cell(medians, strings, "O2", "1000");
    assert_cell(medians, strings, "P2", "1200");
    xmlFreeDoc(strings);
    xmlFreeDoc(medians);
    zip_discard(archive);
    point_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_ranks),
        cmocka_unit_test(test_many_values),
        cmocka_unit_test(test_intervals_hold),
        cmocka_unit_test(test_needed_repeats_give_the_width),
        cmocka_unit_test(test_needed_of_little),
        IN_FOLDER(test_rows),
        IN_FOLDER(test_spreadsheet_of_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
