// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/secondary_axis — a second Y axis for the charts of a finished workbook.
 *
 * libxlsxwriter draws everything against one pair of axes. This takes a workbook it has closed and
 * gives charts a second pair as the format provides for it (ECMA-376 part 1, §21.2): a second
 * scatterChart with the series that belong to the right, a value axis that crosses at the far end
 * and an X axis equal to the first one but not shown. Called by spreadsheet.c only.
 */
#ifndef VRBENCH_REPORT_SECONDARY_AXIS_H
#define VRBENCH_REPORT_SECONDARY_AXIS_H

#include <stddef.h>

#include "base/error.h"

struct secondary_axis {
    size_t left;       // series that stay at the left axis; those after them go to the right
    size_t right;      // how many these are; 0 leaves the chart as it is
    const char *title; // of the right axis
    double max;        // its end; it begins at 0
};

// Rewrites xl/charts/chart1.xml and so on of the workbook at `path` by axes[0] and so on.
int secondary_axis_add(const char *path, const struct secondary_axis *axes, size_t count,
                       struct error *err);

#endif
