// SPDX-License-Identifier: GPL-3.0-or-later
// report/top_text — see top_text.h.
#include "report/top_text.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/text.h"
#include "result/json_text.h"

#define KIB      1024
#define NAME_MIN 10
#define NO_WIDTH 100000U

// ---- cells

static char *figure(bool known, uint64_t value)
{
    return known ? text_format("%llu", (unsigned long long)value) : text_copy("n/a");
}

static char *percent_of_host(const struct top *top, uint64_t bytes)
{
    return bytes == 0 || top->host_memory_bytes == 0
               ? text_copy("n/a")
               : text_format("%.1f", 100.0 * (double)bytes / (double)top->host_memory_bytes);
}

static char *cell_name(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return text_printable(machine->name);
}
static char *cell_state(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return text_copy(machine->letters);
}
static char *cell_seconds(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return figure(true, machine->cpu_ns / NS_PER_S);
}
static char *cell_percent(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return machine->has_percent ? text_format("%.1f", machine->percent) : text_copy("n/a");
}
static char *cell_memory(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return figure(machine->memory_bytes > 0, machine->memory_bytes / KIB);
}
static char *cell_memory_percent(const struct top *top, const struct top_machine *machine)
{
    return percent_of_host(top, machine->memory_bytes);
}
static char *cell_most(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return machine->memory_limited ? figure(true, machine->memory_max_bytes / KIB)
                                   : text_copy("no limit");
}
static char *cell_most_percent(const struct top *top, const struct top_machine *machine)
{
    return machine->memory_limited ? percent_of_host(top, machine->memory_max_bytes)
                                   : text_copy("n/a");
}
static char *cell_vcpus(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return figure(machine->vcpus > 0, machine->vcpus);
}
static char *cell_nets(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return figure(machine->has_networks, machine->network_count);
}
static char *cell_tx(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return figure(machine->has_networks, machine->tx_bytes / KIB);
}
static char *cell_rx(const struct top *top, const struct top_machine *machine)
{
    (void)top;
    return figure(machine->has_networks, machine->rx_bytes / KIB);
}

// ---- columns, in xentop's order, at least as wide as their headings

static const struct top_column {
    const char *heading;
    unsigned least; // preferred width in characters
    unsigned drop;  // order in which columns are dropped on a narrow screen, from 1; 0 = never
    char *(*cell)(const struct top *top, const struct top_machine *machine);
} columns[] = {
    {"NAME", NAME_MIN, 0, cell_name},  {"STATE", 6, 8, cell_state},
    {"CPU(sec)", 10, 7, cell_seconds}, {"CPU(%)", 6, 0, cell_percent},
    {"MEM(k)", 10, 6, cell_memory},    {"MEM(%)", 6, 3, cell_memory_percent},
    {"MAXMEM(k)", 10, 2, cell_most},   {"MAXMEM(%)", 9, 1, cell_most_percent},
    {"VCPUS", 5, 4, cell_vcpus},       {"NETS", 4, 5, cell_nets},
    {"NETTX(k)", 8, 9, cell_tx},       {"NETRX(k)", 8, 9, cell_rx},
};
#define COLUMNS (sizeof columns / sizeof columns[0])
#define DROPS   9
#define ROOMY   2 // after these are dropped, columns get narrower before more are dropped

struct grid {
    char **cells; // headings, then one row per machine
    size_t rows;
    size_t widths[COLUMNS]; // 0 = dropped
};

static size_t total_of(const struct grid *grid)
{
    size_t total = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        total += grid->widths[i] > 0 ? grid->widths[i] + (total > 0) : 0;
    }
    return total;
}

// Widths of the shown columns: at least xentop's, or only as wide as their contents.
static void set_widths(struct grid *grid, bool roomy)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (grid->widths[i] == 0) {
            continue;
        }
        grid->widths[i] = roomy ? columns[i].least : 1;
        for (size_t row = 0; row < grid->rows; row++) {
            size_t width = text_columns(grid->cells[row * COLUMNS + i]);
            grid->widths[i] = width > grid->widths[i] ? width : grid->widths[i];
        }
    }
}

