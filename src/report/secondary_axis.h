// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/secondary_axis — a second Y axis for the charts of a finished workbook.
 *
 * libxlsxwriter supports one pair of axes only. This room rewrites its finished workbook and adds a
 * second pair of axes to charts (ECMA-376 part 1, §21.2): a second scatterChart with the right-hand
 * series, a value axis that crosses at the far end, and a hidden copy of the X axis. Called by
 * spreadsheet.c only.
 */
#ifndef VRBENCH_REPORT_SECONDARY_AXIS_H
#define VRBENCH_REPORT_SECONDARY_AXIS_H

#include <stddef.h>

#include "base/error.h"

struct secondary_axis {
    size_t left;       // number of series at the left axis, which come first
    size_t right;      // number of series at the right axis; 0 leaves the chart unchanged
    const char *title; // of the right axis
    double max;        // upper end of the axis, which starts at 0
};

// Rewrites the charts of the workbook at `path`: axes[0] describes xl/charts/chart1.xml, and so on.
int secondary_axis_add(const char *path, const struct secondary_axis *axes, size_t count,
                       struct error *err);

#endif
