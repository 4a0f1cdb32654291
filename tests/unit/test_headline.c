// SPDX-License-Identifier: GPL-3.0-or-later
// tests of report/headline — bounds from loads with and without loss, and the rows of a run.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/random.h"
#include "base/text.h"
#include "report/headline.h"

#include <cmocka.h> // last: its macro fail() would swallow the declaration in base/error.h

#include "golden.h"
#include "made_up_points.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void assert_bounds(const double *loss, size_t count, double low, double high, bool regular)
{
    static const double offered[] = {100, 200, 300, 400, 500, 600};
    assert_true(count <= COUNT(offered));
    struct bounds bounds = bounds_find(offered, loss, count, 0.005);
    assert_true(isnan(low) ? isnan(bounds.low) : bounds.low == low);
    assert_true(isnan(high) ? isnan(bounds.high) : bounds.high == high);
    assert_int_equal(bounds.regular, regular);
}

static void test_bounds(void **state)
{
    (void)state;
    const double none = (double)NAN;
    assert_bounds((const double[]){0, 0.005, 0.006, 0.5}, 4, 200, 300, true);
    assert_bounds((const double[]){0, 0, 0}, 3, 300, none, true);
    assert_bounds((const double[]){0.1, 0.2}, 2, none, 100, true);
    assert_bounds(NULL, 0, none, none, true);
    // One lossy load below many clean ones is the exception, as one clean load above lossy ones is.
    assert_bounds((const double[]){0, 0.01, 0, 0, 0.2, 0.5}, 6, 400, 500, false);
    assert_bounds((const double[]){0, 0, 0.1, 0.2, 0, 0.5}, 6, 200, 300, false);
    // As many either way: the lower bounds.
    assert_bounds((const double[]){0, 0.1, 0, 0.2}, 4, 100, 200, false);
}

// Whatever the losses: low is a load that keeps the goal, high one that exceeds it, and above low.
static void test_bounds_are_measured_loads(void **state)
{
    (void)state;
    for (unsigned pattern = 0; pattern < 64; pattern++) {
        double offered[6];
        double loss[6];
        bool rising = true;
        for (unsigned i = 0; i < 6; i++) {
            offered[i] = 100.0 * (i + 1);
            loss[i] = (pattern >> i & 1) != 0 ? 0.1 : 0.0;
            rising = rising && (i == 0 || loss[i] >= loss[i - 1]);
        }
        struct bounds bounds = bounds_find(offered, loss, 6, 0.0);
        assert_int_equal(bounds.regular, rising);
        assert_true(isnan(bounds.low) || isnan(bounds.high) || bounds.low < bounds.high);
        assert_true(isnan(bounds.low) || loss[(int)(bounds.low / 100.0) - 1] == 0.0);
        assert_true(isnan(bounds.high) || loss[(int)(bounds.high / 100.0) - 1] > 0.0);
        assert_true(!isnan(bounds.low) || !isnan(bounds.high));
    }
}

// Each load contradicts the true place with the probability `error`, if losses begin after index
// `split`; the part of 4000 such sweeps whose interval holds it.
static double covered(double error, size_t split)
{
    enum { LOADS = 16, SWEEPS = 4000 };
    unsigned holds = 0;
    uint64_t random = 7;
    for (unsigned i = 0; i < SWEEPS; i++) {
        double offered[LOADS];
        double loss[LOADS];
        for (size_t k = 0; k < LOADS; k++) {
            bool wrong = (double)(random_next(&random) >> 11) * 0x1p-53 < error;
            offered[k] = (double)(k + 1);
            loss[k] = (k < split) != wrong ? 0.0 : 0.1;
        }
        struct bounds found = bounds_find(offered, loss, LOADS, 0.0);
        struct bounds bounds = bounds_enclose(offered, loss, LOADS, 0.0);
        assert_int_equal(found.regular, bounds.regular);
        assert_false(bounds.low > found.low || bounds.high < found.high);
        if (found.regular) {
            assert_false(bounds.low != found.low && !isnan(found.low));
            assert_false(bounds.high != found.high && !isnan(found.high));
        }
        double truth = (double)split + 0.5;
        holds += !(bounds.low > truth) && !(bounds.high < truth);
    }
    return (double)holds / SWEEPS;
}

