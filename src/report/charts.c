// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/charts — the sheets "Charts" and "Chart data": for each topology and length the packets
 * received against those transmitted, with the CPU of host, routers and their total on the right.
 *
 * Each sweep has a block of cells on "Chart data" (medians of the valid points, one row per offered
 * load) and one chart that refers to it, so that the chart follows changes of the cells.
 * Topologies stand side by side and lengths below each other. The series of CPU come last;
 * spreadsheet.c lets secondary_axis.c move them to the right-hand axis when the workbook is closed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/book.h"
#include "report/steps.h"
#include "report/words.h"

#define HEADING_HEIGHT 30.0
#define DATA_SHEET     "Chart data"
// A chart's size, and the cells (64 by 20 pixels) from one to the next.
#define CHART_WIDTH    704
#define CHART_HEIGHT   420
#define CHART_COLUMNS  12
#define CHART_ROWS     22
#define CPU_TITLE      "CPU (% of one CPU)"

// A block of cells being filled, and its chart.
struct block {
    struct book *book;
    const struct sweep *sweep;
    lxw_worksheet *sheet;
    lxw_row_t top;    // row of the headings; the steps follow
    lxw_col_t column; // next free one
    lxw_chart *chart;
    unsigned series;
    double x_max;
};

typedef double figure(const struct load_step *step, size_t at);

static double requested(const struct load_step *step, size_t at)
{
    (void)at;
    return step->requested_pps;
}

static double transmitted(const struct load_step *step, size_t at)
{
    return step->network_offered[at];
}

static double received(const struct load_step *step, size_t at)
{
    return step->network_forwarded[at];
}

// The X value of figures that belong to all networks.
static double transmitted_mean(const struct load_step *step, size_t networks)
{
    return step->offered_pps / (double)networks;
}

static double host(const struct load_step *step, size_t at)
{
    (void)at;
    return step->host_percent;
}

static double router(const struct load_step *step, size_t at)
{
    return step->router_percent[at];
}

static double total(const struct load_step *step, size_t at)
{
    (void)at;
    return step->total_percent;
}

static double tester(const struct load_step *step, size_t at)
{
    (void)at;
    return step->tester_percent;
}

static double largest(const struct sweep *sweep, figure *of, size_t at)
{
    double most = (double)NAN;
    for (size_t i = 0; i < sweep->step_count; i++) {
        most = fmax(most, of(&sweep->steps[i], at)); // of a NaN and a number the number
    }
    return most;
}

// Upper end of an axis: the next of 1, 1.2, 1.5, 2, … times a power of ten.
static double axis_end(double most)
{
    static const double ends[] = {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10};
    if (!(most > 0)) {
        return 1;
    }
    double power = pow(10, floor(log10(most)));
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (most <= ends[i] * power * (1 + 1e-9)) {
            return ends[i] * power;
        }
    }
    return 10 * power;
}

// Fills the next column; returns its index.
static lxw_col_t put_column(struct block *block, const char *heading, figure *of, size_t at,
                            int decimals)
{
    lxw_col_t column = block->column++;
    worksheet_set_row(block->sheet, block->top, HEADING_HEIGHT, NULL); // two lines
    book_put_text(block->sheet, block->top, column, heading, block->book->heading);
    for (size_t i = 0; i < block->sweep->step_count; i++) {
        book_put_number(block->sheet, block->top + 1 + (lxw_row_t)i, column,
                        of(&block->sweep->steps[i], at), block->book->number[decimals]);
    }
    return column;
}

// Draws column `y` against column `x`; dashed and hollow for the right-hand axis.
static void add_series(struct block *block, lxw_col_t x, lxw_col_t y, lxw_color_t colour,
                       bool on_right)
{
    static const uint8_t markers[] = {LXW_CHART_MARKER_CIRCLE, LXW_CHART_MARKER_SQUARE,
                                      LXW_CHART_MARKER_DIAMOND, LXW_CHART_MARKER_TRIANGLE};
    lxw_row_t first = block->top + 1;
    lxw_row_t last = block->top + (lxw_row_t)block->sweep->step_count;
    lxw_chart_series *series = chart_add_series(block->chart, NULL, NULL);
    chart_series_set_categories(series, DATA_SHEET, first, x, last, x);
    chart_series_set_values(series, DATA_SHEET, first, y, last, y);
    chart_series_set_name_range(series, DATA_SHEET, block->top, y);
    lxw_chart_line line = {.color = colour,
                           .width = on_right ? 1.25F : 2.25F,
                           .dash_type =
                               on_right ? LXW_CHART_LINE_DASH_DASH : LXW_CHART_LINE_DASH_SOLID};
    lxw_chart_line border = {.color = colour, .width = 1};
    lxw_chart_fill fill = {.color = on_right ? LXW_COLOR_WHITE : colour};
    chart_series_set_line(series, &line);
    chart_series_set_marker_type(series, markers[block->series % 4]);
    chart_series_set_marker_size(series, 5);
    chart_series_set_marker_line(series, &border);
    chart_series_set_marker_fill(series, &fill);
    block->series++;
}

