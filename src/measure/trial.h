// SPDX-License-Identifier: GPL-3.0-or-later
// measure/trial — one trial on a bench: read, start, run, stop, drain, read again. Called by run/.
#ifndef VRBENCH_MEASURE_TRIAL_H
#define VRBENCH_MEASURE_TRIAL_H

#include "measure/bench.h"
#include "result/result.h"
#include "search/search.h"

// Runs one trial of a load. Whatever keeps it from being trusted is written into its point
// (`valid`, `why_invalid`) and its outcome: also a router's death, and counts of the engine that
// can't be believed, after which the point has no figures. -EINTR if a stop was requested.
int trial_run(struct bench *bench, const struct load *load, struct point *ret,
              struct outcome *ret_outcome, struct error *err);

// Whether a failure says that a router's threads or interfaces, or the cables to them, are gone.
bool trial_is_death(int rc);

#endif
