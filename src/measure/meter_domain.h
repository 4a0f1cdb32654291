// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * measure/meter_domain — inside of meter: a host that is itself a domain of a hypervisor, with the
 * tester in it: whose the time is that the domain got.
 *
 * Its kernel charges a task with all the time that passes while the task has a virtual CPU, also
 * with that in which the hypervisor ran another domain on the CPU below: Linux takes that off only
 * with CONFIG_PARAVIRT_TIME_ACCOUNTING (kernel/sched/core.c, update_rq_clock_task()), which
 * Debian's kernel hasn't. The hypervisor counts each virtual CPU exactly.
 */
#ifndef VRBENCH_MEASURE_METER_DOMAIN_H
#define VRBENCH_MEASURE_METER_DOMAIN_H

#include "measure/meter_reading.h"

struct domain_split {
    double tester_ns, host_ns; // which sum to what the domain got
    double within_ns;          // by which both may be off, one up and the other down
};

// Of what the domain got (`whole`) when its kernel charged `charged` to the tester: where the
// tester has virtual CPUs of its own, it got no more than these got (`own`), and all else is the
// host's. Where it shares them (INFINITY), what was stolen is divided as what was charged was: the
// truth lies between all of it and none of it having hit the tester. All in ns.
struct domain_split domain_split(double whole, double charged, double own, double stolen);
// Between two readings. False where no hypervisor runs the host.
bool meter_domain_split(const struct testbed *testbed, const struct meter_reading *before,
                        const struct meter_reading *after, struct domain_split *ret);

// Time that a hypervisor gave to machines that are none of the testbed's, ns. False where that
// isn't known.
bool meter_others_ns(const struct testbed *testbed, const struct meter_reading *before,
                     const struct meter_reading *after, uint64_t *ret);

#endif
