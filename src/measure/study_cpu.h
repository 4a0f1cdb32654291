// SPDX-License-Identifier: GPL-3.0-or-later
// measure/study_cpu — the CPU figures of a point by the method of the study. Called by trial.c.
#ifndef VRBENCH_MEASURE_STUDY_CPU_H
#define VRBENCH_MEASURE_STUDY_CPU_H

#include "face/xen_stats.h"
#include "result/result.h"

// Replaces the precise CPU figures of host and routers by those read over SNMP, which have no
// parts, no uncertainty and no time per packet. A party that the reading does not contain is
// removed, and makes the point invalid; `why` says why there is no reading, NULL = unknown. The
// tester's figure stays.
void study_cpu_replace(const struct xen_stats *stats, const char *why, struct point *point);

#endif
