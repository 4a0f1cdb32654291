// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/meter — what a trial costs in CPU, from exact kernel counters read before and after it.
 */
#ifndef VRBENCH_MEASURE_METER_H
#define VRBENCH_MEASURE_METER_H

#include "linux/cpu.h"
#include "result/result.h"
#include "testbed/testbed.h"
#include "traffic/engine.h"

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
    struct meter_party *parties; // by party of the testbed
    size_t party_count;
    struct cpu_times *times; // by CPU of `cpus`
    struct cpu_list cpus;    // all that device under test or tester run on
    bool has_hypervisor;     // a hypervisor runs the host beside the routers, and says:
    struct hypervisor_times hypervisor;
};

// Reads the meters of a standing testbed. A task that is gone is an error: its router died.
int meter_read(const struct testbed *testbed, struct meter_reading *ret, struct error *err);
void meter_clear(struct meter_reading *reading);

// The host's part that nobody is metered for: see testbed_rest_is_hosts().
#define METER_REST "rest"

// Fills in cpu, cpu_total_percent, memory and processors of a point whose networks are filled in.
// Percentages are over `sending_ns`; ns a packet: per packet received through the party (all for
// the host, its own networks' for a router), for the tester per packet sent.
void meter_account(const struct testbed *testbed, const struct meter_reading *before,
                   const struct meter_reading *after, uint64_t sending_ns, struct point *point);

// Time stolen from the CPUs used by the device under test (or the tester), ns, largest of them. To
// a host that a hypervisor runs, the routers' time looks like it: there it is at most what machines
// that are none of the testbed's had.
uint64_t meter_stolen_ns(const struct testbed *testbed, const struct meter_reading *before,
                         const struct meter_reading *after, bool tester);

#endif
