// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_verdict — see compare_verdict.h: from the repeats of both sides to a verdict.
#include "report/compare_verdict.h"

#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/compare_found.h"
#include "report/repeats.h"

// What the verdicts of one row and side are made from.
struct pairing {
    const struct comparison *comparison;
    const struct compare_row *row;
    size_t side;
};

struct ratio_list {
    double *items;
    double *first, *other; // the figures whose ratio it is
    size_t count;
};

static const struct {
    const char *key, *name;
    bool lower_is_better;
} judged[JUDGED_FIGURES] = {
    [JUDGED_THROUGHPUT] = {"throughput_pps", "throughput", false},
    [JUDGED_PDR] = {"pdr_pps", "drop 0.5 %", false},
    [JUDGED_MAX] = {"max_pps", "max rate", false},
    [JUDGED_GOODPUT] = {"goodput_bps", "goodput bit/s", false},
    [JUDGED_HOST_NS] = {"host_ns_per_packet", "host ns", true},
    [JUDGED_ROUTER_NS] = {"router_ns_per_packet", "router ns", true},
};

// ---- rates: one value per repeat

static struct span_list rates_of(const struct sweep *sweep, enum compare_judged figure)
{
    static const enum repeat_rate rates[] = {[JUDGED_THROUGHPUT] = REPEAT_THROUGHPUT,
                                             [JUDGED_PDR] = REPEAT_PDR,
                                             [JUDGED_MAX] = REPEAT_MAX,
                                             [JUDGED_GOODPUT] = REPEAT_GOODPUT};
    return repeats_rate(sweep, rates[figure], REPEAT_ALL_NETWORKS);
}

// ---- CPU: one value per pair of equal loads

static double ns_of(const struct point *point, enum compare_judged figure)
{
    double sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < point->cpu_count; i++) {
        const struct cpu_result *cpu = &point->cpu[i];
        bool host = text_equal(cpu->name, "host");
        if (cpu->has_ns_per_packet && !text_equal(cpu->name, "tester") &&
            host == (figure == JUDGED_HOST_NS)) {
            sum += cpu->ns_per_packet;
            count++;
        }
    }
    return count == 0 ? (double)NAN : sum / (double)count;
}

static const struct point *point_like(const struct sweep *sweep, const struct point *like)
{
    for (size_t i = 0; i < sweep->points; i++) {
        const struct point *point = sweep->members[i];
        if (point->valid && point->repeat == like->repeat &&
            steps_same_load(point->requested_pps, like->requested_pps)) {
            return point;
        }
    }
    return NULL;
}

static struct ratio_list ns_pairs(const struct pairing *of, enum compare_judged figure)
{
    const struct sweep *sweep = of->row->cells[0].sweep;
    struct ratio_list list = {.items = memory_new_array(double, sweep->points),
                              .first = memory_new_array(double, sweep->points),
                              .other = memory_new_array(double, sweep->points)};
    for (size_t i = 0; i < sweep->points; i++) {
        const struct point *point = sweep->members[i];
        if (!point->valid) {
            continue;
        }
        const struct point *pair = point_like(of->row->cells[of->side].sweep, point);
        double here = ns_of(point, figure);
        double there = pair == NULL ? (double)NAN : ns_of(pair, figure);
        if (here > 0 && there > 0) {
            list.first[list.count] = here;
            list.other[list.count] = there;
            list.items[list.count++] = there / here;
        }
    }
    return list;
}

static void ratio_list_clear(struct ratio_list *list)
{
    free(list->items);
    free(list->first);
    free(list->other);
}

// ---- verdicts

static bool judged_by_pairs(enum compare_judged figure)
{
    return figure == JUDGED_HOST_NS || figure == JUDGED_ROUTER_NS;
}

// Whether the rates of both sides are of one kind, and the figure is one of that kind: TCP adapts
// to losses, so that its losses are no figures of the routers.
static bool fits_engines(const struct pairing *of, enum compare_judged figure)
{
    const bool adapts = figure == JUDGED_GOODPUT;
    return judged_by_pairs(figure) || (of->row->cells[0].sweep->adapts == adapts &&
                                       of->row->cells[of->side].sweep->adapts == adapts);
}

static size_t values_needed(enum compare_judged figure, double error)
{
    return judged_by_pairs(figure) ? ranks_pairs_needed(error) : ranks_samples_needed(error);
}

