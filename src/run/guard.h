// SPDX-License-Identifier: GPL-3.0-or-later
// run/guard — what a run is of, so that --resume never mixes two. Used by run/ and its tests.
#ifndef VRBENCH_RUN_GUARD_H
#define VRBENCH_RUN_GUARD_H

#include <jansson.h>

#include "base/error.h"
#include "run/job.h"

// Everything that determines what a run measures, as an object of texts: the scenario's own text by
// its hash, what the command line put in its place, and each file that the scenario names: small
// ones by a hash of what is in them, disk images and kernels by length and time of change.
json_t *guard_make(const struct job *job);
// Whether a run of the job may go on with one whose guard was `before`. If not, fail_input() with
// what differs.
int guard_check(const struct job *job, const json_t *before, struct error *err);

#endif
