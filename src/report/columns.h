// SPDX-License-Identifier: GPL-3.0-or-later
// report/columns — the columns by which rows of several tables name what they are about. Called by
// the tables of runs and comparisons.
#ifndef VRBENCH_REPORT_COLUMNS_H
#define VRBENCH_REPORT_COLUMNS_H

#include "report/writer.h"

// clang-format off
#define COLUMN_SCENARIO     {"scenario", "Scenario", COLUMN_CONTEXT, 0}
#define COLUMN_PLATFORM     {"platform", "Platform", COLUMN_CONTEXT, 0}
#define COLUMN_ENGINE       {"engine", "Engine", COLUMN_CONTEXT, 0}
#define COLUMN_TOPOLOGY     {"topology", "Topology", COLUMN_TEXT, 0}
#define COLUMN_LENGTH(key)  {key, "Length", COLUMN_NUMBER, 0}
#define COLUMN_LENGTH_LAYER {"length_layer", "Length of", COLUMN_CONTEXT, 0}
#define COLUMN_RUN          {"run", "Run", COLUMN_TEXT, 0}
// clang-format on

#endif
