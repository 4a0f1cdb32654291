// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * testbed/reading — what a place (node.h) replies when its counters or its meters are read, and
 * differences between two readings; and what it replies after a watch. Used by measure/.
 */
#ifndef VRBENCH_TESTBED_READING_H
#define VRBENCH_TESTBED_READING_H

#include "linux/counters.h"
#include "linux/cpu.h"
#include "linux/heartbeat.h"
#include "linux/interference.h"
#include "linux/softirq.h"
#include "linux/usage.h"
#include "machine/machine.h"

// All packet counters of a testbed at one moment.
struct path_counters {
    struct namespace_counters *nodes; // for each node of the plan
    size_t node_count;
    uint64_t softnet_dropped;
};
void path_counters_clear(struct path_counters *counters);
#define _cleanup_path_counters_ __attribute__((cleanup(path_counters_clear)))

// CPU time of one party, by part; the tester's own process is the part "process".
struct meter_party {
    struct cpu_part *parts;
    size_t count;
};

uint64_t meter_party_ns(const struct meter_party *party); // sum of the parts

// Growth of a counter; 0 if it decreased, as iowait and therefore idle may (proc(5)).
double meter_growth(uint64_t before, uint64_t after);
// CPU time of a party between two readings, in ns.
double meter_party_growth(const struct meter_party *before, const struct meter_party *after);

// The meters at one moment.
struct meter_reading {
    uint64_t at_ns;              // CLOCK_MONOTONIC
    struct meter_party *parties; // for each party of the testbed
    size_t party_count;
    struct cpu_times *times; // for each CPU of `cpus`
    struct cpu_list cpus;    // all CPUs of the device under test and the tester
    bool has_hypervisor;     // the host is a domain of a hypervisor, which reports:
    struct hypervisor_times hypervisor;
};
void meter_clear(struct meter_reading *reading);
#define _cleanup_meter_ __attribute__((cleanup(meter_clear)))

#define DISTURBANCE_CULPRITS 3

// What happened on the place's computer during a watch that is not the testbed's work.
struct disturbance {
    bool has_stalls; // a heartbeat ran on the CPUs of the measurement
    struct heartbeat_report stalls;
    struct usage_culprit others[DISTURBANCE_CULPRITS]; // busiest first
    size_t other_count;
    uint64_t window_ns;
    struct interrupts_between *interrupts; // for each CPU of the watch
    size_t interrupt_count;
    bool has_softirqs;
    struct softirq_time *softirqs;       // for each CPU of the watch
    uint64_t throttled_ns, major_faults; // see linux/interference.h
};
void disturbance_clear(struct disturbance *disturbance);
#define _cleanup_disturbance_ __attribute__((cleanup(disturbance_clear)))

#endif
