// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/compare — runs on several platforms, machines or days set beside each other.
 *
 * A side is the folder of a run, or of a reproduction with all its runs. Sweeps of one scenario,
 * topology and length make a row, with a cell a side; the first side is what the others are
 * compared with. What has no counterpart, or can't be compared, stays in the comparison, with the
 * reason. Called by cli/cmd_compare.c; docs/compare.md tells how each figure is taken.
 */
#ifndef VRBENCH_REPORT_COMPARE_H
#define VRBENCH_REPORT_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "report/steps.h"
#include "result/platform_facts.h"
#include "result/result.h"

// Figures of a cell, medians of valid points; NaN = not measured.
enum compare_figure {
    COMPARE_NO_LOSS,   // packets/s: as summary's no_loss_pps
    COMPARE_MAX,       // packets/s: highest sum of forwarding rates
    COMPARE_CPU_LOAD,  // packets/s offered where the next two are read
    COMPARE_ROUTER_NS, // CPU time a packet, mean of the routers
    COMPARE_HOST_NS,
    COMPARE_MEMORY,   // bytes, mean of the routers
    COMPARE_START,    // ns from the order to make a router until it forwards, mean of the routers
    COMPARE_TOP_LOAD, // packets/s: highest offered load, all networks together
    COMPARE_TOP_LOSS, // frame loss ratio there
    COMPARE_COMMON_LOAD, // packets/s a network: highest load that all sides compared were asked for
    COMPARE_COMMON_LOSS, // frame loss ratio there
    COMPARE_FIGURES
};

struct compare_side {
    char *folder, *label;        // the label is unlike all others
    json_t *run;                 // run.json, of a reproduction its first; an object
    struct platform_facts facts; // name NULL = the run does not say
    struct point_list points;
    struct sweep *sweeps;
    size_t sweep_count;
};

struct compare_cell {
    const struct sweep *sweep; // NULL: this side has none
    double figures[COMPARE_FIGURES];
    char *why_not; // it can't be compared with the first side's; NULL: it can, or is that one
};

struct compare_row {
    const char *scenario, *topology, *length_layer;
    unsigned length;
    struct compare_cell *cells; // one a side
};

// What became of a cap: a party of a sweep of a side held to so many percent of one CPU.
struct compare_cap {
    size_t side;
    const struct sweep *sweep;
    const char *party;
    unsigned cap;
    size_t points, loaded; // points with that cap, and those among them that asked for more
    double used;           // median of the loaded ones; NaN without one
    double off;            // greatest distance from the cap, of the loaded ones
};
#define COMPARE_CAP_WITHIN 2.0 // points; a cap that is kept to closer than this is held

struct compare_texts {
    char **items;
    size_t count;
};

struct comparison {
    struct compare_side *sides;
    size_t side_count;
    struct compare_row *rows;
    size_t row_count;
    struct compare_cap *caps;
    size_t cap_count;
    struct compare_texts warnings;     // what differs besides the platform, or is in doubt
    struct compare_texts not_compared; // a sentence for each cell, point or run left out
};

// Reads the folders (at least two) and sets them beside each other. Exit status 2 for a folder that
// holds no run, or one that this program can't read, or is given twice.
int compare_folders(const char *const *folders, size_t count, struct comparison **ret,
                    struct error *err);
void comparison_free(struct comparison *comparison); // NULL is fine
// Rows in which at least one side is compared with the first.
size_t comparison_compared(const struct comparison *comparison);

// The cell's figure over the first side's; NaN where either is not known, the first's is 0, or the
// cell can't be compared.
double compare_ratio(const struct compare_row *row, size_t side, enum compare_figure figure);

// ---- inside of the comparison: compare*.c

void compare_say(struct compare_texts *texts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// "scenario-1, bridged, 64-byte packets"; the caller frees it.
char *compare_title(const char *scenario, const char *topology, unsigned length,
                    const char *length_layer);
bool compare_same_sweep(const struct sweep *sweep, const struct point *point);
void compare_find_caps(struct comparison *comparison);
void compare_find_warnings(struct comparison *comparison);

#endif
