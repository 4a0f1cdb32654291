// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/libvirt/scheduler — weight and cap of a machine by libvirt's scheduler parameters, in
 * vrbench's units for every driver.
 *
 *     weight   "weight" (Xen's credit scheduler) unchanged; or "cpu_shares" (QEMU, LXC): 4 × weight
 *              if the daemon's control groups are of version 1, so that 256 is the default 1024;
 *              weight × 100 / 256 if of version 2, so that 256 is the default 100 and 25600 the
 *              maximum, in steps of 2.56
 *     cap      "cap" (credit) unchanged; "global_quota" of a "global_period" (QEMU: all threads of
 *              the machine together); "vcpu_quota" if that applies to the whole container (LXC)
 *
 * https://libvirt.org/html/libvirt-libvirt-domain.html#virDomainGetSchedulerParameters. A value
 * counts as set only after it was read back. Used by foreign.c.
 */
#ifndef VRBENCH_MACHINE_LIBVIRT_SCHEDULER_H
#define VRBENCH_MACHINE_LIBVIRT_SCHEDULER_H

#include <stdint.h>

#include "machine/foreign.h"
#include "machine/libvirt/connection.h"

// The cpu_shares that represent a weight of 256.
enum shares_scale { SHARES_UNKNOWN, SHARES_V1, SHARES_V2 };
// Determined from this machine's control groups; SHARES_UNKNOWN for a daemon on another machine.
enum shares_scale scheduler_scale(const struct connection *connection);
// The cpu_shares of a weight (1–65535), 0 if there are none, and the weight of a cpu_shares value.
uint64_t scheduler_shares(enum shares_scale scale, unsigned weight);
unsigned scheduler_weight(enum shares_scale scale, uint64_t shares);
// The cap of a quota in percent of one CPU (µs in a period; a negative quota, 0, or one beyond
// libvirt's limit means none); 0 = none.
double scheduler_cap(int64_t quota_us, uint64_t period_us);

// Reads both. A value that the driver lacks or does not report is marked in `ret`, with the reason.
// Fails only if the machine cannot be queried at all.
int scheduler_get(virDomainPtr domain, enum shares_scale scale, struct foreign_allocation *ret,
                  struct error *err);
// Sets a weight (1–65535, 0 = unchanged) and a cap (percent; `cap` NULL = unchanged, *cap 0 = none)
// of a running machine, or of the next start of a stopped one. Reads back, and fails if the result
// differs. Exit status 3 if the driver does not support it. SHARES_UNKNOWN is determined, and
// *scale set.
int scheduler_set(virDomainPtr domain, enum shares_scale *scale, unsigned weight,
                  const unsigned *cap, struct error *err);

#endif
