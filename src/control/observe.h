// SPDX-License-Identifier: GPL-3.0-or-later
// control/observe — rates, losses and costs of readings, and the faults that readings show.
// control/ only.
#ifndef VRBENCH_CONTROL_OBSERVE_H
#define VRBENCH_CONTROL_OBSERVE_H

#include "control/control.h"

struct observer;
struct observer *observer_new(const struct control_setup *setup);
void observer_free(struct observer *observer); // NULL is fine
void observer_renew(struct observer *observer, const struct control_setup *setup);
void observer_take(struct observer *observer, const struct control_reading *reading,
                   const double *foreseen_pps);
const struct control_view *observer_view(const struct observer *observer);
void observer_strain(struct observer *observer, bool strained); // sets the view's member
const struct control_tally *observer_tally(const struct observer *observer, size_t flow);
// A fault that is new since the last call; NULL = none. The caller frees the text.
char *observer_fault(struct observer *observer);

#endif
