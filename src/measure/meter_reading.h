// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/meter_reading — the content of one reading of the meters, and differences between two
 * readings. Filled by meter.c; called by meter.c, meter_domain.c and the rules of the verdict.
 */
#ifndef VRBENCH_MEASURE_METER_READING_H
#define VRBENCH_MEASURE_METER_READING_H

#include "linux/cpu.h"
#include "testbed/testbed.h"

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

// One reading.
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

#endif
