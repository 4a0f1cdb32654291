// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_report — `vrbench report`: everything that is made from a run's record, made again.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/command.h"
#include "report/whole.h"

struct report_values {
    bool json;
};

static const struct option_row report_options[] = {
    {.name = "json",
     .type = OPTION_FLAG,
     .offset = offsetof(struct report_values, json),
     .help = "print what was made as JSON"},
    OPTIONS_END,
};

static int report_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct report_values *asked = values;
    if (operands->count != 1) {
        return fail_input(err, "report needs one folder of results; see vrbench report -h");
    }
    const char *folder = operands->items[0];
    size_t runs = 0;
    size_t figures = 0;
    int rc = report_write_whole(folder, &runs, &figures, err);
    if (rc < 0) {
        return rc;
    }
    if (asked->json) {
        printf("{\"runs\": %zu, \"figures\": %zu}\n", runs, figures);
    } else {
        printf("%s/report.html, and %zu figure%s in figures/%s\n", folder, figures,
               figures == 1 ? "" : "s", runs > 1 ? " of each run" : "");
    }
    return 0;
}

const struct command command_report = {
    .name = "report",
    .operands = "DIR",
    .summary = "Make report and figures of results",
    .details =
        "From the record in DIR (run.json, points.jsonl; or reproduce.json and its runs) makes\n"
        "points.csv, report.xlsx, report.html, which opens without a network, and figures/: SVG\n"
        "and PNG with the gnuplot script and data of each. Needs no root, but gnuplot.",
    .options = report_options,
    .values_size = sizeof(struct report_values),
    .run = report_run,
};
