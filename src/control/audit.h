// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/audit — lines of the audit log: one JSON object for each action and event. Pure.
 */
#ifndef VRBENCH_CONTROL_AUDIT_H
#define VRBENCH_CONTROL_AUDIT_H

#include "control/control.h"

// An action: {"time", "testbed", "policy", "action": "set" or "advise", "reason", "shares":
// [{"name", "weight", "cap", "weight_before", "cap_before"}]}. Without final newline; the caller
// frees it.
char *audit_action(uint64_t realtime_ns, const char *testbed, const char *policy, bool advise,
                   const struct control_view *view, const struct control_action *action);
// An event: {"time", "testbed", "event"}.
char *audit_event(uint64_t realtime_ns, const char *testbed, const char *event);

#endif
