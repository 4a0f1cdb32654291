// SPDX-License-Identifier: GPL-3.0-or-later
// measure/trial — one trial on a bench: read, start, run, stop, drain, read again. Called by run/.
#ifndef VRBENCH_MEASURE_TRIAL_H
#define VRBENCH_MEASURE_TRIAL_H

#include "measure/bench.h"
#include "result/result.h"
#include "search/search.h"

// Runs one trial of a load. Reasons not to trust it are written to its point (`valid`,
// `why_invalid`) and to its outcome. They include a router's death and contradictory counts of the
// engine, after which the point has no figures. -EINTR if a stop was requested.
int trial_run(struct bench *bench, const struct load *load, struct point *ret,
              struct outcome *ret_outcome, struct error *err);

// Whether a failure means that a router's threads or interfaces, or the cables to them, no longer
// exist.
bool trial_is_death(int rc);

#endif
