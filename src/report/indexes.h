// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * report/indexes — performance indexes of a virtual router set-up, computed from the points of a
 * run. docs/indexes.md defines each one.
 *
 * An index that the points do not determine is left out, never estimated. Called by the
 * spreadsheet, the page and cli/.
 */
#ifndef VRBENCH_REPORT_INDEXES_H
#define VRBENCH_REPORT_INDEXES_H

#include <jansson.h>

#include "report/steps.h"
#include "report/writer.h"
#include "result/result.h"

struct index_kind {
    const char *key;  // in JSON: "throughput", …
    const char *name; // for people
    const char *unit; // "packets/s", "ns per packet", "%", …; "" = a ratio
    int decimals;
    const char *better; // "higher", "lower" or "near 0"
};

struct index_value {
    const struct index_kind *kind;
    const struct point *first; // scenario, platform, engine, topology, length of the points
    const char *subject;       // network or router; NULL = the whole set-up
    double value;              // of an interval: its lower end
    double high;               // upper end of an interval; NAN = not an interval, or no upper end
    bool at_least;             // the points bound the index from below only
};

// Computes the indexes of each topology and length, in order of measuring. The points must outlive
// them; the caller frees the array with free().
size_t indexes_compute(const struct point_list *points, struct index_value **ret);
// The same from sweeps of the points. Subjects are names in the sweeps' points.
size_t indexes_of_sweeps(const struct sweep *sweeps, size_t count, struct index_value **ret);

extern const struct column index_columns[];
extern const size_t index_column_count;
// Writes the rows and finishes the writer, which was created with index_columns.
int indexes_list(const struct point_list *points, struct writer *writer, struct error *err);
// A new array of one object an index.
json_t *indexes_to_json(const struct sweep *sweeps, size_t count);

#endif
