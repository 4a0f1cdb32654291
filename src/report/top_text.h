// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/top_text — what `vrbench top` knows as lines of a table with xentop's columns, fit for a
 * width, and as JSON.
 *
 * xentop's columns of block devices and security labels are left out: routers have none. Where all
 * columns don't fit, MAXMEM goes first, then what else can best be missed, CPU(%) never; a name is
 * cut only if that is still not enough. Called by cli/.
 */
#ifndef VRBENCH_REPORT_TOP_TEXT_H
#define VRBENCH_REPORT_TOP_TEXT_H

#include "face/top.h"

struct top_lines {
    char **items; // the first is the headings; no newlines, no control characters
    size_t count;
};
void top_lines_clear(struct top_lines *lines);
#define _cleanup_top_lines_ __attribute__((cleanup(top_lines_clear)))

// What is shown of each machine below it: a line for all its vCPUs, where they are told; a line for
// each interface.
enum top_detail { TOP_VCPUS = 1, TOP_NETWORKS = 2 };

// `width` 0 = as wide as it takes.
void top_lines_make(const struct top *top, unsigned width, unsigned details, struct top_lines *ret);

// One object on one line, without a newline: time, platform, interval_s, host_…, machines.
char *top_json(const struct top *top, unsigned details);

#endif
