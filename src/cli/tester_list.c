// SPDX-License-Identifier: GPL-3.0-or-later
// cli/tester_list — see tester_list.h.
#include "cli/tester_list.h"

#include <math.h>

#include "base/text.h"
#include "report/writer.h"

// Indices of the columns.
enum {
    ENGINE,
    REQUESTED,
    SENT,
    ERROR,
    LOST,
    GAP_P50,
    GAP_P99,
    GAP_P999,
    CPU,
    GAP_MAX,
    VALID,
    WHY,
    COLUMN_COUNT
};

// The table ends before GAP_MAX: more does not fit in 80 columns.
static const struct column columns[COLUMN_COUNT] = {
    [ENGINE] = {"engine", "Engine", COLUMN_TEXT, 0},
    [REQUESTED] = {"requested_pps", "Load pps", COLUMN_REAL, 0},
    [SENT] = {"sent_pps", "Sent pps", COLUMN_REAL, 0},
    [ERROR] = {"pacing_error_ppm", "Error ppm", COLUMN_REAL, 1},
    [LOST] = {"lost", "Lost", COLUMN_INTEGER, 0},
    [GAP_P50] = {"gap_p50_us", "Gap p50", COLUMN_REAL, 2},
    [GAP_P99] = {"gap_p99_us", "Gap p99", COLUMN_REAL, 1},
    [GAP_P999] = {"gap_p999_us", "p99.9", COLUMN_REAL, 1},
    [CPU] = {"ns_per_packet", "CPU ns", COLUMN_REAL, 0},
    [GAP_MAX] = {"gap_max_us", "Gap max", COLUMN_REAL, 0},
    [VALID] = {"valid", "Valid", COLUMN_TRUTH, 0},
    [WHY] = {"why_invalid", "Reason", COLUMN_TEXT, 0},
};
#define TABLE_COLUMNS GAP_MAX

// A trial as fast as possible is expected to send less than was requested.
static bool row_is_valid(const struct tester_row *row)
{
    return row->point.valid || (row->requested_pps <= 0.0 && point_tester_was_limit(&row->point));
}

static struct value in_microseconds(const struct gap_summary *gap, uint64_t ns)
{
    return gap->measured ? VALUE_REAL((double)ns / 1e3) : VALUE_ABSENT;
}

static struct value unless_nan(double x)
{
    return isnan(x) ? VALUE_ABSENT : VALUE_REAL(x);
}

static int write_row(struct writer *writer, const struct tester_row *row, struct error *err)
{
    struct value values[COLUMN_COUNT] = {
        [ENGINE] = VALUE_TEXT(row->engine),
        [REQUESTED] = row->requested_pps > 0.0 ? VALUE_REAL(row->requested_pps) : VALUE_ABSENT,
        [CPU] = unless_nan(row->ns_per_packet),
        [ERROR] = unless_nan(1e6 * row->pacing_error),
        [VALID] = VALUE_TRUTH(row_is_valid(row)),
        [WHY] = row_is_valid(row) ? VALUE_ABSENT : VALUE_TEXT(row->point.why_invalid),
    };
    if (row->point.network_count > 0) {
        const struct gap_summary *gap = &row->point.networks[0].gap_ns;
        values[SENT] = VALUE_REAL(point_offered_pps(&row->point));
        values[LOST] = VALUE_INTEGER(point_lost(&row->point));
        values[GAP_P50] = in_microseconds(gap, gap->p50);
        values[GAP_P99] = in_microseconds(gap, gap->p99);
        values[GAP_P999] = in_microseconds(gap, gap->p999);
        values[GAP_MAX] = in_microseconds(gap, gap->max);
    }
    return writer_row(writer, values, err);
}

static int write_rows(const struct tester_report *report, struct writer *writer, struct error *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < report->count; i++) {
        rc = write_row(writer, &report->rows[i], err);
    }
    rc = rc < 0 ? rc : writer_finish(writer, err);
    writer_free(writer);
    return rc;
}

int tester_write_table(const struct tester_report *report, FILE *out, bool colour,
                       struct error *err)
{
    fprintf(out, "Source and sink joined by a cable, IP packets of %u bytes, 1 s for each load:\n",
            report->length);
    int rc = write_rows(report, writer_table(out, columns, TABLE_COLUMNS, 0, colour), err);
    if (rc < 0) {
        return rc;
    }
    fprintf(
        out,
        "Load pps -: as fast as possible. Gap: microseconds between departures. CPU ns: of source"
        " and\nsink for each packet received, without waiting.\n");
    for (size_t i = 0; i < report->count; i++) {
        const struct tester_row *row = &report->rows[i];
        if (!row_is_valid(row)) {
            char pps[48] = "full speed";
            if (row->requested_pps > 0.0) {
                text_group_digits(row->requested_pps, 0, pps);
            }
            fprintf(out, "Invalid: %s, %s: %s\n", row->engine, pps, row->point.why_invalid);
        }
    }
    fprintf(out, "Engine auto: %s%s%s\n", report->chosen, report->why == NULL ? "" : ", because ",
            report->why == NULL ? "" : report->why);
    if (report->lacking != NULL) {
        fprintf(out, "Not measured: %s\n", report->lacking);
    }
    return 0;
}

int tester_write_json(const struct tester_report *report, FILE *out, struct error *err)
{
    return write_rows(report, writer_json(out, columns, COLUMN_COUNT), err);
}
