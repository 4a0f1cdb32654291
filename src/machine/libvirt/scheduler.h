// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/scheduler — weight and cap of a machine by libvirt's scheduler parameters, in
 * the project's units whatever the driver's own are.
 *
 *     weight   "weight" (Xen's credit scheduler) as it is; or "cpu_shares" (QEMU, LXC): 4 × weight
 *              where the daemon's control groups are of version 1, so that 256 is the default 1024;
 *              weight × 100 / 256 where of version 2, so that 256 is the default 100 and 25600 the
 *              most there is, in steps of 2.56
 *     cap      "cap" (credit) as it is; "global_quota" of a "global_period" (QEMU: all threads of
 *              the machine together); "vcpu_quota" where that is the whole container's (LXC)
 *
 * https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainGetSchedulerParameters. Nothing is
 * held to be set before it has been read back. Used by foreign.c.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_SCHEDULER_H
#define VRBENCH_MACHINE_LIBVIRT_SCHEDULER_H

#include <stdint.h>

#include "machine/foreign.h"
#include "machine/libvirt/connection.h"

// Which cpu_shares stand for a weight of 256.
enum shares_scale { SHARES_UNKNOWN, SHARES_V1, SHARES_V2 };
// By this machine's control groups; SHARES_UNKNOWN for a daemon on another machine.
enum shares_scale scheduler_scale(const struct connection *connection);
// The cpu_shares of a weight (1–65535), 0 if there are none, and the weight that they stand for.
uint64_t scheduler_shares(enum shares_scale scale, unsigned weight);
unsigned scheduler_weight(enum shares_scale scale, uint64_t shares);
// The cap in percent of one CPU of a quota (µs in a period; negative, 0 or beyond what libvirt
// takes is none) and 0 for none.
double scheduler_cap(int64_t quota_us, uint64_t period_us);
// The period in which a cap is set. Each period a machine gets its quota, so that a reading of what
// it uses is uncertain by one quota: the shorter the period, the closer is any reading to the cap.
uint64_t scheduler_period_us(unsigned cap);

// Reads both; what the driver doesn't have or say is marked so in `ret`, and why. Fails only where
// the machine can't be asked at all.
int scheduler_get(virDomainPtr domain, enum shares_scale scale, struct foreign_allocation *ret,
                  struct error *err);
// Sets a weight (1–65535, 0 = leave), a cap (percent, `cap` NULL = leave, *cap 0 = none), of a
// running machine in this life, else for its next; reads back, and fails if that isn't what was
// asked. Exit status 3 where the driver has no such thing. SHARES_UNKNOWN is found out: *scale is
// then set.
int scheduler_set(virDomainPtr domain, enum shares_scale *scale, unsigned weight,
                  const unsigned *cap, struct error *err);

#endif
