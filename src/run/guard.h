// SPDX-License-Identifier: GPL-3.0-or-later
// run/guard — the identity of a run, so that --resume never mixes two different runs. Used by run/
// and its tests.
#ifndef VRBENCH_RUN_GUARD_H
#define VRBENCH_RUN_GUARD_H

#include <jansson.h>

#include "base/error.h"
#include "run/job.h"

// Collects everything that determines what a run measures in an object of texts: a hash of the
// scenario's text, the overriding command-line options, and each file that the scenario names
// (small files by a hash of the content, disk images and kernels by length and modification time).
json_t *guard_make(const struct job *job);
// Checks that a run of the job may continue one whose guard was `before`. If not, fails with exit
// status 2 and the difference.
int guard_check(const struct job *job, const json_t *before, struct error *err);

#endif