static void test_enclosing_bounds_hold_the_place(void **state)
{
    (void)state;
    assert_true(covered(0.0, 8) == 1.0);
    for (size_t split = 5; split <= 11; split += 3) {
        assert_true(covered(0.03, split) >= 0.92);
        assert_true(covered(0.1, split) >= 0.85);
        assert_true(covered(0.2, split) >= 0.8);
    }
    assert_true(bounds_enclose(NULL, NULL, 0, 0.0).regular);
}

static const struct trial saturated[] = {
    {.topology = "bridged", .step = 0, .tx = 1000, .host = 20, .router = 10},
    {.topology = "bridged", .step = 1, .tx = 2000, .host = 40, .router = 15},
    {.topology = "bridged", .step = 2, .tx = 3000, .lost = 9, .host = 50, .router = 20},
    {.topology = "bridged", .step = 3, .tx = 4000, .lost = 2000, .host = 60, .router = 30},
    {.topology = "dedicated", .step = 0, .tx = 1000, .host = 0, .router = 10},
    {.topology = "dedicated", .step = 1, .tx = 2000, .why_invalid = POINT_TESTER_LIMIT ": it sent"},
};

// A router that carries millions: rows of digits that just fit.
static const struct trial fast[] = {
    {.topology = "dedicated", .length = 1500, .step = 0, .tx = 1935602, .host = 100, .router = 100},
    {.topology = "dedicated", .length = 1500, .step = 1, .tx = 2180791, .lost = 9, .router = 100},
    {.topology = "dedicated", .length = 1500, .step = 2, .tx = 12345678, .lost = 1234567},
    {.topology = "bridged", .length = 1500, .step = 0, .tx = 1000, .lost = 1, .why_invalid = "no"},
};

static void test_rows(void **state)
{
    (void)state;
    struct point_list list = make(saturated, COUNT(saturated));
    struct headline *rows = NULL;
    assert_int_equal(headlines_compute(&list, &rows), 2);
    assert_string_equal(rows[0].network, "NET0");
    assert_true(rows[0].throughput.low == 2000 && rows[0].throughput.high == 3000);
    assert_true(rows[0].pdr.low == 3000 && rows[0].pdr.high == 4000);
    assert_true(rows[0].saturated && !rows[0].tester_limit && rows[0].max_pps == 2991);
    assert_true(rows[0].host_percent == 40 && rows[0].router_percent == 15);
    assert_true(rows[1].throughput.low == 1000 && isnan(rows[1].throughput.high));
    assert_true(!rows[1].saturated && rows[1].tester_limit && rows[1].max_pps == 1000);
    assert_int_equal(rows[1].points, 2);
    assert_int_equal(rows[1].invalid, 1);
    free(rows);
    point_list_clear(&list);
}

// Loads that lost packets while the machine stalled only.
static const struct trial stalled[] = {
    {.topology = "bridged", .step = 0, .tx = 1000, .lost = 100, .left_out = 0.25},
    {.topology = "bridged", .step = 1, .tx = 2000, .lost = 50, .left_out = 0.125},
    {.topology = "bridged",
     .step = 2,
     .tx = 3000,
     .lost = 50,
     .left_out = 0.125,
     .undisturbed_lost = 9},
    {.topology = "bridged",
     .step = 3,
     .tx = 4000,
     .lost = 2000,
     .left_out = 0.125,
     .undisturbed_lost = 1700},
};

static void test_bounds_are_of_the_undisturbed_losses(void **state)
{
    (void)state;
    struct point_list list = make(stalled, COUNT(stalled));
    struct headline *rows = NULL;
    assert_int_equal(headlines_compute(&list, &rows), 1);
    assert_true(rows[0].throughput.low == 2000 && rows[0].throughput.high == 3000);
    assert_true(rows[0].pdr.low == 3000 && rows[0].pdr.high == 4000);
    assert_true(rows[0].throughput.regular && rows[0].pdr.regular);
    struct left_out_summary left_out = point_list_left_out(&list);
    assert_true(left_out.ratio == 0.15625 && left_out.cleared == 2);
    free(rows);
    point_list_clear(&list);
}

// Even one point measured where a low load lost packets marks the row.
static void test_unstable_topology_is_marked(void **state)
{
    (void)state;
    struct point_list list = make(stalled, COUNT(stalled));
    list.items[2].unstable = text_copy("lost 3 of 300 packets");
    json_t *rows = headlines_to_json(&list);
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "unstable")),
                        "lost 3 of 300 packets");
    json_decref(rows);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct headline_marks marks = {0};
    struct writer *writer = writer_table(out, headline_columns, headline_column_count, 0, false);
    assert_int_equal(headlines_list(&list, writer, &marks, NULL), 0);
    writer_free(writer);
    fclose(out);
    assert_non_null(strstr(text, "2,000-3,000!"));
    free(text);
    point_list_clear(&list);
}

