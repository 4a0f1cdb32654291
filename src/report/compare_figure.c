// SPDX-License-Identifier: GPL-3.0-or-later
// report/compare_figure — see compare_figure.h. Platforms differ by orders of magnitude, so axes
// are logarithmic. Values are points, since a bar's length has no meaning on a logarithmic axis.
#include "report/compare_figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"
#include "base/text.h"
#include "report/figure_columns.h"
#include "report/figure_style.h"
#include "report/reproduction.h"

// Okabe and Ito's, and markers that differ in shape, as in figure_script.c.
static const char *const colours[] = {"#0072B2", "#D55E00", "#009E73", "#E69F00",
                                      "#CC79A7", "#56B4E9", "#000000"};
static const int filled[] = {7, 5, 9, 13, 15, 11};
static const int open_ones[] = {6, 4, 8, 12, 14, 10};
#define COLOUR_COUNT (sizeof colours / sizeof colours[0])
#define MARKER_COUNT (sizeof filled / sizeof filled[0])
#define SPREAD       0.5 // width of all sides of a sweep, in places of the X axis

// Columns of the data file after the place and the name of the sweep.
static const struct {
    enum compare_figure figure;
    double scale;
    const char *heading;
} columns[] = {
    {COMPARE_NO_LOSS, 1, "without loss (packets/s)"},
    {COMPARE_MAX, 1, "highest forwarding rate (packets/s)"},
    {COMPARE_ROUTER_NS, 1, "router CPU time (ns per packet)"},
    {COMPARE_HOST_NS, 1, "host CPU time (ns per packet)"},
    {COMPARE_MEMORY, 1.0 / 1048576, "memory of a router (MiB)"},
    {COMPARE_START, 1e-6, "start of a router (ms)"},
    {COMPARE_TOP_LOSS, 100, "frame loss at the highest load (%)"},
};
#define COLUMN_COUNT (sizeof columns / sizeof columns[0])
#define FIRST_COLUMN 3U // gnuplot's number of columns[0]

struct graph {
    const char *name, *title, *label;
    size_t solid, hollow; // columns, for filled and open markers
    const char *solid_name, *hollow_name;
};

static const struct graph graphs[] = {
    {"rates", "packets forwarded", "Packets/s", 0, 1, "without loss", "at most"},
    {"ns-a-packet", "CPU time per packet", "CPU time (ns per packet)", 2, 3, "router", "host"},
    {"router", "memory and start-up time of a router", "Memory (MiB), start (ms)", 4, 5, "memory",
     "start"},
};
#define GRAPH_COUNT (sizeof graphs / sizeof graphs[0])

struct files {
    const struct comparison *comparison;
    const char *folder;
    char **names; // of the figures
    size_t count;
};

static bool in_scenario(const struct compare_row *row, const char *scenario)
{
    return text_equal(row->scenario, scenario);
}

static double value_of(const struct compare_row *row, size_t side, size_t column)
{
    return row->cells[side].figures[columns[column].figure] * columns[column].scale;
}

static char *data_of(const struct comparison *comparison, const char *scenario)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return text_copy("");
    }
    _cleanup_free_ char *safe = figure_safe_text(scenario);
    fprintf(out, "# %s, compared. One index per run:\n", safe);
    for (size_t i = 0; i < comparison->side_count; i++) {
        _cleanup_free_ char *label = figure_safe_text(comparison->sides[i].label);
        fprintf(out, "# index %zu: %s\n", i, label);
    }
    fprintf(out, "# columns:\n# 1 place\n# 2 topology and length\n");
    for (size_t i = 0; i < COLUMN_COUNT; i++) {
        fprintf(out, "# %zu %s\n", i + FIRST_COLUMN, columns[i].heading);
    }
    for (size_t i = 0; i < comparison->side_count; i++) {
        fputs(i == 0 ? "" : "\n\n", out);
        size_t place = 0;
        for (size_t k = 0; k < comparison->row_count; k++) {
            const struct compare_row *row = &comparison->rows[k];
            if (!in_scenario(row, scenario)) {
                continue;
            }
            _cleanup_free_ char *topology = figure_safe_text(row->topology);
            fprintf(out, "%zu\t%s %u", ++place, topology, row->length);
            for (size_t c = 0; c < COLUMN_COUNT; c++) {
                double value = value_of(row, i, c);
                char number[32] = "NaN";
                if (isfinite(value)) {
                    snprintf(number, sizeof number, "%.10g", value);
                }
                fprintf(out, "\t%s", number);
            }
            fputc('\n', out);
        }
    }
    fclose(out);
    return text;
}

// Whether a side has a positive value in a column, which a logarithmic axis can show.
static bool has_any(const struct comparison *comparison, const char *scenario, size_t side,
                    size_t column)
{
    for (size_t i = 0; i < comparison->row_count; i++) {
        if (in_scenario(&comparison->rows[i], scenario) &&
            value_of(&comparison->rows[i], side, column) > 0) {
            return true;
        }
    }
    return false;
}

