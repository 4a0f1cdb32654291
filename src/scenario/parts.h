// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/parts — what the files of scenario/ share about scenario.h's structs. scenario/ only.
#ifndef VRBENCH_SCENARIO_PARTS_H
#define VRBENCH_SCENARIO_PARTS_H

#include "scenario/scenario.h"

// Words of the enums, in their order, ended by NULL.
extern const char *const topology_names[];
extern const char *const length_layer_names[];
extern const char *const on_crash_names[];
extern const char *const routing_daemon_names[];
extern const char *const method_names[];
extern const char *const engine_names[]; // of struct engine_traits

// Number of rates from from_bps to at most to_bps, which isn't lower; step_bps is positive.
size_t rates_in_range(const struct rate_plan *rates);
// Free what the struct owns, not the struct itself.
void network_release(struct scenario_network *network);
void scenario_release(struct scenario *scenario);

#endif
