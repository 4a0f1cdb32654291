// SPDX-License-Identifier: GPL-3.0-or-later
// report/tcp_list — the figures of TCP as a table for people: a row for each load and network.
// Called by cli/.
#ifndef VRBENCH_REPORT_TCP_LIST_H
#define VRBENCH_REPORT_TCP_LIST_H

#include "report/writer.h"
#include "result/result.h"

// Whether an engine that sends by TCP measured the points, all of one run.
bool tcp_list_suits(const struct point_list *points);

extern const struct column tcp_columns[];
extern const size_t tcp_column_count;
// Writes the medians of valid points, and finishes the writer, which was created with tcp_columns.
int tcp_list(const struct point_list *points, struct writer *writer, struct error *err);

#endif
