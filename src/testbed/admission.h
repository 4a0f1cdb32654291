// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/admission — internal to testbed/: the kernel's admission check of SCHED_DEADLINE,
 * disabled for the whole machine while a cap is held that way on threads bound to CPUs.
 *
 * Every testbed that needs it disabled holds a shared lock (flock(2)) on the file of the setting,
 * after writing its old value to the record: "admission": {"was": N}. The last testbed to release
 * the lock restores the setting; for a process that died, the cleanup does.
 */
#ifndef VRBENCH_TESTBED_ADMISSION_H
#define VRBENCH_TESTBED_ADMISSION_H

#include "testbed/record.h"

// Returns the descriptor of the lock. Exit status 3 if the setting is not writable.
int admission_hold(struct record *record, struct error *err);
// Releases and closes `lock`. The tasks must have left SCHED_DEADLINE. Does nothing if nothing is
// held.
int admission_let_go(struct record *record, int lock, struct error *err);

#endif
