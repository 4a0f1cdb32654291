// SPDX-License-Identifier: GPL-3.0-or-later
// report/whole — writes all files that derive from a folder's record. Called by `vrbench report`.
#ifndef VRBENCH_REPORT_WHOLE_H
#define VRBENCH_REPORT_WHOLE_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "report/figure_style.h"

struct report_written {
    size_t runs, figures;
    json_t *control; // rows of control_list.h, each with the folder of its run as "run"
};
void report_written_clear(struct report_written *written);

// Writes points.csv, report.xlsx, figures and report.html of a run, or of every run of a
// reproduction and the reproduction's page. Reads each record once. Without gnuplot, writes all but
// the drawn figures and fails with exit status 3. `tables` gets the table of contracts of each run
// that a controller accompanied; NULL = none. The caller frees `ret`, also after a failure.
int report_write_whole(const char *folder, enum figure_style style, FILE *tables,
                       struct report_written *ret, struct error *err);

#endif