static void fit(struct grid *grid, unsigned width)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        grid->widths[i] = 1;
    }
    set_widths(grid, true);
    for (unsigned step = 1; total_of(grid) > width && step <= DROPS; step++) {
        for (size_t i = 0; i < COLUMNS; i++) {
            grid->widths[i] = columns[i].drop == step ? 0 : grid->widths[i];
        }
        if (step == ROOMY && total_of(grid) > width) {
            set_widths(grid, false);
        }
    }
    size_t total = total_of(grid);
    if (total > width) {
        size_t over = total - width;
        grid->widths[0] = grid->widths[0] > over + 1 ? grid->widths[0] - over : 1;
    }
}

static void add_line(struct top_lines *lines, char *line)
{
    lines->items = memory_resize(lines->items, lines->count + 1, sizeof *lines->items);
    lines->items[lines->count++] = line;
}

// Right-aligns all cells, as xentop does.
static void add_row(struct top_lines *lines, const struct grid *grid, size_t row)
{
    char *line = text_copy("");
    for (size_t i = 0; i < COLUMNS; i++) {
        if (grid->widths[i] == 0) {
            continue;
        }
        const char *cell = grid->cells[row * COLUMNS + i];
        size_t bytes = text_bytes_within(cell, grid->widths[i]);
        size_t shown = text_columns(cell);
        size_t blanks = shown < grid->widths[i] ? grid->widths[i] - shown : 0;
        text_append(&line, " ", "%*s%.*s", (int)blanks, "", (int)bytes, cell);
    }
    add_line(lines, line);
}

// Adds a piece to a line; starts the next line if the piece does not fit.
static void add_piece(struct top_lines *lines, char **line, const char *piece, const char *indent,
                      unsigned width)
{
    if (text_columns(*line) + text_columns(piece) > width && !text_equal(*line, indent)) {
        add_line(lines, *line);
        *line = text_copy(indent);
    }
    text_append(line, "", "%s", piece);
}

static void end_line(struct top_lines *lines, char *line, unsigned width)
{
    line[text_bytes_within(line, width)] = '\0';
    add_line(lines, line);
}

// A line in the format of `xentop -v`, with percentages.
static void add_vcpus(struct top_lines *lines, const struct top_machine *machine, unsigned width)
{
    char *line = machine->vcpu_time_count == 0 ? NULL : text_copy("VCPUs:");
    for (size_t i = 0; i < machine->vcpu_time_count; i++) {
        const struct top_vcpu *vcpu = &machine->vcpu_times[i];
        _cleanup_free_ char *one =
            vcpu->online ? text_format("  %zu: %llus %.1f%%", i,
                                       (unsigned long long)(vcpu->ns / NS_PER_S), vcpu->percent)
                         : text_format("  %zu: offline", i);
        add_piece(lines, &line, one, "      ", width);
    }
    if (line != NULL) {
        end_line(lines, line, width);
    }
}

// A line with the parts of a router's CPU time.
static void add_parts(struct top_lines *lines, const struct top_machine *machine, unsigned width)
{
    char *line = machine->part_count == 0 ? NULL : text_copy("Parts:");
    for (size_t i = 0; i < machine->part_count; i++) {
        const struct top_part *part = &machine->parts[i];
        _cleanup_free_ char *one =
            text_format("  %s: %llus %.1f%%", part->name, (unsigned long long)(part->ns / NS_PER_S),
                        part->percent);
        add_piece(lines, &line, one, "      ", width);
    }
    if (line != NULL) {
        end_line(lines, line, width);
    }
}