enum compare_word compare_word_of(const struct compare_verdict *verdict)
{
    const struct span *ratio = &verdict->ratio;
    bool higher = ratio->low > 1 + COMPARE_MARGIN;
    bool lower = ratio->high < 1 / (1 + COMPARE_MARGIN);
    if (higher || lower) {
        return lower == verdict->lower_is_better ? WORD_BETTER : WORD_WORSE;
    }
    bool same = ratio->low > 1 / (1 + COMPARE_SAME) && ratio->high < 1 + COMPARE_SAME;
    return same ? WORD_SAME : WORD_UNDECIDED;
}

// Fills the interval, if `error` is as reliable as wanted; with an error of 0, only the figures and
// the number of values. False if a side lacks the figure.
static bool verdict_take(const struct pairing *of, double error, struct compare_verdict *verdict)
{
    enum compare_judged figure = verdict->figure;
    bool found = false;
    if (judged_by_pairs(figure)) {
        struct ratio_list pairs = ns_pairs(of, figure);
        verdict->values = pairs.count;
        found = error > 0 && ranks_of_pairs(pairs.items, pairs.count, error, &verdict->ratio);
        double first = ranks_median(pairs.first, pairs.count);
        double other = ranks_median(pairs.other, pairs.count);
        verdict->first = (struct span){first, first};
        verdict->other = (struct span){other, other};
        ratio_list_clear(&pairs);
    } else {
        struct span_list a = rates_of(of->row->cells[0].sweep, figure);
        struct span_list b = rates_of(of->row->cells[of->side].sweep, figure);
        verdict->values = a.count < b.count ? a.count : b.count;
        found = error > 0 &&
                ranks_of_samples(a.items, a.count, b.items, b.count, error, &verdict->ratio);
        verdict->first = repeats_middle(a.items, a.count);
        verdict->other = repeats_middle(b.items, b.count);
        free(a.items);
        free(b.items);
    }
    verdict->needed = found ? 0 : values_needed(figure, error > 0 ? error : COMPARE_ERROR);
    verdict->word = verdict->needed > 0 ? WORD_UNDECIDED : compare_word_of(verdict);
    return verdict->values > 0;
}

static struct pairing pairing_of(const struct comparison *comparison,
                                 const struct compare_verdict *verdict)
{
    return (struct pairing){comparison, &comparison->rows[verdict->row], verdict->side};
}

void compare_find_verdicts(struct comparison *comparison)
{
    size_t most = comparison->row_count * comparison->side_count * JUDGED_FIGURES;
    comparison->verdicts = memory_new_array(struct compare_verdict, most);
    for (size_t i = 0; i < most; i++) {
        struct compare_verdict verdict = {
            .row = i / JUDGED_FIGURES / comparison->side_count,
            .side = i / JUDGED_FIGURES % comparison->side_count,
            .figure = (enum compare_judged)(i % JUDGED_FIGURES),
            .key = judged[i % JUDGED_FIGURES].key,
            .lower_is_better = judged[i % JUDGED_FIGURES].lower_is_better,
        };
        const struct pairing of = pairing_of(comparison, &verdict);
        if (verdict.side > 0 && of.row->cells[verdict.side].why_not == NULL &&
            (judged_by_pairs(verdict.figure) || !compare_is_searched(comparison, verdict.side)) &&
            fits_engines(&of, verdict.figure) && verdict_take(&of, 0, &verdict)) {
            verdict.name = text_copy(judged[verdict.figure].name);
            comparison->verdicts[comparison->verdict_count++] = verdict;
        }
    }
    // Bonferroni: the error is divided among the figures that have enough values for any verdict.
    size_t able = compare_count_found(comparison);
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        able += verdict->values >= values_needed(verdict->figure, COMPARE_ERROR);
    }
    const double error = COMPARE_ERROR / (double)(able > 0 ? able : 1);
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        struct compare_verdict *verdict = &comparison->verdicts[i];
        const struct pairing of = pairing_of(comparison, verdict);
        (void)verdict_take(&of, error, verdict);
    }
    compare_find_found(comparison, error);
}

const char *compare_verdict_word(enum compare_word word)
{
    static const char *const words[] = {
        [WORD_UNDECIDED] = "can't tell",
        [WORD_SAME] = "same",
        [WORD_BETTER] = "better",
        [WORD_WORSE] = "worse",
    };
    return words[word];
}

double compare_worse_by(const struct compare_verdict *verdict)
{
    if (verdict->word != WORD_WORSE) {
        return 0;
    }
    return verdict->lower_is_better ? verdict->ratio.low - 1 : 1 - verdict->ratio.high;
}
