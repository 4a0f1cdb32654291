// SPDX-License-Identifier: GPL-3.0-or-later
// report/words — how sweeps and their findings are put into words, the same everywhere.
#ifndef VRBENCH_REPORT_WORDS_H
#define VRBENCH_REPORT_WORDS_H

#include "report/steps.h"
#include "report/summary.h"
#include "result/platform_facts.h"

// "byte packets", "byte payloads" or "byte frames", by what a point's length counts.
const char *words_length_layer(const char *length_layer);
// "scenario-1 (netns, packet): bridged, 64-byte packets"; the caller frees it.
char *words_sweep_title(const struct sweep *sweep);
// What a row of the summary says, in a sentence or three; the caller frees it.
char *words_summary(const struct summary *summary);

// What is to be known of the platform before a figure is believed, in a sentence or two: "Routers
// were machines under emulation (TCG): …". The caller frees it.
char *words_platform(const struct platform_facts *facts);

#endif