static const lxw_color_t left_colours[] = {0x1F4E9C, 0x2E8B57, 0x7B3FA0, 0x00838F,
                                           0x5D4037, 0xAD1457, 0x558B2F, 0x37474F};
static const lxw_color_t router_colours[] = {0xE08E0B, 0xB8A400, 0xF06292, 0x8D6E63,
                                             0x9E9D24, 0xFF7043, 0xBA68C8, 0x78909C};
#define HOST_COLOUR   0xC62828
#define TOTAL_COLOUR  0x616161
#define TESTER_COLOUR 0x616161

static void add_networks(struct block *block)
{
    const struct sweep *sweep = block->sweep;
    put_column(block, "Requested (packets/s)", requested, 0, 0);
    for (size_t i = 0; i < sweep->network_count; i++) {
        _cleanup_free_ char *sent = text_format("%s transmitted", sweep->networks[i]);
        _cleanup_free_ char *got = text_format("%s received", sweep->networks[i]);
        lxw_col_t x = put_column(block, sent, transmitted, i, 0);
        lxw_col_t y = put_column(block, got, received, i, 0);
        if (isfinite(largest(sweep, received, i))) {
            add_series(block, x, y, left_colours[i % 8], false);
        }
        block->x_max = fmax(block->x_max, largest(sweep, transmitted, i));
    }
}

// Draws one curve of CPU if CPU was measured.
static double add_cpu(struct block *block, lxw_col_t x, const char *name, figure *of, size_t at,
                      lxw_color_t colour)
{
    double most = largest(block->sweep, of, at);
    if (isfinite(most)) {
        _cleanup_free_ char *heading = text_format("%s CPU %%", name);
        add_series(block, x, put_column(block, heading, of, at, 1), colour, true);
    }
    return most;
}

// Draws the curves of CPU; in topology direct that of the tester, whose limits it shows. Returns
// the highest value.
static double add_cpus(struct block *block)
{
    const struct sweep *sweep = block->sweep;
    lxw_col_t x = put_column(block, "Transmitted, mean of networks", transmitted_mean,
                             sweep->network_count, 0);
    double most = add_cpu(block, x, "Host", host, 0, HOST_COLOUR);
    for (size_t i = 0; i < sweep->router_count; i++) {
        lxw_color_t colour = router_colours[i % 8];
        most = fmax(most, add_cpu(block, x, sweep->routers[i], router, i, colour));
    }
    most = fmax(most, add_cpu(block, x, "Total", total, 0, TOTAL_COLOUR));
    if (isnan(most)) {
        most = add_cpu(block, x, "Tester", tester, 0, TESTER_COLOUR);
    }
    return most;
}

static void set_axis(lxw_chart_axis *axis, const char *name)
{
    lxw_chart_font font = {.size = 10, .bold = LXW_EXPLICIT_FALSE};
    lxw_chart_line grid = {.color = 0xD9D9D9, .width = 0.75F};
    chart_axis_set_name(axis, name);
    chart_axis_set_name_font(axis, &font);
    chart_axis_set_num_format(axis, "#,##0");
    chart_axis_set_min(axis, 0);
    chart_axis_major_gridlines_set_visible(axis, LXW_TRUE);
    chart_axis_major_gridlines_set_line(axis, &grid);
}

