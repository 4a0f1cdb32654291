// SPDX-License-Identifier: GPL-3.0-or-later
// report/spreadsheet — see spreadsheet.h. Assembles the sheets and writes the file.
#include "report/spreadsheet.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/private_folder.h"
#include "base/text.h"
#include "report/answer.h"
#include "report/book.h"
#include "report/control_list.h"
#include "report/indexes.h"
#include "report/medians.h"
#include "report/points.h"
#include "report/summary.h"

#define LONG_ROWS 5000 // more rows are written one by one: 25,000 rows in memory take over 100 MB
#define BOOK_MAX  ((size_t)1 << 30)

static void writer_cleanup(struct writer **writer)
{
    writer_free(*writer);
}
#define _cleanup_writer_ __attribute__((cleanup(writer_cleanup)))

// Colours the rows of invalid points by a condition on their own cell, which survives sorting and
// filtering.
static void mark_invalid(const struct book *book, lxw_worksheet *sheet, size_t rows)
{
    lxw_col_t valid = 0;
    while (!text_equal(points_columns[valid].key, "valid")) {
        valid++;
    }
    char cell[LXW_MAX_CELL_NAME_LENGTH];
    lxw_rowcol_to_cell_abs(cell, 1, valid, 0, 1);
    _cleanup_free_ char *rule = text_format("=NOT(%s)", cell);
    lxw_conditional_format condition = {
        .type = LXW_CONDITIONAL_TYPE_FORMULA,
        .value_string = rule,
        .format = book->invalid_text,
    };
    worksheet_conditional_format_range(sheet, 1, 0, (lxw_row_t)rows,
                                       (lxw_col_t)(points_column_count - 1), &condition);
}

static int add_points(struct book *book, const struct point_list *points, struct error *err)
{
    size_t rows = 0;
    for (size_t i = 0; i < points->count; i++) {
        // A point without figures has a row, too.
        rows += points->items[i].network_count > 0 ? points->items[i].network_count : 1;
    }
    lxw_worksheet *sheet =
        rows > LONG_ROWS ? book_add_long_sheet(book, "Points") : book_add_sheet(book, "Points");
    _cleanup_writer_ struct writer *writer =
        writer_sheet(book, sheet, points_columns, points_column_count);
    int rc = points_list(points, writer, err);
    if (rc == 0 && rows > 0) {
        mark_invalid(book, sheet, rows);
    }
    return rc;
}

static int add_summary(struct book *book, const struct point_list *points, struct error *err)
{
    lxw_worksheet *sheet = book_add_sheet(book, "Summary");
    worksheet_activate(sheet); // shown first
    _cleanup_writer_ struct writer *writer =
        writer_sheet(book, sheet, summary_columns, summary_column_count);
    return summary_list(points, writer, err);
}

static int add_indexes(struct book *book, const struct point_list *points, struct error *err)
{
    lxw_worksheet *sheet = book_add_sheet(book, "Indexes");
    _cleanup_writer_ struct writer *writer =
        writer_sheet(book, sheet, index_columns, index_column_count);
    return indexes_list(points, writer, err);
}

// The medians of repeated loads; no sheet if no load is repeated.
static int add_medians(struct book *book, const struct point_list *points, struct error *err)
{
    size_t rows = medians_rows(points);
    if (rows == 0) {
        return 0;
    }
    lxw_worksheet *sheet =
        rows > LONG_ROWS ? book_add_long_sheet(book, "Medians") : book_add_sheet(book, "Medians");
    _cleanup_writer_ struct writer *writer =
        writer_sheet(book, sheet, medians_columns, medians_column_count);
    return medians_list(points, writer, err);
}

// What a controller did; no sheet without one.
static int add_control(struct book *book, const struct point_list *points, struct error *err)
{
    _cleanup_free_ struct control_summary *list = NULL;
    if (control_summaries(points, &list) == 0) {
        return 0;
    }
    _cleanup_writer_ struct writer *writer = writer_sheet(book, book_add_sheet(book, "Contracts"),
                                                          control_columns, control_column_count);
    return control_list(points, writer, err);
}

// What bridging costs; no sheet if it was not measured beside dedicated links.
static int add_answers(struct book *book, const struct point_list *points, struct error *err)
{
    static const struct column columns[] = {{"answer", "What bridging costs", COLUMN_TEXT, 0}};
    _cleanup_free_ struct answer *answers = NULL;
    size_t count = answers_compute(points, &answers);
    if (count == 0) {
        return 0;
    }
    _cleanup_writer_ struct writer *writer =
        writer_sheet(book, book_add_sheet(book, "Answer"), columns, 1);
    for (size_t i = 0; i < count; i++) {
        _cleanup_free_ char *text = answer_text(&answers[i]);
        const struct value row[] = {VALUE_TEXT(text)};
        int rc = writer_row(writer, row, err);
        if (rc < 0) {
            return rc;
        }
    }
    return writer_finish(writer, err);
}

static int write_book(const char *path, const struct point_list *points, struct error *err)
{
    struct book book = {.workbook = workbook_new(path)};
    if (book.workbook == NULL) {
        return fail(err, ENOMEM, "%s", path);
    }
    lxw_doc_properties about = {.title = "Virtual router measurements", .comments = "vrbench"};
    workbook_set_properties(book.workbook, &about);
    book_make_formats(&book);
    valors_add(&book, points);
    int rc = add_points(&book, points, err);
    if (rc == 0) {
        rc = add_summary(&book, points, err);
    }
    if (rc == 0) {
        rc = add_indexes(&book, points, err);
    }
    if (rc == 0) {
        rc = add_medians(&book, points, err);
    }
    if (rc == 0) {
        rc = add_answers(&book, points, err);
    }
    if (rc == 0) {
        rc = add_control(&book, points, err);
    }
    if (rc == 0) {
        charts_add(&book, points);
    }
    errno = 0;
    lxw_error closed = workbook_close(book.workbook); // also frees it on failure
    if (rc == 0 && closed != LXW_NO_ERROR) {
        rc = fail(err, errno, "%s: %s", path, lxw_strerror(closed));
    }
    if (rc == 0) {
        rc = secondary_axis_add(path, book.axes, book.chart_count, err);
    }
    free(book.axes);
    return rc;
}

int report_write_xlsx(const char *folder, const struct point_list *points, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/report.xlsx", folder);
    _cleanup_private_folder_ char *place = NULL;
    _cleanup_free_ char *bytes = NULL;
    size_t length = 0;
    int rc = private_folder_make(&place, err);
    if (rc < 0) {
        return rc;
    }
    _cleanup_free_ char *made = text_format("%s/report.xlsx", place);
    rc = write_book(made, points, err);
    rc = rc < 0 ? rc : file_read(made, BOOK_MAX, &bytes, &length, err);
    return rc < 0 ? rc : file_replace(path, bytes, length, err);
}
