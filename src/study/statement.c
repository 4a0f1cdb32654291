// SPDX-License-Identifier: GPL-3.0-or-later
// study/statement — see statement.h.
#include "study/statement.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/writer.h"
#include "study/machines.h"

#define WIDTH            80U
#define DISTURBED_ONE_IN 4U // or more of the points: a remark is printed

static size_t characters(const char *text, size_t bytes)
{
    size_t count = 0;
    for (size_t i = 0; i < bytes; i++) {
        count += (text[i] & 0xc0) != 0x80;
    }
    return count;
}

// Prints "head text", the text wrapped at blanks and indented to the width of the head.
static void print_wrapped(const char *head, const char *text, FILE *out)
{
    size_t indent = characters(head, strlen(head));
    size_t column = indent;
    bool first = true;
    fputs(head, out);
    while (*text != '\0') {
        size_t bytes = strcspn(text, " \n");
        size_t wide = characters(text, bytes);
        if (!first && column + 1 + wide > WIDTH) {
            fprintf(out, "\n%*s", (int)indent, "");
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fwrite(text, 1, bytes, out);
        column += wide;
        first = false;
        text += bytes;
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

// "45 s", "3 min", "2 h 05 min"
static char *duration(double seconds)
{
    unsigned long whole = (unsigned long)(seconds + 0.5);
    if (whole < 100) {
        return text_format("%lu s", whole);
    }
    if (whole < 6000) {
        return text_format("%lu min", (whole + 30) / 60);
    }
    return text_format("%lu h %02lu min", whole / 3600, whole % 3600 / 60);
}

void statement_estimate(const struct estimate *estimate, bool resumed, FILE *out)
{
    char *time_needed = duration(estimate->seconds);
    char *text =
        text_format("%zu runs, %zu points: about %s on a quiet machine%s.", estimate->runs,
                    estimate->points, time_needed, resumed ? ", less those already measured" : "");
    print_wrapped("", text, out);
    free(text);
    free(time_needed);
}

void statement_platform(const char *platform, const struct estimate *estimate, FILE *out)
{
    if (machines_are_made_by(platform)) {
        char *text =
            text_format("The routers are machines of %s, up to %u of them at once. If they are "
                        "emulated, some verdicts are withheld (docs/reproduce.md).",
                        platform, estimate->routers);
        print_wrapped("", text, out);
        free(text);
    }
}

void statement_rules(unsigned wanted, FILE *out)
{
    print_wrapped("", study_description, out);
    fputc('\n', out);
    print_wrapped("",
                  "The rules, fixed before the run. Each compares the interval of a figure over "
                  "repeated trials with a border; if the interval contains the border, the claim "
                  "is not decidable here (docs/reproduce.md).",
                  out);
    fputc('\n', out);
    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        if ((wanted & 1U << claims[i].number) != 0) {
            char *text = text_format("%s. %s", claims[i].title, claims[i].rule);
            char head[16];
            snprintf(head, sizeof head, "%u  ", claims[i].number);
            print_wrapped(head, text, out);
            free(text);
        }
    }
    fputc('\n', out);
}

static void print_claim(const struct claim *claim, const struct claim_result *result, bool colour,
                        FILE *out)
{
    fprintf(out, "%s%u  %s: %s%s\n", colour ? "\033[1m" : "", claim->number, claim->title,
            claim_verdict_name(result->verdict), colour ? "\033[0m" : "");
    print_wrapped("   Claim      ", claim->text, out);
    print_wrapped("   The study  ", claim->study_saw, out);
    print_wrapped("   Here       ", result->measured, out);
    print_wrapped("   Why        ", result->why, out);
    print_wrapped("   Meaning    ", result->meaning, out);
    fputc('\n', out);
}

static const struct column columns[] = {
    {"claim", "", COLUMN_NUMBER, 0},           {"title", "Claim", COLUMN_TEXT, 0},
    {"in_study", "The study", COLUMN_TEXT, 0}, {"here", "Here", COLUMN_TEXT, 0},
    {"verdict", "Verdict", COLUMN_TEXT, 0},
};

// Prints how many points are valid, and advice if few are.
static void print_validity(const struct reproduction *reproduction, FILE *out)
{
    const struct reproduce_tally tally = reproduce_tally(reproduction);
    char *text =
        text_format("%zu points, %zu invalid and not counted: %zu at the tester's own "
                    "limit, %zu disturbed.",
                    tally.points, tally.tester + tally.disturbed, tally.tester, tally.disturbed);
    print_wrapped("", text, out);
    free(text);
    if (reproduce_results(reproduction)->emulated) {
        print_wrapped("",
                      "The routers were emulated machines (TCG): packets/s and CPU time a "
                      "packet say little about real hardware.",
                      out);
    }
    if (tally.disturbed * DISTURBED_ONE_IN > tally.points) {
        print_wrapped("",
                      "Other programs, the hypervisor or stalls disturbed so many of them that "
                      "they should be measured again while the machine is quiet: --resume --redo "
                      "disturbed.",
                      out);
    }
}

int statement_verdicts(const struct reproduction *reproduction, unsigned wanted, bool colour,
                       FILE *out, struct error *err)
{
    struct writer *writer =
        writer_table(out, columns, sizeof columns / sizeof columns[0], WIDTH, colour);
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < CLAIM_COUNT; i++) {
        if ((wanted & 1U << claims[i].number) != 0) {
            const struct claim_result *result = reproduce_result(reproduction, claims[i].number);
            const struct value row[] = {VALUE_INTEGER(claims[i].number),
                                        VALUE_TEXT(claims[i].title), VALUE_TEXT(claims[i].in_study),
                                        VALUE_TEXT(result->here),
                                        VALUE_TEXT(claim_verdict_name(result->verdict))};
            rc = writer_row(writer, row, err);
        }
    }
    if (rc == 0) {
        rc = writer_finish(writer, err);
    }
    writer_free(writer);
    fputc('\n', out);
    for (size_t i = 0; i < CLAIM_COUNT; i++) {
        if ((wanted & 1U << claims[i].number) != 0) {
            print_claim(&claims[i], reproduce_result(reproduction, claims[i].number), colour, out);
        }
    }
    print_validity(reproduction, out);
    return rc;
}