// A line with what the controller of its testbed reports of a router.
static void add_contract(struct top_lines *lines, const struct top_machine *machine, unsigned width)
{
    if (machine->contract == NULL) {
        return;
    }
    const char *margin = machine->margin == NULL ? "unknown" : machine->margin;
    char *line = text_format("Contract: %s  margin: %s%s%s%s", machine->contract, margin,
                             machine->margin == NULL ? "" : "%",
                             machine->last_action == NULL ? "" : "  last action: ",
                             machine->last_action == NULL ? "" : machine->last_action);
    end_line(lines, line, width);
}

// The figures of a network's line, in xentop's order and units.
#define NET_FIGURES 8
static const char *const net_units[NET_FIGURES] = {"bytes", "pkts", "err", "drop",
                                                   "bytes", "pkts", "err", "drop"};

static void net_figures(const struct named_counters *network, uint64_t ret[NET_FIGURES])
{
    const struct link_counters *link = &network->counters;
    const uint64_t figures[NET_FIGURES] = {link->rx_bytes,   link->rx_packets, link->rx_errors,
                                           link->rx_dropped, link->tx_bytes,   link->tx_packets,
                                           link->tx_errors,  link->tx_dropped};
    memcpy(ret, figures, sizeof figures);
}

static int decimal_digits(uint64_t value)
{
    return snprintf(NULL, 0, "%llu", (unsigned long long)value);
}

// Widths of the figures over all networks of all machines, which align them in columns.
struct net_widths {
    int index;
    int figures[NET_FIGURES];
};

static struct net_widths net_widths_of(const struct top *top)
{
    struct net_widths widths = {.index = 1, .figures = {8, 8, 8, 8, 8, 8, 8, 8}};
    for (size_t m = 0; m < top->count; m++) {
        for (size_t i = 0; i < top->items[m].network_count; i++) {
            uint64_t figures[NET_FIGURES];
            net_figures(&top->items[m].networks[i], figures);
            widths.index = decimal_digits(i) > widths.index ? decimal_digits(i) : widths.index;
            for (size_t k = 0; k < NET_FIGURES; k++) {
                int digits = decimal_digits(figures[k]);
                widths.figures[k] = digits > widths.figures[k] ? digits : widths.figures[k];
            }
        }
    }
    return widths;
}

// Four figures from the k-th on.
static char *net_half(const struct net_widths *widths, const uint64_t figures[NET_FIGURES],
                      size_t k)
{
    return text_format("%*llu%s %*llu%s %*llu%s %*llu%s", widths->figures[k],
                       (unsigned long long)figures[k], net_units[k], widths->figures[k + 1],
                       (unsigned long long)figures[k + 1], net_units[k + 1], widths->figures[k + 2],
                       (unsigned long long)figures[k + 2], net_units[k + 2], widths->figures[k + 3],
                       (unsigned long long)figures[k + 3], net_units[k + 3]);
}

// A line in the format of `xentop -n`, with the interface's name at the end; two lines if one does
// not fit.
static void add_networks(struct top_lines *lines, const struct top_machine *machine,
                         const struct net_widths *widths, unsigned width)
{
    for (size_t i = 0; i < machine->network_count; i++) {
        uint64_t figures[NET_FIGURES];
        net_figures(&machine->networks[i], figures);
        _cleanup_free_ char *name = text_printable(machine->networks[i].name);
        _cleanup_free_ char *received = net_half(widths, figures, 0);
        _cleanup_free_ char *sent = net_half(widths, figures, NET_FIGURES / 2);
        _cleanup_free_ char *rx = text_format("Net%-*zu RX: %s", widths->index, i, received);
        _cleanup_free_ char *tx = text_format("TX: %s  %s", sent, name);
        char *both = text_format("%s  %s", rx, tx);
        if (text_columns(both) <= width) {
            add_line(lines, both);
            continue;
        }
        free(both);
        add_line(lines, text_format("%.*s", (int)text_bytes_within(rx, width), rx));
        _cleanup_free_ char *second = text_format("    %*s%s", widths->index, "", tx);
        add_line(lines, text_format("%.*s", (int)text_bytes_within(second, width), second));
    }
}

