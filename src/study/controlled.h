// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/controlled — a run of the programme on a testbed that `vrbench control` controls meanwhile.
 *
 * The testbed exists during the run only. The controller is a process of its own, as when a user
 * starts it. Called by reproduce.c.
 */
#ifndef VRBENCH_STUDY_CONTROLLED_H
#define VRBENCH_STUDY_CONTROLLED_H

#include "result/result.h"
#include "run/job.h"

// Builds the testbed of the job's scenario in its first topology, starts a controller with the
// contracts file, measures (job_run()), and removes both. A testbed that a killed process left
// behind for the same file is removed before. The job's `loan` is set here.
int controlled_run(const struct job *job, const char *contracts, struct point_list *points,
                   struct error *err);

#endif
