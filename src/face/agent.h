// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * face/agent — the study's way to read CPU: an snmpd with an `extend` script, asked over SNMP
 * v2c while the load runs. Here the snmpd is a child of this process, on loopback, with a port and
 * community of its own, and the script is `vrbench xen-stats` for one testbed. Called by measure/.
 */
#ifndef VRBENCH_FACE_AGENT_H
#define VRBENCH_FACE_AGENT_H

#include "face/xen_stats.h"

// Whether this machine has an snmpd; exit status 3, naming the package, if not.
int agent_check(struct error *err);

struct agent;
// Starts one whose script measures for `over_ns`, and waits until it answers. It ends with
// agent_close(), or with the thread that opened it. Its files lie in the testbed's record.
int agent_open(const char *testbed_id, uint64_t over_ns, struct agent **ret, struct error *err);
void agent_close(struct agent *agent); // NULL is fine

// Begins, in a thread of its own, to ask at `at_ns` (CLOCK_MONOTONIC) for the text. One reading at
// a time.
int agent_begin(struct agent *agent, uint64_t at_ns, struct error *err);
// Waits for the answer; gives up when a stop is requested, or at once with `cancel`.
int agent_end(struct agent *agent, bool cancel, struct xen_stats *ret, struct error *err);

#endif
