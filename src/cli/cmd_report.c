// SPDX-License-Identifier: GPL-3.0-or-later
// cli/cmd_report — `vrbench report`: everything that is made from a run's record, made anew.
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/command.h"
#include "report/figures.h"
#include "report/page.h"
#include "report/points.h"
#include "report/reproduction.h"
#include "report/spreadsheet.h"
#include "result/store.h"

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

// The files that the page offers: a run that was killed has not written them.
static int write_tables(const char *folder, struct error *err)
{
    struct point_list points = {NULL, 0};
    int rc = store_read_points(folder, &points, err);
    if (rc == 0) {
        rc = report_write_csv(folder, &points, err);
    }
    if (rc == 0 && points.count > 0) {
        rc = report_write_xlsx(folder, &points, err);
    }
    point_list_clear(&points);
    return rc;
}

static int write_all_tables(const char *folder, size_t *ret_runs, struct error *err)
{
    char **folders = NULL;
    int rc = reproduction_run_folders(folder, &folders, ret_runs, err);
    for (size_t i = 0; rc == 0 && i < *ret_runs; i++) {
        rc = write_tables(folders[i], err);
    }
    if (folders != NULL) {
        folders_free(folders, *ret_runs);
    }
    return rc;
}

static int report_run(void *values, const struct text_list *operands, struct error *err)
{
    const struct report_values *asked = values;
    if (operands->count != 1) {
        return fail_input(err, "report needs one folder of results; see vrbench report -h");
    }
    const char *folder = operands->items[0];
    size_t runs = 0;
    size_t figures = 0;
    int rc = write_all_tables(folder, &runs, err);
    if (rc < 0) {
        return rc;
    }
    // The page links the figures, but does not wait for a gnuplot that isn't there.
    int drawn = report_write_figures(folder, &figures, err);
    if (drawn < 0 && (err == NULL || err->exit_status != EXIT_LACKING)) {
        return drawn;
    }
    _cleanup_error_ struct error why = ERROR_INIT;
    rc = report_write_page(folder, &why);
    if (rc < 0) {
        error_move(err, &why);
        return rc;
    }
    if (drawn < 0) {
        error_context(err, "%s/report.html is there, figures are not (their scripts are)", folder);
        return drawn;
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
