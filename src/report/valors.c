// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/valors — the sheet "Valors" with the cell positions of the study's spreadsheet, so that
 * formulas and macros for that one work on this one.
 *
 * One column per point from the second column on, in order of measuring. Rows (0-based) for n
 * networks: 2 and 3 are the packets sent and lost of the first network, and those of each further
 * network are 9 rows below; CPU of the host and of each router starts at row 11 (n = 1) or 9n + 1.
 * Rows 0 and 1 and column 0 are headings. Why a point is invalid, which the study's spreadsheet
 * lacks, is below. A folder with several scenarios gets a sheet for each, the first named "Valors".
 */
#include <stdbool.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/text.h"
#include "report/book.h"

#define SENT_ROW 2U
#define LOST_ROW 3U
#define STRIDE   9U // rows from one network to the next
#define CPU_ONE  11U

// The common layout of a sheet's columns.
struct layout {
    const struct point *first;
    size_t networks; // the largest number of any point
    const char **routers;
    size_t router_count;
};

static lxw_row_t cpu_row(const struct layout *layout)
{
    return layout->networks <= 1 ? CPU_ONE : (lxw_row_t)(STRIDE * layout->networks + 1);
}

static lxw_row_t reason_row(const struct layout *layout)
{
    return cpu_row(layout) + 1 + (lxw_row_t)layout->router_count + 1;
}

static bool is_router(const char *name)
{
    return !text_equal(name, "host") && !text_equal(name, "tester");
}

static void add_router(struct layout *layout, const char *name)
{
    for (size_t i = 0; i < layout->router_count; i++) {
        if (text_equal(layout->routers[i], name)) {
            return;
        }
    }
    size_t count = layout->router_count + 1;
    layout->routers = memory_resize(layout->routers, count, sizeof *layout->routers);
    layout->routers[layout->router_count++] = name;
}

static bool belongs(const struct layout *layout, const struct point *point)
{
    return layout->first != NULL && text_equal(layout->first->scenario, point->scenario);
}

static void lay_out(struct layout *layout, const struct point_list *points)
{
    for (size_t i = 0; i < points->count; i++) {
        const struct point *point = &points->items[i];
        if (!belongs(layout, point)) {
            continue;
        }
        if (point->network_count > layout->networks) {
            layout->networks = point->network_count;
        }
        for (size_t k = 0; k < point->cpu_count; k++) {
            if (is_router(point->cpu[k].name)) {
                add_router(layout, point->cpu[k].name);
            }
        }
    }
}

static void put_label(const struct book *book, lxw_worksheet *sheet, lxw_row_t row,
                      const char *format, const char *name)
{
    _cleanup_free_ char *text = text_format("%s%s", name, format);
    book_put_text(sheet, row, 0, text, book->label);
}

static void put_labels(const struct book *book, lxw_worksheet *sheet, const struct layout *layout)
{
    book_put_text(sheet, 0, 0, "Topology, length", book->heading);
    book_put_text(sheet, 1, 0, "Offered load per network", book->heading);
    for (size_t i = 0; layout->first != NULL && i < layout->networks; i++) {
        lxw_row_t below = (lxw_row_t)(STRIDE * i);
        const char *name = i < layout->first->network_count
                               ? network_label(&layout->first->networks[i])
                               : "further network";
        put_label(book, sheet, SENT_ROW + below, ": packets sent", name);
        put_label(book, sheet, LOST_ROW + below, ": packets lost", name);
    }
    put_label(book, sheet, cpu_row(layout), ": CPU %", "host");
    for (size_t i = 0; i < layout->router_count; i++) {
        put_label(book, sheet, cpu_row(layout) + 1 + (lxw_row_t)i, ": CPU %", layout->routers[i]);
    }
    book_put_text(sheet, reason_row(layout), 0, "Why the point is invalid", book->label);
}

