// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * face/agent — the study's method of reading CPU: an snmpd with an `extend` script, queried over
 * SNMP v2c during the load. Here snmpd is a child of this process, on loopback, with its own port
 * and community; the script is `vrbench xen-stats`. Called by measure/ and study/.
 */
#ifndef VRBENCH_FACE_AGENT_H
#define VRBENCH_FACE_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "linux/cpu.h"

struct xen_stats;

// Checks that snmpd is installed; if not, exit status 3, and the message names the package.
int agent_check(struct error *err);

struct agent;
struct agent_spec {
    const char *testbed_id; // that the script reads; NULL = all testbeds of this machine
    const char *folder;     // for the agent's files
    uint64_t over_ns;       // the script measures for that time
};
// Starts an snmpd with that script, and waits until it answers. It ends with agent_close(), or with
// the thread that called agent_open().
int agent_open(const struct agent_spec *spec, struct agent **ret, struct error *err);
void agent_close(struct agent *agent); // NULL is fine

// From now on each reading also asks for the ordinary variables of CPU (HOST-RESOURCES-MIB,
// UCD-SNMP-MIB); hrProcessorLoad for these CPUs, on which the agent then runs.
int agent_watch(struct agent *agent, const struct cpu_list *cpus, struct error *err);

// What the ordinary variables said, in percent of one CPU; NaN = no value.
struct agent_ordinary {
    double load_percent; // hrProcessorLoad of the watched CPUs together
    double raw_percent; // of all CPUs by ssCpuRawIdle, …Wait and …Steal, while the script measured
    double answer_s;    // until the answer to the first request, or the end of the patience
    double late_s;      // until the script's answer, without the time for which it measures
};

// Starts a thread that requests the text at `at_ns` (CLOCK_MONOTONIC). One reading at a time.
int agent_begin(struct agent *agent, uint64_t at_ns, struct error *err);
// Waits for the answer. Gives up when a stop is requested, or at once with `cancel`.
// `ret_ordinary` may be NULL; it is filled even if the text is missing.
int agent_end(struct agent *agent, bool cancel, struct xen_stats *ret,
              struct agent_ordinary *ret_ordinary, struct error *err);

#endif
