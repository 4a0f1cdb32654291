// SPDX-License-Identifier: GPL-3.0-or-later
// measure/bench — a testbed with a traffic engine on it, which runs trials (trial.h) one after
// another. Called by run/.
#ifndef VRBENCH_MEASURE_BENCH_H
#define VRBENCH_MEASURE_BENCH_H

#include "face/agent.h"
#include "testbed/node.h"

struct bench {
    const struct scenario *scenario;
    struct testbed *testbed;
    struct node node;                   // the place of the testbed
    const struct engine_traits *traits; // of the engine in use
    char *engine_why;                   // if the scenario's engine is auto: why this one; else NULL
    struct engine *engine;
    size_t path_count;
    struct cpu_list usable; // CPUs of this thread before it was bound
    int awake;              // keeps the CPUs from sleeping; -1 = does not
    struct agent *agent;    // NULL = CPU is not read over SNMP
    bool agent_lent;        // it belongs to the caller
    bool testbed_lent;      // so does the testbed
    bool rebooting;         // another thread replaces a router during the trial
    bool capped;            // a party of the present trial has a cap, which keeps it from its CPU
};

// Builds the testbed for one topology of a scenario and opens the engine on it.
int bench_open(const struct scenario *scenario, enum topology topology, struct bench **ret,
               struct error *err);
// The same on a testbed that stands, which stays the caller's.
int bench_open_on(const struct scenario *scenario, struct testbed *testbed, struct bench **ret,
                  struct error *err);
// Closes the engine and removes the testbed, unless it is the caller's. NULL is fine.
int bench_close(struct bench *bench, struct error *err);
// Prepares reading the CPU of points by the study's method, for trials of `duration_ns`: an agent's
// script measures for a third of that time and ends at two thirds.
int bench_read_by_snmp(struct bench *bench, uint64_t duration_ns, struct error *err);
// Prepares reading what the host's monitoring says beside the precise figures, on the CPUs of the
// device under test. `agent` is used if it is not NULL, and must outlive the bench.
int bench_monitor(struct bench *bench, uint64_t duration_ns, struct agent *agent,
                  struct error *err);

#endif
