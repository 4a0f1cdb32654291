// SPDX-License-Identifier: GPL-3.0-or-later
// report/figure_script — see figure_script.h.
#include "report/figure_script.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "report/figure_columns.h"
#include "report/words.h"

// Okabe and Ito, "Color Universal Design" (2008). A network, router, host or total has the same
// colour in all figures: networks use the first colours, routers those from ROUTERS on.
static const char *const colours[] = {"#0072B2", "#D55E00", "#56B4E9", "#009E73",
                                      "#CC79A7", "#F0E442", "#E69F00", "#000000"};
#define COLOUR_COUNT (sizeof colours / sizeof colours[0])
#define ROUTERS      3
#define HOST         6
#define TOTAL        7
// Order of colours for other curves.
static const size_t unnamed[COLOUR_COUNT] = {0, 1, 3, 6, 4, 2, 5, 7};

// gnuplot's markers of different shapes: circle, square, triangle, diamond, pentagon; filled, then
// open. Number 2, a cross, marks invalid points.
static const int filled[] = {7, 5, 9, 13, 15, 11};
static const int open_ones[] = {6, 4, 8, 12, 14, 10};
#define MARKER_COUNT (sizeof filled / sizeof filled[0])

static const char *const names[GRAPH_COUNT] = {
    [GRAPH_RECEIVED] = "received", [GRAPH_CPU] = "cpu",     [GRAPH_LOSS] = "loss",
    [GRAPH_NS] = "ns-a-packet",    [GRAPH_DELAY] = "delay", [GRAPH_PLACES] = "places",
};

const char *figure_graph_name(enum figure_graph graph)
{
    return names[graph];
}

// A script being written.
struct script {
    FILE *out;
    char *text;
    size_t length;
    const struct sweep *sweep;
    enum figure_style style;
    double thousand; // divisor of rates
    size_t series;   // number of drawn curves
    bool clauses;    // the plot command is not empty
    bool invalid;    // the key already explains the crosses
};

static void begin(struct script *script, enum figure_style style, const char *title,
                  const char *data)
{
    *script = (struct script){.thousand = 1000, .style = style};
    script->out = open_memstream(&script->text, &script->length);
    _cleanup_free_ char *safe = figure_safe_text(title);
    figure_style_begin(script->out, style, safe);
    if (data != NULL) {
        fprintf(script->out, "data = '%s'\n", data);
    }
}

// Prints rates in thousands if that is shorter.
static void set_rates(struct script *script, double most)
{
    script->thousand = most >= 10000 ? 1000 : 1;
    fprintf(script->out, "unit = %.0f. # divisor of rates\n", script->thousand);
}

static void set_rate_label(const struct script *script, char axis, const char *what)
{
    fprintf(script->out, "set %clabel '%s (%spackets/s)'\nset %crange [0:*]\n", axis, what,
            script->thousand > 1 ? "1000 " : "", axis);
}

static double most_of(const struct sweep *sweep, enum figure_column kind)
{
    double most = (double)NAN;
    for (size_t at = 0; at < figure_column_count(sweep, kind); at++) {
        most = fmax(most, figure_column_most(sweep, kind, at, true));
    }
    return most;
}

static void next_clause(struct script *script)
{
    fputs(script->clauses ? ", \\\n     " : "plot ", script->out);
    script->clauses = true;
}

// A curve: its columns and divisors.
struct curve {
    enum figure_column x, y;
    size_t x_at, y_at;
    bool rate, right; // Y is a rate; Y belongs to the right-hand axis
    // Columns of the interval of Y over the repeats; FIGURE_REQUESTED = none.
    enum figure_column low, high;
    size_t colour;
    const char *title;
};

// Whether any load has different values in its repeats.
static bool has_interval(const struct sweep *sweep, const struct curve *curve)
{
    for (size_t i = 0; i < sweep->step_count; i++) {
        if (figure_column_value(sweep, i, curve->low, curve->y_at) <
            figure_column_value(sweep, i, curve->high, curve->y_at)) {
            return true;
        }
    }
    return false;
}