void top_lines_make(const struct top *top, unsigned width, unsigned details, struct top_lines *ret)
{
    struct top_lines lines = {0};
    struct grid grid = {.rows = top->count + 1};
    unsigned room = width == 0 ? NO_WIDTH : width;
    grid.cells = memory_new_array(char *, grid.rows *COLUMNS);
    for (size_t i = 0; i < COLUMNS; i++) {
        grid.cells[i] = text_copy(columns[i].heading);
        for (size_t row = 0; row < top->count; row++) {
            grid.cells[(row + 1) * COLUMNS + i] = columns[i].cell(top, &top->items[row]);
        }
    }
    fit(&grid, room);
    const struct net_widths widths = net_widths_of(top);
    for (size_t row = 0; row < grid.rows; row++) {
        add_row(&lines, &grid, row);
        if (row > 0) {
            add_contract(&lines, &top->items[row - 1], room);
        }
        if ((details & TOP_VCPUS) != 0 && row > 0) {
            add_vcpus(&lines, &top->items[row - 1], room);
            add_parts(&lines, &top->items[row - 1], room);
        }
        if ((details & TOP_NETWORKS) != 0 && row > 0) {
            add_networks(&lines, &top->items[row - 1], &widths, room);
        }
    }
    for (size_t i = 0; i < grid.rows * COLUMNS; i++) {
        free(grid.cells[i]);
    }
    free(grid.cells);
    *ret = lines;
}

void top_lines_clear(struct top_lines *lines)
{
    for (size_t i = 0; i < lines->count; i++) {
        free(lines->items[i]);
    }
    free(lines->items);
    *lines = (struct top_lines){0};
}

// ---- JSON

