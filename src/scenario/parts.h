// SPDX-License-Identifier: GPL-3.0-or-later
// scenario/parts — helpers for scenario.h's structs that the files of scenario/ share. scenario/
// only.
#ifndef VRBENCH_SCENARIO_PARTS_H
#define VRBENCH_SCENARIO_PARTS_H

#include "scenario/scenario.h"

// Words of the enums, in their order; NULL at the end.
extern const char *const topology_names[];
extern const char *const length_layer_names[];
extern const char *const on_crash_names[];
extern const char *const routing_daemon_names[];
extern const char *const method_names[];
extern const char *const directions_names[];
extern const char *const flows_by_names[];
extern const char *const pacing_names[];
extern const char *const engine_names[]; // names in struct engine_traits' order

// Number of rates from from_bps to to_bps. Requires from_bps <= to_bps and step_bps > 0.
size_t rates_in_range(const struct rate_plan *rates);
// Free the members of the struct, not the struct itself.
void network_release(struct scenario_network *network);
void scenario_release(struct scenario *scenario);

#endif
