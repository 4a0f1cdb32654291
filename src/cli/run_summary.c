// SPDX-License-Identifier: GPL-3.0-or-later
// cli/run_summary — see run_summary.h.
#include "cli/run_summary.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/screen.h"
#include "base/text.h"
#include "report/answer.h"
#include "report/caps.h"
#include "report/control_list.h"
#include "report/expected.h"
#include "report/headline.h"
#include "report/lost_at.h"
#include "report/page.h"
#include "report/page_points.h"
#include "report/reasons.h"
#include "report/tcp_list.h"
#include "report/words.h"
#include "report/writer.h"
#include "result/json_text.h"
#include "result/platform_facts.h"
#include "result/store.h"

#define REASONS_SHOWN 3

// Describes virtual machines, since emulation limits what the figures mean.
static void show_platform(const json_t *run)
{
    struct platform_facts facts;
    if (platform_facts_from_json(json_object_get(run, "platform"), &facts, NULL) == 0) {
        if (facts.kind != PLATFORM_NAMESPACES) {
            _cleanup_free_ char *words = words_platform(&facts);
            printf("%s\n", words);
        }
        platform_facts_clear(&facts);
    }
}

// Prints which engine "auto" was, by topology if they differ.
static void show_engine(const json_t *run)
{
    const char *topology = NULL;
    const char *last = "";
    json_t *one = NULL;
    json_object_foreach(json_object_get(run, "engines"), topology, one)
    {
        const char *name = json_string_value(json_object_get(one, "engine"));
        const char *why = json_string_value(json_object_get(one, "why"));
        if (name != NULL && why != NULL && !text_equal(name, last)) {
            printf("Engine:  %s%s%s (auto: %s)\n", name, *last == '\0' ? "" : " in ",
                   *last == '\0' ? "" : topology, why);
            last = name;
        }
    }
}

// Prints the time in which routing daemons learned their routes, by testbed.
static void show_convergence(const json_t *run)
{
    size_t i = 0;
    json_t *one = NULL;
    json_array_foreach(json_object_get(run, "convergence"), i, one)
    {
        printf("%s%s (%s), %s: routes learned in %.3f s\n", i == 0 ? "\n" : "",
               json_string_value(json_object_get(one, "router")),
               json_string_value(json_object_get(one, "daemon")),
               json_string_value(json_object_get(one, "topology")),
               json_real_value(json_object_get(one, "seconds")));
    }
}

// Prints why points are invalid: the commonest reasons, with their counts.
static void show_reasons(const struct point_list *points)
{
    struct reason reasons[REASONS_SHOWN];
    size_t count = reasons_list(points, reasons, REASONS_SHOWN);
    for (size_t i = 0; i < count; i++) {
        printf("  %zu × %s\n", reasons[i].count, reasons[i].text);
        free(reasons[i].text);
    }
}

// The losses above do not refer to the time of sending that stalls touched.
static void show_left_out(const struct point_list *points)
{
    struct left_out_summary summary = point_list_left_out(points);
    if (summary.ratio > 0.0) {
        printf("Losses without %.1f %% of the time, which stalls of this machine touched; %zu "
               "point%s\nlost packets in that part only\n",
               100.0 * summary.ratio, summary.cleared, summary.cleared == 1 ? "" : "s");
    }
}

// Adds the expectations of its topology and length to each row of the summary.
static void add_expected(const struct expected *list, size_t count, json_t *rows)
{
    for (size_t i = 0; i < json_array_size(rows); i++) {
        json_t *row = json_array_get(rows, i);
        json_t *own = json_array();
        json_t *all = expected_to_json(list, count);
        for (size_t k = 0; k < json_array_size(all); k++) {
            json_t *entry = json_array_get(all, k);
            if (json_equal(json_object_get(entry, "topology"), json_object_get(row, "topology")) &&
                json_equal(json_object_get(entry, "length"), json_object_get(row, "length"))) {
                json_array_append(own, entry);
            }
        }
        json_decref(all);
        json_object_set_new(row, "expect", own);
    }
}