// Draws a curve through the valid points with the intervals of the repeats, and crosses in its
// colour for the invalid ones.
static void put_curve(struct script *script, const struct curve *curve)
{
    const struct sweep *sweep = script->sweep;
    bool valid = isfinite(figure_column_most(sweep, curve->y, curve->y_at, false));
    if (!valid && !isfinite(figure_column_most(sweep, curve->y, curve->y_at, true))) {
        return;
    }
    size_t x = figure_column_at(sweep, curve->x, curve->x_at);
    size_t y = figure_column_at(sweep, curve->y, curve->y_at);
    size_t n = script->series++;
    const char *colour = colours[curve->colour % COLOUR_COUNT];
    _cleanup_free_ char *title = figure_safe_text(curve->title);
    _cleanup_free_ char *columns =
        text_format("using ($%zu/unit):(%s%zu%s)%s", x, "$", y, curve->rate ? "/unit" : "",
                    curve->right ? " axes x1y2" : "");
    if (valid) {
        next_clause(script);
        fprintf(script->out,
                "data index 0 %s with linespoints lc rgb '%s' dt %zu lw %s pt %d ps 0.8 title '%s'",
                columns, colour, curve->right ? 2 + n % 4 : 1 + n % 5, curve->right ? "1.4" : "2",
                (curve->right ? open_ones : filled)[n % MARKER_COUNT], title);
    }
    if (valid && curve->low != FIGURE_REQUESTED && has_interval(sweep, curve)) {
        const char *unit = curve->rate ? "/unit" : "";
        next_clause(script);
        fprintf(script->out,
                "data index 0 using ($%zu/unit):($%zu%s):($%zu%s):($%zu%s) with yerrorbars "
                "lc rgb '%s' lw 1 ps 0 notitle",
                x, y, unit, figure_column_at(sweep, curve->low, curve->y_at), unit,
                figure_column_at(sweep, curve->high, curve->y_at), unit, colour);
    }
    if (sweep->invalid > 0) {
        next_clause(script);
        fprintf(script->out, "data index 1 %s with points lc rgb '%s' pt 2 ps 1.2 lw 1.5 notitle",
                columns, colour);
        if (!script->invalid) {
            next_clause(script);
            fputs("NaN with points lc rgb '#000000' pt 2 ps 1.2 lw 1.5 title 'invalid point'",
                  script->out);
        }
        script->invalid = true;
    }
}

// Completes the script with the other output formats; NULL if it plots nothing.
static char *finish(struct script *script, const char *name)
{
    figure_style_finish(script->out, script->style, name);
    fclose(script->out);
    if (!script->clauses) {
        free(script->text);
        return NULL;
    }
    return script->text;
}

static void put_ideal(struct script *script)
{
    next_clause(script);
    fputs("x with lines lc rgb '#777777' dt 3 lw 1.4 title 'no loss'", script->out);
}

static void put_received(struct script *script)
{
    const struct sweep *sweep = script->sweep;
    for (size_t i = 0; i < sweep->network_count; i++) {
        _cleanup_free_ char *title = text_format("%s received", sweep->networks[i]);
        put_curve(script, &(struct curve){.x = FIGURE_NETWORK_SENT,
                                          .x_at = i,
                                          .y = FIGURE_NETWORK_RECEIVED,
                                          .y_at = i,
                                          .rate = true,
                                          .low = FIGURE_RECEIVED_LOW,
                                          .high = FIGURE_RECEIVED_HIGH,
                                          .colour = i,
                                          .title = title});
    }
    if (script->clauses) {
        put_ideal(script);
    }
}

// Draws CPU of host, routers and total; in topology direct that of the tester.
static void put_cpu(struct script *script)
{
    const struct sweep *sweep = script->sweep;
    struct curve curve = {.x = FIGURE_SENT_MEAN, .right = true};
    curve.y = FIGURE_HOST_CPU;
    curve.colour = HOST;
    curve.title = "host CPU";
    put_curve(script, &curve);
    for (size_t i = 0; i < sweep->router_count; i++) {
        _cleanup_free_ char *title = text_format("%s CPU", sweep->routers[i]);
        curve.y = FIGURE_ROUTER_CPU;
        curve.colour = ROUTERS + i;
        curve.y_at = i;
        curve.title = title;
        put_curve(script, &curve);
    }
    bool routers = isfinite(most_of(sweep, FIGURE_TOTAL_CPU));
    curve.y = routers ? FIGURE_TOTAL_CPU : FIGURE_TESTER_CPU;
    curve.y_at = 0;
    curve.colour = TOTAL;
    curve.title = routers ? "total CPU" : "tester CPU";
    put_curve(script, &curve);
}

