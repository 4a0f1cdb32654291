// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/top_screen — `vrbench top` on the whole terminal. Reads keys, and restores the terminal on
 * every exit: a key, SIGINT, SIGTERM, SIGHUP, SIGQUIT, an error, a crash.
 */
#ifndef VRBENCH_CLI_TOP_SCREEN_H
#define VRBENCH_CLI_TOP_SCREEN_H

#include "face/top.h"

struct top_view {
    double delay_s; // between two readings
    enum top_order order;
    unsigned details; // of enum top_detail
    uint64_t count;   // number of readings to show; 0 = no limit
};

// Shows the source until the user presses q or `count` readings were shown. Fails with exit status
// 3 if the terminal is unusable.
int top_screen_run(struct top_source *source, struct top_view *view, struct error *err);

#endif