// Prints the summary as an array, one row a line.
void run_summary_add(const struct scenario *scenario, const struct point_list *points, json_t *ret)
{
    json_t *rows = headlines_to_json(points);
    answers_add_to_json(points, rows);
    if (scenario->expectation_count > 0) {
        _cleanup_free_ struct expected *list = NULL;
        size_t count = expected_compute(scenario, points, &list);
        add_expected(list, count, rows);
    }
    json_array_extend(ret, rows);
    json_decref(rows);
}

int run_summary_json(const json_t *rows, struct error *err)
{
    puts("[");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        _cleanup_free_ char *row = json_to_text(json_array_get(rows, i), 0);
        printf("%s%s\n", row, i + 1 < json_array_size(rows) ? "," : "");
    }
    puts("]");
    return ferror(stdout) == 0 ? 0 : fail(err, errno, "standard output");
}

// Prints what bridging costs, if both topologies were measured.
static void show_answers(const struct point_list *points)
{
    _cleanup_free_ struct answer *answers = NULL;
    size_t count = answers_compute(points, &answers);
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *text = answer_text(&answers[i]);
        printf("%s", i == 0 ? "\n" : "");
        screen_wrap(stdout, text);
    }
}

// Prints where each sweep lost packets at its highest load, and whether its caps were held.
static void show_losses_and_caps(const struct point_list *points)
{
    struct sweep *sweeps = NULL;
    size_t count = sweeps_compute(points, &sweeps);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *lost = lost_at_text(&sweeps[i]);
        if (lost != NULL) {
            printf("%s", any ? "" : "\n");
            screen_wrap(stdout, lost);
            any = true;
        }
    }
    any = false;
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ struct cap_use *caps = NULL;
        size_t cap_count = caps_compute(&sweeps[i], &caps);
        for (size_t k = 0; k < cap_count; k++) {
            _cleanup_free_ char *text = cap_use_text(&sweeps[i], &caps[k]);
            printf("%s", any ? "" : "\n");
            screen_wrap(stdout, text);
            any = true;
        }
    }
    sweeps_free(sweeps, count);
}

static void show_expected(const struct scenario *scenario, const struct point_list *points)
{
    if (scenario->expectation_count > 0) {
        _cleanup_free_ struct expected *list = NULL;
        size_t count = expected_compute(scenario, points, &list);
        puts("\nExpectations:");
        expected_print(list, count, stdout);
    }
}

// A mix is listed by its mean length.
static void show_mixes(const struct point_list *points)
{
    const char *last = "";
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (point->mix != NULL && !text_equal(point->mix, last)) {
            printf("Length %u: mean of the mix %s\n", point->length, point->mix);
            last = point->mix;
        }
    }
}

static void show_points(const struct point_list *points)
{
    char all[48];
    char bad[48];
    size_t invalid = point_list_invalid(points);
    text_group_digits((double)points->count, 0, all);
    text_group_digits((double)invalid, 0, bad);
    printf("\n%s point%s, %s invalid%s\n", all, points->count == 1 ? "" : "s", bad,
           invalid == 0 ? "" : " (excluded above; points.csv contains all reasons)");
    show_reasons(points);
}

static int show_tcp_table(const struct point_list *points, struct error *err)
{
    struct writer *writer = writer_table(stdout, tcp_columns, tcp_column_count, 0, isatty(1) == 1);
    int rc = tcp_list(points, writer, err);
    writer_free(writer);
    return rc;
}

// Names the topologies whose bounds are marked, and why.
static void show_unstable(const struct point_list *points)
{
    json_t *list = page_unstable(points);
    for (size_t i = 0; i < json_array_size(list); i++) {
        _cleanup_free_ char *text =
            text_format(WORDS_UNSTABLE ": %s", json_string_value(json_array_get(list, i)));
        screen_wrap(stdout, text);
    }
    json_decref(list);
}

