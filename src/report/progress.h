// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/progress — shows the progress of a run.
 *
 * On a terminal: a line per point, dimmed if the point is invalid, above one line that is redrawn
 * in place and erased at the end. Otherwise (log, pipe): a line per point. Only one progress exists
 * at a time, since base/log has one pair of hooks:
 *
 *     progress_start(stderr, total);
 *     log_set_interruption(progress_interrupt, progress_resume);
 *     … progress_label("bridged 64 B 23,000 pps"); … progress_point(&point); …
 *     progress_finish();
 *
 * Before progress_start() and after progress_finish() the other functions do nothing.
 */
#ifndef VRBENCH_REPORT_PROGRESS_H
#define VRBENCH_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "result/result.h"

// Shows nothing from the next progress_start() on.
void progress_set_quiet(bool quiet);
// `out` must stay open until progress_finish(); `total` is the number of points to measure.
void progress_start(FILE *out, size_t total);
// Sets the description of the current work, as printf.
void progress_label(const char *format, ...) __attribute__((format(printf, 1, 2)));
// Counts a point that was measured and saved.
void progress_point(const struct point *point);
// Adds points to the total, or replaces it.
void progress_add_total(size_t more);
void progress_set_total(size_t total);
// Clear the line, so that another message can be printed, and draw it again.
void progress_interrupt(void);
void progress_resume(void);
void progress_finish(void);

#endif
