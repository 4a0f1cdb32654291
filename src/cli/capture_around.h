// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * cli/capture_around — captures only what passes around a loss. The captures of all points stay in
 * memory until it is known whether a packet was lost near them. Called by cmd_capture.c.
 */
#ifndef VRBENCH_CLI_CAPTURE_AROUND_H
#define VRBENCH_CLI_CAPTURE_AROUND_H

#include "cli/capture_point.h"

struct capture_around_spec {
    struct capture_point *points; // tcpdump of each writes to its standard output
    size_t count;
    uint64_t before_ns, after_ns; // of each loss
    uint64_t losses;              // end after so many; 0 = no such end
};

// Captures until CLOCK_MONOTONIC reads `until_ns`, a stop is requested or the losses are complete,
// and about 3.2 s longer, since a loss is noticed later. Prints each loss and the counts.
int capture_around(const struct capture_around_spec *spec, uint64_t until_ns, struct error *err);

#endif
