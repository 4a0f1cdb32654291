// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_report — `vrbench report`: recreates tables, figures and pages from a run's record.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "report/page.h"
#include "report/whole.h"
#include "result/json_text.h"

struct report_values {
    const char *style;
    bool json;
};

static const struct option_row report_options[] = {
    {.name = "style",
     .type = OPTION_TEXT,
     .offset = offsetof(struct report_values, style),
     .argument = "STYLE",
     .help = "figures for the screen (default), or for a paper: 8.5 cm, 8 pt, no title"},
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct report_values, json),
     .help = "print the numbers of runs and figures, and contracts, as JSON"},
    OPTIONS_END,
};

static void print_json(const struct report_written *written)
{
    json_t *answer = json_pack("{s:I, s:I}", "runs", (json_int_t)written->runs, "figures",
                               (json_int_t)written->figures);
    if (json_array_size(written->control) > 0) {
        json_object_set(answer, "control", written->control);
    }
    _cleanup_free_ char *text = json_to_text(answer, 0);
    printf("%s\n", text);
    json_decref(answer);
}

static int report_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct report_values *asked = values;
    if (operands->count != 1) {
        return fail_input(err, "report requires one folder of results; see vrbench report -h");
    }
    const char *folder = operands->items[0];
    struct report_written written = {.control = NULL};
    enum figure_style style = FIGURE_STYLE_SCREEN;
    int rc = asked->style == NULL ? 0 : figure_style_parse(asked->style, &style, err);
    rc =
        rc < 0 ? rc : report_write_whole(folder, style, asked->json ? NULL : stdout, &written, err);
    if (rc == 0 && asked->json) {
        print_json(&written);
    } else if (rc == 0) {
        printf("%s", json_array_size(written.control) > 0 ? "\n" : "");
        if (page_is_built()) {
            printf("%s/report.html, and ", folder);
        }
        printf("%zu figure%s in %s\n", written.figures, written.figures == 1 ? "" : "s",
               written.runs > 1 ? "the folder figures/ of each run" : "figures/");
    }
    report_written_clear(&written);
    return rc;
}

const struct command command_report = {
    .name = "report",
    .operands = "DIR",
    .summary = "Create report and figures from results",
    .details = "Reads the record in DIR (run.json and points.jsonl, or reproduce.json and its\n"
               "runs) and writes points.csv, report.xlsx, report.html (self-contained) and\n"
               "figures/: SVG, PNG and PDF with their gnuplot scripts and data, and an\n"
               "index.html. Prints the contracts of a run with --controlled. Requires\n"
               "gnuplot; does not require root.",
    .examples = COMMAND_EXAMPLES({"report out --style paper", "figures for a paper"}),
    .options = report_options,
    .values_size = sizeof(struct report_values),
    .run = report_run,
};