static void put_head(FILE *out, const struct comparison *comparison, const char *scenario,
                     const struct graph *graph, const char *name, const char *data)
{
    _cleanup_free_ char *title = figure_safe_text(scenario);
    _cleanup_free_ char *whole = text_format("%s — %s", title, graph->title);
    figure_style_begin(out, FIGURE_STYLE_SCREEN, whole);
    fprintf(out, "set ylabel '%s'\nset logscale y\n", graph->label);
    size_t place = 0;
    fputs("set xtics rotate by -35 (", out);
    for (size_t i = 0; i < comparison->row_count; i++) {
        if (in_scenario(&comparison->rows[i], scenario)) {
            _cleanup_free_ char *topology = figure_safe_text(comparison->rows[i].topology);
            place++;
            fprintf(out, "%s'%s %u' %zu", place == 1 ? "" : ", ", topology,
                    comparison->rows[i].length, place);
        }
    }
    fprintf(out,
            ") noenhanced\n"
            "set xrange [0.5:%zu.5]\n"
            "data = '%s'\n",
            place, data);
    figure_style_set_svg(out, FIGURE_STYLE_SCREEN, name);
}

// Plots one side's points of a column. Returns whether it has any.
static bool put_series(FILE *out, const struct comparison *comparison, const char *scenario,
                       const struct graph *graph, size_t side, bool hollow, bool first)
{
    size_t column = hollow ? graph->hollow : graph->solid;
    if (!has_any(comparison, scenario, side, column)) {
        return false;
    }
    double sides = (double)comparison->side_count;
    double offset = sides > 1 ? SPREAD * ((double)side / (sides - 1) - 0.5) : 0;
    _cleanup_free_ char *label = figure_safe_text(comparison->sides[side].label);
    fprintf(out,
            "%sdata index %zu using ($1%+.3f):($%zu > 0 ? $%zu : NaN) with points lc rgb '%s' "
            "pt %d ps 1.2 lw 1.6 title '%s, %s'",
            first ? "plot " : ", \\\n     ", side, offset, column + FIRST_COLUMN,
            column + FIRST_COLUMN, colours[side % COLOUR_COUNT],
            (hollow ? open_ones : filled)[side % MARKER_COUNT], label,
            hollow ? graph->hollow_name : graph->solid_name);
    return true;
}

// The script, or NULL if it has nothing to show.
static char *script_of(const struct comparison *comparison, const char *scenario,
                       const struct graph *graph, const char *name, const char *data)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL) {
        return NULL;
    }
    put_head(out, comparison, scenario, graph, name, data);
    bool first = true;
    for (size_t side = 0; side < comparison->side_count; side++) {
        first = !put_series(out, comparison, scenario, graph, side, false, first) && first;
        first = !put_series(out, comparison, scenario, graph, side, true, first) && first;
    }
    figure_style_finish(out, FIGURE_STYLE_SCREEN, name);
    fclose(out);
    if (first) {
        free(text);
        return NULL;
    }
    return text;
}

static int write_file(const struct files *files, const char *name, const char *suffix,
                      const char *text, struct error *err)
{
    _cleanup_free_ char *path = text_format("%s/%s.%s", files->folder, name, suffix);
    return file_replace_passing(path, text, strlen(text), err);
}

static int write_scenario(struct files *files, const char *scenario, const char *name,
                          struct error *err)
{
    _cleanup_free_ char *data = data_of(files->comparison, scenario);
    _cleanup_free_ char *data_name = text_format("%s.dat", name);
    int rc = write_file(files, name, "dat", data, err);
    for (size_t i = 0; rc == 0 && i < GRAPH_COUNT; i++) {
        _cleanup_free_ char *of = text_format("%s_%s", name, graphs[i].name);
        _cleanup_free_ char *script =
            script_of(files->comparison, scenario, &graphs[i], of, data_name);
        if (script == NULL) {
            continue;
        }
        rc = write_file(files, of, "gp", script, err);
        if (rc == 0) {
            files->names = memory_resize(files->names, files->count + 1, sizeof *files->names);
            files->names[files->count++] = steal_pointer(&of);
        }
    }
    return rc;
}

// Scenario names may differ only in characters that file names exclude: then the later file gets a
// number.
static char *name_of(const struct comparison *comparison, size_t row)
{
    _cleanup_free_ char *plain = text_format("compare_%s", comparison->rows[row].scenario);
    _cleanup_free_ char *name = figure_safe_name(plain);
    for (size_t i = 0; i < row; i++) {
        _cleanup_free_ char *other = text_format("compare_%s", comparison->rows[i].scenario);
        _cleanup_free_ char *taken = figure_safe_name(other);
        if (text_equal(name, taken)) {
            return text_format("%s_%zu", name, row);
        }
    }
    return steal_pointer(&name);
}

int compare_write_scripts(const struct comparison *comparison, const char *folder,
                          char ***ret_names, size_t *ret_count, struct error *err)
{
    struct files files = {.comparison = comparison, .folder = folder};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < comparison->row_count; i++) {
        bool first = true;
        for (size_t k = 0; k < i && first; k++) {
            first = !in_scenario(&comparison->rows[k], comparison->rows[i].scenario);
        }
        if (first) {
            _cleanup_free_ char *name = name_of(comparison, i);
            rc = write_scenario(&files, comparison->rows[i].scenario, name, err);
        }
    }
    if (rc < 0) {
        folders_free(files.names, files.count);
        return rc;
    }
    *ret_names = files.names;
    *ret_count = files.count;
    return 0;
}
