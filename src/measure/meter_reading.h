// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/meter_reading — what one reading of the meters holds, and what counters grew by between
 * two. Filled by meter.c; called by meter.c, meter_domain.c and what judges a trial.
 */
#ifndef VRBENCH_MEASURE_METER_READING_H
#define VRBENCH_MEASURE_METER_READING_H

#include "linux/cpu.h"
#include "testbed/testbed.h"

// CPU time of one party, by part; the tester's own process is its part "process".
struct meter_party {
    struct cpu_part *parts;
    size_t count;
};

uint64_t meter_party_ns(const struct meter_party *party); // their sum

// What a counter grew by, 0 if it went back, as iowait, and with it idle, may (proc(5)).
double meter_growth(uint64_t before, uint64_t after);
// CPU time that a party used between two readings, ns.
double meter_party_growth(const struct meter_party *before, const struct meter_party *after);

// One reading.
struct meter_reading {
    uint64_t at_ns;              // CLOCK_MONOTONIC
    struct meter_party *parties; // by party of the testbed
    size_t party_count;
    struct cpu_times *times; // by CPU of `cpus`
    struct cpu_list cpus;    // all that device under test or tester run on
    bool has_hypervisor;     // a hypervisor runs the host beside the routers, and says:
    struct hypervisor_times hypervisor;
};
void meter_clear(struct meter_reading *reading);
#define _cleanup_meter_ __attribute__((cleanup(meter_clear)))

#endif
