// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_verdict_list — the verdicts of a comparison as rows and as JUnit XML. See
// compare_verdict.h.
#include <math.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/columns.h"
#include "report/compare_list.h"
#include "report/compare_verdict.h"
#include "report/words.h"

// ---- for programs

enum {
    SCENARIO,
    TOPOLOGY,
    LENGTH,
    LENGTH_LAYER,
    RUN,
    FIGURE,
    FIRST_LOW,
    FIRST_HIGH,
    OTHER_LOW,
    OTHER_HIGH,
    RATIO_LOW,
    RATIO_HIGH,
    VERDICT,
    VALUES,
    NEEDED,
    SUBJECT,
    GOAL,
    COLUMN_COUNT
};

#define C_RUN                                                                                      \
    {                                                                                              \
        "run", "Run", COLUMN_CONTEXT, 0                                                            \
    }
#define C_FIGURE                                                                                   \
    {                                                                                              \
        "figure", "Figure", COLUMN_TEXT, 0                                                         \
    }
#define C_VERDICT                                                                                  \
    {                                                                                              \
        "verdict", "Verdict", COLUMN_TEXT, 0                                                       \
    }

static const struct column whole_columns[COLUMN_COUNT] = {
    [SCENARIO] = COLUMN_SCENARIO,
    [TOPOLOGY] = COLUMN_TOPOLOGY,
    [LENGTH] = COLUMN_LENGTH("length_bytes"),
    [LENGTH_LAYER] = COLUMN_LENGTH_LAYER,
    [RUN] = C_RUN,
    [FIGURE] = C_FIGURE,
    [FIRST_LOW] = {"first_low", "First from", COLUMN_REAL, 0},
    [FIRST_HIGH] = {"first_high", "First to", COLUMN_REAL, 0},
    [OTHER_LOW] = {"low", "From", COLUMN_REAL, 0},
    [OTHER_HIGH] = {"high", "To", COLUMN_REAL, 0},
    [RATIO_LOW] = {"ratio_low", "× from", COLUMN_REAL, 3},
    [RATIO_HIGH] = {"ratio_high", "× to", COLUMN_REAL, 3},
    [VERDICT] = C_VERDICT,
    [VALUES] = {"values", "Values", COLUMN_INTEGER, 0},
    [NEEDED] = {"values_needed", "Needed", COLUMN_INTEGER, 0},
    [SUBJECT] = {"subject", "Network or router", COLUMN_TEXT, 0},
    [GOAL] = {"goal", "Goal", COLUMN_TEXT, 0},
};

// A bound that is not known is absent.
static struct value value_of(double bound)
{
    return isfinite(bound) && bound > 0 ? VALUE_REAL(bound) : VALUE_ABSENT;
}

static int write_whole(const struct comparison *comparison, struct writer *writer,
                       struct error *err)
{
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        const struct compare_row *row = &comparison->rows[verdict->row];
        bool decided = verdict->needed == 0;
        const struct value values[COLUMN_COUNT] = {
            [SCENARIO] = VALUE_TEXT(row->scenario),
            [TOPOLOGY] = VALUE_TEXT(row->topology),
            [LENGTH] = VALUE_INTEGER(row->length),
            [LENGTH_LAYER] = VALUE_TEXT(row->length_layer),
            [RUN] = VALUE_TEXT(comparison->sides[verdict->side].label),
            [FIGURE] = VALUE_TEXT(verdict->key),
            [FIRST_LOW] = value_of(verdict->first.low),
            [FIRST_HIGH] = value_of(verdict->first.high),
            [OTHER_LOW] = value_of(verdict->other.low),
            [OTHER_HIGH] = value_of(verdict->other.high),
            [RATIO_LOW] = decided ? value_of(verdict->ratio.low) : VALUE_ABSENT,
            [RATIO_HIGH] = decided ? value_of(verdict->ratio.high) : VALUE_ABSENT,
            [VERDICT] = VALUE_TEXT(compare_verdict_word(verdict->word)),
            [VALUES] = VALUE_INTEGER(verdict->values),
            [NEEDED] = decided ? VALUE_ABSENT : VALUE_INTEGER(verdict->needed),
            [SUBJECT] = VALUE_TEXT(verdict->subject),
            [GOAL] = VALUE_TEXT(verdict->goal),
        };
        int rc = writer_row(writer, values, err);
        if (rc < 0) {
            return rc;
        }
    }
    return writer_finish(writer, err);
}

const struct compare_list compare_list_verdicts = {whole_columns, COLUMN_COUNT, NULL, write_whole};

// ---- for people

enum {
    P_SCENARIO,
    P_TOPOLOGY,
    P_LENGTH,
    P_LENGTH_LAYER,
    P_RUN,
    P_FIGURE,
    P_FIRST,
    P_OTHER,
    P_RATIO,
    P_VERDICT,
    PEOPLE_COUNT
};

