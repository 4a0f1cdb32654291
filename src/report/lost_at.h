// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/lost_at — a sentence about the losses of a sweep: which networks lost packets at the
 * highest load, and the places of these losses. Called by cli/run_summary.c.
 */
#ifndef VRBENCH_REPORT_LOST_AT_H
#define VRBENCH_REPORT_LOST_AT_H

#include "report/steps.h"

#define LOST_AT_PLACES 3U // places that are named; the others are summed

// "bridged, 64-byte packets, 200,000 pps offered: lost of NET0 (r1) 85 %; where: host:nic0 receive
// ring 71 %, …",
// in percent of the offered packets of the network, then of all lost packets, over all repeats. The
// load is the highest with a valid point. If that load lost nothing, or no point is valid, it is
// the highest invalid load above it, which the sentence calls invalid: its losses are counted
// exactly, but other programs, the tester or a stall may have caused them. NULL if neither load
// lost packets, or the sweep is one of TCP; the caller frees the sentence.
char *lost_at_text(const struct sweep *sweep);

#endif