static void test_rows_for_programs(void **state)
{
    (void)state;
    struct point_list list = make(saturated, COUNT(saturated));
    json_t *rows = headlines_to_json(&list);
    assert_int_equal(json_array_size(rows), 2);
    _cleanup_free_ char *text = json_dumps(rows, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    _cleanup_free_ char *lines = text_format("%s\n", text);
    assert_golden("headline.json", lines);
    json_decref(rows);
    point_list_clear(&list);
}

static void assert_rows(const struct trial *trials, size_t count, const char *name)
{
    struct point_list list = make(trials, count);
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    struct writer *writer = writer_table(out, headline_columns, headline_column_count, 80, false);
    struct headline_marks marks;
    assert_int_equal(headlines_list(&list, writer, &marks, NULL), 0);
    assert_true(!marks.irregular);
    writer_free(writer);
    fclose(out);
    assert_golden(name, text);
    for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1) {
        assert_true(strcspn(line, "\n") <= 80);
    }
    free(text);
    point_list_clear(&list);
}

static void test_rows_for_people(void **state)
{
    (void)state;
    assert_rows(saturated, COUNT(saturated), "headline.txt");
    assert_rows(fast, COUNT(fast), "headline-fast.txt");
}

// Seven repeats of three loads, of which one loses packets at a lower load than the others.
static struct point_list make_repeated(unsigned repeats)
{
    struct trial trials[21];
    size_t count = 0;
    for (unsigned repeat = 0; repeat < repeats; repeat++) {
        for (unsigned step = 0; step < 3; step++) {
            bool lossy = step == 2 || (step == 1 && repeat == 3);
            trials[count++] = (struct trial){.topology = "bridged",
                                             .repeat = repeat,
                                             .step = step,
                                             .tx = 1000 * (step + 1),
                                             .lost = lossy ? 100 + 2 * repeat : 0,
                                             .host = 20 + repeat,
                                             .router = 10};
        }
    }
    return make(trials, count);
}

static void test_intervals_over_repeats(void **state)
{
    (void)state;
    struct point_list list = make_repeated(7);
    struct headline *rows = NULL;
    assert_int_equal(headlines_compute(&list, &rows), 1);
    assert_true(rows[0].throughput.low == 2000 && rows[0].throughput.high == 3000);
    // One repeat of 7 may be left out at each end with 95 %: that of 1,000-2,000.
    assert_int_equal(rows[0].throughput_median.repeats, 7);
    assert_true(rows[0].throughput_median.span.low == 1000);
    assert_true(rows[0].throughput_median.span.high == 3000);
    assert_true(rows[0].max_pps == 2894 && rows[0].max_median.span.low == 2888);
    assert_true(rows[0].max_median.span.high == 2900);
    assert_true(rows[0].host_percent == 23 && rows[0].host_median.span.low == 20);
    assert_true(rows[0].host_median.span.high == 26);
    free(rows);
    json_t *json = headlines_to_json(&list);
    _cleanup_free_ char *text = json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    _cleanup_free_ char *lines = text_format("%s\n", text);
    assert_golden("headline-intervals.json", lines);
    json_decref(json);
    point_list_clear(&list);
}

static void test_interval_rows_for_people(void **state)
{
    (void)state;
    struct point_list list = make_repeated(3);
    char *text = NULL;
    size_t length = 0;
    size_t fewest = 0;
    FILE *out = open_memstream(&text, &length);
    struct writer *writer = writer_table(out, interval_columns, interval_column_count, 80, false);
    assert_int_equal(headline_intervals_list(&list, writer, &fewest, NULL), 0);
    writer_free(writer);
    fclose(out);
    assert_int_equal(fewest, 3);
    assert_golden("headline-intervals.txt", text);
    free(text);
    point_list_clear(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_bounds_are_measured_loads),
        cmocka_unit_test(test_enclosing_bounds_hold_the_place),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_bounds_are_of_the_undisturbed_losses),
        cmocka_unit_test(test_unstable_topology_is_marked),
        cmocka_unit_test(test_rows_for_programs),
        cmocka_unit_test(test_rows_for_people),
        cmocka_unit_test(test_intervals_over_repeats),
        cmocka_unit_test(test_interval_rows_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
