// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/disturbance — the account of what happened during a trial that is not the testbed's work:
 * CPUs that were taken away, and programs of others. Called by trial.c; the verdict judges it.
 */
#ifndef VRBENCH_MEASURE_DISTURBANCE_H
#define VRBENCH_MEASURE_DISTURBANCE_H

#include "result/result.h"
#include "testbed/reading.h"

// Writes stalls to the processors of a point, which are filled in, and lists programs of others
// that used at least 1 % of a CPU.
void disturbance_account(const struct disturbance *disturbance, struct point *point);

// The longest time, in ns, for which the CPUs were away, all stalls of all CPUs together. ret_worst
// gets the longest stall; it is written only if there was one.
uint64_t disturbance_stalled_ns(const struct disturbance *disturbance,
                                struct heartbeat_stall *ret_worst);

#endif
