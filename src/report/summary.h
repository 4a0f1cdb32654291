// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/summary — the summary of a run: one row per topology and length, all networks together.
 *
 * Uses valid points only, and medians of repeats. An unknown figure is NaN. Called by cli/ after a
 * run (table on the terminal, JSON for programs) and by the spreadsheet.
 */
#ifndef VRBENCH_REPORT_SUMMARY_H
#define VRBENCH_REPORT_SUMMARY_H

#include "report/steps.h"
#include "report/writer.h"
#include "result/bounds.h"
#include "result/result.h"

struct summary {
    const char *scenario, *platform, *engine, *topology, *length_layer; // of the points
    unsigned length;
    // Forwarded packets/s, sum over the networks, at the lower bound of the loads that lose at most
    // the given ratio (bounds_enclose()); NaN = none.
    double no_loss_pps;
    double max_pps;        // highest sum of forwarded packets/s; more than a lower bound of the
    enum rate_limit limit; // routers' rate only if RATE_SATURATED
    size_t invalid_above;  // requested loads above the highest valid one, all invalid
    // Sums of offered loads between which losses begin (ratio 0, HEADLINE_PDR); none of TCP.
    struct bounds throughput, pdr;
    bool adapts;            // by TCP: no_loss_pps, max_pps and loss_at_top are NaN, and
    double goodput_bps;     // the highest sum of goodput; the next figures are those there
    double loss_at_top;     // ratio at the highest valid load
    double host_percent;    // CPU of the host at no_loss_pps
    double routers_percent; // CPU of all routers there
    double ns_per_packet;   // CPU time of host and routers over packets received there
    // Intervals of these medians over the repeats; NaN with a single repeat.
    struct span no_loss_span, max_span, loss_at_top_span, host_span, routers_span, ns_span;
    size_t repeats;         // fewest of the loads with several that figures are of; else 1, or 0
    size_t points, invalid; // `points` includes the invalid ones
};

// Computes the summaries in order of measuring; the caller frees the array with free(). The points
// must outlive it. Loss up to `loss_ratio` counts as no loss: 0, or the ratio of a PDR.
size_t summary_compute_within(const struct point_list *points, double loss_ratio,
                              struct summary **ret);
// The same from sweeps of the points, which may be freed afterwards.
size_t summaries_of_sweeps(const struct sweep *sweeps, size_t count, double loss_ratio,
                           struct summary **ret);
// summary_compute with a loss ratio of 0.
size_t summary_compute(const struct point_list *points, struct summary **ret);

extern const struct column summary_columns[];
extern const size_t summary_column_count;
// The columns after these are the intervals' and are for spreadsheets and programs.
extern const size_t summary_people_columns;

// Writes the rows and finishes the writer, which was created with summary_columns.
int summary_list(const struct point_list *points, struct writer *writer, struct error *err);

#endif
