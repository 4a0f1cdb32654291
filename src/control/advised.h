// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/advised — the last advice of a controller that changes nothing, so that none is repeated.
 * Pure.
 *
 * Called by control/loop.
 */
#ifndef VRBENCH_CONTROL_ADVISED_H
#define VRBENCH_CONTROL_ADVISED_H

#include "control/control.h"

struct advised {
    char *reason; // NULL = none yet
    struct control_share *shares;
};

// Takes an advice for `party_count` parties. Returns whether it is new: its reason differs from the
// last one's, figures apart, or a share by more than is worth an action. Copies what it keeps.
bool advised_take(struct advised *advised, const struct control_action *action, size_t party_count);
void advised_clear(struct advised *advised);

#endif
