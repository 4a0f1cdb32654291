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
// Measures, and leaves the folder complete whatever happens: points so far, run.json with how it
// ended, CSV and spreadsheet. `ret_points` gets all points of the folder, also on failure,
// unless the folder was refused. `ret_reported`, which may be NULL: whether the folder has the
// report of these points; it has not where the disk was full.
int job_run(const struct job *job, struct point_list *ret_points, bool *ret_reported,
            struct error *err);

#endif
