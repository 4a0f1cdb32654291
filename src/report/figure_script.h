// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/figure_script — gnuplot scripts for the figures of sweeps.
 *
 * A script reads the data file beside it (figure_columns) and writes NAME.svg and NAME.png, run in
 * its own folder: `gnuplot NAME.gp`. Colours are those of Okabe and Ito; every curve also has a
 * marker and a dash of its own. Called by figures.c.
 */
#ifndef VRBENCH_REPORT_FIGURE_SCRIPT_H
#define VRBENCH_REPORT_FIGURE_SCRIPT_H

#include "report/steps.h"

enum figure_graph {
    GRAPH_RECEIVED, // packets received against packets transmitted
    GRAPH_CPU,      // the same, with CPU on the right-hand axis
    GRAPH_LOSS,
    GRAPH_NS, // CPU time a packet
    GRAPH_DELAY,
    GRAPH_PLACES, // where packets were lost
    GRAPH_COUNT
};

// A word for file names: "received", "cpu", "loss", "ns-a-packet", "delay", "places".
const char *figure_graph_name(enum figure_graph graph);
// The script of one figure, or NULL if nothing was measured that it could show. `name` is that of
// its files without suffix, `data` that of the data file; both safe names. The caller frees it.
char *figure_script(const struct sweep *sweep, enum figure_graph graph, const char *name,
                    const char *data);
// One figure of several sweeps that differ in topology: received against transmitted, all networks
// together. `data` has a name a sweep.
char *figure_script_topologies(const struct sweep *const *sweeps, const char *const *data,
                               size_t count, const char *name);

#endif
