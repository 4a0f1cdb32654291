// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/progress — how far a run is, for whoever waits for it.
 *
 * On a terminal one line, redrawn in place and gone at the end; anywhere else (a log, a pipe) a
 * plain line a point. There is one progress at a time, since base/log's hooks know only one:
 *
 *     progress_start(stderr, total);
 *     log_set_interruption(progress_interrupt, progress_resume);
 *     … progress_label("bridged 64 B 23,000 pps"); … progress_point(&point); …
 *     progress_finish();
 *
 * Without progress_start(), or after progress_finish(), the other functions do nothing.
 */
#ifndef VRBENCH_REPORT_PROGRESS_H
#define VRBENCH_REPORT_PROGRESS_H

#include <stddef.h>
#include <stdio.h>

#include "result/result.h"

// `out` must stay open until progress_finish(); `total` is the number of points to come.
void progress_start(FILE *out, size_t total);
// What is being done now, as printf.
void progress_label(const char *format, ...) __attribute__((format(printf, 1, 2)));
// A point is measured and kept.
void progress_point(const struct point *point);
// More points have turned out to be needed.
void progress_add_total(size_t more);
// Clears the line so that something else can be printed, and draws it again.
void progress_interrupt(void);
void progress_resume(void);
void progress_finish(void);

#endif
