// SPDX-License-Identifier: GPL-3.0-or-later
// cli/run_forecast — see run_forecast.h.
#include "cli/run_forecast.h"

#include <stdio.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/units.h"
#include "report/writer.h"
#include "run/forecast.h"

enum { SCENARIO, TOPOLOGY, LENGTH, LOADS, LOWEST, HIGHEST, POINTS, TRIAL, ABOUT, COLUMN_COUNT };

static const struct column forecast_columns[] = {
    [SCENARIO] = {"scenario", "Scenario", COLUMN_CONTEXT, 0},
    [TOPOLOGY] = {"topology", "Topology", COLUMN_TEXT, 0},
    [LENGTH] = {"length", "Length", COLUMN_NUMBER, 0},
    [LOADS] = {"loads", "Loads", COLUMN_INTEGER, 0},
    [LOWEST] = {"lowest_pps", "From pps", COLUMN_REAL, 0},
    [HIGHEST] = {"highest_pps", "To pps", COLUMN_REAL, 0},
    [POINTS] = {"points", "Points", COLUMN_INTEGER, 0},
    [TRIAL] = {"duration_s", "Trial s", COLUMN_REAL, 1},
    [ABOUT] = {"about_s", "About s", COLUMN_REAL, 0},
};

static struct value pps_value(double pps)
{
    return pps > 0.0 ? VALUE_REAL(pps) : VALUE_ABSENT;
}

static int write_row(struct writer *writer, const char *scenario, const struct forecast_row *row,
                     struct error *err)
{
    const struct value values[COLUMN_COUNT] = {
        [SCENARIO] = VALUE_TEXT(scenario),
        [TOPOLOGY] = VALUE_TEXT(topology_name(row->topology)),
        [LENGTH] = VALUE_INTEGER(row->length),
        [LOADS] = VALUE_INTEGER(row->loads),
        [LOWEST] = pps_value(row->lowest_pps),
        [HIGHEST] = pps_value(row->highest_pps),
        [POINTS] = VALUE_INTEGER(row->points),
        [TRIAL] = VALUE_REAL(row->trial_s),
        [ABOUT] = VALUE_REAL(row->about_s),
    };
    return writer_row(writer, values, err);
}

int run_forecast_print(const struct job *jobs, size_t count, bool json, struct error *err)
{
    double about_s = 0.0;
    size_t points = 0;
    bool found = false;
    size_t refined = 0;
    int rc = 0;
    struct writer *writer =
        json ? writer_json(stdout, forecast_columns, COLUMN_COUNT)
             : writer_table(stdout, forecast_columns, COLUMN_COUNT, 0, isatty(STDOUT_FILENO) != 0);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        _cleanup_free_ struct forecast_row *rows = NULL;
        size_t row_count = 0;
        rc = forecast_make(&jobs[i], &rows, &row_count, err);
        found = found ||
                (jobs[i].scenario->traffic.rates.kind == RATES_AUTO && jobs[i].rates_from == NULL);
        for (size_t k = 0; rc == 0 && k < row_count; k++) {
            about_s += rows[k].about_s;
            points += rows[k].points;
            refined = rows[k].refined > refined ? rows[k].refined : refined;
            rc = write_row(writer, jobs[i].scenario->name, &rows[k], err);
        }
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    if (rc < 0 || json) {
        return rc;
    }
    _cleanup_free_ char *time = duration_text(about_s);
    printf("\n%s%zu point%s, about %s; disturbed points are measured again, which takes longer\n",
           refined > 0 ? "Up to " : "", points, points == 1 ? "" : "s", time);
    if (found) {
        puts("The loads are chosen while measuring, the last just past saturation");
        if (refined > 0) {
            printf(
                "Up to %zu further loads a row narrow the throughput and the partial drop rate\n",
                refined);
        }
    }
    return 0;
}
