// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/turn — one measurement at a time on this machine: two would take CPU from each other.
#ifndef VRBENCH_TESTBED_TURN_H
#define VRBENCH_TESTBED_TURN_H

#include "base/error.h"

// Waits until nobody else measures. Returns a descriptor: close it to give the turn back. -EINTR if
// a stop was requested meanwhile.
int turn_take(struct error *err);

#endif