static void put_cpu(lxw_worksheet *sheet, lxw_row_t row, lxw_col_t column,
                    const struct point *point, const char *name, lxw_format *format)
{
    const struct cpu_result *cpu = point_cpu(point, name);
    if (cpu != NULL) {
        book_put_number(sheet, row, column, cpu->percent, format);
    }
}

static void put_point(const struct book *book, lxw_worksheet *sheet, const struct layout *layout,
                      lxw_col_t column, const struct point *point)
{
    char pps[48];
    text_group_digits(point->requested_pps, 0, pps);
    char mbits[48];
    double rate = point->requested_pps * point_mean_length(point) * 8 / 1e6;
    text_group_digits(rate, rate >= 1000 ? 0 : rate >= 100 ? 1 : rate >= 1 ? 2 : 3, mbits);
    _cleanup_free_ char *repeat =
        point->repeat == 0 ? text_copy("") : text_format(", repeat %u", point->repeat + 1);
    _cleanup_free_ char *length = point_length_text(point);
    _cleanup_free_ char *top = text_format("%s, %s%s", point->topology, length, repeat);
    _cleanup_free_ char *load = text_format("%s pps, %s Mbit/s", pps, mbits);
    lxw_format *heading = point->valid ? book->heading : book->invalid_heading;
    lxw_format *const *number = point->valid ? book->number : book->invalid_number;
    book_put_text(sheet, 0, column, top, heading);
    book_put_text(sheet, 1, column, load, heading);
    for (size_t i = 0; i < point->network_count; i++) {
        lxw_row_t below = (lxw_row_t)(STRIDE * i);
        const struct network_result *network = &point->networks[i];
        book_put_number(sheet, SENT_ROW + below, column, (double)network->tx, number[0]);
        book_put_number(sheet, LOST_ROW + below, column, (double)network->lost, number[0]);
    }
    lxw_row_t row = cpu_row(layout);
    put_cpu(sheet, row, column, point, "host", number[1]);
    for (size_t i = 0; i < layout->router_count; i++) {
        put_cpu(sheet, row + 1 + (lxw_row_t)i, column, point, layout->routers[i], number[1]);
    }
    if (!point->valid) {
        book_put_text(sheet, reason_row(layout), column, point->why_invalid, book->invalid_text);
    }
}

static void add_sheet(struct book *book, const struct point_list *points, struct layout *layout,
                      bool main_sheet)
{
    _cleanup_free_ char *name =
        main_sheet ? text_copy("Valors") : text_format("Valors %s", layout->first->scenario);
    lxw_worksheet *sheet = book_add_sheet(book, name);
    lay_out(layout, points);
    put_labels(book, sheet, layout);
    lxw_col_t column = 0;
    for (size_t i = 0; i < points->count; i++) {
        if (!belongs(layout, &points->items[i])) {
            continue;
        }
        if (column + 1 >= LXW_COL_MAX) {
            log_warning("report", "sheet %s contains the first %d points only", name, (int)column);
            break;
        }
        put_point(book, sheet, layout, ++column, &points->items[i]);
    }
    worksheet_set_column(sheet, 0, 0, 26, NULL);
    if (column > 0) {
        worksheet_set_column(sheet, 1, column, 18, NULL);
    }
    worksheet_set_row(sheet, 0, 32, NULL);
    worksheet_set_row(sheet, 1, 32, NULL);
    worksheet_freeze_panes(sheet, 2, 1);
    worksheet_set_landscape(sheet);
    free(layout->routers);
}

void valors_add(struct book *book, const struct point_list *points)
{
    if (points->count == 0) {
        add_sheet(book, points, &(struct layout){NULL, 1, NULL, 0}, true);
    }
    for (size_t i = 0; i < points->count; i++) {
        bool seen = false;
        for (size_t k = 0; k < i && !seen; k++) {
            seen = text_equal(points->items[k].scenario, points->items[i].scenario);
        }
        if (!seen) {
            add_sheet(book, points, &(struct layout){&points->items[i], 0, NULL, 0}, i == 0);
        }
    }
}
