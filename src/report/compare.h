// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/compare — compares runs of several platforms, machines or days.
 *
 * A side is the folder of a run, or of a reproduction with all its runs. A row contains the sweeps
 * of one scenario, topology and length, one cell per side; the other sides are compared with the
 * first. A cell without a counterpart, or that can't be compared, contains the reason. Called by
 * cli/cmd_compare.c; docs/compare.md defines each figure.
 */
#ifndef VRBENCH_REPORT_COMPARE_H
#define VRBENCH_REPORT_COMPARE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "report/caps.h"
#include "report/ranks.h"
#include "report/steps.h"
#include "result/platform_facts.h"
#include "result/result.h"

// Figures of a cell, medians of valid points; NaN = not measured.
enum compare_figure {
    COMPARE_NO_LOSS, // packets/s: as summary's no_loss_pps
    COMPARE_MAX,     // packets/s: highest sum of forwarding rates
    COMPARE_GOODPUT, // bit/s: highest sum of goodput; of TCP only, which lacks the rates above
    COMPARE_CPU_REQUESTED, // packets/s per network: requested load where the next three are read
    COMPARE_CPU_LOAD,      // packets/s offered there
    COMPARE_ROUTER_NS,     // CPU time per packet, mean of the routers
    COMPARE_HOST_NS,
    COMPARE_MEMORY,   // bytes, mean of the routers
    COMPARE_START,    // ns from the order to make a router until it forwards, mean of the routers
    COMPARE_TOP_LOAD, // packets/s: highest offered load, all networks together
    COMPARE_TOP_LOSS, // frame loss ratio there
    COMPARE_COMMON_LOAD, // packets/s per network: highest requested load of all compared sides
    COMPARE_COMMON_LOSS, // frame loss ratio there
    COMPARE_FIGURES
};

struct compare_side {
    char *folder, *label;        // the label is unique
    json_t *run;                 // run.json (of a reproduction: the first run's); an object
    struct platform_facts facts; // name NULL = not in run.json
    struct point_list points;
    struct sweep *sweeps;
    size_t sweep_count;
};

struct compare_cell {
    const struct sweep *sweep; // NULL = not measured
    double figures[COMPARE_FIGURES];
    char *why_not; // why it can't be compared with the first side's; NULL = it can, or is the first
};

struct compare_row {
    const char *scenario, *topology, *length_layer;
    unsigned length;
    struct compare_cell *cells; // one per side
};

// How well a cap was held: a party of a side's sweep with a cap in percent of one CPU.
struct compare_cap {
    size_t side;
    const struct sweep *sweep;
    struct cap_use use;
};

#define COMPARE_ERROR 0.05 // probability that any of a comparison's intervals misses its ratio

// Figures that are decided by intervals.
enum compare_judged {
    JUDGED_THROUGHPUT, // packets/s: no loss
    JUDGED_PDR,        // packets/s: loss of at most HEADLINE_PDR
    JUDGED_MAX,        // packets/s: highest forwarding rate
    JUDGED_GOODPUT,    // bit/s, of TCP, which has none of the three above
    JUDGED_HOST_NS,    // CPU time per packet at the common loads
    JUDGED_ROUTER_NS,  // the mean of the routers there
    JUDGED_FIGURES,
    JUDGED_FOUND = JUDGED_FIGURES // bounds of a search
};

enum compare_word { WORD_UNDECIDED, WORD_SAME, WORD_BETTER, WORD_WORSE };

struct compare_verdict {
    size_t row, side;
    enum compare_judged figure;
    struct span first, other; // the sides' figures: medians, or bounds where the loads leave a gap
    size_t values;            // repeats per side, or pairs of equal loads
    size_t needed;            // so many would decide; 0 = `values` is enough
    struct span ratio;        // of `other` to `first`: bounds, if `needed` is 0
    enum compare_word word;
    const char *key;            // of the figure in files: "max_pps", …
    char *name;                 // for people: "max rate", "NET0, goal 0.5%", …
    const char *subject, *goal; // of bounds of a search: network or router; else NULL
    bool lower_is_better;
};

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
    struct compare_verdict *verdicts;
    size_t verdict_count;
    struct compare_texts warnings;     // differences besides the platform, and doubtful figures
    struct compare_texts not_compared; // a sentence for each excluded cell, point or run
};

// Reads and compares the folders (at least two). Exit status 2 for a folder without a readable run,
// or one that is given twice.
int compare_folders(const char *const *folders, size_t count, struct comparison **ret,
                    struct error *err);
void comparison_free(struct comparison *comparison); // NULL is fine
// Rows in which at least one side is compared with the first.
size_t comparison_compared(const struct comparison *comparison);

// Ratio of the cell's figure to the first side's; NaN if either is unknown, the first is 0, the
// cell can't be compared, or the figures are CPU times at different loads.
double compare_ratio(const struct compare_row *row, size_t side, enum compare_figure figure);

// ---- internal to compare*.c

// Compares sides whose points and runs are filled in: for compare_folders() and its tests.
void compare_conclude(struct comparison *comparison);

void compare_say(struct compare_texts *texts, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
// "scenario-1, bridged, 64-byte packets"; the caller frees it.
char *compare_title(const char *scenario, const char *topology, unsigned length,
                    const char *length_layer);
// Reads the folder of a side: all points, and run.json (of a reproduction the first run's).
int compare_read_side(struct comparison *comparison, struct compare_side *side, struct error *err);
// Fills the cells of all rows.
void compare_fill_rows(struct comparison *comparison);
void compare_find_caps(struct comparison *comparison);
void compare_find_verdicts(struct comparison *comparison);
// What the ratio of a verdict that has enough values says.
enum compare_word compare_word_of(const struct compare_verdict *verdict);
void compare_find_warnings(struct comparison *comparison);

#endif
