// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/top_screen — `vrbench top` in a terminal: the whole screen, keys, and the terminal as it was
 * on every way out: a key, SIGINT, SIGTERM, SIGHUP, SIGQUIT, an error, a crash.
 */
#ifndef VRBENCH_CLI_TOP_SCREEN_H
#define VRBENCH_CLI_TOP_SCREEN_H

#include "face/top.h"

struct top_view {
    double delay_s; // between two readings
    enum top_order order;
    unsigned details; // of enum top_detail
    uint64_t count;   // readings after which it ends; 0 = none
};

// Shows the source until q is pressed or `count` readings were shown. A terminal that can't be used
// is something lacking (3).
int top_screen_run(struct top_source *source, struct top_view *view, struct error *err);

#endif