static json_t *integer(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *networks_json(const struct top_machine *machine)
{
    json_t *all = json_array();
    for (size_t i = 0; i < machine->network_count; i++) {
        const struct link_counters *link = &machine->networks[i].counters;
        json_t *one = json_object();
        json_object_set_new(one, "name", json_string(machine->networks[i].name));
        json_object_set_new(one, "rx_bytes", integer(link->rx_bytes));
        json_object_set_new(one, "rx_packets", integer(link->rx_packets));
        json_object_set_new(one, "rx_errors", integer(link->rx_errors));
        json_object_set_new(one, "rx_dropped", integer(link->rx_dropped));
        json_object_set_new(one, "tx_bytes", integer(link->tx_bytes));
        json_object_set_new(one, "tx_packets", integer(link->tx_packets));
        json_object_set_new(one, "tx_errors", integer(link->tx_errors));
        json_object_set_new(one, "tx_dropped", integer(link->tx_dropped));
        json_array_append_new(all, one);
    }
    return all;
}

static json_t *vcpus_json(const struct top_machine *machine)
{
    json_t *all = json_array();
    for (size_t i = 0; i < machine->vcpu_time_count; i++) {
        const struct top_vcpu *vcpu = &machine->vcpu_times[i];
        json_t *one = json_object();
        json_object_set_new(one, "vcpu", integer(i));
        json_object_set_new(one, "online", json_boolean(vcpu->online));
        json_object_set_new(one, "cpu_seconds", json_real((double)vcpu->ns / (double)NS_PER_S));
        json_object_set_new(one, "cpu_percent", json_real(vcpu->percent));
        json_array_append_new(all, one);
    }
    return all;
}

static json_t *parts_json(const struct top_machine *machine)
{
    json_t *all = json_array();
    for (size_t i = 0; i < machine->part_count; i++) {
        const struct top_part *part = &machine->parts[i];
        json_t *one = json_object();
        json_object_set_new(one, "name", json_string(part->name));
        json_object_set_new(one, "cpu_seconds", json_real((double)part->ns / (double)NS_PER_S));
        json_object_set_new(one, "cpu_percent", json_real(part->percent));
        json_array_append_new(all, one);
    }
    return all;
}

// An absent member means unknown, never 0.
static json_t *machine_json(const struct top *top, const struct top_machine *machine,
                            unsigned details)
{
    json_t *one = json_object();
    double host = (double)top->host_memory_bytes;
    json_object_set_new(one, "name", json_string(machine->name));
    json_set_text(one, "testbed", machine->testbed);
    json_set_text(one, "contract", machine->contract);
    if (machine->margin != NULL) {
        json_object_set_new(one, "margin_percent", json_real(strtod(machine->margin, NULL)));
    }
    json_set_text(one, "last_action", machine->last_action);
    if (machine->has_id) {
        json_object_set_new(one, "id", integer(machine->id));
    }
    json_object_set_new(one, "state", json_string(machine->state));
    json_object_set_new(one, "cpu_seconds", json_real((double)machine->cpu_ns / (double)NS_PER_S));
    if (machine->has_percent) {
        json_object_set_new(one, "cpu_percent", json_real(machine->percent));
    }
    if (machine->memory_bytes > 0) {
        json_object_set_new(one, "memory_bytes", integer(machine->memory_bytes));
    }
    if (machine->memory_bytes > 0 && host > 0) {
        json_object_set_new(one, "memory_percent",
                            json_real(100.0 * (double)machine->memory_bytes / host));
    }
    if (machine->memory_limited) {
        json_object_set_new(one, "memory_max_bytes", integer(machine->memory_max_bytes));
    }
    if (machine->memory_limited && host > 0) {
        json_object_set_new(one, "memory_max_percent",
                            json_real(100.0 * (double)machine->memory_max_bytes / host));
    }
    if (machine->vcpus > 0) {
        json_object_set_new(one, "vcpus", integer(machine->vcpus));
    }
    if (machine->has_networks) {
        json_object_set_new(one, "nets", integer(machine->network_count));
        json_object_set_new(one, "tx_bytes", integer(machine->tx_bytes));
        json_object_set_new(one, "rx_bytes", integer(machine->rx_bytes));
    }
    if (machine->vcpu_time_count > 0 && (details & TOP_VCPUS) != 0) {
        json_object_set_new(one, "vcpu_times", vcpus_json(machine));
    }
    if (machine->part_count > 0 && (details & TOP_VCPUS) != 0) {
        json_object_set_new(one, "cpu_parts", parts_json(machine));
    }
    if (machine->has_networks && (details & TOP_NETWORKS) != 0) {
        json_object_set_new(one, "networks", networks_json(machine));
    }
    return one;
}

char *top_json(const struct top *top, unsigned details)
{
    char time[32];
    json_t *whole = json_object();
    json_t *machines = json_array();
    clock_format_utc(top->realtime_ns, time);
    json_object_set_new(whole, "time", json_string(time));
    json_object_set_new(whole, "platform", json_string(top->platform));
    json_object_set_new(whole, "interval_s", json_real((double)top->over_ns / (double)NS_PER_S));
    if (top->host_cpus > 0) {
        json_object_set_new(whole, "host_cpus", integer(top->host_cpus));
    }
    if (top->host_memory_bytes > 0) {
        json_object_set_new(whole, "host_memory_bytes", integer(top->host_memory_bytes));
    }
    if (top->hypervisor_bytes > 0) {
        json_object_set_new(whole, "hypervisor_memory_bytes", integer(top->hypervisor_bytes));
    }
    if (top->has_total) {
        json_object_set_new(whole, "cpu_total_percent", json_real(top->total_percent));
    }
    for (size_t i = 0; i < top->count; i++) {
        json_array_append_new(machines, machine_json(top, &top->items[i], details));
    }
    json_object_set_new(whole, "machines", machines);
    char *text = json_to_text(whole, 0);
    json_decref(whole);
    return text;
}
