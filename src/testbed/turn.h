// SPDX-License-Identifier: GPL-3.0-or-later
// testbed/turn — allows one measurement at a time on this machine, because two would take CPU from
// each other.
#ifndef VRBENCH_TESTBED_TURN_H
#define VRBENCH_TESTBED_TURN_H

#include "base/error.h"

// Waits until no other process measures. Returns a descriptor; closing it ends the turn. -EINTR if
// a stop was requested.
int turn_take(struct error *err);

#endif
