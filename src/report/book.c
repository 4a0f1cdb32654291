// SPDX-License-Identifier: GPL-3.0-or-later
// report/book — see book.h.
#include "report/book.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define GREY 0xE7E6E6
#define RED  0xFFC7CE
#define DARK 0x9C0006

#define CELL_TEXT_MAX 32767 // characters, set by the format

static lxw_format *new_number(lxw_workbook *workbook, int decimals)
{
    char text[16] = "#,##0";
    if (decimals > 0) {
        snprintf(text, sizeof text, "#,##0.%0*d", decimals, 0);
    }
    lxw_format *format = workbook_add_format(workbook);
    format_set_num_format(format, text);
    return format;
}

static lxw_format *new_heading(lxw_workbook *workbook, lxw_color_t background)
{
    lxw_format *format = workbook_add_format(workbook);
    format_set_bold(format);
    format_set_text_wrap(format);
    format_set_align(format, LXW_ALIGN_VERTICAL_TOP);
    format_set_bg_color(format, background);
    format_set_bottom(format, LXW_BORDER_THIN);
    return format;
}

static void make_invalid(lxw_format *format)
{
    format_set_bg_color(format, RED);
    format_set_font_color(format, DARK);
}

void book_make_formats(struct book *book)
{
    lxw_workbook *workbook = book->workbook;
    book->heading = new_heading(workbook, GREY);
    book->label = workbook_add_format(workbook);
    format_set_bold(book->label);
    book->invalid_heading = new_heading(workbook, RED);
    make_invalid(book->invalid_heading);
    book->invalid_text = workbook_add_format(workbook);
    format_set_text_wrap(book->invalid_text);
    format_set_align(book->invalid_text, LXW_ALIGN_VERTICAL_TOP);
    make_invalid(book->invalid_text);
    book->plain = workbook_add_format(workbook);
    format_set_num_format(book->plain, "0");
    for (int i = 0; i < BOOK_DECIMALS; i++) {
        book->number[i] = new_number(workbook, i);
        book->invalid_number[i] = new_number(workbook, i);
        make_invalid(book->invalid_number[i]);
    }
}

lxw_worksheet *book_add_sheet(struct book *book, const char *name)
{
    _cleanup_free_ char *clean = text_copy(name);
    for (char *c = clean; *c != '\0'; c++) {
        if (strchr("[]:*?/\\'", *c) != NULL) {
            *c = '_';
        }
    }
    for (unsigned again = 1;; again++) {
        char suffix[16] = "";
        if (again > 1) {
            snprintf(suffix, sizeof suffix, " %u", again);
        }
        char tried[LXW_SHEETNAME_MAX + 1];
        int room = LXW_SHEETNAME_MAX - (int)strlen(suffix);
        snprintf(tried, sizeof tried, "%.*s%s", room, clean, suffix);
        if (workbook_get_worksheet_by_name(book->workbook, tried) == NULL) {
            return workbook_add_worksheet(book->workbook, tried);
        }
    }
}

// Only sheets added here are written row by row; charts read the other sheets from memory.
lxw_worksheet *book_add_long_sheet(struct book *book, const char *name)
{
    book->workbook->options.constant_memory = LXW_TRUE;
    lxw_worksheet *sheet = book_add_sheet(book, name);
    book->workbook->options.constant_memory = LXW_FALSE;
    return sheet;
}

void book_put_text(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, const char *text,
                   lxw_format *format)
{
    if (text == NULL || text[0] == '\0') {
        return;
    }
    _cleanup_free_ char *cut = NULL;
    if (strlen(text) > CELL_TEXT_MAX) {
        size_t length = CELL_TEXT_MAX;
        while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80) {
            length--; // do not cut a UTF-8 sequence
        }
        cut = text_format("%.*s", (int)length, text);
    }
    worksheet_write_string(sheet, row, column, cut != NULL ? cut : text, format);
}

void book_put_number(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column, double number,
                     lxw_format *format)
{
    if (isfinite(number)) {
        worksheet_write_number(sheet, row, column, number, format);
    }
}
