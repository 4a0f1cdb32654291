// SPDX-License-Identifier: GPL-3.0-or-later
// report/writer_sheet — the spreadsheet backend of report/writer: a worksheet with number cells,
// columns as wide as their contents, and frozen headings with a filter.
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/book.h"
#include "report/writer_backend.h"

#define WIDTH_MIN   9.0
#define WIDTH_MAX   40.0
#define DIGITS_MOST 5 // of a COLUMN_NUMBER

struct sheet {
    struct writer writer;
    const struct book *book;
    lxw_worksheet *worksheet;
    lxw_row_t rows; // below the headings
    double *widths; // of the columns, in characters
    double *most;   // highest figure of each column so far; -1 = none
};

static void widen(double *width, size_t characters)
{
    double wanted = (double)characters + 2;
    wanted = wanted > WIDTH_MAX ? WIDTH_MAX : wanted;
    *width = wanted > *width ? wanted : *width;
}

static void put_number(struct sheet *sheet, lxw_col_t at, double number, int decimals)
{
    int kept = decimals < BOOK_DECIMALS ? decimals : BOOK_DECIMALS - 1;
    // Only a new highest figure can be wider.
    if (number > sheet->most[at] || number < 0) {
        char shown[48];
        text_group_digits(number, kept, shown);
        widen(&sheet->widths[at], strlen(shown));
        sheet->most[at] = number;
    }
    book_put_number(sheet->worksheet, sheet->rows, at, number, sheet->book->number[kept]);
}

static int sheet_row(struct writer *writer, const struct value *values, struct error *err)
{
    struct sheet *sheet = (struct sheet *)writer;
    if (sheet->rows + 1 >= LXW_ROW_MAX) {
        return fail(err, 0, "report.xlsx: more rows than the format allows");
    }
    sheet->rows++;
    for (size_t i = 0; i < writer->count; i++) {
        const struct column *column = &writer->columns[i];
        lxw_col_t at = (lxw_col_t)i;
        if (!values[i].present) {
            continue;
        }
        switch (column->type) {
        case COLUMN_TEXT:
        case COLUMN_CONTEXT:
        case COLUMN_WHOLE:
            widen(&sheet->widths[i], strlen(values[i].text));
            book_put_text(sheet->worksheet, sheet->rows, at, values[i].text, NULL);
            break;
        case COLUMN_INTEGER:
            put_number(sheet, at, (double)values[i].integer, 0);
            break;
        case COLUMN_NUMBER:
            widen(&sheet->widths[i], DIGITS_MOST);
            book_put_number(sheet->worksheet, sheet->rows, at, (double)values[i].integer,
                            sheet->book->plain);
            break;
        case COLUMN_REAL:
            put_number(sheet, at, values[i].real, column->decimals);
            break;
        case COLUMN_TRUTH:
            worksheet_write_boolean(sheet->worksheet, sheet->rows, at, values[i].truth, NULL);
            break;
        }
    }
    return 0;
}

static int sheet_finish(struct writer *writer, struct error *err)
{
    struct sheet *sheet = (struct sheet *)writer;
    (void)err;
    for (size_t i = 0; i < writer->count; i++) {
        lxw_col_t at = (lxw_col_t)i;
        worksheet_set_column(sheet->worksheet, at, at, sheet->widths[i], NULL);
    }
    worksheet_freeze_panes(sheet->worksheet, 1, 0);
    worksheet_autofilter(sheet->worksheet, 0, 0, sheet->rows, (lxw_col_t)(writer->count - 1));
    worksheet_set_landscape(sheet->worksheet);
    worksheet_fit_to_pages(sheet->worksheet, 1, 0);
    worksheet_repeat_rows(sheet->worksheet, 0, 0);
    return 0;
}

static void sheet_clear(struct writer *writer)
{
    struct sheet *sheet = (struct sheet *)writer;
    free(sheet->widths);
    free(sheet->most);
}

static const struct writer_ops sheet_ops;

struct writer *writer_sheet(const struct book *book, lxw_worksheet *worksheet,
                            const struct column *columns, size_t count)
{
    struct sheet *sheet = memory_new_array(struct sheet, 1);
    sheet->writer = (struct writer){.ops = &sheet_ops, .columns = columns, .count = count};
    sheet->book = book;
    sheet->worksheet = worksheet;
    sheet->widths = memory_new_array(double, count);
    sheet->most = memory_new_array(double, count);
    for (size_t i = 0; i < count; i++) {
        // Long headings wrap to two lines, under the filter's arrow.
        sheet->widths[i] = WIDTH_MIN;
        sheet->most[i] = -1.0;
        widen(&sheet->widths[i], (strlen(columns[i].heading) + 1) / 2 + 2);
        book_put_text(worksheet, 0, (lxw_col_t)i, columns[i].heading, book->heading);
    }
    worksheet_set_row(worksheet, 0, 32, NULL);
    return &sheet->writer;
}

static const struct writer_ops sheet_ops = {
    .name = "xlsx",
    .row = sheet_row,
    .finish = sheet_finish,
    .clear = sheet_clear,
};
