// SPDX-License-Identifier: GPL-3.0-or-later
/* measure/meter — the CPU cost of a trial, from exact kernel counters read before and after it. */
#ifndef VRBENCH_MEASURE_METER_H
#define VRBENCH_MEASURE_METER_H

#include "result/result.h"
#include "testbed/reading.h"
#include "testbed/testbed.h"

// Name of the host's part that no metered task accounts for: see testbed_rest_is_hosts().
#define METER_REST "rest"

// Fills in cpu (without weights and caps), cpu_total_percent, memory and processors of a point
// whose networks are filled in. Percentages are over `sending_ns`. Nanoseconds a packet are per
// packet received through the party (for the host all packets, for a router those of its networks),
// for the tester per packet sent.
void meter_account(const struct testbed *testbed, const struct meter_reading *before,
                   const struct meter_reading *after, uint64_t sending_ns, struct point *point);

// The largest time in ns stolen from a CPU of the device under test (or of the tester). If the host
// is a domain of the routers' hypervisor, its kernel counts the routers' time as stolen too; the
// result is then limited to the time of machines outside of the testbed.
uint64_t meter_stolen_ns(const struct testbed *testbed, const struct meter_reading *before,
                         const struct meter_reading *after, bool tester);

#endif
