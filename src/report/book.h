// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/book — a spreadsheet while it is being made: the workbook and the formats its sheets
 * share. Made by spreadsheet.c, which calls the sheets below; nobody outside report/ includes it.
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
    lxw_format *plain;                 // a whole number, digits not grouped
    lxw_format *invalid_heading;       // the same three for points not to be trusted
    lxw_format *invalid_text;
    lxw_format *invalid_number[BOOK_DECIMALS];
    struct secondary_axis *axes; // of chart 1, 2, … in order of insertion
    size_t chart_count;
};

void book_make_formats(struct book *book);
// A new sheet. Characters that a sheet's name can't have are replaced, a name in use gets a number.
lxw_worksheet *book_add_sheet(struct book *book, const char *name);
// The same for very many rows, which are written from the first on, each whole before the next:
// they do not stay in memory.
lxw_worksheet *book_add_long_sheet(struct book *book, const char *name);
// A text cell; a text longer than a cell can hold is cut. An empty or absent one leaves it empty.
void book_put_text(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text,
                   lxw_format *format);
// A number cell; NaN and infinity leave it empty.
void book_put_number(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, double number,
                     lxw_format *format);

// The backend of report/writer for a sheet: headings with a filter, frozen, then a row a line.
struct writer *writer_sheet(const struct book *book, lxw_worksheet *sheet,
                            const struct column *columns, size_t count);

// Sheets "Valors" (one a scenario), laid out as the study's.
void valors_add(struct book *book, const struct point_list *points);
// Sheets "Charts" and "Chart data"; nothing if there is nothing to draw.
void charts_add(struct book *book, const struct point_list *points);

#endif
