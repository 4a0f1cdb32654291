// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/book — a workbook under construction, with the formats that its sheets share. Created by
 * spreadsheet.c, which calls the sheets below. Internal to report/.
 */
#ifndef VRBENCH_REPORT_BOOK_H
#define VRBENCH_REPORT_BOOK_H

#include <xlsxwriter.h>

#include "report/secondary_axis.h"
#include "report/writer.h"
#include "result/result.h"

#define BOOK_DECIMALS 7 // number formats with 0 to 6 decimals

struct book {
    lxw_workbook *workbook;
    lxw_format *heading;               // bold, wrapped, on grey
    lxw_format *label;                 // bold
    lxw_format *number[BOOK_DECIMALS]; // by decimals, digits grouped
    lxw_format *plain;                 // whole number, digits not grouped
    lxw_format *invalid_heading;       // the same three for invalid points
    lxw_format *invalid_text;
    lxw_format *invalid_number[BOOK_DECIMALS];
    struct secondary_axis *axes; // of chart 1, 2, … in order of insertion
    size_t chart_count;
};

void book_make_formats(struct book *book);
// Adds a sheet. Replaces characters that sheet names exclude, and numbers a name already in use.
lxw_worksheet *book_add_sheet(struct book *book, const char *name);
// Adds a sheet for very many rows, which the caller writes in order, each complete before the next.
// The rows do not stay in memory.
lxw_worksheet *book_add_long_sheet(struct book *book, const char *name);
// Writes a text cell; cuts a text at the format's limit. An empty or absent text leaves it empty.
void book_put_text(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text,
                   lxw_format *format);
// Writes a number cell; NaN and infinity leave it empty.
void book_put_number(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, double number,
                     lxw_format *format);

// The backend of report/writer for a sheet: frozen headings with a filter, then one row per line.
struct writer *writer_sheet(const struct book *book, lxw_worksheet *sheet,
                            const struct column *columns, size_t count);

// Sheets "Valors", one per scenario, laid out as the study's.
void valors_add(struct book *book, const struct point_list *points);
// Sheets "Charts" and "Chart data"; none if no sweep can be drawn.
void charts_add(struct book *book, const struct point_list *points);

#endif