static const struct column people_columns[PEOPLE_COUNT] = {
    [P_SCENARIO] = COLUMN_SCENARIO,
    [P_TOPOLOGY] = COLUMN_TOPOLOGY,
    [P_LENGTH] = COLUMN_LENGTH("length_bytes"),
    [P_LENGTH_LAYER] = COLUMN_LENGTH_LAYER,
    [P_RUN] = C_RUN,
    [P_FIGURE] = C_FIGURE,
    [P_FIRST] = {"first", "First", COLUMN_TEXT, 0},
    [P_OTHER] = {"other", "Other", COLUMN_TEXT, 0},
    [P_RATIO] = {"ratio", "×", COLUMN_TEXT, 0},
    [P_VERDICT] = C_VERDICT,
};

static char *ratio_text(const struct compare_verdict *verdict)
{
    const struct span *ratio = &verdict->ratio;
    if (verdict->needed > 0 || (ratio->low <= 0 && isinf(ratio->high))) {
        return NULL;
    }
    return isinf(ratio->high) ? text_format(">=%.3f", ratio->low)
           : ratio->low <= 0  ? text_format("<%.3f", ratio->high)
                              : text_format("%.3f-%.3f", ratio->low, ratio->high);
}

static int write_for_people(const struct comparison *comparison, struct writer *writer,
                            struct error *err)
{
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        const struct compare_row *row = &comparison->rows[verdict->row];
        _cleanup_free_ char *first = words_bounds(verdict->first.low, verdict->first.high);
        _cleanup_free_ char *other = words_bounds(verdict->other.low, verdict->other.high);
        _cleanup_free_ char *ratio = ratio_text(verdict);
        const struct value values[PEOPLE_COUNT] = {
            [P_SCENARIO] = VALUE_TEXT(row->scenario),
            [P_TOPOLOGY] = VALUE_TEXT(row->topology),
            [P_LENGTH] = VALUE_INTEGER(row->length),
            [P_LENGTH_LAYER] = VALUE_TEXT(row->length_layer),
            [P_RUN] = VALUE_TEXT(comparison->sides[verdict->side].label),
            [P_FIGURE] = VALUE_TEXT(verdict->name),
            [P_FIRST] = VALUE_TEXT(first),
            [P_OTHER] = VALUE_TEXT(other),
            [P_RATIO] = VALUE_TEXT(ratio),
            [P_VERDICT] = VALUE_TEXT(compare_verdict_word(verdict->word)),
        };
        int rc = writer_row(writer, values, err);
        if (rc < 0) {
            return rc;
        }
    }
    return writer_finish(writer, err);
}

const struct compare_list compare_list_decided = {people_columns, PEOPLE_COUNT, NULL,
                                                  write_for_people};

// ---- JUnit

static void put_xml(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default: // XML 1.0 excludes control characters
            fputc((unsigned char)*text < ' ' ? '?' : *text, out);
        }
    }
}

static void put_case(const struct comparison *comparison, const struct compare_verdict *verdict,
                     double threshold, FILE *out)
{
    const struct compare_row *row = &comparison->rows[verdict->row];
    _cleanup_free_ char *title =
        compare_title(row->scenario, row->topology, row->length, row->length_layer);
    fputs("  <testcase classname=\"", out);
    put_xml(out, title);
    fputs("\" name=\"", out);
    put_xml(out, verdict->name);
    fputs(" of ", out);
    put_xml(out, comparison->sides[verdict->side].label);
    fputs("\">", out);
    _cleanup_free_ char *ratio = ratio_text(verdict);
    double worse = compare_worse_by(verdict);
    if (worse > threshold) {
        fprintf(out, "<failure message=\"worse by at least %.1f %%\">ratio ", worse * 100);
        put_xml(out, ratio == NULL ? "" : ratio);
        fputs("</failure>", out);
    } else if (verdict->word == WORD_UNDECIDED) {
        fputs("<skipped message=\"", out);
        if (verdict->needed > 0) {
            fprintf(out, "%zu values of %zu required", verdict->values, verdict->needed);
        } else {
            fputs("the interval does not decide", out);
        }
        fputs("\"/>", out);
    }
    fputs("</testcase>\n", out);
}

void compare_write_junit(const struct comparison *comparison, double threshold, FILE *out)
{
    size_t failures = 0;
    size_t skipped = 0;
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        failures += compare_worse_by(verdict) > threshold;
        skipped += verdict->word == WORD_UNDECIDED;
    }
    fprintf(out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"vrbench compare\" "
            "tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
            comparison->verdict_count, failures, skipped);
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        put_case(comparison, &comparison->verdicts[i], threshold, out);
    }
    fputs("</testsuite>\n", out);
}
