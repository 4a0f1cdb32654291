// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/meter_domain — part of meter: for a host that is itself a domain of a hypervisor and
 * contains the tester, divides the domain's CPU time between host and tester.
 *
 * The domain's kernel charges a task with all time during which the task has a virtual CPU,
 * including time in which the hypervisor ran another domain on the CPU. Linux subtracts that only
 * with CONFIG_PARAVIRT_TIME_ACCOUNTING (kernel/sched/core.c, update_rq_clock_task()), which
 * Debian's kernel lacks. The hypervisor counts each virtual CPU exactly.
 */
#ifndef VRBENCH_MEASURE_METER_DOMAIN_H
#define VRBENCH_MEASURE_METER_DOMAIN_H

#include "testbed/reading.h"
#include "testbed/testbed.h"

struct domain_split {
    double tester_ns, host_ns; // their sum is the domain's time
    double within_ns; // uncertainty of both: one may be higher and the other lower by so much
};

// Divides the domain's time (`whole`) when its kernel charged `charged` to the tester. If the
// tester has its own virtual CPUs, its time is at most theirs (`own`), and the rest is the host's.
// If it shares virtual CPUs (`own` = INFINITY), the stolen time is divided in proportion to the
// charged time; the true value lies between the tester losing all of it and none of it. All in ns.
struct domain_split domain_split(double whole, double charged, double own, double stolen);
// Divides the time between two readings. False if the host is not a domain.
bool meter_domain_split(const struct testbed *testbed, const struct meter_reading *before,
                        const struct meter_reading *after, struct domain_split *ret);

// CPU time in ns of machines that do not belong to the testbed. False if unknown.
bool meter_others_ns(const struct testbed *testbed, const struct meter_reading *before,
                     const struct meter_reading *after, uint64_t *ret);

#endif
