// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * ration/divider — a thread that redivides caps held by SCHED_DEADLINE as the load changes
 * (ration/ration).
 */
#ifndef VRBENCH_RATION_DIVIDER_H
#define VRBENCH_RATION_DIVIDER_H

#include <stddef.h>

#include "linux/cpu.h"
#include "ration/ration.h"

struct divider;

// Starts a thread on `cpus` that makes a step every RATION_STEP_NS for the rations of the array.
// Its elements may be changed between divider_lock() and divider_unlock().
int divider_start(struct ration *const *rations, size_t count, const struct cpu_list *cpus,
                  struct divider **ret, struct error *err);
void divider_stop(struct divider *divider); // NULL is fine
void divider_lock(struct divider *divider); // NULL is fine
void divider_unlock(struct divider *divider);

#endif
