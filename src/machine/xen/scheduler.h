// SPDX-License-Identifier: GPL-3.0-or-later
/*
 * machine/xen/scheduler — weight and cap of a domain, Domain-0 too, as Xen's credit and credit2
 * schedulers hold them (what `xl sched-credit` and `xl sched-credit2` set). The units are the
 * project's own: weight 1–65535, 256 being Xen's default, cap in percent of one CPU.
 *
 * The scheduler is that of the domain's CPU pool. Those that have neither weight nor cap (null,
 * RTDS, ARINC 653) are said so, with what they have instead. Nothing is held to be set before the
 * hypervisor has been asked for it. Used by foreign.c and by the platform's own routers.
 */
#ifndef VRBENCH_MACHINE_XEN_SCHEDULER_H
#define VRBENCH_MACHINE_XEN_SCHEDULER_H

#include <stdint.h>

#include "machine/foreign.h"
#include "machine/xen/connection.h"

#define XEN_WEIGHT_USUAL 256 // of a domain that nobody gave one

// Reads both. Under a scheduler without, both are absent and ret->why tells its name and its own
// parameters. Fails only where the domain isn't there (-ESRCH) or can't be asked.
int xen_scheduler_get(struct xen_connection *xen, uint32_t domain, struct foreign_allocation *ret,
                      struct error *err);
// Sets a weight (0 = leave) and a cap (NULL = leave, *cap 0 = none) at once, and reads them back. A
// cap of more than 100 for each of the domain's vCPUs is bad input. Under a scheduler without, what
// is usual anyway (weight 256, no cap) is no failure, all else has exit status 3.
int xen_scheduler_set(struct xen_connection *xen, uint32_t domain, unsigned weight,
                      const unsigned *cap, struct error *err);
// Reads both as a testbed has them: cap in whole percent; under a scheduler without, what is usual
// (weight 256, no cap), as xen_scheduler_set() takes it there.
int xen_scheduler_allocation(struct xen_connection *xen, uint32_t domain, unsigned *ret_weight,
                             unsigned *ret_cap, struct error *err);
// The scheduler of a domain's CPU pool: "credit", "credit2", "rtds", "null", … static; NULL if the
// domain isn't there.
const char *xen_scheduler_name(struct xen_connection *xen, uint32_t domain);

#endif
