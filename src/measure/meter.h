// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/meter — what a trial costs in CPU, from exact kernel counters read before and after it.
 */
#ifndef VRBENCH_MEASURE_METER_H
#define VRBENCH_MEASURE_METER_H

#include "measure/meter_reading.h"
#include "result/result.h"
#include "testbed/testbed.h"
#include "traffic/engine.h"

// Reads the meters of a standing testbed. A task that is gone is an error: its router died.
int meter_read(const struct testbed *testbed, struct meter_reading *ret, struct error *err);

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
