// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * face/agent — the study's method of reading CPU: an snmpd with an `extend` script, queried over
 * SNMP v2c during the load. Here snmpd is a child of this process, on loopback, with its own port
 * and community; the script is `vrbench xen-stats` for one testbed. Called by measure/.
 */
#ifndef VRBENCH_FACE_AGENT_H
#define VRBENCH_FACE_AGENT_H

#include "face/xen_stats.h"

// Checks that snmpd is installed; if not, exit status 3, and the message names the package.
int agent_check(struct error *err);

struct agent;
// Starts an snmpd whose script measures for `over_ns`, and waits until it answers. It ends with
// agent_close(), or with the thread that called agent_open(). Its files are in the testbed's record
// folder.
int agent_open(const char *testbed_id, uint64_t over_ns, struct agent **ret, struct error *err);
void agent_close(struct agent *agent); // NULL is fine

// Starts a thread that requests the text at `at_ns` (CLOCK_MONOTONIC). One reading at a time.
int agent_begin(struct agent *agent, uint64_t at_ns, struct error *err);
// Waits for the answer. Gives up when a stop is requested, or at once with `cancel`.
int agent_end(struct agent *agent, bool cancel, struct xen_stats *ret, struct error *err);

#endif