static void put_loss(struct script *script)
{
    const struct sweep *sweep = script->sweep;
    for (size_t i = 0; i < sweep->network_count; i++) {
        put_curve(script, &(struct curve){.x = FIGURE_NETWORK_SENT,
                                          .x_at = i,
                                          .y = FIGURE_NETWORK_LOSS,
                                          .y_at = i,
                                          .low = FIGURE_LOSS_LOW,
                                          .high = FIGURE_LOSS_HIGH,
                                          .colour = i,
                                          .title = sweep->networks[i]});
    }
}

static void put_ns(struct script *script)
{
    const struct sweep *sweep = script->sweep;
    struct curve curve = {
        .x = FIGURE_SENT_MEAN, .y = FIGURE_HOST_NS, .colour = HOST, .title = "host"};
    put_curve(script, &curve);
    for (size_t i = 0; i < sweep->router_count; i++) {
        curve.y = FIGURE_ROUTER_NS;
        curve.colour = ROUTERS + i;
        curve.y_at = i;
        curve.title = sweep->routers[i];
        put_curve(script, &curve);
    }
    curve.y = FIGURE_ALL_NS;
    curve.y_at = 0;
    curve.colour = TOTAL;
    curve.title = "host and routers";
    put_curve(script, &curve);
}

static void put_delay(struct script *script)
{
    const struct sweep *sweep = script->sweep;
    for (size_t i = 0; i < sweep->network_count; i++) {
        for (enum figure_column kind = FIGURE_NETWORK_P50; kind <= FIGURE_NETWORK_P99; kind++) {
            _cleanup_free_ char *title =
                text_format("%s %s", sweep->networks[i],
                            kind == FIGURE_NETWORK_P50 ? "median" : "99th percentile");
            put_curve(script, &(struct curve){.x = FIGURE_NETWORK_SENT,
                                              .x_at = i,
                                              .y = kind,
                                              .y_at = i,
                                              .colour = i,
                                              .title = title});
        }
    }
}

// Draws a bar per load, stacked by place; hatching distinguishes the places without colour.
static void put_places(struct script *script)
{
    const struct sweep *sweep = script->sweep;
    size_t label = figure_column_at(sweep, FIGURE_SENT_MEAN, 0);
    for (size_t i = 0; i < sweep->place_count; i++) {
        if (figure_column_most(sweep, FIGURE_PLACE_LOSS, i, false) > 0) {
            _cleanup_free_ char *title = figure_safe_text(sweep->places[i]);
            size_t n = script->series++;
            next_clause(script);
            fprintf(script->out,
                    "data index 0 using %zu:xticlabels(sprintf('%%.4g', $%zu/unit)) "
                    "fs pattern %zu border lc rgb '#000000' lc rgb '%s' title '%s'",
                    figure_column_at(sweep, FIGURE_PLACE_LOSS, i), label, 3 + n % 5 * (n > 0),
                    colours[unnamed[n % COLOUR_COUNT]], title);
        }
    }
}

