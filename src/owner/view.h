// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * owner/view — serves samples of a run's testbeds to `list` and `top`: a thread of the run's
 * process with the socket /run/vrbench/run-PID.
 *
 * The thread attaches to the testbeds by their records, as another process would, and so shares no
 * data with the measuring thread.
 */
#ifndef VRBENCH_OWNER_VIEW_H
#define VRBENCH_OWNER_VIEW_H

#include "base/error.h"

struct view;
// Starts the thread. The caller decides whether a failure ends the run.
int view_start(struct view **ret, struct error *err);
void view_stop(struct view *view); // NULL is fine

#endif
