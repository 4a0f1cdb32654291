// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/figure_script — gnuplot scripts for the figures of sweeps.
 *
 * A script is run in its folder (`gnuplot NAME.gp`), reads the data file there (figure_columns) and
 * writes NAME.svg, NAME.png and NAME.pdf. Colours are those of Okabe and Ito; curves also differ by
 * marker and dash. Called by figures.c.
 */
#ifndef VRBENCH_REPORT_FIGURE_SCRIPT_H
#define VRBENCH_REPORT_FIGURE_SCRIPT_H

#include "report/figure_style.h"
#include "report/steps.h"

enum figure_graph {
    GRAPH_RECEIVED, // packets received against packets transmitted
    GRAPH_CPU,      // the same, with CPU on the right-hand axis
    GRAPH_LOSS,
    GRAPH_NS, // CPU time per packet
    GRAPH_DELAY,
    GRAPH_PLACES, // where packets were lost
    GRAPH_COUNT
};

// A graph's part of file names: "received", "cpu", "loss", "ns-a-packet", "delay", "places".
const char *figure_graph_name(enum figure_graph graph);
// The script of one figure, or NULL if it has nothing to show. `name` is the name of its files
// without suffix, `data` the name of the data file; both are safe names. The caller frees it.
char *figure_script(const struct sweep *sweep, enum figure_graph graph, enum figure_style style,
                    const char *name, const char *data);
// One figure for several sweeps that differ in topology: packets received against transmitted, all
// networks together. `data` contains a name for each sweep.
char *figure_script_topologies(const struct sweep *const *sweeps, const char *const *data,
                               size_t count, enum figure_style style, const char *name);

#endif