// The intervals of the figures above over the repeats.
static int show_intervals(const struct point_list *points, struct error *err)
{
    size_t fewest = 0;
    size_t least = ranks_median_least(RANKS_MEDIAN_ERROR);
    puts("\nIntervals of the medians over the repeats:\n");
    struct writer *writer =
        writer_table(stdout, interval_columns, interval_column_count, 0, isatty(1) == 1);
    int rc = headline_intervals_list(points, writer, &fewest, err);
    writer_free(writer);
    if (rc < 0) {
        return rc;
    }
    printf("Repeats: measured/enough for intervals of rates of about %.0f %%\n",
           100 * HEADLINE_WIDTH);
    if (fewest < least) {
        printf("An interval of %zu repeats holds with %.0f %% only; from %zu repeats on, with "
               "%.0f %%\n",
               fewest, 100 * ranks_median_confidence(fewest, RANKS_MEDIAN_ERROR), least,
               100 * (1 - RANKS_MEDIAN_ERROR));
    }
    return 0;
}

// Names the rows whose rates are bounded from below only, by reason: "direct 64, 256; bridged 64".
static void show_limited(const struct headline *headlines, size_t count, bool tester)
{
    char *rows = NULL;
    const struct headline *last = NULL;
    for (size_t i = 0; i < count; i++) {
        const struct headline *one = &headlines[i];
        if (one->fixed_load || !isfinite(one->max_pps) || one->saturated ||
            one->tester_limit != tester) {
            continue;
        }
        const bool beside = last != NULL && text_equal(last->first->topology, one->first->topology);
        if (beside && last->first->length == one->first->length) {
            continue; // another network
        }
        text_append(&rows, beside ? ", " : "; ", "%s%s%u", beside ? "" : one->first->topology,
                    beside ? "" : " ", one->first->length);
        last = one;
    }
    if (rows != NULL) {
        _cleanup_free_ char *text =
            text_format(">=: %s (%s): %s", rate_limit_text(tester ? RATE_TESTER : RATE_OPEN),
                        tester ? "the tester could not send a higher load"
                               : "no valid load lost more than 0.5 %",
                        rows);
        screen_wrap(stdout, text);
        free(rows);
    }
}

static void show_limits(const struct point_list *points)
{
    _cleanup_free_ struct headline *headlines = NULL;
    const size_t count = headlines_compute(points, &headlines);
    show_limited(headlines, count, true);
    show_limited(headlines, count, false);
}

static int show_table(const struct point_list *points, struct error *err)
{
    struct headline_marks marks = {0};
    struct writer *writer =
        writer_table(stdout, headline_columns, headline_column_count, 0, isatty(1) == 1);
    int rc = headlines_list(points, writer, &marks, err);
    writer_free(writer);
    if (rc < 0) {
        return rc;
    }
    if (marks.at_least) {
        show_limits(points);
    }
    if (marks.irregular) {
        puts("*: irregular: a lower load exceeded the loss, or a higher one did not");
    }
    show_unstable(points);
    show_mixes(points);
    show_left_out(points);
    return marks.repeated ? show_intervals(points, err) : 0;
}

int run_summary_print(const struct scenario *scenario, const struct point_list *points,
                      const char *folder, bool reported, struct error *err)
{
    int rc = tcp_list_suits(points) ? show_tcp_table(points, err) : show_table(points, err);
    if (rc < 0) {
        return rc;
    }
    json_t *run = NULL;
    (void)store_read_run(folder, &run, NULL);
    show_answers(points);
    show_losses_and_caps(points);
    show_expected(scenario, points);
    if ((rc = control_list_print(points, stdout, err)) < 0) {
        return rc;
    }
    show_convergence(run);
    show_points(points);
    show_platform(run);
    show_engine(run);
    json_decref(run);
    printf("Results: %s\n", folder);
    if (reported && page_is_built()) {
        printf("Report:  %s/report.html (vrbench report adds figures for print)\n", folder);
    }
    return 0;
}
