// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/top_text — the figures of `vrbench top` as a table with xentop's columns that fits a
 * width, and as JSON.
 *
 * Omits xentop's columns of block devices and security labels, which routers lack. If the columns
 * do not fit, MAXMEM is dropped first and CPU(%) never; names are cut last. Called by cli/.
 */
#ifndef VRBENCH_REPORT_TOP_TEXT_H
#define VRBENCH_REPORT_TOP_TEXT_H

#include "face/top.h"

struct top_lines {
    char **items; // the first line contains the headings; no newlines, no control characters
    size_t count;
};
void top_lines_clear(struct top_lines *lines);
#define _cleanup_top_lines_ __attribute__((cleanup(top_lines_clear)))

// Lines below each machine: one for its vCPUs, if known; one for each interface.
enum top_detail { TOP_VCPUS = 1, TOP_NETWORKS = 2 };

// `width` 0 = unlimited.
void top_lines_make(const struct top *top, unsigned width, unsigned details, struct top_lines *ret);

// One object on one line, without a newline: time, platform, interval_s, host_…, machines.
char *top_json(const struct top *top, unsigned details);

#endif
