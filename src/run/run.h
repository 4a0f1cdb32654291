// SPDX-License-Identifier: GPL-3.0-or-later
// run/run — measures one scenario into one folder: connects measuring, storing and showing.
#ifndef VRBENCH_RUN_RUN_H
#define VRBENCH_RUN_RUN_H

#include "base/error.h"
#include "result/result.h"
#include "run/job.h"

// Checks that the job's folder is usable: a new run requires a folder without a run, a resumed run
// one with the same job. Changes nothing; fails with exit status 2.
int job_check(const struct job *job, struct error *err);
// Measures, and completes the folder in every case: points so far, run.json with the reason of the
// end, CSV and spreadsheet. `ret_points` gets all points of the folder, also on failure, unless the
// folder was refused. `ret_reported` (may be NULL): whether the report of these points was written;
// false if the disk was full.
int job_run(const struct job *job, struct point_list *ret_points, bool *ret_reported,
            struct error *err);

#endif
