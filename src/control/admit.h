// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * control/admit — which contracts can be kept, before any packet is sent: from the costs of packets
 * that a model supplies, or that readings have shown. Pure.
 */
#ifndef VRBENCH_CONTROL_ADMIT_H
#define VRBENCH_CONTROL_ADMIT_H

#include "control/control.h"

// Why a contract can't be kept even if it is the only one; NULL = it can, or its costs are unknown.
// The caller frees the text.
char *admit_refusal(const struct control_view *view, size_t flow);
// Which contracts break if all networks offer the rates of their contracts at the same time; NULL =
// none. The caller frees the text.
char *admit_overbooking(const struct control_view *view);

#endif
