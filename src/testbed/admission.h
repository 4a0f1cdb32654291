// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/admission — inside of the testbed room: the kernel's admission check of SCHED_DEADLINE,
 * off for the whole machine while a cap is held that way on threads bound to CPUs.
 *
 * Every testbed that needs it off holds a shared lock (flock(2)) on the setting's own file, and its
 * record says, beforehand, what the setting was: "admission": {"was": N}. Whoever lets go and finds
 * nobody else restores it; for one that died, the cleaner does.
 */
#ifndef VRBENCH_TESTBED_ADMISSION_H
#define VRBENCH_TESTBED_ADMISSION_H

#include "testbed/record.h"

// Returns the descriptor of the lock. Exit status 3 where the setting can't be written.
int admission_hold(struct record *record, struct error *err);
// `lock` is closed. The tasks must have left SCHED_DEADLINE. Does nothing where nothing is held.
int admission_let_go(struct record *record, int lock, struct error *err);

#endif
