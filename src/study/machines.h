// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/machines — adaptations for routers that are virtual machines: they start slowly, have
 * memory of their own, and under emulation forward a hundredth of what a kernel does. Called by
 * programme.c, reproduce.c, claims.c and cli/.
 */
#ifndef VRBENCH_STUDY_MACHINES_H
#define VRBENCH_STUDY_MACHINES_H

#include "scenario/scenario.h"
#include "study/timing.h"
#include "study/verdict.h"

// Fewer loads and longer trials than for namespaces. Whether machines are emulated is unknown
// before the first run.
extern const struct timing timing_machines, timing_machines_quick;

// Whether the routers of a scenario's `platform` are virtual machines.
bool machines_are_made_by(const char *platform);
// Returns the timing for a platform that replaces `asked`.
const struct timing *machines_timing(const struct timing *asked, const char *platform);

// Additional seconds of a run because its routers are machines, beside its trials; 0 for other
// timings. The run has `testbeds` testbeds of `routers` each, and `searches` searches for loads.
double machines_overhead(const struct timing *timing, size_t testbeds, unsigned routers,
                         size_t searches);
// Exit status 3 if the scenario's routers are machines that require more memory than is available.
int machines_check_memory(const struct scenario *scenario, struct error *err);

// Returns why emulation makes a verdict on a claim unreliable, or NULL if it does not: it
// multiplies the CPU time of a router's instructions, and of its packets, but not the host's.
const char *machines_spoil(unsigned claim, enum claim_verdict verdict);

#endif
