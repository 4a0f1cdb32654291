// SPDX-License-Identifier: GPL-3.0-or-later
// report/words — sentences that describe sweeps, results and platforms.
#ifndef VRBENCH_REPORT_WORDS_H
#define VRBENCH_REPORT_WORDS_H

#include "report/steps.h"
#include "report/summary.h"
#include "result/platform_facts.h"

// Marks bounds of a topology in which even a low load lost packets. ASCII: libsmartcols loops
// forever on other characters in a locale without them.
#define WORDS_UNSTABLE "!"

// "byte packets", "byte payloads" or "byte frames", by the layer of a point's length.
const char *words_length_layer(const char *length_layer);
// The length of the packets in a title: "64-byte packets", "imix, 342-byte packets in the mean".
// The caller frees it.
char *words_length(const struct point *point);
// "scenario-1 (netns, packet): bridged, 64-byte packets"; the caller frees it.
char *words_sweep_title(const struct sweep *sweep);
// Describes a row of the summary in up to three sentences; the caller frees it.
char *words_summary(const struct summary *summary);

// Bounds of a figure, short enough for a table: "66,651-71,101", "1,071k", ">=561,347", "<75,000".
// 0 or NaN below and INFINITY or NaN above = no bound. NULL if there is none; the caller frees it.
char *words_bounds(double low, double high);

// Describes the platform, which limits what the figures mean: "Routers were machines under
// emulation (TCG): …". The caller frees it.
char *words_platform(const struct platform_facts *facts);

#endif
