// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * study/machines — what is different where the study's routers are machines again: they start
 * slowly, take memory of their own, and under emulation forward a hundredth of what a kernel does.
 * Called by programme.c, reproduce.c, claims.c and cli/.
 */
#ifndef VRBENCH_STUDY_MACHINES_H
#define VRBENCH_STUDY_MACHINES_H

#include "scenario/scenario.h"
#include "study/timing.h"
#include "study/verdict.h"

// Fewer loads and longer trials than on namespaces; there is no knowing before the first run
// whether machines are emulated.
extern const struct timing timing_machines, timing_machines_quick;

// Whether a platform, as a scenario names it, makes machines.
bool machines_are_made_by(const char *platform);
// The timing for a platform, of the one that was asked for.
const struct timing *machines_timing(const struct timing *asked, const char *platform);

// Seconds that a run takes beside its trials for its routers being machines; 0 with any other
// timing. `testbeds` of `routers` each, and `searches` for loads.
double machines_overhead(const struct timing *timing, size_t testbeds, unsigned routers,
                         size_t searches);
// Exit status 3 if the scenario's routers are machines and need more memory than is available.
int machines_check_memory(const struct scenario *scenario, struct error *err);

// Why emulation keeps a verdict on a claim from being believed, or NULL if it does not: it makes
// the instructions of a router many times dearer than those of the host, and its packets with them.
const char *machines_spoil(unsigned claim, enum claim_verdict verdict);

#endif