static void finish_chart(const struct block *block)
{
    _cleanup_free_ char *title = words_sweep_title(block->sweep);
    lxw_chart_font font = {.size = 13, .bold = LXW_EXPLICIT_FALSE};
    lxw_chart *chart = block->chart;
    bool several = block->sweep->network_count > 1;
    chart_title_set_name(chart, title);
    chart_title_set_name_font(chart, &font);
    chart_legend_set_position(chart, LXW_CHART_LEGEND_BOTTOM);
    set_axis(chart->x_axis,
             several ? "Transmitted per network (packets/s)" : "Transmitted (packets/s)");
    set_axis(chart->y_axis, several ? "Received per network (packets/s)" : "Received (packets/s)");
    chart_axis_set_max(chart->x_axis, axis_end(block->x_max));
}

// Adds the chart of one sweep in the given cell of the grid; returns the number of its data rows.
static lxw_row_t add_chart(struct block *block, lxw_worksheet *charts, lxw_row_t row,
                           lxw_col_t column)
{
    struct book *book = block->book;
    _cleanup_free_ char *title = words_sweep_title(block->sweep);
    book_put_text(block->sheet, block->top, 0, title, book->label);
    block->top++;
    block->chart = workbook_add_chart(book->workbook, LXW_CHART_SCATTER_STRAIGHT_WITH_MARKERS);
    add_networks(block);
    unsigned left = block->series;
    double most = add_cpus(block);
    finish_chart(block);
    lxw_chart_options place = {
        .x_scale = CHART_WIDTH / 480.0, // of the library's default size
        .y_scale = CHART_HEIGHT / 288.0,
        .object_position = LXW_OBJECT_MOVE_DONT_SIZE,
        .description = title,
    };
    worksheet_insert_chart_opt(charts, row * CHART_ROWS, (lxw_col_t)(column * CHART_COLUMNS),
                               block->chart, &place);
    book->axes = memory_resize(book->axes, book->chart_count + 1, sizeof *book->axes);
    book->axes[book->chart_count++] = (struct secondary_axis){
        .left = left,
        .right = block->series - left,
        .title = CPU_TITLE,
        .max = most > 100 ? axis_end(most) : 100,
    };
    return (lxw_row_t)block->sweep->step_count + 3;
}

// Whether two sweeps are in the same row (`across`) or column of the grid.
static bool aligned(const struct sweep *a, const struct sweep *b, bool across)
{
    if (!across) {
        return text_equal(a->first->topology, b->first->topology);
    }
    return a->first->length == b->first->length &&
           text_equal(a->first->scenario, b->first->scenario) &&
           text_equal(a->first->platform, b->first->platform) &&
           text_equal(a->first->engine, b->first->engine) &&
           text_equal(a->first->length_layer, b->first->length_layer);
}

// Number of different rows or columns among the sweeps before the first one aligned with sweep i.
static size_t place(const struct sweep *sweeps, size_t i, bool across)
{
    size_t place = 0;
    for (size_t k = 0; !aligned(&sweeps[k], &sweeps[i], across); k++) {
        bool first = true;
        for (size_t j = 0; j < k && first; j++) {
            first = !aligned(&sweeps[j], &sweeps[k], across);
        }
        place += first ? 1 : 0;
    }
    return place;
}

void charts_add(struct book *book, const struct point_list *points)
{
    struct sweep *sweeps;
    size_t count = sweeps_compute(points, &sweeps);
    sweeps_thin(sweeps, count, SWEEP_DRAWN_MOST);
    size_t drawable = 0;
    for (size_t i = 0; i < count; i++) {
        drawable += sweeps[i].step_count > 0 ? 1 : 0;
    }
    if (drawable > 0) {
        lxw_worksheet *charts = book_add_sheet(book, "Charts");
        lxw_worksheet *data = book_add_sheet(book, DATA_SHEET);
        worksheet_gridlines(charts, LXW_HIDE_ALL_GRIDLINES);
        worksheet_set_landscape(charts);
        worksheet_fit_to_pages(charts, 1, 0);
        worksheet_set_landscape(data);
        worksheet_fit_to_pages(data, 1, 0);
        worksheet_set_column(data, 0, LXW_COL_MAX - 1, 14, NULL);
        lxw_row_t top = 0;
        for (size_t i = 0; i < count; i++) {
            if (sweeps[i].step_count > 0) {
                struct block block = {.book = book, .sweep = &sweeps[i], .sheet = data, .top = top};
                top += add_chart(&block, charts, (lxw_row_t)place(sweeps, i, true),
                                 (lxw_col_t)place(sweeps, i, false));
            }
        }
    }
    sweeps_free(sweeps, count);
}
