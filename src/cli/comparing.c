// SPDX-License-Identifier: GPL-3.0-or-later
// cli/comparing — see comparing.h.
#include "cli/comparing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/compare_list.h"
#include "report/compare_verdict.h"
#include "result/json_text.h"

static int print_list(const struct comparison *comparison, const struct compare_list *list,
                      const char *heading, bool markdown, struct error *err)
{
    printf("%s\n\n", heading);
    struct writer *writer =
        markdown ? writer_markdown(stdout, list->columns, list->count)
                 : writer_table(stdout, list->columns, list->count, 0, isatty(STDOUT_FILENO) == 1);
    int rc = compare_write_list(comparison, list, writer, err);
    writer_free(writer);
    printf("\n");
    return rc;
}

// The texts contain strings of the runs: control characters must not reach the terminal, nor markup
// a page.
static void print_texts(const struct compare_texts *texts, const char *heading, bool markdown)
{
    if (texts->count == 0) {
        return;
    }
    printf("%s\n%s", heading, markdown ? "\n" : "");
    for (size_t i = 0; i < texts->count; i++) {
        printf(markdown ? "* " : "  ");
        for (const char *at = texts->items[i]; *at != '\0'; at++) {
            bool control = (unsigned char)*at < ' ' || *at == 0x7f;
            if (markdown && strchr("\\`*_[]<>|", *at) != NULL) {
                putchar('\\');
            }
            putchar(control ? '?' : *at);
        }
        printf("\n");
    }
    printf("\n");
}

// How many repeats decide: the largest number that a figure of each kind needs.
static void print_needs(const struct comparison *comparison)
{
    size_t repeats = 0;
    size_t pairs = 0;
    size_t searches = 0;
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        bool ns = verdict->figure == JUDGED_HOST_NS || verdict->figure == JUDGED_ROUTER_NS;
        size_t *most = ns ? &pairs : verdict->figure == JUDGED_FOUND ? &searches : &repeats;
        *most = verdict->needed > *most ? verdict->needed : *most;
    }
    if (repeats > 0) {
        printf("Verdicts on rates require %zu valid repeats of each load in both runs "
               "(traffic.repeats).\n",
               repeats);
    }
    if (pairs > 0) {
        printf("Verdicts on CPU time require %zu valid points at equal loads in both runs.\n",
               pairs);
    }
    if (searches > 0) {
        printf("Verdicts on repeated searches require %zu regular results in both runs (ab "
               "--repeats).\n",
               searches);
    }
    if (repeats > 0 || pairs > 0 || searches > 0) {
        printf("\n");
    }
}

// The bounds of searches are not intervals over repeats.
static void print_searched(const struct comparison *comparison)
{
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        if (verdict->figure == JUDGED_FOUND && verdict->values == 1 && verdict->needed == 0) {
            printf("Rows with a goal compare the bounds that searches found; each ratio holds with "
                   "the\nprobability of the rule (sequential: %.1f %%).\n\n",
                   100 * (1 - COMPARE_FOUND_ERROR));
            return;
        }
    }
}

// Whether a sweep is by TCP, or one is not.
static bool has_engine(const struct comparison *comparison, bool adapts)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        for (size_t k = 0; k < comparison->side_count; k++) {
            const struct sweep *sweep = comparison->rows[i].cells[k].sweep;
            if (sweep != NULL && sweep->adapts == adapts) {
                return true;
            }
        }
    }
    return false;
}

static int print_tables(const struct comparison *comparison, bool markdown, struct error *err)
{
    int rc = 0;
    if (comparison->verdict_count > 0) {
        _cleanup_free_ char *heading =
            text_format("Verdicts: × is the ratio to %s; all intervals together hold with %.0f %%.",
                        comparison->sides[0].label, 100 * (1 - COMPARE_ERROR));
        rc = print_list(comparison, &compare_list_decided, heading, markdown, err);
        print_searched(comparison);
        print_needs(comparison);
    }
    if (rc == 0 && has_engine(comparison, true)) {
        rc = print_list(comparison, &compare_list_goodput,
                        "Goodput of TCP; × is the ratio to the first run.", markdown, err);
    }
    if (rc == 0 && has_engine(comparison, false)) {
        rc = print_list(comparison, &compare_list_rates,
                        "Packets forwarded; × is the ratio to the first run.", markdown, err);
    }
    if (rc == 0) {
        rc = print_list(comparison, &compare_list_costs,
                        "CPU time per packet at the same load, memory and start of a router.",
                        markdown, err);
    }
    if (rc == 0 && comparison->cap_count > 0) {
        rc = print_list(comparison, &compare_list_caps,
                        "Caps, in points that asked for more than the cap.", markdown, err);
    }
    if (rc == 0) {
        print_texts(&comparison->warnings, "Caution:", markdown);
        print_texts(&comparison->not_compared, "Not compared or not counted:", markdown);
    }
    return rc;
}

static int print_json(const struct comparison *comparison, struct error *err)
{
    json_t *json = NULL;
    int rc = compare_to_json(comparison, &json, err);
    if (rc == 0) {
        _cleanup_free_ char *text = json_to_text(json, 1);
        printf("%s\n", text);
    }
    json_decref(json);
    return rc;
}

int comparing_print(const struct comparison *comparison, bool json, bool markdown,
                    struct error *err)
{
    int rc = json ? print_json(comparison, err) : print_tables(comparison, markdown, err);
    fflush(stdout); // before a message on standard error
    return rc;
}

int comparing_write_junit(const struct comparison *comparison, double threshold, const char *file,
                          struct error *err)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return fail(err, errno, "%s", file);
    }
    compare_write_junit(comparison, threshold, out);
    fclose(out);
    int rc = file_replace(file, text, length, err);
    free(text);
    return rc;
}

int comparing_hold_threshold(const struct comparison *comparison, double threshold,
                             struct error *err)
{
    const struct compare_verdict *worst = NULL;
    size_t count = 0;
    for (size_t i = 0; i < comparison->verdict_count; i++) {
        const struct compare_verdict *verdict = &comparison->verdicts[i];
        double by = compare_worse_by(verdict);
        count += by > threshold;
        worst = by > threshold && (worst == NULL || by > compare_worse_by(worst)) ? verdict : worst;
    }
    if (worst == NULL) {
        return 0;
    }
    const struct compare_row *row = &comparison->rows[worst->row];
    _cleanup_free_ char *title =
        compare_title(row->scenario, row->topology, row->length, row->length_layer);
    return fail(err, 0,
                "%zu figure%s certainly worse than in %s by more than %.0f %%; the worst is %s of "
                "%s, by at least %.1f %% in %s",
                count, count == 1 ? " is" : "s are", comparison->sides[0].label, threshold * 100,
                worst->name, title, compare_worse_by(worst) * 100,
                comparison->sides[worst->side].label);
}
