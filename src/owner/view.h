// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/view — lets others look at the testbeds of a run: a thread of the run's process that
 * answers samples on a socket of its own, /run/vrbench/run-PID.
 *
 * It attaches to the run's testbeds by their records, as any other process could, and so shares
 * nothing with the thread that measures.
 */
#ifndef VRBENCH_OWNER_VIEW_H
#define VRBENCH_OWNER_VIEW_H

#include "base/error.h"

struct view;
// Starts the thread. A run whose view can't be started is measured all the same: the caller
// decides.
int view_start(struct view **ret, struct error *err);
void view_stop(struct view *view); // NULL is fine

#endif
