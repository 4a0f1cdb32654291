// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_compare — `vrbench compare`: compares runs of several platforms, machines or days.
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/comparing.h"
#include "report/compare.h"
#include "report/compare_out.h"
#include "report/page.h"

struct compare_values {
    const char *output, *junit;
    uint64_t threshold;
    bool json, markdown;
};

static const struct option_row compare_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct compare_values, output),
     .argument = "DIR",
     .help = "write tables, figures and a page into DIR"},
    {.name = "threshold",
     .type = OPTION_INTEGER,
     .offset = offsetof(struct compare_values, threshold),
     .min = 1,
     .max = 1000,
     .argument = "PERCENT",
     .help = "exit status 1 if a figure is certainly worse by more"},
    {.name = "junit",
     .type = OPTION_TEXT,
     .offset = offsetof(struct compare_values, junit),
     .argument = "FILE",
     .help = "write the verdicts as JUnit XML into FILE"},
    {.name = "markdown",
     .type = OPTION_FLAG,
     .offset = offsetof(struct compare_values, markdown),
     .help = "print the tables as Markdown"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct compare_values, json),
     .help = "print the comparison as JSON instead of tables"},
    OPTIONS_END,
};

static int compare_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct compare_values *asked = values;
    if (operands->count < 2) {
        return fail_input(err, "compare needs at least two folders of results; see vrbench compare "
                               "-h");
    }
    if (asked->json && asked->markdown) {
        return fail_input(err, "--json and --markdown exclude each other");
    }
    struct comparison *comparison = NULL;
    int rc = compare_folders(operands->items, operands->count, &comparison, err);
    if (rc < 0) {
        return rc;
    }
    rc = comparing_print(comparison, asked->json, asked->markdown, err);
    if (rc == 0 && comparison_compared(comparison) == 0) {
        rc = fail_input(err,
                        "nothing to compare: no scenario, topology and length has valid points "
                        "both in %s and in another run",
                        comparison->sides[0].label);
    }
    double threshold = (double)asked->threshold / 100;
    if (rc == 0 && asked->junit != NULL) {
        rc = comparing_write_junit(comparison, threshold, asked->junit, err);
    }
    if (rc == 0 && asked->output != NULL) {
        rc = compare_write_folder(comparison, asked->output, err);
        if (rc == 0 && !asked->json && page_is_built()) {
            printf("Page: %s/compare.html (tables and figures in the same folder)\n",
                   asked->output);
        }
    }
    if (rc == 0 && asked->threshold > 0) {
        rc = comparing_hold_threshold(comparison, threshold, err);
    }
    comparison_free(comparison);
    return rc;
}

const struct command command_compare = {
    .name = "compare",
    .operands = "DIR DIR…",
    .summary = "Compare the results of several runs",
    .details = "Compares runs or reproductions with the first one, for each scenario, topology\n"
               "and length. Decides by intervals whether throughput, highest rate and CPU time\n"
               "per packet are better, worse or the same, or that the repeats can't tell. Of\n"
               "folders of vrbench search, compares what the searches found. Lists\n"
               "memory and start-up time of a router, caps, results without a counterpart, and\n"
               "what differs between the machines. -o writes compare.csv, compare-verdicts.csv,\n"
               "compare-caps.csv, compare.json, figures/ and compare.html.",
    .examples = COMMAND_EXAMPLES({"compare yesterday today", "what is better, worse or the same"}),
    .options = compare_options,
    .values_size = sizeof(struct compare_values),
    .run = compare_run,
};