// Labels of each graph's axes, except rates.
static void set_axes(struct script *script, enum figure_graph graph)
{
    const struct sweep *sweep = script->sweep;
    bool several = sweep->network_count > 1;
    FILE *out = script->out;
    set_rates(script, fmax(most_of(sweep, FIGURE_NETWORK_SENT), most_of(sweep, FIGURE_SENT_MEAN)));
    set_rate_label(script, 'x', several ? "Transmitted per network" : "Transmitted");
    switch (graph) {
    case GRAPH_CPU: {
        double total = most_of(sweep, FIGURE_TOTAL_CPU);
        double cpu = fmax(fmax(total, most_of(sweep, FIGURE_HOST_CPU)), 100);
        if (!isfinite(total) || total <= 0) { // direct: the tester's is drawn
            cpu = fmax(cpu, most_of(sweep, FIGURE_TESTER_CPU));
        }
        fprintf(out,
                "set border 11\nset y2label 'CPU (%% of one CPU)'\nset y2tics nomirror out\n"
                "set y2range [0:%.0f]\n",
                ceil(cpu / 20) * 20);
        set_rate_label(script, 'y', several ? "Received per network" : "Received");
        break;
    }
    case GRAPH_RECEIVED:
        set_rate_label(script, 'y', several ? "Received per network" : "Received");
        break;
    case GRAPH_LOSS:
        fprintf(out, "set ylabel 'Frame loss (%% of transmitted)'\nset yrange [0:%s]\n",
                most_of(sweep, FIGURE_NETWORK_LOSS) > 0 ? "*" : "1");
        break;
    case GRAPH_NS:
        fputs("set ylabel 'CPU time (ns per packet)'\nset yrange [0:*]\n", out);
        break;
    case GRAPH_DELAY:
        fputs("set ylabel 'One-way delay (µs)'\nset logscale y\n", out);
        break;
    default:
        fputs("set ylabel 'Lost (% of transmitted)'\nset yrange [0:*]\nset xrange [*:*]\n"
              "set style data histograms\nset style histogram rowstacked\nset boxwidth 0.8\n"
              "set xtics rotate by -60\n",
              out);
        break;
    }
}

char *figure_script(const struct sweep *sweep, enum figure_graph graph, enum figure_style style,
                    const char *name, const char *data)
{
    static const char *const words[GRAPH_COUNT] = {
        [GRAPH_RECEIVED] = "received against transmitted packets",
        [GRAPH_CPU] = "received packets, and CPU on the right",
        [GRAPH_LOSS] = "frame loss",
        [GRAPH_NS] = "CPU time per packet",
        [GRAPH_DELAY] = "one-way delay",
        [GRAPH_PLACES] = "where packets were lost",
    };
    _cleanup_free_ char *of = words_sweep_title(sweep);
    _cleanup_free_ char *title = text_format("%s — %s", of, words[graph]);
    struct script script;
    begin(&script, style, title, data);
    script.sweep = sweep;
    set_axes(&script, graph);
    figure_style_set_svg(script.out, style, name);
    switch (graph) {
    case GRAPH_RECEIVED:
        put_received(&script);
        break;
    case GRAPH_CPU:
        put_received(&script);
        put_cpu(&script);
        break;
    case GRAPH_LOSS:
        put_loss(&script);
        break;
    case GRAPH_NS:
        put_ns(&script);
        break;
    case GRAPH_DELAY:
        put_delay(&script);
        break;
    default:
        put_places(&script);
        break;
    }
    return finish(&script, name);
}

char *figure_script_topologies(const struct sweep *const *sweeps, const char *const *data,
                               size_t count, enum figure_style style, const char *name)
{
    const struct point *first = sweeps[0]->first;
    _cleanup_free_ char *length = words_length(first);
    _cleanup_free_ char *title = text_format("%s (%s, %s): all topologies, %s", first->scenario,
                                             first->platform, first->engine, length);
    struct script script;
    begin(&script, style, title, NULL);
    double most = (double)NAN;
    for (size_t i = 0; i < count; i++) {
        most = fmax(most, most_of(sweeps[i], FIGURE_SENT));
    }
    set_rates(&script, most);
    bool several = sweeps[0]->network_count > 1;
    set_rate_label(&script, 'x', several ? "Transmitted, all networks" : "Transmitted");
    set_rate_label(&script, 'y', several ? "Received, all networks" : "Received");
    figure_style_set_svg(script.out, style, name);
    for (size_t i = 0; i < count; i++) {
        const struct sweep *sweep = sweeps[i];
        if (isfinite(figure_column_most(sweep, FIGURE_RECEIVED, 0, false))) {
            size_t n = script.series++;
            next_clause(&script);
            fprintf(script.out,
                    "'%s' index 0 using ($%zu/unit):($%zu/unit) with linespoints lc rgb '%s' "
                    "dt %zu lw 2 pt %d ps 0.8 title '%s'",
                    data[i], figure_column_at(sweep, FIGURE_SENT, 0),
                    figure_column_at(sweep, FIGURE_RECEIVED, 0), colours[unnamed[n % COLOUR_COUNT]],
                    1 + n % 5, filled[n % MARKER_COUNT], sweep->first->topology);
        }
    }
    if (script.clauses) {
        put_ideal(&script);
    }
    return finish(&script, name);
}
