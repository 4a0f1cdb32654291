// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/disturbance — what happened on this machine during a trial that is not the testbed's
 * work: CPUs that were taken away, and programs of others. Called by trial.c; the verdict judges
 * it.
 */
#ifndef VRBENCH_MEASURE_DISTURBANCE_H
#define VRBENCH_MEASURE_DISTURBANCE_H

#include "linux/heartbeat.h"
#include "linux/usage.h"
#include "result/result.h"
#include "testbed/testbed.h"

#define DISTURBANCE_CULPRITS 3

struct disturbance_watch {
    struct heartbeat *heartbeat;  // NULL = none runs
    struct usage_snapshot before; // empty = programs are not watched
    uint64_t began_ns;
};

struct disturbance {
    bool has_stalls; // a heartbeat ran on the CPUs of the measurement
    struct heartbeat_report stalls;
    struct usage_culprit others[DISTURBANCE_CULPRITS]; // busiest first
    size_t other_count;
    uint64_t window_ns;
};

// Begins to watch the CPUs of a list, those of the testbed and the tester. If a cap is set
// (`capped`), no heartbeat runs: the tasks that hold a cap (SCHED_DEADLINE) have a higher priority.
// Programs are not watched beside virtual machines, which are programs themselves.
void disturbance_begin(const struct testbed *testbed, const struct cpu_list *cpus, bool capped,
                       struct disturbance_watch *ret);
// Ends the watch. Programs of others are those that neither belong to a party of the testbed nor
// descend from this process.
void disturbance_end(struct disturbance_watch *watch, const struct testbed *testbed,
                     struct disturbance *ret);
void disturbance_clear(struct disturbance *disturbance);
#define _cleanup_disturbance_ __attribute__((cleanup(disturbance_clear)))

// Writes stalls to the processors of a point, which are filled in, and lists programs of others
// that used at least 1 % of a CPU.
void disturbance_account(const struct disturbance *disturbance, struct point *point);

// The longest time, in ns, for which the CPUs were away, all stalls of all CPUs together. ret_worst
// gets the longest stall; it is written only if there was one.
uint64_t disturbance_stalled_ns(const struct disturbance *disturbance,
                                struct heartbeat_stall *ret_worst);

#endif
