// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/summary — what a run found, one row a topology and length, all networks together.
 *
 * From valid points only; of repeats the median. Called by cli/ after a run (table on the
 * terminal, JSON for programs) and by the spreadsheet. A figure that does not exist is NaN.
 */
#ifndef VRBENCH_REPORT_SUMMARY_H
#define VRBENCH_REPORT_SUMMARY_H

#include "report/writer.h"
#include "result/result.h"

struct summary {
    const char *scenario, *platform, *engine, *topology, *length_layer; // of the points
    unsigned length;
    // Forwarded packets/s, sum over the networks, at the highest step that, as all valid ones
    // below it, lost no more than the ratio given; NaN if the lowest lost more already.
    double no_loss_pps;
    double max_pps;         // highest sum of forwarded packets/s
    double loss_at_top;     // ratio at the highest offered load
    double host_percent;    // CPU of the host at no_loss_pps
    double routers_percent; // CPU of all routers there
    double ns_per_packet;   // CPU time of host and routers over packets received there
    size_t points, invalid; // trial points; the invalid ones are among them
};

// Points and summaries, in order of measuring. The points must outlive the summaries, an array
// that the caller free()s. `loss_ratio` is what still counts as no loss: 0, or that of a PDR.
size_t summary_compute_within(const struct point_list *points, double loss_ratio,
                              struct summary **ret);
// The same for a loss ratio of 0.
size_t summary_compute(const struct point_list *points, struct summary **ret);

extern const struct column summary_columns[];
extern const size_t summary_column_count;

// Writes the rows and finishes the writer, which was made with summary_columns.
int summary_list(const struct point_list *points, struct writer *writer, struct error *err);

#endif
