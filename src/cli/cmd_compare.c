// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_compare — `vrbench compare`: compares runs of several platforms, machines or days.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "report/compare.h"
#include "report/compare_list.h"
#include "report/compare_out.h"
#include "result/json_text.h"

struct compare_values {
    const char *output;
    bool json;
};

static const struct option_row compare_options[] = {
    {.name = "output",
     .letter = 'o',
     .type = OPTION_TEXT,
     .offset = offsetof(struct compare_values, output),
     .argument = "DIR",
     .help = "write tables, figures and a page into DIR"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct compare_values, json),
     .help = "print the comparison as JSON instead of tables"},
    OPTIONS_END,
};

static int print_list(const struct comparison *comparison, const struct compare_list *list,
                      const char *heading, struct error *err)
{
    printf("%s\n\n", heading);
    struct writer *writer =
        writer_table(stdout, list->columns, list->count, 0, isatty(STDOUT_FILENO) == 1);
    int rc = compare_write_list(comparison, list, writer, err);
    writer_free(writer);
    printf("\n");
    return rc;
}

// The texts contain strings of the runs: control characters must not reach the terminal.
static void print_texts(const struct compare_texts *texts, const char *heading)
{
    if (texts->count == 0) {
        return;
    }
    printf("%s\n", heading);
    for (size_t i = 0; i < texts->count; i++) {
        printf("  ");
        for (const char *at = texts->items[i]; *at != '\0'; at++) {
            bool control = (unsigned char)*at < ' ' || *at == 0x7f;
            putchar(control ? '?' : *at);
        }
        printf("\n");
    }
    printf("\n");
}

static int print_tables(const struct comparison *comparison, struct error *err)
{
    int rc = print_list(comparison, &compare_list_rates,
                        "Packets forwarded; × is the ratio to the first run.", err);
    if (rc == 0) {
        rc = print_list(comparison, &compare_list_costs,
                        "CPU time per packet, memory and start of a router.", err);
    }
    if (rc == 0 && comparison->cap_count > 0) {
        rc = print_list(comparison, &compare_list_caps,
                        "Caps, in points that asked for more than the cap.", err);
    }
    if (rc == 0) {
        print_texts(&comparison->warnings, "Caution:");
        print_texts(&comparison->not_compared, "Not compared or not counted:");
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

static int compare_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct compare_values *asked = values;
    if (operands->count < 2) {
        return fail_input(err, "compare needs at least two folders of results; see vrbench compare "
                               "-h");
    }
    struct comparison *comparison = NULL;
    int rc = compare_folders(operands->items, operands->count, &comparison, err);
    if (rc < 0) {
        return rc;
    }
    rc = asked->json ? print_json(comparison, err) : print_tables(comparison, err);
    fflush(stdout); // before a message on standard error
    if (rc == 0 && comparison_compared(comparison) == 0) {
        rc = fail_input(err,
                        "nothing to compare: no scenario, topology and length has valid points "
                        "both in %s and in another run",
                        comparison->sides[0].label);
    }
    if (rc == 0 && asked->output != NULL) {
        rc = compare_write_folder(comparison, asked->output, err);
        if (rc == 0 && !asked->json) {
            printf("Page: %s/compare.html (tables and figures in the same folder)\n",
                   asked->output);
        }
    }
    comparison_free(comparison);
    return rc;
}

const struct command command_compare = {
    .name = "compare",
    .operands = "DIR DIR…",
    .summary = "Compare the results of several runs",
    .details = "Compares runs or reproductions with the first one: packets/s, CPU time per\n"
               "packet, memory and start-up time of a router, caps and frame loss, for each\n"
               "scenario, topology and length. Lists results without a counterpart, invalid\n"
               "points, and differences other than the platform. -o writes compare.csv,\n"
               "compare-caps.csv, compare.json, figures/ and compare.html.",
    .options = compare_options,
    .values_size = sizeof(struct compare_values),
    .run = compare_run,
};
